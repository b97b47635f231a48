"""Who watches a served house: makes numbers (web/metrics.py) and spans (web/traces.py) of what core tells (core/observing.py).

A tool's name may be anything a caller has sent; only names of this build become labels or attributes, others are `unknown`.
"""

from __future__ import annotations

import time
from types import TracebackType
from typing import Literal

import msgspec

from core.observing import NOTHING, Step, StepName
from core.registry import Registry
from web import metrics
from web.metrics import (
    AUDIT_SIZE,
    AUDIT_TIME,
    PROBLEMS,
    REQUEST_TIME,
    REQUESTS,
    SETTLED_TIME,
    VAULT_TIME,
    Family,
    Meter,
    Metrics,
)
from web.outcomes import OK, outcome
from web.traces import Span, Tracer

UNKNOWN = "unknown"
_UNKNOWN_TOOL = (UNKNOWN, UNKNOWN)


class Measured(msgspec.Struct, frozen=True):
    """What becomes of a step's end: how long it took, and how often with which outcome. `by`: which labels it has."""

    time: Family
    count: Family | None
    by: Literal["tool", "connector", "step", ""]

    def labels(self, name: StepName, connector: str, tool: str) -> tuple[str, ...]:
        every = {"tool": (connector, tool), "connector": (connector,), "step": (name.partition(".")[2],)}
        return every.get(self.by, ())


_CONNECT = Measured(metrics.STEP_TIME, metrics.STEPS, "step")
MEASURED: dict[StepName, Measured] = {
    "connect.create": _CONNECT,
    "connect.open": _CONNECT,
    "connect.approve": _CONNECT,
    "connect.callback": _CONNECT,
    "connect.choose": _CONNECT,
    "connect.confirm": _CONNECT,
    "connect.redeem": _CONNECT,
    "call": Measured(metrics.CALL_TIME, metrics.CALLS, "tool"),
    "provider.request": Measured(metrics.ASKED_TIME, metrics.ASKED, "connector"),
    "token.refresh": Measured(metrics.REFRESH_TIME, metrics.REFRESHES, "connector"),
    "token.lease": Measured(metrics.LEASE_TIME, None, ""),
    "outbox.tell": Measured(metrics.TELL_TIME, metrics.TELLS, "connector"),
}


class Watch:
    """The observer of a served house; `tracer` and `answered` are for web/middleware.py, which sees the requests."""

    def __init__(
        self, registry: Registry, metrics: Metrics | None = None, tracer: Tracer | None = None
    ) -> None:
        self.metrics = metrics or Metrics()
        self.tracer = tracer or Tracer()
        self._tools = _names(registry)
        self._slugs = frozenset(registry.connectors)
        self._steps: dict[tuple[StepName, str | None, str | None], Meter] = {}
        self._requests: dict[tuple[str, str], Meter] = {}
        self._vault = {one: self.metrics.meter(VAULT_TIME, (one,)) for one in ("open", "seal")}
        self._settled: dict[str, Meter] = {}
        self._batch_size, self._batch_time = self.metrics.meter(AUDIT_SIZE), self.metrics.meter(AUDIT_TIME)

    def step(self, name: StepName, connector: str | None = None, tool: str | None = None) -> Step:
        if name not in MEASURED and not self.tracer.on:
            return NOTHING
        if tool is not None:
            connector, tool = self._tools.get(tool, _UNKNOWN_TOOL)
        elif connector is not None and connector not in self._slugs:
            connector = UNKNOWN
        key = (name, connector, tool)
        meter = self._steps.get(key) or self._meter(key)
        if not self.tracer.on:
            assert meter is not None
            return _Timed(meter)
        return _Traced(meter, self.tracer.step(name, connector, tool))

    def _meter(self, key: tuple[StepName, str | None, str | None]) -> Meter | None:
        name, connector, tool = key
        if (what := MEASURED.get(name)) is None:
            return None
        labels = what.labels(name, connector or UNKNOWN, tool or UNKNOWN)
        meter = self._steps[key] = self.metrics.meter(what.time, labels, what.count)
        return meter

    def vault_used(self, operation: Literal["open", "seal"], took_s: float) -> None:
        self._vault[operation].add(took_s)

    def calls_recorded(self, count: int, took_s: float) -> None:
        self._batch_size.add(count)
        self._batch_time.add(took_s)

    def revocation_settled(self, outcome: str, waited_s: float) -> None:
        if outcome not in self._settled:
            self._settled[outcome] = self.metrics.meter(SETTLED_TIME, (outcome,))
        self._settled[outcome].add(waited_s)

    def answered(self, method: str, route: str, status: int, took_s: float, problem: str | None) -> None:
        """A request was answered; `problem` is a word of web/outcomes.py."""
        meter = self._requests.get((method, route))
        if meter is None:
            meter = self._requests[method, route] = self.metrics.meter(
                REQUEST_TIME, (method, route), REQUESTS
            )
        meter.add(took_s, str(status))
        if problem is not None:
            self.metrics.count(PROBLEMS, problem)


def _names(registry: Registry) -> dict[str, tuple[str, str]]:
    """(connector, tool) by every way a tool may be written."""
    found = {}
    for slug, connector in registry.connectors.items():
        for name in connector.tools:
            found[name] = found[name.replace(".", "__", 1)] = (slug, name)
    return found


class _Timed:
    """A step whose time is taken."""

    __slots__ = ("_began", "_meter", "_status")

    def __init__(self, meter: Meter) -> None:
        self._meter, self._status = meter, 0
        self._began = time.perf_counter()

    def __enter__(self) -> _Timed:
        return self

    def answered(self, status: int) -> None:
        self._status = status

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        took_s = time.perf_counter() - self._began
        if self._status:
            self._meter.add(took_s, f"{self._status // 100}xx")
        else:
            self._meter.add(took_s, OK if error is None else outcome(error))


class _Traced:
    """A step with a span, and its time where that is taken."""

    __slots__ = ("_span", "_timed")

    def __init__(self, meter: Meter | None, span: Span) -> None:
        self._span = span
        self._timed = _Timed(meter) if meter is not None else None

    def __enter__(self) -> _Traced:
        return self

    def answered(self, status: int) -> None:
        self._span.note("http.response.status_code", status)
        if self._timed is not None:
            self._timed.answered(status)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._timed is not None:
            self._timed.__exit__(kind, error, trace)
        self._span.end(None if error is None else outcome(error))
