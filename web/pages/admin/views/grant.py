"""One grant: state, tools with their use, permissions asked and given, and its story from request to now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.connector import Connector
from core.model import AuditEvent, Grant
from core.overview import Use
from web.pages.admin.frame import Event, Fact, Kind, Line, State
from web.pages.admin.views import events
from web.pages.admin.views.grants import KINDS, STATES, Names
from web.pages.text import capital, number, plural

QUIET = ("tool.called", "credential.refreshed")  # told as one line each, however many there were


class ToolLine(msgspec.Struct, frozen=True):
    name: str
    title: str
    kind: str
    scopes: list[str]
    calls: str
    used: int | None


class ScopeLine(msgspec.Struct, frozen=True):
    name: str
    text: str
    icon: str
    kind: Kind


class Advice(msgspec.Struct, frozen=True):
    """Tools that were never used; `keep` are the others."""

    title: str
    text: str
    keep: list[str]


class Ended(msgspec.Struct, frozen=True):
    """`told`: what the provider knows of it."""

    kind: Kind
    icon: str
    what: str
    at: int
    by: str
    reason: str
    told: str
    told_at: int | None
    href: str
    link: str


class GrantView(msgspec.Struct, frozen=True):
    id: str
    user: str
    assistant: str
    connector: str
    slug: str
    state: State
    live: bool
    ended: Ended | None
    advice: Advice | None
    began: int
    tools: list[ToolLine]
    timeline: list[Event]
    facts: list[Fact]
    scopes: list[ScopeLine]
    receipt: str
    notice: str = ""


def grant_view(
    grant: Grant,
    names: Names,
    uses: Sequence[Use],
    trail: Sequence[AuditEvent],
    *,
    now_ms: int,
    unused_days: int,
    manage_url: str | None = None,
    notice: str = "",
) -> GrantView:
    """`trail`: the grant's events, newest first."""
    status = grant.status_at(now_ms)
    live = status not in ("expired", "revoked")
    by_tool = {use.tool: use for use in uses}
    return GrantView(
        id=grant.id,
        user=grant.user,
        assistant=names.assistant(grant.assistant),
        connector=names.connector(grant.connector),
        slug=grant.connector,
        state=STATES[status],
        live=live,
        ended=None if live else _ended(grant, status, names, manage_url),
        advice=_advice(grant, names, by_tool, now_ms, unused_days) if live else None,
        began=grant.created_at,
        tools=[_tool(tool, names, by_tool.get(tool)) for tool in grant.tools],
        timeline=_timeline(grant, names, uses, trail, now_ms) if live else _timeline(grant, names, uses, trail, None),
        facts=_facts(grant, names),
        scopes=_scopes(grant, names.connectors.get(grant.connector), by_tool),
        receipt=grant.receipt,
        notice=notice,
    )


def _tool(name: str, names: Names, use: Use | None) -> ToolLine:
    connector = names.connectors.get(name.partition(".")[0])
    tool = connector.tools.get(name) if connector else None
    calls, used = (f"{use.calls:,}", use.last_at) if use else ("0", None)
    if tool is None:
        return ToolLine(name, name, "read", [], calls, used)
    return ToolLine(name, tool.title, KINDS[tool.risk], list(tool.wanted_scopes()), calls, used)


def _facts(grant: Grant, names: Names) -> list[Fact]:
    facts = [
        Fact("User", grant.user),
        Fact(f"Account at {names.connector(grant.connector)}", grant.account_label),
    ]
    if grant.purpose:
        facts.append(Fact("Purpose, in the assistant’s words", f"“{grant.purpose}”"))
    facts.append(Fact("Began", at=grant.created_at))
    facts.append(Fact("Ends", at=grant.expires_at) if grant.expires_at else Fact("Ends", "When somebody stops it"))
    facts.append(Fact("Last used", at=grant.last_used_at) if grant.last_used_at else Fact("Last used", "Never"))
    return facts


