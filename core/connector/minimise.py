"""From what a tool returned to what leaves the house: declared fields only, at most 256 kB, whole items.

A page keeps its own cursor: a page that was cut says so, and asking again with a smaller limit gives the rest.
"""

from __future__ import annotations

from typing import Any

import msgspec

from core.connector.results import Page
from core.connector.tool import Tool
from core.errors import ProviderError

MAX_BYTES = 256_000


class Minimised(msgspec.Struct, frozen=True):
    """`body`: the JSON of `result`; `next`: a page's cursor; `count`: how many items, for the user's activity list."""

    body: bytes
    truncated: bool
    next: str | None
    count: int


def minimise(tool: Tool, value: Any, max_bytes: int = MAX_BYTES) -> Minimised:
    """Raises ToolFailed when the value is not what the tool declares, ProviderError when nothing in it can be cut."""
    declared = tool.declared(value)
    following = declared.next if isinstance(declared, Page) else None
    shown = {"items": declared.items} if isinstance(declared, Page) else declared
    body = msgspec.json.encode(shown)
    if len(body) <= max_bytes:
        return Minimised(body, False, following, _count(shown))
    cut = _cut(msgspec.json.decode(body), len(body), max_bytes)
    return Minimised(msgspec.json.encode(cut), True, following, _count(cut))


def _count(shown: Any) -> int:
    if isinstance(shown, dict) and isinstance(shown.get("items"), list):
        return len(shown["items"])
    return len(shown) if isinstance(shown, list) else int(shown is not None)


def _cut(tree: Any, size: int, max_bytes: int) -> Any:
    """The tree with its heaviest list shortened until it fits, then the next. Changes `tree`."""
    while size > max_bytes:
        heaviest = max(_lists(tree), key=lambda found: found[0], default=(0, []))[1]
        if not heaviest:
            raise ProviderError(
                f"The answer is larger than {max_bytes // 1000} kB and holds no list: ask for less"
            )
        while size > max_bytes and heaviest:
            size -= len(msgspec.json.encode(heaviest.pop())) + (1 if heaviest else 0)
    return tree


def _lists(tree: Any, depth: int = 0) -> list[tuple[int, list[Any]]]:
    """Every list with its weight, but none inside a list: items are whole or gone."""
    if isinstance(tree, list):
        return [(len(msgspec.json.encode(tree)), tree)]
    if isinstance(tree, dict):
        return [found for value in tree.values() for found in _lists(value)]
    return []
