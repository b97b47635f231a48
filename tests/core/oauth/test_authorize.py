"""The browser is sent with PKCE and the wished scopes only, and an answer of another server is refused."""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import oauth
from core.connector import Connector, PkceOff
from core.errors import InvalidConfig, ProviderError, TokenEndpointUnavailable
from core.http import Outbound
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.core.oauth.provider import Provider, registration


async def query(
    http: Outbound,
    connector: Connector,
    scopes: list[str] | None = None,
    optional: list[str] | None = None,
    client: ClientRegistration | None = None,
) -> dict[str, str]:
    url = await oauth.authorization_url(
        http,
        connector,
        client or registration(),
        scopes=["a.read"] if scopes is None else scopes,
        optional_scopes=optional or [],
        state=Secret("state-1"),
        verifier=Secret("v" * 43),
    )
    found = parse_qs(urlsplit(url).query, strict_parsing=True, keep_blank_values=True)
    assert all(len(values) == 1 for values in found.values())
    return {"": url.partition("?")[0]} | {name: values[0] for name, values in found.items()}


async def test_the_request_holds_what_the_code_grant_needs(http: Outbound, provider: Provider) -> None:
    assert await query(http, provider.connector()) == {
        "": f"{provider.url}/authorize",
        "response_type": "code",
        "client_id": "client-1",
        "redirect_uri": "https://keys.example.com/oauth/callback/reg_1",
        "scope": "a.read",
        "state": "state-1",
        "code_challenge": base64.urlsafe_b64encode(hashlib.sha256(b"v" * 43).digest()).decode().rstrip("="),
        "code_challenge_method": "S256",
    }
    assert not provider.asked and not provider.metadata_asked


async def test_the_secret_and_the_verifier_stay_here(http: Outbound, provider: Provider) -> None:
    sent = str(await query(http, provider.connector()))
    assert "s3cret" not in sent and "v" * 43 not in sent


async def test_pkce_is_left_out_only_where_the_connector_says_why(http: Outbound, provider: Provider) -> None:
    sent = await query(http, provider.connector(pkce=PkceOff("refuses unknown parameters")))
    assert not {"code_challenge", "code_challenge_method"} & sent.keys()


@pytest.mark.parametrize("mode", ["app_fixed", "none"])
async def test_no_scope_is_named_where_the_app_fixes_them(
    http: Outbound, provider: Provider, mode: str
) -> None:
    sent = await query(http, provider.connector(scope_mode=mode, optional_scope_param="optional_scope"))
    assert not {"scope", "optional_scope"} & sent.keys()


async def test_scopes_are_joined_as_the_provider_wants_each_once(http: Outbound, provider: Provider) -> None:
    connector = provider.connector(scope_separator=",", always_scopes=("offline_access",))
    sent = await query(http, connector, ["b", "a", "b", "offline_access"])
    assert sent["scope"] == "offline_access,b,a"


async def test_no_scope_at_all_is_no_parameter(http: Outbound, provider: Provider) -> None:
    assert "scope" not in await query(http, provider.connector(), [])


async def test_optional_scopes_have_a_parameter_of_their_own_or_join_the_others(
    http: Outbound, provider: Provider
) -> None:
    apart = await query(http, provider.connector(optional_scope_param="optional_scope"), ["a"], ["b", "a"])
    assert (apart["scope"], apart["optional_scope"]) == ("a", "b")
    joined = await query(http, provider.connector(), ["a"], ["b", "a"])
    assert joined["scope"] == "a b"


async def test_parameters_of_the_connector_are_added_and_replace_none_of_ours(
    http: Outbound, provider: Provider
) -> None:
    connector = provider.connector(
        authorize_url=f"{provider.url}/authorize?owner=user",
        authorize_params={"prompt": "consent", "state": "fixed", "redirect_uri": "https://evil.example"},
        resource="https://api.acme.example",
    )
    sent = await query(http, connector)
    assert (sent["owner"], sent["prompt"], sent["state"]) == ("user", "consent", "state-1")
    assert sent["redirect_uri"].startswith("https://keys.example.com/")
    assert sent["resource"] == "https://api.acme.example"


async def test_places_are_filled_from_the_registration(http: Outbound, provider: Provider) -> None:
    connector = provider.connector(authorize_url="{instance_url}/authorize")
    sent = await query(http, connector, client=registration(instance_url="https://own.acme.example"))
    assert sent[""] == "https://own.acme.example/authorize"
    with pytest.raises(InvalidConfig, match="instance_url"):
        await query(http, connector)


@given(st.data())
def test_every_verifier_is_new_and_its_challenge_is_s256(data: st.DataObject) -> None:
    verifier = oauth.new_verifier()
    assert len(verifier.reveal()) == 43 and verifier != oauth.new_verifier()
    digest = hashlib.sha256(verifier.reveal().encode()).digest()
    assert oauth.challenge(verifier) == base64.urlsafe_b64encode(digest).decode().rstrip("=")


async def test_an_answer_needs_the_issuer_of_the_provider_that_was_asked(
    http: Outbound, provider: Provider
) -> None:
    connector = provider.connector(issuer="https://acme.example")
    await oauth.check_answer(http, connector, registration(), {"iss": "https://acme.example", "code": "x"})
    for wrong in (
        {},
        {"iss": ""},
        {"iss": "https://evil.example"},
        {"iss": "https://acme.example/"},
        {"iss": "ä"},
    ):
        with pytest.raises(ProviderError, match="did not come from Acme"):
            await oauth.check_answer(http, connector, registration(), {"code": "x", **wrong})


async def test_a_refusal_of_another_server_is_no_answer_either(http: Outbound, provider: Provider) -> None:
    with pytest.raises(ProviderError):
        await oauth.check_answer(
            http,
            provider.connector(issuer="https://acme.example"),
            registration(),
            {"error": "access_denied", "iss": "https://evil.example"},
        )


async def test_without_an_issuer_there_is_nothing_to_compare(http: Outbound, provider: Provider) -> None:
    await oauth.check_answer(http, provider.connector(), registration(), {"code": "x"})


async def test_metadata_that_cannot_be_had_stops_the_request(http: Outbound, provider: Provider) -> None:
    provider.metadata = 503
    with pytest.raises(TokenEndpointUnavailable):
        await query(http, provider.connector(issuer=provider.url))
