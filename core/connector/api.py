"""Api: the only way a tool reaches its provider (being built)."""

from __future__ import annotations

from typing import Any, Protocol, TypeVar

from core.connector import templates
from core.errors import Refused
from core.http import Outbound
from core.secret import Secret

T = TypeVar("T")


class TokenSource(Protocol):
    async def access_token(self) -> Secret: ...
    async def after_rejection(self, rejected: Secret) -> Secret: ...


class MissingScope(Refused):
    code = "consent_required"

    def __init__(self, detail: str = "", *, scopes: list[str] | None = None) -> None:
        super().__init__(detail)
        self.scopes = scopes or []


class Api:
    path = staticmethod(templates.path)
    fields: dict[str, str]

    def __init__(
        self,
        connector: Any,
        http: Outbound,
        tokens: TokenSource,
        *,
        fields: dict[str, str],
        deadline_s: float,
        development: bool = False,
    ) -> None: ...
    async def get(self, path: str, *, params: Any = None, headers: Any = None, into: Any = None) -> Any: ...
    async def post(
        self,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        form: Any = None,
        headers: Any = None,
        into: Any = None,
    ) -> Any: ...
    async def put(
        self,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        form: Any = None,
        headers: Any = None,
        into: Any = None,
    ) -> Any: ...
    async def patch(
        self,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        form: Any = None,
        headers: Any = None,
        into: Any = None,
    ) -> Any: ...
    async def delete(
        self,
        path: str,
        *,
        params: Any = None,
        json: Any = None,
        form: Any = None,
        headers: Any = None,
        into: Any = None,
    ) -> Any: ...
    async def graphql(self, document: str, variables: Any = None, *, into: Any = None) -> Any: ...
