"""`/v1/tool-calls`: the answer, and the table of problems."""

from __future__ import annotations

from typing import Any

import httpx
import msgspec
import pytest

from core.ids import is_id
from tests.harness.scene import Scene
from tests.harness.tenant import CHAT_ORIGIN, made
from tests.web.api.answers import TIME, fields, problem

CONNECT = ("id", "url", "expires_at")


@pytest.fixture
def faults(site: Scene) -> Any:
    found = site.provider.inside.faults  # type: ignore[attr-defined]
    yield found
    found.clear()


def test_a_call_answers_with_what_the_tool_declares(site: Scene, grant: dict[str, Any]) -> None:
    answer = site.call("find_deals", arguments={"limit": 2})
    assert answer.status_code == 200
    call = fields(answer.json(), "id", "tool", "grant", "result", "truncated", "next")
    assert (
        is_id(call["id"], "call") and call["tool"] == "northwind.find_deals" and call["grant"] == grant["id"]
    )
    assert call["truncated"] is False and call["next"] and len(call["result"]["items"]) == 2
    fields(
        call["result"]["items"][0], "id", "title", "company_name", "amount", "currency", "stage", "closes_on"
    )
    rest = made(site.call("find_deals", arguments={"limit": 2, "cursor": call["next"]}))
    assert rest["result"]["items"] != call["result"]["items"]
    assert made(site.assistant.call("northwind__find_deals", "u1"))["tool"] == "northwind.find_deals"


def test_a_past_call_tells_what_became_of_it_and_no_content(site: Scene, grant: dict[str, Any]) -> None:
    call = made(site.call("find_deals", arguments={"limit": 2}))
    past = made(site.assistant.http.get(f"/v1/tool-calls/{call['id']}"))
    fields(past, "id", "tool", "user", "grant", "outcome", "at", "count")
    assert (past["tool"], past["user"], past["grant"]) == ("northwind.find_deals", "u1", grant["id"])
    assert (past["outcome"], past["count"]) == ("ok", 2) and TIME.match(past["at"])


def test_another_assistants_call_is_absent(site: Scene, grant: dict[str, Any]) -> None:
    call = made(site.call("find_deals"))
    other = site.workspace.assistant("Other")
    problem(other.http.get(f"/v1/tool-calls/{call['id']}"), 404, "not_found")
    other.close()


def test_consent_is_required_with_one_ready_session(site: Scene) -> None:
    refused = problem(site.call("find_deals"), 403, "consent_required")
    assert (refused["connector"], refused["tool"]) == ("northwind", "northwind.find_deals")
    assert (refused["missing_tools"], refused["missing_scopes"]) == (["northwind.find_deals"], ["deals.read"])
    connect = fields(refused["connect"], *CONNECT)
    session = site.assistant.session(connect["id"])
    assert (session["url"], session["status"]) == (connect["url"], "created")
    assert problem(site.call("find_deals"), 403, "consent_required")["connect"] == connect


def test_a_user_of_somebody_else_is_as_unknown_as_one_never_seen(site: Scene, grant: dict[str, Any]) -> None:
    other = site.workspace.assistant("Other")
    answers = [other.call("northwind.find_deals", user) for user in ("u1", "never-seen")]
    known, unknown = (problem(one, 403, "consent_required") for one in answers)
    known.pop("connect"), unknown.pop("connect")
    assert known == unknown
    other.close()


def test_a_tool_beyond_the_grant_needs_consent(site: Scene, grant: dict[str, Any]) -> None:
    refused = problem(site.call("add_task"), 403, "consent_required")
    assert (refused["missing_tools"], refused["missing_scopes"]) == (["northwind.add_task"], ["tasks.write"])


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({"tool": "northwind.nothing"}, 404, "unknown_tool"),
        ({"tool": "nothing"}, 404, "unknown_tool"),
        ({"tool": "jira.search_issues"}, 404, "unknown_tool"),
        ({"user": ""}, 422, "invalid_body"),
        ({"user": "a\x00b"}, 422, "invalid_body"),
        ({"user": None}, 422, "invalid_body"),
        ({"arguments": []}, 422, "invalid_body"),
        ({"idempotency_key": ""}, 422, "invalid_body"),
        ({"idempotency_key": "x" * 201}, 422, "invalid_body"),
        ({"origin": "https://evil.example"}, 422, "invalid_return_url"),
        ({"return_url": "https://evil.example"}, 422, "invalid_return_url"),
    ],
)
def test_what_is_refused(lasting: Scene, body: dict[str, Any], status: int, code: str) -> None:
    sent = {"tool": "northwind.find_deals", "user": "u1", **body}
    problem(lasting.assistant.http.post("/v1/tool-calls", json=sent), status, code)


