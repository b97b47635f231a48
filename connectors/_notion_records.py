"""Notion's pages, entries, blocks and comments: what an assistant gets to see of them, what Notion answers, and
the way between.

Sources and limits: `connectors/notion.py`. A property of any kind becomes a text, a number, yes or no, or a list
of texts; of a kind that is not known, nothing. A name is shown where Notion tells it, else the person's id.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from connectors import _notion_blocks as blocks

Value = str | float | bool | list[str] | None

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Found(msgspec.Struct, frozen=True):
    """`kind`: `page`, or `data_source`, the table of a database that list_entries reads."""

    id: str
    kind: str
    title: str
    url: str | None
    edited_at: str | None


class Entry(msgspec.Struct, frozen=True):
    """A page with its properties. A date is `2026-12-01`, a span `2026-12-01/2026-12-03`."""

    id: str
    title: str
    url: str | None
    edited_at: str | None
    properties: dict[str, Value]


class Block(msgspec.Struct, frozen=True):
    """A line of a page. `more_inside`: read_page with this id shows what is folded or indented below it."""

    id: str
    kind: str
    text: str
    more_inside: bool


class Comment(msgspec.Struct, frozen=True):
    """`author` is empty where the integration may not see names."""

    id: str
    text: str
    author: str | None
    created_at: str | None


class Created(msgspec.Struct, frozen=True):
    id: str
    url: str


class Changed(msgspec.Struct, frozen=True):
    page: str
    property: str
    value: Value


class CreatedComment(msgspec.Struct, frozen=True):
    id: str
    page: str


# ---- what Notion answers -------------------------------------------------------------------------------------

Property = dict[str, Any]


class Paged(msgspec.Struct, frozen=True, kw_only=True):
    """Notion's lists: the cursor counts only while there is more."""

    has_more: bool = False
    next_cursor: str | None = None

    @property
    def next(self) -> str | None:
        return self.next_cursor if self.has_more else None


class Parent(msgspec.Struct, frozen=True):
    data_source_id: str | None = None


class WirePage(msgspec.Struct, frozen=True):
    """A page or, in a search, a data source; all but the id may be missing where the integration may not read."""

    id: str
    object: str = "page"
    url: str | None = None
    last_edited_time: str | None = None
    in_trash: bool = False
    properties: dict[str, Property] = {}
    title: list[Any] = []
    parent: Parent | None = None


class FoundPages(Paged, frozen=True, kw_only=True):
    results: list[WirePage]


class FoundBlocks(Paged, frozen=True, kw_only=True):
    results: list[dict[str, Any]]


class Person(msgspec.Struct, frozen=True):
    email: str | None = None


class User(msgspec.Struct, frozen=True):
    id: str
    name: str | None = None
    person: Person | None = None


class WireComment(msgspec.Struct, frozen=True):
    id: str
    rich_text: list[Any] = []
    created_time: str | None = None
    created_by: User | None = None


class FoundComments(Paged, frozen=True, kw_only=True):
    results: list[WireComment]


class WireId(msgspec.Struct, frozen=True):
    id: str


class Column(msgspec.Struct, frozen=True):
    """A property of a data source. `select`, `status`: what can be chosen."""

    id: str
    type: str
    select: dict[str, Any] | None = None
    status: dict[str, Any] | None = None

    @property
    def choices(self) -> list[str]:
        options = ((self.select or self.status) or {}).get("options")
        found = options if isinstance(options, list) else []
        return [one["name"] for one in found if isinstance(one, dict) and isinstance(one.get("name"), str)]


class DataSource(msgspec.Struct, frozen=True):
    properties: dict[str, Column]


class Owner(msgspec.Struct, frozen=True):
    user: User | None = None


class Bot(msgspec.Struct, frozen=True):
    owner: Owner | None = None
    workspace_name: str | None = None
    workspace_id: str | None = None


class Me(msgspec.Struct, frozen=True):
    id: str
    bot: Bot | None = None


# ---- from one to the other -----------------------------------------------------------------------------------


