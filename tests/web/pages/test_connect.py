"""The pages of a connect session, walked without script against the running service and Northwind."""

from __future__ import annotations

import pytest

from core.clock import HOUR_MS
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL
from tests.harness.walker import Page, Walker
from tests.web.pages.running import RunningValetkey

TOOLS = ["find_deals", "move_deal"]


def opened(stage: Scene, walker: Walker, **fields: object) -> tuple[dict, Page]:
    session = stage.session("ada", TOOLS, **fields)
    return session, walker.open(session["url"])


def test_the_form_is_the_one_programs_know(stage: Scene, walker: Walker) -> None:
    tools = [
        {"tool": "northwind.find_deals", "required": True, "reason": "to list them"},
        "northwind.move_deal",
    ]
    session = stage.assistant.new_session("ada", "northwind", tools)
    page = walker.open(session["url"])
    assert page.status == 200 and page.response.headers["content-type"] == "text/html; charset=utf-8"
    approve, deny = page.form("/approve"), page.form("/deny")
    assert approve.method == deny.method == "post"
    assert approve.boxes == {"tools": ["northwind.move_deal"]}
    assert ("tools", "northwind.find_deals") in approve.fields
    assert approve.choices == {"duration": ["chat", "30d", "90d", "unlimited"]}
    assert [name for name, _ in deny.fields] == ["csrf_token"]


def test_agreeing_leads_to_the_provider_with_303(
    stage: Scene, walker: Walker, provider: RunningNorthwind
) -> None:
    opened(stage, walker)
    page = walker.submit("/approve", follow=False, tools=["northwind.find_deals"])
    assert page.status == 303
    assert page.response.headers["location"].startswith(f"{provider.url}/oauth/authorize?")
    assert page.response.headers["cache-control"] == "no-store"


def test_the_finishing_page_hands_the_code_to_the_registered_origin_only(
    stage: Scene, walker: Walker
) -> None:
    session, _ = opened(stage, walker)
    stage.approve(walker, session["url"])
    page = stage.provider.consent(walker, "ada")
    assert page.status == 200
    assert page.message_origin == CHAT_ORIGIN
    assert set(page.message) == {"type", "session", "code"} and page.message["type"] == "valetkey:authorized"


def test_the_status_becomes_connected_with_the_confirm(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker)
    code = stage.authorize(walker, session)
    assert walker.open(f"{session['url']}/status").response.json() == {"status": "authorized"}
    stage.assistant.confirm(session["id"], "ada", code)
    assert walker.open(f"{session['url']}/status").response.json() == {"status": "connected"}
    page = walker.open(session["url"])
    assert page.status == 200 and "Acme Assist can now use your Northwind" in page.words


def test_the_status_is_for_the_browser_that_agreed(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker)
    stage.authorize(walker, session)
    with Walker() as other:
        answer = other.open(f"{session['url']}/status")
        assert answer.status == 403 and answer.response.json()["code"] == "wrong_browser"


def test_with_a_return_url_the_code_goes_there(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker, return_url=RETURN_URL)
    stage.approve(walker, session["url"])
    page = stage.provider.consent(walker, "ada")
    assert page.left_to is not None and page.left_to.startswith(f"{RETURN_URL}?")
    assert page.query["session"] == session["id"]
    assert stage.assistant.confirm(session["id"], "ada", page.query["code"]).status_code == 200


@pytest.mark.parametrize("at_provider", [False, True])
def test_a_refusal_is_told_and_nothing_is_connected(stage: Scene, walker: Walker, at_provider: bool) -> None:
    session, _ = opened(stage, walker)
    if at_provider:
        stage.approve(walker, session["url"])
        page = stage.provider.refuse(walker, "ada")
    else:
        page = walker.submit("/deny")
    assert (page.status, page.code) == (200, "denied")
    assert page.message == {"type": "valetkey:denied", "session": session["id"]}
    assert stage.assistant.session(session["id"])["status"] == "denied"
    assert stage.assistant.grants() == []


