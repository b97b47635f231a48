"""Lists: a page of items, and the cursor that asks for the next."""

from __future__ import annotations

import base64
import binascii
from typing import Any, Generic, TypeVar

import msgspec

from core.errors import InvalidCursor

T = TypeVar("T")


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list. `next`: pass it as `cursor` for the following page; null on the last."""

    items: list[T]
    next: str | None = None


def encode_cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Any:
    """Raises InvalidCursor for anything this service did not make."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(text)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        raise InvalidCursor("Start the list again without it.") from None
