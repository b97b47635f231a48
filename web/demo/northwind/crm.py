"""The CRM half of the API: contacts, companies, deals and notes about them."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, get, patch, post
from litestar.params import FromPath

from web.demo.northwind.problems import BadField
from web.demo.northwind.records import OPEN_STAGES, Company, Contact, Deal, Note, Stage
from web.demo.northwind.visits import Visit, enter

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000)]
PageSize = Annotated[int, msgspec.Meta(ge=1, le=100)]
Closing = Literal["overdue", "this_week", "next_week", "this_month"]


class Asked(msgspec.Struct, kw_only=True, forbid_unknown_fields=True):
    """What every list takes. `fields`: comma-separated names, nothing else comes back."""

    q: str = ""
    owner: str | None = None
    limit: PageSize = 20
    cursor: str | None = None
    fields: str | None = None


class AskedContacts(Asked, kw_only=True):
    company: str | None = None
    company_name: str | None = None


class AskedCompanies(Asked, kw_only=True):
    industry: str | None = None
    country: str | None = None


class AskedDeals(Asked, kw_only=True):
    company: str | None = None
    stage: str | None = None
    open: bool | None = None
    closing: Closing | None = None


class NewContact(msgspec.Struct, forbid_unknown_fields=True):
    name: Text
    email: Text
    company: Text
    job_title: str = ""


class ChangedContact(msgspec.Struct, forbid_unknown_fields=True):
    name: Text | msgspec.UnsetType = msgspec.UNSET
    email: Text | msgspec.UnsetType = msgspec.UNSET
    job_title: str | msgspec.UnsetType = msgspec.UNSET


class ChangedDeal(msgspec.Struct, forbid_unknown_fields=True):
    stage: Stage | msgspec.UnsetType = msgspec.UNSET
    amount: Annotated[int, msgspec.Meta(ge=0)] | msgspec.UnsetType = msgspec.UNSET
    next_step: str | msgspec.UnsetType = msgspec.UNSET


class NewNote(msgspec.Struct, forbid_unknown_fields=True):
    text: Text


class Me(Controller):
    path = "/api/v1/me"

    @get("")
    async def me(self, request: Request) -> dict[str, Any]:
        visit = await enter(request)
        return {**msgspec.to_builtins(visit.person), "workspace": "Northwind Trading"}


class Contacts(Controller):
    path = "/api/v1/contacts"

    @get("")
    async def find(self, request: Request) -> dict[str, Any]:
        visit = await enter(request, "contacts.read")
        asked = visit.query(AskedContacts)
        rows = [
            row
            for row in visit.northwind.book.all(Contact, visit.person)
            if has_words(asked.q, row.name, row.email, row.company_name)
            and has_words(asked.company_name or "", row.company_name)
            and asked.company in (None, row.company_id)
            and is_owner(visit, asked.owner, row.owner_id)
        ]
        return visit.page(rows, lambda row: row.name, asked)

    @get("/{contact_id:str}")
    async def read(self, request: Request, contact_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "contacts.read")
        return visit.one(visit.find(Contact, contact_id))

    @post("")
    async def add(self, request: Request) -> Response[dict[str, Any]]:
        visit = await enter(request, "contacts.write")
        new = await visit.body(NewContact)
        company = visit.find(Company, new.company)
        return await visit.once(lambda: visit.one(_contact(visit, new, company)))

    @patch("/{contact_id:str}")
    async def change(self, request: Request, contact_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "contacts.write")
        changed = await visit.body(ChangedContact)
        contact = visit.find(Contact, contact_id)
        _apply(contact, changed)
        return visit.one(contact)

    @get("/{contact_id:str}/notes")
    async def notes(self, request: Request, contact_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "contacts.read")
        return _notes(visit, visit.find(Contact, contact_id).id)

    @post("/{contact_id:str}/notes")
    async def add_note(self, request: Request, contact_id: FromPath[str]) -> Response[dict[str, Any]]:
        visit = await enter(request, "contacts.write")
        return await _add_note(visit, visit.find(Contact, contact_id).id)


class Companies(Controller):
    path = "/api/v1/companies"

    @get("")
    async def find(self, request: Request) -> dict[str, Any]:
        visit = await enter(request, "companies.read")
        asked = visit.query(AskedCompanies)
        rows = [
            row
            for row in visit.northwind.book.all(Company, visit.person)
            if has_words(asked.q, row.name, row.city, row.industry)
            and has_words(asked.industry or "", row.industry)
            and asked.country in (None, row.country)
            and is_owner(visit, asked.owner, row.owner_id)
        ]
        return visit.page(rows, lambda row: row.name, asked)

    @get("/{company_id:str}")
    async def read(self, request: Request, company_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "companies.read")
        return visit.one(visit.find(Company, company_id))


class Deals(Controller):
    path = "/api/v1/deals"

    @get("")
    async def find(self, request: Request) -> dict[str, Any]:
        visit = await enter(request, "deals.read")
        asked = visit.query(AskedDeals)
        first, last = closing_days(asked.closing, today(visit))
        rows = [
            row
            for row in visit.northwind.book.all(Deal, visit.person)
            if has_words(asked.q, row.title, row.company_name, row.contact_name)
            and asked.company in (None, row.company_id)
            and (asked.stage is None or row.stage in asked.stage.split(","))
            and asked.open in (None, row.stage in OPEN_STAGES)
            and first <= row.closes_on <= last
            and is_owner(visit, asked.owner, row.owner_id)
        ]
        return visit.page(rows, lambda row: row.closes_on, asked)

    @get("/{deal_id:str}")
    async def read(self, request: Request, deal_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "deals.read")
        return visit.one(visit.find(Deal, deal_id))

    @patch("/{deal_id:str}")
    async def change(self, request: Request, deal_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "deals.write")
        changed = await visit.body(ChangedDeal)
        deal = visit.find(Deal, deal_id)
        _apply(deal, changed)
        deal.updated_at = visit.northwind.now_ms()
        return visit.one(deal)

    @get("/{deal_id:str}/notes")
    async def notes(self, request: Request, deal_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "deals.read")
        return _notes(visit, visit.find(Deal, deal_id).id)

    @post("/{deal_id:str}/notes")
    async def add_note(self, request: Request, deal_id: FromPath[str]) -> Response[dict[str, Any]]:
        visit = await enter(request, "deals.write")
        return await _add_note(visit, visit.find(Deal, deal_id).id)


def has_words(query: str, *texts: str) -> bool:
    """Every word of the query stands in one of the texts, whatever the case."""
    whole = " ".join(texts).casefold()
    return all(word in whole for word in query.casefold().split())


def is_owner(visit: Visit, asked: str | None, owner_id: str) -> bool:
    return asked is None or owner_id == (visit.person.id if asked == "me" else asked)


def today(visit: Visit) -> date:
    return date(1970, 1, 1) + timedelta(milliseconds=visit.northwind.now_ms())


def closing_days(closing: Closing | None, day: date) -> tuple[str, str]:
    """First and last day of the span, as text; weeks begin on Monday."""
    monday = day - timedelta(days=day.weekday())
    next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    spans = {
        "overdue": (date.min, day - timedelta(days=1)),
        "this_week": (monday, monday + timedelta(days=6)),
        "next_week": (monday + timedelta(days=7), monday + timedelta(days=13)),
        "this_month": (day.replace(day=1), next_month - timedelta(days=1)),
    }
    first, last = spans[closing] if closing else (date.min, date.max)
    return str(first), str(last)


def _apply(record: Contact | Deal, changed: msgspec.Struct) -> None:
    members = msgspec.structs.asdict(changed)
    given = {name: value for name, value in members.items() if value is not msgspec.UNSET}
    if not given:
        raise BadField("say what to change", field="")
    for name, value in given.items():
        setattr(record, name, value)


def _contact(visit: Visit, new: NewContact, company: Company) -> Contact:
    contact = Contact(
        id=visit.northwind.book.new_id("pe"),
        owner_id=visit.person.id,
        owner_name=visit.person.name,
        name=new.name,
        email=new.email,
        job_title=new.job_title,
        company_id=company.id,
        company_name=company.name,
        phone="",
        mobile="",
        birthday="",
        home_city="",
        last_contacted_on=None,
    )
    return visit.northwind.book.add(contact)


def _notes(visit: Visit, about_id: str) -> dict[str, Any]:
    rows = [row for row in visit.northwind.book.all(Note, visit.person) if row.about_id == about_id]
    return visit.page(rows, lambda row: row.created_at, visit.query(Asked))


async def _add_note(visit: Visit, about_id: str) -> Response[dict[str, Any]]:
    new, book = await visit.body(NewNote), visit.northwind.book

    def make() -> dict[str, Any]:
        note = Note(
            id=book.new_id("no"),
            owner_id=visit.person.id,
            owner_name=visit.person.name,
            about_id=about_id,
            text=new.text,
            created_at=visit.northwind.now_ms(),
        )
        return visit.one(book.add(note))

    return await visit.once(make)
