"""Instants as people read them: "today, 14:03 UTC", "9 October", "23 November 2026, 14:03 UTC".

The server does not know the reader's time zone, so it writes UTC and says so; page.js writes the same forms
in the reader's own zone. Both must change together: a form here has its twin of the same name there.
"""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup

from core.clock import DAY_MS, HOUR_MS, MINUTE_MS, rfc3339

MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def _utc(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)


def _date(moment: datetime, now: datetime, *, year: bool) -> str:
    text = f"{moment.day} {MONTHS[moment.month - 1]}"
    return f"{text} {moment.year}" if year or moment.year != now.year else text


def day(ms: int, now_ms: int) -> str:
    """`today`, `yesterday`, `tomorrow`, `9 October`, `9 October 2025`."""
    moment, now = _utc(ms), _utc(now_ms)
    near = {0: "today", -1: "yesterday", 1: "tomorrow"}
    return near.get((moment.date() - now.date()).days) or _date(moment, now, year=False)


def when(ms: int, now_ms: int) -> str:
    return f"{day(ms, now_ms)}, {_utc(ms):%H:%M} UTC"


def on(ms: int, now_ms: int) -> str:
    """As `when`, to stand after a verb: "Ends tomorrow, 14:03 UTC", "Ends on 9 October, 14:03 UTC"."""
    text = when(ms, now_ms)
    return f"on {text}" if text[0].isdigit() else text


def at(ms: int, now_ms: int) -> str:
    """As `on`, but `at 14:03 UTC` on the same day: "Stopped at 14:03 UTC"."""
    return f"at {_utc(ms):%H:%M} UTC" if day(ms, now_ms) == "today" else on(ms, now_ms)


def stamp(ms: int, now_ms: int) -> str:
    """The whole date: for receipts and for anything printed."""
    return f"{_date(_utc(ms), _utc(now_ms), year=True)}, {_utc(ms):%H:%M} UTC"


def ago(ms: int, now_ms: int) -> str:
    """`just now`, `4 minutes ago`, `3 hours ago`, then the day."""
    passed = now_ms - ms
    if passed < MINUTE_MS:
        return "just now"
    if passed < HOUR_MS:
        return _count(passed // MINUTE_MS, "minute")
    if passed < DAY_MS:
        return _count(passed // HOUR_MS, "hour")
    text = day(ms, now_ms)
    return text if text == "yesterday" else f"on {text}"


def _count(n: int, unit: str) -> str:
    return f"{n} {unit} ago" if n == 1 else f"{n} {unit}s ago"


FORMS = {form.__name__: form for form in (day, when, on, at, stamp, ago)}


def tag(form: str, ms: int, now_ms: int) -> Markup:
    """The `<time>` element that page.js finds and writes again in the reader's zone."""
    text = FORMS[form](ms, now_ms)
    return Markup('<time datetime="{}" data-form="{}">{}</time>').format(rfc3339(ms), form, text)
