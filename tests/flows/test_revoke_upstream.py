"""A provider that does not answer when a grant is stopped, and answers that come after the stop."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from core import revocation
from core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from tests.flows.stage import Stage, only
from tests.harness.tenant import made
from tests.harness.waiting import until


def upstream(stage: Stage, grant: dict[str, Any]) -> str:
    return stage.assistant.grant(grant["id"])["upstream"]


def outbox(stage: Stage) -> list[dict[str, Any]]:
    return stage.rows("SELECT attempts, last_error FROM outbox WHERE workspace = ?", stage.workspace.id)


def test_a_provider_that_is_down_at_first_is_told_until_it_answers(clocked: Stage) -> None:
    grant = clocked.grant()
    clocked.trouble("revocation", 503, times=3)
    answer = made(clocked.assistant.revoke(grant["id"]))
    assert (answer["status"], answer["upstream"]) == ("revoked", "pending")
    assert clocked.call(clocked.read).json()["code"] == "grant_revoked"  # here it is over at once
    assert clocked.live() != []
    assert [row["attempts"] for row in outbox(clocked)] == [1]
    for attempts in (2, 3):
        clocked.service.later(MINUTE_MS)  # type: ignore[attr-defined]
        until(lambda attempts=attempts: [row["attempts"] for row in outbox(clocked)] == [attempts])
        assert upstream(clocked, grant) == "pending"
    clocked.service.later(3 * MINUTE_MS)  # type: ignore[attr-defined]
    until(lambda: upstream(clocked, grant) == "revoked")
    assert clocked.asked("revocation") == [503, 503, 503, 200]
    assert (clocked.live(), outbox(clocked)) == ([], [])
    assert clocked.rows("SELECT kind FROM secrets WHERE owner = ?", grant["id"]) == []
    assert clocked.events(grant=grant["id"])[-1] == "grant.revoked_upstream"


@only("northwind")
def test_the_first_retry_comes_within_seconds(stage: Stage) -> None:
    grant = stage.grant()
    stage.trouble("revocation", 503, times=1)
    assert made(stage.assistant.revoke(grant["id"]))["upstream"] == "pending"
    until(lambda: upstream(stage, grant) == "revoked", within_s=6)
    assert stage.live() == []


@only("northwind", "clocked")
def test_a_provider_that_never_answers_is_given_up_after_a_week_and_the_credential_destroyed(
    clocked: Stage,
) -> None:
    grant = clocked.grant()
    clocked.trouble("revocation", 500)
    made(clocked.assistant.revoke(grant["id"]))
    clocked.service.later(7 * DAY_MS - HOUR_MS)  # type: ignore[attr-defined]
    until(lambda: len(clocked.asked("revocation")) >= 2)
    assert upstream(clocked, grant) == "pending"
    clocked.service.later(8 * HOUR_MS)  # type: ignore[attr-defined]
    until(lambda: upstream(clocked, grant) == "unsupported")
    assert clocked.assistant.grant(grant["id"])["status_reason"] == "never_confirmed"
    assert clocked.rows("SELECT kind FROM secrets WHERE owner = ?", grant["id"]) == []
    assert outbox(clocked) == []


@only("northwind", "clocked")
def test_a_slow_provider_does_not_hold_up_the_answer(clocked: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(revocation, "TELL_AT_ONCE_S", 0.3)
    grant = clocked.grant()
    clocked.trouble("revocation", before_s=1.5)
    begun = time.monotonic()
    assert made(clocked.assistant.revoke(grant["id"]))["upstream"] == "pending"
    assert time.monotonic() - begun < 1.4
    until(lambda: upstream(clocked, grant) == "revoked")
    assert clocked.asked("revocation") == [200]


def test_a_token_the_provider_has_ended_itself_counts_as_revoked(stage: Stage) -> None:
    grant = stage.grant()
    stage.forget()
    assert made(stage.assistant.revoke(grant["id"]))["upstream"] == "revoked"


def test_a_result_that_arrives_after_the_stop_is_withheld(stage: Stage) -> None:
    grant = stage.grant()
    stage.trouble("api", after_s=1.0)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(stage.call, stage.read)
        time.sleep(0.4)
        made(stage.assistant.revoke(grant["id"]))
        refused = calling.result(20)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_revoked")
    assert "result" not in refused.json()
    assert stage.asked("api") == [200]  # the provider did answer
    assert stage.assistant.grant(grant["id"])["use_count"] == 0
    assert ("tool.refused", "withheld") in [
        (event["action"], event["outcome"]) for event in stage.workspace.audit(grant=grant["id"])
    ]
    stage.dead()


def test_a_token_that_was_being_refreshed_is_not_stored_and_is_revoked_too(stage: Stage) -> None:
    grant = stage.grant()
    stage.reject_access_tokens()
    stage.trouble("token", after_s=1.2)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(stage.call, stage.read)
        until(lambda: 401 in stage.asked("api"))
        time.sleep(0.3)  # the provider has rotated the token by now; its answer is on the way
        made(stage.assistant.revoke(grant["id"]))
        refused = calling.result(20)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_revoked")
    stage.dead()
    until(lambda: outbox(stage) == [])
    assert stage.rows("SELECT kind FROM secrets WHERE owner = ?", grant["id"]) == []
    assert stage.asked("revocation").count(200) == 2  # the one that was stored, and the one that was not


def test_twenty_calls_racing_with_a_stop_leave_nothing_delivered_after_it(stage: Stage) -> None:
    grant = stage.grant()
    with ThreadPoolExecutor(21) as pool:
        calling = [pool.submit(stage.call, stage.read) for _ in range(20)]
        stopped = pool.submit(stage.assistant.revoke, grant["id"])
        made(stopped.result(20))
        answers = [one.result(20) for one in calling]
    late = [stage.call(stage.read) for _ in range(3)]
    codes = {answer.json().get("code", "ok") for answer in answers}
    assert codes <= {"ok", "grant_revoked"}
    assert {answer.json()["code"] for answer in late} == {"grant_revoked"}
    delivered = sum(answer.status_code == 200 for answer in answers)
    assert stage.assistant.grant(grant["id"])["use_count"] == delivered
