"""The pictures of the documents, taken from what really runs: a desk in the light, a phone in the dark.

`make pictures` writes them to docs/pictures. Otherwise they go to a temporary folder, and what is tested is that each can be
taken and stays small.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.crowd import FIND_DEALS
from tests.browser.eyes import sticking_out
from tests.browser.person import Person, answer, say
from tests.browser.town import Town
from tests.harness.demo import RunningDemo
from tests.harness.service import ROOT
from tests.harness.tenant import Assistant, made

Size = Literal["page", "admin", "popup", "card"]
MOST_BYTES = 150_000
OPTIONAL = ["northwind.find_contacts", "northwind.move_deal"]


class Look(NamedTuple):
    """How a page is looked at. `popup`: the size of the window that the card in the chat opens."""

    name: str
    theme: Literal["light", "dark"]
    page: tuple[int, int]
    admin: tuple[int, int]
    popup: tuple[int, int]
    card: tuple[int, int]


LOOKS = (
    Look("light-desk", "light", (1120, 700), (1180, 680), (520, 760), (900, 480)),
    Look("dark-phone", "dark", (375, 760), (375, 760), (375, 760), (375, 560)),
)


class Camera:
    """Takes each picture in every look, one after the other, and leaves the page in the first."""

    def __init__(self, folder: Path, context: BrowserContext) -> None:
        self.folder, self.context = folder, context

    def take(self, page: Page, name: str, size: Size = "page") -> None:
        page.evaluate("document.activeElement.blur()")
        for look in LOOKS:
            look_at(page, look, size)
            assert not sticking_out(page), f"{name}: {sticking_out(page)}"
            path = self.folder / f"{name}--{look.name}.png"
            page.screenshot(path=path, animations="disabled")
            assert path.stat().st_size < MOST_BYTES, f"{path.name} has {path.stat().st_size} bytes"
        look_at(page, LOOKS[0], size)


def look_at(page: Page, look: Look, size: Size) -> None:
    width, height = getattr(look, size)
    page.set_viewport_size({"width": width, "height": height})
    page.emulate_media(color_scheme=look.theme, reduced_motion="reduce")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    if os.environ.get("VALETKEY_PICTURES"):
        return ROOT / "docs" / "pictures"
    return tmp_path_factory.mktemp("pictures")


@pytest.fixture
def camera(folder: Path, browser: Browser) -> Iterator[Camera]:
    context = browser.new_context(viewport={"width": 1120, "height": 700})
    yield Camera(folder, context)
    context.close()


@pytest.fixture(scope="module")
def town(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Town]:
    one = Town(tmp_path_factory.mktemp("town"))
    yield one
    one.close()


def acme(demo: RunningDemo) -> Assistant:
    """The demo's own assistant, with a key more."""
    workspace = demo.workspace()
    [found] = [
        one for one in made(workspace.http.get("/v1/assistants"))["items"] if one["name"] == "Acme Assist"
    ]
    key = made(workspace.http.post(f"/v1/assistants/{found['id']}/keys", json={}))["key"]
    workspace.close()
    return Assistant(demo.url, found["id"], key)


def test_the_consent_page(demo: RunningDemo, camera: Camera) -> None:
    assistant = acme(demo)
    session = assistant.new_session(
        "ada",
        "northwind",
        [FIND_DEALS, *OPTIONAL],
        purpose="to answer questions about your pipeline",
        origin=demo.chat,
    )
    page = camera.context.new_page()
    page.goto(session["url"])
    camera.take(page, "consent", "popup")
    assistant.close()


def test_the_chat_and_the_persons_pages(demo: RunningDemo, camera: Camera) -> None:
    ada = Person(demo, camera.context)
    chat = ada.open_chat()
    say(chat, "Show my open deals")
    expect(chat.locator("valetkey-connect")).to_be_visible()
    camera.take(chat, "chat-card", "card")
    popup = ada.connect(chat)
    ada.agree(popup)
    expect(popup.get_by_role("heading", level=1)).to_contain_text("can now use")
    camera.take(popup, "finish", "popup")
    popup.get_by_role("button", name="Back to the chat").click()
    expect(answer(chat).get_by_role("table")).to_be_visible()
    chat.locator(".msg--user").evaluate("(said) => { said.scrollIntoView({ block: 'start' }) }")
    camera.take(chat, "chat-answer")
    say(chat, "Add a task: call Halcyon Hotels tomorrow")
    popup = ada.connect(chat)
    camera.take(popup, "step-up", "popup")
    ada.agree(popup)
    expect(answer(chat)).to_contain_text("Added to")
    the_persons_pages(chat, camera)


def the_persons_pages(chat: Page, camera: Camera) -> None:
    with chat.expect_popup() as opened:
        chat.locator(".chat__bar").get_by_role("link", name="What can you see?").click()
    portal = opened.value
    expect(portal.get_by_role("heading", level=1)).to_have_text("Who may use my data")
    camera.take(portal, "portal")
    portal.get_by_role("link", name="Acme Assist uses Northwind", exact=True).click()
    expect(portal.get_by_role("heading", name="What it did")).to_be_visible()
    camera.take(portal, "portal-grant")
    portal.get_by_role("link", name="Stop access").click()
    portal.get_by_role("button", name="Stop access").click()
    expect(portal.locator(".notice--ok")).to_contain_text("Northwind confirmed")
    camera.take(portal, "portal-stopped")


def test_the_admins_pages(town: Town, camera: Camera) -> None:
    page = camera.context.new_page()
    page.goto(town.sign_in_link())
    page.get_by_role("button", name="Sign in").click()
    _, grant = town.grants["emre"]
    for name, path in (
        ("admin-overview", ""),
        ("admin-grants", "/grants"),
        ("admin-grant", f"/grants/{grant}"),
        ("admin-connector", "/connectors/hubspot"),
    ):
        page.goto(f"{town.valetkey.url}/admin{path}")
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        camera.take(page, name, "admin")
