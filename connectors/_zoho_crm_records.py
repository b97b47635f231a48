"""Zoho CRM's records: what an assistant gets to see of them, what Zoho answers, and the way between.

Sources and limits: `connectors/zoho_crm.py`. Field names are Zoho's API names; one nobody asked for is dropped.
"""

from __future__ import annotations

from typing import Generic, TypeVar

import msgspec

T = TypeVar("T")

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Contact(msgspec.Struct, frozen=True):
    id: str
    name: str | None
    email: str | None
    phone: str | None
    job_title: str | None
    account: str | None


class Company(msgspec.Struct, frozen=True):
    """An account, as Zoho CRM calls a company."""

    id: str
    name: str | None
    website: str | None
    city: str | None


class Deal(msgspec.Struct, frozen=True):
    """`amount` is in the currency of the organisation."""

    id: str
    name: str | None
    stage: str | None
    amount: float | None
    closes_on: str | None


class OwnDeal(Deal, frozen=True):
    account: str | None


class DealDetails(Deal, frozen=True):
    probability: float | None
    next_step: str | None
    description: str | None
    yours: bool


class Task(msgspec.Struct, frozen=True):
    id: str
    subject: str | None
    status: str | None
    priority: str | None
    due_on: str | None


class CreatedTask(msgspec.Struct, frozen=True):
    id: str
    subject: str
    due_on: str


class CreatedNote(msgspec.Struct, frozen=True):
    id: str
    contact: str


# ---- what Zoho answers ---------------------------------------------------------------------------------------


class User(msgspec.Struct, frozen=True):
    id: str
    email: str | None = None
    full_name: str | None = None


class Users(msgspec.Struct, frozen=True):
    users: list[User]


class Ref(msgspec.Struct, frozen=True):
    id: str


class WireContact(msgspec.Struct, frozen=True):
    id: str
    name: str | None = msgspec.field(name="Full_Name", default=None)
    email: str | None = msgspec.field(name="Email", default=None)
    phone: str | None = msgspec.field(name="Phone", default=None)
    title: str | None = msgspec.field(name="Title", default=None)
    account: str | None = msgspec.field(name="Account_Name.Account_Name", default=None)


class WireAccount(msgspec.Struct, frozen=True):
    id: str
    name: str | None = msgspec.field(name="Account_Name", default=None)
    website: str | None = msgspec.field(name="Website", default=None)
    city: str | None = msgspec.field(name="Billing_City", default=None)


class WireDeal(msgspec.Struct, frozen=True):
    id: str
    name: str | None = msgspec.field(name="Deal_Name", default=None)
    stage: str | None = msgspec.field(name="Stage", default=None)
    amount: float | None = msgspec.field(name="Amount", default=None)
    closes_on: str | None = msgspec.field(name="Closing_Date", default=None)
    account: str | None = msgspec.field(name="Account_Name.Account_Name", default=None)
    probability: float | None = msgspec.field(name="Probability", default=None)
    next_step: str | None = msgspec.field(name="Next_Step", default=None)
    description: str | None = msgspec.field(name="Description", default=None)
    owner: Ref | None = msgspec.field(name="Owner", default=None)


class WireTask(msgspec.Struct, frozen=True):
    id: str
    subject: str | None = msgspec.field(name="Subject", default=None)
    status: str | None = msgspec.field(name="Status", default=None)
    priority: str | None = msgspec.field(name="Priority", default=None)
    due_on: str | None = msgspec.field(name="Due_Date", default=None)


class Info(msgspec.Struct, frozen=True):
    more_records: bool = False


class Found(msgspec.Struct, Generic[T], frozen=True):
    """Records; Zoho answers 204 without a body where there are none."""

    data: list[T]
    info: Info = Info()


class Details(msgspec.Struct, frozen=True):
    id: str | None = None


class Outcome(msgspec.Struct, frozen=True):
    """What became of one record of a write: it may have failed although the answer as a whole is a success."""

    code: str
    status: str
    message: str = ""
    details: Details = Details()


class Written(msgspec.Struct, frozen=True):
    data: list[Outcome]


CONTACT = ("Full_Name", "Email", "Phone", "Title", "Account_Name.Account_Name")
ACCOUNT = ("Account_Name", "Website", "Billing_City")
DEAL = ("Deal_Name", "Stage", "Amount", "Closing_Date", "Account_Name.Account_Name")
DETAILS = (
    "Deal_Name",
    "Stage",
    "Amount",
    "Closing_Date",
    "Probability",
    "Next_Step",
    "Description",
    "Owner",
)
OWNED = ("Deal_Name", "Stage", "Amount", "Closing_Date", "Owner")
TASK = ("Subject", "Status", "Priority", "Due_Date")


def contact(wire: WireContact) -> Contact:
    return Contact(wire.id, wire.name, wire.email, wire.phone, wire.title, wire.account)


def company(wire: WireAccount) -> Company:
    return Company(wire.id, wire.name, wire.website, wire.city)


def deal(wire: WireDeal) -> Deal:
    return Deal(wire.id, wire.name, wire.stage, wire.amount, wire.closes_on)


def own_deal(wire: WireDeal) -> OwnDeal:
    return OwnDeal(wire.id, wire.name, wire.stage, wire.amount, wire.closes_on, wire.account)


def details(wire: WireDeal, user: str) -> DealDetails:
    return DealDetails(
        wire.id,
        wire.name,
        wire.stage,
        wire.amount,
        wire.closes_on,
        wire.probability,
        wire.next_step,
        wire.description,
        yours=wire.owner is not None and wire.owner.id == user,
    )


def task(wire: WireTask) -> Task:
    return Task(wire.id, wire.subject, wire.status, wire.priority, wire.due_on)
