"""Text that somebody else wrote and a person will read as part of our page: made harmless, never made to look like ours.

NFKC, no control, bidirectional, zero-width or other format characters, white space folded, capped.
Source: Unicode TR36 (security considerations) and TR39; SECURITY.md row 20.
"""

from __future__ import annotations

import unicodedata

NAME_CHARS = 80
REASON_CHARS = 200
PURPOSE_CHARS = 500


def clean(text: str, limit: int) -> str:
    """At most `limit` characters; `…` at the end shows that something was cut."""
    normal = unicodedata.normalize("NFKC", text[: limit * 8])
    kept = "".join(
        " " if char.isspace() else char
        for char in normal
        if char.isspace() or unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn")
    )
    folded = _few_marks(" ".join(kept.split()))
    return folded if len(folded) <= limit else folded[: limit - 1].rstrip() + "…"


def _few_marks(text: str) -> str:
    """At most two combining marks on a letter: stacks of them climb over the lines of the page."""
    out: list[str] = []
    run = 0
    for char in text:
        run = run + 1 if unicodedata.combining(char) else 0
        if run <= 2:
            out.append(char)
    return "".join(out)
