"""Times on the wire are RFC 3339 with Z and three decimals, and come back as they went."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import DAY_MS, HOUR_MS, LATEST_MS, MINUTE_MS, SECOND_MS, Clock, parse_rfc3339, rfc3339


@given(st.integers(0, 253_402_300_799_999))
def test_a_time_comes_back_as_it_went(ms: int) -> None:
    text = rfc3339(ms)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", text)
    assert parse_rfc3339(text) == ms


@given(st.integers(0, 10**13), st.integers(1, 10**13))
def test_texts_sort_as_times_do(one: int, more: int) -> None:
    assert rfc3339(one) < rfc3339(one + more)


def test_known_times() -> None:
    assert rfc3339(0) == "1970-01-01T00:00:00.000Z"
    assert parse_rfc3339("2026-11-23T14:03:00Z") == parse_rfc3339("2026-11-23T15:03:00.000+01:00")


@pytest.mark.parametrize("text", ["9999-12-31T23:59:59-12:00", "9999-12-31T23:59:59.9999Z"])
def test_a_time_that_could_not_be_written_again_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="9999"):
        parse_rfc3339(text)
    assert rfc3339(LATEST_MS) == "9999-12-31T23:59:59.999Z"


@pytest.mark.parametrize("text", ["2026-11-23T14:03:00", "2026-11-23", "tomorrow", "", "1764000000"])
def test_a_time_without_a_zone_is_none(text: str) -> None:
    with pytest.raises(ValueError):
        parse_rfc3339(text)


def test_the_clock_can_be_moved() -> None:
    clock, other = Clock(), Clock()
    clock.offset_ms += DAY_MS
    assert abs(clock.now_ms() - other.now_ms() - DAY_MS) < 1_000
    assert (SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS) == (1_000, 60_000, 3_600_000, 86_400_000)
