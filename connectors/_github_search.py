"""Searches in GitHub's language for issues, in which whatever a model or a person wrote stays words to look for.

A query is words and `name:value` qualifiers, side by side; AND, OR, NOT, a leading `-` and brackets join them. So each
word of a text is kept without its syntax and stands in double quotes, where none of these mean anything: of a word, only
letters, digits and `_ - . '` inside it are kept. GitHub's index ignores most other signs anyway. Qualifiers are built from
values that were checked before; one that could say more than itself is refused.

Sources: docs.github.com, "Searching issues and pull requests" and "Understanding the search syntax" (github/docs, archived
copies read on 2026-11-24). Not verified against the live search [U]: that a quoted single word is looked for as a word.
Limits: no phrases, wildcards or operators; GitHub takes 256 characters beside the qualifiers.
"""

from __future__ import annotations

import re
import unicodedata

MAX_CHARS = 256
_VALUE = re.compile(r"@me|[A-Za-z0-9][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.-]+)?", re.ASCII)
_NAME = re.compile(r"[a-z]+(?:-[a-z]+)*", re.ASCII)
_INSIDE = "_-.'"


def words(text: str) -> list[str]:
    """The words of `text`, each of letters, digits and `_ - . '` between them; empty when there is none."""
    plain = "".join(char if _kept(char) else " " for char in unicodedata.normalize("NFC", text))
    found = (word.strip(_INSIDE) for word in plain.split())
    return [word for word in found if any(char.isalnum() for char in word)]


def _kept(char: str) -> bool:
    """Letters, their marks, numbers; control, format, surrogate, private and punctuation characters are not."""
    return char in _INSIDE or unicodedata.category(char)[0] in "LMN"


def quoted(text: str) -> str:
    """`text` as quoted words with a space between them."""
    return " ".join(f'"{word}"' for word in words(text))


def qualifier(name: str, value: str) -> str:
    """`name:value`. Raises ValueError when that would be more than one qualifier: the caller has to check before."""
    if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
        raise ValueError("a qualifier's value holds more than a name")
    return f"{name}:{value}"


def query(text: str, **qualifiers: str | None) -> str | None:
    """Words and qualifiers; those that are None are left out (`_` in a name stands for `-`). None: too many words."""
    looked_for = quoted(text)
    if len(looked_for) > MAX_CHARS:
        return None
    told = [
        qualifier(name.rstrip("_").replace("_", "-"), value)
        for name, value in qualifiers.items()
        if value is not None
    ]
    return " ".join([looked_for, *told] if looked_for else told)