def test_each_fault_of_the_arguments_has_its_path(site: Scene, grant: dict[str, Any]) -> None:
    answer = site.call("find_deals", arguments={"limit": 0, "stage": "nothing", "unknown": 1})
    refused = problem(answer, 422, "invalid_arguments")
    assert {one["path"] for one in refused["errors"]} == {"/limit", "/stage", "/unknown"}
    assert all(fields(one, "path", "message")["message"] for one in refused["errors"])


def test_a_key_gives_the_same_answer_and_takes_no_other_arguments(site: Scene) -> None:
    site.connect("u1", "ada", ["add_task", "find_projects"])
    project = made(site.call("find_projects"))["result"]["items"][0]["id"]
    sent = {"title": "Call", "project_id": project}
    first = site.call("add_task", arguments=sent, idempotency_key="k1")
    assert made(site.call("add_task", arguments=sent, idempotency_key="k1")) == made(first)
    other = site.call("add_task", arguments={**sent, "title": "Other"}, idempotency_key="k1")
    problem(other, 409, "idempotency_conflict")


def test_a_stopped_grant_says_so_with_a_way_back(site: Scene, grant: dict[str, Any]) -> None:
    made(site.assistant.revoke(grant["id"]))
    fields(problem(site.call("find_deals"), 403, "grant_revoked")["connect"], *CONNECT)


def test_two_accounts_are_never_guessed_between(site: Scene, grant: dict[str, Any]) -> None:
    second = site.connect("u1", "ben", ["find_deals"])
    accounts = problem(site.call("find_deals"), 409, "account_required")["accounts"]
    both = [grant["account"], second["account"]]
    assert sorted(accounts, key=str) == sorted(both, key=str) and len({one["id"] for one in both}) == 2
    named = made(site.call("find_deals", account=second["account"]["id"]))
    assert named["grant"] == second["id"]


def test_a_provider_that_asks_to_slow_down(site: Scene, grant: dict[str, Any], faults: Any) -> None:
    faults.fail("api", 429)
    answer = site.call("find_deals")
    refused = problem(answer, 429, "provider_rate_limited")
    assert refused["retry_after"] >= 0 and answer.headers["retry-after"] == str(refused["retry_after"])


def test_a_provider_that_fails_is_a_502_without_its_body(
    site: Scene, grant: dict[str, Any], faults: Any
) -> None:
    faults.fail("api", 500)
    refused = problem(site.call("find_deals"), 502, "provider_error")
    assert refused["provider_status"] == 500
    assert set(refused) <= {
        "type", "title", "status", "detail", "code", "provider_status", "provider_request_id"
    }  # fmt: skip


def test_an_authorization_the_provider_forgot_needs_a_new_connection(
    site: Scene, grant: dict[str, Any]
) -> None:
    inside = site.provider.inside  # type: ignore[attr-defined]
    for held in inside.store.live(inside.now_ms()):
        ended = msgspec.structs.replace(held.authorization, ended_at=inside.now_ms())
        inside.store.all_authorizations[ended.id] = ended
    refused = problem(site.call("find_deals"), 403, "reconnect_required")
    assert refused["reason"] == "refresh_token_rejected" and fields(refused["connect"], *CONNECT)
    assert site.assistant.grant(grant["id"])["status"] == "needs_reconnect"


def test_the_way_back_of_a_refused_call_can_be_named(site: Scene) -> None:
    first = problem(site.call("find_deals", origin=CHAT_ORIGIN), 403, "consent_required")
    assert first["connect"]["url"].endswith(first["connect"]["id"])


def test_nowhere_to_go_back_to_leaves_the_link_out(site: Scene, admin: httpx.Client) -> None:
    other = site.workspace.assistant("Other", allowed_origins=[], return_urls=[])
    refused = problem(other.call("northwind.find_deals", "u1"), 403, "consent_required")
    assert refused.get("connect") is None
    other.close()
