"""The way to a grant, with a popup and with a return URL, and what builder and person see on it."""

from __future__ import annotations

import threading
import time
from urllib.parse import parse_qs, urlsplit

from tests.flows.stage import Stage, only
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL, made
from tests.harness.walker import Walker


def test_the_popup_posts_session_and_code_to_the_origin_that_opened_it(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read], origin=CHAT_ORIGIN)
    stage.approve(walker, session["url"])
    finish = stage.provider.consent(walker, "ada")
    assert finish.status == 200
    assert finish.message_origin == CHAT_ORIGIN
    assert set(finish.message) == {"type", "session", "code"}
    assert (finish.message["type"], finish.message["session"]) == ("valetkey:authorized", session["id"])
    grant = made(stage.assistant.confirm(session["id"], "u1", finish.message["code"]))["grant"]
    assert (grant["status"], grant["user"], grant["tools"]) == ("active", "u1", stage.names(stage.read))


@only("northwind")
def test_the_only_origin_is_taken_when_none_is_named(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    stage.approve(walker, session["url"])
    assert stage.provider.consent(walker, "ada").message_origin == CHAT_ORIGIN


def test_the_return_url_gets_session_and_code_by_redirect(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read], return_url=RETURN_URL)
    stage.approve(walker, session["url"])
    end = stage.provider.consent(walker, "ada")
    assert end.response.status_code == 303
    assert end.left_to and end.left_to.startswith(f"{RETURN_URL}?")
    assert set(end.query) == {"session", "code"} and end.query["session"] == session["id"]
    assert (
        made(stage.assistant.confirm(session["id"], "u1", end.query["code"]))["grant"]["status"] == "active"
    )


def test_the_code_is_held_and_nothing_redeemed_until_the_confirm(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    assert stage.assistant.session(session["id"])["status"] == "authorized"
    assert (stage.asked("token"), stage.live(), stage.assistant.grants()) == ([], [], [])
    made(stage.assistant.confirm(session["id"], "u1", code))
    assert stage.asked("token") == [200]
    assert stage.live_kinds() == ["access", "refresh"]
    assert stage.rows("SELECT kind FROM secrets WHERE owner = ?", session["id"]) == []


def test_the_builder_sees_every_status_on_the_way(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    seen = [session["status"]]

    def look() -> None:
        seen.append(stage.assistant.session(session["id"])["status"])

    walker.open(session["url"])
    look()
    walker.submit("/approve")
    look()
    finish = stage.provider.consent(walker, "ada")
    look()
    grant = made(stage.assistant.confirm(session["id"], "u1", finish.message["code"]))["grant"]
    look()
    assert seen == ["created", "opened", "consented", "authorized", "completed"]
    assert stage.assistant.session(session["id"])["grant"] == grant["id"]


@only("northwind")
def test_a_long_poll_answers_as_soon_as_the_status_changes(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    answers: list[tuple[str, float]] = []

    def wait() -> None:
        status = stage.assistant.session(session["id"], wait=30)["status"]
        answers.append((status, time.monotonic()))

    waiting = threading.Thread(target=wait)
    waiting.start()
    time.sleep(0.4)
    assert waiting.is_alive()  # nothing has changed yet
    opened = time.monotonic()
    walker.open(session["url"])
    waiting.join(15)
    [(status, at)] = answers
    assert status == "opened" and at - opened < 5


@only("northwind")
def test_a_long_poll_without_a_change_ends_with_its_time(stage: Stage) -> None:
    session = stage.session("u1", [stage.read])
    begun = time.monotonic()
    assert stage.assistant.session(session["id"], wait=1)["status"] == "created"
    assert 0.9 <= time.monotonic() - begun < 5


@only("northwind")
def test_the_finishing_page_says_connected_only_after_the_confirm_and_only_in_its_browser(
    stage: Stage, walker: Walker
) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    status_url = f"{session['url']}/status"
    assert walker.http.get(status_url).json() == {"status": "authorized"}
    made(stage.assistant.confirm(session["id"], "u1", code))
    assert walker.http.get(status_url).json() == {"status": "connected"}
    with Walker() as stranger:
        assert stranger.http.get(status_url).status_code == 403


def test_the_provider_is_asked_with_pkce_and_the_registrations_own_redirect_uri(
    stage: Stage, walker: Walker
) -> None:
    session = stage.session("u1", [stage.read])
    walker.open(session["url"])
    answer = walker.submit("/approve", follow=False).response
    assert answer.status_code == 303
    query = parse_qs(urlsplit(answer.headers["location"]).query)
    assert query["redirect_uri"] == [stage.registration["redirect_uri"]]
    assert query["code_challenge_method"] == ["S256"] and len(query["code_challenge"][0]) == 43
    assert query["client_id"] == [stage.client] and len(query["state"][0]) >= 43


def test_a_second_account_of_the_user_is_a_second_grant(stage: Stage) -> None:
    first = stage.grant(login="ada")
    second = stage.grant(login="ben")
    assert first["id"] != second["id"]
    assert {one["account"]["id"] for one in stage.assistant.grants(user="u1")} == {
        first["account"]["id"],
        second["account"]["id"],
    }
    assert stage.live_kinds() == ["access", "access", "refresh", "refresh"]
