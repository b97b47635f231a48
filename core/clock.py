"""Time, in one place, so that tests can move it. Instants are integers: milliseconds since 1970-01-01T00:00:00Z."""

from __future__ import annotations

import time
from datetime import UTC, datetime

SECOND_MS = 1_000
MINUTE_MS = 60 * SECOND_MS
HOUR_MS = 60 * MINUTE_MS
DAY_MS = 24 * HOUR_MS
LATEST_MS = 253_402_300_799_999  # 9999-12-31T23:59:59.999Z, the last instant that can be written


class Clock:
    """The wall clock. A test passes its own with `now_ms` overridden or `offset_ms` changed."""

    def __init__(self) -> None:
        self.offset_ms = 0

    def now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self.offset_ms


def rfc3339(ms: int) -> str:
    """`2026-11-23T14:03:00.123Z`; always UTC, always three decimals."""
    moment = datetime.fromtimestamp(ms / 1000, UTC)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def parse_rfc3339(text: str) -> int:
    """Milliseconds of an RFC 3339 time. Raises ValueError when it is none, has no zone, or lies beyond the year 9999 in UTC."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a time needs a zone, for example 2026-11-23T14:03:00Z")
    ms = round(moment.timestamp() * 1000)
    if ms > LATEST_MS:
        raise ValueError("the year must be 9999 or earlier")
    return ms
