"""Attio's cases: an app that may write tasks and notes."""

from __future__ import annotations

import re
from typing import Any

from connectors import attio as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import attio as fake
from tests.connectors.wire import TOKEN


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


ADA = {
    "id": fake.person_id(1), "name": "Ada Lovelace", "email": "lovelace@acme.example", "phone": "+442079460001",
    "job_title": "Analyst", "company_id": fake.company_id(1),
}  # fmt: skip
GRACE = {
    "id": fake.person_id(2), "name": "Grace Hopper", "email": "grace@navy.example", "phone": None,
    "job_title": None, "company_id": None,
}  # fmt: skip
MARY = {**GRACE, "id": fake.person_id(3), "name": "Mary Somerville", "email": None}
ENGINE = {
    "id": fake.deal_id(1), "name": "Engine order", "stage": "In Progress", "value": 1200, "currency": "EUR",
    "company_id": fake.company_id(1),
}  # fmt: skip
LOOM = {
    **ENGINE,
    "id": fake.deal_id(2),
    "name": "Loom order",
    "stage": "Lead",
    "value": None,
    "currency": None,
}
CALL = {"id": fake.task_id(1), "text": "Call Ada", "due_on": "2026-11-30", "done": False, "record_ids": []}
OFFER = {**CALL, "id": fake.task_id(2), "text": "Send offer", "due_on": None}
HELLO = {**OFFER, "id": fake.task_id(3), "text": "Say hello", "done": True}
WHOLE_ADA = {
    "id": fake.person_id(1), "kind": "people", "name": "Ada Lovelace",
    "url": f"https://app.attio.com/acme/people/{fake.person_id(1)}",
    "emails": ["lovelace@acme.example", "ada@home.example"], "phones": ["+442079460001"], "job_title": "Analyst",
    "company_id": fake.company_id(1), "description": "Wrote the first program",
}  # fmt: skip
WHOLE_ACME = {
    "id": fake.company_id(1), "kind": "companies", "name": "Acme", "domains": ["acme.example"],
    "url": f"https://app.attio.com/acme/companies/{fake.company_id(1)}",
}  # fmt: skip
WHOLE_ENGINE = {
    **ENGINE, "kind": "deals", "people_ids": [fake.person_id(1)],
    "url": f"https://app.attio.com/acme/deals/{fake.deal_id(1)}",
}  # fmt: skip
TASK = {"text": "Send the offer", "due_on": "2026-12-03", "kind": "people", "record_id": fake.person_id(1)}
NOTE = {
    "kind": "people",
    "record_id": fake.person_id(1),
    "title": "Call",
    "text": "Likes *engines*\nand looms",
}


def hit(id: str, kind: str, name: str) -> dict[str, Any]:
    return {"id": id, "kind": kind, "name": name}


def _nothing(provider: fake.Attio) -> None:
    provider.tasks.clear()
    for records in provider.records.values():
        records.clear()


def _no_deals(provider: fake.Attio) -> None:
    provider.deals_are_on = False


def _reading(provider: fake.Attio) -> None:
    provider.fake.sign_in(TOKEN, fake.ADA, [fake.TASKS_READ, fake.RECORDS, fake.OBJECTS, fake.USERS])


