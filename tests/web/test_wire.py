"""The wire forms: cursors come back as they went, bodies refuse what they do not know, examples fit."""

from __future__ import annotations

import base64
import importlib
import pkgutil
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

import web.wire
from core.errors import InvalidCursor
from web.wire.body import Body
from web.wire.connect_sessions import SessionIn
from web.wire.listings import decode_cursor, encode_cursor

for _form in pkgutil.iter_modules(web.wire.__path__, "web.wire."):
    importlib.import_module(_form.name)  # every body is known then, also that of a file no test names

VALUES = st.one_of(
    st.text(max_size=60), st.lists(st.one_of(st.text(max_size=30), st.integers(-(2**53), 2**53)), max_size=3)
)


@given(VALUES)
def test_a_cursor_comes_back_from_a_url_as_it_went(value: Any) -> None:
    cursor = encode_cursor(value)
    assert decode_cursor(cursor) == value
    assert set(cursor) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")


@given(st.text(max_size=40))
def test_a_made_up_cursor_is_refused_or_read_never_a_crash(text: str) -> None:
    try:
        decode_cursor(text)
    except InvalidCursor:
        pass


@pytest.mark.parametrize("form", Body.__subclasses__(), ids=lambda one: one.__name__)
def test_a_body_takes_its_own_examples_and_no_unknown_field(form: type[Body]) -> None:
    assert form.examples
    for example in form.examples:
        msgspec.convert(dict(example), form)
        with pytest.raises(msgspec.ValidationError, match="unknown field"):
            msgspec.convert({**example, "nonsense": 1}, form)


def test_a_tool_may_be_asked_for_by_name_or_with_a_reason() -> None:
    wish = {"user": {"id": "u"}, "connector": "c", "tools": ["c.a", {"tool": "c.b", "reason": "because"}]}
    by_name, with_reason = msgspec.convert(wish, SessionIn).tools
    assert by_name == "c.a"
    assert not isinstance(with_reason, str) and (with_reason.required, with_reason.reason) == (
        False,
        "because",
    )


def test_a_cursor_nested_without_end_is_refused() -> None:
    with pytest.raises(InvalidCursor):
        decode_cursor(base64.urlsafe_b64encode(b"[" * 1_500).decode())
