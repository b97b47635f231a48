from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.authserver.errors import InvalidScope
from core.authserver.redirects import matches
from core.authserver.scopes import parse, within

NAMES = st.text(
    st.characters(codec="ascii", categories=["L", "N", "P"], exclude_characters='"\\ '), min_size=1
)


@given(st.lists(NAMES, min_size=1))
def test_a_scope_list_keeps_its_order_and_names_each_once(names):
    assert parse(" ".join(names)) == tuple(dict.fromkeys(names))


@given(st.lists(NAMES, min_size=1), st.sets(NAMES))
def test_what_passes_is_part_of_what_is_allowed(names, allowed):
    try:
        assert set(within(tuple(names), allowed)) <= allowed
    except InvalidScope:
        assert not set(names) <= allowed


@pytest.mark.parametrize("text", ["", " ", "a\tb", "a\nb", 'a"b', "a\\b", "\u00e4", "a\x00"])
def test_what_cannot_be_a_scope_is_refused(text):
    with pytest.raises(InvalidScope):
        parse(text)


@given(st.text())
def test_no_text_but_the_registered_one_matches(sent):
    registered = ("https://app.example/callback", "http://127.0.0.1/cb")
    assert matches(sent, registered, loopback_ports=False) is (sent in registered)


@given(st.integers(0, 65_535), st.text())
def test_of_a_loopback_address_only_the_port_is_free(port, rest):
    sent = f"http://127.0.0.1:{port}/cb{rest}"
    assert matches(sent, ("http://127.0.0.1/cb",), loopback_ports=True) is (rest == "")
