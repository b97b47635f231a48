"""Jira's cases, and where its requests are described."""

from __future__ import annotations

import re
from typing import Any

from connectors import jira as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import jira as fake

SITE = "https://acme.atlassian.net"


def issue(
    key: str, summary: str, assignee: str | None, status: str = "To Do", due: str | None = None
) -> dict[str, Any]:
    return {
        "key": key, "summary": summary, "type": "Task", "status": status, "assignee": assignee, "due_on": due,
        "url": f"{SITE}/browse/{key}",
    }  # fmt: skip


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


FIRST = issue("ACME-1", "Fix login", "Ada Byron", due="2026-12-01")
SECOND = issue("ACME-2", "Login is slow", "Ada Byron", "In Progress")
THIRD = issue("ACME-3", "Login page wording", "Ben Okri")
FOURTH = issue("ACME-4", "Old login", "Ada Byron", "Done")
NEW = {
    "project": "ACME",
    "summary": "Button is grey",
    "description": "It was blue.\n\nSince Monday.",
    "due_on": "2026-12-08",
}

SUBJECT = Subject(
    connector=module.jira,
    make=fake.populated,
    user="a1",
    scopes=fake.ALL_SCOPES,
    fields={"cloud_id": fake.ACME, "site_url": SITE},
    names_scopes=False,
    silent=frozenset({"transition_issue"}),
    mains=(
        Main(
            "my_profile", {},
            {"id": "a1", "name": "Ada Byron", "email": "ada@acme.example", "time_zone": "Europe/London"},
            "/myself", fake.USER_READ, "GET",
        ),
        Main(
            "find_projects", {"text": "web"}, page({"key": "ACME", "name": "Acme website"}),
            "/project/search", fake.WORK_READ, "GET",
        ),
        Main(
            "search_issues", {"text": 'login "page"', "project": "acme", "open_only": True}, page(THIRD),
            "/search/jql", fake.WORK_READ,
        ),
        Main("my_issues", {}, page(FIRST, SECOND), "/search/jql", fake.WORK_READ),
        Main(
            "get_issue", {"issue_key": "ACME-1"},
            {
                **FIRST, "priority": "Medium", "created_at": "2026-11-01T08:00:00.000+0000",
                "updated_at": "2026-11-20T08:00:00.000+0000", "description": "The form is blank.",
            },
            "/issue/ACME-1", fake.WORK_READ, "GET",
        ),
        Main(
            "create_issue", NEW, {"key": "ACME-5", "url": f"{SITE}/browse/ACME-5"},
            "/issue", "write:issue:jira",
        ),
        Main(
            "add_comment", {"issue_key": "acme-1", "text": "Seen.\nWill do."}, {"id": "1", "issue": "ACME-1"},
            "/comment", "write:comment:jira",
        ),
        Main(
            "list_transitions", {"issue_key": "ACME-1"},
            [{"id": "11", "name": "In Progress", "to": "In Progress"}, {"id": "21", "name": "Done", "to": "Done"}],
            "/transitions", fake.WORK_READ, "GET",
        ),
        Main(
            "transition_issue", {"issue_key": "ACME-1", "transition_id": "21"},
            {"issue": "ACME-1", "transition": "21"}, "/transitions", "write:issue.property:jira",
        ),
    ),
    more=(
        Case("find_projects", "empty", {"text": "nothing"}, page()),
        Case("find_projects", "first_page", {"limit": 1}, page({"key": "ACME", "name": "Acme website"}, next="1")),
        Case("find_projects", "next_page", {"limit": 1, "cursor": "1"}, page({"key": "SEC", "name": "Security"})),
        Case("search_issues", "empty", {"text": "spaceship"}, page()),
        Case("search_issues", "first_page", {"text": "login", "limit": 3}, page(FIRST, SECOND, THIRD, next="page-3")),
        Case("search_issues", "next_page", {"text": "login", "limit": 3, "cursor": "page-3"}, page(FOURTH)),
        Case("my_issues", "empty", {"project": "SEC"}, page()),
        Case("my_issues", "next_page", {"open_only": False, "limit": 2, "cursor": "page-2"}, page(FOURTH)),
        Case("get_issue", "not_found", {"issue_key": "ACME-99"}, Refusal("not_found")),
        Case("create_issue", "refused", {**NEW, "issue_type": "Spaceship"}, Refusal("invalid_arguments")),
        Case("add_comment", "not_found", {"issue_key": "ACME-99", "text": "Seen."}, Refusal("not_found")),
        Case("list_transitions", "not_found", {"issue_key": "ACME-99"}, Refusal("not_found")),
        Case("transition_issue", "not_found", {"issue_key": "ACME-99", "transition_id": "21"}, Refusal("not_found")),
        Case(
            "transition_issue", "refused", {"issue_key": "ACME-1", "transition_id": "99"},
            Refusal("invalid_arguments"),
        ),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_2",
    workspace="ws_1",
    slug="jira",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_2",
)
DESCRIPTIONS = {"jira": "specs-handwritten/jira", "jira official": "specs/jira"}
NOT_DESCRIBED = {
    "jira": {"GET /ex/jira/{}/rest/api/3/project/search": "in the official description"},
    "jira official": {"GET /oauth/token/accessible-resources": "not part of the platform API"},
}
SCOPES_BY_GUIDE = {"GET /ex/jira/{}/rest/api/3/project/search": "read:jira-work"}
ROUTE = re.compile(r"(?<=/ex/jira/)[^/]+|(?<=/)[A-Z]+-[0-9]+(?=/|$)")
LEFT_OUT = {"jira official": re.compile(r"/ex/jira/[^/]+")}
