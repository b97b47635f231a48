"""Salesforce's cases, and where its requests are described."""

from __future__ import annotations

import re
from typing import Any

from connectors import salesforce as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import salesforce as fake

CONTACT_1, CONTACT_9 = fake.id_of("Contact", 1), fake.id_of("Contact", 9)
ACCOUNT_1, TASK_1 = fake.id_of("Account", 1), fake.id_of("Task", 1)
DEAL_1, DEAL_2, DEAL_4, DEAL_9 = (fake.id_of("Opportunity", number) for number in (1, 2, 4, 9))
ADA = {
    "id": CONTACT_1, "name": "Ada Byron", "email": "ada@acme.example", "phone": "+44 20 7946 0001",
    "job_title": "Analyst", "account": "Acme",
}  # fmt: skip
GRACE = {
    "id": fake.id_of("Contact", 2), "name": "Grace Hopper", "email": "grace@navy.example", "phone": None,
    "job_title": "Admiral", "account": "Navy",
}  # fmt: skip
OBRIEN = {
    "id": fake.id_of("Contact", 3), "name": "O'Brien 100%_x", "email": "ob@navy.example", "phone": None,
    "job_title": None, "account": None,
}  # fmt: skip
ACME = {"id": ACCOUNT_1, "name": "Acme", "website": "acme.example", "city": "London"}
NAVY = {"id": fake.id_of("Account", 2), "name": "Navy", "website": "navy.example", "city": None}
PLAIN = {
    "id": DEAL_1, "name": "Engine order", "stage": "Proposal", "amount": 1200.5, "closes_on": "2026-12-01",
}  # fmt: skip
ENGINE = {**PLAIN, "account": "Acme"}
LOOM = {**ENGINE, "id": DEAL_2, "name": "Loom order", "amount": None, "closes_on": "2026-12-20"}
CALL = {
    "id": TASK_1, "subject": "Call Ada", "status": "Not Started", "priority": "High", "due_on": "2026-11-30",
    "person": "Ada Byron", "about": "Engine order",
}  # fmt: skip
THINK = {
    **CALL,
    "id": fake.id_of("Task", 2),
    "subject": "Think",
    "due_on": None,
    "person": None,
    "about": None,
}
NEW_TASK = {"subject": "Send the offer", "due_on": "2026-12-03", "contact_id": CONTACT_1, "record_id": DEAL_1}
NOTE = {"record_id": CONTACT_1, "text": "Likes <b>engines</b>\nand looms", "title": "After the call"}
CHANGE = {"opportunity_id": DEAL_1, "stage": "closed won", "amount": 1250.5, "closes_on": "2026-12-05"}


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def _nobody(provider: fake.Salesforce) -> None:
    for records in provider.records.values():
        records.clear()


def _one_by_one(provider: fake.Salesforce) -> None:
    provider.batch = 1


def _over_the_limit(provider: fake.Salesforce) -> None:
    body = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    provider.fake.fail(403, body, path="/query")


def _hidden(provider: fake.Salesforce) -> None:
    body = [{"message": "No such column 'Amount' on entity 'Opportunity'", "errorCode": "INVALID_FIELD"}]
    provider.fake.fail(400, body, path="/query")


