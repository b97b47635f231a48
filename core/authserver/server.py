"""The settings of one authorization server. Nothing here turns a defence off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import urlsplit

import msgspec

from core.authserver.model import Client
from core.authserver.parameters import Request
from core.authserver.store import Store
from core.clock import Clock

Grant = Callable[["AuthServer", Client, Request], Awaitable[dict[str, Any]]]


class Endpoints(msgspec.Struct, frozen=True):
    """Absolute URLs, as the metadata announces them."""

    authorization: str
    token: str
    revocation: str
    introspection: str


class AuthServer(msgspec.Struct, frozen=True):
    """`scopes` are all names it knows; `resources` the audiences it issues tokens for, the first one when
    none is asked for. `grants` adds grant types to the two built in."""

    issuer: str
    endpoints: Endpoints
    store: Store
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    access_ttl_s: int = 600
    refresh_ttl_s: int = 30 * 86_400
    code_ttl_s: int = 60
    now_ms: Callable[[], int] = Clock().now_ms
    grants: Mapping[str, Grant] = {}

    def __post_init__(self) -> None:
        parts = urlsplit(self.issuer)
        if (
            parts.scheme not in ("https", "http")
            or parts.query
            or parts.fragment
            or self.issuer.endswith("/")
        ):
            raise ValueError(
                "an issuer is an http(s) URL without query, fragment and closing slash (RFC 8414 section 2)"
            )
        if not self.resources:
            raise ValueError("a server needs at least one resource its tokens are for")
