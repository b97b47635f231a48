"""What leaves the house: declared fields, whole items, never broken JSON."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.connector import Api, Page, minimise
from core.connector.tool import Tool
from core.errors import ProviderError, ToolFailed
from core.secret import Secret
from tests.core.connector.acme import Contact


class Note(msgspec.Struct, frozen=True):
    text: str


class Deal(msgspec.Struct, frozen=True):
    name: str
    notes: list[Note] = []
    contacts: list[Contact] = []


class Wider(Contact, frozen=True):
    salary: int = 0


async def find(api: Api) -> Page[Note]:
    """Find."""
    return Page([])


async def listed(api: Api) -> list[Note]:
    """List."""
    return []


async def deal(api: Api) -> Deal:
    """Look."""
    return Deal("x")


async def contact(api: Api) -> Contact | None:
    """Look."""
    return None


def tool(function: Any) -> Tool:
    return Tool("acme", function, risk="read", sees="x")


FIND, LISTED, DEAL, CONTACT = tool(find), tool(listed), tool(deal), tool(contact)


def test_a_page_is_its_items_and_its_cursor_stands_apart() -> None:
    found = minimise(FIND, Page([Note("a"), Note("b")], "c2"))
    assert msgspec.json.decode(found.body) == {"items": [{"text": "a"}, {"text": "b"}]}
    assert (found.truncated, found.next, found.count) == (False, "c2", 2)


def test_items_are_counted_for_the_activity_list() -> None:
    assert minimise(LISTED, [Note("a"), Note("b")]).count == 2
    assert minimise(DEAL, Deal("x", [Note("a")])).count == 1
    assert minimise(CONTACT, None).count == 0


@pytest.mark.parametrize(
    "value", [{"id": "1", "email": None, "salary": 1}, Wider("1", None, 5)], ids=["a dict", "a wider struct"]
)
def test_what_the_tool_does_not_declare_does_not_leave(value: Any) -> None:
    assert msgspec.json.decode(minimise(CONTACT, value).body) == {"id": "1", "email": None}


@pytest.mark.parametrize(
    "value", [{"email": "x"}, [1], 5, Secret("s3cret"), object(), {"id": 5}, {"id": "1", "email": float}]
)
def test_a_value_of_another_form_is_the_connectors_fault(value: Any) -> None:
    with pytest.raises(ToolFailed) as caught:
        minimise(CONTACT, value)
    assert "s3cret" not in str(caught.value)


def test_a_result_up_to_the_limit_is_whole_and_one_byte_more_is_cut() -> None:
    page = Page([Note("x" * 50), Note("y" * 50)], "c2")
    size = len(minimise(FIND, page).body)
    assert not minimise(FIND, page, size).truncated
    cut = minimise(FIND, page, size - 1)
    assert (cut.truncated, cut.next, cut.count) == (True, "c2", 1)


def test_the_heaviest_list_inside_is_cut_and_the_rest_stays() -> None:
    value = Deal("x", [Note("n" * 100) for _ in range(50)], [Contact("1"), Contact("2")])
    found = msgspec.json.decode(minimise(DEAL, value, 1_000).body, type=Deal)
    assert found.name == "x" and found.contacts == [Contact("1"), Contact("2")]
    assert 0 < len(found.notes) < 50


def test_several_heavy_lists_are_cut_one_after_the_other() -> None:
    value = Deal("x", [Note("n" * 300)] * 3, [Contact("c" * 200)] * 3)
    cut = minimise(DEAL, value, 100)
    assert len(cut.body) <= 100 and msgspec.json.decode(cut.body, type=Deal).name == "x"


def test_one_thing_that_is_too_large_cannot_be_cut_and_is_an_error() -> None:
    with pytest.raises(ProviderError, match="ask for less"):
        minimise(CONTACT, Contact("x" * 300_000))


def test_the_usual_limit_is_256_kb() -> None:
    assert not minimise(FIND, Page([Note("x" * 100)] * 2_000)).truncated
    cut = minimise(FIND, Page([Note("x" * 100)] * 3_000))
    assert cut.truncated and 255_000 < len(cut.body) <= 256_000


TEXTS = st.lists(st.text(alphabet=st.sampled_from('ab"\\\né\U0001f600'), max_size=30), max_size=30)


@given(TEXTS, st.integers(20, 600))
def test_a_cut_page_is_whole_json_within_the_limit_and_a_beginning_of_the_page(
    texts: list[str], limit: int
) -> None:
    items = [Note(text) for text in texts]
    found = minimise(FIND, Page(items, "next"), limit)
    shown = msgspec.json.decode(found.body, type=Page[Note]).items
    assert len(found.body) <= limit
    assert shown == items[: found.count] and found.next == "next"
    assert found.truncated == (found.count < len(items))


@given(TEXTS, st.integers(20, 600))
def test_no_item_is_left_out_that_would_have_fitted(texts: list[str], limit: int) -> None:
    items = [Note(text) for text in texts]
    found = minimise(FIND, Page(items), limit)
    if found.truncated:
        assert len(msgspec.json.encode({"items": items[: found.count + 1]})) > limit
