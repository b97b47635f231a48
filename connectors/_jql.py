"""Text that is safe inside a Jira query (JQL), whatever a model or a person wrote.

Two languages meet in `text ~ "..."`: the JQL string literal (backslash, double quote), and inside it the
text-search syntax (wildcards, phrases, boolean words). `literal` answers for the first, `words` for the
second; `contains` puts them together. Words are kept and syntax is dropped, not escaped: escaping it
depends on the kind of field and on the release of Jira, and Jira's index ignores the same characters
anyway.

Source: support.atlassian.com, "Search syntax for text fields" and "Advanced search: reserved characters"
(archived copies read on 2026-11-24). Not verified against a live site [U]. Limits: no fuzzy, wildcard or
phrase search.
"""

from __future__ import annotations

import unicodedata

_SYNTAX = frozenset('+-&|!(){}[]^"~*?:\\/<>=;,%$#@`')


def literal(text: str) -> str:
    """`text` as one double-quoted JQL string; a control character or half of a surrogate pair becomes a
    space."""
    printable = "".join(" " if _unprintable(char) else char for char in text)
    return '"' + printable.replace("\\", "\\\\").replace('"', '\\"') + '"'


def words(text: str) -> str:
    """The words of `text` in lower case, one space between them; empty when there is none.

    Lower case, because AND, OR and NOT are operators only in capitals and the search itself ignores case.
    """
    plain = "".join(" " if char in _SYNTAX or _unprintable(char) else char for char in text)
    return " ".join(word for word in plain.lower().split() if any(char.isalnum() for char in word))


def contains(text: str) -> str | None:
    """The clause that finds issues with all words of `text`, or None when there is nothing to look for."""
    found = words(text)
    return f"text ~ {literal(found)}" if found else None


def _unprintable(char: str) -> bool:
    """Control, format (bidirectional marks, zero-width), surrogate, private and unassigned characters, line
    separators."""
    category = unicodedata.category(char)
    return category[0] == "C" or category in ("Zl", "Zp")
