"""What happened under a grant, in one human sentence each. Told by count and kind of data, never by values.

Source of the lines: the audit trail. Actions that are not known here are left out: the trail itself is whole,
and the download has it.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.connector import Connector, Tool
from core.model import AuditEvent
from web.pages.text import plural

VERBS = {"read": "Read", "write": "Changed", "delete": "Deleted"}
ICONS = {"read": ("eye", ""), "write": ("pen", "warn"), "delete": ("x", "bad")}


class Line(msgspec.Struct, frozen=True):
    """`receipt` links to what was agreed then."""

    at: int
    icon: str
    kind: str
    what: str
    more: str | None = None
    receipt: str | None = None


def lines(events: Sequence[AuditEvent], connector: Connector) -> tuple[Line, ...]:
    """In the order given; an event may give no line."""
    told = (line(event, connector) for event in events)
    return tuple(one for one in told if one is not None)


def line(event: AuditEvent, connector: Connector) -> Line | None:
    if event.tool is not None and event.action in ("tool.called", "tool.refused"):
        return _use(event, connector.tools.get(event.tool), connector.title)
    teller = _TELLERS.get(event.action)
    return teller(event, connector) if teller else None


def _use(event: AuditEvent, tool: Tool | None, connector: str) -> Line:
    title = tool.title if tool else event.tool or ""
    if event.action == "tool.refused":
        what = f"Tried “{title}”. We refused: {REFUSALS.get(event.outcome, 'it was not allowed')}."
        return Line(event.at, "x", "bad", what, "Nothing was read or changed.")
    if event.outcome != "ok":
        return Line(event.at, "warn", "warn", f"Tried “{title}”. {connector} did not give an answer.")
    risk = tool.risk if tool else "read"
    icon, kind = ICONS[risk]
    return Line(event.at, icon, kind, _counted(event, tool, risk), f"With “{title}”.")


def _counted(event: AuditEvent, tool: Tool | None, risk: str) -> str:
    """`Read 3 items in Deals.`"""
    count = event.detail.get("count")
    place = f" in {tool.group}" if tool else ""
    return f"{VERBS[risk]} {plural(count if isinstance(count, int) else 1, 'item')}{place}."


REFUSALS = {
    "consent_required": "you have not allowed that",
    "grant_revoked": "you have stopped it",
    "grant_expired": "the time you set was over",
    "grant_suspended": "it was paused",
    "policy_denied": "your workspace does not allow that",
    "reconnect_required": "the connection has to be made again",
    "invalid_arguments": "the request made no sense",
    "rate_limited": "it asked too often",
}


def _titles(event: AuditEvent, connector: Connector, field: str) -> str:
    names = event.detail.get(field)
    tools = [connector.tools.get(name) for name in names] if isinstance(names, list) else []
    return ", ".join(tool.title for tool in tools if tool)


def _created(event: AuditEvent, connector: Connector) -> Line:
    titles = _titles(event, connector, "tools")
    what = f"You allowed: {titles}." if titles else "You allowed access."
    return Line(event.at, "key", "ok", what, receipt=_text(event, "receipt"))


def _widened(event: AuditEvent, connector: Connector) -> Line:
    titles = _titles(event, connector, "tools")
    what = f"You allowed more: {titles}." if titles else "You allowed more."
    return Line(event.at, "key", "ok", what, receipt=_text(event, "receipt"))


def _narrowed(event: AuditEvent, connector: Connector) -> Line:
    removed = _titles(event, connector, "removed")
    what = (
        f"{who(event.actor_type)} removed: {removed}."
        if removed
        else f"{who(event.actor_type)} made it shorter."
    )
    return Line(event.at, "minus", "", what)


def _ended(event: AuditEvent, connector: Connector) -> Line:
    return Line(event.at, "stop", "", f"{who(event.actor_type)} stopped access.")


def _expired(event: AuditEvent, connector: Connector) -> Line:
    return Line(event.at, "clock", "", "It ended by itself: the time you set was over.")


def _broken(event: AuditEvent, connector: Connector) -> Line:
    return Line(event.at, "plug", "bad", f"{connector.title} no longer accepts the connection.")


def _confirmed(event: AuditEvent, connector: Connector) -> Line:
    return Line(event.at, "check", "ok", f"{connector.title} confirmed that the access is gone.")


def _unanswered(event: AuditEvent, connector: Connector) -> Line:
    return Line(
        event.at, "retry", "warn", f"Asked {connector.title} to end it. It did not answer; we ask again."
    )


def _text(event: AuditEvent, field: str) -> str | None:
    value = event.detail.get(field)
    return value if isinstance(value, str) else None


_TELLERS = {
    "grant.created": _created,
    "grant.widened": _widened,
    "grant.narrowed": _narrowed,
    "grant.revoked": _ended,
    "grant.expired": _expired,
    "grant.needs_reconnect": _broken,
    "revocation.confirmed": _confirmed,
    "revocation.failed": _unanswered,
}


def who(actor_type: str) -> str:
    return {
        "user": "You",
        "admin": "An administrator of the workspace",
        "assistant": "The assistant’s operator",
        "provider": "The other side",
    }.get(actor_type, "A rule of the workspace")