@pytest.mark.parametrize("at_provider", [False, True])
def test_a_refusal_goes_back_to_the_return_url(stage: Scene, walker: Walker, at_provider: bool) -> None:
    session, _ = opened(stage, walker, return_url=RETURN_URL)
    if at_provider:
        stage.approve(walker, session["url"])
        page = stage.provider.refuse(walker, "ada")
    else:
        page = walker.submit("/deny")
    assert page.query == {"session": session["id"], "error": "access_denied"}


def test_nothing_switched_on_gives_the_form_back(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker)
    page = walker.submit("/approve", tools=None, duration="30d")
    assert (page.status, page.code) == (422, "invalid_body")
    assert "Nothing was switched on" in page.words
    assert ("duration", "30d") in page.form("/approve").fields
    assert stage.assistant.session(session["id"])["status"] == "opened"


@pytest.mark.parametrize("changes", [{"tools": ["northwind.find_contacts"]}, {"duration": "forever"}])
def test_what_the_page_did_not_offer_is_refused(stage: Scene, walker: Walker, changes: dict) -> None:
    opened(stage, walker)
    page = walker.submit("/approve", **({"tools": ["northwind.find_deals"]} | changes))
    assert (page.status, page.code) == (422, "invalid_body")


def test_a_form_without_its_token_is_refused(stage: Scene, walker: Walker) -> None:
    for action in ("/approve", "/deny"):
        session, _ = opened(stage, walker)
        page = walker.submit(action, csrf_token=None)
        assert (page.status, page.code) == (403, "csrf_failed")
        walker.open(session["url"])
        assert walker.submit(action, csrf_token="0" * 64).status == 403
        assert stage.assistant.session(session["id"])["status"] == "opened"


def test_the_token_of_another_browser_or_session_is_refused(stage: Scene, walker: Walker) -> None:
    session, page = opened(stage, walker)
    _, another = opened(stage, walker)
    token = dict(another.form("/deny").fields)["csrf_token"]
    walker.open(session["url"])
    assert walker.submit("/deny", csrf_token=token).code == "csrf_failed"
    with Walker() as other:
        other.open(session["url"])
        stolen = dict(page.form("/deny").fields)["csrf_token"]
        assert other.submit("/deny", csrf_token=stolen).code == "csrf_failed"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "null", "Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
def test_a_form_from_elsewhere_is_refused_even_with_a_good_token(
    stage: Scene, walker: Walker, headers: dict
) -> None:
    session, page = opened(stage, walker)
    fields = dict(page.form("/deny").fields)
    answer = walker.http.post(f"{session['url']}/deny", data=fields, headers=headers)
    assert answer.status_code == 403 and 'data-code="forbidden"' in answer.text
    assert stage.assistant.session(session["id"])["status"] == "opened"


@pytest.mark.parametrize("headers", [{}, {"Origin": "null", "Sec-Fetch-Site": "same-origin"}])
def test_a_form_of_ours_is_taken_from_programs_and_browsers(
    stage: Scene, walker: Walker, headers: dict
) -> None:
    session, page = opened(stage, walker)
    answer = walker.http.post(f"{session['url']}/deny", data=dict(page.form("/deny").fields), headers=headers)
    assert answer.status_code == 200


def test_reading_the_address_of_a_form_is_405_and_changes_nothing(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker)
    page = walker.open(f"{session['url']}/approve")
    assert (page.status, page.code) == (405, "method_not_allowed")
    assert stage.assistant.session(session["id"])["status"] == "opened"


def test_a_link_scanner_locks_nobody_out(stage: Scene, walker: Walker) -> None:
    session = stage.session("ada", TOOLS)
    with Walker() as scanner:
        assert scanner.open(session["url"]).status == 200
    stage.authorize(walker, session)


def test_another_browser_cannot_go_on_with_what_this_one_agreed(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker)
    stage.approve(walker, session["url"])
    with Walker() as other:
        page = other.open(session["url"])
        assert (page.status, page.code) == (403, "wrong_browser")


