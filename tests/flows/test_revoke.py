"""Everybody who may stop a grant can, at once, and the provider's tokens are dead afterwards."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.flows.stage import Stage, only
from tests.flows.stages import OidcStage
from tests.harness.tenant import made
from tests.harness.waiting import until
from tests.harness.walker import Walker


def is_over(stage: Stage, grant: dict[str, Any]) -> None:
    """Here and at the provider, for every use."""
    refused = stage.call(stage.read)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_revoked")
    stage.dead()
    until(lambda: stage.assistant.grant(grant["id"])["upstream"] == "revoked")
    kept = stage.rows("SELECT kind FROM secrets WHERE owner = ?", grant["id"])
    assert kept == []  # nothing is left to open


def portal(stage: Stage, walker: Walker, user: str = "u1") -> None:
    walker.open(made(stage.assistant.http.post("/v1/portal-sessions", json={"user": user}))["url"])


def test_the_assistant_stops_its_own_grant(stage: Stage) -> None:
    grant = stage.grant()
    answer = made(stage.assistant.revoke(grant["id"]))
    assert (answer["id"], answer["status"], answer["upstream"]) == (grant["id"], "revoked", "revoked")
    is_over(stage, grant)
    assert stage.events(grant=grant["id"])[-3:] == ["grant.revoked", "grant.revoked_upstream", "tool.refused"]


def test_stopping_twice_changes_nothing(stage: Stage) -> None:
    grant = stage.grant()
    first = made(stage.assistant.revoke(grant["id"]))
    ended_at = stage.assistant.grant(grant["id"])["ended_at"]
    assert made(stage.assistant.revoke(grant["id"])) == first
    assert stage.assistant.grant(grant["id"])["ended_at"] == ended_at
    assert stage.asked("revocation") == [200]


@only("northwind")
def test_an_assistant_cannot_stop_the_grant_of_another(stage: Stage) -> None:
    grant = stage.grant()
    other = stage.workspace.assistant("Other")
    assert other.revoke(grant["id"]).status_code == 404
    assert stage.call(stage.read).status_code == 200
    other.close()


def test_a_stopped_grant_offers_to_connect_anew_and_that_is_a_new_grant(stage: Stage, walker: Walker) -> None:
    old = stage.grant(stage.read, stage.other)
    made(stage.assistant.revoke(old["id"]))
    connect = stage.call(stage.read).json()["connect"]
    page = walker.open(connect["url"])
    assert page.form("/approve").boxes == {}  # what was stopped is not asked for again of itself
    code = stage.authorize(walker, connect)
    new = made(stage.assistant.confirm(connect["id"], "u1", code))["grant"]
    assert new["id"] != old["id"] and new["tools"] == stage.names(stage.read)
    assert stage.assistant.grant(old["id"])["status"] == "revoked"


def test_an_admin_stops_grants_by_their_ids(stage: Stage) -> None:
    stopped = [stage.grant(user="u1"), stage.grant(user="u2")]
    kept = stage.grant(user="u3")
    body = {"grants": [grant["id"] for grant in stopped] + ["gr_nobody"], "reason": "left the company"}
    assert made(stage.workspace.http.post("/v1/grants/revoke", json=body)) == {
        "revoked": 2,
        "upstream": {"revoked": 2},
    }
    for grant in stopped:
        seen = stage.assistant.grant(grant["id"])
        assert (seen["status"], seen["end_reason"]) == ("revoked", "left the company")
    assert stage.call(stage.read, "u1").json()["code"] == "grant_revoked"
    assert stage.call(stage.read, "u3").status_code == 200
    assert stage.assistant.grant(kept["id"])["status"] == "active"
    assert len(stage.live()) == 2


def test_an_admin_stops_grants_by_a_filter(stage: Stage) -> None:
    stage.grant(stage.read, user="u1")
    stage.grant(stage.other, user="u2")
    body = {"filter": {"scope": stage.read_scope}, "reason": "no more reading"}
    assert made(stage.workspace.http.post("/v1/grants/revoke", json=body))["revoked"] == 1
    assert stage.call(stage.read, "u1").json()["code"] == "grant_revoked"
    assert stage.call(stage.other, "u2").status_code == 200
    everything = {"filter": {"connector": stage.provider.slug}}
    assert made(stage.workspace.http.post("/v1/grants/revoke", json=everything))["revoked"] == 1
    stage.dead()


@only("northwind")
def test_an_admin_of_another_workspace_stops_nothing(stage: Stage) -> None:
    grant = stage.grant()
    stranger = stage.service.workspace("Other")
    for body in ({"grants": [grant["id"]]}, {"filter": {}}):
        assert made(stranger.http.post("/v1/grants/revoke", json=body))["revoked"] == 0
    assert stage.call(stage.read).status_code == 200
    stranger.close()


def test_the_person_stops_it_on_their_own_page(stage: Stage, walker: Walker) -> None:
    grant = stage.grant()
    portal(stage, walker)
    walker.open(f"{stage.service.url}/me/grants/{grant['id']}/stop")
    page = walker.submit(f"/me/grants/{grant['id']}/stop")
    assert page.status == 200 and "/me/grants/" in page.url
    is_over(stage, grant)
    [event] = stage.workspace.audit(action="grant.revoked")
    assert event["actor"] == {"type": "user", "id": "u1"}


@only("northwind")
def test_the_person_stops_everything_at_once(stage: Stage, walker: Walker) -> None:
    stage.grant(login="ada")
    stage.grant(login="ben")
    portal(stage, walker)
    walker.open(f"{stage.service.url}/me/stop")
    walker.submit("/me/stop")
    assert {one["status"] for one in stage.assistant.grants()} == {"revoked"}
    stage.dead()


@only("northwind")
def test_a_person_cannot_stop_what_is_not_theirs(stage: Stage, walker: Walker) -> None:
    grant = stage.grant(user="u1")
    stage.grant(user="u2", login="ben")
    portal(stage, walker, "u2")
    form = walker.open(f"{stage.service.url}/me/stop").form("/me/stop")
    form.action = f"{stage.service.url}/me/grants/{grant['id']}/stop"
    assert walker.submit(form).status == 404
    assert stage.call(stage.read, "u1").status_code == 200


@only("northwind")
def test_removing_the_connector_ends_its_grants(stage: Stage) -> None:
    grant = stage.grant()
    answer = stage.workspace.http.delete(f"/v1/connectors/{stage.provider.slug}")
    assert answer.is_success, answer.text
    assert stage.assistant.grant(grant["id"])["status"] == "revoked"
    stage.dead()


@only("northwind")
def test_removing_the_assistant_ends_its_grants(stage: Stage) -> None:
    grant = stage.grant()
    assert stage.workspace.http.delete(f"/v1/assistants/{stage.assistant.id}").is_success
    assert stage.call(stage.read).status_code == 401
    assert made(stage.workspace.http.get(f"/v1/grants/{grant['id']}"))["status"] == "revoked"
    stage.dead()


def test_a_provider_without_revocation_is_told_as_such_with_the_page_to_do_it_on(
    oidc_stage: OidcStage,
) -> None:
    stage = oidc_stage
    grant = stage.connect_more("quiet", "find_items")
    answer = made(stage.assistant.revoke(grant["id"]))
    assert answer == {
        "id": grant["id"],
        "status": "revoked",
        "upstream": "unsupported",
        "manage_url": f"{stage.provider.url}/settings/apps",
    }
    assert stage.assistant.call("quiet.find_items", "u1").json()["code"] == "grant_revoked"
    assert stage.rows("SELECT kind FROM secrets WHERE owner = ?", grant["id"]) == []
    assert stage.live() != []  # it is honest: they do live on there


@pytest.mark.parametrize("body", [{}, {"grants": [], "filter": {}}, {"grants": "all"}, {"filter": {"no": 1}}])
def test_a_bulk_revocation_that_does_not_say_what_stops_nothing(
    northwind_stage: Stage, body: dict[str, Any]
) -> None:
    northwind_stage.grant()
    refused = northwind_stage.workspace.http.post("/v1/grants/revoke", content=json.dumps(body))
    assert refused.status_code in (400, 422), refused.text
    assert northwind_stage.call(northwind_stage.read).status_code == 200
