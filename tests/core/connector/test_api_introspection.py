"""`Api.introspect`: for an account function alone, in its own type, and never with the token or the client's secret."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from core.connector import Api, Connector, OAuth2
from core.errors import ProviderError
from core.http import Outbound
from core.secret import Secret


class _Who(msgspec.Struct):
    user: str


class _NoTokens:
    async def access_token(self) -> Secret:
        raise AssertionError("the token is not needed")

    async def after_rejection(self, rejected: Secret) -> Secret:
        raise AssertionError("the token is not needed")


def _api(introspection: Any) -> Api:
    oauth = OAuth2(authorize_url="https://acme.example/authorize", token_url="https://acme.example/token")
    acme = Connector(slug="acme", title="Acme", category="crm", api_url="https://acme.example", oauth=oauth)
    http = Outbound(transport=httpx.MockTransport(lambda request: httpx.Response(500)))
    return Api(acme, http, _NoTokens(), fields={}, deadline_s=1, introspection=introspection)


async def test_an_account_function_gets_the_answer_in_its_own_type() -> None:
    async def told() -> dict[str, Any]:
        return {"active": True, "user": "ada"}

    assert await _api(told).introspect(into=_Who) == _Who("ada")


async def test_an_odd_answer_is_the_providers_fault() -> None:
    async def odd() -> dict[str, Any]:
        return {"active": True, "user": 7}

    with pytest.raises(ProviderError):
        await _api(odd).introspect(into=_Who)


async def test_a_tool_cannot_introspect() -> None:
    with pytest.raises(ProviderError):
        await _api(None).introspect(into=_Who)
