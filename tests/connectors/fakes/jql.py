"""A reader of JQL that knows no more than the connector may write; everything else is a syntax error, as
with a real Jira.

Grammar: clause (AND clause)* [ORDER BY field (ASC|DESC)]; clause: `project = "KEY"`, `text ~ "words"`,
`assignee = currentUser()`, `statusCategory != Done`. String literals as Jira has them: double quotes,
`\\\\` and `\\"` inside.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TOKEN = re.compile(
    r'\s*(?:(?P<string>"(?:[^"\\\x00-\x1f]|\\["\\])*")|(?P<word>[A-Za-z]+(?:\(\))?)|(?P<op>!=|=|~))'
)
_ALLOWED = {("project", "="), ("text", "~"), ("assignee", "="), ("statuscategory", "!=")}


class JqlError(ValueError):
    """The text is no JQL that this reader knows."""


@dataclass(frozen=True)
class Clause:
    field: str
    operator: str
    value: str


def parse(jql: str) -> tuple[list[Clause], str]:
    """The clauses, joined by AND, and the order. Raises JqlError."""
    tokens = _tokens(jql)
    clauses = [_clause(tokens)]
    while tokens and tokens[0] == ("word", "AND"):
        tokens.pop(0)
        clauses.append(_clause(tokens))
    order = _order(tokens)
    if tokens:
        raise JqlError(f"unexpected {tokens[0]}")
    return clauses, order


def _tokens(jql: str) -> list[tuple[str, str]]:
    tokens, position = [], 0
    while jql[position:].strip():
        match = _TOKEN.match(jql, position)
        if match is None:
            raise JqlError(f"not readable at {position}: {jql[position:]!r}")
        kind = str(match.lastgroup)
        tokens.append((kind, match[kind]))
        position = match.end()
    return tokens


def _clause(tokens: list[tuple[str, str]]) -> Clause:
    if len(tokens) < 3:
        raise JqlError("a clause is cut short")
    (_, field), (_, operator), (kind, value) = tokens.pop(0), tokens.pop(0), tokens.pop(0)
    if (field.lower(), operator) not in _ALLOWED:
        raise JqlError(f"unknown clause {field} {operator}")
    return Clause(field.lower(), operator, unquoted(value) if kind == "string" else value)


def _order(tokens: list[tuple[str, str]]) -> str:
    if not tokens:
        return ""
    words = [tokens.pop(0)[1] for _ in range(min(4, len(tokens)))]
    if words[:2] != ["ORDER", "BY"] or len(words) != 4 or words[3] not in ("ASC", "DESC"):
        raise JqlError(f"unknown order {words}")
    return " ".join(words[2:])


def unquoted(literal: str) -> str:
    return re.sub(r'\\(["\\])', r"\1", literal[1:-1])
