"""A refresh keeps what the answer leaves out, and tells a dead token from a provider that is away."""

from __future__ import annotations

from typing import Any

import pytest

from core import oauth
from core.errors import ProviderError, TokenEndpointUnavailable, TokenRejected
from core.http import Outbound
from core.oauth import TokenSet
from core.secret import Secret
from tests.core.oauth.provider import Provider, registration

OLD = TokenSet(Secret("at-0"), Secret("rt-0"), 5, ("a", "b"), {"instance_url": "https://eu1.acme.example"})
FRESH = {"access_token": "at-1", "token_type": "Bearer", "expires_in": 60}


async def refresh(http: Outbound, provider: Provider, tokens: TokenSet = OLD, **changes: Any) -> TokenSet:
    return await oauth.refresh(http, provider.connector(**changes), registration(), tokens, now_ms=1000)


async def test_the_request(http: Outbound, provider: Provider) -> None:
    await refresh(
        http,
        provider,
        refresh_params={"extra": "x", "refresh_token": "fixed"},
        token_params={"other": "y"},
        resource="https://api.acme.example",
    )
    [one] = provider.asked
    assert one.body == {
        "extra": "x",
        "grant_type": "refresh_token",
        "refresh_token": "rt-0",
        "resource": "https://api.acme.example",
    }
    assert one.headers["Authorization"].startswith("Basic ")


async def test_what_the_answer_leaves_out_stays(http: Outbound, provider: Provider) -> None:
    provider.answer(FRESH)
    found = await refresh(http, provider)
    assert found.access_token == Secret("at-1") and found.expires_at == 61_000
    assert (found.refresh_token, found.scopes, found.fields) == (OLD.refresh_token, OLD.scopes, OLD.fields)


async def test_what_the_answer_says_counts(http: Outbound, provider: Provider) -> None:
    provider.answer(
        FRESH
        | {"refresh_token": "rt-1", "scope": "a", "instance_url": "https://eu2.acme.example", "hub": "7"}
    )
    found = await refresh(http, provider, token_fields={"instance_url": "https://*.acme.example", "hub": "*"})
    assert (found.refresh_token, found.scopes) == (Secret("rt-1"), ("a",))
    assert found.fields == {"instance_url": "https://eu2.acme.example", "hub": "7"}


async def test_a_kept_field_fills_the_token_url(http: Outbound, provider: Provider) -> None:
    tokens = TokenSet(Secret("a"), Secret("r"), fields={"tenant": "t7"})
    await refresh(
        http, provider, tokens, token_url=provider.url + "/{tenant}/token", token_fields={"tenant": "*"}
    )
    assert provider.asked[0].path == "/t7/token"


async def test_a_rejected_token_is_terminal(http: Outbound, provider: Provider) -> None:
    provider.answer({"error": "invalid_grant"}, 400)
    with pytest.raises(TokenRejected) as caught:
        await refresh(http, provider)
    assert caught.value.fields["error"] == "invalid_grant"


async def test_without_a_refresh_token_there_is_nothing_to_send(http: Outbound, provider: Provider) -> None:
    with pytest.raises(TokenRejected):
        await refresh(http, provider, TokenSet(Secret("at-0")))
    assert not provider.asked


@pytest.mark.parametrize("status", [429, 500, 503])
async def test_an_outage_is_not_terminal_and_not_repeated_here(
    http: Outbound, provider: Provider, status: int
) -> None:
    provider.answer("", status)
    with pytest.raises(TokenEndpointUnavailable):
        await refresh(http, provider)
    assert len(provider.asked) == 1


async def test_a_field_for_another_host_fails_closed_and_the_token_is_given_back(
    http: Outbound, provider: Provider
) -> None:
    provider.answer(FRESH | {"instance_url": "https://evil.example"})
    with pytest.raises(ProviderError, match="instance_url"):
        await refresh(http, provider, token_fields={"instance_url": "https://*.acme.example"})
    assert [(asked.path, asked.body.get("token")) for asked in provider.asked] == [
        ("/token", None),
        ("/revoke", "at-1"),
    ]
