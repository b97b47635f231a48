"""The provider is told, refresh token first; only its own confirmation counts."""

from __future__ import annotations

from typing import Any

import pytest

from core import oauth
from core.connector import RevocationContext, Rfc7009
from core.errors import ProviderError, RevocationUnsupported, TokenEndpointUnavailable, ToolFailed
from core.http import Outbound
from core.oauth import TokenSet
from core.secret import Secret
from tests.core.oauth.provider import Provider, registration

BOTH = TokenSet(Secret("at-1"), Secret("rt-1"))
ACCESS_ONLY = TokenSet(Secret("at-1"))


async def sent(http: Outbound, provider: Provider, tokens: TokenSet = BOTH, which: Any = None) -> list[dict]:
    provider.answer("")
    changes = {"revocation": Rfc7009(f"{provider.url}/revoke", token=which)} if which else {}
    await oauth.revoke(http, provider.connector(**changes), registration(), tokens)
    assert {asked.path for asked in provider.asked} == {"/revoke"}
    assert all(asked.headers["Authorization"].startswith("Basic ") for asked in provider.asked)
    return [asked.body for asked in provider.asked]


REFRESH_SENT = {"token": "rt-1", "token_type_hint": "refresh_token"}
ACCESS_SENT = {"token": "at-1", "token_type_hint": "access_token"}


@pytest.mark.parametrize(
    ("tokens", "which", "expected"),
    [
        (BOTH, None, [REFRESH_SENT]),
        (BOTH, "access_token", [ACCESS_SENT]),
        (BOTH, "both", [REFRESH_SENT, ACCESS_SENT]),
        (ACCESS_ONLY, None, [ACCESS_SENT]),
        (ACCESS_ONLY, "both", [ACCESS_SENT]),
    ],
)
async def test_which_tokens_are_sent(
    http: Outbound, provider: Provider, tokens: TokenSet, which: str | None, expected: list[dict]
) -> None:
    assert await sent(http, provider, tokens, which) == expected


@pytest.mark.parametrize(
    ("status", "body"),
    [(200, ""), (204, ""), (200, {}), (200, {"status": "success"}), (400, {"error": "invalid_token"})],
)
async def test_confirmations(http: Outbound, provider: Provider, status: int, body: Any) -> None:
    provider.answer(body, status)
    await oauth.revoke(http, provider.connector(), registration(), BOTH)


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (400, {"error": "unsupported_token_type"}, ProviderError),
        (400, {"error": "invalid_request"}, ProviderError),
        (401, {"error": "invalid_client"}, ProviderError),
        (200, {"error": "unauthorized_client"}, ProviderError),
        (404, "", ProviderError),
        (400, "", ProviderError),
        (429, "", TokenEndpointUnavailable),
        (503, "", TokenEndpointUnavailable),
    ],
)
async def test_anything_else_is_to_be_tried_again(
    http: Outbound, provider: Provider, status: int, body: Any, kind: type
) -> None:
    provider.answer(body, status)
    with pytest.raises(ProviderError) as caught:
        await oauth.revoke(http, provider.connector(), registration(), BOTH)
    assert type(caught.value) is kind
    assert "rt-1" not in f"{caught.value} {caught.value.fields}"


async def test_a_failed_refresh_token_stops_before_the_access_token(
    http: Outbound, provider: Provider
) -> None:
    provider.answer("", 503)
    connector = provider.connector(revocation=Rfc7009(f"{provider.url}/revoke", token="both"))
    with pytest.raises(TokenEndpointUnavailable):
        await oauth.revoke(http, connector, registration(), BOTH)
    assert len(provider.asked) == 1


async def test_a_provider_that_is_down_is_tried_again_later(http: Outbound, provider: Provider) -> None:
    await provider.stop()
    with pytest.raises(TokenEndpointUnavailable):
        await oauth.revoke(http, provider.connector(), registration(), BOTH)


async def test_no_revocation_is_said(http: Outbound, provider: Provider) -> None:
    with pytest.raises(RevocationUnsupported):
        await oauth.revoke(http, provider.connector(revocation=None), registration(), BOTH)
    assert not provider.asked


async def test_a_connectors_own_way_gets_tokens_and_fields(http: Outbound, provider: Provider) -> None:
    got: list[RevocationContext] = []

    async def own(context: RevocationContext) -> None:
        got.append(context)

    tokens = TokenSet(Secret("at-1"), fields={"hub": "7"})
    await oauth.revoke(http, provider.connector(revocation=own), registration(host="x"), tokens)
    assert got[0].tokens is tokens and dict(got[0].fields) == {"host": "x", "hub": "7"}
    assert got[0].http is http and got[0].registration.client_id == "client-1"


async def test_a_connector_that_breaks_is_tried_again_and_says_nothing(
    http: Outbound, provider: Provider, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(context: RevocationContext) -> None:
        raise KeyError(context.tokens.access_token.reveal())

    with pytest.raises(ToolFailed) as caught:
        await oauth.revoke(http, provider.connector(revocation=broken), registration(), BOTH)
    assert "at-1" not in f"{caught.value} {caplog.text}" and caught.value.__cause__ is None
    assert "KeyError at" in caplog.text and "test_revoke.py" in caplog.text
