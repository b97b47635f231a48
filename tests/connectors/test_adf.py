"""Atlassian's document format, both ways."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _adf

json_value = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "text", "content", "attrs", "x"]), inner, max_size=4)
    ),
    max_leaves=12,
)


@given(st.text(max_size=200))
def test_text_becomes_a_document_of_paragraphs_and_nothing_else(text: str) -> None:
    document = _adf.document(text)
    json.dumps(document).encode()
    assert document["type"] == "doc" and document["version"] == 1
    for paragraph in document["content"]:
        assert paragraph["type"] == "paragraph"
        for leaf in paragraph["content"]:
            assert leaf == {"type": "hardBreak"} or (leaf["type"] == "text" and leaf["text"])


@given(st.lists(st.text("abc🎉<>&*_[]", min_size=1), min_size=1, max_size=5))
def test_lines_come_back_as_they_went(lines: list[str]) -> None:
    assert _adf.plain(_adf.document("\n".join(lines))) == "\n".join(lines)


def test_a_blank_line_starts_a_paragraph_and_blank_text_makes_none() -> None:
    assert len(_adf.document("a\nb\n\nc")["content"]) == 2
    assert _adf.document(" \n\n \0")["content"] == []


def test_what_no_wire_can_carry_is_left_out() -> None:
    assert _adf.plain(_adf.document("a\ud800b\0c")) == "abc"


def node(kind: str, *content: Any, **more: Any) -> dict[str, Any]:
    return {"type": kind, "content": list(content), **more}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


ITEMS = [node("listItem", node("paragraph", text(words))) for words in ("one", "two")]
CARD = {"type": "inlineCard", "attrs": {"url": "https://acme.example"}}


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ([node("heading", text("Title")), node("paragraph", text("Body"))], "Title\nBody"),
        ([node("bulletList", *ITEMS)], "- one\n- two"),
        ([node("paragraph", {"type": "mention", "attrs": {"id": "a1", "text": "@Ada"}})], "@Ada"),
        ([node("paragraph", CARD)], "https://acme.example"),
        ([node("mediaSingle", {"type": "media", "attrs": {"id": "x"}})], ""),
    ],
)
def test_a_document_reads_as_its_words(content: list[Any], expected: str) -> None:
    assert _adf.plain({"type": "doc", "version": 1, "content": content}) == expected


@given(json_value)
def test_anything_at_all_reads_as_some_text(value: Any) -> None:
    assert isinstance(_adf.plain(value), str)


def test_a_document_without_a_floor_is_read_down_to_a_depth() -> None:
    deep: dict[str, Any] = {"type": "text", "text": "bottom"}
    for _ in range(5000):
        deep = node("blockquote", deep)
    assert _adf.plain(deep) == ""
