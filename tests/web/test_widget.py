"""`<valetkey-connect>` on a builder's page, in a real browser, over two origins."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.harness.chromium import axe, is_too_wide
from tests.harness.northwind import RunningNorthwind
from tests.harness.ports import free_port
from tests.harness.scene import Scene
from tests.web.builder import Builder
from tests.web.pages.running import RunningValetkey
from web.demo.northwind import PASSWORD

WIDGET = Path(__file__).parent.parent.parent / "web" / "static" / "widget.js"
STATE = "document.querySelector('valetkey-connect').state"


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningNorthwind]:
    one = RunningNorthwind()
    yield one
    one.close()


@pytest.fixture(scope="module")
def valetkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningValetkey]:
    one = RunningValetkey(tmp_path_factory.mktemp("valetkey"))
    yield one
    one.close()


@pytest.fixture
def builder(valetkey: RunningValetkey, provider: RunningNorthwind) -> Iterator[Builder]:
    scene = Scene(valetkey, provider)  # type: ignore[arg-type]
    one = Builder(free_port(), valetkey.url)
    one.assistant = scene.workspace.assistant(allowed_origins=[one.origin], return_urls=[])
    yield one
    one.close()
    one.assistant.close()
    scene.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    one = browser.new_context()
    one.set_default_timeout(8000)
    yield one
    one.close()


@pytest.fixture
def chat(context: BrowserContext, builder: Builder) -> Page:
    page = context.new_page()
    page.goto(builder.origin)
    return page


def press(chat: Page, name: str = "Review and connect") -> Page:
    with chat.expect_popup() as opened:
        chat.get_by_role("button", name=name).click()
    return opened.value


def agree(popup: Page) -> None:
    """From the consent page through the provider's sign-in and consent."""
    popup.get_by_role("switch").first.check()
    popup.get_by_role("button", name="Continue to Northwind").click()
    popup.get_by_label("Work e-mail").fill("ada@northwind.example")
    popup.get_by_label("Password").fill(PASSWORD)
    popup.get_by_role("button", name="Sign in").click()
    popup.locator("[name=decision][value=allow]").click()


def heard(chat: Page) -> list[dict]:
    return chat.evaluate("window.heard")


def test_a_press_a_consent_and_a_sign_in_connect_the_account(chat: Page, builder: Builder) -> None:
    popup = press(chat)
    assert chat.evaluate(STATE) == "waiting"
    agree(popup)
    expect(chat.get_by_text("Northwind connected", exact=True)).to_be_visible()
    [event] = heard(chat)
    assert event["name"] == "connected"
    assert event["detail"]["grant"]["tools"] == ["northwind.find_deals"]
    assert len(builder.confirmed) == 1 and set(builder.confirmed[0]) == {"session", "code"}
    expect(chat.get_by_role("link", name="See or stop")).to_have_attribute("href", "/portal")


@pytest.mark.parametrize("body", [{"code": "account_required"}, {}])
def test_a_409_for_an_account_is_no_end_the_card_waits_for_another_code(
    chat: Page, builder: Builder, body: dict
) -> None:
    """Also from a backend that passes on the status alone."""
    builder.confirm_with.append((409, body))
    popup = press(chat)
    agree(popup)
    expect(chat.get_by_text("One more step", exact=True)).to_be_visible()
    assert chat.evaluate(STATE) == "choosing" and heard(chat) == []
    expect(chat.get_by_role("button", name="Show the window again")).to_be_visible()
    message = popup.evaluate("JSON.parse(document.getElementById('valetkey-message').textContent)")
    popup.evaluate("(message) => opener.postMessage(message, '*')", message)
    expect(chat.get_by_text("Northwind connected", exact=True)).to_be_visible()
    assert len(builder.confirmed) == 2


def test_any_other_409_is_a_failure(chat: Page, builder: Builder) -> None:
    builder.confirm_with.append((409, {"code": "account_mismatch"}))
    agree(press(chat))
    expect(chat.get_by_text("That did not work")).to_be_visible()
    assert heard(chat)[0]["detail"]["reason"] == "account_mismatch"


