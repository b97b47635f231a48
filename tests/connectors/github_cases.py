"""GitHub's cases, through a GitHub App. `github_oauth_cases.py` has the same for the fallback."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from connectors import github as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import github as fake
from tests.connectors.wire import TOKEN

SITE = "acme/website"
WEB = f"https://github.com/{SITE}"
CLIENT = ClientRegistration(
    id="reg_3",
    workspace="ws_1",
    slug="github",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_3",
)
DESCRIPTIONS = {"github": "specs-handwritten/github", "github official": "specs/github"}
ROUTE = re.compile(r"(?<=/repos/)[^/]+/[^/]+|(?<=/)[0-9]+(?=/|$)")
LEFT_OUT = {"github": re.compile(r"^/search/issues$")}  # the subset knows no order of what is found
NOT_DESCRIBED = {
    "github": {
        "GET /user/repos": "in the official description",
        "GET /search/issues": "in the official description",
        "GET /repos/{}/issues/{}/comments": "in the official description",
        "PATCH /repos/{}/issues/{}": "in the official description",
    },
    "github official": {"POST /login/oauth/access_token": "not part of the REST API"},
}


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


def issue(number: int, title: str, assignees: list[str], **more: Any) -> dict[str, Any]:
    return {
        "repository": SITE, "number": number, "title": title, "state": "open", "assignees": assignees, "labels": [],
        "updated_at": f"2026-11-{20 - number:02}T08:00:00Z", "url": f"{WEB}/issues/{number}", **more,
    }  # fmt: skip


def without(*scopes: str) -> Callable[[fake.GitHub], None]:
    """The test's token has all scopes but these."""
    return lambda provider: provider.fake.sign_in(
        TOKEN, fake.ADA, [one for one in fake.APP_SCOPES if one not in scopes]
    )


FIRST = issue(1, "Fix login", ["ada"], labels=["bug"])
SECOND = issue(2, "Login is slow", ["ada", "ben"])
THIRD = issue(3, "Login page wording", ["ben"])
FOURTH = issue(4, "Old login", ["ada"], state="closed")
REPOSITORY = {
    "name": SITE, "description": "The website", "private": True, "archived": False, "url": WEB,
}  # fmt: skip
OTHER = {
    "name": "acme/api", "description": None, "private": False, "archived": False,
    "url": "https://github.com/acme/api",
}  # fmt: skip
PULL = {
    "repository": SITE, "number": 5, "title": "Speed login up", "state": "open", "draft": False, "author": "ben",
    "updated_at": "2026-11-15T08:00:00Z", "url": f"{WEB}/pull/5",
}  # fmt: skip
MERGED = {
    "repository": "acme/api", "number": 6, "title": "Faster", "state": "merged", "draft": False, "author": "ada",
    "updated_at": "2026-11-14T08:00:00Z", "url": "https://github.com/acme/api/pull/6",
}  # fmt: skip
SAID = [
    {"id": 301, "author": "ben", "created_at": "2026-11-21T08:00:00Z", "text": "I see it, too."},
    {"id": 302, "author": "ada", "created_at": "2026-11-21T08:00:00Z", "text": "Since Monday."},
]
NEW = {
    "repository": SITE,
    "title": "Button is grey",
    "text": "It was *blue*.\n\nSince Monday.",
    "labels": ["bug"],
}
LOGIN = {"repository": SITE, "text": 'login "page'}
ONE = {"repository": SITE, "number": 1}


def mains(read: str, write: str, metadata: str, pulls: str, *more: dict[str, Any]) -> tuple[Main, ...]:
    """Each tool with what it cannot do without. `more`: the repositories that are in sight besides."""
    return (
        Main("my_repositories", {"limit": 5}, page(REPOSITORY, OTHER, *more), "/user/repos", metadata, "GET"),
        Main("search_issues", LOGIN, page(THIRD), "/search/issues", read, "GET"),
        Main("my_issues", {"owner": "acme"}, page(FIRST, SECOND), "/search/issues", read, "GET"),
        Main(
            "get_issue", ONE,
            {
                **FIRST, "kind": "issue", "author": "ben", "created_at": "2026-11-01T08:00:00Z", "closed_at": None,
                "comments": 2, "text": "The **form** is blank.",
            },
            "/issues/1", read, "GET",
        ),
        Main("read_comments", ONE, page(*SAID), "/issues/1/comments", read, "GET"),
        Main("my_pull_requests", {"owner": "acme"}, page(PULL), "/search/issues", pulls, "GET"),
        Main(
            "create_issue", NEW, {"repository": SITE, "number": 6, "url": f"{WEB}/issues/6"},
            f"/{SITE}/issues", write,
        ),
        Main(
            "add_comment", {**ONE, "text": " Will do.\r\nToday. "},
            {"id": 303, "url": f"{WEB}/issues/1#issuecomment-303"}, "/issues/1/comments", write,
        ),
        Main(
            "set_issue_state", {**ONE, "state": "not_planned"},
            {"repository": SITE, "number": 1, "state": "closed", "reason": "not_planned"},
            "/issues/1", write, "PATCH",
        ),
    )  # fmt: skip


