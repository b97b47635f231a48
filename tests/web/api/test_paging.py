"""A list is read one longer than asked, cut, and followed by a cursor of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.errors import InvalidCursor
from web.api.paging import after_id, listing
from web.wire.listings import decode_cursor, encode_cursor


def test_a_cursor_of_another_list_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        after_id(encode_cursor([1, "gr_x"]))
    assert after_id(None) == ""


@given(st.lists(st.integers(), max_size=12), st.integers(1, 10))
def test_a_page_holds_at_most_what_was_asked_and_says_whether_there_is_more(
    rows: list[int], limit: int
) -> None:
    page = listing(rows[: limit + 1], limit, str, lambda row: row)
    assert page.items == [str(row) for row in rows[:limit]]
    assert (page.next is not None) == (len(rows) > limit)
    if page.next is not None:
        assert decode_cursor(page.next) == rows[limit - 1]


@given(st.text(max_size=40))
def test_a_made_up_cursor_is_refused_or_a_text(text: str) -> None:
    try:
        assert isinstance(after_id(text), str)
    except InvalidCursor:
        pass
