"""The audit trail as a list, newest first, and the verdict on its chain."""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

import msgspec

from core.audit import Verdict
from core.model import AuditEvent
from core.segments import Segment
from web.pages.admin.frame import Kind, Option, State, options
from web.pages.admin.views import events
from web.pages.admin.views.grants import Names
from web.pages.text import plural


class Query(msgspec.Struct, frozen=True, omit_defaults=True):
    action: str | None = None
    actor: str | None = None
    user: str | None = None
    grant: str | None = None
    before: str | None = None

    def href(self, **changes: str) -> str:
        pairs = {name: value for name, value in (msgspec.structs.asdict(self) | changes).items() if value}
        return "/admin/audit" + ("?" + urlencode(pairs) if pairs else "")


class AuditRow(msgspec.Struct, frozen=True):
    seq: str
    at: int
    text: str
    action: str
    actor: str
    actor_type: str
    assistant: str
    connector: str
    grant: str
    outcome: State


class AuditFilter(msgspec.Struct, frozen=True):
    actions: list[Option]
    actor: str
    user: str
    grant: str
    set: int
    open: bool


class VerdictView(msgspec.Struct, frozen=True):
    kind: Kind
    icon: str
    title: str
    text: str


class MonthLine(msgspec.Struct, frozen=True):
    """A month that is over; `hash` is that of its last event."""

    month: str
    events: str
    state: State
    hash: str


class AuditView(msgspec.Struct, frozen=True):
    rows: list[AuditRow]
    filter: AuditFilter
    shown: str
    first: str
    next: str
    kept: str
    months: list[MonthLine]
    verdict: VerdictView | None


def _row(event: AuditEvent, names: Names) -> AuditRow:
    return AuditRow(
        seq=f"{event.seq:,}",
        at=event.at,
        text=events.sentence(event, names),
        action=event.action,
        actor=event.actor_id,
        actor_type=events.ACTORS.get(event.actor_type, event.actor_type),
        assistant=names.assistant(event.assistant) if event.assistant else "",
        connector=names.connector(event.connector) if event.connector else "",
        grant=event.grant or "",
        outcome=events.outcome(event),
    )


def _filter(query: Query) -> AuditFilter:
    actions = [("", "Everything"), *((name, name) for name in events.ACTIONS)]
    if query.action and query.action not in events.ACTIONS:
        actions.append((query.action, query.action))
    given = [query.action, query.actor, query.user, query.grant]
    return AuditFilter(
        actions=options(actions, query.action),
        actor=query.actor or "",
        user=query.user or "",
        grant=query.grant or "",
        set=sum(1 for value in given if value),
        open=any(given[1:]),
    )


def audit_view(
    found: Sequence[AuditEvent],
    query: Query,
    names: Names,
    *,
    more: bool,
    kept_months: int | None = None,
    months: Sequence[Segment] = (),
    verdict: Verdict | None = None,
) -> AuditView:
    return AuditView(
        rows=[_row(event, names) for event in found],
        filter=_filter(query),
        shown=f"{plural(len(found), 'event')} on this page, newest first.",
        first=query.href(before="") if query.before else "",
        next=query.href(before=found[-1].id) if more and found else "",
        kept=_kept(kept_months),
        months=[_month(one) for one in reversed(months)],
        verdict=_verdict(verdict) if verdict else None,
    )


def _kept(months: int | None) -> str:
    if months is None:
        return "Events are kept for ever."
    return (
        f"Events are kept for at least {plural(months, 'whole month')}; older months are deleted, their signed "
        "fingerprints stay. What you want to keep longer, export before."
    )


_MONTHS: dict[str, State] = {
    "closed": State("ok", "check", "Signed"),
    "pruning": State("warn", "clock", "Being pruned"),
    "pruned": State("", "minus", "Pruned"),
}


def _month(segment: Segment) -> MonthLine:
    return MonthLine(
        segment.month,
        f"{segment.first_seq:,} to {segment.last_seq:,}",
        _MONTHS[segment.state],
        segment.hash.hex(),
    )


def _verdict(verdict: Verdict) -> VerdictView:
    if verdict.ok:
        return VerdictView(
            "ok",
            "check",
            "The chain is unbroken.",
            f"{plural(verdict.count, 'event')}, from the first to the signed head: {verdict.what}.",
        )
    text = f"At position {verdict.position:,}: {verdict.what}. " if verdict.position else f"{verdict.what}. "
    return VerdictView(
        "bad",
        "warn",
        "The audit trail was changed.",
        text + "Keep a copy of the database before anything else, and compare it with your last checkpoint.",
    )
