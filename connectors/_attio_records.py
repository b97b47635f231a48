"""Attio's records, tasks and notes: what an assistant gets to see of them, what Attio answers, and the way between.

Sources and limits: `connectors/attio.py`. Every attribute of a record is an array of versions, each with the time it came and
went (`active_from`, `active_until`) and who wrote it; which member holds the value depends on the attribute's type. Only
the attributes named below are looked at, so that an odd one of the workspace's own spoils nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")
Kind = Literal["people", "companies", "deals"]

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Hit(msgspec.Struct, frozen=True):
    """A record as the search shows it; `get_record` reads the rest."""

    id: str
    kind: str
    name: str | None


class Person(msgspec.Struct, frozen=True):
    id: str
    name: str | None
    email: str | None
    phone: str | None
    job_title: str | None
    company_id: str | None


class Deal(msgspec.Struct, frozen=True):
    id: str
    name: str | None
    stage: str | None
    value: float | int | None
    currency: str | None
    company_id: str | None


class Details(msgspec.Struct, frozen=True, omit_defaults=True):
    """A person, a company or a deal; what does not belong to its kind, or is not set, is left out."""

    id: str
    kind: str
    name: str | None = None
    url: str | None = None
    emails: list[str] = []
    phones: list[str] = []
    job_title: str | None = None
    company_id: str | None = None
    domains: list[str] = []
    description: str | None = None
    stage: str | None = None
    value: float | int | None = None
    currency: str | None = None
    people_ids: list[str] = []


class Task(msgspec.Struct, frozen=True):
    id: str
    text: str | None
    due_on: str | None
    done: bool
    record_ids: list[str]


class AddedNote(msgspec.Struct, frozen=True):
    id: str
    kind: str
    record_id: str


# ---- what Attio answers --------------------------------------------------------------------------------------


class One(msgspec.Struct, Generic[T], frozen=True):
    data: T


class Many(msgspec.Struct, Generic[T], frozen=True):
    data: list[T]


class RecordId(msgspec.Struct, frozen=True):
    record_id: str


class WireHit(msgspec.Struct, frozen=True):
    id: RecordId
    object_slug: str = ""
    record_text: str | None = None


class Record(msgspec.Struct, frozen=True):
    id: RecordId
    values: dict[str, Any]
    web_url: str | None = None


class TaskId(msgspec.Struct, frozen=True):
    task_id: str


class Linked(msgspec.Struct, frozen=True):
    target_record_id: str | None = None


class Assignee(msgspec.Struct, frozen=True):
    referenced_actor_id: str | None = None
    referenced_actor_type: str | None = None


class WireTask(msgspec.Struct, frozen=True):
    id: TaskId
    content_plaintext: str | None = None
    deadline_at: str | None = None
    is_completed: bool = False
    linked_records: list[Linked] = []
    assignees: list[Assignee] = []


class NoteId(msgspec.Struct, frozen=True):
    note_id: str


class WireNote(msgspec.Struct, frozen=True):
    id: NoteId


class Self(msgspec.Struct, frozen=True):
    """Whose token it is. A token that is not active has no other member."""

    active: bool
    scope: str = ""
    workspace_id: str | None = None
    workspace_name: str | None = None
    authorized_by_workspace_member_id: str | None = None


class Member(msgspec.Struct, frozen=True):
    first_name: str | None = None
    last_name: str | None = None
    email_address: str | None = None


# ---- versions to values --------------------------------------------------------------------------------------

# the member that holds the value, by the attribute's type; a pair: the member of a member
_HOLDS: Mapping[str, tuple[str, ...]] = {
    "personal-name": ("full_name",),
    "email-address": ("email_address",),
    "phone-number": ("phone_number",),
    "domain": ("domain",),
    "currency": ("currency_value",),
    "select": ("option", "title"),
    "status": ("status", "title"),
    "record-reference": ("target_record_id",),
    "actor-reference": ("referenced_actor_id",),
}


def in_force(values: Mapping[str, Any], slug: str) -> list[Mapping[str, Any]]:
    """The versions of an attribute that hold now, of several values in the order Attio gives them."""
    versions = values.get(slug)
    if not isinstance(versions, list):
        return []
    return [one for one in versions if isinstance(one, dict) and one.get("active_until") is None]


def plain(version: Mapping[str, Any]) -> str | int | float | bool | None:
    """What a version says; None for a type that has no one plain value (a location, an interaction)."""
    found: Any = version
    for member in _HOLDS.get(str(version.get("attribute_type")), ("value",)):
        found = found.get(member) if isinstance(found, dict) else None
    return found if isinstance(found, str | int | float) else None


def texts(values: Mapping[str, Any], slug: str) -> list[str]:
    found = (plain(version) for version in in_force(values, slug))
    return [value for value in found if isinstance(value, str) and value]


def text(values: Mapping[str, Any], slug: str) -> str | None:
    return next(iter(texts(values, slug)), None)


def money(values: Mapping[str, Any], slug: str) -> tuple[float | int | None, str | None]:
    """Amount and currency."""
    version = next(iter(in_force(values, slug)), {})
    amount, currency = plain(version), version.get("currency_code")
    is_number = isinstance(amount, int | float) and not isinstance(amount, bool)
    return (amount if is_number else None, currency if isinstance(currency, str) else None)  # type: ignore[return-value]


def hit(wire: WireHit) -> Hit:
    return Hit(wire.id.record_id, wire.object_slug, wire.record_text)


def person(record: Record) -> Person:
    slugs = ("name", "email_addresses", "phone_numbers", "job_title", "company")
    return Person(record.id.record_id, *(text(record.values, slug) for slug in slugs))


def deal(record: Record) -> Deal:
    values = record.values
    name, stage, company = (text(values, slug) for slug in ("name", "stage", "associated_company"))
    return Deal(record.id.record_id, name, stage, *money(values, "value"), company)


def details(record: Record, kind: Kind) -> Details:
    """Only what the kind has by Attio's own: a workspace's attribute of the same name elsewhere is not shown."""
    name = text(record.values, "name")
    return Details(record.id.record_id, kind, name, record.web_url, **_OWN[kind](record.values))


def _of_person(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "emails": texts(values, "email_addresses"),
        "phones": texts(values, "phone_numbers"),
        "job_title": text(values, "job_title"),
        "company_id": text(values, "company"),
        "description": text(values, "description"),
    }


def _of_company(values: Mapping[str, Any]) -> dict[str, Any]:
    return {"domains": texts(values, "domains"), "description": text(values, "description")}


def _of_deal(values: Mapping[str, Any]) -> dict[str, Any]:
    value, currency = money(values, "value")
    return {
        "stage": text(values, "stage"),
        "value": value,
        "currency": currency,
        "company_id": text(values, "associated_company"),
        "people_ids": texts(values, "associated_people"),
    }


_OWN: Mapping[Kind, Callable[[Mapping[str, Any]], dict[str, Any]]] = {
    "people": _of_person,
    "companies": _of_company,
    "deals": _of_deal,
}


def task(wire: WireTask) -> Task:
    linked = [one.target_record_id for one in wire.linked_records if one.target_record_id]
    due = wire.deadline_at[:10] if wire.deadline_at else None
    return Task(wire.id.task_id, wire.content_plaintext, due, wire.is_completed, linked)
