"""Todoist's cases, and where its requests are described.

The description of POST /api/v1/tasks knows `content`, `project_id` and `due_string`; the members of the real one
that create_task sends beside those are proved in test_todoist.py instead.
"""

from __future__ import annotations

import re
from typing import Any

from connectors import todoist as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import todoist as fake


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def task(
    id: str, content: str, due: str | None = None, project: str = fake.INBOX, **more: Any
) -> dict[str, Any]:
    told = {"id": id, "content": content, "due": due, "repeats": False, "priority": "p4", "labels": []}
    return told | {"project_id": project, "url": f"https://app.todoist.com/app/task/{id}"} | more


CALL = task("6Xa1", "Call Ada", "2026-11-24", priority="p1", labels=["phone"])
OFFER = task("6Xa2", "Send the engine offer", "2026-11-20T10:00:00Z")
READING = task("6Xa3", "Read about looms")
OIL = task("6Xb1", "Oil the loom", "2026-11-28", fake.LOOMS, repeats=True)
REPAIR = task("6Xb2", "Repair the loom", "2026-11-24", fake.LOOMS)
INBOX, LOOMS = (
    {"id": fake.INBOX, "name": "Inbox", "shared": False},
    {"id": fake.LOOMS, "name": "Looms", "shared": True},
)
DETAILS = {
    "description": "About the engine",
    "deadline": "2026-12-24",
    "created_at": "2026-11-01T09:00:00.000000Z",
}
NEW = {"id": "6X501", "url": "https://app.todoist.com/app/task/6X501"}


def _nothing(provider: fake.Todoist) -> None:
    provider.tasks.clear()


def _no_projects(provider: fake.Todoist) -> None:
    provider.projects.clear()


def _may_only_add(provider: fake.Todoist) -> None:
    for token in provider.fake.tokens.values():
        token.scopes = frozenset({fake.ADD})


def _may_not_write(provider: fake.Todoist) -> None:
    for token in provider.fake.tokens.values():
        token.scopes = frozenset({fake.READ})


READS = ("list_projects", "list_tasks", "find_tasks", "my_tasks", "get_task")
ARGUMENTS: dict[str, dict[str, Any]] = {
    "list_projects": {}, "list_tasks": {"project_id": fake.LOOMS}, "find_tasks": {"text": "engine"},
    "my_tasks": {}, "get_task": {"task_id": "6Xa1"},
    "create_task": {"content": "Buy oil", "project_id": fake.LOOMS},
}  # fmt: skip

SUBJECT = Subject(
    connector=module.todoist,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={},
    names_scopes=False,
    silent=frozenset({"close_task"}),
    mains=(
        Main("list_projects", ARGUMENTS["list_projects"], page(INBOX, LOOMS), "/projects", fake.READ, "GET"),
        Main("list_tasks", ARGUMENTS["list_tasks"], page(OIL, REPAIR), "/tasks", fake.READ, "GET"),
        Main("find_tasks", ARGUMENTS["find_tasks"], page(OFFER), "/tasks/filter", fake.READ, "GET"),
        Main("my_tasks", ARGUMENTS["my_tasks"], page(CALL, OFFER), "/tasks/filter", fake.READ, "GET"),
        Main("get_task", ARGUMENTS["get_task"], CALL | DETAILS, "/tasks/6Xa1", fake.READ, "GET"),
        Main("create_task", ARGUMENTS["create_task"], NEW, "/tasks", fake.ADD),
        Main("add_comment", {"task_id": "6Xa1", "text": "No answer."}, {"id": "7Y1", "task": "6Xa1"}, "/comments", fake.WRITE),
        Main("close_task", {"task_id": "6Xa1"}, {"id": "6Xa1"}, "/close", fake.WRITE),
    ),
    more=(
        # what one scope allows, the wider one does too: without it means with neither
        *(Case(tool, "missing_scope", ARGUMENTS[tool], Refusal("consent_required", ()), _may_only_add) for tool in READS),
        Case("create_task", "missing_scope", ARGUMENTS["create_task"], Refusal("consent_required", ()), _may_not_write),
        Case("create_task", "only_adding", ARGUMENTS["create_task"], NEW, _may_only_add),
        Case("list_projects", "empty", {}, page(), _no_projects),
        Case("list_projects", "first_page", {"limit": 1}, page(INBOX, next="cursor-1")),
        Case("list_projects", "next_page", {"limit": 1, "cursor": "cursor-1"}, page(LOOMS)),
        Case("list_tasks", "empty", {"project_id": fake.INBOX}, page(), _nothing),
        Case("list_tasks", "next_page", {"project_id": fake.INBOX, "limit": 1, "cursor": "cursor-2"}, page(READING)),
        Case("list_tasks", "not_found", {"project_id": "6Jf9"}, Refusal("not_found")),
        Case("find_tasks", "empty", {"text": "spaceship"}, page()),
        Case("find_tasks", "next_page", {"text": "loom", "limit": 1, "cursor": "cursor-1"}, page(OIL, next="cursor-2")),
        Case("find_tasks", "words_and_day", {"text": "the loom", "when": "next_7_days"}, page(OIL, REPAIR)),
        Case("find_tasks", "no_date", {"when": "no_date"}, page(READING)),
        Case("find_tasks", "syntax", {"text": "loom | today, #Inbox & (@phone"}, page()),
        Case("my_tasks", "empty", {"when": "no_date"}, page(), _nothing),
        Case("my_tasks", "all", {"when": None}, page(CALL, OFFER, READING, OIL)),
        Case("my_tasks", "next_page", {"limit": 1, "cursor": "cursor-1"}, page(OFFER)),
        Case("get_task", "not_found", {"task_id": "6Xz9"}, Refusal("not_found")),
        Case("create_task", "refused", {"content": "Buy oil", "project_id": "6Jf9"}, Refusal("invalid_arguments")),
        Case("add_comment", "not_found", {"task_id": "6Xz9", "text": "No answer."}, Refusal("not_found")),
        Case("close_task", "not_found", {"task_id": "6Xz9"}, Refusal("not_found")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="todoist",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"todoist": "specs-handwritten/todoist"}
NOT_DESCRIBED = {
    "todoist": {
        "GET /api/v1/tasks": "@doist/todoist-sdk 11.0.0, getTasks",
        "POST /api/v1/comments": "@doist/todoist-sdk 11.0.0, addComment",
    }
}
SCOPES_BY_GUIDE = {
    "GET /api/v1/tasks": fake.READ,
    "POST /api/v1/comments": fake.WRITE,
}
ROUTE = re.compile(r"(?<=/tasks/)(?!filter)[^/]+(?=/|$)")
INCLUDES = {fake.WRITE: (fake.READ, fake.ADD)}
