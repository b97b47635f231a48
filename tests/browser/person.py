"""A person at the chat, in a real browser: says something, presses what the cards offer, agrees and signs in."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Locator, Page, expect

from tests.browser.eyes import Eyes
from tests.harness.demo import RunningDemo
from web.demo.northwind import PASSWORD


class Person:
    """Ada at her desk. `presses` counts what she clicks, so that two ways can be compared."""

    def __init__(self, demo: RunningDemo, context: BrowserContext) -> None:
        self.demo, self.context, self.presses = demo, context, 0
        self.eyes = Eyes(context, demo.url, demo.northwind, demo.chat)
        context.set_default_timeout(10_000)

    def open_chat(self, name: str = "Ada") -> Page:
        """The chat, signed in as Ada, Ben or Cleo."""
        chat = self.context.new_page()
        chat.goto(self.demo.chat)
        if name != "Ada":
            chat.locator(".who summary").click()
            chat.locator(".who__menu").get_by_role("button", name=name).click()
        return chat

    def press(self, button: Locator) -> None:
        self.presses += 1
        button.click()

    def connect(self, chat: Page, name: str = "Review and connect") -> Page:
        """Press the card; the window it opens, once the question is in it."""
        with chat.expect_popup() as opened:
            self.press(chat.get_by_role("button", name=name).last)
        expect(opened.value.get_by_role("heading", level=1)).to_be_visible()
        return opened.value

    def agree(self, popup: Page) -> None:
        """From the consent page over Northwind's own pages and back."""
        self.press(popup.get_by_role("button", name="Continue to Northwind"))
        self.allow(popup)

    def allow(self, page: Page) -> None:
        """Northwind's pages; it asks who one is only once."""
        sign_in, allow = (page.get_by_role("button", name=word, exact=True) for word in ("Sign in", "Allow"))
        expect(sign_in.or_(allow)).to_be_visible()
        if sign_in.is_visible():
            page.get_by_label("Work e-mail").fill("ada@northwind.example")
            page.get_by_label("Password").fill(PASSWORD)
            self.press(sign_in)
        self.press(allow)


def say(chat: Page, text: str) -> None:
    chat.get_by_label("Message Acme Assist").fill(text)
    chat.get_by_role("button", name="Send").click()


def answer(chat: Page) -> Locator:
    """What the assistant said last."""
    return chat.locator(".msg--bot").last