SUBJECT = Subject(
    connector=module.salesforce,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={"instance_url": fake.INSTANCE, "user_id": fake.ADA, "login_url": "https://login.salesforce.com"},
    names_scopes=True,
    silent=frozenset({"update_opportunity"}),
    mains=(
        Main("search_contacts", {"text": "byron", "limit": 5}, page(ADA), "/query", fake.API, "GET"),
        Main("search_accounts", {"text": "ACME"}, page(ACME), "/query", fake.API, "GET"),
        Main(
            "my_opportunities", {"closes_from": "2026-12-01", "closes_to": "2026-12-01"}, page(ENGINE),
            "/query", fake.API, "GET",
        ),
        Main(
            "get_opportunity", {"opportunity_id": DEAL_1},
            {
                **PLAIN, "probability": 60.0, "next_step": "Call on Monday", "description": "Two engines",
                "yours": True,
            },
            f"/Opportunity/{DEAL_1}", fake.API, "GET",
        ),
        Main(
            "update_opportunity", CHANGE,
            {**PLAIN, "stage": "Closed Won", "amount": 1250.5, "closes_on": "2026-12-05"},
            f"/Opportunity/{DEAL_1}", fake.API, "PATCH",
        ),
        Main("my_tasks", {}, page(CALL, THINK), "/query", fake.API, "GET"),
        Main(
            "create_task", NEW_TASK,
            {"id": fake.id_of("Task", 601), "subject": "Send the offer", "due_on": "2026-12-03"},
            "/sobjects/Task", fake.API,
        ),
        Main(
            "add_note", NOTE, {"id": fake.id_of("Note", 601), "record": CONTACT_1}, "/sobjects/Note", fake.API,
        ),
    ),
    more=(
        Case("search_contacts", "empty", {"text": "nobody"}, page()),
        Case("search_contacts", "first_page", {"limit": 2}, page(ADA, GRACE, next="2")),
        Case("search_contacts", "next_page", {"limit": 2, "cursor": "2"}, page(OBRIEN)),
        Case("search_contacts", "hostile_text", {"text": "o'BRIEN 100%_"}, page(OBRIEN)),
        Case(
            "search_contacts", "over_the_daily_limit", {"text": "ada"}, Refusal("provider_rate_limited"),
            _over_the_limit,
        ),
        Case("search_accounts", "empty", {}, page(), _nobody),
        Case("search_accounts", "next_page", {"limit": 1, "cursor": "1"}, page(NAVY)),
        Case("my_opportunities", "empty", {"text": "spaceship"}, page()),
        Case("my_opportunities", "next_page", {"limit": 1, "cursor": "1"}, page(LOOM)),
        Case("my_opportunities", "in_batches", {"limit": 2}, page(ENGINE, LOOM), _one_by_one),
        Case("my_opportunities", "hidden_field", {}, Refusal("provider_error"), _hidden),
        Case("get_opportunity", "not_found", {"opportunity_id": DEAL_9}, Refusal("not_found")),
        Case("update_opportunity", "not_found", {"opportunity_id": DEAL_9, "amount": 1}, Refusal("not_found")),
        Case(
            "update_opportunity", "of_a_colleague", {"opportunity_id": DEAL_4, "amount": 1},
            Refusal("invalid_arguments"),
        ),
        Case(
            "update_opportunity", "no_such_stage", {"opportunity_id": DEAL_1, "stage": "Old stage"},
            Refusal("invalid_arguments"),
        ),
        Case(
            "update_opportunity", "against_a_rule", {"opportunity_id": DEAL_1, "amount": 13},
            Refusal("invalid_arguments"),
        ),
        Case("my_tasks", "empty", {"text": "nothing"}, page()),
        Case(
            "my_tasks", "next_page", {"open_only": False, "limit": 1, "cursor": "1"}, page(CALL, next="2"),
        ),
        Case(
            "create_task", "no_such_contact", {**NEW_TASK, "contact_id": CONTACT_9}, Refusal("invalid_arguments"),
        ),
        Case("add_note", "no_such_record", {**NOTE, "record_id": CONTACT_9}, Refusal("invalid_arguments")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="salesforce",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config=module.salesforce.filled({}),
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"salesforce": "specs-handwritten/salesforce"}
ROUTE = re.compile(r"(?<=/)(?:[0-9a-zA-Z]{15}[0-9A-Z]{3}|01g[0-9a-zA-Z]{12}[A-Z]{3}-[0-9]+)(?=/|$)")
NOT_DESCRIBED = {
    "salesforce": {
        "GET /services/data/v60.0/query/{}": "REST API Developer Guide: nextRecordsUrl of a query",
        "POST /services/data/v60.0/sobjects/Note": "as a task, by the object reference for Note",
    }
}
MORE_MEMBERS = {
    "salesforce": {
        # members of a body that the subset leaves out: object reference for Opportunity
        "PATCH /services/data/v60.0/sobjects/Opportunity/{}": ("Amount", "CloseDate"),
    }
}
SCOPES_BY_GUIDE = {
    "GET /services/data/v60.0/query/{}": fake.API,
    "POST /services/data/v60.0/sobjects/Note": fake.API,
}
