"""Row 19: clickjacking, and messages between windows that are caught or forged.

In a real browser where the browser is what protects. More of the widget's side stands in tests/web/test_widget.py.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from core import sessions
from tests.attacks import routes, signed_in
from tests.attacks.conftest import Weaken
from tests.flows.stages import NorthwindStage
from tests.harness.ports import free_port
from tests.harness.tenant import Assistant, made
from tests.harness.waiting import until
from tests.harness.walker import Walker
from tests.web.builder import CARD, Builder
from web.demo.northwind import PASSWORD
from web.pages import render

WIDGET = (Path(__file__).parents[2] / "web/static/widget.js").read_text()
BELIEVED_ONLY_FROM = "event.origin !== this.#origin || (this.#popup && event.source !== this.#popup)"
HEADERS = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    "referrer-policy": "no-referrer",
}


def without_framing(form_action: Any = ()) -> dict[str, str]:
    """The mutation: pages that say nothing about frames."""
    return {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


# ---- every page ---------------------------------------------------------------------------------------------


def faults_of(answer: httpx.Response) -> list[str]:
    policy = answer.headers.get("content-security-policy", "")
    told = [name for name, value in HEADERS.items() if answer.headers.get(name, "").lower() != value.lower()]
    told += [] if "frame-ancestors 'none'" in policy else ["frame-ancestors"]
    told += [] if "script-src 'self';" in policy and "default-src 'none'" in policy else ["script-src"]
    return told + [part for part in ("unsafe-inline", "unsafe-eval", "script-src *") if part in policy]


def test_no_page_may_be_framed_kept_or_scripted(
    northwind_stage: NorthwindStage, weak_service: Any, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """All of them: of people, of admins, of errors, redirects and forms that are refused, for somebody and for nobody."""
    stage = northwind_stage
    weaken(render, "security_headers", without_framing)
    ids = ids_of(stage)
    signed_in.portal(walker, stage.assistant, "u1")
    signed_in.admin(walker, stage)
    faults: dict[str, list[str]] = {}
    with Walker() as nobody:
        for route in sorted(set(routes.page_routes(weak_service.house)) - routes.FILES):
            method, path = route.split()
            if path.startswith("/logos/") or path.endswith("/status") or method == "DELETE":
                continue  # a picture, JSON for our own script, and a provider that tells of a removal
            for who in (walker, nobody):
                answer = who.http.request(method, stage.service.url + path.format(**ids))
                if who is walker and method == "GET" and not path.startswith("/oauth"):
                    assert answer.status_code in (200, 404), route
                faults[f"{route} {answer.status_code}"] = faults_of(answer)
    assert len(faults) > 60
    assert ({route: told for route, told in faults.items() if told} == {}) is defended


def ids_of(stage: NorthwindStage) -> dict[str, str]:
    grant = stage.grant()
    keys = made(stage.workspace.http.get(f"/v1/assistants/{stage.assistant.id}"))["keys"]
    return {
        "grant_id": grant["id"],
        "receipt_id": grant["receipt"],
        "session_id": stage.session("u1", [stage.other])["id"],
        "assistant_id": stage.assistant.id,
        "registration_id": stage.registration["id"],
        "key_id": keys[0]["id"],
        "slug": "northwind",
    }


# ---- in a browser -------------------------------------------------------------------------------------------


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    one = browser.new_context()
    one.set_default_timeout(10_000)
    yield one
    one.close()


@pytest.fixture
def evil(northwind_stage: NorthwindStage) -> Iterator[Builder]:
    """A site of somebody else's."""
    one = Builder(free_port(), northwind_stage.service.url)
    one.card, one.headers = "", {}
    yield one
    one.close()


@pytest.fixture
def chat_site(northwind_stage: NorthwindStage) -> Iterator[Builder]:
    """The builder's own, which is the only origin its assistant registered."""
    one = Builder(free_port(), northwind_stage.service.url)
    one.assistant = northwind_stage.workspace.assistant("Acme Chat", allowed_origins=[one.origin])
    yield one
    one.assistant.close()
    one.close()


def session_of(assistant: Assistant | None, stage: NorthwindStage) -> dict[str, Any]:
    assert assistant is not None
    return assistant.new_session("u1", "northwind", [stage.tool(stage.read)])


def agree(popup: Page) -> None:
    """One tool is needed, so there is nothing to switch; through the provider's sign-in and consent."""
    popup.get_by_role("button", name="Continue to Northwind").click()
    popup.get_by_label("Work e-mail").fill("ada@northwind.example")
    popup.get_by_label("Password").fill(PASSWORD)
    popup.get_by_role("button", name="Sign in").click()
    popup.locator("[name=decision][value=allow]").click()


