"""What others wrote becomes harmless text: one line, visible characters, no tricks, not longer than allowed."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.plain_text import clean


@given(st.text(max_size=300), st.integers(1, 80))
def test_the_result_is_one_short_line_of_visible_characters(text: str, limit: int) -> None:
    cleaned = clean(text, limit)
    assert len(cleaned) <= limit
    assert all(unicodedata.category(char) not in ("Cc", "Cf", "Cs", "Co", "Cn") for char in cleaned)
    assert cleaned == cleaned.strip() and "  " not in cleaned


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("Acme Assist", "Acme Assist"),
        ("  Acme \t\r\n Assist  ", "Acme Assist"),
        ("Acme‮tsissA", "AcmetsissA"),
        ("A​c⁠m﻿e", "Acme"),
        ("⁦Acme⁩", "Acme"),
        ("Ａｃｍｅ", "Acme"),
        ("ﬁle", "file"),
        ("Acme\x00\x1b[31m", "Acme[31m"),
        ("<script>alert(1)</script>", "<script>alert(1)</script>"),
        ("Société Générale", "Société Générale"),
        ("日本語 العربية", "日本語 العربية"),
        ("", ""),
        ("\u2028\u2029", ""),
    ],
)
def test_known_tricks(text: str, shown: str) -> None:
    assert clean(text, 80) == shown


def test_what_is_cut_says_so() -> None:
    assert clean("x" * 100, 10) == "x" * 9 + "…"
    assert clean("one two three", 8) == "one two…"
    assert clean("x" * 10, 10) == "x" * 10


def test_stacked_marks_do_not_climb_over_the_page() -> None:
    marks = sum(1 for char in clean("Z" + "̍" * 30, 80) if unicodedata.combining(char))
    assert marks <= 2


def test_a_long_text_is_not_looked_at_to_its_end() -> None:
    assert len(clean("a" * 10_000_000, 80)) == 80
