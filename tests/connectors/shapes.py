"""What of a request is decided by the connector, not by the argument's text: its shape.

Two requests have one shape when method, host, path but for the segment that holds the argument, the names of query parameters
and the members of the body agree, and when what stands around the text, in a query of some language, still stands around it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

import httpx

Place = tuple[str, ...]
MARK = "zqxmarker"


@dataclass(frozen=True)
class Shape:
    """`places`: where a value stands, in query and body (a list's items are one place); `values`: what stands there."""

    method: str
    host: str
    path: tuple[str, ...]
    values: tuple[tuple[Place, str], ...]

    @property
    def places(self) -> frozenset[Place]:
        return frozenset(place for place, _ in self.values)

    @property
    def endpoint(self) -> tuple[str, str, int]:
        return self.method, self.host, len(self.path)


def of(request: httpx.Request) -> Shape:
    path, _, query = request.url.raw_path.decode("ascii").partition("?")
    values = [(("query", name), value) for name, value in parse_qsl(query, keep_blank_values=True)]
    return Shape(request.method, request.url.host, tuple(path.split("/")), (*values, *_body(request)))


def _body(request: httpx.Request) -> Iterator[tuple[Place, str]]:
    if request.headers.get("content-type") == "application/json":
        yield from _leaves(json.loads(request.content), ("body",))
    elif request.content:
        for name, value in parse_qsl(request.content.decode(), keep_blank_values=True):
            yield ("form", name), value


def _leaves(node: Any, place: Place) -> Iterator[tuple[Place, str]]:
    if isinstance(node, dict):
        for name, value in node.items():
            yield from _leaves(value, (*place, name))
    elif isinstance(node, list):
        for value in node:
            yield from _leaves(value, (*place, "[]"))
    else:
        yield place, node if isinstance(node, str) else type(node).__name__


# ---- comparing -----------------------------------------------------------------------------------------------


def faults(found: Shape, harmless: list[Shape], marker: str) -> list[str]:
    """What of `found` is in none of the harmless requests to the same place. `marker`: the text the first of those carries."""
    alike = [one for one in harmless if one.endpoint == found.endpoint and _same_path(one, found, marker)]
    if not alike:
        return [f"another endpoint: {found.method} {found.host}{'/'.join(found.path)[:200]}"]
    allowed = frozenset[Place]().union(*(one.places for one in alike))
    certain = frozenset[Place].intersection(*(one.places for one in alike))
    told = [f"new places {sorted(found.places - allowed)[:3]}"] if found.places - allowed else []
    told += [f"lost places {sorted(certain - found.places)[:3]}"] if certain - found.places else []
    return told + list(_loosened(found, alike, marker))


def _same_path(harmless: Shape, found: Shape, marker: str) -> bool:
    return all(
        mine == theirs or (_is_of(theirs, marker) and not _climbs(mine))
        for mine, theirs in zip(found.path, harmless.path, strict=True)
    )


def _is_of(segment: str, marker: str) -> bool:
    """Whether a segment is the argument, or one of the parts it has (`owner/name`)."""
    plain, text = unquote(segment).lower(), marker.lower()
    return bool(plain and text) and (text in plain or plain in text.split("/"))


def _climbs(segment: str) -> bool:
    """Whether a segment is none, or a step upwards for whoever decodes it."""
    return not segment or any(step in (".", "..") for step in re.split(r"[/\\]", unquote(unquote(segment))))


def _loosened(found: Shape, harmless: list[Shape], marker: str) -> Iterator[str]:
    """Values in which the text stands among words of the connector's own, and those words changed."""
    for place, value in found.values:
        known = {one for shape in harmless for where, one in shape.values if where == place}
        mixed = [one for one in known if marker and marker in one]
        if not mixed or marker in known:
            continue  # the text does not get there, or nothing else stands there
        allowed = _joints(mixed) if _asks(place) else None
        if not (_kept(mixed, marker, value, allowed) or skeleton(value) in {skeleton(one) for one in known}):
            yield f"{place}: {value[:300]!r} is not like {mixed[0]!r}"


def _asks(place: Place) -> bool:
    """Whether what stands there is read as a query, not kept as a text."""
    return place[0] == "query" or place[-1] in ("q", "query", "jql", "select_query", "filter", "search")


def _joints(mixed: list[str]) -> set[str]:
    """The signs the connector itself writes around and between the words of a harmless text."""
    return {sign for one in mixed for sign in re.findall(r"[^\w\s]", one)}


def _around(value: str, marker: str) -> tuple[str, str]:
    return value[: value.index(marker)], value[value.rindex(marker) + len(marker) :]


def _middle(value: str, before: str, after: str) -> str:
    return value[len(before) : len(value) - len(after)]


def _kept(mixed: list[str], marker: str, value: str, allowed: set[str] | None) -> bool:
    """Whether the value begins and ends as one of these does around the text, where that is in no quotes. In a query no sign
    may stand there that is not `allowed` or of a word, and right behind a `:` or `=` one word only."""
    for one in mixed:
        before, after = _around(one, marker)
        long_enough = len(value) >= len(before) + len(after)
        if marker in skeleton(one) and long_enough and value.startswith(before) and value.endswith(after):
            middle = _middle(value, before, after)
            free = allowed is None or set(re.findall(r"[^\w\s]", middle)) <= allowed | set("-_.'’/@\u0300")
            if free and (not before.endswith((":", "=")) or re.fullmatch(r"[\w./@-]*", middle)):
                return True
    return False


def skeleton(query: str) -> str:
    """A query without what its quoted texts say. Quotes inside are written with a backslash or twice."""
    bare = re.sub(r"'(?:[^'\\]|\\.|'')*'|\"(?:[^\"\\]|\\.|\"\")*\"", "?", query, flags=re.DOTALL)
    return re.sub(r"\?(?:\s*\?)+", "?", bare)
