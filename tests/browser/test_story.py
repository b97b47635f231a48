"""The whole story of one person, in a real browser, against the real `valetkey demo`: ask, agree, see, narrow, stop."""

from __future__ import annotations

from contextlib import suppress

import pytest
from playwright.sync_api import Browser, Error, Page, expect

from tests.browser.person import Person, answer, say
from tests.harness.demo import RunningDemo

DEALS = "Show my open deals"


def asks_and_connects(ada: Person, chat: Page) -> None:
    """The answer comes by itself, without another word of hers."""
    say(chat, DEALS)
    card = chat.locator("valetkey-connect")
    expect(card.get_by_role("group")).to_contain_text("Find your deals")
    expect(card.get_by_role("group")).to_contain_text("cannot change anything")
    popup = ada.connect(chat)
    expect(popup.get_by_role("heading", level=1)).to_have_text(
        "Acme Assist wants to use your Northwind for you"
    )
    expect(popup.locator(".tool", has_text="Find your deals")).to_contain_text("Needed")
    assert popup.get_by_role("switch").count() == 0, "nothing is asked for that the question does not need"
    expect(popup.get_by_text(ada.demo.chat.removeprefix("http://"))).to_be_visible()
    ada.agree(popup)
    expect(
        popup.get_by_role("heading", name="Acme Assist can now use your Northwind", exact=True)
    ).to_be_visible()
    expect(popup.get_by_text("This window closes by itself")).to_be_visible()
    expect(answer(chat).get_by_role("table")).to_contain_text("€")
    expect(answer(chat)).to_contain_text("Northwind connected as ada@northwind.example")
    popup.wait_for_event("close", timeout=12_000)


def is_asked_for_the_missing_tools_only(ada: Person, chat: Page) -> None:
    say(chat, "Add a task: water the plants tomorrow")
    card = chat.locator("valetkey-connect").last
    expect(card.get_by_role("group")).to_contain_text("Find projects and add a task for you")
    assert "deals" not in (card.text_content() or "").lower()
    popup = ada.connect(chat)
    expect(popup.get_by_role("heading", level=1)).to_have_text("Acme Assist asks for more in your Northwind")
    expect(popup.locator(".tool", has_text="Find your deals")).to_contain_text("Allowed")
    expect(popup.locator(".tool", has_text="Add a task for you")).to_contain_text("Change")
    ada.agree(popup)
    expect(answer(chat)).to_contain_text("“Water the plants”, due")
    with suppress(Error):  # it may be gone before the browser has said that it was pressed
        popup.get_by_role("button", name="Back to the chat").click()
    if not popup.is_closed():
        popup.wait_for_event("close", timeout=2_000)


def sees_what_she_allowed(ada: Person, chat: Page) -> Page:
    """The chat's own list, then her own page; returns the grant's page."""
    say(chat, "What can you see?")
    for tool in ("Find your deals", "Find projects", "Add a task for you"):
        expect(answer(chat).locator(".access")).to_contain_text(tool)
    with chat.expect_popup() as opened:
        answer(chat).get_by_role("link", name="See or stop").click()
    portal = opened.value
    expect(portal.get_by_role("heading", level=1)).to_have_text("Who may use my data")
    portal.get_by_role("link", name="Acme Assist uses Northwind", exact=True).click()
    did = portal.locator("section", has=portal.get_by_role("heading", name="What it did"))
    for line in (
        "You allowed: Find your deals.",
        "Read 10 items in Deals.",
        "You allowed more: Find projects, Add a task for you.",
        "Changed 1 item in Tasks.",
    ):
        expect(did).to_contain_text(line)
    assert "water the plants" not in (did.text_content() or "").lower(), "a value stands in the activity"
    return portal


def takes_one_tool_back(portal: Page, chat: Page) -> None:
    portal.get_by_role("button", name="Remove: Add a task for you").click()
    may = portal.locator("section", has=portal.get_by_role("heading", name="What it may do"))
    expect(may).not_to_contain_text("Add a task for you")
    expect(may).to_contain_text("Find your deals")
    expect(portal.locator(".timeline")).to_contain_text("You removed: Add a task for you.")
    say(chat, "Add a task: feed the cat tomorrow")
    expect(chat.locator("valetkey-connect").last.get_by_role("group")).to_contain_text("Add a task for you")


def stops(ada: Person, portal: Page) -> None:
    ada.press(portal.get_by_role("link", name="Stop access"))
    expect(portal.get_by_role("heading", level=1)).to_contain_text("Stop Acme Assist from using")
    ada.press(portal.get_by_role("button", name="Stop access"))
    said = portal.locator(".notice--ok")
    expect(said).to_contain_text("Stopped at")
    expect(said).to_contain_text("Northwind confirmed at")
    expect(said).to_contain_text("The key is destroyed.")


