"""Text in SOQL: whatever it is, the query keeps its form and says exactly that text. The reader of `fakes/soql.py` is
the witness."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import _soql
from tests.connectors.fakes.soql import ANY, ONE, Condition, SoqlError, likes, parse, unquoted

HOSTILE = [
    "x' OR Name != '",
    "x\\' OR OwnerId != \\'",
    "x\\",
    "x\\\\'",
    "') OR (Name LIKE '",
    "x' LIMIT 2000 --",
    "%",
    "_",
    "\\%",
    "100%_\\_",
    "*?",
    "line one\nline two\r\t\x0b\x0c\x85\u2028\u2029",
    "nul\0nul",
    "\ud800half",
    "\\u0027 OR Name != \\u0027",
    "\\n",
    "bidi \u202e text \u200b zero",
    "naïve ЖЗ 漢字 🎉👩\u200d💻",
]  # fmt: skip
text = st.text(st.characters(), max_size=80) | st.sampled_from(HOSTILE)


@given(text)
@example("'")
@example("\\")
@example("\\'")
def test_a_literal_is_one_string_that_says_exactly_the_text(value: str) -> None:
    assert unquoted(_soql.literal(value)) == value


@given(text)
@example("%")
@example("_")
@example("\\_")
def test_a_search_finds_exactly_the_text_with_wildcards_on_the_outside_only(value: str) -> None:
    query = parse(_soql.select(["Id"], "Contact", [_soql.contains(["Name", "Email"], value)], "Id", 5))
    ((name, email),) = query.where
    assert (name.field, email.field) == ("Name", "Email")
    for condition in (name, email):
        assert condition.value == (ANY, *value, ANY)


@given(text, text, st.dates(), st.integers(1, 101), st.integers(0, 2000))
def test_a_text_stays_within_its_condition_among_others(
    one: str, other: str, day: date, limit: int, offset: int
) -> None:
    where = [
        f"OwnerId = {_soql.literal(one)}",
        _soql.contains(["Name"], other),
        f"CloseDate >= {_soql.day(day)}",
    ]
    query = parse(_soql.select(["Id", "Account.Name"], "Opportunity", where, "CloseDate, Id", limit, offset))
    assert query.fields == ("Id", "Account.Name") and query.kind == "Opportunity"
    assert query.where == (
        (Condition("OwnerId", "=", one),),
        (Condition("Name", "LIKE", (ANY, *other, ANY)),),
        (Condition("CloseDate", ">=", day.isoformat()),),
    )
    assert (query.order, query.limit, query.offset) == ("CloseDate, Id", limit, offset)


@pytest.mark.parametrize("piece", ["'", "\\", "%_", "\0\n", "🎉"])
def test_a_megabyte_stays_one_text(piece: str) -> None:
    value = piece * (1_000_000 // len(piece))
    assert unquoted(_soql.literal(value)) == value


@given(text)
def test_a_query_holds_nothing_that_ends_a_line(value: str) -> None:
    made = _soql.literal(value) + _soql.contains(["Name"], value)
    assert len(made.splitlines()) == 1 and "\0" not in made


def test_a_percent_sign_and_an_underscore_find_themselves_only() -> None:
    ((condition,),) = parse(
        _soql.select(["Id"], "Account", [_soql.contains(["Name"], "5%_a")], "Id", 1)
    ).where
    assert isinstance(condition.value, tuple)
    assert likes(condition.value, "Rebate 5%_A plan") and not likes(condition.value, "Rebate 50xxa plan")


@pytest.mark.parametrize(
    "soql",
    [
        "SELECT Id FROM Contact WHERE Name = 'x' OR Name != '' ORDER BY Id LIMIT 5",
        "SELECT Id FROM Contact WHERE Name = 'half ORDER BY Id LIMIT 5",
        "SELECT Id FROM Contact WHERE Name = 'a\\qb' ORDER BY Id LIMIT 5",
        "SELECT Id FROM Contact WHERE Name = 'a\nb' ORDER BY Id LIMIT 5",
        "SELECT Id FROM Contact WHERE Name = 'a\\%b' ORDER BY Id LIMIT 5",
        "SELECT Id FROM Contact WHERE (Name LIKE 'a' ORDER BY Id LIMIT 5",
        "SELECT Id FROM Contact ORDER BY Id LIMIT 5 LIMIT 6",
        "SELECT Id FROM Contact LIMIT 5",
    ],
)
def test_the_witness_finds_a_text_that_broke_out(soql: str) -> None:
    with pytest.raises(SoqlError):
        parse(soql)


def test_the_witness_reads_wildcards_that_were_not_escaped() -> None:
    ((condition,),) = parse("SELECT Id FROM Contact WHERE Name LIKE 'a_b%' ORDER BY Id LIMIT 5").where
    assert condition.value == ("a", ONE, "b", ANY)
