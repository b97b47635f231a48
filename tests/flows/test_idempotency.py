"""The same key, the same answer, and never a second write."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from core import calls
from core.clock import DAY_MS, MINUTE_MS
from tests.flows.stage import Stage, only
from tests.flows.stages import OidcStage
from tests.harness.tenant import made


def add(stage: Stage, name: str, key: str, user: str = "u1") -> httpx.Response:
    """One more item at oidc-provider."""
    return stage.call(stage.write, user, {"name": name}, idempotency_key=key)


def times_added(stage: OidcStage, name: str) -> int:
    items = made(stage.call(stage.read, arguments={"query": name, "limit": 50}))["result"]["items"]
    return len([item for item in items if item["name"] == name])


def answers_kept(stage: Stage) -> list[dict[str, Any]]:
    sql = "SELECT kind FROM secrets WHERE workspace = ? AND kind = 'answer'"
    return stage.rows(sql, stage.workspace.id)


def test_the_same_key_gives_the_same_answer_and_writes_once(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.grant(stage.read, stage.write)
    name = f"Oak {stage.workspace.id}"
    first, second = (made(add(stage, name, "k1")) for _ in range(2))
    assert first == second
    assert times_added(stage, name) == 1
    assert made(add(stage, name, "k2")) != first
    assert times_added(stage, name) == 2


def test_a_read_is_answered_from_what_was_kept_too(stage: Stage) -> None:
    stage.grant()
    first = made(stage.call(stage.read, idempotency_key="k1"))
    asked = len(stage.asked("api"))
    assert made(stage.call(stage.read, idempotency_key="k1")) == first
    assert len(stage.asked("api")) == asked
    told = [event["outcome"] for event in stage.workspace.audit(action="tool.called", grant=first["grant"])]
    assert told == ["ok", "repeated"]  # handed out twice, written down twice


def test_the_same_key_with_other_arguments_or_another_tool_is_a_conflict(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.grant(stage.read, stage.write)
    made(add(stage, "Pine", "k1"))
    for refused in (add(stage, "Fir", "k1"), stage.call(stage.read, idempotency_key="k1")):
        assert (refused.status_code, refused.json()["code"]) == (409, "idempotency_conflict")


@only("northwind")
def test_a_key_belongs_to_one_user(stage: Stage) -> None:
    stage.grant(user="u1")
    stage.grant(user="u2")
    first = made(stage.call(stage.read, "u1", idempotency_key="k1"))
    second = made(stage.call(stage.read, "u2", idempotency_key="k1"))
    assert first["grant"] != second["grant"] and first["id"] != second["id"]


def test_the_kept_answer_is_sealed_and_gone_with_the_grant(stage: Stage) -> None:
    grant = stage.grant()
    done = made(stage.call(stage.read, idempotency_key="k1"))
    first = done["result"]["items"][0]
    assert len(answers_kept(stage)) == 1
    shown = first.get("title") or first["name"]
    assert [name for name in stage.service.files_with(shown) if "valetkey.db" in name] == []
    made(stage.assistant.revoke(grant["id"]))
    assert answers_kept(stage) == []
    refused = stage.call(stage.read, idempotency_key="k1")
    assert refused.json()["code"] == "grant_revoked"


def test_twenty_at_once_write_once(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.grant(stage.read, stage.write)
    name = f"Yew {stage.workspace.id}"
    stage.trouble("api", after_s=0.3)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: add(stage, name, "k1"), range(20)))
    stage.calm()
    assert {answer.status_code for answer in answers} <= {200, 409}
    waiting = [answer for answer in answers if answer.status_code == 409]
    assert all(answer.json()["code"] == "conflict" and answer.headers["retry-after"] for answer in waiting)
    assert times_added(stage, name) == 1
    assert made(add(stage, name, "k1"))["result"]["name"] == name


@only("northwind")
def test_after_a_refusal_that_did_nothing_the_key_is_free_again(stage: Stage) -> None:
    stage.grant()
    stage.trouble("api", 500)
    assert stage.call(stage.read, idempotency_key="k1").json()["code"] == "provider_error"
    stage.calm()
    assert stage.call(stage.read, idempotency_key="k1").status_code == 200


@only("oidcp", "clocked")
def test_a_write_of_which_nobody_knows_whether_it_happened_is_not_run_again(
    clocked: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At oidc-provider: Northwind knows idempotency keys itself."""
    assert isinstance(clocked, OidcStage)
    monkeypatch.setattr(calls, "DEADLINE_S", 0.5)
    clocked.grant(clocked.read, clocked.write)
    name = f"Ash {clocked.workspace.id}"
    clocked.trouble("api", after_s=2)
    first = add(clocked, name, "k1")
    assert (first.status_code, first.json()["code"], first.json()["retryable"]) == (
        504,
        "provider_timeout",
        False,
    )
    clocked.calm()
    again = add(clocked, name, "k1")
    assert (again.status_code, again.json()["code"]) == (409, "conflict")
    assert "outcome is not known" in again.json()["detail"]
    assert times_added(clocked, name) == 1


@only("northwind", "clocked")
def test_a_kept_answer_lives_for_a_day(clocked: Stage) -> None:
    clocked.grant(duration="90d")
    first = made(clocked.call(clocked.read, idempotency_key="k1"))
    clocked.service.later(DAY_MS - 5 * MINUTE_MS)  # type: ignore[attr-defined]
    assert made(clocked.call(clocked.read, idempotency_key="k1")) == first
    clocked.service.later(6 * MINUTE_MS)  # type: ignore[attr-defined]
    assert made(clocked.call(clocked.read, idempotency_key="k1"))["id"] != first["id"]
