"""A reader of SOQL that knows no more than the connector may write; everything else is a syntax error, as with a
real Salesforce.

Grammar: SELECT fields FROM kind [WHERE condition (AND condition)*] ORDER BY order LIMIT n [OFFSET n]; a condition is
`field op value` or, in brackets, LIKEs joined by OR. A string stands in single quotes, with the escapes of the SOQL
reference and no other; a raw line break in one is an error. A LIKE reads `%` and `_` as wildcards unless escaped.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tests.connectors.fakes.tokens import Token, Tokens

ANY, ONE = "<any>", "<one>"
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "b": "\b", "f": "\f", '"': '"', "'": "'", "\\": "\\"}
_PLAIN = re.compile(
    r"\s*(?:(?P<word>[A-Za-z][A-Za-z.]*)|(?P<date>\d{4}-\d\d-\d\d)|(?P<number>\d+)|(?P<op><=|>=|!=|=|[(),]))"
)
_BREAKS = frozenset("\n\r\x00\x0b\x0c\x85\u2028\u2029")


class SoqlError(ValueError):
    """The text is no SOQL that this reader knows."""


@dataclass(frozen=True)
class Condition:
    """`value`: a text, `true`, `false` or a date; of a LIKE the pattern: characters, ANY and ONE."""

    field: str
    operator: str
    value: str | tuple[str, ...]


@dataclass(frozen=True)
class Query:
    """`where`: all have to hold; of each inner tuple one."""

    fields: tuple[str, ...]
    kind: str
    where: tuple[tuple[Condition, ...], ...]
    order: str
    limit: int
    offset: int


def parse(soql: str) -> Query:
    """Raises SoqlError."""
    reader = _Reader(_tokens(soql), SoqlError)
    reader.word("SELECT")
    fields = reader.words()
    reader.word("FROM")
    kind = reader.take("word")
    where = []
    if reader.takes(("word", "WHERE")):
        where.append(reader.condition())
        while reader.takes(("word", "AND")):
            where.append(reader.condition())
    order = reader.order()
    reader.word("LIMIT")
    limit = reader.number()
    offset = reader.number() if reader.takes(("word", "OFFSET")) else 0
    reader.end()
    return Query(fields, kind, tuple(where), order, limit, offset)


class _Reader(Tokens):
    def condition(self) -> tuple[Condition, ...]:
        if not self.takes(("op", "(")):
            return (self._comparison(),)
        found = [self._comparison()]
        while self.takes(("word", "OR")):
            found.append(self._comparison())
        if not self.takes(("op", ")")):
            raise SoqlError("a bracket is not closed")
        return tuple(found)

    def _comparison(self) -> Condition:
        field = self.take("word")
        if self.takes(("word", "LIKE")):
            return Condition(field, "LIKE", _pattern(self.take("string")))
        operator = self.take("op")
        if operator in "(),":
            raise SoqlError(f"{operator} compares nothing")
        kind, value = self.any()
        if kind == "string":
            return Condition(field, operator, "".join(_characters(value)))
        if kind == "date" or value in ("true", "false"):
            return Condition(field, operator, value)
        raise SoqlError(f"{value!r} is no value")

    def order(self) -> str:
        self.word("ORDER")
        self.word("BY")
        words = []
        while self.left and self.left[0] != ("word", "LIMIT"):
            kind, value = self.any()
            if kind != "word" and value != ",":
                raise SoqlError(f"{value!r} is no order")
            words.append(value)
        return " ".join(words).replace(" ,", ",")


def _tokens(soql: str) -> list[Token]:
    tokens: list[Token] = []
    position = 0
    while soql[position:].strip():
        start = len(soql) - len(soql[position:].lstrip())
        if soql[start] == "'":
            end = _end_of_string(soql, start)
            tokens.append(("string", soql[start + 1 : end]))
            position = end + 1
            continue
        match = _PLAIN.match(soql, position)
        if match is None:
            raise SoqlError(f"not readable: {soql[position : position + 20]!r}")
        tokens.append((str(match.lastgroup), match[str(match.lastgroup)]))
        position = match.end()
    return tokens


def _end_of_string(soql: str, start: int) -> int:
    position = start + 1
    while position < len(soql) and soql[position] != "'":
        if soql[position] in _BREAKS:
            raise SoqlError("a line break in a string")
        position += 2 if soql[position] == "\\" else 1
    if position >= len(soql):
        raise SoqlError("a string is not closed")
    return position


def _characters(body: str, like: bool = False) -> list[str]:
    """The characters a string says, one an item; of a LIKE with ANY and ONE where wildcards stand."""
    found, position = [], 0
    while position < len(body):
        char, position = body[position], position + 1
        if char != "\\":
            found.append({"%": ANY, "_": ONE}.get(char, char) if like else char)
            continue
        code, position = body[position : position + 1], position + 1
        if code == "u" and re.fullmatch("[0-9a-fA-F]{4}", body[position : position + 4]):
            found.append(chr(int(body[position : position + 4], 16)))
            position += 4
        elif like and code in ("%", "_"):
            found.append(code)
        elif code in _ESCAPES:
            found.append(_ESCAPES[code])
        else:
            raise SoqlError(f"\\{code} is no escape")
    return found


def _pattern(body: str) -> tuple[str, ...]:
    return tuple(_characters(body, like=True))


def unquoted(literal: str) -> str:
    """What a whole string literal says. Raises SoqlError when it is not one."""
    tokens = _tokens(literal)
    if len(tokens) != 1 or tokens[0][0] != "string":
        raise SoqlError("not one string")
    return "".join(_characters(tokens[0][1]))


def likes(pattern: tuple[str, ...], value: str) -> bool:
    """Whether `value` fits, as Salesforce compares: without regard to case."""
    parts = [{ANY: ".*", ONE: "."}.get(char) or re.escape(char) for char in pattern]
    return bool(re.fullmatch("".join(parts), value, re.IGNORECASE | re.DOTALL))
