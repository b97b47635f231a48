"""How a connect session ends for the person: handed over, connected, refused. Faults are in
`web.pages.faults`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

import msgspec

from core.connector import Connector, Tool
from core.consent import tool_text
from core.model import Grant
from core.plain_text import NAME_CHARS
from web.pages.text import capital, plain
from web.pages.views.consent import ToolGroup, ToolLine


class Message(msgspec.Struct, frozen=True):
    """What connect.js posts to the window that opened this one, and to which origin alone. Never a token."""

    target_origin: str
    body: dict[str, str]


class HandoverView(msgspec.Struct, frozen=True):
    """The provider has answered; the chat has to confirm. `message` is None when the page is loaded again."""

    session: str
    assistant: str
    connector: str
    message: Message | None


class DoneView(msgspec.Struct, frozen=True):
    """`code`: granted_less when something stays off, else None."""

    code: str | None
    session: str
    assistant: str
    connector: str
    account: str
    expires_at: int | None
    works: tuple[ToolGroup, ...]
    off: tuple[ToolLine, ...]
    extra: tuple[str, ...]
    receipt: str
    stays_open: bool
    message: Message | None = None


class DeniedView(msgspec.Struct, frozen=True):
    """`at_provider`: on the provider's page. `given_up`: the provider had let us in already, and the person chose no account."""

    code: str
    assistant: str
    connector: str
    at_provider: bool
    given_up: bool
    message: Message | None


def authorized(session: str, code: str, target_origin: str) -> Message:
    return Message(target_origin, {"type": "valetkey:authorized", "session": session, "code": code})


def ended(kind: str, session: str, target_origin: str | None, reason: str | None = None) -> Message | None:
    """`kind`: denied or failed. None when the session was made for a return URL: then nobody listens."""
    if target_origin is None:
        return None
    body = {"type": f"valetkey:{kind}", "session": session}
    return Message(target_origin, body | ({"reason": reason} if reason else {}))


def handover_view(session: str, assistant: str, connector: str, message: Message | None) -> HandoverView:
    return HandoverView(session, plain(assistant, NAME_CHARS), connector, message)


def denied_view(
    assistant: str, connector: str, *, at_provider: bool, message: Message | None, given_up: bool = False
) -> DeniedView:
    return DeniedView(
        "denied", plain(assistant, NAME_CHARS), connector, at_provider and not given_up, given_up, message
    )


def done_view(
    session: str, assistant: str, connector: Connector, agreed: Collection[str], grant: Grant
) -> DoneView:
    """What was really given, beside what was `agreed` (names of tools): less is named, and so is more."""
    off = tuple(_off(connector, name, grant) for name in agreed if name not in grant.tools)
    extra = tuple(_title(connector, s) for s in grant.scopes_granted if s not in grant.scopes_requested)
    return DoneView(
        code="granted_less" if off else None,
        session=session,
        assistant=plain(assistant, NAME_CHARS),
        connector=connector.title,
        account=grant.account_label,
        expires_at=grant.expires_at,
        works=tool_groups(connector.tools, grant.tools),
        off=off,
        extra=extra,
        receipt=grant.receipt,
        stays_open=bool(off or extra),
    )


def tool_groups(tools: Mapping[str, Tool], names: Collection[str]) -> tuple[ToolGroup, ...]:
    """The named tools under the kinds of data they belong to, in the connector's order."""
    groups: dict[str, list[ToolLine]] = {}
    for tool in tools.values():
        if tool.name in names:
            groups.setdefault(tool.group, []).append(tool_line(tool))
    return tuple(ToolGroup(title, tuple(lines)) for title, lines in groups.items())


def tool_line(tool: Tool, *, place: str = "already", text: str | None = None) -> ToolLine:
    return ToolLine(tool.name, tool.title, tool.risk, text or tool_text(tool), place)


def _off(connector: Connector, name: str, grant: Grant) -> ToolLine:
    tool = connector.tools[name]
    missing = [_title(connector, scope) for scope in tool.missing_scopes(grant.scopes_granted)]
    named = " and ".join(f"“{title}”" for title in missing) or "what it needs"
    text = (
        f"{connector.title} did not give {named} to this account. Whoever administers it there decides that."
    )
    return tool_line(tool, place="choice", text=text)


def _title(connector: Connector, scope: str) -> str:
    known = connector.scopes.get(scope)
    return capital(known.description) if known else scope
