"""Words that come from builders, providers and people, made fit for a page.

Escaping is Jinja's work, cleaning that of `core.plain_text` when the text is taken in. `visible` is the
second line: it takes away control, direction and invisible characters that would make text read otherwise
than it is written (UAX #9 section 2, UTR #36 section 2.6).
"""

from __future__ import annotations

import re

from core.plain_text import clean as plain

__all__ = ["capital", "number", "plain", "plural", "quoted", "sentence", "tint", "visible"]

# Controls but tab and newline, soft hyphen, zero-width, bidi marks, overrides and isolates, fillers, tags
_HIDDEN = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff9-\ufffb\U000e0000-\U000e0fff]"
)
_INNER = str.maketrans({"“": "‘", "”": "’", '"': "’"})
_TINTS = ("#30545c", "#6a3d9a", "#8c3b2a", "#1d4f91", "#3d6b21", "#8a2f62", "#5b4a1e", "#3f4a73")


def visible(text: str) -> str:
    """The text without characters that cannot be seen or that turn its direction."""
    return _HIDDEN.sub("", text)


def capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """Capital first, full stop last, unless it ends with a mark already."""
    text = capital(text.strip())
    return text if not text or text[-1] in ".!?…" else text + "."


def quoted(text: str) -> str:
    """Somebody else's words in quotation marks; those inside become single ones."""
    return f"“{text.translate(_INNER)}”"


def number(count: int) -> str:
    """Small numbers as words: they are read, not compared."""
    words = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")
    return words[count] if 0 <= count < len(words) else f"{count:,}"


def plural(count: int, one: str, many: str | None = None) -> str:
    """`1 item`, `3 items`; `many` where an s is not enough."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def tint(name: str) -> str:
    """A ground for the letter that stands in for a logo: the same for one name, dark enough for white."""
    return _TINTS[sum(place * ord(char) for place, char in enumerate(name, 1)) % len(_TINTS)]
