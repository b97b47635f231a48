"""What is counted, and how `/metrics` tells it. No ids, no users; every label is from a list that is known beforehand.

The families stand in FAMILIES; docs/operate/observing.md explains each, and a test compares the two. Counting goes into
`web/cells.py`, so that the answer holds for all workers of `valetkey serve`; what only the database or the system knows is
asked when somebody wants to see it. Names and units follow https://prometheus.io/docs/practices/naming/ (read 2026-11-24).
"""

from __future__ import annotations

import asyncio
import os
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Literal

import msgspec
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector

from core.house import House
from core.store import StoreError
from web import cells
from web.cells import Cells

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 25)
MICROSECONDS = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 1e-3, 1e-2, 0.1)
DAYS = (1, 5, 30, 120, 600, 3_600, 21_600, 86_400, 604_800)
COUNTS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512)


class Family(msgspec.Struct, frozen=True):
    """A metric. `name` is as it is exposed; a histogram adds `_bucket`, `_sum` and `_count`."""

    name: str
    help: str
    labels: tuple[str, ...] = ()
    kind: Literal["counter", "histogram", "gauge"] = "counter"
    buckets: tuple[float, ...] = SECONDS

    @property
    def width(self) -> int:
        """Cells of one series: one number; or each bucket, what is above all of them, and the sum."""
        return len(self.buckets) + 2 if self.kind == "histogram" else 1


def _times(
    name: str, help: str, labels: tuple[str, ...] = (), buckets: tuple[float, ...] = SECONDS
) -> Family:
    return Family(name, help, labels, "histogram", buckets)


REQUESTS = Family("valetkey_http_requests_total", "Requests answered", ("method", "route", "status"))
REQUEST_TIME = _times("valetkey_http_request_seconds", "Time to answer a request", ("method", "route"))
PROBLEMS = Family("valetkey_problems_total", "Requests answered with a problem, by its code", ("code",))
CALLS = Family("valetkey_tool_calls_total", "Tool calls, by how they ended", ("connector", "tool", "outcome"))
CALL_TIME = _times(
    "valetkey_tool_call_seconds", "Time of a tool call, the provider's included", ("connector", "tool")
)
ASKED = Family("valetkey_provider_requests_total", "Requests of tools to providers", ("connector", "outcome"))
ASKED_TIME = _times(
    "valetkey_provider_request_seconds", "Time a provider took to answer a tool", ("connector",)
)
STEPS = Family("valetkey_connect_steps_total", "Steps of connecting, by how they ended", ("step", "outcome"))
STEP_TIME = _times("valetkey_connect_step_seconds", "Time of a step of connecting", ("step",))
REFRESHES = Family("valetkey_token_refreshes_total", "Refreshes asked of providers", ("connector", "outcome"))
REFRESH_TIME = _times("valetkey_token_refresh_seconds", "Time a provider took to refresh", ("connector",))
LEASE_TIME = _times(
    "valetkey_lease_wait_seconds", "Time a refresh waited for its lease or for another's refresh"
)
TELLS = Family("valetkey_outbox_tells_total", "Revocations told to providers", ("connector", "outcome"))
TELL_TIME = _times(
    "valetkey_outbox_tell_seconds", "Time a provider took to take a revocation", ("connector",)
)
SETTLED_TIME = _times(
    "valetkey_outbox_settled_seconds", "From ending a token here to the provider's answer", ("outcome",), DAYS
)
VAULT_TIME = _times("valetkey_vault_seconds", "Time to open or seal a value", ("operation",), MICROSECONDS)
AUDIT_TIME = _times("valetkey_audit_commit_seconds", "Time until the calls of one transaction were durable")
AUDIT_SIZE = _times("valetkey_audit_commit_calls", "Calls that shared one transaction", (), COUNTS)

# Asked when somebody wants to see them.
WAITING = Family("valetkey_outbox_waiting", "Revocations a provider has not confirmed yet", (), "gauge")
OLDEST = Family("valetkey_outbox_oldest_seconds", "Age of the oldest of them", (), "gauge")
WORKERS = Family("valetkey_workers", "Server processes that are running", (), "gauge")
CPU = Family("valetkey_worker_cpu_seconds_total", "CPU time of a running server process", ("worker",))
MEMORY = Family(
    "valetkey_worker_memory_bytes", "Resident memory of a running server process", ("worker",), "gauge"
)
BUILD = Family("valetkey_build_info", "1; its label says which version runs", ("version",), "gauge")

COUNTED = (
    REQUESTS, REQUEST_TIME, PROBLEMS, CALLS, CALL_TIME, ASKED, ASKED_TIME, STEPS, STEP_TIME, REFRESHES, REFRESH_TIME,
    LEASE_TIME, TELLS, TELL_TIME, SETTLED_TIME, VAULT_TIME, AUDIT_TIME, AUDIT_SIZE,
)  # fmt: skip
FAMILIES = (*COUNTED, WAITING, OLDEST, WORKERS, CPU, MEMORY, BUILD)
_BY_NAME = {family.name: family for family in COUNTED}

Labels = tuple[str, ...]
Read = tuple[Family, Labels, list[float]]


