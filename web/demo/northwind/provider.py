"""One Northwind: its authorization server, records, browsers and limits, and the view of them that tests
have.

`app.state.northwind` is this object. `store.live(now_ms)` is the provider's own view of the tokens, `faults`
makes trouble, `seen` is every request that came in.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any

import msgspec

from core.authserver import AuthServer, Client, Endpoints, MemoryStore
from core.clock import Clock
from web.demo.northwind.book import Book
from web.demo.northwind.browsers import Browsers
from web.demo.northwind.faults import Faults
from web.demo.northwind.limits import Limits
from web.demo.northwind.permissions import PERMISSIONS

PASSWORD = "northwind-demo"  # noqa: S105 -- shown on the sign-in page: this is a demo


class Seen(msgspec.Struct, frozen=True):
    method: str
    path: str
    status: int


class Northwind:
    """Everything a running Northwind has. Lives in one process and is gone with it."""

    def __init__(
        self,
        public_url: str,
        clients: Iterable[Client] = (),
        *,
        token_ttl_s: int = 120,
        refresh_ttl_s: int = 30 * 86_400,
        rate_per_minute: int = 600,
        now: Callable[[], int] | None = None,
    ) -> None:
        self.public_url = public_url.rstrip("/")
        self.now_ms = now or Clock().now_ms
        self.store = MemoryStore(clients)
        self.server = self._server(token_ttl_s, refresh_ttl_s)
        self.book = Book(self.now_ms)
        self.browsers = Browsers(self.now_ms)
        self.limits = Limits(rate_per_minute, self.now_ms)
        self.faults = Faults()
        self.seen: deque[Seen] = deque(maxlen=20_000)
        self.replies: dict[tuple[str, str], tuple[bytes, int, dict[str, Any]]] = {}

    @property
    def api_url(self) -> str:
        """Also the audience of its tokens."""
        return f"{self.public_url}/api/v1"

    def times(self, method: str, path: str) -> int:
        """How many requests of that method and path came in."""
        return sum(1 for each in self.seen if (each.method, each.path) == (method, path))

    def _server(self, token_ttl_s: int, refresh_ttl_s: int) -> AuthServer:
        url = self.public_url
        endpoints = Endpoints(
            authorization=f"{url}/oauth/authorize",
            token=f"{url}/oauth/token",
            revocation=f"{url}/oauth/revoke",
            introspection=f"{url}/oauth/introspect",
        )
        return AuthServer(
            issuer=url,
            endpoints=endpoints,
            store=self.store,
            scopes=tuple(permission.scope for permission in PERMISSIONS),
            resources=(self.api_url,),
            access_ttl_s=token_ttl_s,
            refresh_ttl_s=refresh_ttl_s,
            now_ms=self.now_ms,
        )
