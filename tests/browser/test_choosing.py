"""A sign-in that covers several accounts, in a real browser: the popup asks which, and the card in the chat waits for it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.eyes import Eyes, looks_right
from tests.browser.test_pages import next_stop
from tests.browser.test_pictures import Camera
from tests.harness.northwind import RunningNorthwind
from tests.harness.ports import free_port
from tests.harness.scene import Scene
from tests.harness.service import ROOT
from tests.harness.sites import FREIGHT, SITES_CONNECTOR, TRADING, NorthwindOfSites
from tests.harness.waiting import until
from tests.web.builder import CARD, Builder
from tests.web.pages.running import RunningValetkey
from web.demo.northwind import PASSWORD

STATE = "document.querySelector('valetkey-connect').state"


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningNorthwind]:
    one = RunningNorthwind()
    yield one
    one.close()


@pytest.fixture(scope="module")
def valetkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningValetkey]:
    one = RunningValetkey(tmp_path_factory.mktemp("valetkey"), (str(SITES_CONNECTOR),))
    yield one
    one.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """`make pictures` writes to the documents' pictures."""
    return ROOT / "docs" / "pictures" if os.environ.get("VALETKEY_PICTURES") else tmp_path


@pytest.fixture
def builder(valetkey: RunningValetkey, provider: RunningNorthwind) -> Iterator[Builder]:
    scene = Scene(valetkey, NorthwindOfSites(provider))  # type: ignore[arg-type]
    one = Builder(free_port(), valetkey.url)
    one.card = CARD.replace('connector="northwind"', 'connector="sites"').replace(
        'tools="northwind.find_deals northwind.move_deal"', 'tools="sites.find_deals"'
    )
    one.assistant = scene.workspace.assistant(allowed_origins=[one.origin], return_urls=[])
    yield one
    one.close()
    one.assistant.close()
    scene.close()


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    one = browser.new_context()
    one.set_default_timeout(10_000)
    yield one
    one.close()


@pytest.fixture
def eyes(context: BrowserContext, builder: Builder, provider: RunningNorthwind) -> Eyes:
    return Eyes(context, builder.origin, builder.valetkey, provider.url)


@pytest.fixture
def chat(context: BrowserContext, builder: Builder, eyes: Eyes) -> Page:
    page = context.new_page()
    page.goto(builder.origin)
    return page


def to_the_choice(chat: Page) -> Page:
    """Press the card, agree, sign in at the provider: the window, once it asks which account."""
    with chat.expect_popup() as opened:
        chat.get_by_role("button", name="Review and connect").click()
    popup = opened.value
    popup.get_by_role("button", name="Continue to Northwind").click()
    popup.get_by_label("Work e-mail").fill("ada@northwind.example")
    popup.get_by_label("Password").fill(PASSWORD)
    popup.get_by_role("button", name="Sign in").click()
    popup.locator("[name=decision][value=allow]").click()
    expect(popup.get_by_role("heading", level=1)).to_have_text(
        "Which Northwind account shall Acme Assist use?"
    )
    return popup


def heard(chat: Page) -> list[str]:
    return [one["name"] for one in chat.evaluate("window.heard")]


def test_the_window_asks_and_the_card_waits_until_it_is_chosen(
    chat: Page, builder: Builder, eyes: Eyes
) -> None:
    popup = to_the_choice(chat)
    expect(chat.get_by_text("Choose in the small window which account to use.")).to_be_visible()
    assert chat.evaluate(STATE) == "choosing" and heard(chat) == []
    assert builder.assistant is not None and builder.assistant.grants() == []
    popup.get_by_label(FREIGHT).check()
    popup.get_by_role("button", name="Continue").click()
    expect(popup.get_by_role("heading", level=1)).to_have_text("Acme Assist can now use your Northwind")
    expect(chat.get_by_text(f"as ada@northwind.example in {FREIGHT}.")).to_be_visible()
    assert heard(chat) == ["connected"] and len(builder.confirmed) == 2
    [grant] = builder.assistant.grants()
    assert grant["account"]["label"].endswith(FREIGHT)
    # the chat's page has no icon, and the first confirm is a 409
    assert not [text for text in eyes.complaints if "status of 4" not in text] and not eyes.strangers


