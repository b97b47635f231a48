"""`/v1/connect-sessions`: asking, waiting, confirming, and each way it can end."""

from __future__ import annotations

import threading
from typing import Any

import httpx
import pytest

from core.ids import is_id
from tests.flows.shared import SharedService
from tests.harness.scene import Scene
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL, made
from tests.harness.walker import Walker
from tests.web.api.answers import TIME, fields, problem

BODY: dict[str, Any] = {
    "user": {"id": "u1", "name": "Ada", "email": "ada@acme.example"},
    "connector": "northwind",
    "tools": [
        "northwind.find_deals",
        {"tool": "northwind__find_contacts", "required": True, "reason": "to name the people"},
    ],
    "purpose": "Answer questions about your deals",
}
GRANT = (
    "id", "status", "status_reason", "assistant", "user", "connector", "account", "tools", "scopes", "purpose",
    "created_at", "expires_at", "last_used_at", "use_count", "receipt", "ended_at", "end_reason", "upstream",
    "manage_url",
)  # fmt: skip


def ask(client: httpx.Client, **fields_: Any) -> httpx.Response:
    return client.post("/v1/connect-sessions", json={**BODY, **fields_})


def test_a_session_is_made_with_a_link(server: SharedService, builder: httpx.Client) -> None:
    answer = ask(builder)
    assert answer.status_code == 201
    session = fields(answer.json(), "id", "url", "status", "expires_at")
    assert is_id(session["id"], "cs") and session["status"] == "created"
    assert session["url"] == f"{server.url}/connect/{session['id']}" and TIME.match(session["expires_at"])
    assert made(builder.get(f"/v1/connect-sessions/{session['id']}")) == session


@pytest.mark.parametrize(
    "where", [{"return_url": RETURN_URL}, {"origin": CHAT_ORIGIN}, {"expires_in": 60}, {"purpose": None}]
)
def test_what_may_be_added(builder: httpx.Client, where: dict[str, Any]) -> None:
    assert ask(builder, **where).status_code == 201


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"connector": "nothing"}, 404, "unknown_connector"),
        ({"connector": "jira"}, 404, "unknown_connector"),
        ({"tools": ["northwind.nothing"]}, 404, "unknown_tool"),
        ({"tools": ["jira.search_issues"]}, 404, "unknown_tool"),
        ({"tools": []}, 422, "invalid_body"),
        ({"tools": "northwind.find_deals"}, 422, "invalid_body"),
        ({"tools": [{"required": True}]}, 422, "invalid_body"),
        ({"user": {"id": ""}}, 422, "invalid_body"),
        ({"user": {"id": "a\nb"}}, 422, "invalid_body"),
        ({"user": {"id": "x" * 201}}, 422, "invalid_body"),
        ({"user": "u1"}, 422, "invalid_body"),
        ({"expires_in": 59}, 422, "invalid_body"),
        ({"expires_in": 86_401}, 422, "invalid_body"),
        ({"account": "nobody's"}, 422, "invalid_body"),
        ({"return_url": RETURN_URL + "/"}, 422, "invalid_return_url"),
        ({"return_url": RETURN_URL.upper()}, 422, "invalid_return_url"),
        ({"origin": "https://evil.example"}, 422, "invalid_return_url"),
        ({"return_url": RETURN_URL, "origin": CHAT_ORIGIN}, 422, "invalid_return_url"),
    ],
)
def test_what_is_refused(lasting: Scene, body: dict[str, Any], status: int, code: str) -> None:
    problem(ask(lasting.assistant.http, **body), status, code)


def test_the_policy_is_asked_first(admin: httpx.Client, builder: httpx.Client) -> None:
    made(admin.put("/v1/policy", json={"tools": ["northwind.find_contacts"]}))
    assert problem(ask(builder), 403, "policy_denied")["rule"] == "policy.tools"


def test_waiting_ends_with_the_change(site: Scene, walker: Walker) -> None:
    session = site.session("u1", ["find_deals"])
    at = f"/v1/connect-sessions/{session['id']}"
    threading.Timer(0.3, lambda: walker.open(session["url"])).start()
    answer = site.assistant.http.get(at, params={"wait": 55})
    assert answer.elapsed.total_seconds() < 20 and answer.json()["status"] == "opened"
    for wait in ("56", "-1", "x"):
        problem(site.assistant.http.get(at, params={"wait": wait}), 422, "invalid_body")


def test_confirming_makes_the_grant_once(site: Scene, walker: Walker) -> None:
    session = made(ask(site.assistant.http))
    at = f"/v1/connect-sessions/{session['id']}"
    early = site.assistant.confirm(session["id"], "u1", "x" * 43)
    problem(early, 403, "invalid_code")
    code = site.authorize(walker, session)
    assert site.assistant.session(session["id"])["status"] == "authorized"
    problem(site.assistant.confirm(session["id"], "u1", code + "x"), 403, "invalid_code")
    confirmed = site.assistant.confirm(session["id"], "u1", code)
    assert confirmed.status_code == 200
    grant = fields(fields(confirmed.json(), "grant")["grant"], *GRANT)
    assert (grant["status"], grant["user"], grant["assistant"]) == ("active", "u1", site.assistant.id)
    assert is_id(grant["id"], "gr") and is_id(grant["receipt"], "rcp")
    fields(grant["account"], "id", "label")
    fields(grant["scopes"], "requested", "granted")
    assert set(grant["tools"]) == {"northwind.find_deals", "northwind.find_contacts"}
    problem(site.assistant.confirm(session["id"], "u1", code), 409, "already_confirmed")
    done = fields(made(site.assistant.http.get(at)), "id", "url", "status", "expires_at", "grant")
    assert (done["status"], done["grant"]) == ("completed", grant["id"])


def test_another_user_ends_it(site: Scene, walker: Walker) -> None:
    session = site.session("u1", ["find_deals"])
    code = site.authorize(walker, session)
    problem(site.assistant.confirm(session["id"], "mallory", code), 403, "user_mismatch")
    ended = site.assistant.session(session["id"])
    assert ended["status"] == "failed" and fields(ended["error"], "code", "detail")["code"] == "user_mismatch"
    problem(site.assistant.confirm(session["id"], "u1", code), 410, "session_ended")


def test_no_thanks_is_denied(site: Scene, walker: Walker) -> None:
    session = site.session("u1", ["find_deals"])
    walker.open(session["url"])
    walker.submit("/deny")
    ended = site.assistant.session(session["id"])
    assert (ended["status"], ended["error"]["code"]) == ("denied", "access_denied")
    problem(site.assistant.confirm(session["id"], "u1", "x" * 43), 410, "session_ended")


def test_a_provider_that_fails_is_a_502(site: Scene, walker: Walker) -> None:
    session = site.session("u1", ["find_deals"])
    code = site.authorize(walker, session)
    faults = site.provider.inside.faults  # type: ignore[attr-defined]
    faults.fail("token", 503, times=3)
    try:
        problem(site.assistant.confirm(session["id"], "u1", code), 502, "provider_error")
    finally:
        faults.clear()
    assert site.assistant.session(session["id"])["status"] == "failed"
