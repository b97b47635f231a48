"""A reader of COQL that knows no more than the connector may write; everything else is a syntax error.

Grammar: select fields from module where condition order by field asc|desc limit n offset n. A condition is `id is not
null`, `field op value`, or two conditions in brackets with `and` or `or` between them: never three without brackets. A
string stands in single quotes, where two of them are one; it holds no backslash and no line break, and of a LIKE a
percent sign first and last and nowhere else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from tests.connectors.fakes.tokens import Token, Tokens

_TOKEN = re.compile(
    r"\s*(?:(?P<string>'(?:[^'\\\x00-\x1f\x7f-\x9f\u2028\u2029]|'')*')|(?P<word>[A-Za-z][A-Za-z_.]*)"
    r"|(?P<number>\d+)|(?P<op>!=|>=|<=|=|>|<|[(),]))"
)
_COMPARES = frozenset({"=", "!=", ">=", "<=", ">", "<", "like"})


class CoqlError(ValueError):
    """The text is no COQL that this reader knows."""


@dataclass(frozen=True)
class Comparison:
    """`value`: of a LIKE the text between the percent signs; None: `is not null`."""

    field: str
    operator: str
    value: str | int | None


@dataclass(frozen=True)
class Pair:
    word: str
    one: Comparison | Pair
    other: Comparison | Pair


Condition = Comparison | Pair


@dataclass(frozen=True)
class Query:
    fields: tuple[str, ...]
    module: str
    where: Condition
    order: str
    descending: bool
    limit: int
    offset: int


def parse(coql: str) -> Query:
    """Raises CoqlError."""
    reader = _Reader(_tokens(coql), CoqlError)
    reader.word("select")
    fields = reader.words()
    reader.word("from")
    module = reader.take("word")
    reader.word("where")
    where = reader.condition()
    reader.word("order")
    reader.word("by")
    order, direction = reader.take("word"), reader.take("word")
    if direction not in ("asc", "desc"):
        raise CoqlError(f"{direction} is no direction")
    reader.word("limit")
    limit = reader.number()
    reader.word("offset")
    offset = reader.number()
    reader.end()
    return Query(fields, module, where, order, direction == "desc", limit, offset)


class _Reader(Tokens):
    def condition(self) -> Condition:
        if not self.takes(("op", "(")):
            return self._comparison()
        one, word, other = self.condition(), self.take("word"), self.condition()
        if word not in ("and", "or") or not self.takes(("op", ")")):
            raise CoqlError("conditions stand in pairs")
        return Pair(word, one, other)

    def _comparison(self) -> Comparison:
        field = self.take("word")
        if self.takes(("word", "is")):
            self.word("not")
            self.word("null")
            return Comparison(field, "is not", None)
        _, operator = self.any()
        if operator not in _COMPARES:
            raise CoqlError(f"{operator!r} compares nothing")
        kind, value = self.any()
        if kind == "number" and operator != "like":
            return Comparison(field, operator, int(value))
        if kind != "string":
            raise CoqlError(f"{value!r} is no value")
        return Comparison(field, operator, _between(_said(value)) if operator == "like" else _said(value))


def _tokens(coql: str) -> list[Token]:
    tokens: list[Token] = []
    position, end = 0, len(coql.rstrip())
    while position < end:
        match = _TOKEN.match(coql, position)
        if match is None:
            raise CoqlError(f"not readable: {coql[position : position + 20]!r}")
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return tokens


def _said(string: str) -> str:
    return string[1:-1].replace("''", "'")


def _between(pattern: str) -> str:
    inner = pattern[1:-1]
    if len(pattern) < 3 or pattern[0] != "%" or pattern[-1] != "%" or "%" in inner:
        raise CoqlError("a LIKE has a percent sign first and last")
    return inner


def unquoted(literal: str) -> str:
    """What a whole string literal says. Raises CoqlError when it is not one."""
    tokens = _tokens(literal)
    if len(tokens) != 1 or tokens[0][0] != "string":
        raise CoqlError("not one string")
    return _said(tokens[0][1])


def holds(condition: Condition, value_of: Any) -> bool:
    """Whether a record, given by its fields, fits."""
    if isinstance(condition, Pair):
        both = (holds(condition.one, value_of), holds(condition.other, value_of))
        return all(both) if condition.word == "and" else any(both)
    have, want = value_of(condition.field), condition.value
    if condition.operator == "is not":
        return have is not None
    if have is None:
        return False
    if condition.operator == "like":
        return str(want).lower() in str(have).lower()
    have = have if isinstance(want, int) else str(have)
    return bool({
        "=": have == want, "!=": have != want, ">": have > want, "<": have < want, ">=": have >= want, "<=": have <= want,
    }[condition.operator])  # fmt: skip
