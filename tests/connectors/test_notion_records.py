"""Notion's properties of any kind become plain values, and its blocks lines of text, whatever form they come in."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from connectors import _notion_blocks as blocks
from connectors import _notion_records as records
from tests.connectors.fakes import notion as fake
from tests.connectors.fakes.notion import uid

# ---- properties of any kind ----------------------------------------------------------------------------------

ADA = {"object": "user", "id": fake.ADA, "name": "Ada Byron", "type": "person"}
VALUES = [
    ({"type": "rich_text", "rich_text": [*fake.text("two "), *fake.text("words")]}, "two words"),
    ({"type": "number", "number": 2.5}, 2.5),
    ({"type": "number", "number": 0}, 0),
    ({"type": "number", "number": None}, None),
    ({"type": "checkbox", "checkbox": False}, False),
    (fake.choice("select", "Red"), "Red"),
    ({"type": "select", "select": None}, None),
    ({"type": "multi_select", "multi_select": [{"id": "1", "name": "a"}, {"id": "2", "name": "b"}]}, ["a", "b"]),
    ({"type": "date", "date": {"start": "2026-12-01", "end": "2026-12-03"}}, "2026-12-01/2026-12-03"),
    ({"type": "people", "people": [ADA, {"object": "user", "id": fake.BEN}]}, ["Ada Byron", fake.BEN]),
    ({"type": "files", "files": [{"name": "a.pdf", "file": {"url": "https://secret"}}]}, ["a.pdf"]),
    ({"type": "relation", "relation": [{"id": uid(1)}], "has_more": False}, [uid(1)]),
    ({"type": "url", "url": "https://acme.example"}, "https://acme.example"),
    ({"type": "email", "email": None}, None),
    ({"type": "created_by", "created_by": ADA}, "Ada Byron"),
    ({"type": "created_time", "created_time": "2026-11-01T09:00:00.000Z"}, "2026-11-01T09:00:00.000Z"),
    ({"type": "unique_id", "unique_id": {"prefix": "TASK", "number": 7}}, "TASK-7"),
    ({"type": "unique_id", "unique_id": {"prefix": None, "number": 7}}, "7"),
    ({"type": "formula", "formula": {"type": "string", "string": "late"}}, "late"),
    ({"type": "formula", "formula": {"type": "boolean", "boolean": True}}, True),
    ({"type": "formula", "formula": {"type": "date", "date": {"start": "2026-12-01"}}}, "2026-12-01"),
    ({"type": "rollup", "rollup": {"type": "number", "number": 12, "function": "sum"}}, 12),
    (
        {"type": "rollup", "rollup": {"type": "array", "array": [
            {"type": "number", "number": 1}, {"type": "checkbox", "checkbox": True}, fake.choice("status", "Open"),
            {"type": "people", "people": [ADA]}, {"type": "number", "number": None},
        ]}},
        ["1", "yes", "Open", "Ada Byron"],
    ),
    ({"type": "verification", "verification": {"state": "verified"}}, "verified"),
    ({"type": "place", "place": {"lat": 1.0, "lon": 2.0, "name": None, "address": "12 Loom Lane"}}, "12 Loom Lane"),
    ({"type": "button", "button": {}}, None),
    ({"type": "brand_new", "brand_new": {"x": 1}}, None),
]  # fmt: skip


@pytest.mark.parametrize(("prop", "expected"), VALUES, ids=lambda one: str(one)[:40])
def test_a_property_becomes_a_plain_value(prop: dict[str, Any], expected: Any) -> None:
    got = records.value({"id": "x", **prop})
    assert got == expected and type(got) is type(expected)


_leaves = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=5)
_names = st.sampled_from([*records._READERS, "type", "name", "id"])
anything = st.recursive(
    _leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=3),
    max_leaves=8,
)


@given(st.sampled_from(sorted(records._READERS)), anything)
def test_a_property_in_an_odd_form_is_no_traceback(kind: str, content: Any) -> None:
    got = records.value({"type": kind, kind: content})
    msgspec.convert(got, records.Value)


def test_a_property_that_holds_itself_without_end_is_read_to_its_first_level() -> None:
    deep: dict[str, Any] = {"type": "number", "number": 1}
    for _ in range(5_000):
        deep = {"type": "formula", "formula": deep}
    assert records.value(deep) is None
    for _ in range(5_000):
        deep = {"type": "rollup", "rollup": {"type": "array", "array": [deep]}}
    assert records.value(deep) == []


# ---- text in and out -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (fake.line(1, "paragraph", "Plain"), "Plain"),
        (fake.line(1, "heading_2", "Part"), "## Part"),
        (fake.line(1, "bulleted_list_item", "one"), "- one"),
        (fake.line(1, "numbered_list_item", "one"), "1. one"),
        (fake.line(1, "to_do", "later", checked=False), "[ ] later"),
        (fake.line(1, "quote", "said"), "> said"),
        (fake.line(1, "code", "x = 1", language="python"), "x = 1"),
        ({"type": "divider", "divider": {}}, "---"),
        ({"type": "equation", "equation": {"expression": "e=mc^2"}}, "e=mc^2"),
        ({"type": "child_page", "child_page": {"title": "Below"}}, "Below"),
        ({"type": "table_row", "table_row": {"cells": [fake.text("a"), fake.text("b")]}}, "a | b"),
        ({"type": "bookmark", "bookmark": {"caption": fake.text("see"), "url": "https://acme.example"}}, "see https://acme.example"),
        ({"type": "image", "image": {"caption": fake.text("A loom"), "file": {"url": "https://secret"}}}, "A loom"),
        ({"type": "unsupported", "unsupported": {}}, ""),
        ({"type": "paragraph", "paragraph": None}, ""),
        (None, ""),
    ],
)  # fmt: skip
def test_a_block_is_read_as_a_line(block: Any, expected: str) -> None:
    assert blocks.line(block) == expected


@given(st.text(max_size=5_000))
@example("🧵" * 2_500)
@example("x" * 1_999 + "🧵")
@example("a\0b\ud800")
def test_what_is_written_as_rich_text_is_read_back(text: str) -> None:
    written = blocks.rich(text)
    assert blocks.plain(written) == text.encode("utf-8", "ignore").decode().replace("\0", "")
    pieces = [one["text"]["content"] for one in written]
    assert all(0 < len(piece.encode("utf-16-le")) // 2 <= blocks.LONGEST_TEXT for piece in pieces)


@given(st.text(alphabet="ab\n\r🧵", max_size=300))
def test_paragraphs_keep_every_word(text: str) -> None:
    written = blocks.paragraphs(text)
    read = "".join(blocks.line(one) for one in written)
    assert [char for char in read if char in "ab🧵"] == [char for char in text if char in "ab🧵"]
    assert all(one["type"] == "paragraph" for one in written)
