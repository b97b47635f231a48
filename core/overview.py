"""The admin's figures: how many grants of which kind, how they grew, who called what. Counts and kinds only.

Grants are counted in one pass, grouped by their tools: what a set of tools may do (read, change, delete) is known from the
connectors. Calls are counted from the audit trail, over the last 30 days and at most `MOST_EVENTS` events.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from core.clock import DAY_MS
from core.house import House
from core.model import LIVE_STATUSES
from core.registry import Registry

WEEK_MS = 7 * DAY_MS
CALL_DAYS = 30
MOST_EVENTS = 250_000
SLOW_S = 0.3
REST = 20  # figures that took a second to count are good for so many seconds
UNANSWERED: Mapping[str, str] = {
    "consent_required": "consent",
    "reconnect_required": "consent",
    "policy_denied": "policy",
    "provider_error": "provider",
    "provider_timeout": "provider",
    "provider_rate_limited": "provider",
    "tool_failed": "provider",
}


class Point(msgspec.Struct, frozen=True):
    """Grants that were active at an instant, and those of them that can change or delete."""

    at: int
    all: int
    risky: int


class Use(msgspec.Struct, frozen=True):
    """How often a tool of a grant was called, and when last."""

    tool: str
    calls: int
    last_at: int | None


class Figures(msgspec.Struct, frozen=True):
    """`open`: ended here, not confirmed by the provider. `risky` (change or delete) and `deleting` count active grants, `unused`
    (which includes `unused_90`) and `never` every grant that is not over: as `core.grants.GrantFilter` finds them.

    `calls` by connector and `unanswered` by kind (consent, policy, provider, other) cover `CALL_DAYS` days, or the last
    `MOST_EVENTS` events where `capped`.
    """

    at: int
    open: int
    risky: int
    deleting: int
    unused: int
    unused_90: int
    never: int
    reconnect: int
    open_by_connector: dict[str, int]
    points: list[Point]
    calls: dict[str, int]
    unanswered: dict[str, int]
    failing: dict[str, int]
    capped: bool


class _Grants(msgspec.Struct, frozen=True):
    tools: tuple[str, ...]
    state: str
    upstream: str
    connector: str
    idle_days: int
    never: int
    count: int


class _Lives(msgspec.Struct, frozen=True):
    """Grants that began after point `began` and had ended by the point after `ended` (-1: before the first; None: not yet)."""

    tools: tuple[str, ...]
    began: int
    ended: int | None
    count: int


class _Calls(msgspec.Struct, frozen=True):
    action: str
    outcome: str
    tool: str | None
    count: int

    @property
    def connector(self) -> str:
        return (self.tool or "").partition(".")[0]


class _Count(msgspec.Struct, frozen=True):
    id: str
    count: int


def risk_of(registry: Registry, tools: tuple[str, ...]) -> str:
    """The most a set of tools may do: `delete`, `write` or `read`. Tools nobody knows any more can do nothing."""
    known = (registry.connectors.get(name.partition(".")[0]) for name in tools)
    risks = {c.tools[name].risk for c, name in zip(known, tools, strict=True) if c and name in c.tools}
    return next((risk for risk in ("delete", "write") if risk in risks), "read")


class _Kept(msgspec.Struct):
    """Figures that took long to count, when they have to be counted again, and the count under way."""

    figures: Figures | None = None
    stale_at: float = 0.0
    task: asyncio.Task[Figures] | None = None


async def figures(house: House, workspace: str, weeks: int) -> Figures:
    """Counted now; where that takes longer than `SLOW_S`, as they were at `at`, and counted anew behind the scenes."""
    kept = house.figures.setdefault((workspace, weeks), _Kept())
    if kept.task is None and kept.stale_at <= time.monotonic():
        kept.task = house.in_background(_recount(house, workspace, weeks, kept))
    if kept.figures is not None:
        return kept.figures
    assert kept.task is not None
    return await asyncio.shield(kept.task)


async def _recount(house: House, workspace: str, weeks: int, kept: _Kept) -> Figures:
    started = time.monotonic()
    try:
        found = await _counted(house, workspace, weeks)
        took_s = time.monotonic() - started
        kept.figures = found if took_s > SLOW_S else None
        kept.stale_at = time.monotonic() + took_s * REST if took_s > SLOW_S else 0.0
        return found
    finally:
        kept.task = None


async def _counted(house: House, workspace: str, weeks: int) -> Figures:
    now = house.now_ms()
    grants = await house.store.all(
        "overview_grants",
        _Grants,
        workspace=workspace,
        now=now,
        days_30=now - 30 * DAY_MS,
        days_90=now - 90 * DAY_MS,
    )
    calls, capped = await _calls(house, workspace, now)
    unanswered = [row for row in calls if row.action != "tool.called"]
    return Figures(
        at=now,
        **_standing(house.registry, grants),
        points=await _points(house, workspace, now, weeks),
        calls=_sum(calls, lambda row: row.connector),
        unanswered=_sum(unanswered, lambda row: UNANSWERED.get(row.outcome, "other")),
        failing=_sum([row for row in calls if row.action == "tool.failed"], lambda row: row.connector),
        capped=capped,
    )


def _sum(rows: list[_Calls], key: Callable[[_Calls], str]) -> dict[str, int]:
    counts: Counter[str] = Counter()
    for row in rows:
        counts[key(row)] += row.count
    return dict(counts)


def _standing(registry: Registry, grants: list[_Grants]) -> dict[str, Any]:
    counts: Counter[str] = Counter()
    open_by_connector: Counter[str] = Counter()
    for row in grants:
        if row.upstream == "pending":
            open_by_connector[row.connector] += row.count
        if row.state not in LIVE_STATUSES:
            continue
        risk = risk_of(registry, row.tools) if row.state == "active" else "read"
        counts["reconnect"] += row.count if row.state == "needs_reconnect" else 0
        counts["risky"] += row.count if risk != "read" else 0
        counts["deleting"] += row.count if risk == "delete" else 0
        counts["never"] += row.count if row.never else 0
        counts["unused"] += row.count if row.idle_days >= 30 else 0
        counts["unused_90"] += row.count if row.idle_days >= 90 else 0
    named = ("risky", "deleting", "unused", "unused_90", "never", "reconnect")
    return {name: counts[name] for name in named} | {
        "open": sum(open_by_connector.values()),
        "open_by_connector": dict(open_by_connector),
    }


async def _points(house: House, workspace: str, now: int, weeks: int) -> list[Point]:
    """One point a week, the last one now."""
    start = now - weeks * WEEK_MS
    lives = await house.store.all(
        "overview_lives", _Lives, workspace=workspace, start=start, step=WEEK_MS, until=now
    )
    alive, risky = [0] * (weeks + 1), [0] * (weeks + 1)
    for row in lives:
        is_risky = risk_of(house.registry, row.tools) != "read"
        last = weeks if row.ended is None else row.ended
        for index in range(row.began + 1, last + 1):
            alive[index] += row.count
            risky[index] += row.count if is_risky else 0
    return [Point(start + i * WEEK_MS, alive[i], risky[i]) for i in range(weeks + 1)]


async def _calls(house: House, workspace: str, now: int) -> tuple[list[_Calls], bool]:
    last = await house.store.one("overview_last_seq", int, workspace=workspace) or 0
    first = await _first_since(house, workspace, last, now - CALL_DAYS * DAY_MS)
    capped = first < last - MOST_EVENTS
    rows = await house.store.all(
        "overview_calls", _Calls, workspace=workspace, seq=max(first, last - MOST_EVENTS)
    )
    return rows, capped


async def _first_since(house: House, workspace: str, last: int, since: int) -> int:
    """The first event not before `since`, found by halving: the trail is in order of time, and needs no index on it."""
    low, high = 1, last + 1
    while low < high:
        middle = (low + high) // 2
        at = await house.store.one("overview_event_at", int, workspace=workspace, seq=middle)
        if at is None or at >= since:
            high = middle
        else:
            low = middle + 1
    return low


async def uses(house: House, workspace: str, grant: str) -> list[Use]:
    """How each tool of a grant was used; tools never called are not among them."""
    return await house.store.all("overview_uses", Use, workspace=workspace, grant=grant)


async def keys_by_assistant(house: House, workspace: str) -> dict[str, int]:
    """How many keys of each assistant work now."""
    rows = await house.store.all("overview_keys", _Count, workspace=workspace, now=house.now_ms())
    return {row.id: row.count for row in rows}
