"""Around every request: an id, the time it took, and headers no answer goes without."""

from __future__ import annotations

import asyncio
import logging
import time
from typing import Any

from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE
from litestar.types import ASGIApp, Message, Receive, Send

from core.ids import new_id
from web.logs import REQUEST, TRACE
from web.traces import Span
from web.watching import Watch

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
    """`X-Request-Id` on every answer, a metric, a span, and a log line for what was refused, failed or slow; of the rest at level
    DEBUG. Lines that anything else writes meanwhile have the id too.

    The path is logged as its route and the query never: they hold states, codes and tickets.
    """

    def __init__(self, app: ASGIApp, watch: Watch) -> None:
        self.app, self.watch = app, watch

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
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

        method = scope["method"] if scope["method"] in _METHODS else "other"  # a caller may invent thousands
        tracer = self.watch.tracer
        request, trace = REQUEST.set(request_id), TRACE.set(None)
        span = tracer.request(scope, method, request_id) if tracer.on else None
        try:
            await self.app(scope, receive, sending)
        finally:
            self._note(scope, method, status, time.perf_counter() - started, span)
            REQUEST.reset(request)
            TRACE.reset(trace)

    def _note(self, scope: Any, method: str, status: int, took_s: float, span: Span | None) -> None:
        route = scope.get("path_template") or "unmatched"
        problem = scope["state"].get("problem")
        self.watch.answered(method, route, status, took_s, problem)
        if span is not None:
            span.rename(f"{method} {route}")
            span.note("http.route", route)
            span.note("http.response.status_code", status)
            span.end((problem or str(status)) if status >= 500 else None)
        level = logging.INFO if status >= 400 or took_s > SLOW_S else logging.DEBUG
        if log.isEnabledFor(level):
            fields = {
                "event.duration": round(took_s * 1e9),
                "http.request.method": method,
                "http.response.status_code": status,
                "http.route": route,
            }
            if problem is not None:
                fields["error.code"] = problem
            log.log(level, "%s %s %s %.1f ms", method, route, status, took_s * 1000, extra={"fields": fields})
