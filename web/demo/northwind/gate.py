"""What every request passes: a number, the troubles that are switched on, and the list of what came in."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Request
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.ids import new_id
from web.demo.northwind.faults import place_of
from web.demo.northwind.problems import SwitchedOff
from web.demo.northwind.provider import Northwind, Seen


class Gate(ASGIMiddleware):
    scopes = (ScopeType.HTTP,)

    def __init__(self, northwind: Northwind) -> None:
        self.northwind = northwind

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        scope["state"]["northwind_gate"] = True
        place = place_of(scope["path"])
        before_s, after_s = self.northwind.faults.delays(place) if place else (0.0, 0.0)

        async def numbered(message: Message) -> None:
            if message["type"] == "http.response.start":
                await asyncio.sleep(after_s)
                self._note(scope, message["status"])
                extra = {"X-Request-Id": request_id(scope), **scope["state"].get("headers", {})}
                pairs = [(name.encode(), value.encode()) for name, value in extra.items()]
                message["headers"] = [*message["headers"], *pairs]
            await send(message)

        await asyncio.sleep(before_s)
        status = self.northwind.faults.failure(place) if place else None
        if status is not None:
            self._note(scope, status)
            raise SwitchedOff("Northwind is not well at the moment", status=status)
        await next_app(scope, receive, numbered)

    def _note(self, scope: Scope, status: int) -> None:
        self.northwind.seen.append(Seen(method=str(scope.get("method")), path=scope["path"], status=status))


def request_id(scope: Any) -> str:
    return scope["state"].setdefault("request_id", new_id("req"))


def northwind(request: Request) -> Northwind:
    return request.app.state.northwind
