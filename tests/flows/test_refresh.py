"""An access token that ran out: one refresh however many wait, and what the provider's refusals mean. The service's clock is
moved on, so that its tokens are over for it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

from core.clock import DAY_MS, HOUR_MS
from tests.flows.stage import Stage, only
from tests.flows.stages import OidcStage
from tests.harness.tenant import made
from tests.harness.waiting import until
from tests.harness.walker import Walker


def grant_of_old_tokens(stage: Stage, *tools: str) -> dict[str, Any]:
    grant = stage.grant(*tools, duration="90d")
    stage.service.later(2 * HOUR_MS)  # type: ignore[attr-defined]
    return grant


def refreshes(stage: Stage) -> list[int]:
    """The token endpoint's answers after the one that made the grant."""
    return stage.asked("token")[1:]


def test_twenty_calls_on_an_expired_token_make_one_refresh(clocked: Stage) -> None:
    grant = grant_of_old_tokens(clocked)
    clocked.trouble("token", before_s=0.3)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: clocked.call(clocked.read), range(20)))
    assert [answer.status_code for answer in answers] == [200] * 20
    assert refreshes(clocked) == [200]
    assert clocked.assistant.grant(grant["id"])["use_count"] == 20
    assert (
        clocked.live_kinds().count("refresh") == 1
    )  # it was rotated, and the new one is the one that is kept
    clocked.service.later(2 * HOUR_MS)  # type: ignore[attr-defined]
    assert clocked.call(clocked.read).status_code == 200


def test_a_token_rejected_before_its_time_is_refreshed_once_for_all_who_wait(clocked: Stage) -> None:
    clocked.grant()
    clocked.reject_access_tokens()
    with ThreadPoolExecutor(10) as pool:
        answers = list(pool.map(lambda _: clocked.call(clocked.read), range(10)))
    assert [answer.status_code for answer in answers] == [200] * 10
    assert refreshes(clocked) == [200]


@only("northwind", "clocked")
def test_a_fresh_token_is_not_refreshed(clocked: Stage) -> None:
    clocked.grant()
    for _ in range(3):
        assert clocked.call(clocked.read).status_code == 200
    assert refreshes(clocked) == []


def test_a_token_endpoint_that_is_down_ends_nothing(clocked: Stage) -> None:
    grant = grant_of_old_tokens(clocked)
    for status in (503, 500, 429):
        clocked.trouble("token", status)
        refused = clocked.call(clocked.read)
        assert (refused.status_code, refused.json()["code"]) == (502, "provider_error")
        assert clocked.assistant.grant(grant["id"])["status"] == "active"
    clocked.calm()
    assert clocked.call(clocked.read).status_code == 200
    assert clocked.assistant.grant(grant["id"])["status"] == "active"


@only("oidcp", "clocked")
def test_a_failing_token_endpoint_is_not_believed_when_it_speaks_of_a_dead_token(clocked: Stage) -> None:
    assert isinstance(clocked, OidcStage)
    grant = grant_of_old_tokens(clocked)
    clocked.provider.switch("/token", status=503, body={"error": "invalid_grant"})
    assert clocked.call(clocked.read).json()["code"] == "provider_error"
    assert clocked.assistant.grant(grant["id"])["status"] == "active"
    clocked.calm()
    assert clocked.call(clocked.read).status_code == 200


def test_a_rejected_token_and_a_token_endpoint_that_is_down_are_no_reason_to_reconnect(
    clocked: Stage,
) -> None:
    grant = clocked.grant()
    clocked.reject_access_tokens()
    clocked.trouble("token", 503)
    refused = clocked.call(clocked.read)
    assert (refused.status_code, refused.json()["code"]) == (502, "provider_error")
    clocked.calm()
    assert clocked.call(clocked.read).status_code == 200
    assert clocked.assistant.grant(grant["id"])["status"] == "active"


def test_a_refresh_token_the_provider_no_longer_knows_needs_the_person(clocked: Stage) -> None:
    grant = grant_of_old_tokens(clocked)
    clocked.forget()
    for _ in range(2):
        refused = clocked.call(clocked.read)
        problem = refused.json()
        assert (refused.status_code, problem["code"]) == (403, "reconnect_required")
        assert problem["reason"] == "refresh_token_rejected" and problem["connect"]["url"]
    assert len(refreshes(clocked)) == 1  # a dead token is not tried again
    seen = clocked.assistant.grant(grant["id"])
    assert (seen["status"], seen["status_reason"]) == ("needs_reconnect", "refresh_token_rejected")
    assert "grant.needs_reconnect" in clocked.events(grant=grant["id"])


def test_the_reconnect_session_restores_the_same_grant_with_all_its_tools(
    clocked: Stage, walker: Walker
) -> None:
    grant = grant_of_old_tokens(clocked, clocked.read, clocked.other)
    clocked.forget()
    connect = clocked.call(clocked.read).json()["connect"]
    page = walker.open(connect["url"])
    assert "stays the same" in page.words
    code = clocked.authorize(walker, connect)
    again = made(clocked.assistant.confirm(connect["id"], "u1", code))["grant"]
    assert (again["id"], again["status"]) == (grant["id"], "active")
    assert sorted(again["tools"]) == sorted(grant["tools"])
    for tool in (clocked.read, clocked.other):
        assert clocked.call(tool).status_code == 200
    assert clocked.live_kinds() == ["access", "refresh"]


def test_a_tool_left_off_when_the_connection_is_made_again_is_off(clocked: Stage, walker: Walker) -> None:
    grant = grant_of_old_tokens(clocked, clocked.read, clocked.sibling)
    clocked.forget()
    clocked.call(clocked.read)
    session = clocked.session("u1", [clocked.read, clocked.sibling])
    code = clocked.authorize(walker, session, tools=[clocked.read])
    again = made(clocked.assistant.confirm(session["id"], "u1", code))["grant"]
    assert (again["id"], again["tools"]) == (grant["id"], clocked.names(clocked.read))


def test_a_reconnect_as_somebody_else_is_refused_and_leaves_no_token(clocked: Stage, walker: Walker) -> None:
    grant = grant_of_old_tokens(clocked)
    clocked.forget()
    connect = clocked.call(clocked.read).json()["connect"]
    code = clocked.authorize(walker, connect, "ben")
    refused = clocked.assistant.confirm(connect["id"], "u1", code)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_mismatch")
    assert clocked.assistant.grant(grant["id"])["status"] == "needs_reconnect"
    assert len(clocked.assistant.grants()) == 1
    clocked.dead()


@only("northwind", "clocked")
def test_a_grant_that_needs_its_person_can_still_be_stopped(clocked: Stage) -> None:
    grant = grant_of_old_tokens(clocked)
    clocked.forget()
    clocked.call(clocked.read)
    stopped = made(clocked.assistant.revoke(grant["id"]))
    assert stopped["status"] == "revoked"
    until(lambda: clocked.assistant.grant(grant["id"])["upstream"] == "revoked")


def test_refreshing_goes_on_for_as_long_as_the_grant_lives(clocked: Stage) -> None:
    clocked.grant(duration="90d")
    for _ in range(4):
        clocked.service.later(DAY_MS)  # type: ignore[attr-defined]
        assert clocked.call(clocked.read).status_code == 200
    assert refreshes(clocked) == [200] * 4
    assert clocked.live_kinds().count("refresh") == 1
