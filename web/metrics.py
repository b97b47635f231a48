"""What is counted: requests by route and status, tool calls by tool and outcome, what waits in the outbox. No ids, no users."""

from __future__ import annotations

from typing import Any

from prometheus_client import Counter, Gauge, Histogram

from core.house import House

REQUESTS = Counter("valetkey_http_requests_total", "Requests answered", ["method", "route", "status"])
SECONDS = Histogram("valetkey_http_request_seconds", "Time to answer a request", ["method", "route"])
OUTBOX = Gauge("valetkey_outbox_waiting", "Revocations a provider has not confirmed yet")


_known: dict[tuple[str, str, int], tuple[Any, Any]] = {}


def answered(method: str, route: str, status: int, took_s: float) -> None:
    """Count a request. Children are kept at hand: finding them by label costs more than counting."""
    key = (method, route, status)
    if key not in _known:
        _known[key] = REQUESTS.labels(method, route, str(status)), SECONDS.labels(method, route)
    counter, histogram = _known[key]
    counter.inc()
    histogram.observe(took_s)


async def gather(house: House) -> None:
    """What is read only when somebody asks."""
    OUTBOX.set(await house.store.one("outbox_waiting", int) or 0)
