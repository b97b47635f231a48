"""Row 10: reaching into another workspace, over every route there is.

What the stranger may ask is read off the OpenAPI document and the application's routes: a route without a case here fails
the test. `{grant_id}` and the like in a path, a query or a body are the first's. What the stranger is answered may hold nothing
of the first, and the first finds everything as it was.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest

from core import sessions
from core.store.sqlite import SqliteStore
from tests.attacks import routes, signed_in
from tests.attacks.conftest import Weaken
from tests.attacks.tenants import IDEMPOTENCY, USER, First, Stranger
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.walker import Walker
from web.wire.listings import encode_cursor


class Ask(NamedTuple):
    """One way to ask, and the statuses that are no success at reaching over."""

    status: int | tuple[int, ...]
    query: dict[str, str] = {}
    body: Any = None
    path: dict[str, str] = {}


GONE = [Ask(404)]
EVERYTHING = encode_cursor(["zz", "zz"])  # a cursor behind every grant
ME = {"user": {"id": USER}, "connector": "northwind", "tools": ["northwind.find_deals"]}
CALL = {"tool": "northwind.find_deals", "user": USER, "arguments": {}}

# By operationId.
API: dict[str, list[Ask]] = {
    "live": [Ask(200)],
    "ready": [Ask(200)],
    "metrics": [Ask(200)],
    "listCatalog": [Ask(200)],
    "listConnectors": [Ask(200), Ask(200, {"cursor": encode_cursor("")})],
    "getConnector": GONE,
    "deleteConnector": GONE,
    "putConnector": [Ask(200, {}, {"client_id": "mine", "client_secret": "mine"}, {"slug": "hubspot"})],
    "listAssistants": [Ask(200), Ask(200, {"cursor": encode_cursor("")})],
    "createAssistant": [Ask(201, {}, {"name": "Mine"})],
    "getAssistant": GONE,
    "updateAssistant": [Ask(404, {}, {"name": "Taken over", "allowed_origins": ["https://evil.example"]})],
    "deleteAssistant": GONE,
    "createAssistantKey": [Ask(404, {}, {})],
    "revokeAssistantKey": GONE,
    "listGrants": [
        Ask(200),
        Ask(200, {"user": USER}),
        Ask(200, {"assistant": "{assistant_id}"}),
        Ask(200, {"connector": "northwind", "status": "active", "scope": "deals.read"}),
        Ask(200, {"cursor": EVERYTHING}),
    ],
    "getGrant": GONE,
    "narrowGrant": [Ask(404, {}, {"tools": ["northwind.find_deals"], "expires_at": "2999-01-01T00:00:00Z"})],
    "revokeGrant": GONE,
    "revokeGrants": [
        Ask(200, {}, {"grants": ["{grant_id}"]}),
        Ask(200, {}, {"filter": {"assistant": "{assistant_id}"}}),
        Ask(200, {}, {"filter": {"scope": "deals.read"}}),
    ],
    "getPolicy": [Ask(200)],
    "putPolicy": [Ask(200, {}, {"calls_per_minute": 777})],
    "auditCheckpoint": [Ask(200)],
    "exportAudit": [Ask(200)],
    "listAudit": [
        Ask(200),
        Ask(200, {"grant": "{grant_id}"}),
        Ask(200, {"actor": "{assistant_id}"}),
        Ask(400, {"after": "{event_id}"}),
        Ask(400, {"cursor": "{event_cursor}"}),
    ],
    "createConnectSession": [Ask(201, {}, ME), Ask(422, {}, {**ME, "account": "{account_id}"})],
    "getConnectSession": GONE,
    "confirmConnectSession": [Ask(404, {}, {"user": USER, "code": "{code}"})],
    "listTools": [Ask(200), Ask(200, {"user": USER})],
    "callTool": [
        Ask(403, {}, CALL),
        Ask(403, {}, {**CALL, "account": "{account_id}"}),
        Ask(403, {}, {**CALL, "idempotency_key": IDEMPOTENCY}),
    ],
    "getToolCall": GONE,
    "createPortalSession": [Ask(201, {}, {"user": USER})],
}

REASON = {"reason": "because"}
FORM = {"name": "Taken over", "allowed_origins": "https://evil.example", **REASON}

# The pages of people and admins, which are not in the document. `body` is the form.
PAGES: dict[str, list[Ask]] = {
    "GET /logos/{assistant_id}": GONE,
    "GET /connect/{session_id}": [Ask(403)],
    "GET /connect/{session_id}/status": [Ask(403)],
    "POST /connect/{session_id}/approve": [Ask(403, {}, {"tools": "northwind.find_deals"})],
    "POST /connect/{session_id}/deny": [Ask(403, {}, {})],
    "POST /connect/{session_id}/choose": [Ask(403, {}, {"account": "us_ada"})],
    "DELETE /oauth/callback/{registration_id}": [Ask(401)],
    "GET /oauth/callback/{registration_id}": [Ask(400), Ask(400, {"state": "x" * 43, "code": "y"})],
    "GET /me": [Ask(200), Ask(200, {"before": "{later_grant_id}"})],
    "GET /me/data.json": [Ask(200)],
    "GET /me/grants/{grant_id}": GONE,
    "POST /me/grants/{grant_id}/narrow": [Ask(404, {}, {"until": "1h"})],
    "GET /me/grants/{grant_id}/stop": GONE,
    "POST /me/grants/{grant_id}/stop": [Ask(404, {}, {})],
    "POST /me/grants/{grant_id}/reconnect": [Ask(404, {}, {})],
    "GET /me/receipts/{receipt_id}": [Ask(404), Ask(404, {}, None, {"receipt_id": "{receipt_id}.json"})],
    "GET /me/stop": [Ask(200)],
    "POST /me/stop": [Ask(303, {}, {})],
    "POST /me/sign-out": [Ask(303, {}, {})],
    "GET /admin": [Ask(200)],
    "GET /admin/sign-in": GONE,
    "POST /admin/sign-in": [Ask(403, {}, {})],
    "POST /admin/sign-out": [Ask(303, {}, {})],
    "GET /admin/grants": [
        Ask(200),
        Ask(200, {"user": USER}),
        Ask(200, {"assistant": "{assistant_id}"}),
        Ask(200, {"cursor": EVERYTHING}),
    ],
    "GET /admin/grants/{grant_id}": GONE,
    "POST /admin/grants/{grant_id}/narrow": [Ask(404, {}, {"tools": "northwind.find_deals"})],
    "GET /admin/grants/{grant_id}/revoke": GONE,
    "POST /admin/grants/{grant_id}/revoke": [Ask(404, {}, REASON)],
    "GET /admin/grants/revoke": [Ask(200, {"grant": "{grant_id}"}), Ask(200, {"all": "yes"})],
    "POST /admin/grants/revoke": [Ask(200, {}, {"grant": "{grant_id}", **REASON})],
    "GET /admin/receipts/{receipt_id}": GONE,
    "GET /admin/receipts/{receipt_id}/json": GONE,
    "GET /admin/policy": [Ask(200)],
    "POST /admin/policy": [Ask((303, 422), {}, {"max_grant_days": "7"})],
    "GET /admin/audit": [
        Ask(200),
        Ask(200, {"grant": "{grant_id}"}),
        Ask(200, {"actor": "{assistant_id}"}),
        Ask(400, {"before": "{event_id}"}),
    ],
    "GET /admin/audit/export": [Ask(200)],
    "POST /admin/audit/verify": [Ask(200, {}, {})],
    "GET /admin/connectors": [Ask(200)],
    "GET /admin/connectors/{slug}": [Ask(200)],
    "POST /admin/connectors/{slug}": [
        Ask(303, {}, {"client_id": "mine", "client_secret": "mine", "tools": "hubspot.search_contacts"},
            {"slug": "hubspot"})
    ],
    "GET /admin/connectors/{slug}/delete": GONE,
    "POST /admin/connectors/{slug}/delete": [Ask(404, {}, REASON)],
    "GET /admin/assistants": [Ask(200), Ask(200, {"after": "0"})],
    "POST /admin/assistants": [Ask(200, {}, {"name": "Mine"})],
    "GET /admin/assistants/new": [Ask(200)],
    "GET /admin/assistants/{assistant_id}": GONE,
    "POST /admin/assistants/{assistant_id}": [Ask(404, {}, FORM)],
    "GET /admin/assistants/{assistant_id}/delete": GONE,
    "POST /admin/assistants/{assistant_id}/delete": [Ask(404, {}, REASON)],
    "POST /admin/assistants/{assistant_id}/keys": [Ask(404, {}, {"expires_in": ""})],
    "GET /admin/assistants/{assistant_id}/keys/{key_id}/revoke": GONE,
    "POST /admin/assistants/{assistant_id}/keys/{key_id}/revoke": [Ask(404, {}, {})],
}  # fmt: skip


class Attack:
    """The stranger's requests; `found` is what went wrong with them, in words."""

    def __init__(self, first: First, stranger: Stranger) -> None:
        self.first, self.stranger = first, stranger
        self.found: list[str] = []
        account = first.grant["account"]["id"]
        self.words = {
            **first.ids,
            "slug": "jira",
            "account_id": account,
            "code": first.code,
            "event_cursor": encode_cursor(first.ids["event_id"]),
            "later_grant_id": "gr_7" + first.ids["grant_id"][4:],
        }

    def api(self, document: dict[str, Any], only: set[str] | None = None) -> None:
        for path, methods in document["paths"].items():
            for method, operation in methods.items():
                name = operation["operationId"]
                if only is not None and name not in only:
                    continue
                for ask in API.get(name, []):
                    self._operation(name, method.upper(), path, ask)

    def pages(self, known: list[str], only: set[str] | None = None) -> None:
        for route in sorted(known, key=lambda one: "sign-out" in one):
            if only is None or route in only:
                for ask in PAGES.get(route, []):
                    self._page(route, ask)

    def _operation(self, name: str, method: str, path: str, ask: Ask) -> None:
        """With both keys the stranger has; one of them has to be the kind that is asked for."""
        turned_away = 0
        for who in (self.stranger.workspace.http, self.stranger.assistant.http):
            answer = self._ask(who, name, method, path, ask, {"json": self.filled(ask.body)})
            if answer.status_code == 403 and answer.json()["code"] == "forbidden":
                turned_away += 1
            else:
                self._judge(name, ask, answer)
        if turned_away == 2:
            self.found.append(f"{name}: neither key may ask; nothing was tried")

    def _page(self, route: str, ask: Ask) -> None:
        method, path = route.split()
        area = {"me": "me", "admin": "admin"}.get(path.split("/")[1])
        form = None if method == "GET" else self.filled(ask.body)
        if form is not None and area:
            form["csrf_token"] = signed_in.token(self.stranger.walker, area)
        self._judge(
            route, ask, self._ask(self.stranger.walker.http, route, method, path, ask, {"data": form})
        )

    def _ask(
        self, who: httpx.Client, name: str, method: str, path: str, ask: Ask, sent: dict[str, Any]
    ) -> httpx.Response:
        url = path.format(**{**self.words, **self.filled(ask.path)})
        sent = {kind: value for kind, value in sent.items() if value is not None}
        return who.request(method, self.first.stage.service.url + url, params=self.filled(ask.query), **sent)

    def filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self.filled(one) for name, one in value.items()}
        if isinstance(value, list):
            return [self.filled(one) for one in value]
        return value.format(**self.words) if isinstance(value, str) and value.startswith("{") else value

    def _judge(self, name: str, ask: Ask, answer: httpx.Response) -> None:
        allowed = ask.status if isinstance(ask.status, tuple) else (ask.status,)
        if answer.status_code not in allowed:
            self.found.append(f"{name} {ask}: {answer.status_code} {answer.text[:300]}")
        asked = str(answer.request.url) + answer.request.content.decode()
        said = answer.text + str(answer.headers)
        self.found += [
            f"{name} {ask}: tells {mark}" for mark in self.first.marks if mark in said and mark not in asked
        ]

    def outcome(self) -> list[str]:
        """What went wrong, and what of the first has changed by it."""
        before, after = self.first.before, self.first.seen()
        lost = [f"the first's {part} has changed" for part in after if after[part] != before[part]]
        found, self.found, self.first.before = self.found + lost, [], after
        return found


