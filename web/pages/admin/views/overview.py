"""The overview: what needs a look, how grants grew, who calls what, what happened last."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

import msgspec

from core.model import AuditEvent, Registration
from core.overview import CALL_DAYS, MOST_EVENTS, Figures, Point
from web.pages.admin import charts
from web.pages.admin.frame import Event, Kind, Option, State, options
from web.pages.admin.views import events
from web.pages.admin.views.grants import Names, Query
from web.pages.text import plural
from web.pages.times import MONTHS

PERIODS = (("12", "Last 12 weeks"), ("26", "Last 26 weeks"), ("52", "Last 52 weeks"))


class Tile(msgspec.Struct, frozen=True):
    figure: str
    href: str
    label: str
    text: str
    icon: str
    kind: Kind


class Step(msgspec.Struct, frozen=True):
    title: str
    text: str
    done: bool
    href: str
    action: str


class Health(msgspec.Struct, frozen=True):
    slug: str
    title: str
    state: State


class OverviewView(msgspec.Struct, frozen=True):
    at: int
    periods: list[Option]
    first_steps: list[Step]
    tiles: list[Tile]
    grown: charts.Lines
    called: charts.Bars
    unanswered: charts.Meter | None
    latest: list[Event]
    health: list[Health]


def overview_view(
    figures: Figures,
    names: Names,
    registrations: Sequence[Registration],
    latest: Sequence[AuditEvent],
    weeks: int,
) -> OverviewView:
    return OverviewView(
        at=figures.at,
        periods=options(PERIODS, str(weeks)),
        first_steps=_first_steps(names, registrations, figures),
        tiles=_tiles(figures),
        grown=_grown(figures.points),
        called=_called(figures, names),
        unanswered=_unanswered(figures),
        latest=[events.timeline(event, names, to_grant=True) for event in latest],
        health=_health(figures, names, registrations),
    )


def _first_steps(names: Names, registrations: Sequence[Registration], figures: Figures) -> list[Step]:
    """Shown until somebody has granted something."""
    if figures.points and any(point.all for point in figures.points):
        return []
    return [
        Step(
            "Register a connector",
            "An app of yours at the provider, and its client ID here.",
            bool(registrations),
            "/admin/connectors",
            "Connectors",
        ),
        Step(
            "Register an assistant",
            "The chatbot that shall ask. It gets a key.",
            bool(names.assistants),
            "/admin/assistants/new",
            "New assistant",
        ),
        Step(
            "Let somebody connect",
            "The assistant asks, the person reads and agrees, and the grant appears here.",
            False,
            "/admin/assistants",
            "See how",
        ),
    ]


# What a tile counts and the list it opens are the same question, asked in `core/overview.py` and in `Query.filter`.
TILES: tuple[tuple[str, str, str, Kind, dict[str, str]], ...] = (
    ("open", "Provider not yet confirmed", "clock", "warn", {"upstream": "pending"}),
    ("risky", "Can change or delete", "pen", "warn", {"status": "active", "can": "change"}),
    ("unused", "Unused for 30 days", "pause", "info", {"unused_for_days": "30"}),
    ("never", "Never used", "minus", "info", {"never_used": "yes"}),
    ("reconnect", "Needs reconnecting", "plug", "warn", {"status": "needs_reconnect"}),
)


def _tiles(figures: Figures) -> list[Tile]:
    texts = {
        "open": "Stopped here; the provider has not answered.",
        "risky": f"{figures.deleting:,} of them can delete."
        if figures.deleting
        else "None of them can delete.",
        "unused": f"{figures.unused_90:,} of them for 90 days.",
        "never": "Given, and no call since.",
        "reconnect": "The provider no longer accepts the access.",
    }
    counts = {name: getattr(figures, name) for name, *_ in TILES}
    return [
        Tile(
            f"{counts[name]:,}", Query().href(**where), label, texts[name], icon, kind if counts[name] else ""
        )
        for name, label, icon, kind, where in TILES
    ]


def _label(at: int) -> str:
    when = datetime.fromtimestamp(at / 1000, UTC)
    return f"{when.day} {MONTHS[when.month - 1][:3]}"


def _grown(points: Sequence[Point]) -> charts.Lines:
    first, last = points[0], points[-1]
    change, weeks = last.all - first.all, len(points) - 1
    moved = f"{change:,} more than" if change > 0 else f"{-change:,} fewer than" if change else "as many as"
    sentence = (
        f"All active grants went from {first.all:,} to {last.all:,} in {weeks} weeks. "
        f"Grants that can change or delete went from {first.risky:,} to {last.risky:,}."
    )
    return charts.lines(
        [_label(point.at) for point in points],
        [point.all for point in points],
        [point.risky for point in points],
        ["Day", "All", "Can change or delete"],
        sentence,
        f"{last.all:,} now, {moved} {weeks} weeks ago",
    )


def _called(figures: Figures, names: Names) -> charts.Bars:
    counts = Counter[str]()
    for slug, count in figures.calls.items():
        counts[names.connector(slug) if slug in names.connectors else "No connector of this build"] += count
    when = f"among the last {MOST_EVENTS:,} events" if figures.capped else f"in the last {CALL_DAYS} days"
    headline = f"{sum(counts.values()):,} {when}"
    return charts.bars(counts.most_common(), "calls", ["Connector", "Calls"], headline)


OUTCOMES: Mapping[str, tuple[str, str]] = {
    "consent": ("Needed consent", ""),
    "policy": ("Refused by policy", "--warn"),
    "provider": ("Failed at the provider", "--bad"),
    "other": ("Other", "--none"),
}


def _unanswered(figures: Figures) -> charts.Meter | None:
    count, calls = sum(figures.unanswered.values()), sum(figures.calls.values())
    if not count:
        return None
    parts = [(label, figures.unanswered.get(key, 0), kind) for key, (label, kind) in OUTCOMES.items()]
    share = count / max(calls, 1)
    headline = f"{plural(count, 'call')} {'was' if count == 1 else 'were'} not answered, {share:.1%}".replace(
        "%", " %"
    )
    return charts.meter([part for part in parts if part[1]], headline)


def _health(figures: Figures, names: Names, registrations: Sequence[Registration]) -> list[Health]:
    return [Health(one.slug, names.connector(one.slug), _state(figures, one.slug)) for one in registrations]


FAILING = 0.2  # of a connector's calls in the last 30 days


def _state(figures: Figures, slug: str) -> State:
    calls = figures.calls.get(slug, 0)
    if figures.open_by_connector.get(slug):
        return State("warn", "clock", "Stops not confirmed")
    if calls and figures.failing.get(slug, 0) / calls > FAILING:
        return State("warn", "warn", "Many calls fail")
    return State("ok", "check", "Working") if calls else State("", "minus", "Not used yet")
