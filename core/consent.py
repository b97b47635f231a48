"""What a person is shown before they agree: every sentence of the consent page that depends on the request, as data.

Scope and tool wording comes from the connector only; names, reasons and the purpose are the builder's, cleaned and quoted as
theirs. The receipt keeps this notice whole, with its hash: "demonstrable" in the sense of GDPR art. 7(1).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator

import msgspec

from core import addresses, policy
from core.connector import Connector, Scope, Tool
from core.model import Asked, Assistant, ConnectSession, Duration, Grant, Workspace
from core.plain_text import NAME_CHARS, PURPOSE_CHARS, REASON_CHARS, clean

# Raise it when the fixed sentences of the consent page change (web/templates/connect/consent.html): receipts name it.
NOTICE_VERSION = "2026-11c"


class NoticeTool(msgspec.Struct, frozen=True):
    """One line of the page. `text`: what it sees or changes; `reason`: the builder's words; `already`: agreed to before."""

    name: str
    title: str
    risk: str
    text: str
    required: bool
    already: bool
    reason: str | None = None


class NoticeGroup(msgspec.Struct, frozen=True):
    title: str
    tools: list[NoticeTool]


class NoticeDuration(msgspec.Struct, frozen=True):
    value: Duration
    label: str


class NoticeScope(msgspec.Struct, frozen=True):
    """What the provider's own page will talk about, and what for."""

    name: str
    title: str
    purpose: str


class Notice(msgspec.Struct, frozen=True):
    """Everything the consent page says about this request. `hash` is SHA-256 over all other fields."""

    version: str
    session: str
    assistant_name: str
    assistant_logo: str | None
    origin: str
    workspace_name: str
    connector_slug: str
    connector_title: str
    groups: list[NoticeGroup]
    cannot: list[str]
    purpose: str | None
    durations: list[NoticeDuration]
    default_duration: Duration
    duration_hint: str
    provider_scopes: list[NoticeScope]
    scope_note: str | None
    scopes_are_named: bool  # the provider knows them by these names, and its page may show them
    step_up: bool
    manage_hint: str
    account_label: str | None
    hash: str = ""

    @property
    def tools(self) -> list[NoticeTool]:
        return [tool for group in self.groups for tool in group.tools]


_DURATION_WORDS: dict[Duration, str] = {
    "chat": "For this chat, 24 hours at most",
    "30d": "30 days",
    "90d": "90 days",
    "unlimited": "Until you stop it",
}


def notice(
    session: ConnectSession,
    connector: Connector,
    assistant: Assistant,
    workspace: Workspace,
    grant: Grant | None,
    max_scopes: tuple[str, ...] | None = None,
) -> Notice:
    """The same inputs give the same notice: the page and, later, the receipt are made from it. `max_scopes`: what may be asked
    of the provider at all."""
    lengths = policy.durations(workspace.policy)
    present = _still_good(connector, grant)
    draft = Notice(
        version=NOTICE_VERSION,
        session=session.id,
        assistant_name=clean(assistant.name, NAME_CHARS),
        assistant_logo=assistant.logo_url,
        origin=addresses.host_of(session.origin or session.return_url or ""),
        workspace_name=clean(workspace.name, NAME_CHARS),
        connector_slug=connector.slug,
        connector_title=connector.title,
        groups=_groups(connector, session.asked, present),
        cannot=[*connector.cannot, f"see your password. You type it only at {connector.title}"],
        purpose=clean(session.purpose, PURPOSE_CHARS) if session.purpose else None,
        durations=[NoticeDuration(value, _DURATION_WORDS[value]) for value in lengths],
        default_duration=lengths[0],
        duration_hint=_duration_hint(workspace),
        provider_scopes=_provider_scopes(connector, session.asked, present, max_scopes),
        scope_note=_scope_note(
            connector, session.asked, present, max_scopes, clean(assistant.name, NAME_CHARS)
        ),
        scopes_are_named=connector.oauth.scope_mode == "request",
        step_up=grant is not None,
        manage_hint="Open “Who may use my data” at any time and press Stop. It ends at once.",
        account_label=grant.account_label if grant else None,
    )
    digest = hashlib.sha256(msgspec.json.encode(draft)).hexdigest()
    return msgspec.structs.replace(draft, hash=digest)


def _still_good(connector: Connector, grant: Grant | None) -> tuple[str, ...]:
    """What was agreed to before and works: a tool whose scope the provider withheld has to be asked for again, and all of
    them when the connection itself has to be made again."""
    if grant is None or grant.status != "active":
        return ()
    known = (name for name in grant.tools if name in connector.tools)
    return tuple(name for name in known if not connector.tools[name].missing_scopes(grant.scopes_granted))


Within = tuple[str, ...] | None


