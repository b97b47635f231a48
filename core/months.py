"""Calendar months in UTC, written `2026-11`, so that they sort as text."""

from __future__ import annotations

import re
from datetime import UTC, datetime

_WRITTEN = re.compile(r"(\d{4})-(0[1-9]|1[0-2])\Z")


def month_of(ms: int) -> str:
    """The month an instant lies in."""
    moment = datetime.fromtimestamp(ms // 1000, UTC)
    return f"{moment.year:04}-{moment.month:02}"


def earlier(month: str, count: int) -> str:
    """The month `count` months before. Raises ValueError for what is no month."""
    found = _WRITTEN.match(month)
    if found is None:
        raise ValueError(f"{month[:20]!r} is no month; write one as 2026-11")
    number = max(int(found[1]) * 12 + int(found[2]) - 1 - count, 0)
    return f"{number // 12:04}-{number % 12 + 1:02}"


def is_month(text: str) -> bool:
    return _WRITTEN.match(text) is not None
