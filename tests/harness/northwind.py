"""Northwind, the bundled provider, in a thread of this process: its store, its faults and its requests are in reach."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from typing import Any

import msgspec

from core.authserver import Client
from core.secret import Secret
from tests.harness.ports import free_port
from tests.harness.walker import Page, Walker
from web.demo.northwind import PASSWORD, Northwind, create_app, serving

ASGI = Callable[..., Any]


class RunningNorthwind:
    """Started by the constructor, ended by `close()`. `inside` is the provider itself: `inside.faults`, `inside.store`.

    `tokens` holds every access and refresh token it gave out, in order: what may stand nowhere in Valetkey's files or logs.
    """

    slug = "northwind"

    def __init__(self, **options: Any) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config = {"base_url": self.url}
        app = create_app(self.url, **options)
        self.inside: Northwind = app.state.northwind
        self.tokens: list[str] = []
        self._stop: asyncio.Event
        self._loop: asyncio.AbstractEventLoop
        self._failure: BaseException | None = None
        self._ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(self._listening(app),), name="northwind", daemon=True
        )
        self._thread.start()
        assert self._ready.wait(10), "Northwind did not start"
        if self._failure:
            raise self._failure

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "Northwind did not end"

    def add_client(self, client_id: str, redirect_uri: str, client_secret: str | None = None) -> None:
        assert client_secret, "Northwind wants confidential clients"
        secret = Secret(client_secret)
        client = Client.confidential(client_id, secret, name="Valetkey", redirect_uris=(redirect_uri,))
        self.inside.store.clients[client_id] = client

    def consent(self, walker: Walker, login: str, *, scopes: list[str] | None = None) -> Page:
        """Sign in as `ada@...` (the part before the @ is enough) if asked to, and allow; fewer scopes if said."""
        self._sign_in(walker, login)
        chosen: dict[str, Any] = {} if scopes is None else {"scope": scopes}
        return walker.submit("/oauth/authorize", decision="allow", **chosen)

    def refuse(self, walker: Walker, login: str) -> Page:
        self._sign_in(walker, login)
        return walker.submit("/oauth/authorize", decision="deny")

    def _sign_in(self, walker: Walker, login: str) -> None:
        assert walker.page is not None
        if not any(form.action.endswith("/sign-in") for form in walker.page.forms):
            return
        [email] = [one.email for one in self.inside.book.people.values() if one.email.startswith(login)]
        walker.submit("/sign-in", email=email, password=PASSWORD)

    def live(self, kind: str | None = None) -> list[Any]:
        """The provider's own view: every token that works now."""
        found = self.inside.store.live(self.inside.now_ms())
        return [held for held in found if kind in (None, held.token.kind)]

    def _listening(self, app: ASGI) -> ASGI:
        """The app, with an ear at the token endpoint."""

        async def heard(scope: Any, receive: Any, send: Any) -> None:
            async def note(message: Any) -> None:
                if scope.get("path") == "/oauth/token" and message["type"] == "http.response.body":
                    self._note(message.get("body", b""))
                await send(message)

            await app(scope, receive, note)

        return heard

    def _note(self, body: bytes) -> None:
        answer = msgspec.json.decode(body) if body else {}
        self.tokens += [answer[name] for name in ("access_token", "refresh_token") if name in answer]

    def _run(self, app: ASGI) -> None:
        asyncio.run(self._serve(app))

    async def _serve(self, app: Any) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        try:
            async with serving(app, port=self.port):
                self._ready.set()
                await self._stop.wait()
        except OSError as failure:
            self._failure = failure
            self._ready.set()