def test_the_page(chat: Page, context: BrowserContext, eyes: Eyes, folder: Path) -> None:
    popup = to_the_choice(chat)
    assert popup.locator("input[name=account]:checked").count() == 0
    looks_right(popup, "the choice")
    Camera(folder, context).take(popup, "choose", "popup")
    popup.get_by_role("button", name="Continue").click()
    expect(popup.get_by_role("alert")).to_contain_text("Choose one of them, or No thanks.")
    looks_right(popup, "nothing chosen")
    popup.get_by_label(FREIGHT).check()
    looks_right(popup, "one chosen")
    assert not [text for text in eyes.complaints if "status of 4" not in text] and not eyes.strangers
    looks_right(chat, "the card")


def test_by_keyboard_alone_and_enter_on_a_choice_sends_nothing(chat: Page) -> None:
    popup = to_the_choice(chat)
    assert list(iter(lambda: next_stop(popup), "end"))[-2:] == ["No thanks", "Continue"]
    radio = popup.get_by_label(TRADING)
    radio.focus()
    for key in ("Enter", "Space", "Enter", "ArrowDown"):
        popup.keyboard.press(key)
    expect(popup.get_by_label(FREIGHT)).to_be_checked()
    assert popup.url.rstrip("/").split("/")[-2] == "connect", "it was not sent"
    popup.get_by_role("button", name="Continue").focus()
    popup.keyboard.press("Enter")
    expect(popup.get_by_role("heading", level=1)).to_have_text("Acme Assist can now use your Northwind")


def test_no_thanks_is_told_to_the_chat(chat: Page, provider: RunningNorthwind) -> None:
    popup = to_the_choice(chat)
    alive = len(provider.live())
    yes, no = (popup.get_by_role("button", name=name).bounding_box() for name in ("Continue", "No thanks"))
    assert yes and no and (yes["width"], yes["height"]) == (no["width"], no["height"]), "of equal weight"
    popup.get_by_role("button", name="No thanks").click()
    expect(popup.get_by_text("what Northwind had given for it is given up")).to_be_visible()
    looks_right(popup, "no thanks")
    expect(chat.get_by_text("Not connected, as you chose.")).to_be_visible()
    assert heard(chat) == ["denied"]
    until(lambda: len(provider.live()) == alive - 2, what="the end of the tokens")


def test_a_window_that_was_closed_goes_on_where_it_was(chat: Page) -> None:
    popup = to_the_choice(chat)
    popup.close()
    expect(chat.get_by_text("The window was closed")).to_be_visible()
    with chat.expect_popup() as opened:
        chat.get_by_role("button", name="Open it again").click()
    again = opened.value
    again.get_by_label(TRADING).check()
    again.get_by_role("button", name="Continue").click()
    expect(chat.get_by_text(f"as ada@northwind.example in {TRADING}.")).to_be_visible()


def test_two_presses_are_one(chat: Page, builder: Builder) -> None:
    popup = to_the_choice(chat)
    popup.get_by_label(TRADING).check()
    popup.get_by_role("button", name="Continue").dblclick(no_wait_after=True)
    expect(popup.get_by_role("heading", level=1)).to_have_text("Acme Assist can now use your Northwind")
    assert len(builder.confirmed) == 2


def test_without_script_the_last_page_leads_on(
    browser: Browser, builder: Builder, provider: RunningNorthwind
) -> None:
    """The person's own browser runs none; the builder's backend learned the code from the page all the same."""
    assert builder.assistant is not None
    made = builder.assistant.new_session("ada", "sites", ["sites.find_deals"], origin=builder.origin)
    context = browser.new_context(java_script_enabled=False)
    context.set_default_timeout(10_000)
    page = context.new_page()
    page.goto(made["url"])
    page.get_by_role("button", name="Continue to Northwind").click()
    page.get_by_label("Work e-mail").fill("ada@northwind.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.locator("[name=decision][value=allow]").click()
    message = page.locator("#valetkey-message").text_content()
    assert message is not None
    code = message.split('"code": "')[1].split('"')[0]
    assert builder.assistant.confirm(made["id"], "ada", code).status_code == 409
    page.get_by_role("link", name="choose it here").click()
    page.get_by_label(TRADING).check()
    page.get_by_role("button", name="Continue").click()
    assert '"valetkey:authorized"' in (page.locator("#valetkey-message").text_content() or "")
    context.close()
