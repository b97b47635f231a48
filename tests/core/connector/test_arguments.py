"""The check of arguments: every fault is named with its path, and what passes fits the schema that was shown."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from core.connector import Api, Limit
from core.connector.tool import Tool
from core.errors import InvalidArguments
from tests.core.connector.acme import Contact


class Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    name: str
    amount: Annotated[int, msgspec.Meta(ge=1)]
    parts: list[Line] = []


async def order(
    api: Api,
    items: Annotated[list[Line], msgspec.Meta(max_length=3)],
    stage: Literal["open", "won"] = "open",
    tags: dict[str, int] | None = None,
    limit: Limit = 10,
    note: Annotated[str, msgspec.Meta(max_length=20_000)] = "",
    short: str | None = None,
    words: list[str] | None = None,
    due: date | None = None,
) -> Contact:
    """Order."""
    return Contact("1")


TOOL = Tool("acme", order, risk="write", changes="orders")
VALIDATOR = Draft202012Validator(TOOL.input_schema)
GOOD: dict[str, Any] = {"items": [{"name": "x", "amount": 1}]}


def faults(arguments: Any) -> dict[str, str]:
    with pytest.raises(InvalidArguments) as caught:
        TOOL.check(arguments)
    return {fault["path"]: fault["message"] for fault in caught.value.fields["errors"]}


def test_good_arguments_come_back_decoded_with_the_defaults() -> None:
    checked = TOOL.check({**GOOD, "tags": {"a": 1}})
    assert checked["items"] == [Line("x", 1)]
    assert (checked["stage"], checked["tags"], checked["limit"], checked["short"]) == (
        "open",
        {"a": 1},
        10,
        None,
    )


def test_every_fault_is_named_with_its_path() -> None:
    items = [
        {"name": "x", "amount": 0},
        {"amount": "y", "parts": [{"name": 4, "amount": 1}]},
        {**GOOD["items"][0], "odd": 1},
    ]
    wrong = {"items": items, "stage": "lost", "tags": {"a/b": "x", "~": None}, "limit": 101, "scope": "admin"}
    assert faults(wrong) == {
        "/items/0/amount": "Expected int >= 1",
        "/items/1/name": "This argument is required",
        "/items/1/amount": "Expected int, got str",
        "/items/1/parts/0/name": "Expected str, got int",
        "/items/2/odd": "There is no such argument",
        "/stage": "Invalid enum value 'lost'",
        "/tags/a~1b": "Expected int, got str",
        "/tags/~0": "Expected int, got null",
        "/limit": "Expected int <= 100",
        "/scope": "There is no such argument",
    }


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({}, "/items"),
        ({"items": [GOOD["items"][0]] * 4}, "/items"),
        ({"items": None}, "/items"),
        ({**GOOD, "limit": True}, "/limit"),
        ({**GOOD, "limit": 1.5}, "/limit"),
        ({**GOOD, "limit": "10"}, "/limit"),
        ({**GOOD, "short": 4}, "/short"),
        ({**GOOD, "words": ["a", 4]}, "/words/1"),
        ({**GOOD, "short": "a\x00b"}, "/short"),
        ({**GOOD, "words": ["ok", "\x00"]}, "/words/1"),
        ({**GOOD, "tags": {"\x00": 1}}, "/tags"),
        ({**GOOD, "short": "x" * 10_001}, "/short"),
        ({**GOOD, "note": "x" * 20_001}, "/note"),
        ({**GOOD, "words": ["x" * 10_001]}, "/words/0"),
        ({"items": [{"name": "x" * 20_001, "amount": 1}]}, "/items/0/name"),
        ({**GOOD, "API": 1}, "/API"),
        ({**GOOD, "api": 1}, "/api"),
        ([], ""),
        ("x", ""),
        (None, ""),
    ],
)
def test_a_single_fault_has_the_path_where_it_stands(arguments: Any, path: str) -> None:
    assert list(faults(arguments)) == [path]


def test_text_may_be_as_long_as_the_schema_says() -> None:
    assert TOOL.check({**GOOD, "note": "x" * 20_000, "short": "x" * 10_000})
    properties = TOOL.input_schema["properties"]
    assert (properties["note"]["maxLength"], properties["short"]["anyOf"][0]["maxLength"]) == (20_000, 10_000)


def test_the_message_of_a_single_fault_is_the_detail() -> None:
    with pytest.raises(InvalidArguments, match=r"`/limit`: Expected int <= 100$"):
        TOOL.check({**GOOD, "limit": 1000})


@pytest.mark.parametrize(
    "arguments",
    [
        {"items": [], "note": "a\ud800"},
        {"items": [], "due": "\ud800"},
        {"items": [], "limit": "x", "due": "\ud800"},
        {"items": [], "stage": "\udfff"},
        {"items": [], "tags": {"\ud800": 1}},
        {"items": [{"name": "\ud800", "amount": 1}]},
        {"items": [], "\ud800": 1},
    ],
)
def test_half_a_surrogate_pair_is_refused_wherever_it_stands(arguments: dict[str, Any]) -> None:
    """No encoding carries it further, and msgspec itself stumbles over one where a date is wanted."""
    with pytest.raises(InvalidArguments) as caught:
        TOOL.check(arguments)
    assert "surrogate" in str(caught.value.fields["errors"])
    msgspec.json.encode(caught.value.fields)  # the refusal itself can be sent


def test_a_thousand_faults_are_not_all_told() -> None:
    with pytest.raises(InvalidArguments) as caught:
        TOOL.check({**GOOD, **{f"x{number}": 1 for number in range(1000)}})
    assert len(caught.value.fields["errors"]) == 100


LEAVES = st.none() | st.booleans() | st.integers(-5, 200) | st.floats(allow_nan=False) | st.text(max_size=3)
TREES = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
)
NAMES = st.sampled_from(["items", "stage", "tags", "limit", "note", "short", "words", "other"])
LINES = st.fixed_dictionaries({}, optional={"name": LEAVES, "amount": st.integers(-1, 3), "parts": TREES})
ARGUMENTS = st.dictionaries(NAMES, TREES | st.lists(LINES, max_size=4), max_size=5)


@given(ARGUMENTS)
def test_the_check_and_the_schema_that_was_shown_agree(arguments: dict[str, Any]) -> None:
    try:
        TOOL.check(arguments)
        passed = True
    except InvalidArguments as error:
        passed = False
        assert error.fields["errors"]
        nul = any("U+0000" in fault["message"] for fault in error.fields["errors"])
        integral = "float" in str(error.fields["errors"])
        if nul or integral:  # JSON Schema knows no NUL, and calls 1.0 an integer
            return
    assert VALIDATOR.is_valid(arguments) == passed
