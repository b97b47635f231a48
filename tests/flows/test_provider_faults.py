"""What the provider's failures become: never its words, never a second write, always a code to switch on."""

from __future__ import annotations

import time
from typing import Any

import pytest

from core import calls
from tests.flows.stage import Stage
from tests.flows.stages import OidcStage
from tests.harness.tenant import made
from tests.harness.walker import Walker


def problem(stage: Stage, tool: str, **arguments: Any) -> dict[str, Any]:
    answer = stage.call(tool, arguments=arguments)
    assert answer.headers["content-type"].startswith("application/problem+json"), answer.text
    assert answer.status_code == answer.json()["status"]
    return answer.json()


def test_a_record_that_is_not_there_is_404(stage: Stage) -> None:
    stage.grant(stage.sibling)
    name = "deal_id" if stage.provider.slug == "northwind" else "id"
    found = problem(stage, stage.sibling, **{name: "de_999999"})
    assert (found["status"], found["code"]) == (404, "not_found")


def test_a_failing_provider_is_502_with_its_status(stage: Stage) -> None:
    stage.grant()
    stage.trouble("api", 500)
    found = problem(stage, stage.read)
    assert (found["status"], found["code"], found["provider_status"]) == (502, "provider_error", 500)
    assert "temporarily_unavailable" not in str(found) and "not well" not in str(found)
    stage.calm()
    assert stage.call(stage.read).status_code == 200
    assert [event["outcome"] for event in stage.workspace.audit(action="tool.failed")] == ["provider_error"]


def test_too_many_requests_there_say_when_to_come_back(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.grant()
    stage.provider.switch("/api/items", status=429, headers={"Retry-After": "120"})
    answer = stage.call(stage.read)
    assert (answer.status_code, answer.json()["code"]) == (429, "provider_rate_limited")
    assert answer.json()["retry_after"] == 120 and answer.headers["retry-after"] == "120"
    assert stage.asked("api") == [429]


def test_a_read_waits_a_moment_where_the_provider_asks_for_it(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.grant()
    stage.provider.switch("/api/items", status=429, headers={"Retry-After": "0"}, times=2)
    assert stage.call(stage.read).status_code == 200
    assert stage.asked("api") == [429, 429, 200]


def test_a_write_is_never_repeated(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.grant(stage.write)
    stage.provider.switch("/api/items", status=503, headers={"Retry-After": "0"})
    assert problem(stage, stage.write, name="Elm")["code"] == "provider_error"
    assert stage.asked("api") == [503]


@pytest.mark.parametrize(
    "answer",
    [
        {"body": "<html><b>maintenance</b></html>", "headers": {"content-type": "text/html"}},
        {"body": {"items": "none of your business"}},
        {"body": '{"items": [{"id": "1", "na', "headers": {"content-type": "application/json"}},
    ],
)
def test_html_another_shape_and_half_an_answer_are_502_without_its_words(
    oidc_stage: OidcStage, answer: dict[str, Any]
) -> None:
    oidc_stage.grant()
    oidc_stage.provider.switch("/api/items", status=200, **answer)
    found = problem(oidc_stage, oidc_stage.read)
    assert (found["status"], found["code"]) == (502, "provider_error")
    assert "maintenance" not in str(found) and "business" not in str(found)


def test_a_silent_provider_is_504_and_says_whether_to_try_again(
    clocked: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEADLINE_S", 0.8)
    clocked.grant()
    clocked.trouble("api", before_s=4)
    begun = time.monotonic()
    found = problem(clocked, clocked.read)
    assert (found["status"], found["code"], found["retryable"]) == (504, "provider_timeout", True)
    assert time.monotonic() - begun < 3.5


def test_a_403_for_a_scope_asks_for_exactly_that_consent(oidc_stage: OidcStage, walker: Walker) -> None:
    """The provider said it had given the scope, and knows better when it is used."""
    stage = oidc_stage
    session = stage.session("u1", [stage.read, stage.write])
    code = stage.authorize(walker, session, scopes=[stage.read_scope])
    stage.gives_more(stage.write_scope)
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    stage.calm()
    assert sorted(grant["tools"]) == sorted(stage.names(stage.read, stage.write))
    found = problem(stage, stage.write, name="Elm")
    assert (found["status"], found["code"]) == (403, "consent_required")
    assert found["missing_scopes"] == [stage.write_scope]
    assert found["connect"]["url"]
    assert stage.assistant.grant(grant["id"])["status"] == "active"


def test_a_401_that_a_refresh_cannot_mend_is_reconnect_required(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.grant()
    stage.provider.switch("/api/items", status=401, body={"error": "invalid_token"})
    found = problem(stage, stage.read)
    assert found["code"] == "reconnect_required" and found["connect"]["url"]
    assert stage.asked("api") == [401, 401]  # once with the token, once with a fresh one


def test_a_connector_that_breaks_is_a_502_with_the_calls_id_and_nothing_of_the_arguments(
    oidc_stage: OidcStage,
) -> None:
    stage = oidc_stage
    stage.connect_more("odd", "breaks")
    secret = "a-very-private-remark"
    answer = stage.assistant.call("odd.breaks", "u1", {"words": secret})
    found = answer.json()
    assert (answer.status_code, found["code"]) == (502, "provider_error")
    assert found["call"].startswith("call_") and secret not in answer.text
    assert found["call"] in stage.service.log_text()


def test_a_wrong_client_secret_is_a_502_that_names_the_one_who_can_mend_it(
    stage: Stage, walker: Walker
) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    config = {"config": stage.provider.config} if stage.provider.config else {}
    stage.workspace.register(stage.provider.slug, stage.client, "not-the-secret", **config)
    answer = stage.assistant.confirm(session["id"], "u1", code)
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_error")
    assert "admin" in answer.json()["detail"]