def test_a_person_asks_agrees_sees_narrows_and_stops(ada: Person) -> None:
    chat = ada.open_chat()
    asks_and_connects(ada, chat)
    connecting, ada.presses = ada.presses, 0
    is_asked_for_the_missing_tools_only(ada, chat)
    portal = sees_what_she_allowed(ada, chat)
    takes_one_tool_back(portal, chat)
    ada.presses = 0
    stops(ada, portal)
    assert ada.presses <= connecting, "stopping takes more presses than connecting"
    say(chat, DEALS)
    expect(answer(chat)).to_contain_text(
        "My access to Northwind was stopped. To answer, I would need it again."
    )
    expect(
        chat.locator("valetkey-connect").last.get_by_role("button", name="Review and connect")
    ).to_be_visible()
    assert answer(chat).get_by_role("table").count() == 0
    assert ada.eyes.clean()


def test_northwind_shows_the_app_and_then_no_longer(ada: Person) -> None:
    """The provider's own view of the story."""
    chat = ada.open_chat()
    say(chat, DEALS)
    ada.agree(ada.connect(chat))
    expect(answer(chat).get_by_role("table")).to_be_visible()
    apps = ada.context.new_page()
    apps.goto(f"{ada.demo.northwind}/settings/apps")
    expect(apps.get_by_role("heading", name="Valetkey")).to_be_visible()
    say(chat, "stop")
    expect(answer(chat)).to_contain_text("Northwind has confirmed it.")
    apps.reload()
    expect(apps.get_by_text("No app is connected to your account.")).to_be_visible()
    assert ada.eyes.clean()


@pytest.mark.parametrize("where", ["the consent page", "Northwind"])
def test_a_no_is_taken_for_a_no_and_not_asked_again_by_itself(ada: Person, where: str) -> None:
    chat = ada.open_chat()
    say(chat, DEALS)
    popup = ada.connect(chat)
    if where == "Northwind":
        popup.get_by_role("button", name="Continue to Northwind").click()
        popup.get_by_label("Work e-mail").fill("ada@northwind.example")
        popup.get_by_label("Password").fill("northwind-demo")
        popup.get_by_role("button", name="Sign in").click()
        popup.get_by_role("button", name="Cancel").click()
    else:
        popup.get_by_role("button", name="No thanks").click()
    expect(popup.get_by_role("heading", level=1)).to_have_text("Not connected, as you chose")
    expect(popup.get_by_text("Nothing was stored.")).to_be_visible()
    expect(answer(chat)).to_contain_text("Then I cannot find your deals in Northwind.")
    popup.get_by_role("button", name="Back to the chat").click()
    say(chat, DEALS)
    expect(answer(chat)).to_contain_text("Without that I cannot answer.")
    assert answer(chat).get_by_role("button", name="Review and connect").count() == 0
    answer(chat).get_by_role("button", name="Ask me again").click()
    expect(answer(chat).get_by_role("button", name="Review and connect")).to_be_visible()
    assert ada.eyes.clean()


def test_where_windows_are_blocked_a_tab_does_the_same(ada: Person) -> None:
    chat = ada.open_chat()
    say(chat, DEALS)
    chat.evaluate("window.open = () => null")
    chat.get_by_role("button", name="Review and connect").click()
    with chat.expect_popup() as opened:
        chat.get_by_role("link", name="Open in a tab").click()
    ada.agree(opened.value)
    expect(answer(chat).get_by_role("table")).to_be_visible()
    assert ada.eyes.clean()


def test_all_of_it_works_with_javascript_off(demo: RunningDemo, browser: Browser) -> None:
    """By the return URL: no window, no message between pages."""
    demo.forget("ada")
    context = browser.new_context(java_script_enabled=False)
    ada = Person(demo, context)
    chat = ada.open_chat()
    chat.get_by_role("button", name=DEALS).click()
    chat.get_by_role("button", name="Review and connect").click()
    expect(chat.get_by_role("heading", level=1)).to_have_text(
        "Acme Assist wants to use your Northwind for you"
    )
    ada.agree(chat)
    expect(chat).to_have_url(f"{demo.chat}/#{answer(chat).get_attribute('id')}")
    expect(answer(chat).get_by_role("table")).to_contain_text("€")
    with chat.expect_popup() as opened:
        chat.locator(".chat__bar").get_by_role("link", name="What can you see?").click()
    portal = opened.value
    portal.get_by_role("link", name="Stop: Acme Assist in Northwind").click()
    portal.get_by_role("button", name="Stop access").click()
    expect(portal.locator(".notice--ok")).to_contain_text("Northwind confirmed at")
    assert ada.eyes.clean()
    context.close()