def limited(provider: fake.GitHub) -> None:
    """GitHub's secondary limit: 403 with retry-after."""
    body = {"message": "You have exceeded a secondary rate limit. Please wait a few minutes."}
    provider.fake.fail(403, body, {"retry-after": "3600"}, path="/search/issues")


MORE = (
    Case("my_repositories", "empty", {"owner": "nobody"}, page()),
    Case("my_repositories", "first_page", {"limit": 1}, page(REPOSITORY, next="2")),
    Case("my_repositories", "next_page", {"limit": 1, "cursor": "2"}, page(OTHER)),
    Case("search_issues", "empty", {"owner": "acme", "text": "spaceship"}, page()),
    Case("search_issues", "first_page", {**LOGIN, "text": "login", "limit": 2}, page(FIRST, SECOND, next="2")),
    Case("search_issues", "next_page", {**LOGIN, "text": "login", "limit": 2, "cursor": "2"}, page(THIRD)),
    Case("search_issues", "refused", {"repository": "acme/nothing"}, Refusal("invalid_arguments")),
    Case("search_issues", "secondary_limit", LOGIN, Refusal("provider_rate_limited"), limited),
    Case("my_issues", "empty", {"owner": "acme", "text": "spaceship"}, page()),
    Case(
        "my_issues", "next_page", {"owner": "acme", "open_only": False, "limit": 2, "cursor": "2"}, page(FOURTH)
    ),
    Case("get_issue", "not_found", {**ONE, "number": 99}, Refusal("not_found")),
    Case("get_issue", "of_somebody_else", {"repository": "acme/secret", "number": 7}, Refusal("not_found")),
    Case("read_comments", "empty", {**ONE, "number": 2}, page()),
    Case("read_comments", "next_page", {**ONE, "limit": 1, "cursor": "2"}, page(SAID[1])),
    Case("read_comments", "not_found", {**ONE, "number": 99}, Refusal("not_found")),
    Case("my_pull_requests", "empty", {"role": "assignee", "owner": "acme"}, page()),
    Case(
        "my_pull_requests", "next_page",
        {"role": "author", "owner": "acme", "open_only": False, "limit": 1}, page(MERGED),
    ),
    Case("create_issue", "not_found", {**NEW, "repository": "acme/nothing"}, Refusal("not_found")),
    Case("create_issue", "refused", {**NEW, "labels": ["no such label"]}, Refusal("invalid_arguments")),
    Case("add_comment", "not_found", {**ONE, "number": 99, "text": "Seen."}, Refusal("not_found")),
    Case("set_issue_state", "not_found", {**ONE, "number": 99, "state": "completed"}, Refusal("not_found")),
    Case(
        "set_issue_state", "of_a_pull_request", {**ONE, "number": 5, "state": "completed"},
        Refusal("invalid_arguments"),
    ),
)  # fmt: skip
_READING: tuple[tuple[str, dict[str, Any]], ...] = (
    ("search_issues", LOGIN),
    ("my_issues", {"owner": "acme"}),
    ("get_issue", ONE),
    ("read_comments", ONE),
)  # who may write may read, so both have to be missing
READING_WITHOUT = tuple(
    Case(
        tool, "missing_scope", arguments, Refusal("consent_required", (fake.ISSUES_READ,)),
        without(fake.ISSUES_READ, fake.ISSUES_WRITE),
    )
    for tool, arguments in _READING
)  # fmt: skip

SUBJECT = Subject(
    connector=module.github,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.APP_SCOPES,
    fields={},
    names_scopes=True,
    mains=mains(fake.ISSUES_READ, fake.ISSUES_WRITE, fake.METADATA, fake.PULLS_READ),
    more=(*MORE, *READING_WITHOUT),
)
