"""OpenTelemetry traces, when `OTEL_*` says where they go and the extra `valetkey[otel]` is installed.

One span a request, named by its route: no URL, no query, no header, no body. Exporter and sampling are configured by the
standard variables (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER ...). A `traceparent` that comes in is gone on from.
Source: OpenTelemetry semantic conventions for HTTP servers; W3C Trace Context.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

log = logging.getLogger("valetkey.traces")
_ASKS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Tracer:
    """Does nothing until `configure` has found somewhere to send spans to."""

    def __init__(self) -> None:
        self._tracer: Any = None

    def use(self, provider: Any) -> None:
        self._tracer = provider.get_tracer("valetkey")

    def record(
        self, scope: Any, method: str, route: str, status: int, request_id: str, took_s: float
    ) -> None:
        """A span that has just ended, `took_s` long."""
        if self._tracer is None:
            return
        import time

        from opentelemetry import propagate
        from opentelemetry.trace import SpanKind, Status, StatusCode

        ended_ns = time.time_ns()
        carrier = {
            name.decode(): value.decode() for name, value in scope["headers"] if name == b"traceparent"
        }
        span = self._tracer.start_span(
            f"{method} {route}",
            context=propagate.extract(carrier) if carrier else None,
            kind=SpanKind.SERVER,
            start_time=ended_ns - int(took_s * 1e9),
            attributes={
                "http.request.method": method,
                "http.route": route,
                "http.response.status_code": status,
                "valetkey.request_id": request_id,
            },
        )
        if status >= 500:
            span.set_status(Status(StatusCode.ERROR))
        span.end(ended_ns)


TRACER = Tracer()


def configure(environ: Mapping[str, str]) -> None:
    """Start exporting when the environment asks for it; say so when the extra is missing."""
    if not any(environ.get(name) for name in _ASKS) or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("OTEL_* is set, but the extra is missing: pip install 'valetkey[otel]'")
        return
    provider = TracerProvider(
        resource=Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", "valetkey")})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    TRACER.use(provider)
