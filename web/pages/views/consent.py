"""The consent page: what may be done, what not, why, how long, how to stop.

Everything on it comes from `core.consent.Notice`, whose hash goes into the receipt: nothing is added here but
wording that follows from the notice alone. Source: GDPR art. 7; EDPB guidelines 05/2020 on consent, sections
3.1 to 3.3.
"""

from __future__ import annotations

from collections.abc import Collection

import msgspec

from core.consent import Notice, NoticeDuration, NoticeScope, NoticeTool
from core.errors import ValetkeyError
from core.plain_text import NAME_CHARS
from web.pages.text import number, plain, quoted


class ToolLine(msgspec.Struct, frozen=True):
    """One tool. `place`: needed (a hidden field), choice (a switch), already (allowed before, no field), or
    again: the connection is made anew and nothing else, so what was allowed before is in the form as it
    was."""

    name: str
    title: str
    risk: str
    text: str
    place: str
    chosen: bool = False
    reason: str | None = None


class ToolGroup(msgspec.Struct, frozen=True):
    title: str
    tools: tuple[ToolLine, ...]


class ConsentView(msgspec.Struct, frozen=True):
    session: str
    csrf: str
    assistant: str
    assistant_logo: str | None
    origin: str
    workspace: str
    slug: str
    connector: str
    headline: str
    lead: str
    groups: tuple[ToolGroup, ...]
    cannot: tuple[str, ...]
    purpose: str | None
    durations: tuple[NoticeDuration, ...]
    duration: str
    duration_hint: str
    scopes: tuple[NoticeScope, ...]
    scope_note: str | None
    scopes_are_named: bool
    how_to_stop: str
    account: str | None
    fault: str | None = None
    code: str | None = None


SAME = "What you allowed stays the same. Only the connection is made again."


def consent_view(
    notice: Notice,
    *,
    csrf: str,
    logo: str | None = None,
    chosen: Collection[str] = (),
    duration: str | None = None,
    fault: ValetkeyError | None = None,
) -> ConsentView:
    """`chosen`, `duration` and `fault` only when the form comes back because something was missing."""
    again = notice.step_up and not any(tool.already for tool in notice.tools)
    same = again and all(tool.required and not tool.reason for tool in notice.tools)
    groups = tuple(
        ToolGroup(group.title, tuple(_line(tool, notice, tool.name in chosen, same) for tool in group.tools))
        for group in notice.groups
    )
    assistant, connector = plain(notice.assistant_name, NAME_CHARS), notice.connector_title
    return ConsentView(
        session=notice.session,
        csrf=csrf,
        assistant=assistant,
        assistant_logo=logo,
        origin=notice.origin,
        workspace=plain(notice.workspace_name, NAME_CHARS),
        slug=notice.connector_slug,
        connector=connector,
        headline=_headline(assistant, connector, notice.step_up, again),
        lead=SAME if same else _lead([line for group in groups for line in group.tools]),
        groups=groups,
        cannot=tuple(notice.cannot),
        purpose=notice.purpose,
        durations=tuple(notice.durations),
        duration=duration or notice.default_duration,
        duration_hint=notice.duration_hint,
        scopes=tuple(notice.provider_scopes),
        scope_note=notice.scope_note,
        scopes_are_named=notice.scopes_are_named,
        how_to_stop=notice.manage_hint,
        account=notice.account_label,
        fault=fault.detail if fault else None,
        code=fault.code if fault else None,
    )


def _line(tool: NoticeTool, notice: Notice, chosen: bool, same: bool) -> ToolLine:
    place = "again" if same else "already" if tool.already else "needed" if tool.required else "choice"
    said = place == "needed" and (tool.reason or len(notice.tools) > 1)
    reason = _reason(tool, plain(notice.assistant_name, NAME_CHARS)) if said else None
    return ToolLine(tool.name, tool.title, tool.risk, tool.text, place, chosen, reason)


def _reason(tool: NoticeTool, assistant: str) -> str:
    if not tool.reason:
        return f"Needed, says {assistant}. It gave no reason."
    return f"Needed, says {assistant}, {quoted(tool.reason.rstrip('.'))}."


def _headline(assistant: str, connector: str, step_up: bool, again: bool) -> str:
    if again:
        return f"Connect your {connector} to {assistant} again"
    if step_up:
        return f"{assistant} asks for more in your {connector}"
    return f"{assistant} wants to use your {connector} for you"


def _lead(lines: list[ToolLine]) -> str:
    """How to read the list, in a sentence or two."""
    needed = sum(line.place == "needed" for line in lines)
    choices = sum(line.place == "choice" for line in lines)
    already = sum(line.place == "already" for line in lines)
    before = f"{_things(already)} allowed already. " if already else ""
    if not choices and not needed:
        return SAME
    if not choices:
        return (
            f"{_things(needed)} needed. {before}" if before or needed != 1 else "It asks for one thing."
        ).strip()
    off = "The other is off" if choices == 1 else "The others are off"
    if not needed:
        off = "It is off" if choices == 1 else "All of it is off"
        off = "The rest is off" if already else off
    return f"{before}{_things(needed) + ' needed. ' if needed else ''}{off}: switch on only what you want."


def _things(count: int) -> str:
    return f"{number(count).capitalize()} {'tool is' if count == 1 else 'tools are'}"