SUBJECT = Subject(
    connector=module.attio,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.WRITING,
    fields={"member_id": fake.ADA},
    names_scopes=False,
    mains=(
        Main(
            "search_records", {"text": "acme"},
            [hit(fake.person_id(1), "people", "Ada Lovelace"), hit(fake.company_id(1), "companies", "Acme")],
            "/records/search", fake.RECORDS,
        ),
        Main("find_people", {"text": " lovelace "}, page(ADA), "/people/records/query", fake.RECORDS),
        Main("my_deals", {}, page(ENGINE, LOOM), "/deals/records/query", fake.OBJECTS),
        Main(
            "get_record", {"kind": "people", "record_id": fake.person_id(1)}, WHOLE_ADA,
            fake.person_id(1), fake.RECORDS, "GET",
        ),
        Main("my_tasks", {}, page(CALL, OFFER), "/v2/tasks", fake.TASKS_WRITE, "GET"),
        Main(
            "create_task", TASK,
            {
                "id": fake.task_id(601), "text": "Send the offer", "due_on": "2026-12-03", "done": False,
                "record_ids": [fake.person_id(1)],
            },
            "/v2/tasks", fake.TASKS_WRITE,
        ),
        Main(
            "complete_task", {"task_id": fake.task_id(1)}, {**CALL, "done": True},
            fake.task_id(1), fake.TASKS_WRITE, "PATCH",
        ),
        Main(
            "add_note", NOTE, {"id": fake.note_id(601), "kind": "people", "record_id": fake.person_id(1)},
            "/v2/notes", fake.NOTES_WRITE,
        ),
    ),
    more=(
        Case("search_records", "empty", {"text": "spaceship"}, []),
        Case("search_records", "deals", {"text": "engine", "kind": "deals", "limit": 1},
             [hit(fake.deal_id(1), "deals", "Engine order")]),
        Case("find_people", "empty", {"text": "nobody"}, page()),
        Case("find_people", "first_page", {"limit": 2}, page(ADA, GRACE, next="2")),
        Case("find_people", "next_page", {"limit": 2, "cursor": "2"}, page(MARY)),
        Case("my_deals", "empty", {"stage": "Won"}, page()),
        Case("my_deals", "of_a_stage", {"stage": "In Progress"}, page(ENGINE)),
        Case("my_deals", "next_page", {"limit": 1, "cursor": "1"}, page(LOOM)),
        Case("my_deals", "switched_off", {}, Refusal("not_found"), _no_deals),
        Case("my_deals", "refused", {"stage": "No such stage"}, Refusal("invalid_arguments")),
        Case("get_record", "company", {"kind": "companies", "record_id": fake.company_id(1)}, WHOLE_ACME),
        Case("get_record", "deal", {"kind": "deals", "record_id": fake.deal_id(1)}, WHOLE_ENGINE),
        Case("get_record", "not_found", {"kind": "people", "record_id": fake.person_id(9)}, Refusal("not_found")),
        Case("my_tasks", "empty", {}, page(), _nothing),
        Case("my_tasks", "done", {"done": True}, page(HELLO)),
        Case("my_tasks", "first_page", {"limit": 1}, page(CALL, next="1")),
        Case("my_tasks", "next_page", {"limit": 1, "cursor": "1"}, page(OFFER)),
        Case("my_tasks", "of_a_reading_app", {"limit": 1, "cursor": "1"}, page(OFFER), _reading),
        Case("create_task", "not_found", {**TASK, "record_id": fake.person_id(9)}, Refusal("not_found")),
        Case("complete_task", "not_found", {"task_id": fake.task_id(9)}, Refusal("not_found")),
        Case("complete_task", "of_a_colleague", {"task_id": fake.task_id(4)}, Refusal("not_found")),
        Case("add_note", "not_found", {**NOTE, "record_id": fake.person_id(9)}, Refusal("not_found")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="attio",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"attio": "specs-handwritten/attio"}
NOT_DESCRIBED = {
    "attio": {
        "GET /v2/tasks/{}": "Attio's API reference: Get a task",
        "PATCH /v2/tasks/{}": "Attio's API reference: Update a task",
        "GET /v2/workspace_members/{}": "Attio's API reference: Get a workspace member",
    }
}
SCOPES_BY_GUIDE = {
    "GET /v2/tasks/{}": (fake.TASKS_READ, fake.RECORDS, fake.OBJECTS, fake.USERS),
    "PATCH /v2/tasks/{}": (fake.TASKS_WRITE, fake.RECORDS, fake.OBJECTS, fake.USERS),
}
INCLUDES = {fake.TASKS_WRITE: (fake.TASKS_READ,)}
ROUTE = re.compile(r"(?<=/)[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}(?=/|$)")
