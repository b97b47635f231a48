"""What a generated test knows of a draft: for each tool a call, the request it makes, an answer and what may leave of it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import msgspec

from web.cli.connectors.draft import Draft, Record, Tool

SURPLUS = {"surplus": "stays here"}


class Example(msgspec.Struct, frozen=True):
    tool: str
    arguments: dict[str, Any]
    request: str
    answer: Any
    result: Any


def of(draft: Draft, tool: Tool) -> Example:
    return Example(
        tool=tool.name,
        arguments={one.name: one.example for one in tool.arguments},
        request=f"{tool.method} {_path(draft, tool)}",
        answer=_answer(tool),
        result=_result(tool),
    )


def me(draft: Draft) -> tuple[Any, str, str]:
    """The answer about the account, its id and its label."""
    told = {one.wire: one.example for one in draft.me.record.fields}
    answer: Any = {draft.me.member: told | SURPLUS} if draft.me.member else told | SURPLUS
    return answer, str(told[draft.me.id]), str(told[draft.me.label])


def _path(draft: Draft, tool: Tool) -> str:
    path = tool.path
    for one in tool.arguments:
        if one.where == "path":
            path = path.replace("{" + one.wire + "}", str(one.example))
    return urlsplit(draft.api_url).path.rstrip("/") + path


def _members(record: Record) -> dict[str, Any]:
    return {one.wire: one.example for one in record.fields}


def _answer(tool: Tool) -> Any:
    """What the provider sends: more than the record names."""
    if tool.shape == "none":
        return SURPLUS
    one: Any = _members(tool.record) | SURPLUS
    if tool.shape in ("list", "linked"):
        return [one]
    if not tool.member:
        return one
    answer: dict[str, Any] = {tool.member: [one] if tool.shape == "page" else one, **SURPLUS}
    if tool.next:
        step: Any = "the-next"
        for name in reversed(tool.next):
            step = {name: step}
        answer |= step
    return answer


def _result(tool: Tool) -> Any:
    one = _members(tool.record)
    return {"one": one, "none": one, "list": [one]}.get(tool.shape, {"items": [one]})