class Meter:
    """The times of one thing, and how often it ended how. To be kept at hand: finding it costs more than counting."""

    __slots__ = ("_at", "_buckets", "_cells", "_count", "_counters", "_labels", "_total")

    def __init__(self, own: Cells, time: Family, labels: Labels, count: Family | None) -> None:
        self._cells, self._buckets = own, time.buckets
        self._at = own.series(_key(time, labels), time.width)
        self._total = self._at + time.width - 1
        self._count, self._labels = count, labels
        self._counters: dict[str, int] = {}

    def add(self, value: float, outcome: str = "ok") -> None:
        """`outcome` becomes a label, so it is a word of a known list (web/outcomes.py). From any thread."""
        counter = self._counters.get(outcome)
        if counter is None:
            counter = self._counters[outcome] = self._counter(outcome)
        self._cells.observe(self._at + bisect_left(self._buckets, value), self._total, value, counter)

    def _counter(self, outcome: str) -> int:
        if self._count is None:
            return 0
        return self._cells.series(_key(self._count, (*self._labels, outcome)), self._count.width)


class Metrics:
    """The numbers of this process."""

    def __init__(self, own: Cells | None = None) -> None:
        self._cells = own or Cells()

    def meter(self, time: Family, labels: Labels = (), count: Family | None = None) -> Meter:
        """Of a histogram's series, and of a counter with the same labels and one more, the outcome."""
        return Meter(self._cells, time, labels, count)

    def count(self, family: Family, *labels: str) -> None:
        self._cells.count(self._cells.series(_key(family, labels), family.width))

    async def exposed(self, house: House, version: str) -> bytes:
        """All of it, of all workers, in Prometheus' text format; without the outbox where the database does not answer."""
        asked: list[Read] = [(BUILD, (version,), [1.0]), *await _outbox(house)]
        return await asyncio.to_thread(self._text, asked)  # some 10 ms, in which others are to be answered

    def _text(self, asked: list[Read]) -> bytes:
        workers = cells.read_all(self._cells)
        registry = CollectorRegistry()
        registry.register(_Read([*asked, *_processes(workers), *_sums(workers)]))
        return generate_latest(registry)


def _key(family: Family, labels: Labels) -> bytes:
    return msgspec.json.encode((family.name, labels))


class _Outbox(msgspec.Struct, frozen=True):
    count: int
    oldest: int | None
    due: int | None


async def _outbox(house: House) -> list[Read]:
    try:
        state = await house.store.one("outbox_state", _Outbox)
    except StoreError:
        return []  # the numbers are wanted most when something is wrong
    count, oldest = (state.count, state.oldest) if state else (0, None)
    age_s = 0.0 if oldest is None else max(house.now_ms() - oldest, 0) / 1000
    return [(WAITING, (), [count]), (OLDEST, (), [age_s])]


def _sums(workers: cells.Workers) -> list[Read]:
    summed: dict[bytes, list[float]] = {}
    for worker in workers.values():
        for key, numbers in worker.series.items():
            present = summed.get(key)
            summed[key] = [a + b for a, b in zip(present, numbers, strict=True)] if present else numbers
    decoded = (
        (msgspec.json.decode(key, type=tuple[str, Labels]), numbers) for key, numbers in summed.items()
    )
    return [(_BY_NAME[name], labels, numbers) for (name, labels), numbers in decoded]


def _processes(workers: cells.Workers) -> Iterator[Read]:
    """What the system says of each worker that lives (Linux: elsewhere only how many there are)."""
    alive = {name: worker for name, worker in workers.items() if worker.alive}
    yield WORKERS, (), [len(alive)]
    for name, worker in alive.items():
        try:
            fields = Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        yield CPU, (name,), [(int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")]
        yield MEMORY, (name,), [int(fields[21]) * os.sysconf("SC_PAGE_SIZE")]


class _Read(Collector):
    """What was read, for the library that writes the text. Families nothing was counted of are named all the same."""

    def __init__(self, found: Iterable[Read]) -> None:
        self._found = {family.name: list[tuple[Labels, list[float]]]() for family in FAMILIES}
        for family, labels, numbers in found:
            self._found[family.name].append((labels, numbers))

    def collect(self) -> Iterator[Metric]:
        for family in FAMILIES:
            yield _metric(family, sorted(self._found[family.name]))


def _metric(family: Family, series: list[tuple[Labels, list[float]]]) -> Metric:
    if family.kind == "histogram":
        histogram = HistogramMetricFamily(family.name, family.help, labels=family.labels)
        for labels, numbers in series:
            histogram.add_metric(labels, buckets=_cumulative(family, numbers), sum_value=numbers[-1])
        return histogram
    made = CounterMetricFamily if family.kind == "counter" else GaugeMetricFamily
    plain = made(family.name, family.help, labels=family.labels)
    for labels, numbers in series:
        plain.add_metric(labels, numbers[0])
    return plain


def _cumulative(family: Family, numbers: list[float]) -> list[tuple[str, float]]:
    found, total = [], 0.0
    for bound, count in zip((*map(str, map(float, family.buckets)), "+Inf"), numbers[:-1], strict=True):
        total += count
        found.append((bound, total))
    return found
