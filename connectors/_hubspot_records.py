"""HubSpot's records: what an assistant gets to see of them, what HubSpot answers, and the way from one to the other.

Sources and limits: `connectors/hubspot.py`. Property values are texts or null; a property nobody asked for is dropped.
"""

from __future__ import annotations

from typing import Any

import msgspec

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Contact(msgspec.Struct, frozen=True):
    id: str
    name: str | None
    email: str | None
    company: str | None


class ContactDetails(Contact, frozen=True):
    phone: str | None
    job_title: str | None


class Company(msgspec.Struct, frozen=True):
    id: str
    name: str | None
    domain: str | None
    city: str | None


class Deal(msgspec.Struct, frozen=True):
    """`stage` is the stage's id (`list_deal_stages` has the names), `amount` a number in the account's
    currency."""

    id: str
    name: str | None
    amount: str | None
    stage: str | None
    closes_on: str | None


class Stage(msgspec.Struct, frozen=True):
    id: str
    name: str
    pipeline: str
    closed: bool


class Task(msgspec.Struct, frozen=True):
    id: str
    subject: str | None
    status: str | None
    due_at: str | None
    priority: str | None


class Note(msgspec.Struct, frozen=True):
    id: str
    contact: str


# ---- what HubSpot answers ------------------------------------------------------------------------------------


class Record(msgspec.Struct, frozen=True):
    id: str
    properties: dict[str, str | None]

    def get(self, name: str) -> str | None:
        return self.properties.get(name) or None


class Next(msgspec.Struct, frozen=True):
    after: str


class Paging(msgspec.Struct, frozen=True):
    next: Next | None = None


class Found(msgspec.Struct, frozen=True):
    results: list[Record]
    paging: Paging | None = None

    @property
    def next(self) -> str | None:
        return self.paging.next.after if self.paging and self.paging.next else None


class Owner(msgspec.Struct, frozen=True):
    id: str


class Introspection(msgspec.Struct, frozen=True):
    active: bool
    hub_id: int
    user_id: int
    user: str
    hub_domain: str = ""


class WireStage(msgspec.Struct, frozen=True):
    id: str
    label: str
    metadata: dict[str, Any] = {}


class Pipeline(msgspec.Struct, frozen=True):
    label: str
    stages: list[WireStage]


class Pipelines(msgspec.Struct, frozen=True):
    results: list[Pipeline]


CONTACT = ("firstname", "lastname", "email", "company")
CONTACT_DETAILS = (*CONTACT, "phone", "jobtitle")
COMPANY = ("name", "domain", "city")
DEAL = ("dealname", "amount", "dealstage", "closedate")
TASK = ("hs_task_subject", "hs_task_status", "hs_timestamp", "hs_task_priority")


def name_of(record: Record) -> str | None:
    return " ".join(filter(None, (record.get("firstname"), record.get("lastname")))) or None


def contact(record: Record) -> Contact:
    return Contact(record.id, name_of(record), record.get("email"), record.get("company"))


def deal(record: Record) -> Deal:
    closes = record.get("closedate")
    stage, amount = record.get("dealstage"), record.get("amount")
    return Deal(record.id, record.get("dealname"), amount, stage, closes[:10] if closes else None)


def task(record: Record) -> Task:
    subject, status, due, priority = (record.get(name) for name in TASK)
    return Task(record.id, subject, status, due, priority)
