"""Text in JQL: whatever it is, the query keeps its form. The reader of `fakes/jql.py` is the witness."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import _jql
from tests.connectors.fakes.jql import Clause, JqlError, parse, unquoted

HOSTILE = [
    'x" OR project = "SEC',
    'x\\" OR project = SEC OR text ~ \\"',
    "x\\",
    "x' OR 'a'='a",
    "x) OR (project = SEC",
    "x ORDER BY created DESC",
    "*",
    "x* OR y?",
    "a AND NOT b OR c",
    '"exact phrase"',
    "x~0.5 ^4 +y -z !w",
    "line one\nline two\r\t\x0b\x0c\x85\u2028",
    "nul\0nul",
    "\ud800half",
    "bidi \u202e text \u200b zero",
    "naïve ЖЗ 漢字 🎉👩\u200d💻",
]  # fmt: skip
SYNTAX = set('"\\*?~^+-!|&(){}[]:/')
text = st.text(st.characters(), max_size=80) | st.sampled_from(HOSTILE)


@given(text)
@example('"')
@example("\\")
@example('\\"')
def test_a_literal_is_one_string_that_says_the_text(value: str) -> None:
    clauses, order = parse(f"project = {_jql.literal(value)} ORDER BY updated DESC")
    assert order == "updated DESC" and len(clauses) == 1
    said = clauses[0].value
    assert len(said) == len(value)
    assert all(one == other or one == " " for one, other in zip(said, value, strict=True))


@given(st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), max_size=80))
def test_a_literal_of_printable_text_loses_nothing(value: str) -> None:
    assert unquoted(_jql.literal(value)) == value


@given(text)
def test_a_search_is_one_clause_of_plain_words(value: str) -> None:
    clause = _jql.contains(value)
    if clause is None:
        assert not any(char.isalnum() for char in value)
        return
    (only,), order = parse(clause)
    assert (only.field, only.operator, order) == ("text", "~", "")
    assert not SYNTAX & set(only.value)
    assert not {"AND", "OR", "NOT"} & set(only.value.split())
    assert only.value == " ".join(only.value.split()) != ""


@given(text, text)
def test_a_text_stays_within_its_clause_among_others(one: str, other: str) -> None:
    first, second = _jql.literal(one), _jql.contains(other) or 'text ~ "x"'
    clauses, order = parse(f"project = {first} AND {second} AND statusCategory != Done ORDER BY duedate ASC")
    assert [clause.field for clause in clauses] == ["project", "text", "statuscategory"]
    assert clauses[2] == Clause("statuscategory", "!=", "Done") and order == "duedate ASC"


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Login Page", "login page"),
        ("C++ & C#", "c c"),
        ("ACME-7", "acme 7"),
        ("ada@acme.example", "ada acme.example"),
        ("don't", "don't"),
        ("  --  ", ""),
        ("🎉", ""),
        ("Straße 漢字", "straße 漢字"),
    ],
)
def test_words_are_what_a_person_would_call_words(value: str, words: str) -> None:
    assert _jql.words(value) == words


def test_the_witness_finds_a_text_that_broke_out() -> None:
    pasted = 'text ~ "x" OR project = "SEC"'
    with pytest.raises(JqlError):
        parse(pasted)
    with pytest.raises(JqlError):
        parse('text ~ "half')
