"""Times as people read them."""

from __future__ import annotations

import pytest

from core.clock import DAY_MS, HOUR_MS, MINUTE_MS, parse_rfc3339
from web.pages import times

NOW = parse_rfc3339("2026-11-23T14:03:00Z")


@pytest.mark.parametrize(
    ("form", "at", "words"),
    [
        ("when", "2026-11-23T00:00:00Z", "today, 00:00 UTC"),
        ("when", "2026-11-22T23:59:59Z", "yesterday, 23:59 UTC"),
        ("when", "2026-11-24T13:54:00Z", "tomorrow, 13:54 UTC"),
        ("when", "2026-10-09T09:00:00Z", "9 October, 09:00 UTC"),
        ("when", "2027-01-02T09:00:00Z", "2 January 2027, 09:00 UTC"),
        ("day", "2025-10-09T09:00:00Z", "9 October 2025"),
        ("on", "2026-11-26T09:00:00Z", "on 26 November, 09:00 UTC"),
        ("on", "2026-11-24T09:00:00Z", "tomorrow, 09:00 UTC"),
        ("at", "2026-11-23T09:00:00Z", "at 09:00 UTC"),
        ("at", "2026-11-02T09:00:00Z", "on 2 November, 09:00 UTC"),
        ("stamp", "2026-11-23T14:03:00Z", "23 November 2026, 14:03 UTC"),
    ],
)
def test_a_time_is_written_as_it_is_said(form: str, at: str, words: str) -> None:
    assert times.FORMS[form](parse_rfc3339(at), NOW) == words


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (0, "just now"),
        (MINUTE_MS, "1 minute ago"),
        (4 * MINUTE_MS, "4 minutes ago"),
        (HOUR_MS, "1 hour ago"),
        (23 * HOUR_MS, "23 hours ago"),
        (DAY_MS, "yesterday"),
        (45 * DAY_MS, "on 9 October"),
    ],
)
def test_what_was_lately_is_told_by_how_long_ago(passed: int, words: str) -> None:
    assert times.ago(NOW - passed, NOW) == words


def test_the_element_carries_the_instant_for_the_readers_own_zone() -> None:
    tag = times.tag("when", NOW, NOW)
    assert tag == '<time datetime="2026-11-23T14:03:00.000Z" data-form="when">today, 14:03 UTC</time>'
