"""Calls without a grant that covers them: what the assistant is told, and what it can never find out."""

from __future__ import annotations

from typing import Any

from tests.flows.stage import Stage, only
from tests.harness.scene import CLIENT_SECRET
from tests.harness.tenant import RETURN_URL, made
from tests.harness.walker import Walker


def sessions(stage: Stage) -> int:
    sql = "SELECT count(*) AS n FROM connect_sessions WHERE workspace = ?"
    return int(stage.rows(sql, stage.workspace.id)[0]["n"])


def without_session(problem: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in problem.items() if name != "connect"}


def test_without_a_grant_the_answer_is_a_ready_session_for_that_tool(stage: Stage, walker: Walker) -> None:
    refused = stage.call(stage.read)
    problem = refused.json()
    assert (refused.status_code, problem["code"]) == (403, "consent_required")
    assert refused.headers["content-type"].startswith("application/problem+json")
    assert (problem["connector"], problem["tool"]) == (stage.provider.slug, stage.tool(stage.read))
    assert problem["missing_tools"] == stage.names(stage.read)
    assert problem["missing_scopes"] == [stage.read_scope]
    code = stage.authorize(walker, problem["connect"])
    made(stage.assistant.confirm(problem["connect"]["id"], "u1", code))
    assert stage.call(stage.read).status_code == 200


def test_the_answer_is_the_same_for_a_user_of_another_assistant_and_one_that_never_was(stage: Stage) -> None:
    other = stage.workspace.assistant("Other")
    stage.connect("theirs", tools=[stage.read], assistant=other)
    theirs, nobody = (stage.call(stage.read, user=user) for user in ("theirs", "nobody"))
    assert without_session(theirs.json()) == without_session(nobody.json())
    assert (theirs.status_code, set(theirs.json())) == (nobody.status_code, set(nobody.json()))
    assert set(theirs.headers) == set(nobody.headers)
    other.close()


def test_the_ready_session_is_used_again_and_no_row_is_added(stage: Stage) -> None:
    first = stage.call(stage.read).json()["connect"]
    rows = sessions(stage)
    again = [stage.call(stage.read).json()["connect"] for _ in range(5)]
    assert {one["id"] for one in again} == {first["id"]} and sessions(stage) == rows
    assert stage.call(stage.other).json()["connect"]["id"] != first["id"]
    assert stage.call(stage.read, user="u2").json()["connect"]["id"] != first["id"]
    assert stage.call(stage.read, return_url=RETURN_URL).json()["connect"]["id"] != first["id"]


@only("northwind")
def test_an_ended_session_is_not_offered_again(stage: Stage, walker: Walker) -> None:
    first = stage.call(stage.read).json()["connect"]
    walker.open(first["url"])
    walker.submit("/deny")
    second = stage.call(stage.read).json()["connect"]
    assert second["id"] != first["id"]
    assert stage.assistant.session(second["id"])["status"] == "created"


@only("northwind")
def test_a_ready_session_goes_back_to_the_calls_return_url(stage: Stage, walker: Walker) -> None:
    connect = stage.call(stage.read, return_url=RETURN_URL).json()["connect"]
    stage.approve(walker, connect["url"])
    assert (stage.provider.consent(walker, "ada").left_to or "").startswith(f"{RETURN_URL}?session=")
    refused = stage.call(stage.read, return_url=f"{RETURN_URL}/elsewhere")
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_return_url")


def test_of_two_accounts_none_is_guessed_and_a_named_one_is_used(stage: Stage) -> None:
    ada, ben = stage.grant(login="ada"), stage.grant(login="ben")
    asked = len(stage.asked("api"))
    refused = stage.call(stage.read)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_required")
    told = sorted(refused.json()["accounts"], key=lambda one: one["id"])
    assert told == sorted([ada["account"], ben["account"]], key=lambda one: one["id"])
    assert len(stage.asked("api")) == asked
    for grant in (ada, ben):
        done = made(stage.call(stage.read, account=grant["account"]["id"]))
        assert done["grant"] == grant["id"]


@only("northwind")
def test_an_account_that_is_not_connected_is_not_answered_from_another(stage: Stage) -> None:
    stage.grant(login="ada")
    refused = stage.call(stage.read, account="somebody-else")
    assert refused.status_code in (403, 422)
    assert refused.json()["code"] in ("consent_required", "invalid_body")


def test_after_one_of_two_accounts_was_stopped_the_other_needs_no_name(stage: Stage) -> None:
    ada, ben = stage.grant(login="ada"), stage.grant(login="ben")
    made(stage.assistant.revoke(ada["id"]))
    assert made(stage.call(stage.read))["grant"] == ben["id"]
    named = stage.call(stage.read, account=ada["account"]["id"]).json()
    assert named["code"] == "grant_revoked"


@only("northwind")
def test_policy_comes_before_consent_and_names_its_rule(stage: Stage) -> None:
    stage.grant()
    made(stage.workspace.http.put("/v1/policy", json={"tools": stage.names(stage.other)}))
    refused = stage.call(stage.read)
    assert (refused.status_code, refused.json()["code"]) == (403, "policy_denied")
    assert refused.json()["rule"] == "policy.tools" and "connect" not in refused.json()
    assert stage.call(stage.read, user="nobody").json()["code"] == "policy_denied"
    made(stage.workspace.http.put("/v1/policy", json={}))
    assert stage.call(stage.read).status_code == 200


@only("northwind")
def test_a_tool_the_registration_does_not_enable_is_refused(stage: Stage) -> None:
    stage.grant()
    changed = {"enabled_tools": stage.names(stage.other)}
    config = {"config": stage.provider.config} if stage.provider.config else {}
    stage.workspace.register(stage.provider.slug, stage.client, CLIENT_SECRET, **changed, **config)
    assert stage.call(stage.read).json()["rule"] == "registration.enabled_tools"


@only("northwind", "clocked")
def test_a_tool_forbidden_since_is_left_out_of_the_session_that_restores_the_rest(
    clocked: Stage, walker: Walker
) -> None:
    """Else the refusal of one tool would hide why the call cannot be made, and how it could."""
    clocked.grant(clocked.read, clocked.other, duration="chat")
    allowed = clocked.names(clocked.read, clocked.sibling, clocked.write)
    made(clocked.workspace.http.put("/v1/policy", json={"tools": allowed}))
    clocked.service.later(25 * 3_600_000)  # type: ignore[attr-defined]
    refused = clocked.call(clocked.read).json()
    assert refused["code"] == "grant_expired"
    form = walker.open(refused["connect"]["url"]).form("/approve")
    assert clocked.tool(clocked.other) not in form.boxes.get("tools", [])
