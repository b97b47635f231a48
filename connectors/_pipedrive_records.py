"""Pipedrive's records: what an assistant gets to see of them, what Pipedrive answers, and the way between.

Sources and limits: `connectors/pipedrive.py`. Version 2 answers `data` and `additional_data.next_cursor`, version 1 `data`
(null where there is nothing) and `additional_data.pagination`. Ids are numbers. What a struct does not name is dropped:
Pipedrive lets a caller add fields and choose custom ones, but not leave out the usual ones.
"""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, Generic, TypeVar

import msgspec

T = TypeVar("T")

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Person(msgspec.Struct, frozen=True):
    id: int
    name: str | None
    emails: list[str]
    phones: list[str]
    organization: str | None


class FoundDeal(msgspec.Struct, frozen=True):
    """A deal as the search shows it: with names where the deal itself has ids."""

    id: int
    title: str | None
    value: float | int | None
    currency: str | None
    status: str | None
    stage: str | None
    person: str | None
    organization: str | None


class Deal(msgspec.Struct, frozen=True):
    """`stage_id` is what update_deal takes; `list_deal_stages` has the names."""

    id: int
    title: str | None
    value: float | int | None
    currency: str | None
    status: str | None
    stage_id: int | None
    closes_on: str | None
    person_id: int | None
    organization_id: int | None


class Stage(msgspec.Struct, frozen=True):
    id: int
    name: str
    pipeline_id: int | None


class Activity(msgspec.Struct, frozen=True):
    id: int
    subject: str | None
    type: str | None
    due_on: str | None
    due_time: str | None
    done: bool
    deal_id: int | None
    person_id: int | None


class Note(msgspec.Struct, frozen=True):
    """`text` is plain: Pipedrive keeps notes as HTML."""

    id: int
    text: str
    author: str | None
    added_at: str | None


class AddedNote(msgspec.Struct, frozen=True):
    id: int
    deal_id: int | None
    person_id: int | None


# ---- what Pipedrive answers ----------------------------------------------------------------------------------


class More(msgspec.Struct, frozen=True):
    next_cursor: str | None = None


class Many(msgspec.Struct, Generic[T], frozen=True):
    """A page of version 2."""

    data: list[T] | None = None
    additional_data: More | None = None

    @property
    def items(self) -> list[T]:
        return self.data or []

    @property
    def next(self) -> str | None:
        return (self.additional_data.next_cursor or None) if self.additional_data else None


class One(msgspec.Struct, Generic[T], frozen=True):
    data: T


class Hit(msgspec.Struct, Generic[T], frozen=True):
    item: T


class Hits(msgspec.Struct, Generic[T], frozen=True):
    items: list[Hit[T]] = []


class Found(msgspec.Struct, Generic[T], frozen=True):
    """A page of a search, best match first."""

    data: Hits[T] | None = None
    additional_data: More | None = None

    @property
    def items(self) -> list[T]:
        return [hit.item for hit in self.data.items] if self.data else []

    @property
    def next(self) -> str | None:
        return (self.additional_data.next_cursor or None) if self.additional_data else None


class Pagination(msgspec.Struct, frozen=True):
    more_items_in_collection: bool = False
    next_start: int | None = None


class OldMore(msgspec.Struct, frozen=True):
    pagination: Pagination | None = None


class OldMany(msgspec.Struct, Generic[T], frozen=True):
    """A page of version 1: by offset, and null in place of an empty list."""

    data: list[T] | None = None
    additional_data: OldMore | None = None

    @property
    def next(self) -> str | None:
        told = self.additional_data.pagination if self.additional_data else None
        more = told and told.more_items_in_collection and told.next_start is not None
        return str(told.next_start) if told and more else None


class Me(msgspec.Struct, frozen=True):
    id: int
    company_id: int
    name: str | None = None
    email: str | None = None
    company_name: str | None = None


class Named(msgspec.Struct, frozen=True):
    name: str | None = None


class PersonHit(msgspec.Struct, frozen=True):
    id: int
    name: str | None = None
    emails: list[str] = []
    phones: list[str] = []
    organization: Named | None = None


class DealHit(msgspec.Struct, frozen=True):
    id: int
    title: str | None = None
    value: float | int | None = None
    currency: str | None = None
    status: str | None = None
    stage: Named | None = None
    person: Named | None = None
    organization: Named | None = None


class WireDeal(msgspec.Struct, frozen=True):
    id: int
    title: str | None = None
    value: float | int | None = None
    currency: str | None = None
    status: str | None = None
    stage_id: int | None = None
    expected_close_date: str | None = None
    person_id: int | None = None
    org_id: int | None = None


class WireStage(msgspec.Struct, frozen=True):
    id: int
    name: str
    pipeline_id: int | None = None
    is_deleted: bool = False


class WireActivity(msgspec.Struct, frozen=True):
    id: int
    subject: str | None = None
    type: str | None = None
    due_date: str | None = None
    due_time: str | None = None
    done: bool = False
    deal_id: int | None = None
    person_id: int | None = None


class WireNote(msgspec.Struct, frozen=True):
    id: int
    content: str | None = None
    user: Named | None = None
    add_time: str | None = None
    deal_id: int | None = None
    person_id: int | None = None


def _name(of: Named | None) -> str | None:
    return of.name if of else None


def person(hit: PersonHit) -> Person:
    return Person(hit.id, hit.name, hit.emails, hit.phones, _name(hit.organization))


def found_deal(hit: DealHit) -> FoundDeal:
    names = [_name(one) for one in (hit.stage, hit.person, hit.organization)]
    return FoundDeal(hit.id, hit.title, hit.value, hit.currency, hit.status, *names)


def deal(wire: WireDeal) -> Deal:
    return Deal(
        wire.id, wire.title, wire.value, wire.currency, wire.status, wire.stage_id,
        wire.expected_close_date, wire.person_id, wire.org_id,
    )  # fmt: skip


def stage(wire: WireStage) -> Stage:
    return Stage(wire.id, wire.name, wire.pipeline_id)


def activity(wire: WireActivity) -> Activity:
    return Activity(
        wire.id, wire.subject, wire.type, wire.due_date, wire.due_time or None, wire.done, wire.deal_id,
        wire.person_id,
    )  # fmt: skip


def note(wire: WireNote) -> Note:
    return Note(wire.id, plain(wire.content or ""), _name(wire.user), wire.add_time)


# ---- text ----------------------------------------------------------------------------------------------------

_BREAKS = frozenset({"br", "p", "div", "li", "ul", "ol", "tr", "h1", "h2", "h3", "h4", "blockquote"})
_UNSEEN = frozenset({"script", "style"})


class _Text(HTMLParser):
    """Collects what a reader of the page would see."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._unseen = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self._unseen += tag in _UNSEEN
        if tag in _BREAKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _UNSEEN and self._unseen:
            self._unseen -= 1
        if tag in _BREAKS and tag != "br":
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.parts.append(data)


def plain(markup: str) -> str:
    """The text of a note: lines kept, blanks between them closed up, links and pictures gone."""
    reader = _Text()
    reader.feed(markup)
    reader.close()
    lines = (" ".join(line.split()) for line in "".join(reader.parts).splitlines())
    return "\n".join(line for line in lines if line)
