"""The person or the provider says no: the session has an end, its browser a page, its builder an answer; nothing is kept."""

from __future__ import annotations

import pytest

from tests.flows.stage import Stage, only
from tests.flows.stages import OidcStage
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL
from tests.harness.walker import Page, Walker


def nothing_was_kept(stage: Stage, session: str) -> None:
    assert (stage.asked("token"), stage.live(), stage.assistant.grants()) == ([], [], [])
    assert stage.rows("SELECT kind FROM secrets WHERE owner = ?", session) == []


def test_no_thanks_on_our_page_ends_the_session_and_tells_the_opener(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    walker.open(session["url"])
    page = walker.submit("/deny")
    assert (page.status, page.code) == (200, "denied")
    assert page.message == {"type": "valetkey:denied", "session": session["id"]}
    assert page.message_origin == CHAT_ORIGIN
    seen = stage.assistant.session(session["id"])
    assert (seen["status"], seen["error"]["code"]) == ("denied", "access_denied")
    nothing_was_kept(stage, session["id"])
    assert stage.events()[-1:] == ["connect_session.denied"]


def test_no_thanks_goes_back_to_the_return_url(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read], return_url=RETURN_URL)
    walker.open(session["url"])
    page = walker.submit("/deny")
    assert page.status == 303
    assert page.left_to == f"{RETURN_URL}?session={session['id']}&error=access_denied"


def test_a_refusal_at_the_provider_ends_the_session_with_a_page(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    stage.approve(walker, session["url"])
    page = stage.provider.refuse(walker, "ada")
    assert (page.status, page.code) == (200, "denied")
    assert page.message == {"type": "valetkey:denied", "session": session["id"]}
    seen = stage.assistant.session(session["id"])
    assert (seen["status"], seen["error"]["code"]) == ("denied", "access_denied")
    nothing_was_kept(stage, session["id"])


def test_a_refusal_at_the_provider_goes_back_to_the_return_url(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read], return_url=RETURN_URL)
    stage.approve(walker, session["url"])
    page = stage.provider.refuse(walker, "ada")
    assert page.status == 303
    assert page.left_to == f"{RETURN_URL}?session={session['id']}&error=access_denied"
    nothing_was_kept(stage, session["id"])


@only("northwind")
def test_after_a_refusal_nothing_can_be_approved_or_confirmed(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    form = walker.open(session["url"]).form("/approve")
    walker.submit("/deny")
    late = walker.submit(form)
    assert (late.status, late.code) == (410, "session_ended")
    answer = stage.assistant.confirm(session["id"], "u1", "x" * 43)
    assert (answer.status_code, answer.json()["code"]) == (410, "session_ended")


def with_error(stage: OidcStage, walker: Walker, error: str, **fields: str) -> Page:
    """The provider sends the browser back with an error instead of showing a page."""
    session = stage.session("u1", [stage.read], **fields)
    walker.open(session["url"])
    location = walker.submit("/approve", follow=False).response.headers["location"]
    state = location.partition("state=")[2].partition("&")[0]
    back = f"{stage.registration['redirect_uri']}?error={error}&state={state}&iss={stage.provider.url}"
    return walker.open(back)


@pytest.mark.parametrize("error", ["server_error", "invalid_scope", "<script>alert(1)</script>"])
def test_an_error_of_the_provider_fails_the_session_without_its_words(
    oidc_stage: OidcStage, walker: Walker, error: str
) -> None:
    page = with_error(oidc_stage, walker, error)
    assert (page.status, page.code) == (502, "provider_error")
    assert "<script>alert" not in page.text
    session = page.message["session"]
    assert page.message == {"type": "valetkey:failed", "session": session, "reason": "provider_error"}
    assert oidc_stage.assistant.session(session)["error"]["code"] == "provider_error"
    nothing_was_kept(oidc_stage, session)


def test_an_error_of_the_provider_goes_back_to_the_return_url(oidc_stage: OidcStage, walker: Walker) -> None:
    page = with_error(oidc_stage, walker, "temporarily_unavailable", return_url=RETURN_URL)
    assert page.left_to and page.left_to.startswith(f"{RETURN_URL}?session=cs_")
    assert page.query["error"] == "provider_error"
