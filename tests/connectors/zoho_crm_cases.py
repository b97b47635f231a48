"""Zoho CRM's cases, and where its requests are described."""

from __future__ import annotations

from typing import Any

from connectors import zoho_crm as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import zoho_crm as fake

CONTACT_1, CONTACT_9 = "410000000000000501", "410000000000000509"
DEAL_1, DEAL_2, DEAL_9, DEAL_10 = (f"41000000000000{number:04d}" for number in (701, 702, 709, 710))
ADA = {
    "id": CONTACT_1, "name": "Ada Byron", "email": "ada@acme.example", "phone": "+44 20 7946 0001",
    "job_title": "Analyst", "account": "Acme",
}  # fmt: skip
GRACE = {
    "id": "410000000000000502", "name": "Grace Hopper", "email": "grace@navy.example", "phone": None,
    "job_title": None, "account": "Navy",
}  # fmt: skip
OBRIEN = {
    "id": "410000000000000503", "name": "Miles O'Brien", "email": "ob@navy.example", "phone": None,
    "job_title": None, "account": None,
}  # fmt: skip
ACME = {"id": "410000000000000301", "name": "Acme", "website": "acme.example", "city": "London"}
NAVY = {"id": "410000000000000302", "name": "Navy", "website": "navy.example", "city": None}
PLAIN = {
    "id": DEAL_1, "name": "Engine order", "stage": "Proposal", "amount": 1200.5, "closes_on": "2026-12-01",
}  # fmt: skip
ENGINE = {**PLAIN, "account": "Acme"}
LOOM = {**ENGINE, "id": DEAL_2, "name": "Loom order", "amount": None, "closes_on": "2026-12-20"}
CALL = {
    "id": "410000000000000801", "subject": "Call Ada", "status": "Not Started", "priority": "High",
    "due_on": "2026-11-30",
}  # fmt: skip
SENT = {
    **CALL,
    "id": "410000000000000802",
    "subject": "Send offer",
    "status": "Completed",
    "due_on": "2026-11-20",
}
CHANGE = {"deal_id": DEAL_1, "stage": "Closed Won", "amount": 1250.5, "closes_on": "2026-12-05"}
NEW_TASK = {
    "subject": "Send the offer", "due_on": "2026-12-03", "text": "With both engines", "priority": "High",
    "contact_id": CONTACT_1,
}  # fmt: skip
NOTE = {"contact_id": CONTACT_1, "text": "Likes <b>engines</b>\nand looms", "title": "After the call"}


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def _nobody(provider: fake.ZohoCrm) -> None:
    for records in provider.records.values():
        records.clear()


def _no_permission(provider: fake.ZohoCrm) -> None:
    provider.fake.faults.append(
        ("POST", "/coql", fake.error(403, "NO_PERMISSION", "Permission denied to read"))
    )


SUBJECT = Subject(
    connector=module.zoho_crm,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={**module.zoho_crm.filled({"data_centre": "eu"}), "user_id": fake.ADA},
    names_scopes=False,
    mains=(
        Main("search_contacts", {"text": "byron", "limit": 5}, page(ADA), "/coql", fake.CONTACTS_READ),
        Main("search_accounts", {"text": "ACME"}, page(ACME), "/coql", fake.ACCOUNTS_READ),
        Main(
            "my_deals", {"closes_from": "2026-12-01", "closes_to": "2026-12-01"}, page(ENGINE), "/coql",
            fake.DEALS_READ,
        ),
        Main(
            "get_deal", {"deal_id": DEAL_1},
            {
                **PLAIN, "probability": 60.0, "next_step": "Call on Monday", "description": "Two engines",
                "yours": True,
            },
            f"/Deals/{DEAL_1}", fake.DEALS_READ, "GET",
        ),
        Main(
            "update_deal", CHANGE, {**PLAIN, "stage": "Closed Won", "amount": 1250.5, "closes_on": "2026-12-05"},
            f"/Deals/{DEAL_1}", fake.DEALS_UPDATE, "PUT",
        ),
        Main("my_tasks", {}, page(CALL), "/coql", fake.COQL),
        Main(
            "create_task", NEW_TASK,
            {"id": "410000000000000601", "subject": "Send the offer", "due_on": "2026-12-03"}, "/Tasks",
            fake.TASKS_CREATE,
        ),
        Main("add_note", NOTE, {"id": "410000000000000601", "contact": CONTACT_1}, "/Notes", fake.NOTES_CREATE),
    ),
    more=(
        Case("search_contacts", "empty", {"text": "nobody"}, page()),
        Case("search_contacts", "first_page", {"limit": 2}, page(ADA, GRACE, next="2")),
        Case("search_contacts", "next_page", {"limit": 2, "cursor": "2"}, page(OBRIEN)),
        Case("search_contacts", "hostile_text", {"text": "o'BRIEN\\%"}, page(OBRIEN)),
        Case("search_contacts", "no_permission", {}, Refusal("provider_error"), _no_permission),
        Case("search_accounts", "empty", {}, page(), _nobody),
        Case("search_accounts", "next_page", {"limit": 1, "cursor": "1"}, page(NAVY)),
        Case("my_deals", "empty", {"text": "spaceship"}, page()),
        Case("my_deals", "next_page", {"limit": 1, "cursor": "1"}, page(LOOM)),
        Case("get_deal", "not_found", {"deal_id": DEAL_9}, Refusal("not_found")),
        Case("update_deal", "not_found", {"deal_id": DEAL_9, "amount": 1}, Refusal("not_found")),
        Case("update_deal", "of_a_colleague", {"deal_id": DEAL_10, "amount": 1}, Refusal("invalid_arguments")),
        Case("update_deal", "no_such_stage", {"deal_id": DEAL_1, "stage": "Won!"}, Refusal("invalid_arguments")),
        Case("my_tasks", "empty", {"text": "nothing"}, page()),
        Case("my_tasks", "next_page", {"open_only": False, "limit": 1, "cursor": "1"}, page(CALL)),
        Case("my_tasks", "first_page", {"open_only": False, "limit": 1}, page(SENT, next="1")),
        Case("create_task", "not_found", {**NEW_TASK, "contact_id": CONTACT_9}, Refusal("not_found")),
        Case("add_note", "not_found", {**NOTE, "contact_id": CONTACT_9}, Refusal("not_found")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="zoho_crm",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config=module.zoho_crm.filled({"data_centre": "eu"}),
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"zoho_crm": "specs-handwritten/zoho_crm"}
NOT_DESCRIBED = {
    "zoho_crm": {
        "POST /crm/v8/coql": "Zoho's guide: Get Records through COQL Query",
        "PUT /crm/v8/Deals/{}": "Zoho's guide: Update Records",
        "POST /crm/v8/Notes": "Zoho's guide: Create Notes",
    }
}
SCOPES_BY_GUIDE = {
    "POST /crm/v8/coql": fake.COQL,
    "PUT /crm/v8/Deals/{}": fake.DEALS_UPDATE,
    "POST /crm/v8/Notes": fake.NOTES_CREATE,
}
