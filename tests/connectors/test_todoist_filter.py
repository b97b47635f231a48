"""Todoist's filters: whatever a text holds, it stays words within the query that was meant."""

from __future__ import annotations

import re

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import _todoist_filter as filters
from tests.connectors.fakes.todoist_filter import FilterError, parse

SYNTAX = "&|!(),*\\#@/:\"'\n\r\t\0<>+{}[]~^=%$?;｜＆"


@pytest.mark.parametrize(
    ("text", "when", "mine", "expected"),
    [
        ("engine", None, False, "search: engine"),
        ("engine offer", "today", False, "search: engine & search: offer & today"),
        ("", "today_or_overdue", True, "(today | overdue) & !assigned to: others"),
        ("", None, True, "!assigned to: others"),
        ("", None, False, ""),
        ("  & | !", None, False, ""),
        ("R&D", None, False, "search: R & search: D"),
        ("a) | (today", None, False, "search: a & search: today"),
        ("search: x, #Inbox", None, False, "search: search & search: x & search: Inbox"),
        ("what's v1.2 follow-up", None, False, "search: what's & search: v1.2 & search: follow-up"),
        ("'quoted' -minus-", None, False, "search: quoted & search: minus"),
        ("naïve 数 हिन्दी", None, False, "search: naïve & search: 数 & search: हिन्दी"),
    ],
)
def test_a_text_becomes_words_that_all_have_to_be_there(
    text: str, when: filters.When | None, mine: bool, expected: str
) -> None:
    assert filters.query(text, when, mine=mine) == expected


hostile = st.text(alphabet=st.characters() | st.sampled_from(SYNTAX), max_size=300)


@given(hostile, st.sampled_from([None, *filters.WHEN]), st.booleans())
@example("x\\", None, True)
@example("x \\& y | today", "today", False)
@example("search:\0a\n| overdue", None, True)
@example("🧵 )|(", "no_date", True)
def test_no_text_changes_what_else_is_asked(text: str, when: filters.When | None, mine: bool) -> None:
    query = filters.query(text, when, mine=mine)
    found = filters.words(text)
    fixed = ([filters.WHEN[when]] if when else []) + ([filters.NOT_OTHERS] if mine else [])
    assert query.split(" & ") == ([*(f"search: {word}" for word in found), *fixed] or [""])
    assert all(not set(word) & set(SYNTAX) - {"'"} and not re.search(r"\s", word) for word in found)
    if query:
        parse(query, "me")


@pytest.mark.parametrize("text", ["x" * 1_000_000, "a & " * 250_000, "|" * 1_000_000])
def test_a_text_of_a_megabyte_is_words_as_any_other(text: str) -> None:
    assert parse(filters.query(text, "today", mine=True), "me")
    assert filters.query(text, "today", mine=True).endswith("today & !assigned to: others")


@given(hostile)
def test_a_word_is_never_made_up(text: str) -> None:
    assert all(word in text for word in filters.words(text))
    assert len(filters.words(text)) <= filters.MOST_WORDS


@pytest.mark.parametrize(
    "query", ["search: a b*", "today |", "(today", "search: x, today", "#Inbox", "search: a\\&b", "p1"]
)
def test_the_strict_reader_finds_what_does_not_belong(query: str) -> None:
    with pytest.raises(FilterError):
        parse(query, "me")
