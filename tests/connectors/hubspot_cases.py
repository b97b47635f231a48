"""HubSpot's cases, and where its requests are described."""

from __future__ import annotations

from typing import Any

from connectors import hubspot as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import hubspot as fake

ADA = {"id": "501", "name": "Ada Byron", "email": "ada@acme.example", "company": "Acme"}
GRACE = {"id": "502", "name": "Grace Hopper", "email": "grace@navy.example", "company": "Navy"}
INFO = {"id": "503", "name": None, "email": "info@navy.example", "company": "Navy"}
ENGINE = {
    "id": "701", "name": "Engine order", "amount": "1200", "stage": "contractsent", "closes_on": "2026-12-01",
}  # fmt: skip
LOOM = {"id": "702", "name": "Loom order", "amount": None, "stage": "contractsent", "closes_on": "2026-12-20"}
CALL = {
    "id": "801", "subject": "Call Ada", "status": "NOT_STARTED", "due_at": "2026-11-30T09:00:00Z", "priority": "HIGH",
}  # fmt: skip
STAGES = [
    ("appointmentscheduled", "Appointment scheduled", False), ("contractsent", "Contract sent", False),
    ("closedwon", "Closed won", True),
]  # fmt: skip
NOTE = {"contact_id": "501", "text": "Likes <b>engines</b>\nand looms"}
TASK = {"subject": "Send the offer", "due_on": "2026-12-03", "priority": "LOW", "contact_id": "501"}


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def _nobody(provider: fake.HubSpot) -> None:
    for records in provider.records.values():
        records.clear()


def _no_owner(provider: fake.HubSpot) -> None:
    body = {"status": "error", "message": "resource not found", "category": "OBJECT_NOT_FOUND"}
    provider.fake.fail(404, body, path="/owners/77")


SUBJECT = Subject(
    connector=module.hubspot,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={"user_id": fake.ADA},
    names_scopes=True,
    still={"connectors.hubspot._now": "2026-11-24T08:00:00Z"},
    mains=(
        Main("search_contacts", {"text": "ada", "limit": 5}, page(ADA), "/contacts/search", fake.CONTACTS_READ),
        Main(
            "get_contact", {"contact_id": "501"},
            {**ADA, "phone": "+44 20 7946 0001", "job_title": "Analyst"},
            "/contacts/501", fake.CONTACTS_READ, "GET",
        ),
        Main(
            "search_companies", {"text": "navy"},
            page({"id": "302", "name": "Navy", "domain": "navy.example", "city": None}),
            "/companies/search", fake.COMPANIES_READ,
        ),
        Main(
            "search_deals", {"closes_from": "2026-12-01", "closes_to": "2026-12-01"}, page(ENGINE),
            "/deals/search", fake.DEALS_READ,
        ),
        Main("get_deal", {"deal_id": "701"}, ENGINE, "/deals/701", fake.DEALS_READ, "GET"),
        Main(
            "list_deal_stages", {},
            [{"id": id, "name": name, "pipeline": "Sales pipeline", "closed": closed} for id, name, closed in STAGES],
            "/pipelines/deals", fake.DEALS_READ, "GET",
        ),
        Main(
            "update_deal", {"deal_id": "701", "stage": "closedwon", "amount": 1250.5, "closes_on": "2026-12-05"},
            {**ENGINE, "stage": "closedwon", "amount": "1250.5", "closes_on": "2026-12-05"},
            "/deals/701", fake.DEALS_WRITE, "PATCH",
        ),
        Main("list_my_tasks", {}, page(CALL), "/tasks/search", fake.CONTACTS_READ),
        Main(
            "create_task", TASK,
            {
                "id": "601", "subject": "Send the offer", "status": "NOT_STARTED",
                "due_at": "2026-12-03T12:00:00Z", "priority": "LOW",
            },
            "/objects/tasks", fake.CONTACTS_WRITE,
        ),
        Main("add_note", NOTE, {"id": "601", "contact": "501"}, "/objects/notes", fake.CONTACTS_WRITE),
    ),
    more=(
        Case("search_contacts", "empty", {"text": "nobody"}, page()),
        Case("search_contacts", "first_page", {"limit": 2}, page(ADA, GRACE, next="2")),
        Case("search_contacts", "next_page", {"limit": 2, "cursor": "2"}, page(INFO)),
        Case("get_contact", "not_found", {"contact_id": "999"}, Refusal("not_found")),
        Case("search_companies", "empty", {}, page(), _nobody),
        Case(
            "search_companies", "next_page", {"limit": 1},
            page({"id": "301", "name": "Acme", "domain": "acme.example", "city": "London"}, next="1"),
        ),
        Case("search_deals", "empty", {"text": "spaceship"}, page()),
        Case("search_deals", "next_page", {"limit": 1, "cursor": "1"}, page(LOOM)),
        Case("search_deals", "no_owner", {}, Refusal("invalid_arguments"), _no_owner),
        Case("get_deal", "not_found", {"deal_id": "999"}, Refusal("not_found")),
        Case("get_deal", "of_a_colleague", {"deal_id": "710"}, Refusal("not_found")),
        Case("update_deal", "not_found", {"deal_id": "999", "amount": 1}, Refusal("not_found")),
        Case("update_deal", "of_a_colleague", {"deal_id": "710", "amount": 1}, Refusal("not_found")),
        Case("update_deal", "refused", {"deal_id": "701", "stage": "no_such_stage"}, Refusal("invalid_arguments")),
        Case("list_my_tasks", "empty", {"text": "nothing"}, page()),
        Case(
            "list_my_tasks", "next_page", {"open_only": False, "limit": 1, "cursor": "1"},
            page({**CALL, "id": "802", "subject": "Send offer", "status": "COMPLETED", "due_at": "2026-11-20T09:00:00Z"}),
        ),
        Case("create_task", "not_found", {**TASK, "contact_id": "999"}, Refusal("not_found")),
        Case("add_note", "not_found", {**NOTE, "contact_id": "999"}, Refusal("not_found")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="hubspot",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"hubspot": "specs-handwritten/hubspot"}
NOT_DESCRIBED = {
    "hubspot": {
        "GET /crm/v3/owners/{}": "HubSpot's Owners guide",
        "GET /crm/v3/objects/deals/{}": "as contacts, by HubSpot's guide to CRM objects",
        "POST /crm/v3/objects/companies/search": "as contacts, by HubSpot's guide to CRM objects",
        "GET /crm/v3/pipelines/deals": "HubSpot's Pipelines guide",
        "POST /crm/v3/objects/notes": "HubSpot's Notes guide",
    }
}
SCOPES_BY_GUIDE = {
    "GET /crm/v3/owners/{}": "crm.objects.owners.read",
    "GET /crm/v3/objects/deals/{}": "crm.objects.deals.read",
    "POST /crm/v3/objects/companies/search": "crm.objects.companies.read",
    "GET /crm/v3/pipelines/deals": "crm.objects.deals.read",
    "POST /crm/v3/objects/notes": "crm.objects.contacts.write",
}
