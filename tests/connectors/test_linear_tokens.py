"""Linear's accounts, one for each person in a workspace, and their tokens: how they are made, refreshed and ended."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from connectors import _linear_documents as documents
from connectors import linear as module
from core.connector import Api
from core.errors import (
    ProviderError,
    TokenEndpointUnavailable,
    TokenRejected,
)
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import linear_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import linear as fake
from tests.connectors.fakes.fake import Token, form_of

LINEAR, CLIENT = cases.SUBJECT, cases.CLIENT


@pytest.fixture
def provider() -> fake.Linear:
    made: fake.Linear = LINEAR.provider()
    return made


def sent(provider: fake.Linear) -> list[dict[str, Any]]:
    return [json.loads(one.content) for one in provider.fake.requests]


async def _account(http: Any, token: str = wire.TOKEN) -> Any:
    api = Api(module.linear, http, wire.HeldToken(token), fields={}, deadline_s=5)
    assert module.linear.account_function is not None
    return await module.linear.account_function(api)


async def test_the_account_is_a_person_in_a_workspace(provider: fake.Linear) -> None:
    account = await _account(wire.in_memory(provider.fake))
    assert msgspec.to_builtins(account) == {
        "id": "o-acme:u-ada", "label": "ada@acme.example in Acme", "fields": {"user_id": "u-ada"},
    }  # fmt: skip
    assert sent(provider) == [{"query": documents.WHO, "variables": {}}]


async def test_scopes_are_parted_by_commas_and_the_person_picks_the_workspace_each_time() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.linear,
        CLIENT,
        scopes=[fake.CREATE_ISSUES],
        optional_scopes=[fake.CREATE_COMMENTS],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query)
    assert url.startswith("https://linear.app/oauth/authorize?")
    assert query["scope"] == ["read,issues:create,comments:create"]
    assert (query["prompt"], query["actor"], query["code_challenge_method"]) == (
        ["consent"],
        ["user"],
        ["S256"],
    )


@pytest.mark.parametrize("scope", ["read issues:create", "read,issues:create", ["read", "issues:create"]])
async def test_the_granted_scopes_are_read_in_each_form_linear_gives_them(scope: Any) -> None:
    body = {
        "access_token": "at",
        "refresh_token": "rt",
        "token_type": "Bearer",
        "expires_in": 86399,
        "scope": scope,
    }
    http = wire.through(httpx.MockTransport(lambda request: httpx.Response(200, json=body)))
    tokens = await redeem(http, module.linear, CLIENT, code=Secret("c"), verifier=new_verifier(), now_ms=0)
    assert tokens.scopes == ("read", "issues:create") and tokens.expires_at == 86_399_000


async def test_a_used_refresh_token_is_dead(provider: fake.Linear) -> None:
    http = wire.in_memory(provider.fake)
    first = await _tokens(provider)
    second = await refresh(http, module.linear, CLIENT, first, now_ms=0)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(TokenRejected):
        await refresh(http, module.linear, CLIENT, first, now_ms=0)
    form = form_of(provider.fake.requests[0])
    assert form["client_secret"] == fake.CLIENT[1] and form["code_verifier"]


async def _tokens(provider: fake.Linear) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset({fake.READ}))
    http = wire.in_memory(provider.fake)
    return await redeem(
        http, module.linear, CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )


async def test_ending_it_kills_both_tokens_each_in_linears_own_way(provider: fake.Linear) -> None:
    tokens = await _tokens(provider)
    provider.fake.requests.clear()
    await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, tokens)
    assert provider.refresh_tokens == {} and tokens.access_token.reveal() not in provider.fake.tokens
    first, second = provider.fake.requests
    assert form_of(first) == {"refresh_token": "rt-1"} and "authorization" not in first.headers
    assert second.headers["authorization"] == "Bearer at-1" and second.content == b""


async def test_what_is_dead_already_is_a_success_and_can_be_told_again(provider: fake.Linear) -> None:
    tokens = await _tokens(provider)
    for _ in range(2):
        await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, tokens)


async def test_without_a_refresh_token_the_access_token_is_ended(provider: fake.Linear) -> None:
    await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, TokenSet(Secret(wire.TOKEN)))
    assert wire.TOKEN not in provider.fake.tokens


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, {}, TokenEndpointUnavailable),
        (503, "<html>", TokenEndpointUnavailable),
        (429, {}, TokenEndpointUnavailable),
        (400, {"errors": [fake.RATE_LIMITED]}, TokenEndpointUnavailable),
        (404, {}, ProviderError),
        (403, {}, ProviderError),
    ],
)
async def test_what_is_no_confirmation_is_tried_again(
    provider: fake.Linear, status: int, body: Any, kind: type[Exception]
) -> None:
    tokens = await _tokens(provider)
    provider.fake.fail(status, body, path="/oauth/revoke")
    with pytest.raises(kind) as refused:
        await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, tokens)
    assert type(refused.value) is kind and "at-1" not in str(refused.value)
    assert provider.refresh_tokens
