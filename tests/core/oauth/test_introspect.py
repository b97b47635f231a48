"""Introspection (RFC 7662): asked as the client, believed only of an active token."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs

import httpx
import msgspec
import pytest

from core.connector import Api, Connector, OAuth2
from core.errors import ProviderError, TokenEndpointUnavailable
from core.http import Outbound
from core.oauth import ClientRegistration, TokenSet, introspect
from core.secret import Secret

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="acme",
    client_id="the-client",
    client_secret=Secret("the-secret"),
    config={},
    redirect_uri="https://keys.example/oauth/callback/reg_1",
)
TOKENS = TokenSet(Secret("the-token"))


def connector(introspection_url: str | None = "https://acme.example/introspect") -> Connector:
    oauth = OAuth2(
        authorize_url="https://acme.example/authorize",
        token_url="https://acme.example/token",
        client_auth="client_secret_post",
        introspection_url=introspection_url,
    )
    return Connector(slug="acme", title="Acme", category="crm", api_url="https://acme.example", oauth=oauth)


def provider(status: int, body: Any, asked: list[httpx.Request]) -> Outbound:
    def handle(request: httpx.Request) -> httpx.Response:
        asked.append(request)
        return httpx.Response(status, json=body)

    return Outbound(transport=httpx.MockTransport(handle))


async def test_the_token_is_asked_about_in_the_body_as_the_client() -> None:
    asked: list[httpx.Request] = []
    answer = await introspect(
        provider(200, {"active": True, "user": "ada"}, asked), connector(), CLIENT, TOKENS
    )
    assert answer["user"] == "ada"
    (request,) = asked
    assert not request.url.query and "authorization" not in request.headers
    assert parse_qs(request.content.decode()) == {
        "token": ["the-token"],
        "token_type_hint": ["access_token"],
        "client_id": ["the-client"],
        "client_secret": ["the-secret"],
    }


@pytest.mark.parametrize(
    "body", [{"active": False}, {"user": "ada"}, {"active": "true", "user": "ada"}, {"error": "x"}]
)
async def test_a_token_that_is_not_said_to_be_active_names_nobody(body: dict[str, Any]) -> None:
    with pytest.raises(ProviderError):
        await introspect(provider(200, body, []), connector(), CLIENT, TOKENS)


async def test_an_endpoint_that_is_down_says_nothing_of_the_token() -> None:
    with pytest.raises(TokenEndpointUnavailable):
        await introspect(provider(503, {}, []), connector(), CLIENT, TOKENS)


async def test_without_an_endpoint_nothing_is_asked() -> None:
    asked: list[httpx.Request] = []
    with pytest.raises(ProviderError):
        await introspect(provider(200, {"active": True}, asked), connector(None), CLIENT, TOKENS)
    assert asked == []


class _Who(msgspec.Struct):
    user: str


class _NoTokens:
    async def access_token(self) -> Secret:
        raise AssertionError("the token is not needed")

    async def after_rejection(self, rejected: Secret) -> Secret:
        raise AssertionError("the token is not needed")


def _api(introspection: Any) -> Api:
    http = provider(500, {}, [])
    return Api(connector(), http, _NoTokens(), fields={}, deadline_s=1, introspection=introspection)


async def test_an_account_function_gets_the_answer_in_its_own_type() -> None:
    async def told() -> dict[str, Any]:
        return {"active": True, "user": "ada"}

    assert await _api(told).introspect(into=_Who) == _Who("ada")


async def test_a_tool_cannot_introspect_and_an_odd_answer_is_the_providers_fault() -> None:
    async def odd() -> dict[str, Any]:
        return {"active": True, "user": 7}

    for one in (None, odd):
        with pytest.raises(ProviderError):
            await _api(one).introspect(into=_Who)
