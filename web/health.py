"""`/health/live`, `/health/ready`, `/metrics`: for whoever runs the service."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.openapi.datastructures import ResponseSpec
from prometheus_client import CONTENT_TYPE_LATEST

from core import startup
from core.errors import ValetkeyError
from core.house import House
from web.version import VERSION
from web.watching import Watch

# Litestar says the charset by itself; said twice, Prometheus 3 refuses the answer.
MEDIA_TYPE = CONTENT_TYPE_LATEST.removesuffix("; charset=utf-8")


class Health(msgspec.Struct, frozen=True):
    """`reason` says what is wrong and how to mend it."""

    status: str
    reason: str | None = None


class Operations(Controller):
    tags = ("Operations",)
    security = ({},)  # no key is needed

    @get("/health/live", operation_id="live", summary="The process answers")
    async def live(self) -> Health:
        """Always 200 while the process runs."""
        return Health("ok")

    @get(
        "/health/ready",
        operation_id="ready",
        summary="The service can do its work",
        responses={
            503: ResponseSpec(Health, generate_examples=False, description="Not ready: `reason` says why")
        },
    )
    async def ready(self, house: NamedDependency[House]) -> Response[Health]:
        """200 when the database answers, its schema is current and the key ring opens the canary; else 503 with the reason."""
        try:
            await startup.check(house)
        except ValetkeyError as error:
            return Response(Health("not ready", error.detail), status_code=503)
        return Response(Health("ok"), status_code=200)

    @get("/metrics", operation_id="metrics", summary="Prometheus metrics", media_type="text/plain")
    async def metrics(self, request: Request[Any, Any, Any], house: NamedDependency[House]) -> Response[Any]:
        """Of all server processes of this machine's service. Nothing in here names a user."""
        watch: Watch = request.app.state.watch
        return Response(await watch.metrics.exposed(house, VERSION), media_type=MEDIA_TYPE)
