"""Text that is safe inside a Salesforce query (SOQL), whatever a model or a person wrote: it is escaped, and
comes back as exactly the text it was.

A query is put together from parts that stand in this connector's code, and from what the functions here make:
`literal` a string, `contains` a LIKE with the wildcards on the outside only, `day` a date. In a LIKE the
percent sign and the underscore of the text are escaped too, so they find themselves.

Control characters, line separators and halves of surrogate pairs are written as `\\uXXXX`, since a query may
not hold line breaks. Source: SOQL and SOSL Reference, "Quoted String Escape Sequences" and "Reserved
Characters", versions 254.0 and 258.0, read on 2026-11-24: one level of escapes; a backslash in any other
place is an error. Not verified against a live org [U]: `\\u0000`.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date

_ESCAPES = {"\\": "\\\\", "'": "\\'", '"': '\\"', "\n": "\\n", "\r": "\\r", "\t": "\\t"}
_WILDCARDS = {"%": "\\%", "_": "\\_"}
MAX_OFFSET = 2_000


def literal(text: str) -> str:
    """`text` as one string in single quotes."""
    return f"'{''.join(_ESCAPES.get(char) or _written(char) for char in text)}'"


def contains(fields: Sequence[str], text: str) -> str:
    """The condition that one of `fields` holds `text`; upper and lower case are the same to Salesforce."""
    escapes = _ESCAPES | _WILDCARDS
    pattern = "".join(escapes.get(char) or _written(char) for char in text)
    return "(" + " OR ".join(f"{field} LIKE '%{pattern}%'" for field in fields) + ")"


def day(value: date) -> str:
    """A date, which stands in a query without quotes."""
    return value.isoformat()


def select(
    fields: Iterable[str], kind: str, where: Sequence[str], order: str, limit: int, offset: int = 0
) -> str:
    """One query. `where`: conditions that all have to hold."""
    condition = f" WHERE {' AND '.join(where)}" if where else ""
    start = f" OFFSET {offset:d}" if offset else ""
    asked = f"SELECT {', '.join(fields)} FROM {kind}"  # noqa: S608 (names of this connector, never a text)
    return f"{asked}{condition} ORDER BY {order} LIMIT {limit:d}{start}"


def _written(char: str) -> str:
    """A character as it is, or by its number. All that needs one is in the first plane: four digits do."""
    return f"\\u{ord(char):04x}" if unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp") else char
