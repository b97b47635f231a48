"""Text that is safe inside a Zoho CRM query (COQL), whatever a model or a person wrote.

COQL escapes a single quote by another one. What a backslash, or a percent sign in the middle of a LIKE, means there is
not documented, so both become a blank, and so do control characters, line separators and halves of surrogate pairs:
`clean` says what is left of a text, and a query says exactly that. Conditions are joined in pairs with brackets around
each, as COQL demands.

Source: zoho.com/crm/developer/docs/api/v8 and v7, "Get Records through COQL Query", "Query API: Limitations"; Zoho's
"Kaizen #171: FAQs on COQL API" (quotes, brackets); read on 2026-11-24. Not verified against a live account [U].
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import date
from functools import reduce

ANYTHING = "id is not null"  # a query has to have a condition
MAX_RECORDS = 10_000


def clean(text: str) -> str:
    """`text` with a blank for each character that could mean something to COQL, or nothing to anybody."""
    return "".join(" " if char in "\\%" or _unprintable(char) else char for char in text)


def literal(text: str) -> str:
    """`clean(text)` as one string in single quotes."""
    return "'" + clean(text).replace("'", "''") + "'"


def day(value: date) -> str:
    return literal(value.isoformat())


def contains(fields: Sequence[str], text: str) -> str | None:
    """The condition that one of `fields` holds the words of `text`, or None when there are none."""
    words = " ".join(clean(text).split())
    quoted = words.replace("'", "''")
    return _joined("or", [f"{field} like '%{quoted}%'" for field in fields]) if words else None


def select(
    fields: Iterable[str], module: str, where: Sequence[str | None], order: str, limit: int, offset: int
) -> str:
    """One query. `where`: conditions that all have to hold; None is none."""
    condition = _joined("and", [one for one in where if one] or [ANYTHING])
    asked = f"select {', '.join(fields)} from {module} where {condition}"  # noqa: S608 (names of this connector)
    return f"{asked} order by {order} limit {limit:d} offset {offset:d}"


def _joined(word: str, conditions: Sequence[str]) -> str:
    return reduce(lambda one, other: f"({one} {word} {other})", conditions)


def _unprintable(char: str) -> bool:
    return unicodedata.category(char) in ("Cc", "Cs", "Zl", "Zp")