def test_the_connect_cookie_is_no_sign_in(stage: Scene, walker: Walker) -> None:
    _, page = opened(stage, walker)
    [cookie] = page.response.headers.get_list("set-cookie")
    assert "HttpOnly" in cookie and "SameSite=lax" in cookie and "Path=/" in cookie
    stage.connect("ada", walker=walker, tools=["find_deals"])
    answer = walker.open(f"{stage.service.url}/me")
    assert (answer.status, answer.code) == (401, "invalid_credentials")


def test_an_expired_request_says_so(stage: Scene, walker: Walker, valetkey: RunningValetkey) -> None:
    session, _ = opened(stage, walker)
    valetkey.later(HOUR_MS)
    try:
        page = walker.open(session["url"])
        assert (page.status, page.code) == (410, "session_ended")
        assert "Nothing more was connected" in page.words
    finally:
        valetkey.later(-HOUR_MS)


def test_a_code_that_nobody_took_in_time_is_told_to_the_chat_as_a_failure(
    stage: Scene, walker: Walker, valetkey: RunningValetkey
) -> None:
    session, _ = opened(stage, walker)
    stage.authorize(walker, session)
    valetkey.later(HOUR_MS)
    try:
        assert walker.open(f"{session['url']}/status").response.json() == {"status": "expired"}
        page = walker.open(session["url"])
        assert (page.status, page.code) == (410, "session_ended")
        assert page.message == {
            "type": "valetkey:failed",
            "session": session["id"],
            "reason": "session_ended",
        }
    finally:
        valetkey.later(-HOUR_MS)


def test_an_answered_request_is_over_for_everybody_else(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker)
    code = stage.authorize(walker, session)
    stage.assistant.confirm(session["id"], "ada", code)
    with Walker() as other:
        page = other.open(session["url"])
        assert (page.status, page.code) == (410, "session_ended")


@pytest.mark.parametrize("id", ["cs_none", "cs_01jdd8m40000000000000000zz", "x" * 300])
def test_a_request_that_never_was_is_not_found(stage: Scene, walker: Walker, id: str) -> None:
    page = walker.open(f"{stage.service.url}/connect/{id}")
    assert (page.status, page.code) == (404, "not_found")


def test_an_answer_nobody_asked_for_is_refused(stage: Scene, walker: Walker) -> None:
    callback = f"{stage.service.url}/oauth/callback/{stage.registration['id']}"
    for query in ("", "?state=made-up&code=x", "?code=x"):
        page = walker.open(callback + query)
        assert (page.status, page.code) == (400, "invalid_request")


def test_an_answer_that_says_a_thing_twice_is_refused(stage: Scene, walker: Walker) -> None:
    callback = f"{stage.service.url}/oauth/callback/{stage.registration['id']}"
    page = walker.open(f"{callback}?state=a&state=b&code=x")
    assert (page.status, page.code) == (400, "invalid_request")


def test_fewer_scopes_than_asked_are_shown_with_what_stays_off(stage: Scene, walker: Walker) -> None:
    session, _ = opened(stage, walker)
    code = stage.authorize(walker, session, scopes=["deals.read"])
    grant = stage.assistant.confirm(session["id"], "ada", code).json()["grant"]
    assert grant["tools"] == ["northwind.find_deals"]
    page = walker.open(session["url"])
    assert page.code == "granted_less"
    assert "Northwind gave less than you allowed" in page.words and "One tool stays off" in page.words


def test_a_step_up_asks_only_for_what_is_missing(stage: Scene, walker: Walker) -> None:
    stage.connect("ada", walker=walker, tools=["find_deals"])
    refused = stage.call("move_deal", "ada", {"deal_id": "de_1", "stage": "won"})
    page = walker.open(refused.json()["connect"]["url"])
    assert page.form("/approve").fields[1] == ("tools", "northwind.move_deal")
    assert "Acme Assist asks for more in your Northwind" in page.words
    assert "Allowed" in page.words


def test_an_error_page_carries_what_every_page_carries(stage: Scene, walker: Walker) -> None:
    page = walker.open(f"{stage.service.url}/connect/cs_none")
    headers = page.response.headers
    assert headers["cache-control"] == "no-store" and headers["referrer-policy"] == "no-referrer"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-request-id"] in page.text