def found(page: WirePage) -> Found:
    title = blocks.plain(page.title) if page.object == "data_source" else title_of(page)
    return Found(page.id, page.object, title, page.url, page.last_edited_time)


def entry(page: WirePage) -> Entry:
    values = {
        name: value(one)
        for name, one in page.properties.items()
        if one.get("type") not in ("title", "button")
    }
    return Entry(page.id, title_of(page), page.url, page.last_edited_time, values)


def title_of(page: WirePage) -> str:
    titles = [one.get("title") for one in page.properties.values() if one.get("type") == "title"]
    return blocks.plain(titles[0]) if titles else ""


def block(wire: Mapping[str, Any]) -> Block:
    id, kind, inside = wire.get("id"), wire.get("type"), wire.get("has_children") is True
    return Block(str(id), str(kind), blocks.line(wire), inside)


def comment(wire: WireComment) -> Comment:
    author = wire.created_by.name if wire.created_by else None
    return Comment(wire.id, blocks.plain(wire.rich_text), author, wire.created_time)


def value(prop: Any) -> Value:
    """A property, or what a formula or rollup came to, as a plain value; None for what is not known or odd."""
    if not isinstance(prop, dict):
        return None
    kind = str(prop.get("type"))
    told = prop.get(kind)
    reader = _READERS.get(kind)
    return reader(told) if reader and told is not None else None


def _text(told: Any) -> str | None:
    return told if isinstance(told, str) else None


def _number(told: Any) -> float | None:
    return told if isinstance(told, int | float) and not isinstance(told, bool) else None


def _yes_or_no(told: Any) -> bool | None:
    return told if isinstance(told, bool) else None


def _name(told: Any) -> str | None:
    """The name of an option, a person or a file, else its id."""
    if not isinstance(told, dict):
        return None
    return _text(told.get("name")) or _text(told.get("id"))


def _names(told: Any) -> list[str]:
    found = [_name(one) for one in told] if isinstance(told, list) else []
    return [one for one in found if one]


def _date(told: Any) -> str | None:
    start, end = (told.get("start"), told.get("end")) if isinstance(told, dict) else (None, None)
    if not isinstance(start, str):
        return None
    return f"{start}/{end}" if isinstance(end, str) else start


def _unique_id(told: Any) -> str | None:
    if not isinstance(told, dict) or _number(told.get("number")) is None:
        return None
    return "-".join(filter(None, (_text(told.get("prefix")), str(told["number"]))))


def _result(told: Any) -> Value:
    """What a formula came to. Nothing composed is looked into, so that reading ends."""
    simple = isinstance(told, dict) and told.get("type") in ("string", "number", "boolean", "date")
    return value(told) if simple else None


def _rollup(told: Any) -> Value:
    """A rollup of a list shows each of its values as a text. Rollups inside are left out, so that reading ends."""
    inner = told.get("array") if isinstance(told, dict) and told.get("type") == "array" else None
    if not isinstance(inner, list):
        return _result(told)
    simple = [one for one in inner if isinstance(one, dict) and one.get("type") != "rollup"]
    return [shown for one in simple for shown in _shown(value(one))]


def _shown(told: Value) -> list[str]:
    if told is None or isinstance(told, list):
        return told or []
    return ["yes" if told else "no"] if isinstance(told, bool) else [str(told)]


def _place(told: Any) -> str | None:
    return _text(told.get("name")) or _text(told.get("address")) if isinstance(told, dict) else None


def _state(told: Any) -> str | None:
    return _text(told.get("state")) if isinstance(told, dict) else None


_READERS: dict[str, Callable[[Any], Value]] = {
    "title": blocks.plain, "rich_text": blocks.plain, "string": _text, "url": _text, "email": _text,
    "phone_number": _text, "created_time": _text, "last_edited_time": _text, "number": _number,
    "checkbox": _yes_or_no, "boolean": _yes_or_no, "select": _name, "status": _name, "multi_select": _names,
    "people": _names, "relation": _names, "files": _names, "created_by": _name, "last_edited_by": _name,
    "date": _date, "formula": _result, "rollup": _rollup, "unique_id": _unique_id, "place": _place,
    "verification": _state,
}  # fmt: skip