@pytest.fixture
def attacked(request: pytest.FixtureRequest) -> Any:
    """As it is; the one in this process where a query is going to forget."""
    weak = "undefended" in request.fixturenames
    return request.getfixturevalue("weak_service" if weak else "strong_service")


@pytest.fixture
def undefended(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    return monkeypatch


@pytest.fixture
def attack(northwind_stage: NorthwindStage, walker: Walker) -> Iterator[Attack]:
    first = First(northwind_stage)
    stranger = Stranger(first, walker)
    yield Attack(first, stranger)
    stranger.close()
    first.close()


def document_of(attack: Attack) -> dict[str, Any]:
    return made(attack.stranger.workspace.http.get("/schema/openapi.json"))


@pytest.fixture
def page_routes(weak_service: Any) -> list[str]:
    return routes.page_routes(weak_service.house)


# ---- as it is -----------------------------------------------------------------------------------------------


def test_no_operation_of_the_api_reaches_into_another_workspace(attack: Attack) -> None:
    document = document_of(attack)
    named = {one["operationId"] for methods in document["paths"].values() for one in methods.values()}
    assert named == set(API), "an operation without a case here, or a case without an operation"
    attack.api(document)
    assert attack.outcome() == []
    assert attack.first.still_works()


def test_no_page_reaches_into_another_workspace(attack: Attack, page_routes: list[str]) -> None:
    assert set(page_routes) == set(PAGES) | routes.FILES, (
        "a page without a case here, or a case without a page"
    )
    attack.pages(page_routes)
    assert attack.outcome() == []
    assert attack.first.still_works()


def test_a_user_of_another_workspace_is_as_unknown_as_one_that_never_was(attack: Attack) -> None:
    def refusal(user: str) -> dict[str, Any]:
        answer = attack.stranger.assistant.call("northwind.find_deals", user).json()
        return {**answer, "connect": sorted(answer["connect"])}

    known_there = attack.first.stage.grant(user="u-only-there")
    assert refusal("u-only-there") == refusal("u-nobody")
    assert attack.stranger.assistant.http.get(f"/v1/grants/{known_there['id']}").status_code == 404


def test_what_is_called_the_same_in_both_does_not_meet(attack: Attack) -> None:
    """User ids, idempotency keys and connectors are each workspace's own."""
    stranger = attack.stranger
    first = made(attack.first._call())
    answer = made(stranger.assistant.call("northwind.find_contacts", USER, idempotency_key=IDEMPOTENCY))
    assert (
        first["id"] == attack.first.call["id"] != answer["id"]
    )  # the first's was kept, the stranger's is new
    assert answer["grant"] != attack.first.grant["id"]
    theirs = {one["redirect_uri"] for one in made(attack.first.http.get("/v1/connectors"))["items"]}
    assert stranger.registration["redirect_uri"] not in theirs


# ---- with the workspace taken out of one query ---------------------------------------------------------------

# A statement, and where the stranger gets in when it forgets the workspace. What does harm comes last.
QUERIES = [
    ("grant_get", "getGrant"),
    ("grant_get", "GET /admin/grants/{grant_id}"),
    ("receipt_get", "GET /admin/receipts/{receipt_id}"),
    ("assistant_get", "getAssistant"),
    ("assistants_list", "listAssistants"),
    ("registration_by_slug", "getConnector"),
    ("registrations_list", "listConnectors"),
    ("audit_by_id", "listAudit"),
    ("audit_from", "exportAudit"),
    ("grant_get", "narrowGrant"),
    ("assistant_get", "createAssistantKey"),
    ("assistant_update", "POST /admin/assistants/{assistant_id}"),
    ("key_revoke", "revokeAssistantKey"),
    ("registration_delete", "deleteConnector"),
    ("grant_get", "revokeGrant"),
    ("assistant_delete", "deleteAssistant"),
]
SEARCHES = ["listGrants", "GET /admin/grants", "listAudit", "GET /admin/audit"]


def tries(attack: Attack, known: list[str], route: str) -> None:
    attack.api(document_of(attack), {route})
    attack.pages(known, {route})


def gets_in(attack: Attack, known: list[str], route: str) -> bool:
    tries(attack, known, route)
    return attack.outcome() != []


def test_each_query_that_forgets_the_workspace_is_noticed(
    attack: Attack, page_routes: list[str], undefended: pytest.MonkeyPatch
) -> None:
    for statement, route in QUERIES:
        attack.outcome()  # what the one before has done is no news
        assert not gets_in(attack, page_routes, route), route
        with undefended.context() as patch:
            Weaken(patch, False).statement(statement, "workspace = :workspace AND ")
            assert gets_in(attack, page_routes, route), (statement, route)


def test_each_search_that_forgets_the_workspace_is_noticed(
    attack: Attack, page_routes: list[str], undefended: pytest.MonkeyPatch
) -> None:
    query = SqliteStore.query

    async def forgetting(self: SqliteStore, sql: str, *rest: Any) -> Any:
        return await query(self, sql.replace("workspace = :workspace", ":workspace = :workspace"), *rest)

    for route in SEARCHES:
        with undefended.context() as patch:  # the first looks afterwards, and sees only its own again
            patch.setattr(SqliteStore, "query", forgetting)
            tries(attack, page_routes, route)
        assert attack.outcome() != [], route


def test_a_session_found_by_its_id_alone_is_noticed(
    attack: Attack, page_routes: list[str], undefended: pytest.MonkeyPatch
) -> None:
    undefended.setattr(sessions, "get", lambda house, assistant, session_id: sessions.find(house, session_id))
    assert gets_in(attack, page_routes, "getConnectSession")
