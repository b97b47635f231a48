"""`?limit=1..200&cursor=` of every list, and cutting a list that was read one longer than asked."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from litestar.params import QueryParameter

from core.errors import InvalidCursor
from web.wire.listings import Listing, decode_cursor, encode_cursor

T = TypeVar("T")
R = TypeVar("R")

DEFAULT_LIMIT = 50
Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many items at most")]
Cursor = Annotated[
    str | None, QueryParameter(description="`next` of the page before", min_length=1, max_length=2_000)
]


def listing(rows: list[T], limit: int, show: Callable[[T], R], cursor_of: Callable[[T], Any]) -> Listing[R]:
    """`rows` were read with `limit + 1`: the one too many says that there is a next page."""
    more = len(rows) > limit
    shown = rows[:limit]
    return Listing([show(row) for row in shown], encode_cursor(cursor_of(shown[-1])) if more else None)


def after_id(cursor: str | None) -> str:
    """The id of a list that runs by id; empty for the beginning. Raises InvalidCursor."""
    if cursor is None:
        return ""
    value = decode_cursor(cursor)
    if not isinstance(value, str):
        raise InvalidCursor("This cursor belongs to another list. Start again without it.")
    return value
