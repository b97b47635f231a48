"""Salesforce's records: what an assistant gets to see of them, what Salesforce answers, and the way between.

Sources and limits: `connectors/salesforce.py`. Field names are Salesforce's; one nobody asked for is dropped.
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
    """An account, as Salesforce calls a company."""

    id: str
    name: str | None
    website: str | None
    city: str | None


class Opportunity(msgspec.Struct, frozen=True):
    """`amount` is in the currency of the organisation."""

    id: str
    name: str | None
    stage: str | None
    amount: float | None
    closes_on: str | None


class OwnOpportunity(Opportunity, frozen=True):
    account: str | None


class OpportunityDetails(Opportunity, frozen=True):
    probability: float | None
    next_step: str | None
    description: str | None
    yours: bool


class Task(msgspec.Struct, frozen=True):
    """`person` and `about`: the names of the contact or lead, and of the record, it belongs to."""

    id: str
    subject: str | None
    status: str | None
    priority: str | None
    due_on: str | None
    person: str | None
    about: str | None


class CreatedTask(msgspec.Struct, frozen=True):
    id: str
    subject: str
    due_on: str


class CreatedNote(msgspec.Struct, frozen=True):
    id: str
    record: str


# ---- what Salesforce answers ---------------------------------------------------------------------------------


class Me(msgspec.Struct, frozen=True):
    user_id: str
    organization_id: str
    preferred_username: str


class Named(msgspec.Struct, frozen=True, rename="pascal"):
    name: str | None = None


class WireContact(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str | None = None
    email: str | None = None
    phone: str | None = None
    title: str | None = None
    account: Named | None = None


class WireAccount(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str | None = None
    website: str | None = None
    billing_city: str | None = None


class WireOpportunity(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    name: str | None = None
    stage_name: str | None = None
    amount: float | None = None
    close_date: str | None = None
    account: Named | None = None
    probability: float | None = None
    next_step: str | None = None
    description: str | None = None
    owner_id: str | None = None


class WireStage(msgspec.Struct, frozen=True, rename="pascal"):
    api_name: str
    master_label: str


class WireTask(msgspec.Struct, frozen=True, rename="pascal"):
    id: str
    subject: str | None = None
    status: str | None = None
    priority: str | None = None
    activity_date: str | None = None
    who: Named | None = None
    what: Named | None = None


class Found(msgspec.Struct, Generic[T], frozen=True, rename="camel"):
    """A batch of a query. `next_records_url`: where the rest is, when Salesforce gave fewer than were asked for."""

    records: list[T]
    done: bool = True
    next_records_url: str | None = None


class Made(msgspec.Struct, frozen=True):
    id: str
    success: bool = True


CONTACT = ("Id", "Name", "Email", "Phone", "Title", "Account.Name")
ACCOUNT = ("Id", "Name", "Website", "BillingCity")
OPPORTUNITY = ("Id", "Name", "StageName", "Amount", "CloseDate", "Account.Name")
DETAILS = ("Name", "StageName", "Amount", "CloseDate", "Probability", "NextStep", "Description", "OwnerId")
OWNED = ("Name", "StageName", "Amount", "CloseDate", "OwnerId")
STAGE = ("ApiName", "MasterLabel")
TASK = ("Id", "Subject", "Status", "Priority", "ActivityDate", "Who.Name", "What.Name")


def contact(wire: WireContact) -> Contact:
    return Contact(wire.id, wire.name, wire.email, wire.phone, wire.title, _name(wire.account))


def company(wire: WireAccount) -> Company:
    return Company(wire.id, wire.name, wire.website, wire.billing_city)


def opportunity(wire: WireOpportunity) -> Opportunity:
    return Opportunity(wire.id, wire.name, wire.stage_name, wire.amount, wire.close_date)


def own_opportunity(wire: WireOpportunity) -> OwnOpportunity:
    return OwnOpportunity(
        wire.id, wire.name, wire.stage_name, wire.amount, wire.close_date, _name(wire.account)
    )


def details(wire: WireOpportunity, user: str) -> OpportunityDetails:
    return OpportunityDetails(
        wire.id,
        wire.name,
        wire.stage_name,
        wire.amount,
        wire.close_date,
        wire.probability,
        wire.next_step,
        wire.description,
        yours=wire.owner_id == user,
    )


def task(wire: WireTask) -> Task:
    return Task(
        wire.id,
        wire.subject,
        wire.status,
        wire.priority,
        wire.activity_date,
        _name(wire.who),
        _name(wire.what),
    )


def _name(of: Named | None) -> str | None:
    return of.name if of else None
