"""Pipedrive's cases: an app with full access to deals and activities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from connectors import pipedrive as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import pipedrive as fake
from tests.connectors.wire import TOKEN


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def deal(id: int, title: str, value: float, **other: Any) -> dict[str, Any]:
    return {
        "id": id, "title": title, "value": value, "currency": "EUR", "status": "open", "stage_id": 1,
        "closes_on": None, "person_id": None, "organization_id": None, **other,
    }  # fmt: skip


def activity(id: int, subject: str, due: str, **other: Any) -> dict[str, Any]:
    return {
        "id": id, "subject": subject, "type": "task", "due_on": due, "due_time": None, "done": False,
        "deal_id": None, "person_id": None, **other,
    }  # fmt: skip


ADA = {
    "id": 501, "name": "Ada Lovelace", "emails": ["lovelace@acme.example"], "phones": ["+44 20 7946 0001"],
    "organization": "Acme",
}  # fmt: skip
GRACE = {
    "id": 502,
    "name": "Grace Hopper",
    "emails": ["grace@navy.example"],
    "phones": [],
    "organization": None,
}
ENGINE = deal(
    701, "Engine order", 1200, stage_id=2, closes_on="2026-12-01", person_id=501, organization_id=301
)
LOOM = deal(702, "Loom order", 99.5)
FOUND_LOOM = {
    "id": 702, "title": "Loom order", "value": 99.5, "currency": "EUR", "status": "open", "stage": "Qualified",
    "person": None, "organization": None,
}  # fmt: skip
FOUND_ENGINE = {
    **FOUND_LOOM, "id": 701, "title": "Engine order", "value": 1200, "stage": "Offer made",
    "person": "Ada Lovelace", "organization": "Acme",
}  # fmt: skip
QUALIFIED = {"id": 1, "name": "Qualified", "pipeline_id": 1}
OFFER = {"id": 2, "name": "Offer made", "pipeline_id": 1}
CALLED = {"id": 802, "text": "Called.\nNo answer", "author": "Ben Okri", "added_at": "2026-11-02 09:00:00"}
WANTS = {
    "id": 801,
    "text": "Wants two engines\nred\n<blue>",
    "author": "Ada Byron",
    "added_at": "2026-11-01 09:00:00",
}
CALL = activity(901, "Call Ada", "2026-11-30", type="call", due_time="09:00", deal_id=701, person_id=501)
OFFERING = activity(902, "Send offer", "2026-12-01")
NOTE = {"deal_id": 701, "text": "Likes <b>engines</b>\nand looms"}
PLAN = {"subject": "Send the offer", "due_on": "2026-12-03", "deal_id": 701}


def _with(scopes: Sequence[str]) -> Any:
    return lambda provider: provider.fake.sign_in(TOKEN, fake.ADA, scopes)


def _nothing(provider: fake.Pipedrive) -> None:
    for records in provider.records.values():
        records.clear()


SUBJECT = Subject(
    connector=module.pipedrive,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.WRITING,
    fields={"api_domain": fake.DOMAIN, "user_id": fake.ADA},
    names_scopes=False,
    mains=(
        Main("find_people", {"text": "lovelace"}, page(ADA), "/persons/search", fake.SEARCH, "GET"),
        Main(
            "find_deals", {"text": " engine  order ", "status": "open"}, page(FOUND_ENGINE),
            "/deals/search", fake.SEARCH, "GET",
        ),
        Main("my_deals", {}, page(ENGINE, LOOM), "/v2/deals", fake.DEALS_FULL, "GET"),
        Main("get_deal", {"deal_id": 701}, ENGINE, "/deals/701", fake.DEALS_FULL, "GET"),
        Main("list_deal_stages", {}, page(QUALIFIED, OFFER), "/stages", fake.DEALS_FULL, "GET"),
        Main(
            "update_deal", {"deal_id": 702, "stage_id": 2, "status": "won"},
            {**LOOM, "stage_id": 2, "status": "won"}, "/deals/702", fake.DEALS_FULL, "PATCH",
        ),
        Main("list_notes", {"deal_id": 701}, page(CALLED, WANTS), "/v1/notes", fake.DEALS_FULL, "GET"),
        Main("add_note", NOTE, {"id": 601, "deal_id": 701, "person_id": None}, "/v1/notes", fake.DEALS_FULL),
        Main("my_activities", {}, page(CALL, OFFERING), "/activities", fake.ACTIVITIES_FULL, "GET"),
        Main(
            "create_activity", PLAN, activity(601, "Send the offer", "2026-12-03", deal_id=701),
            "/activities", fake.ACTIVITIES_FULL,
        ),
    ),
    more=(
        Case("find_people", "empty", {"text": "nobody"}, page()),
        Case("find_people", "first_page", {"text": "example", "limit": 1}, page(ADA, next=fake.cursor_of(1))),
        Case("find_people", "next_page", {"text": "example", "limit": 1, "cursor": fake.cursor_of(1)}, page(GRACE)),
        Case("find_deals", "missing_scope", {"text": "order"}, Refusal("consent_required", ()), _with([fake.BASE])),
        Case("find_deals", "empty", {"text": "spaceship"}, page()),
        Case("find_deals", "first_page", {"text": "order", "limit": 1}, page(FOUND_ENGINE, next=fake.cursor_of(1))),
        Case(
            "find_deals", "next_page", {"text": "order", "limit": 1, "cursor": fake.cursor_of(1)}, page(FOUND_LOOM),
        ),
        Case("my_deals", "empty", {"status": "lost"}, page()),
        Case("my_deals", "first_page", {"limit": 1}, page(ENGINE, next=fake.cursor_of(1))),
        Case("my_deals", "next_page", {"limit": 1, "cursor": fake.cursor_of(1)}, page(LOOM)),
        Case("my_deals", "of_a_reading_app", {"limit": 1, "cursor": fake.cursor_of(1)}, page(LOOM), _with(fake.READING)),
        Case("get_deal", "not_found", {"deal_id": 999}, Refusal("not_found")),
        Case("list_deal_stages", "empty", {}, page(), _nothing),
        Case("list_deal_stages", "next_page", {"limit": 1, "cursor": fake.cursor_of(1)}, page(OFFER, next=fake.cursor_of(2))),
        Case("update_deal", "not_found", {"deal_id": 999, "status": "won"}, Refusal("not_found")),
        Case("update_deal", "refused", {"deal_id": 701, "stage_id": 99}, Refusal("invalid_arguments")),
        Case("list_notes", "empty", {"person_id": 501}, page()),
        Case("list_notes", "first_page", {"deal_id": 701, "limit": 1}, page(CALLED, next="1")),
        Case("list_notes", "next_page", {"deal_id": 701, "limit": 1, "cursor": "1"}, page(WANTS)),
        Case("add_note", "refused", {"text": "x", "person_id": 999}, Refusal("invalid_arguments")),
        Case("my_activities", "empty", {}, page(), _nothing),
        Case("my_activities", "first_page", {"limit": 1}, page(CALL, next=fake.cursor_of(1))),
        Case("my_activities", "next_page", {"limit": 1, "cursor": fake.cursor_of(1)}, page(OFFERING)),
        Case(
            "my_activities", "done", {"done": True},
            page(activity(903, "Say hello", "2026-11-02", done=True)),
        ),
        Case("create_activity", "refused", {**PLAN, "deal_id": 999}, Refusal("invalid_arguments")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="pipedrive",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"pipedrive": "specs-handwritten/pipedrive"}
NOT_DESCRIBED = {
    "pipedrive": {
        "GET /api/v2/stages": "Pipedrive's API reference, version 2: Get all stages",
        "GET /v1/notes": "Pipedrive's API reference, version 1: Get all notes",
        "POST /v1/notes": "Pipedrive's API reference, version 1: Add a note",
        "POST /oauth/revoke": "Pipedrive's page on handling user app uninstallation",
    }
}
SCOPES_BY_GUIDE = {
    "GET /api/v2/stages": "deals:read",
    "GET /v1/notes": "deals:read",
    "POST /v1/notes": "deals:full",
}
INCLUDES = {"deals:full": ("deals:read",), "activities:full": ("activities:read",)}
