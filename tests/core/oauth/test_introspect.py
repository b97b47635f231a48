"""The provider is asked about the token it gave; one it does not know is worth nothing."""

from __future__ import annotations

from typing import Any

import pytest

from core import oauth
from core.errors import ProviderError, TokenEndpointUnavailable
from core.http import Outbound
from core.oauth import TokenSet
from core.secret import Secret
from tests.core.oauth.provider import Provider, registration

TOKENS = TokenSet(Secret("at-1"), Secret("rt-1"))


async def introspect(http: Outbound, provider: Provider) -> Any:
    connector = provider.connector(introspection_url=f"{provider.url}/introspect")
    return await oauth.introspect(http, connector, registration(), TOKENS)


async def test_the_access_token_is_sent_and_the_members_come_back(http: Outbound, provider: Provider) -> None:
    provider.answer({"active": True, "sub": "ada"})
    assert (await introspect(http, provider))["sub"] == "ada"
    [asked] = provider.asked
    assert asked.path == "/introspect" and asked.headers["Authorization"].startswith("Basic ")
    assert asked.body == {"token": "at-1", "token_type_hint": "access_token"}


@pytest.mark.parametrize(
    "body", [{"active": False}, {}, {"active": "true"}, {"sub": "ada"}, {"active": True, "error": "x"}]
)
async def test_a_token_that_is_not_active_is_refused(http: Outbound, provider: Provider, body: Any) -> None:
    provider.answer(body)
    with pytest.raises(ProviderError) as caught:
        await introspect(http, provider)
    assert "at-1" not in str(caught.value)


async def test_an_outage_is_one(http: Outbound, provider: Provider) -> None:
    provider.answer("", 503)
    with pytest.raises(TokenEndpointUnavailable):
        await introspect(http, provider)


async def test_a_connector_without_the_endpoint_asks_nobody(http: Outbound, provider: Provider) -> None:
    with pytest.raises(ProviderError, match="no introspection endpoint"):
        await oauth.introspect(http, provider.connector(), registration(), TOKENS)
    assert not provider.asked
