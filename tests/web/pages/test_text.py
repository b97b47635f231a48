"""What other people wrote cannot make a page read otherwise than it is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from web.pages import text


@pytest.mark.parametrize(
    "hidden", ["\u202e", "\u2066", "\u200b", "\u00ad", "\ufeff", "\x00", "\x1b", "\u061c", "\U000e0041"]
)
def test_characters_that_cannot_be_seen_are_taken_away(hidden: str) -> None:
    assert text.visible(f"pay{hidden}ment") == "payment"


@given(st.text())
def test_what_is_left_stays_as_it_is(value: str) -> None:
    once = text.visible(value)
    assert text.visible(once) == once


def test_letters_of_every_language_and_line_breaks_stay() -> None:
    kept = "Zoë Őri, 山田, Ζωή, مرحبا\nand\tso on 🙂"
    assert text.visible(kept) == kept


def test_somebody_elses_quotation_marks_do_not_end_the_quotation() -> None:
    assert text.quoted('He said "yes”') == "“He said ’yes’”"


def test_a_sentence_gets_one_full_stop_and_a_capital() -> None:
    assert [text.sentence(one) for one in ("reads deals", "Reads.", "Really?")] == [
        "Reads deals.",
        "Reads.",
        "Really?",
    ]


def test_a_name_always_has_the_same_ground() -> None:
    assert text.tint("Acme") == text.tint("Acme")
    assert text.tint("") in text._TINTS
