"""What time ends by itself: sessions, completion codes, grants. The service's clock is moved; the provider's stays."""

from __future__ import annotations

from core.clock import DAY_MS, MINUTE_MS, SECOND_MS
from tests.flows.stage import Stage, only
from tests.harness.tenant import made
from tests.harness.waiting import until
from tests.harness.walker import Walker


def later(stage: Stage, ms: int) -> None:
    stage.service.later(ms)  # type: ignore[attr-defined]


def test_a_session_nobody_opened_expires(clocked: Stage, walker: Walker) -> None:
    session = clocked.session("u1", [clocked.read])
    later(clocked, 31 * MINUTE_MS)
    assert clocked.assistant.session(session["id"])["status"] == "expired"
    page = walker.open(session["url"])
    assert (page.status, page.code) == (410, "session_ended")
    answer = clocked.assistant.confirm(session["id"], "u1", "a" * 43)
    assert (answer.status_code, answer.json()["code"]) == (410, "session_ended")
    until(lambda: clocked.events()[-1:] == ["connect_session.expired"])


@only("northwind", "clocked")
def test_a_session_lives_as_long_as_its_builder_said(clocked: Stage, walker: Walker) -> None:
    session = clocked.session("u1", [clocked.read], expires_in=60)
    form = walker.open(session["url"]).form("/approve")
    later(clocked, 61 * SECOND_MS)
    page = walker.submit(form)
    assert (page.status, page.code) == (410, "session_ended")
    assert clocked.asked("token") == []


def test_an_answer_of_the_provider_that_comes_too_late_is_not_taken(clocked: Stage, walker: Walker) -> None:
    session = clocked.session("u1", [clocked.read])
    clocked.approve(walker, session["url"])
    later(clocked, 11 * MINUTE_MS)
    page = clocked.provider.consent(walker, "ada")
    # the housekeeping may have ended the session already: then its state is as unknown as one that was made up
    assert (page.status, page.code) in ((410, "session_ended"), (400, "invalid_request"))
    assert clocked.assistant.session(session["id"])["status"] == "expired"


def test_a_completion_code_is_good_for_two_minutes(clocked: Stage, walker: Walker) -> None:
    first = clocked.session("u1", [clocked.read])
    code = clocked.authorize(walker, first)
    later(clocked, 121 * SECOND_MS)
    answer = clocked.assistant.confirm(first["id"], "u1", code)
    assert (answer.status_code, answer.json()["code"]) == (410, "session_ended")
    until(lambda: clocked.rows("SELECT kind FROM secrets WHERE owner = ?", first["id"]) == [])
    assert (clocked.asked("token"), clocked.live()) == ([], [])
    second = clocked.session("u1", [clocked.read])
    code = clocked.authorize(walker, second)
    later(clocked, 50 * SECOND_MS)
    assert made(clocked.assistant.confirm(second["id"], "u1", code))["grant"]["status"] == "active"


def test_a_grant_ends_at_its_time_and_its_tokens_die_at_the_provider(clocked: Stage) -> None:
    grant = clocked.grant(duration="chat")
    later(clocked, DAY_MS - MINUTE_MS)
    assert clocked.call(clocked.read).status_code == 200
    later(clocked, 2 * MINUTE_MS)
    refused = clocked.call(clocked.read).json()
    assert refused["code"] == "grant_expired" and refused["connect"]["url"]
    assert clocked.assistant.grant(grant["id"])["status"] == "expired"
    clocked.dead()
    until(lambda: clocked.assistant.grant(grant["id"])["upstream"] == "revoked")
    assert "grant.expired" in clocked.events(grant=grant["id"])
    assert clocked.rows("SELECT kind FROM secrets WHERE owner = ?", grant["id"]) == []


def test_an_expired_grant_is_connected_again_as_a_new_one_with_all_it_had(
    clocked: Stage, walker: Walker
) -> None:
    old = clocked.grant(clocked.read, clocked.other, duration="chat")
    later(clocked, DAY_MS + MINUTE_MS)
    connect = clocked.call(clocked.read).json()["connect"]
    code = clocked.authorize(walker, connect)
    new = made(clocked.assistant.confirm(connect["id"], "u1", code))["grant"]
    assert new["id"] != old["id"] and sorted(new["tools"]) == sorted(old["tools"])
    assert clocked.call(clocked.read).status_code == 200


@only("northwind", "clocked")
def test_the_policy_shortens_what_the_person_chose(clocked: Stage) -> None:
    made(clocked.workspace.http.put("/v1/policy", json={"max_grant_days": 30}))
    clocked.grant(duration="30d")
    made(clocked.workspace.http.put("/v1/policy", json={"max_grant_days": None}))
    later(clocked, 30 * DAY_MS + MINUTE_MS)
    assert clocked.call(clocked.read).json()["code"] == "grant_expired"