def _groups(connector: Connector, asked: Iterable[Asked], present: Iterable[str]) -> list[NoticeGroup]:
    groups: dict[str, list[NoticeTool]] = {}
    by_name = {one.tool: one for one in asked}
    for name in dict.fromkeys([*by_name, *present]):
        tool = connector.tools.get(name)
        if tool is None:
            continue  # the connector was changed since: a tool that is gone can be neither shown nor granted
        line = _line(tool, by_name.get(name, Asked(name)), name in set(present))
        groups.setdefault(tool.group, []).append(line)
    return [NoticeGroup(title, tools) for title, tools in groups.items()]


def _line(tool: Tool, asked: Asked, already: bool) -> NoticeTool:
    return NoticeTool(
        name=tool.name,
        title=tool.title,
        risk=tool.risk,
        text=tool_text(tool),
        required=asked.required and not already,
        already=already,
        reason=clean(asked.reason, REASON_CHARS) if asked.reason else None,
    )


def tool_text(tool: Tool) -> str:
    """What a tool sees and changes, as one or two sentences a person reads everywhere the tool is named."""
    sentences = []
    if tool.sees:
        sentences.append(f"Sees {tool.sees}.")
    if tool.changes:
        sentences.append(f"{tool.changes[:1].upper()}{tool.changes[1:]}.")
    if tool.risk == "read":
        sentences.append("Cannot change anything.")
    return " ".join(sentence.replace("..", ".") for sentence in sentences)


def _provider_scopes(
    connector: Connector, asked: Iterable[Asked], present: Iterable[str], within: Within
) -> list[NoticeScope]:
    required = {one.tool for one in asked if one.required} | set(present)
    users: dict[str, dict[str, bool]] = {}
    for name in dict.fromkeys([*(one.tool for one in asked), *present]):
        tool = connector.tools.get(name)
        for scope in tool.wanted_scopes(within) if tool else ():
            users.setdefault(scope, {})[_lower(tool.title if tool else name)] = name in required
    for scope in connector.oauth.always_scopes:
        users.setdefault(scope, {})["connect, always"] = True
    return [NoticeScope(name, _scope_title(connector, name), _purpose(why)) for name, why in users.items()]


def _purpose(uses: dict[str, bool]) -> str:
    """What a scope is needed for: what is agreed to in any case first."""
    always = "; ".join(use for use, required in uses.items() if required)
    perhaps = ", ".join(use for use, required in uses.items() if not required)
    return "; ".join(part for part in (always, f"if switched on: {perhaps}" if perhaps else "") if part)


def _scope_title(connector: Connector, name: str) -> str:
    scope = connector.scopes.get(name)
    return scope.description[:1].upper() + scope.description[1:] if scope else name


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _scope_note(
    connector: Connector, asked: Iterable[Asked], present: Iterable[str], within: Within, assistant: str
) -> str | None:
    """Said where the provider lets through more than is chosen here: it never, or not for these tools, offers less."""
    title, mode = connector.title, connector.oauth.scope_mode
    if mode == "none":
        return (
            f"{title} cannot limit what a connected app may do. "
            "Valetkey limits it instead: only what you switch on here can be used."
        )
    needed = [
        (certain, tool, _beyond(connector, tool, within))
        for certain, tool in _needed(connector, asked, present)
    ]
    wider = [certain for certain, _, scopes in needed if scopes]
    if mode == "request" and not wider:
        return None
    asks = "asks" if mode == "request" and any(wider) else "may ask"
    changing = any(
        tool.risk == "read" and scope.risk != "read" for _, tool, scopes in needed for scope in scopes
    )
    return (
        f"On its own page {title} {asks} for more than is switched on here{', changing included' if changing else ''}: "
        f"it has no smaller choice. {assistant} gets only what is switched on above. "
        "This service, Valetkey, stands between and refuses the rest."
    )


def _needed(
    connector: Connector, asked: Iterable[Asked], present: Iterable[str]
) -> Iterator[tuple[bool, Tool]]:
    """Each tool the request is about, and whether it is part of the consent in any case."""
    required = {one.tool: one.required for one in asked} | dict.fromkeys(present, True)
    for name, needed in required.items():
        if tool := connector.tools.get(name):
            yield needed, tool


def _beyond(connector: Connector, tool: Tool, within: Within) -> list[Scope]:
    """The scopes the tool has to be given although they open more than it uses."""
    scopes = (connector.scopes.get(name) for name in tool.wanted_scopes(within))
    return [scope for scope in scopes if scope is not None and scope.is_wider_than(tool.risk)]


def _duration_hint(workspace: Workspace) -> str:
    days = workspace.policy.max_grant_days
    if days is None:
        return "Ends by itself, unless you choose otherwise."
    return f"Ends by itself. {clean(workspace.name, NAME_CHARS)} allows {days} day{'s' if days != 1 else ''} at most."