def test_a_window_that_is_closed_while_it_asks_is_noticed(chat: Page, builder: Builder) -> None:
    builder.confirm_with.append((409, {"code": "account_required"}))
    popup = press(chat)
    agree(popup)
    expect(chat.get_by_text("One more step", exact=True)).to_be_visible()
    popup.close()
    expect(chat.get_by_role("button", name="Open it again")).to_be_visible()


def test_the_popup_says_what_was_given_and_closes_by_itself(chat: Page) -> None:
    popup = press(chat)
    agree(popup)
    expect(popup.get_by_role("heading", name="Acme Assist can now use your Northwind")).to_be_visible()
    expect(popup.get_by_text("This window closes by itself")).to_be_visible()
    popup.wait_for_event("close", timeout=12_000)


def test_no_window_opens_without_a_press(context: BrowserContext, chat: Page, builder: Builder) -> None:
    chat.wait_for_timeout(500)
    assert len(context.pages) == 1
    assert builder.asked == []


def test_no_thanks_tells_the_chat_and_asks_again_only_when_pressed(chat: Page, builder: Builder) -> None:
    popup = press(chat)
    popup.get_by_role("button", name="No thanks").click()
    expect(chat.get_by_text("Not connected, as you chose.")).to_be_visible()
    [event] = heard(chat)
    assert (event["name"], event["detail"]["reason"]) == ("denied", "denied")
    popup.close()
    chat.get_by_role("button", name="Ask me again").click()
    popup = press(chat)
    expect(popup.get_by_role("heading", level=1)).to_contain_text("wants to use your Northwind")
    assert len(builder.asked) == 2


def test_not_now_opens_nothing(context: BrowserContext, chat: Page) -> None:
    chat.get_by_role("button", name="Not now").click()
    expect(chat.get_by_text("Not connected, as you chose.")).to_be_visible()
    assert heard(chat)[0]["detail"] == {"session": None, "reason": "not_now"}
    assert len(context.pages) == 1


def test_a_refusal_at_the_provider_is_a_refusal(chat: Page) -> None:
    popup = press(chat)
    popup.get_by_role("switch").first.check()
    popup.get_by_role("button", name="Continue to Northwind").click()
    popup.get_by_label("Work e-mail").fill("ada@northwind.example")
    popup.get_by_label("Password").fill(PASSWORD)
    popup.get_by_role("button", name="Sign in").click()
    popup.locator("[name=decision][value=deny]").click()
    expect(popup.get_by_role("heading", name="Not connected, as you chose")).to_be_visible()
    expect(chat.get_by_text("Not connected, as you chose.")).to_be_visible()


def test_a_window_that_was_closed_is_noticed(chat: Page) -> None:
    press(chat).close()
    expect(chat.get_by_text("The window was closed")).to_be_visible()
    assert heard(chat)[0]["detail"]["reason"] == "closed"
    expect(chat.get_by_role("button", name="Open it again")).to_be_visible()


def test_a_blocked_window_becomes_a_tab(chat: Page) -> None:
    chat.evaluate("window.real = window.open; window.open = () => null")
    chat.get_by_role("button", name="Review and connect").click()
    link = chat.get_by_role("link", name="Open in a tab")
    expect(link).to_be_visible()
    with chat.expect_popup() as opened:
        link.click()
    agree(opened.value)
    expect(chat.get_by_text("Northwind connected", exact=True)).to_be_visible()


def test_a_message_from_another_origin_is_ignored(
    chat: Page, builder: Builder, valetkey: RunningValetkey
) -> None:
    popup = press(chat)
    expect(popup.get_by_role("heading", level=1)).to_be_visible()
    session = popup.url.rpartition("/")[2]
    forged = {"type": "valetkey:authorized", "session": session, "code": "forged"}
    chat.evaluate("(forged) => window.postMessage(forged, '*')", forged)  # the builder's own origin
    other = popup.context.new_page()
    other.goto(f"{valetkey.url}/me")  # Valetkey's origin, but not the window that was opened
    chat.evaluate(
        "([forged, origin]) => window.dispatchEvent(new MessageEvent('message', { data: forged, origin, source: window }))",
        [forged, valetkey.url],
    )
    chat.wait_for_timeout(300)
    assert builder.confirmed == []
    assert chat.evaluate(STATE) == "waiting"


