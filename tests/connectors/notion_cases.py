"""Notion's cases, and where its requests are described.

The description of POST /v1/pages knows `parent` and `properties` alone, so the text of a new page (`children`) is
proved in test_notion.py instead.
"""

from __future__ import annotations

import re
from typing import Any

from connectors import notion as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import notion as fake
from tests.connectors.fakes.notion import uid


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def found(id: str, title: str, day: int, kind: str = "page", url: str = "") -> dict[str, Any]:
    address = url or f"https://www.notion.so/{id.replace('-', '')}"
    return {
        "id": id,
        "kind": kind,
        "title": title,
        "url": address,
        "edited_at": f"2026-11-{day:02d}T09:00:00.000Z",
    }


def entry(id: str, title: str, day: int, **properties: Any) -> dict[str, Any]:
    told = found(id, title, day)
    return {name: told[name] for name in ("id", "title", "url", "edited_at")} | {"properties": properties}


def line(id: int, kind: str, text: str, inside: bool = False) -> dict[str, Any]:
    return {"id": uid(id), "kind": kind, "text": text, "more_inside": inside}


def remark(id: int, text: str, author: str) -> dict[str, Any]:
    return {"id": uid(id), "text": text, "author": author, "created_at": "2026-11-20T09:00:00.000Z"}


ROADMAP, MINUTES = found(fake.ROADMAP, "Roadmap", 10), found(fake.MINUTES, "Minutes", 9)
TASKS = found(fake.TASKS, "Tasks", 6, "data_source", "https://www.notion.so/tasks")
CALL, LOOM, NOWHERE = uid(0x11), uid(0x12), uid(0x999)
COLUMNS = {"data_source_id": fake.TASKS, "columns": ["Status", "Due", "Size", "Ready"]}
CALLED = entry(CALL, "Call Ada", 8, Status="Open", Due="2026-12-01", Size=3, Ready=False)
FIXED = entry(LOOM, "Fix the loom", 7, Status="Done", Due=None, Size=None, Ready=True)
LINES = (
    line(0x21, "heading_1", "# This year"),
    line(0x22, "to_do", "[x] Ship the engine"),
    line(0x24, "toggle", "Details", True),
)
ASKED, YES = remark(0x500, "Is this still so?", "Ben Okri"), remark(0x501, "Yes.", "Ada Byron")
MADE = uid(0x65)
NEW = {"id": MADE, "url": f"https://www.notion.so/{MADE.replace('-', '')}"}


def _nothing(provider: fake.Notion) -> None:
    for page in provider.pages.values():
        page["parent"] = {"type": "workspace", "workspace": True}
    provider.comments.clear()


