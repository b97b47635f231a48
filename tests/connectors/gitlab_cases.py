"""GitLab's cases."""

from __future__ import annotations

import re
from typing import Any

from connectors import gitlab as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import gitlab as fake
from tests.connectors.wire import TOKEN

WEB = f"{fake.HOST}/acme/website"
CLIENT = ClientRegistration(
    id="reg_5",
    workspace="ws_1",
    slug="gitlab",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={"host_url": fake.HOST},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_5",
)
DESCRIPTIONS = {"gitlab": "specs-handwritten/gitlab"}
ROUTE = re.compile(r"(?<=/projects/).+?(?=/issues)|(?<=/)[0-9]+(?=/|$)")
# The subset has the members of a POST in the query, where a text does not belong (test_gitlab.py compares them), and no pages
# of merge requests. Of a project's path, which is decoded where this is asked, the last step is left as its one segment.
_OTHERWISE = r"^/api/v4/(?:merge_requests|projects|projects/.+?/issues(?:/[0-9]+/notes)?)$"
_GROUPS = r"(?<=/api/v4/projects/)(?:[a-z]+/)+(?=[a-z]+/issues/[0-9]+$)"
LEFT_OUT = {"gitlab": re.compile(f"{_OTHERWISE}|{_GROUPS}")}
_PAGE = "GitLab's REST API page for it"
NOT_DESCRIBED = {
    "gitlab": {
        "GET /api/v4/projects": _PAGE,
        "GET /api/v4/merge_requests": "in the description, without pages",
        "GET /api/v4/projects/{}/issues": _PAGE,
        "POST /api/v4/projects/{}/issues": "in the description, with its members in the query",
        "PUT /api/v4/projects/{}/issues/{}": _PAGE,
        "GET /api/v4/projects/{}/issues/{}/notes": _PAGE,
        "POST /api/v4/projects/{}/issues/{}/notes": "in the description, with its members in the query",
    }
}
SCOPES_BY_GUIDE = {
    "GET /api/v4/projects": fake.READ,
    "GET /api/v4/merge_requests": fake.READ,
    "GET /api/v4/projects/{}/issues": fake.READ,
    "POST /api/v4/projects/{}/issues": fake.ALL,
    "PUT /api/v4/projects/{}/issues/{}": fake.ALL,
    "GET /api/v4/projects/{}/issues/{}/notes": fake.READ,
    "POST /api/v4/projects/{}/issues/{}/notes": fake.ALL,
}
INCLUDES = {fake.ALL: (fake.READ,)}


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def issue(number: int, title: str, assignees: list[str], **more: Any) -> dict[str, Any]:
    return {
        "project": "acme/website", "number": number, "title": title, "state": "opened", "assignees": assignees,
        "labels": [], "due_on": None, "confidential": False, "url": f"{WEB}/-/issues/{number}", **more,
    }  # fmt: skip


FIRST = issue(14, "Fix login", ["ada"], labels=["bug"], due_on="2026-12-01")
SECOND = issue(15, "Login is slow", ["ada", "ben"])
THIRD = issue(16, "Login page wording", ["ben"])
FOURTH = issue(17, "Old login", ["ada"], state="closed")
KEYS = issue(
    14,
    "Login keys",
    [],
    project="acme/team/api",
    confidential=True,
    url=f"{fake.HOST}/acme/team/api/-/issues/14",
)
PROJECT = {"project": "acme/website", "name": "Website", "description": "The website", "url": WEB}
API = {"project": "acme/team/api", "name": "Api", "description": None, "url": f"{fake.HOST}/acme/team/api"}
SAID = {"author": "ben", "created_at": "2026-11-21T08:00:00.000Z", "internal": False}
COMMENTS = [
    {"id": 301, **SAID, "text": "I see it, too."},
    {"id": 303, **SAID, "author": "ada", "internal": True, "text": "Since Monday."},
]
MERGE = {
    "project": "acme/website", "number": 21, "title": "Speed login up", "state": "opened", "draft": False,
    "author": "ben", "url": f"{WEB}/-/merge_requests/21",
}  # fmt: skip
SLOWER = {**MERGE, "number": 23, "title": "Slower", "draft": True, "url": f"{WEB}/-/merge_requests/23"}
ONE = {"project": "41", "number": 14}
NEW = {"project": "41", "title": "Button is grey", "text": "It was *blue*.\n\n/close", "due_on": "2026-12-08"}


def without_any(provider: fake.GitLab) -> None:
    """`api` includes `read_api`, so for reading both have to be missing."""
    provider.fake.sign_in(TOKEN, fake.ADA, ["read_user"])