def test_a_page_in_a_frame_of_another_site_shows_nothing(
    context: BrowserContext,
    northwind_stage: NorthwindStage,
    evil: Builder,
    chat_site: Builder,
    defended: bool,
    weaken: Weaken,
) -> None:
    weaken(render, "security_headers", without_framing)
    session = session_of(chat_site.assistant, northwind_stage)
    evil.card = f'<iframe src="{session["url"]}" width="600" height="600" style="opacity: 0.01"></iframe>'
    page = context.new_page()
    page.goto(evil.origin)
    framed = page.frame_locator("iframe").get_by_role("button", name="Continue to Northwind")
    if defended:
        page.wait_for_load_state("networkidle")
        assert framed.count() == 0
    else:
        expect(framed).to_be_visible()


def test_the_code_reaches_no_window_but_that_of_the_registered_origin(
    context: BrowserContext,
    northwind_stage: NorthwindStage,
    evil: Builder,
    chat_site: Builder,
    defended: bool,
    weaken: Weaken,
) -> None:
    """Another site opens the popup and listens. The mutation: the message is for whoever opened it."""
    weaken(sessions, "shown_origin", lambda session: "*")
    session = session_of(chat_site.assistant, northwind_stage)
    evil.card = (
        "<script>window.caught = []; addEventListener('message', (event) => caught.push(event.data))</script>"
        f"<button onclick=\"window.open('{session['url']}')\">Win a prize</button>"
    )
    page = context.new_page()
    page.goto(evil.origin)
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Win a prize").click()
    agree(opened.value)
    until(lambda: chat_site.assistant.session(session["id"])["status"] == "authorized")  # type: ignore[union-attr]
    expect(opened.value.locator("[data-waiting]")).to_be_attached()
    if defended:
        page.wait_for_timeout(300)
        assert page.evaluate("caught") == []
    else:
        page.wait_for_function("caught.length > 0")
        assert page.evaluate("caught")[0]["code"]


def test_a_message_of_another_site_is_not_believed(
    context: BrowserContext,
    northwind_stage: NorthwindStage,
    evil: Builder,
    chat_site: Builder,
    defended: bool,
) -> None:
    """A frame on the chat's page forges what the popup would say. The mutation: the widget does not look who speaks."""
    if not defended:
        assert WIDGET.count(BELIEVED_ONLY_FROM) == 1
        careless = WIDGET.replace(BELIEVED_ONLY_FROM, "false")
        context.route(
            "**/widget.js", lambda route: route.fulfill(body=careless, content_type="text/javascript")
        )
    chat_site.card = CARD + f'<iframe src="{evil.origin}"></iframe>'
    chat_site.headers = {}
    chat = context.new_page()
    chat.goto(chat_site.origin)
    with chat.expect_popup():
        chat.get_by_role("button", name="Review and connect").click()
    until(lambda: chat_site.session)
    frame = next(frame for frame in chat.frames if frame.url.startswith(evil.origin))
    forged = {"type": "valetkey:authorized", "session": chat_site.session, "code": "forged"}

    def forge() -> None:
        """Again and again: the widget may not have its session yet."""
        frame.evaluate("(forged) => parent.postMessage(forged, '*')", forged)
        chat.wait_for_timeout(100)

    if defended:
        for _ in range(5):
            forge()
        assert chat_site.confirmed == []
    else:
        until(lambda: (forge(), chat_site.confirmed)[1])


# ---- what is in the message ---------------------------------------------------------------------------------


@pytest.mark.parametrize("named", [0, 1, 2])
def test_the_message_is_for_the_origin_the_session_named_and_holds_no_token(
    northwind_stage: NorthwindStage, walker: Walker, named: int
) -> None:
    stage = northwind_stage
    origins = ["https://chat.acme.example", "https://chat.acme.example:8443", "https://acme.example"]
    assistant = stage.workspace.assistant("Acme Chat", allowed_origins=origins)
    session = assistant.new_session("u1", "northwind", [stage.tool(stage.read)], origin=origins[named])
    given = len(stage.provider.tokens)
    stage.approve(walker, session["url"])
    page = stage.provider.consent(walker, "ada")
    assert page.message_origin == origins[named]
    assert set(page.message) == {"type", "session", "code"}
    made(assistant.confirm(session["id"], "u1", page.message["code"]))
    assert len(stage.provider.tokens) > given
    assert not [token for token in stage.provider.tokens[given:] if token in page.text]
    assistant.close()