SUBJECT = Subject(
    connector=module.notion,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={"user_id": fake.ADA},
    names_scopes=False,
    mains=(
        Main("search", {"text": "road", "kind": "page"}, page(ROADMAP), "/search", fake.READ),
        Main("get_page", {"page_id": fake.ROADMAP}, entry(fake.ROADMAP, "Roadmap", 10), f"/{fake.ROADMAP}", fake.READ, "GET"),
        Main("read_page", {"page_id": fake.ROADMAP}, page(*LINES), "/children", fake.READ, "GET"),
        Main("list_entries", COLUMNS, page(CALLED, FIXED), "/query", fake.READ),
        Main("list_comments", {"page_id": fake.ROADMAP}, page(ASKED, YES), "/comments", fake.COMMENTS_READ, "GET"),
        Main("create_page", {"title": "Plan B", "parent_page_id": fake.ROADMAP}, NEW, "/pages", fake.INSERT),
        Main(
            "add_comment", {"page_id": fake.ROADMAP, "text": "Done."}, {"id": uid(0x502), "page": fake.ROADMAP},
            "/comments", fake.COMMENTS_INSERT,
        ),
        Main(
            "set_property", {"page_id": CALL, "name": "Status", "value": "Done"},
            {"page": CALL, "property": "Status", "value": "Done"}, f"/{CALL}", fake.UPDATE, "PATCH",
        ),
    ),
    more=(
        Case("search", "empty", {"text": "nowhere"}, page()),
        Case("search", "first_page", {"limit": 1}, page(ROADMAP, next="cursor-1")),
        Case("search", "next_page", {"limit": 1, "cursor": "cursor-1"}, page(MINUTES, next="cursor-2")),
        Case("search", "databases", {"kind": "data_source"}, page(TASKS)),
        Case("search", "not_chosen", {"text": "secret"}, page()),
        Case("get_page", "not_found", {"page_id": NOWHERE}, Refusal("not_found")),
        Case("get_page", "not_chosen", {"page_id": fake.SECRET}, Refusal("not_found")),
        Case("read_page", "empty", {"page_id": fake.MINUTES}, page()),
        Case(
            "read_page", "first_page", {"page_id": fake.ROADMAP, "limit": 1}, page(LINES[0], next="cursor-1"),
        ),
        Case(
            "read_page", "next_page", {"page_id": fake.ROADMAP, "limit": 3, "cursor": "cursor-1"}, page(*LINES[1:]),
        ),
        Case("read_page", "inside", {"page_id": uid(0x24)}, page(line(0x25, "paragraph", "Steam, mostly."))),
        Case("read_page", "not_found", {"page_id": NOWHERE}, Refusal("not_found")),
        Case("list_entries", "empty", {**COLUMNS, "text": "spaceship"}, page()),
        Case("list_entries", "next_page", {**COLUMNS, "limit": 1, "cursor": "cursor-1"}, page(FIXED)),
        Case("list_entries", "mine", {**COLUMNS, "mine_by": "Who"}, page(CALLED)),
        Case("list_entries", "mine_with_words", {**COLUMNS, "mine_by": "Who", "text": "loom"}, page()),
        Case("list_entries", "no_such_column", {**COLUMNS, "columns": ["Mood"]}, Refusal("invalid_arguments")),
        Case("list_entries", "no_people", {**COLUMNS, "mine_by": "Status"}, Refusal("invalid_arguments")),
        Case("list_entries", "not_found", {"data_source_id": NOWHERE}, Refusal("not_found")),
        Case("list_comments", "empty", {"page_id": fake.ROADMAP}, page(), _nothing),
        Case("list_comments", "next_page", {"page_id": fake.ROADMAP, "limit": 1, "cursor": "cursor-1"}, page(YES)),
        Case("list_comments", "not_found", {"page_id": NOWHERE}, Refusal("not_found")),
        Case("create_page", "entry", {"title": "Oil it", "data_source_id": fake.TASKS}, NEW),
        Case("create_page", "not_found", {"title": "Lost", "parent_page_id": NOWHERE}, Refusal("not_found")),
        Case("add_comment", "not_found", {"page_id": NOWHERE, "text": "Done."}, Refusal("not_found")),
        Case(
            "set_property", "date", {"page_id": LOOM, "name": "Due", "value": "2026-12-05"},
            {"page": LOOM, "property": "Due", "value": "2026-12-05"},
        ),
        Case(
            "set_property", "no_such_choice", {"page_id": CALL, "name": "Status", "value": "Mislaid"},
            Refusal("invalid_arguments"),
        ),
        Case(
            "set_property", "of_another_kind", {"page_id": CALL, "name": "Who", "value": "Ben Okri"},
            Refusal("invalid_arguments"),
        ),
        Case(
            "set_property", "not_found", {"page_id": NOWHERE, "name": "Status", "value": "Done"}, Refusal("not_found"),
        ),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="notion",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"notion": "specs-handwritten/notion"}
NOT_DESCRIBED = {
    "notion": {
        "GET /v1/blocks/{}/children": "Notion's reference, Retrieve block children",
        "GET /v1/comments": "Notion's reference, List comments",
        "GET /v1/data_sources/{}": "Notion's reference, Retrieve a data source",
        "PATCH /v1/pages/{}": "Notion's reference, Update page; filter_properties by @notionhq/client 5.26.0",
    }
}
SCOPES_BY_GUIDE = {
    "GET /v1/blocks/{}/children": fake.READ,
    "GET /v1/comments": fake.COMMENTS_READ,
    "GET /v1/data_sources/{}": fake.READ,
    "PATCH /v1/pages/{}": fake.UPDATE,
}
ROUTE = re.compile(r"(?<=/)[0-9a-f]{8}-[0-9a-f-]{27}(?=/|$)")
