"""Text in a GitHub search: whatever it is, the qualifiers stay what they were. The reader of `fakes/github_search.py` is the
witness."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import _github_search as search
from tests.connectors.fakes.github_search import SearchError, parse

HOSTILE = [
    'x" repo:acme/secret "',
    'x\\" is:pull-request \\"',
    "x\\",
    "repo:acme/secret",
    "user:evil is:pull-request author:@me",
    "a OR b AND NOT c",
    "-label:bug",
    "(repo:acme/secret OR is:open)",
    "“x” repo:acme/secret „y‟",
    "state:closed\nrepo:acme/secret\r\t\x0b\x0c\x85\u2028",
    "nul\0nul",
    "\ud800half",
    "bidi \u202e text \u200b zero",
    "* ? #12 @ada !important $x ~y ^z",
    "naïve ЖЗ 漢字 🎉👩\u200d💻 don't a.b_c-d",
]  # fmt: skip
PLACE = {"is_": "issue", "state": "open", "repo": "acme/website"}
QUALIFIERS = (("is", "issue"), ("state", "open"), ("repo", "acme/website"))
text = st.text(st.characters(), max_size=80) | st.sampled_from(HOSTILE)


@given(text)
@example('"')
@example("\\")
@example('" repo:acme/secret')
@example("'' -- ..")
def test_no_text_adds_changes_or_removes_a_qualifier(value: str) -> None:
    query = search.query(value, **PLACE)
    if query is None:
        assert len(search.quoted(value)) > search.MAX_CHARS
        return
    found = parse(query)
    assert found.qualifiers == QUALIFIERS
    assert found.words == tuple(search.words(value))


@given(text)
def test_a_word_holds_nothing_that_could_be_syntax(value: str) -> None:
    for word in search.words(value):
        assert not set(word) & set('"\\:()<>=*?#@!$&|^~{}[]/,;`“”„‟') and word.isprintable()
        assert not word.startswith("-") and word == word.strip()


@given(st.text(st.characters(), max_size=30))
def test_a_qualifier_is_one_or_none(value: str) -> None:
    try:
        made = search.qualifier("repo", value)
    except ValueError:
        return
    assert parse(made).qualifiers == (("repo", value),) and parse(made).words == ()


@pytest.mark.parametrize(
    "value",
    ["", "a b", 'a"', "acme/x is:pr", "a:b", "acme/x/y", "-x", "@you", "@me x", "acme/", "é", "x\n", "*"],
)
def test_a_value_that_could_say_more_is_no_qualifier(value: str) -> None:
    with pytest.raises(ValueError):
        search.qualifier("user", value)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        ("Login Page", ["Login", "Page"]),
        ("C++ & C#", ["C", "C"]),
        ("v1.2-rc_3", ["v1.2-rc_3"]),
        ("ada@acme.example", ["ada", "acme.example"]),
        ("don't 'quote'", ["don't", "quote"]),
        ("  --  ", []),
        ("🎉", []),
        ("Straße 漢字", ["Straße", "漢字"]),
    ],
)
def test_words_are_what_a_person_would_call_words(value: str, words: list[str]) -> None:
    assert search.words(value) == words


def test_more_than_github_takes_is_no_query() -> None:
    assert search.query('x" ' * 333_334, is_="issue") is None
    assert search.query("a " * 64, is_="issue") is not None
    assert search.query("a " * 65, is_="issue") is None


@pytest.mark.parametrize(
    "query",
    ['"x" repo:acme/secret"', "x", 'is:issue  "x"', '"a\\"', "label:bug", "is:issue is:issue", 'NOT "x"'],
)
def test_the_witness_finds_a_text_that_broke_out(query: str) -> None:
    with pytest.raises(SearchError):
        parse(query)
