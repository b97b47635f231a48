"""Waiting for something that happens soon, instead of sleeping for as long as it might take."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def until(look: Callable[[], T], *, within_s: float = 10.0, what: str = "it") -> T:
    """The first truthy value `look()` gives. AssertionError with the last one when time is up."""
    deadline = time.monotonic() + within_s
    while True:
        value = look()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s} s; last seen: {value!r}"
        time.sleep(0.05)


async def until_async(look: Callable[[], T], *, within_s: float = 10.0, what: str = "it") -> T:
    """As `until`, for what happens in this event loop."""
    deadline = time.monotonic() + within_s
    while True:
        value = look()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not happen within {within_s} s; last seen: {value!r}"
        await asyncio.sleep(0.005)