def test_the_provider_cannot_speak_for_valetkey_in_the_same_window(chat: Page, builder: Builder) -> None:
    popup = press(chat)
    popup.get_by_role("switch").first.check()
    popup.get_by_role("button", name="Continue to Northwind").click()
    expect(popup.get_by_label("Work e-mail")).to_be_visible()
    forged = {"type": "valetkey:authorized", "session": builder.session, "code": "forged"}
    popup.evaluate("(forged) => window.opener.postMessage(forged, '*')", forged)
    chat.wait_for_timeout(300)
    assert builder.confirmed == []
    assert chat.evaluate(STATE) == "waiting"


def test_a_message_for_another_session_is_ignored(chat: Page, builder: Builder) -> None:
    popup = press(chat)
    expect(popup.get_by_role("heading", level=1)).to_be_visible()
    forged = {"type": "valetkey:authorized", "session": "cs_another", "code": "forged"}
    popup.evaluate("(forged) => window.opener.postMessage(forged, '*')", forged)
    chat.wait_for_timeout(300)
    assert builder.confirmed == []


def test_the_endpoint_can_refuse_a_session(chat: Page, builder: Builder) -> None:
    builder.refuse_with = (403, {"code": "policy_denied"})
    chat.get_by_role("button", name="Review and connect").click()
    expect(chat.get_by_text("That did not work")).to_be_visible()
    assert heard(chat)[0]["detail"]["reason"] == "policy_denied"
    builder.refuse_with = None
    agree(press(chat, "Try again"))
    expect(chat.get_by_text("Northwind connected", exact=True)).to_be_visible()


def test_somebody_else_signed_in_at_the_chat_gets_nothing(
    chat: Page, builder: Builder, provider: RunningNorthwind
) -> None:
    popup = press(chat)
    expect(popup.get_by_role("heading", level=1)).to_be_visible()  # so that the session is for who pressed
    builder.user = "mallory"
    before = len(provider.tokens)
    agree(popup)
    expect(chat.get_by_text("That did not work")).to_be_visible()
    assert heard(chat)[0]["detail"]["reason"] == "user_mismatch"
    assert len(provider.tokens) == before


def test_a_session_that_exists_is_used_as_it_is(chat: Page, builder: Builder) -> None:
    assert builder.assistant is not None
    made = builder.assistant.new_session(
        "ada", "northwind", ["northwind.find_contacts"], origin=builder.origin
    )
    chat.evaluate("(made) => { document.querySelector('valetkey-connect').session = made }", made)
    popup = press(chat)
    expect(popup.get_by_text("Find people Read")).to_be_visible()
    assert builder.asked == []


@pytest.mark.parametrize("address", ["javascript:window.hit=1", "data:text/html,hi"])
def test_only_a_web_address_is_opened(chat: Page, builder: Builder, address: str) -> None:
    builder.refuse_with = (200, {"id": "cs_x", "url": address})
    chat.get_by_role("button", name="Review and connect").click()
    expect(chat.get_by_text("That did not work")).to_be_visible()
    assert chat.evaluate("window.hit") is None


LOOKS = {
    "ask": "",
    "waiting": "window.open = () => ({ closed: false, close() {}, focus() {}, location: { replace() {} } }); card.connect()",
    "declined": "card.shadowRoot.querySelector('button').click()",
    "blocked": "window.open = () => null; card.connect()",
    "failed": "window.open = () => null; card.session = { id: 'x', url: 'javascript:0' }; card.connect()",
}


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_card_is_accessible_in_every_state(browser: Browser, builder: Builder, theme: str) -> None:
    context = browser.new_context(color_scheme=theme, viewport={"width": 320, "height": 640})  # type: ignore[arg-type]
    page = context.new_page()
    for state, script in LOOKS.items():
        page.goto(builder.origin)
        page.evaluate(f"() => {{ const card = document.querySelector('valetkey-connect'); {script} }}")
        page.wait_for_function(f"() => {STATE} === {state!r}")
        assert axe(page) == [], state
        assert not is_too_wide(page), state
    context.close()


def test_the_file_is_small() -> None:
    assert len(gzip.compress(WIDGET.read_bytes(), 9)) < 7_000
