"""OpenTelemetry traces, when `OTEL_*` says where they go and the extra `valetkey[otel]` is installed.

One span a request, named by its route, and below it one for each step core tells of (core/observing.py): what a call spent on
finding the grant, on the provider, on the audit trail. No URL, no query, no header, no body, no id of anybody. Exporter and
sampling are configured by the standard variables (OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_TRACES_SAMPLER ...). A `traceparent` that
comes in is gone on from; none is sent to a provider, who need not know how a builder's requests belong together.
Source: OpenTelemetry semantic conventions for HTTP spans, stable since 1.23 (read 2026-11-24); W3C Trace Context.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

from web.logs import TRACE

log = logging.getLogger("valetkey.traces")
_ASKS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")


class Span:
    """One that has begun and is the parent of what begins before its end. To be ended in the task that began it."""

    __slots__ = ("_context", "_span", "_tokens")

    def __init__(self, span: Any, context: Any) -> None:
        from opentelemetry import trace

        self._span, self._context = span, context
        self._tokens = [context.attach(trace.set_span_in_context(span))]

    @property
    def trace_id(self) -> str:
        return f"{self._span.get_span_context().trace_id:032x}"

    def rename(self, name: str) -> None:
        self._span.update_name(name)

    def note(self, name: str, value: str | int) -> None:
        self._span.set_attribute(name, value)

    def end(self, fault: str | None = None) -> None:
        """`fault`: a word of web/outcomes.py. The error's own text stays out: it may quote a provider."""
        from opentelemetry.trace import Status, StatusCode

        if fault is not None:
            self._span.set_attribute("error.type", fault)
            self._span.set_status(Status(StatusCode.ERROR))
        self._context.detach(self._tokens.pop())
        self._span.end()


class Tracer:
    """Does nothing (`on` is False) until `use` was told where to send spans to."""

    def __init__(self) -> None:
        self.on = False
        self._tracer: Any = None
        self._provider: Any = None
        self._context: Any = None
        self._propagate: Any = None
        self._kinds: Any = None

    def use(self, provider: Any) -> None:
        from opentelemetry import context, propagate
        from opentelemetry.trace import SpanKind

        self._context, self._propagate, self._kinds = context, propagate, SpanKind
        self._tracer, self._provider = provider.get_tracer("valetkey"), provider
        self.on = True

    async def close(self) -> None:
        """Send what has not been sent yet. A worker process ends without Python's own exit handlers."""
        if self._provider is not None:
            await asyncio.to_thread(self._provider.shutdown)

    def request(self, scope: Any, method: str, request_id: str) -> Span:
        """The span of a request that came in. Its route is not known yet."""
        carrier = {
            name.decode("latin-1"): value.decode("latin-1")
            for name, value in scope["headers"]
            if name in (b"traceparent", b"tracestate")
        }
        parent = self._propagate.extract(carrier) if carrier else None
        about = {"http.request.method": method, "url.scheme": scope["scheme"], "http.request.id": request_id}
        span = self._tracer.start_span(method, context=parent, kind=self._kinds.SERVER, attributes=about)
        begun = Span(span, self._context)
        TRACE.set(begun.trace_id)
        return begun

    def step(self, name: str, connector: str | None, tool: str | None) -> Span:
        about = {"valetkey.connector": connector, "valetkey.tool": tool}
        kind = self._kinds.CLIENT if name in _OUTWARD else self._kinds.INTERNAL
        known = {key: value for key, value in about.items() if value is not None}
        return Span(self._tracer.start_span(name, kind=kind, attributes=known), self._context)


_OUTWARD = frozenset({"provider.request", "token.refresh", "connect.redeem", "outbox.tell"})


def configured(environ: Mapping[str, str]) -> Tracer:
    """One that exports when the environment asks for it; says so when the extra is missing."""
    tracer = Tracer()
    if not any(environ.get(name) for name in _ASKS) or environ.get("OTEL_SDK_DISABLED", "").lower() == "true":
        return tracer
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
        from opentelemetry.sdk.resources import Resource
        from opentelemetry.sdk.trace import TracerProvider
        from opentelemetry.sdk.trace.export import BatchSpanProcessor
    except ImportError:
        log.warning("OTEL_* is set, but the extra is missing: pip install 'valetkey[otel]'")
        return tracer
    provider = TracerProvider(
        resource=Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", "valetkey")})
    )
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    tracer.use(provider)
    return tracer