def _scopes(grant: Grant, connector: Connector | None, uses: Mapping[str, Use]) -> list[ScopeLine]:
    tools = connector.tools if connector else {}
    used = {scope for name in uses if name in tools for scope in tools[name].wanted_scopes()}
    lines = []
    for scope in dict.fromkeys([*grant.scopes_requested, *grant.scopes_granted]):
        asked, given = scope in grant.scopes_requested, scope in grant.scopes_granted
        if not given:
            lines.append(ScopeLine(scope, "asked, not given. Tools that need it stay off", "x", "bad"))
        elif not asked:
            lines.append(ScopeLine(scope, "given, never asked. Cannot be used", "warn", "bad"))
        elif scope in used:
            lines.append(ScopeLine(scope, "asked, given, used", "check", "ok"))
        else:
            lines.append(ScopeLine(scope, "asked, given, not used", "minus", ""))
    return lines


def _advice(grant: Grant, names: Names, uses: Mapping[str, Use], now_ms: int, unused_days: int) -> Advice | None:
    """Only where some tool was used and another never, and the grant is old enough to tell."""
    keep = [tool for tool in grant.tools if tool in uses]
    idle = [tool for tool in grant.tools if tool not in uses]
    if not keep or not idle or now_ms - grant.created_at < unused_days * 86_400_000:
        return None
    title = f"{capital(number(len(idle)))} of {number(len(grant.tools))} tools {'was' if len(idle) == 1 else 'were'} never used."
    titles = ", ".join(f"“{_tool(tool, names, None).title}”" for tool in idle)
    return Advice(title, f"Without {titles} the grant can do no more than it has done so far.", keep)


def _ended(grant: Grant, status: str, names: Names, manage_url: str | None) -> Ended:
    connector = names.connector(grant.connector)
    kind, icon, told = {
        "revoked": ("ok", "check", f"{connector} confirmed that it is over."),
        "pending": ("warn", "clock", f"{connector} has not confirmed yet. Valetkey keeps trying; the access is closed here already."),
        "unsupported": ("info", "info", f"{connector} cannot be told from here. The credential was destroyed; the entry there stays until the person removes it."),
    }.get(grant.upstream, ("info", "info", "The credential was destroyed."))
    deep = manage_url if grant.upstream in ("pending", "unsupported") else None
    return Ended(
        kind=kind,  # type: ignore[arg-type]
        icon=icon,
        what="Expired" if status == "expired" else "Ended",
        at=grant.ended_at or grant.expires_at or grant.created_at,
        by=_ender(grant.ended_by),
        reason=grant.end_reason or "",
        told=told if grant.ended_at else "",
        told_at=grant.upstream_at if grant.upstream == "revoked" else None,
        href=deep or "",
        link=f"Where it can be removed at {connector}" if deep else "",
    )


def _ender(ended_by: str | None) -> str:
    kind, _, id = (ended_by or "").partition(":")
    known = {"admin": "an administrator", "user": "the user", "assistant": "the assistant", "system": "Valetkey", "provider": "the provider"}
    return known.get(kind, id or kind)


def _timeline(
    grant: Grant, names: Names, uses: Sequence[Use], trail: Sequence[AuditEvent], now_ms: int | None
) -> list[Event]:
    told = [events.timeline(event, names, to_grant=False) for event in trail if event.action not in QUIET]
    calls = sum(use.calls for use in uses)
    last = max((use.last_at or 0 for use in uses), default=0)
    if calls:
        told.append(Event(last, "eye", f"{plural(calls, 'call')} so far.", "", "", f"/admin/audit?grant={grant.id}&action=tool.called", "Show each call"))
    refreshed = [event.at for event in trail if event.action == "credential.refreshed"]
    if refreshed:
        told.append(Event(max(refreshed), "retry", f"The credential was renewed, {plural(len(refreshed), 'time')} lately."))
    if not any(event.action.startswith(("grant.created", "connect_session.completed")) for event in trail):
        told.append(Event(grant.created_at, "key", f"{grant.user} gave access.", "ok"))
    if now_ms is not None and grant.expires_at:
        told.append(Event(grant.expires_at, "clock", "Ends by itself then.", "warn"))
    return sorted(told, key=lambda event: -event.at)
