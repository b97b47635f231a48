"""What happened under a grant, in one human sentence each. Told by count and kind of data, never by values.

Source of the lines: the audit trail. Actions that are not known here are left out: the trail itself is whole,
and the download has it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from core.connector import Tool
from core.model import AuditEvent
from web.pages.mine import Known
from web.pages.text import plural

AGREED = ("grant.created", "grant.widened")
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


def lines(events: Sequence[AuditEvent], connector: Known, receipts: Mapping[str, str]) -> tuple[Line, ...]:
    """In the order given; an event may give no line. `receipts`: by connect session, to link what was agreed then."""
    told = ((event, line(event, connector)) for event in events)
    return tuple(_with_receipt(event, one, receipts) for event, one in told if one is not None)


def _with_receipt(event: AuditEvent, one: Line, receipts: Mapping[str, str]) -> Line:
    agreed = receipts.get(str(event.detail.get("session"))) if event.action in AGREED else None
    return msgspec.structs.replace(one, receipt=agreed) if agreed else one


def line(event: AuditEvent, connector: Known) -> Line | None:
    if event.tool is not None and event.action in ("tool.called", "tool.refused", "tool.failed"):
        return _use(event, connector.tools.get(event.tool), connector.title)
    teller = _TELLERS.get(event.action)
    return teller(event, connector) if teller else None


def _use(event: AuditEvent, tool: Tool | None, connector: str) -> Line:
    title = tool.title if tool else event.tool or ""
    if event.outcome == "withheld":
        return Line(
            event.at,
            "stop",
            "",
            f"“{title}” was under way when you stopped it.",
            "The answer was not delivered.",
        )
    if event.action == "tool.refused":
        what = f"Tried “{title}”. We refused: {REFUSALS.get(event.outcome, 'it was not allowed')}."
        return Line(event.at, "x", "bad", what, "Nothing was read or changed.")
    if event.action == "tool.failed":
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


def _titles(event: AuditEvent, connector: Known, field: str) -> str:
    names = event.detail.get(field)
    tools = [connector.tools.get(name) for name in names] if isinstance(names, list) else []
    return ", ".join(tool.title for tool in tools if tool)


def _created(event: AuditEvent, connector: Known) -> Line:
    titles = _titles(event, connector, "tools")
    what = f"You allowed: {titles}." if titles else "You allowed access."
    return Line(event.at, "key", "ok", what)


def _widened(event: AuditEvent, connector: Known) -> Line:
    titles = _titles(event, connector, "added")
    what = f"You allowed more: {titles}." if titles else "You agreed again."
    return Line(event.at, "key", "ok", what)


def _narrowed(event: AuditEvent, connector: Known) -> Line:
    removed = _titles(event, connector, "removed")
    what = (
        f"{who(event.actor_type)} removed: {removed}."
        if removed
        else f"{who(event.actor_type)} made it shorter."
    )
    return Line(event.at, "minus", "", what)


def _ended(event: AuditEvent, connector: Known) -> Line:
    return Line(event.at, "stop", "", f"{who(event.actor_type)} stopped access.")


def _expired(event: AuditEvent, connector: Known) -> Line:
    return Line(event.at, "clock", "", "It ended by itself: the time you set was over.")


def _broken(event: AuditEvent, connector: Known) -> Line:
    return Line(event.at, "plug", "bad", f"{connector.title} no longer accepts the connection.")


def _confirmed(event: AuditEvent, connector: Known) -> Line:
    return Line(event.at, "check", "ok", f"{connector.title} confirmed that the access is gone.")


def _not_told(event: AuditEvent, connector: Known) -> Line:
    if event.outcome == "never_confirmed":
        what = f"{connector.title} never confirmed. We have destroyed the key."
    else:
        what = f"{connector.title} cannot be told. We have destroyed the key."
    return Line(event.at, "warn", "warn", what)


_TELLERS = {
    "grant.created": _created,
    "grant.widened": _widened,
    "grant.narrowed": _narrowed,
    "grant.revoked": _ended,
    "grant.expired": _expired,
    "grant.needs_reconnect": _broken,
    "grant.revoked_upstream": _confirmed,
    "grant.not_revoked_upstream": _not_told,
}


def who(actor_type: str) -> str:
    return {
        "user": "You",
        "admin": "An administrator of the workspace",
        "assistant": "The assistant’s operator",
        "provider": "The other side",
    }.get(actor_type, "A rule of the workspace")
