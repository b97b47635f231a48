"""What is wrong with a connector: where, what, and how to mend it. Collected, so that an author sees all of them at once."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import msgspec


class Problem(msgspec.Struct, frozen=True, order=True):
    file: str
    line: int
    what: str
    mend: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}: {self.mend}"


class Place(msgspec.Struct, frozen=True):
    """A line of an author's file."""

    file: str
    line: int

    def problem(self, what: str, mend: str) -> Problem:
        return Problem(self.file, self.line, what, mend)


def place_of(function: Callable[..., Any]) -> Place:
    """Where a function is written: the line of its `def` or first decorator."""
    code = inspect.unwrap(function).__code__
    return Place(code.co_filename, code.co_firstlineno)


def caller(depth: int = 2) -> Place:
    """The line that called the function which calls this."""
    frame = inspect.currentframe()
    for _ in range(depth):
        frame = frame.f_back if frame else None
    return Place(frame.f_code.co_filename, frame.f_lineno) if frame else Place("?", 0)
