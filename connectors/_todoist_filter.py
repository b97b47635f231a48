"""Todoist's filter language: the few filters this connector asks with, and a text that is safe inside one.

A filter is a query (`(today | overdue) & search: engine`), so what a person or a model wrote never gets into it as
it is. Words are kept and syntax is dropped, not escaped: the backslash is documented for names of projects,
sections and labels, not for `search:`. What a word may consist of is listed here, and none of it means anything in
the language, so the rest falls away: operators, parentheses, commas, wildcards, `#`, `@`, `/`, colons, backslashes,
line ends.

Source: todoist.com/help, "Introduction to filters" (archived copy read on 2026-11-24). Keywords are English, so
every request says `lang=en`. Not verified against a live account [U]: hyphens, dots and apostrophes within a word of
`search:`. Limits: words in any order, at most MOST_WORDS; no phrases, no wildcards.
"""

from __future__ import annotations

import unicodedata
from typing import Literal

When = Literal["overdue", "today", "today_or_overdue", "next_7_days", "no_date"]

LANGUAGE = "en"
MOST_WORDS = 20
NOT_OTHERS = "!assigned to: others"
WHEN: dict[When, str] = {
    "overdue": "overdue",
    "today": "today",
    "today_or_overdue": "(today | overdue)",
    "next_7_days": "7 days",
    "no_date": "no date",
}
_WITHIN = frozenset("-_.'’")


def query(text: str = "", when: When | None = None, *, mine: bool = False) -> str:
    """The filter of tasks with all words of `text`, due as `when` says; empty where nothing restricts.

    `mine`: without those that are assigned to somebody else; in a project of one's own nothing is assigned.
    """
    parts = [f"search: {word}" for word in words(text)]
    if when is not None:
        parts.append(WHEN[when])
    if mine:
        parts.append(NOT_OTHERS)
    return " & ".join(parts)


def words(text: str) -> list[str]:
    """The words of `text`, in order; what is not of a word parts them."""
    plain = "".join(char if _of_a_word(char) else " " for char in text)
    trimmed = (word.strip("".join(_WITHIN)) for word in plain.split())
    return [word for word in trimmed if any(char.isalnum() for char in word)][:MOST_WORDS]


def _of_a_word(char: str) -> bool:
    """Letters and digits of any script, the marks on them, and what joins them."""
    return char.isalnum() or char in _WITHIN or unicodedata.category(char) in ("Mn", "Mc")
