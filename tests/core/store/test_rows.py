"""Rows become structs by the declared types of their fields; a secret never becomes a parameter."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.secret import Secret
from core.store.rows import parameter, reader


class Inner(msgspec.Struct, frozen=True):
    a: int


class Row(msgspec.Struct, frozen=True):
    id: str
    kind: Literal["x", "y"]
    flag: bool
    maybe: str | None
    raw: bytes
    names: tuple[str, ...]
    inner: Inner | None
    detail: dict[str, Any]


TEXT = st.text(st.characters(codec="utf-8"), max_size=30)
ROWS = st.builds(
    Row,
    id=TEXT,
    kind=st.sampled_from(["x", "y"]),
    flag=st.booleans(),
    maybe=st.none() | TEXT,
    raw=st.binary(max_size=20),
    names=st.lists(TEXT, max_size=3).map(tuple),
    inner=st.none() | st.builds(Inner, st.integers(-(2**53), 2**53)),
    detail=st.dictionaries(TEXT, st.integers(-(2**53), 2**53) | TEXT | st.booleans() | st.none(), max_size=3),
)


@given(ROWS)
def test_a_struct_comes_back_from_its_columns(row: Row) -> None:
    columns = Row.__struct_fields__
    stored = [parameter(getattr(row, name)) for name in columns]
    assert all(isinstance(value, (str, int, bytes, type(None))) for value in stored)
    assert reader(Row, columns)(stored) == row


def test_the_order_of_the_columns_does_not_matter() -> None:
    class Pair(msgspec.Struct, frozen=True):
        one: int
        two: tuple[str, ...]

    assert reader(Pair, ("two", "one"))(['["a"]', 1]) == Pair(1, ("a",))


def test_a_plain_type_takes_the_first_column_and_dict_takes_all() -> None:
    assert reader(int, ("count",))([3]) == 3
    assert reader(str, ("id", "x"))(["ws_1", 2]) == "ws_1"
    assert reader(dict, ("id", "x"))(["ws_1", 2]) == {"id": "ws_1", "x": 2}


def test_a_column_the_struct_does_not_know_is_an_error() -> None:
    with pytest.raises(KeyError):
        reader(Inner, ("a", "b"))([1, 2])


def test_a_secret_is_refused_wherever_it_is() -> None:
    with pytest.raises(TypeError, match="seal it first"):
        parameter(Secret("x"))
    with pytest.raises(TypeError):
        parameter({"token": Secret("x")})
