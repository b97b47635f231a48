"""The words of a description, as words: one sentence, in one line, that cannot become code or markup."""

from __future__ import annotations

import re

from core.plain_text import clean


def sentence(text: str, limit: int) -> str:
    """The first sentence of a description's words, without markup."""
    plain = clean(re.sub(r"<[^>]*>|[*`_>#]|\[!?\w+\]", " ", text), 2_000)
    first = re.split(r"(?<=[.!?])\s", plain)[0]
    return clean(first, limit).replace("\\", "").replace('"', "'")


def stopped(text: str) -> str:
    return f"{text}." if text and text[-1] not in ".!?…" else text
