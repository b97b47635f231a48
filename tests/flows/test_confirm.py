"""The last step: which code and which user are taken, how often, and what remains when the provider fails there."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.flows.stage import Stage, only
from tests.flows.stages import OidcStage
from tests.harness.tenant import made
from tests.harness.walker import Walker


def answer_of(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json().get("code", "")


def test_a_wrong_code_is_refused_and_the_right_one_still_works(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    for wrong in (code[:-1], code + "x", code.swapcase(), "", "a" * 500):
        assert answer_of(stage.assistant.confirm(session["id"], "u1", wrong)) == (403, "invalid_code")
    assert stage.asked("token") == []
    assert made(stage.assistant.confirm(session["id"], "u1", code))["grant"]["status"] == "active"


@only("northwind")
def test_before_the_provider_has_answered_there_is_no_code_to_confirm(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    assert answer_of(stage.assistant.confirm(session["id"], "u1", "a" * 43)) == (403, "invalid_code")
    stage.approve(walker, session["url"])
    assert answer_of(stage.assistant.confirm(session["id"], "u1", "a" * 43)) == (403, "invalid_code")


def test_another_user_ends_the_session_and_redeems_nothing(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    assert answer_of(stage.assistant.confirm(session["id"], "u2", code)) == (403, "user_mismatch")
    assert answer_of(stage.assistant.confirm(session["id"], "u1", code)) == (410, "session_ended")
    assert (stage.asked("token"), stage.assistant.grants()) == ([], [])
    assert stage.rows("SELECT kind FROM secrets WHERE owner = ?", session["id"]) == []
    assert stage.assistant.session(session["id"])["error"]["code"] == "user_mismatch"


def test_a_second_confirm_is_told_apart_from_an_ended_session(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    made(stage.assistant.confirm(session["id"], "u1", code))
    assert answer_of(stage.assistant.confirm(session["id"], "u1", code)) == (409, "already_confirmed")
    assert stage.asked("token") == [200]


@only("northwind")
def test_an_assistant_cannot_confirm_or_see_the_session_of_another(stage: Stage, walker: Walker) -> None:
    other = stage.workspace.assistant("Other")
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    assert answer_of(other.confirm(session["id"], "u1", code)) == (404, "not_found")
    assert other.http.get(f"/v1/connect-sessions/{session['id']}").status_code == 404
    assert made(stage.assistant.confirm(session["id"], "u1", code))["grant"]["status"] == "active"
    other.close()


def test_of_fifty_confirms_at_once_exactly_one_succeeds(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)

    def confirm(_: int) -> tuple[int, str]:
        return answer_of(stage.assistant.confirm(session["id"], "u1", code))

    with ThreadPoolExecutor(50) as pool:
        answers = list(pool.map(confirm, range(50)))
    assert sorted(set(answers)) == [(200, ""), (409, "already_confirmed")]
    assert answers.count((200, "")) == 1
    assert stage.asked("token") == [200]
    assert len(stage.assistant.grants()) == 1
    assert stage.live_kinds() == ["access", "refresh"]


def test_a_token_endpoint_that_is_down_fails_the_session_and_stores_nothing(
    stage: Stage, walker: Walker
) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    stage.trouble("token", 503)
    assert answer_of(stage.assistant.confirm(session["id"], "u1", code)) == (502, "provider_error")
    seen = stage.assistant.session(session["id"])
    assert (seen["status"], seen["error"]["code"]) == ("failed", "provider_error")
    stage.calm()
    assert answer_of(stage.assistant.confirm(session["id"], "u1", code)) == (410, "session_ended")
    assert (stage.assistant.grants(), stage.live()) == ([], [])
    assert stage.asked("token") == [503]  # a code is never sent twice
    assert stage.rows("SELECT kind FROM secrets WHERE owner = ?", session["id"]) == []


def test_tokens_whose_account_cannot_be_told_are_revoked(oidc_stage: OidcStage, walker: Walker) -> None:
    stage = oidc_stage
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    stage.provider.switch("/api/me", status=500)
    assert answer_of(stage.assistant.confirm(session["id"], "u1", code)) == (502, "provider_error")
    assert stage.assistant.session(session["id"])["status"] == "failed"
    assert stage.asked("token") == [200] and stage.assistant.grants() == []
    stage.dead()
    assert stage.rows("SELECT id FROM outbox WHERE workspace = ?", stage.workspace.id) == []


@pytest.mark.parametrize(
    "answer",
    [
        {"status": 200, "body": "<html>maintenance</html>", "headers": {"content-type": "text/html"}},
        {"status": 200, "body": {"access_token": ""}},
        {"status": 200, "body": {"error": "invalid_grant"}},
        {"status": 400, "body": {"error": "invalid_client", "error_description": "<b>secret</b>"}},
    ],
)
def test_nonsense_from_the_token_endpoint_is_a_502_without_its_words(
    oidc_stage: OidcStage, walker: Walker, answer: dict[str, Any]
) -> None:
    stage = oidc_stage
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    stage.provider.switch("/token", **answer)
    response = stage.assistant.confirm(session["id"], "u1", code)
    assert answer_of(response) == (502, "provider_error")
    assert "maintenance" not in response.text and "<b>" not in response.text
    assert stage.assistant.session(session["id"])["status"] == "failed"
    assert stage.assistant.grants() == []
