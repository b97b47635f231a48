"""Around every request: an id, the time it took, and headers no answer goes without."""

from __future__ import annotations

import logging
import time
from typing import Any

from litestar.datastructures import MutableScopeHeaders
from litestar.types import ASGIApp, Message, Receive, Scope, Send

from core.ids import new_id
from web import metrics

log = logging.getLogger("valetkey.access")


class Envelope:
    """`X-Request-Id` on every answer, one log line, one metric. The query is never logged: it holds states, codes and tickets."""

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
                headers = MutableScopeHeaders(message)
                headers["X-Request-Id"] = request_id
                headers.setdefault("X-Content-Type-Options", "nosniff")
                headers.setdefault("Cache-Control", "no-store")
            await send(message)

        try:
            await self.app(scope, receive, sending)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - started)

    @staticmethod
    def _note(scope: Any, request_id: str, status: int, took_s: float) -> None:
        route = scope.get("path_template") or "unmatched"
        method = scope["method"]
        metrics.REQUESTS.labels(method, route, str(status)).inc()
        metrics.SECONDS.labels(method, route).observe(took_s)
        if log.isEnabledFor(logging.INFO):
            log.info(
                "%s %s %s %.1f ms", method, route, status, took_s * 1000, extra={"request_id": request_id}
            )
