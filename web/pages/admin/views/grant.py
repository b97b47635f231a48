"""One grant: state, tools with their use, permissions asked and given, and its story from request to now."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.clock import DAY_MS
from core.connector import Connector
from core.model import LIVE_STATUSES, AuditEvent, ConnectSession, Grant, Receipt
from core.overview import Use
from web.pages.admin.frame import Event, Fact, Kind, State
from web.pages.admin.views import events
from web.pages.admin.views.grants import KINDS, STATES, Names
from web.pages.text import capital, number, plural

UNUSED_DAYS = 30  # a tool nobody used for so long can be taken away


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
    kept: str = ""
    notice: str = ""


class Story(msgspec.Struct, frozen=True):
    """All that is known of a grant. `sessions`: the requests that led to it; `trail`: its latest events,
    of which those older than `kept_months` may be gone (None: none is)."""

    grant: Grant
    uses: Sequence[Use] = ()
    trail: Sequence[AuditEvent] = ()
    kept_months: int | None = None
    sessions: Sequence[ConnectSession] = ()
    receipts: Sequence[Receipt] = ()
    manage_url: str | None = None


def grant_view(story: Story, names: Names, now_ms: int, notice: str = "") -> GrantView:
    grant = story.grant
    status = grant.status_at(now_ms)
    live = status in LIVE_STATUSES
    by_tool = {use.tool: use for use in story.uses}
    return GrantView(
        id=grant.id,
        user=grant.user,
        assistant=names.assistant(grant.assistant),
        connector=names.connector(grant.connector),
        slug=grant.connector,
        state=STATES[status],
        live=live,
        ended=None if live else _ended(grant, status, names, story.manage_url),
        advice=_advice(story, names, by_tool, now_ms) if live else None,
        began=grant.created_at,
        tools=[_tool(tool, names, by_tool.get(tool)) for tool in grant.tools],
        timeline=_timeline(story, names, now_ms),
        facts=_facts(grant, names),
        scopes=_scopes(grant, names.connectors.get(grant.connector), by_tool),
        receipt=grant.receipt,
        kept=_kept(story),
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
    facts.append(
        Fact("Ends", at=grant.expires_at) if grant.expires_at else Fact("Ends", "When somebody stops it")
    )
    facts.append(
        Fact("Last used", at=grant.last_used_at) if grant.last_used_at else Fact("Last used", "Never")
    )
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


def _kept(story: Story) -> str:
    if story.kept_months is None:
        return ""
    return f"The trail is kept for at least {plural(story.kept_months, 'month')}; calls before that are not counted here."


def _advice(story: Story, names: Names, uses: Mapping[str, Use], now_ms: int) -> Advice | None:
    """Only where some tool was used and another never, and the grant is old enough to tell."""
    grant = story.grant
    keep = [tool for tool in grant.tools if tool in uses]
    idle = [tool for tool in grant.tools if tool not in uses]
    if not keep or not idle or now_ms - grant.created_at < UNUSED_DAYS * DAY_MS:
        return None
    when = f"not used in {plural(story.kept_months, 'month')}" if story.kept_months else "never used"
    title = f"{capital(number(len(idle)))} of {number(len(grant.tools))} tools {'was' if len(idle) == 1 else 'were'} {when}."
    titles = ", ".join(f"“{_tool(tool, names, None).title}”" for tool in idle)
    so_far = "in that time" if story.kept_months else "so far"
    return Advice(title, f"Without {titles} the grant can do no more than it has done {so_far}.", keep)


def _ended(grant: Grant, status: str, names: Names, manage_url: str | None) -> Ended:
    connector = names.connector(grant.connector)
    kind, icon, told = _told(grant, connector)
    deep = manage_url if grant.upstream in ("pending", "unsupported") else None
    return Ended(
        kind=kind,
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


def _told(grant: Grant, connector: str) -> tuple[Kind, str, str]:
    """What the provider knows of the end, and what became of the credential."""
    if grant.upstream == "revoked":
        return "ok", "check", f"{connector} confirmed that it is over. The credential was destroyed."
    if grant.upstream == "pending":
        return (
            "warn",
            "clock",
            f"{connector} has not confirmed yet. Valetkey keeps trying; here it is closed already.",
        )
    if grant.upstream == "none":
        return "info", "info", "The credential was destroyed."
    gone = "The credential was destroyed here."
    if grant.status_reason == "shared_account":
        return (
            "info",
            "info",
            f"Other grants use the same account, and telling {connector} would end them too. {gone}",
        )
    if grant.status_reason == "never_confirmed":
        return "bad", "warn", f"{connector} never confirmed it. {gone} The person can remove the entry there."
    return (
        "info",
        "info",
        f"{connector} cannot be told from here. {gone} The entry there stays until the person removes it.",
    )


def _ender(ended_by: str | None) -> str:
    kind, _, id = (ended_by or "").partition(":")
    known = {
        "admin": "an administrator",
        "user": "the user",
        "assistant": "the assistant",
        "system": "Valetkey",
        "provider": "the provider",
    }
    return known.get(kind, id or kind)


def _timeline(story: Story, names: Names, now_ms: int) -> list[Event]:
    """Newest first; calls are told as one line, however many there were."""
    grant = story.grant
    told = [
        events.timeline(event, names, to_grant=False)
        for event in story.trail
        if not event.action.startswith("tool.")
    ]
    told += [_asked(session, names) for session in story.sessions]
    told += [_agreed(receipt) for receipt in story.receipts]
    if story.uses:
        calls, last = sum(use.calls for use in story.uses), max(use.last_at or 0 for use in story.uses)
        href = f"/admin/audit?grant={grant.id}&action=tool.called"
        told.append(Event(last, "eye", f"{plural(calls, 'call')} so far.", href=href, link="Show each call"))
    if grant.expires_at and grant.status_at(now_ms) in LIVE_STATUSES:
        told.append(Event(grant.expires_at, "clock", "It ends by itself then.", "warn"))
    return sorted(told, key=lambda event: -event.at)


def _asked(session: ConnectSession, names: Names) -> Event:
    what = f"{names.assistant(session.assistant)} asked for {plural(len(session.asked), 'tool')}."
    return Event(session.created_at, "bot", what, more=f"“{session.purpose}”" if session.purpose else "")


def _agreed(receipt: Receipt) -> Event:
    agreed = msgspec.json.decode(receipt.body, type=_Agreed).agreed
    what = f"{receipt.user} agreed to {plural(len(agreed), 'tool')}."
    return Event(
        receipt.created_at,
        "doc",
        what,
        href=f"/admin/receipts/{receipt.id}",
        link="The receipt, with the exact text shown",
    )


class _Agreed(msgspec.Struct):
    agreed: list[msgspec.Raw]
