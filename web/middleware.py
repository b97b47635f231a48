"""Around every request: an id, the time it took, and headers no answer goes without."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.ids import new_id
from web import metrics
from web.traces import TRACER

log = logging.getLogger("valetkey.access")

# For every answer that does not say otherwise itself.
_UNLESS_SET = ((b"x-content-type-options", b"nosniff"), (b"cache-control", b"no-store"))
SLOW_S = 1.0
READ_AWAY_BYTES = 8_000_000
READ_AWAY_S = 2.0
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


async def _read_away(receive: Receive) -> None:
    """Take in what is still being sent, within bounds: a client that is cut off while sending never sees the answer."""
    left = READ_AWAY_BYTES
    try:
        async with asyncio.timeout(READ_AWAY_S):
            while left > 0:
                message = await receive()
                if message["type"] != "http.request" or not message.get("more_body"):
                    return
                left -= len(message["body"])
    except TimeoutError:
        return


class Envelope:
    """`X-Request-Id` on every answer, a metric, and a log line for what was refused, failed or slow; of the rest at level DEBUG.

    The path is logged as its route and the query never: they hold states, codes and tickets.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = new_id("req")
        scope.setdefault("state", {})["request_id"] = request_id
        started, status = time.perf_counter(), 500

        async def sending(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                if status == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
                    await _read_away(receive)
                headers = message["headers"] = list(message["headers"])
                present = {name.lower() for name, _ in headers}
                headers.append((b"x-request-id", request_id.encode()))
                headers += [(name, value) for name, value in _UNLESS_SET if name not in present]
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - started)

    @staticmethod
    def _note(scope: Any, request_id: str, status: int, took_s: float) -> None:
        route = scope.get("path_template") or "unmatched"
        method = scope["method"] if scope["method"] in _METHODS else "other"  # a caller may invent thousands
        metrics.answered(method, route, status, took_s)
        TRACER.record(scope, method, route, status, request_id, took_s)
        level = logging.INFO if status >= 400 or took_s > SLOW_S else logging.DEBUG
        if log.isEnabledFor(level):
            log.log(
                level,
                "%s %s %s %.1f ms",
                method,
                route,
                status,
                took_s * 1000,
                extra={"request_id": request_id},
            )
