"""Text in COQL: whatever it is, the query keeps its form. The reader of `fakes/coql.py` is the witness."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import _coql
from tests.connectors.fakes.coql import Comparison, CoqlError, Pair, parse, unquoted

HOSTILE = [
    "x' or Owner != '",
    "x'' or Owner != ''",
    "x\\' or Owner != \\'",
    "x\\",
    "') or (id is not null",
    "x%' limit 2000 offset 0 --",
    "%",
    "a%b_c",
    "line one\nline two\r\t\x0b\x0c\x85\u2028\u2029",
    "nul\0nul",
    "\ud800half",
    'double "quotes" too',
    "bidi \u202e text \u200b zero",
    "naïve ЖЗ 漢字 🎉👩\u200d💻",
]  # fmt: skip
MEANS_NOTHING_ELSE = st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"], exclude_characters="\\%")
text = st.text(st.characters(), max_size=80) | st.sampled_from(HOSTILE)


@given(text)
@example("'")
@example("\\")
@example("''")
def test_a_literal_is_one_string_that_says_what_is_left_of_the_text(value: str) -> None:
    said = unquoted(_coql.literal(value))
    assert said == _coql.clean(value) and len(said) == len(value)
    assert all(one == other or one == " " for one, other in zip(said, value, strict=True))


@given(st.text(MEANS_NOTHING_ELSE, max_size=80))
def test_a_literal_of_plain_text_loses_nothing(value: str) -> None:
    assert unquoted(_coql.literal(value)) == value


@given(text)
def test_a_search_says_the_words_of_the_text_in_one_condition(value: str) -> None:
    made = _coql.contains(("Full_Name", "Email", "Phone"), value)
    words = " ".join(_coql.clean(value).split())
    if made is None:
        assert not words
        return
    where = parse(_coql.select(["Email"], "Contacts", [made], "Email asc", 5, 0)).where
    names = [Comparison(field, "like", words) for field in ("Full_Name", "Email", "Phone")]
    assert where == Pair("or", Pair("or", names[0], names[1]), names[2])


@given(text, text, st.dates(), st.integers(1, 100), st.integers(0, 9999))
def test_a_text_stays_within_its_condition_among_others(
    one: str, other: str, day: date, limit: int, offset: int
) -> None:
    contains = _coql.contains(("Deal_Name",), other)
    where = [f"Owner = {_coql.literal(one)}", contains, f"Closing_Date >= {_coql.day(day)}"]
    query = parse(_coql.select(["Deal_Name"], "Deals", where, "Closing_Date asc", limit, offset))
    assert (query.fields, query.module, query.order) == (("Deal_Name",), "Deals", "Closing_Date")
    assert (query.limit, query.offset) == (limit, offset)
    mine, due = Comparison("Owner", "=", _coql.clean(one)), Comparison("Closing_Date", ">=", day.isoformat())
    if contains is None:
        assert query.where == Pair("and", mine, due)
        return
    said = Comparison("Deal_Name", "like", " ".join(_coql.clean(other).split()))
    assert query.where == Pair("and", Pair("and", mine, said), due)


@pytest.mark.parametrize("piece", ["'", "\\", "%_", "\0\n", "🎉"])
def test_a_megabyte_stays_one_text(piece: str) -> None:
    value = piece * (1_000_000 // len(piece))
    assert unquoted(_coql.literal(value)) == _coql.clean(value)


def test_a_query_without_conditions_has_one_that_always_holds() -> None:
    query = parse(_coql.select(["Email"], "Contacts", [None], "Email asc", 5, 0))
    assert query.where == Comparison("id", "is not", None)


@pytest.mark.parametrize(
    "condition",
    [
        "Owner = 'x' or Owner != ''",
        "Owner = 'half",
        "Owner = 'a\\'b'",
        "Owner = 'a\nb'",
        "(A = 'x' and B = 'y' and C = 'z')",
        "Deal_Name like '%a%b%'",
        "Deal_Name like 'a%'",
        "Owner = x",
        "",
    ],
)
def test_the_witness_finds_a_text_that_broke_out(condition: str) -> None:
    with pytest.raises(CoqlError):
        parse(f"select id from Deals where {condition} order by id asc limit 5 offset 0")
