"""A code is redeemed once, with the verifier, the way the connector says."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from core import oauth
from core.connector import PkceOff
from core.errors import ProviderError
from core.http import Outbound
from core.oauth import ClientRegistration, TokenSet
from core.secret import Secret
from tests.core.oauth.provider import GOOD, Asked, Provider, registration


async def redeem(
    http: Outbound, provider: Provider, client: ClientRegistration | None = None, **changes: Any
) -> TokenSet:
    return await oauth.redeem(
        http,
        provider.connector(**changes),
        client or registration(),
        code=Secret("code-1"),
        verifier=Secret("v" * 43),
        now_ms=1000,
    )


async def asked(http: Outbound, provider: Provider, **changes: Any) -> Asked:
    await redeem(http, provider, **changes)
    [one] = provider.asked
    return one


async def test_the_request_and_what_it_gives(http: Outbound, provider: Provider) -> None:
    found = await redeem(http, provider)
    [one] = provider.asked
    assert one.path == "/token" and one.body == {
        "grant_type": "authorization_code",
        "code": "code-1",
        "redirect_uri": "https://keys.example.com/oauth/callback/reg_1",
        "code_verifier": "v" * 43,
    }
    assert one.headers["Authorization"] == "Basic " + base64.b64encode(b"client-1:s3cret").decode()
    assert one.headers["Accept"] == "application/json"
    assert found.access_token.reveal() == "at-1" and found.expires_at == 601_000


async def test_a_json_body(http: Outbound, provider: Provider) -> None:
    one = await asked(http, provider, token_body="json", client_auth="client_secret_post")
    assert one.headers["Content-Type"].startswith("application/json")
    assert one.body["code"] == "code-1" and one.body["client_secret"] == "s3cret"


async def test_no_verifier_where_pkce_is_off(http: Outbound, provider: Provider) -> None:
    assert "code_verifier" not in (await asked(http, provider, pkce=PkceOff("refused"))).body


async def test_parameters_of_the_connector_and_the_resource(http: Outbound, provider: Provider) -> None:
    one = await asked(
        http,
        provider,
        token_params={"audience": "x", "code": "fixed", "grant_type": "password"},
        refresh_params={"other": "y"},
        resource="https://api.acme.example",
    )
    assert one.body["audience"] == "x" and "other" not in one.body
    assert (one.body["code"], one.body["grant_type"]) == ("code-1", "authorization_code")
    assert one.body["resource"] == "https://api.acme.example"


async def test_an_issuer_moves_the_token_endpoint_and_is_the_audience(
    http: Outbound, provider: Provider
) -> None:
    provider.metadata = provider.good_metadata()
    one = await asked(http, provider, issuer=provider.url)
    assert one.path == "/moved/token"


async def test_a_place_in_the_token_url_is_filled_from_the_registration(
    http: Outbound, provider: Provider
) -> None:
    await redeem(http, provider, registration(tenant="t1"), token_url=provider.url + "/{tenant}/token")
    assert provider.asked[0].path == "/t1/token"


async def test_a_code_is_sent_once_even_when_the_answer_is_an_outage(
    http: Outbound, provider: Provider
) -> None:
    provider.answer("", 503)
    with pytest.raises(ProviderError):
        await redeem(http, provider)
    assert len(provider.asked) == 1


async def test_a_missing_secret_asks_nobody(http: Outbound, provider: Provider) -> None:
    with pytest.raises(ProviderError, match="no client secret"):
        await redeem(http, provider, registration(None))
    assert not provider.asked


async def test_a_field_for_another_host_fails_closed_and_the_token_is_given_back(
    http: Outbound, provider: Provider
) -> None:
    provider.answer(GOOD | {"instance_url": "https://evil.example"})
    with pytest.raises(ProviderError, match="instance_url"):
        await redeem(http, provider, token_fields={"instance_url": "https://*.acme.example"})
    assert [(asked.path, asked.body.get("token")) for asked in provider.asked] == [
        ("/token", None),
        ("/revoke", "rt-1"),
    ]
