"""A CSRF token belongs to one cookie and one page."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.browsers import check_csrf, csrf_token
from core.errors import BadCsrf
from core.ids import new_token
from core.secret import Secret


def test_the_token_of_this_cookie_and_page_is_taken() -> None:
    cookie = new_token()
    check_csrf(cookie, "cs_1", csrf_token(cookie, "cs_1"))


@given(st.none() | st.text(max_size=70))
def test_anything_else_is_refused(token: str | None) -> None:
    with pytest.raises(BadCsrf):
        check_csrf(Secret("cookie"), "cs_1", token)


def test_another_cookie_or_page_or_none_is_refused() -> None:
    cookie, other = new_token(), new_token()
    for held, page, token in (
        (other, "cs_1", csrf_token(cookie, "cs_1")),
        (cookie, "cs_2", csrf_token(cookie, "cs_1")),
        (None, "cs_1", csrf_token(cookie, "cs_1")),
        (cookie, "cs_1", ""),
    ):
        with pytest.raises(BadCsrf):
            check_csrf(held, page, token)


def test_the_token_does_not_show_the_cookie() -> None:
    cookie = new_token()
    assert cookie.reveal() not in csrf_token(cookie, "cs_1")
