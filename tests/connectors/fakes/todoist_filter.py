"""A strict reader of the part of Todoist's filter language that the connector uses.

What it does not know is an error, so a text that brought syntax along would be a 400 or find other tasks.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

Task = dict[str, Any]
Test = Callable[[Task], bool]
TODAY = "2026-11-24"
WEEK = "2026-12-01"
_TOKEN = re.compile(r"\s*([&|!(),]|[^&|!(),]+)")
_WORD = re.compile(r"search:\s+([^\s*\\#@/:]+)\Z")


class FilterError(Exception):
    pass


def parse(query: str, me: str) -> Test:
    """What tells whether a task passes. Raises FilterError."""
    tokens = [token.strip() for token in _TOKEN.findall(query)]
    test, rest = _either([token for token in tokens if token], me)
    if rest:
        raise FilterError(f"unexpected {rest[0]!r}")
    return test


def _either(tokens: list[str], me: str) -> tuple[Test, list[str]]:
    left, tokens = _both(tokens, me)
    while tokens[:1] == ["|"]:
        right, tokens = _both(tokens[1:], me)
        left = _joined(left, right, any)
    return left, tokens


def _both(tokens: list[str], me: str) -> tuple[Test, list[str]]:
    left, tokens = _one(tokens, me)
    while tokens[:1] == ["&"]:
        right, tokens = _one(tokens[1:], me)
        left = _joined(left, right, all)
    return left, tokens


def _joined(left: Test, right: Test, how: Callable[[list[bool]], bool]) -> Test:
    return lambda task: how([left(task), right(task)])


def _one(tokens: list[str], me: str) -> tuple[Test, list[str]]:
    if not tokens:
        raise FilterError("a filter ends early")
    if tokens[0] == "!":
        inner, rest = _one(tokens[1:], me)
        return lambda task: not inner(task), rest
    if tokens[0] == "(":
        inner, rest = _either(tokens[1:], me)
        if rest[:1] != [")"]:
            raise FilterError("a parenthesis is left open")
        return inner, rest[1:]
    return _term(tokens[0], me), tokens[1:]


def _term(term: str, me: str) -> Test:
    if found := _WORD.match(term):
        return lambda task: found[1].lower() in task["content"].lower()
    match term:
        case "overdue":
            return lambda task: bool(_due(task)) and _due(task) < TODAY
        case "today":
            return lambda task: _due(task) == TODAY
        case "7 days":
            return lambda task: TODAY <= _due(task) < WEEK
        case "no date":
            return lambda task: not _due(task)
        case "assigned to: others":
            return lambda task: task["responsible_uid"] not in (None, me)
    raise FilterError(f"unknown term {term!r}")


def _due(task: Task) -> str:
    return str(task["due"]["date"][:10]) if task["due"] else ""