_READING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("find_projects", {"text": "web"}),
    ("search_issues", {"text": "login", "project": "41"}),
    ("my_issues", {}),
    ("get_issue", ONE),
    ("read_comments", ONE),
    ("my_merge_requests", {}),
)

SUBJECT = Subject(
    connector=module.gitlab,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={"host_url": fake.HOST},
    names_scopes=True,
    mains=(
        Main("find_projects", {"text": "web"}, page(PROJECT), "/projects", fake.READ, "GET"),
        Main(
            "search_issues", {"text": "login", "project": "41"}, page(THIRD, SECOND, FIRST),
            "/projects/41/issues", fake.READ, "GET",
        ),
        Main("my_issues", {}, page(SECOND, FIRST), "/issues", fake.READ, "GET"),
        Main(
            "get_issue", ONE,
            {
                **FIRST, "author": "ben", "created_at": "2026-11-01T08:00:00.000Z",
                "updated_at": "2026-11-20T08:00:00.000Z", "closed_at": None, "text": "The **form** is blank.",
            },
            "/issues/14", fake.READ, "GET",
        ),
        Main("read_comments", ONE, page(*COMMENTS), "/issues/14/notes", fake.READ, "GET"),
        Main("my_merge_requests", {}, page(MERGE, SLOWER), "/merge_requests", fake.READ, "GET"),
        Main(
            "create_issue", NEW, {"project": "acme/website", "number": 18, "url": f"{WEB}/-/issues/18"},
            "/projects/41/issues", fake.ALL,
        ),
        Main(
            "add_comment", {**ONE, "text": " Will do.\r\n/assign @ben "}, {"id": 304, "project": "41", "number": 14},
            "/notes", fake.ALL,
        ),
        Main(
            "set_issue_state", {**ONE, "state": "closed"},
            {"project": "acme/website", "number": 14, "state": "closed"}, "/issues/14", fake.ALL, "PUT",
        ),
    ),
    more=(
        *(
            Case(tool, "missing_scope", arguments, Refusal("consent_required", (fake.READ,)), without_any)
            for tool, arguments in _READING
        ),
        Case("find_projects", "empty", {"text": "spaceship"}, page()),
        Case("find_projects", "first_page", {"limit": 1}, page(API, next="id_before:42")),
        Case("find_projects", "next_page", {"limit": 1, "cursor": "id_before:42"}, page(PROJECT)),
        Case("search_issues", "empty", {"text": "spaceship"}, page()),
        Case("search_issues", "first_page", {"text": "login", "limit": 2}, page(KEYS, THIRD, next="page:2")),
        Case(
            "search_issues", "next_page", {"text": "login", "limit": 2, "cursor": "page:2"}, page(SECOND, FIRST)
        ),
        Case("search_issues", "not_found", {"project": "acme/secret"}, Refusal("not_found")),
        Case("my_issues", "empty", {"text": "spaceship"}, page()),
        Case("my_issues", "next_page", {"open_only": False, "limit": 2, "cursor": "page:2"}, page(FIRST)),
        Case("get_issue", "by_path", {"project": "acme/team/api", "number": 14}, {
            **KEYS, "author": "ben", "created_at": "2026-11-01T08:00:00.000Z",
            "updated_at": "2026-11-20T08:00:00.000Z", "closed_at": None, "text": "",
        }),
        Case("get_issue", "not_found", {**ONE, "number": 99}, Refusal("not_found")),
        Case("get_issue", "of_somebody_else", {"project": "43", "number": 14}, Refusal("not_found")),
        Case("read_comments", "empty", {**ONE, "number": 15}, page()),
        Case("read_comments", "next_page", {**ONE, "limit": 2, "cursor": "page:2"}, page(COMMENTS[1])),
        Case("read_comments", "not_found", {**ONE, "number": 99}, Refusal("not_found")),
        Case("my_merge_requests", "empty", {"role": "assignee"}, page()),
        Case("my_merge_requests", "next_page", {"limit": 1, "cursor": "page:2"}, page(SLOWER)),
        Case("create_issue", "not_found", {**NEW, "project": "acme/nothing"}, Refusal("not_found")),
        Case("create_issue", "refused", {**NEW, "title": "too bad"}, Refusal("invalid_arguments")),
        Case("add_comment", "not_found", {**ONE, "number": 99, "text": "Seen."}, Refusal("not_found")),
        Case("set_issue_state", "not_found", {**ONE, "number": 99, "state": "closed"}, Refusal("not_found")),
    ),
)  # fmt: skip
