"""Linear's cases. It is described by a GraphQL schema, not by OpenAPI: `test_linear.py` holds the documents against it."""

from __future__ import annotations

from typing import Any

from connectors import linear as module
from core.oauth import ClientRegistration
from core.secret import Secret
from tests.connectors.cases import Case, Main, Refusal, Subject
from tests.connectors.fakes import linear as fake
from tests.connectors.wire import TOKEN

ISSUE_URL = "https://linear.app/acme/issue"


def issue(
    id: str, title: str, state: str, kind: str, priority: str, assignee: str | None, due: str | None = None
) -> dict[str, Any]:
    return {
        "id": id, "title": title, "state": state, "state_type": kind, "priority": priority, "assignee": assignee,
        "due_on": due, "url": f"{ISSUE_URL}/{id}/{title.lower().replace(' ', '-')}",
    }  # fmt: skip


def page(*items: dict[str, Any], next: str | None = None) -> dict[str, Any]:
    return {"items": list(items), "next": next}


FIRST = issue("ENG-1", "Fix login", "Todo", "unstarted", "High", "Ada Byron", "2026-12-01")
SECOND = issue("ENG-2", "Login is slow", "In Progress", "started", "No priority", "Ada Byron")
THIRD = issue("ENG-3", "Login page wording", "Todo", "unstarted", "Low", "Ben Okri")
FOURTH = issue("ENG-4", "Old login", "Done", "completed", "No priority", "Ada Byron")
ENG, OPS = {"key": "ENG", "name": "Engineering"}, {"key": "OPS", "name": "Operations"}
STATES = [{"name": name, "type": kind} for name, kind in fake.STATES]
NEW = {
    "team": "eng", "title": "Button is grey", "description": "It was **blue**.", "priority": "urgent",
    "due_on": "2026-12-08", "for_me": True,
}  # fmt: skip


def _nobody(provider: fake.Linear) -> None:
    provider.issues.clear()
    provider.teams.clear()


def _rate_limited(provider: fake.Linear) -> None:
    provider.fake.fail(400, {"errors": [fake.RATE_LIMITED]}, fake.RATE_HEADERS, path="/graphql")


MAINS = (
    Main("list_teams", {}, page(ENG, OPS), "/graphql", fake.READ),
    Main("list_states", {"team": "eng"}, page(*STATES), "/graphql", fake.READ),
    Main("my_issues", {}, page(FIRST, SECOND), "/graphql", fake.READ),
    Main(
        "search_issues", {"text": "login page", "team": "ENG", "open_only": True}, page(THIRD),
        "/graphql", fake.READ,
    ),
    Main(
        "get_issue", {"issue_id": "eng-1"},
        {
            **FIRST, "team": "ENG", "description": "The form is **blank**.",
            "created_at": "2026-11-01T08:00:00.000Z", "updated_at": "2026-11-20T08:00:00.000Z",
            "comments": [{"author": "Ben Okri", "text": "Seen on Monday.", "created_at": "2026-11-24T08:00:00.000Z"}],
            "more_comments": False,
        },
        "/graphql", fake.READ,
    ),
    Main(
        "create_issue", NEW, {"id": "ENG-5", "url": f"{ISSUE_URL}/ENG-5/button-is-grey"},
        "/graphql", fake.CREATE_ISSUES,
    ),
    Main(
        "add_comment", {"issue_id": "eng-1", "text": "Will do."},
        {"id": "c-2", "issue": "ENG-1", "url": f"{FIRST['url']}#comment-2"},
        "/graphql", fake.CREATE_COMMENTS,
    ),
    Main(
        "update_issue", {"issue_id": "ENG-1", "state": "done", "priority": "low", "due_on": "2026-12-09"},
        issue("ENG-1", "Fix login", "Done", "completed", "Low", "Ada Byron", "2026-12-09"),
        "/graphql", fake.WRITE,
    ),
)  # fmt: skip


def _without_write(main: Main) -> Any:
    """`write` opens what the two narrow scopes open: a test that takes those away takes it away, too."""

    def prepare(provider: fake.Linear) -> None:
        kept = [one for one in fake.ALL_SCOPES if one not in (main.scope, fake.WRITE)]
        provider.fake.sign_in(TOKEN, fake.ADA, kept)

    return prepare


SUBJECT = Subject(
    connector=module.linear,
    make=fake.populated,
    user=fake.ADA,
    scopes=fake.ALL_SCOPES,
    fields={"user_id": fake.ADA},
    names_scopes=False,
    still={"connectors._linear_refusals._now_ms": fake.RESET_MS - 120_000},
    mains=MAINS,
    more=(
        *(
            Case(main.tool, "rate_limited", main.arguments, Refusal("provider_rate_limited"), _rate_limited)
            for main in MAINS
        ),
        *(
            Case(
                main.tool, "missing_scope", main.arguments, Refusal("consent_required", ()), _without_write(main)
            )
            for main in MAINS if main.scope in (fake.CREATE_ISSUES, fake.CREATE_COMMENTS)
        ),
        Case("list_teams", "empty", {}, page(), _nobody),
        Case("list_teams", "first_page", {"limit": 1}, page(ENG, next="after-1")),
        Case("list_teams", "next_page", {"limit": 1, "cursor": "after-1"}, page(OPS)),
        Case("list_states", "empty", {"team": "NONE"}, page()),
        Case("list_states", "next_page", {"team": "ENG", "limit": 3, "cursor": "after-3"}, page(*STATES[3:])),
        Case("my_issues", "empty", {"team": "OPS"}, page()),
        Case("my_issues", "first_page", {"open_only": False, "limit": 2}, page(FIRST, SECOND, next="after-2")),
        Case("my_issues", "next_page", {"open_only": False, "limit": 2, "cursor": "after-2"}, page(FOURTH)),
        Case("search_issues", "empty", {"text": "spaceship"}, page()),
        Case("search_issues", "next_page", {"text": "login", "limit": 3, "cursor": "after-3"}, page(FOURTH)),
        Case("search_issues", "by_team", {"team": "ENG", "limit": 1}, page(FIRST, next="after-1")),
        Case("get_issue", "not_found", {"issue_id": "ENG-99"}, Refusal("not_found")),
        Case("create_issue", "no_team", {**NEW, "team": "NONE"}, Refusal("invalid_arguments")),
        Case("add_comment", "not_found", {"issue_id": "ENG-99", "text": "Will do."}, Refusal("not_found")),
        Case("update_issue", "not_found", {"issue_id": "ENG-99", "priority": "low"}, Refusal("not_found")),
        Case("update_issue", "no_state", {"issue_id": "ENG-1", "state": "Flying"}, Refusal("invalid_arguments")),
    ),
)  # fmt: skip

CLIENT = ClientRegistration(
    id="reg_1",
    workspace="ws_1",
    slug="linear",
    client_id=fake.CLIENT[0],
    client_secret=Secret(fake.CLIENT[1]),
    config={},
    redirect_uri="https://keys.acme.example/oauth/callback/reg_1",
)
