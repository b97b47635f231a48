"""Asana's cases, and where its requests are described."""

from __future__ import annotations

from typing import Any

from connectors import asana as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import asana as fake


def task(
    id: str, name: str, assignee: str | None = "Ada Byron", due: str | None = None, *, done: bool = False
) -> dict[str, Any]:
    url = f"https://app.asana.com/1/{fake.ACME}/task/{id}"
    return {"id": id, "name": name, "completed": done, "due_on": due, "assignee": assignee, "url": url}


def project(id: str, name: str) -> dict[str, Any]:
    return {"id": id, "name": name, "url": f"https://app.asana.com/1/{fake.ACME}/project/{id}"}


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def searched(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return page(*items, next=next) | {"searched": "workspace", "note": None}


def own(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return page(*items, next=next) | {"searched": "your own tasks", "note": module.NOT_SEARCHED}


FIRST = task("101", "Fix login", due="2026-12-01")
SECOND = task("102", "Login is slow")
THIRD = task("103", "Login page wording", "Ben Okri")
FOURTH = task("104", "Old login", done=True)
IN_ACME = {"workspace": fake.ACME}
NEW = {
    **IN_ACME,
    "name": "Send the offer",
    "notes": "As <b>agreed</b> & signed",
    "due_on": "2026-12-03",
    "project": "301",
}


def _nobody(provider: fake.Asana) -> None:
    provider.tasks.clear()
    provider.projects.clear()


def _no_workspaces(provider: fake.Asana) -> None:
    provider.fake.fail(200, {"data": [], "next_page": None}, path="/workspaces")


def _free_plan(provider: fake.Asana) -> None:
    provider.premium = False


SUBJECT = Subject(
    connector=module.asana,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={},
    names_scopes=True,
    still={"connectors.asana._now": fake.NOW},
    mains=(
        Main(
            "list_workspaces", {}, page({"id": "11", "name": "Acme"}, {"id": "12", "name": "Home"}),
            "/workspaces", fake.WORKSPACES_READ, "GET",
        ),
        Main(
            "list_projects", IN_ACME, page(project("301", "Website"), project("302", "Engine")),
            "/projects", fake.PROJECTS_READ, "GET",
        ),
        Main("project_tasks", {"project": "301"}, page(FIRST, THIRD), "/tasks", fake.TASKS_READ, "GET"),
        Main("my_tasks", IN_ACME, page(FIRST, SECOND), "/tasks", fake.TASKS_READ, "GET"),
        Main(
            "search_tasks", {**IN_ACME, "text": "login", "open_only": True}, searched(THIRD, SECOND, FIRST),
            "/tasks/search", fake.TASKS_READ, "GET",
        ),
        Main(
            "get_task", {"task_id": "101"},
            {
                **FIRST, "notes": "The form is <b>blank</b>.", "projects": ["Website"],
                "created_at": "2026-11-02T09:00:00.000Z", "modified_at": "2026-11-20T09:00:00.000Z",
            },
            "/tasks/101", fake.TASKS_READ, "GET",
        ),
        Main("create_task", NEW, task("905", "Send the offer", due="2026-12-03"), "/tasks", fake.TASKS_WRITE),
        Main(
            "add_comment", {"task_id": "101", "text": "Seen <b>it</b> & will do."},
            {"id": "801", "task": "101", "created_at": "2026-11-24T08:00:00.000Z"},
            "/tasks/101/stories", fake.STORIES_WRITE,
        ),
        Main(
            "update_task", {"task_id": "101", "completed": True, "due_on": "2026-12-05"},
            task("101", "Fix login", due="2026-12-05", done=True), "/tasks/101", fake.TASKS_WRITE, "PUT",
        ),
    ),
    more=(
        Case("list_workspaces", "empty", {}, page(), _no_workspaces),
        Case("list_workspaces", "first_page", {"limit": 1}, page({"id": "11", "name": "Acme"}, next="offset-1")),
        Case("list_workspaces", "next_page", {"limit": 1, "cursor": "offset-1"}, page({"id": "12", "name": "Home"})),
        Case("list_projects", "empty", {"workspace": fake.HOME}, page()),
        Case("list_projects", "next_page", {**IN_ACME, "limit": 1, "cursor": "offset-1"}, page(project("302", "Engine"))),
        Case("project_tasks", "empty", {"project": "302"}, page()),
        Case("project_tasks", "next_page", {"project": "301", "limit": 1, "cursor": "offset-1"}, page(THIRD)),
        Case("project_tasks", "not_found", {"project": "399"}, Refusal("not_found")),
        Case("my_tasks", "empty", IN_ACME, page(), _nobody),
        Case("my_tasks", "first_page", {**IN_ACME, "limit": 1}, page(FIRST, next="offset-1")),
        Case(
            "my_tasks", "next_page", {**IN_ACME, "open_only": False, "limit": 2, "cursor": "offset-2"}, page(FOURTH),
        ),
        Case("my_tasks", "old_page", {**IN_ACME, "cursor": "eyJvbGQ"}, Refusal("invalid_arguments")),
        Case("search_tasks", "empty", {**IN_ACME, "text": "spaceship"}, searched()),
        Case(
            "search_tasks", "first_page", {**IN_ACME, "text": "login", "limit": 2},
            searched(FOURTH, THIRD, next="2026-11-04T09:00:00.000Z"),
        ),
        Case(
            "search_tasks", "next_page",
            {**IN_ACME, "text": "login", "limit": 3, "cursor": "2026-11-04T09:00:00.000Z"}, searched(SECOND, FIRST),
        ),
        Case(
            "search_tasks", "free_plan", {**IN_ACME, "text": "LOGIN", "open_only": True}, own(FIRST, SECOND), _free_plan,
        ),
        Case(
            "search_tasks", "free_plan_first_page", {**IN_ACME, "text": "slow", "limit": 1},
            own(SECOND, next="mine:offset-2"), _free_plan,
        ),
        Case(
            "search_tasks", "free_plan_next_page",
            {**IN_ACME, "text": "login", "limit": 2, "cursor": "mine:offset-2"}, own(FOURTH), _free_plan,
        ),
        Case("get_task", "not_found", {"task_id": "199"}, Refusal("not_found")),
        Case("create_task", "refused", {**NEW, "project": "399"}, Refusal("invalid_arguments")),
        Case("add_comment", "not_found", {"task_id": "199", "text": "Seen."}, Refusal("not_found")),
        Case("update_task", "not_found", {"task_id": "199", "completed": True}, Refusal("not_found")),
        Case("update_task", "refused", {"task_id": "101", "due_on": "2026-01-01"}, Refusal("invalid_arguments")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="asana",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
DESCRIPTIONS = {"asana official": "specs/asana"}
NOT_DESCRIBED = {
    "asana official": {
        "POST /-/oauth_token": "Asana's OAuth page; not part of the document",
        "POST /-/oauth_revoke": "Asana's OAuth page; not part of the document",
    }
}
