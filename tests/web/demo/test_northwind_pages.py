"""Northwind's pages in a real browser: readable by everybody, in light and dark, from 320 px on, by keyboard, without script."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from tests.harness.chromium import axe, is_too_wide
from tests.harness.ports import free_port
from tests.web.demo.person import authorize_url
from web.demo.northwind import PASSWORD

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Browser, Page

    from tests.harness.northwind import RunningNorthwind

SCOPES = "deals.read deals.write contacts.read tasks.write"


class _App(BaseHTTPRequestHandler):
    """The page at the redirect URI."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"back at the app")

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def consent_url(northwind: RunningNorthwind) -> Iterator[str]:
    """Northwind's page for an app whose own server runs beside it."""
    app = ThreadingHTTPServer(("127.0.0.1", free_port()), _App)
    thread = threading.Thread(target=app.serve_forever, daemon=True)
    thread.start()
    callback = f"http://127.0.0.1:{app.server_port}/callback"
    northwind.add_client("valetkey", callback, "a secret")
    yield authorize_url(northwind.url, scope=SCOPES, redirect_uri=callback)
    app.shutdown()
    app.server_close()
    thread.join()


def sign_in(page: Page) -> None:
    page.get_by_label("Work e-mail").fill("ada@northwind.example")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def leave_with(page: Page, button: str) -> str:
    """Press a button of the consent page; the address at the app to which the browser was sent."""
    page.get_by_role("button", name=button).click()
    page.wait_for_url("**/callback?*")
    return page.url


@pytest.mark.parametrize("width", [320, 1280])
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_every_page_is_accessible_and_fits(
    browser: Browser,
    node_modules: Path,
    northwind: RunningNorthwind,
    consent_url: str,
    scheme: Any,
    width: int,
) -> None:
    context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 900})
    page = context.new_page()

    def check(name: str) -> None:
        assert axe(page) == [], name
        assert not is_too_wide(page), name

    page.goto(northwind.url)
    check("welcome")
    page.goto(consent_url)
    check("sign-in")
    page.get_by_label("Password").fill("wrong")
    page.get_by_label("Work e-mail").fill("ada@northwind.example")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    check("sign-in failed")
    sign_in(page)
    page.get_by_role("button", name="Allow").wait_for()
    check("consent")
    leave_with(page, "Allow")
    for path in ("/", "/settings/apps", "/oauth/authorize?client_id=nobody"):
        page.goto(northwind.url + path)
        check(path)
    context.close()


def test_a_person_unticks_and_allows_by_keyboard_without_script(
    browser: Browser, northwind: RunningNorthwind, consent_url: str
) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(consent_url)
    sign_in(page)
    assert page.get_by_role("checkbox").count() == 4
    box = page.get_by_role("checkbox", name="Edit deals")
    box.focus()
    page.keyboard.press("Space")
    assert not box.is_checked()
    assert "code=" in leave_with(page, "Allow")
    (authorization,) = northwind.inside.store.all_authorizations.values()
    assert authorization.scopes == ("deals.read", "contacts.read", "tasks.write")
    context.close()


def test_cancel_tells_the_app(browser: Browser, consent_url: str) -> None:
    page = browser.new_page()
    page.goto(consent_url)
    sign_in(page)
    assert "error=access_denied" in leave_with(page, "Cancel")
    page.close()


def test_enter_on_a_checkbox_is_no_yes(
    browser: Browser, northwind: RunningNorthwind, consent_url: str
) -> None:
    page = browser.new_page()
    page.goto(consent_url)
    sign_in(page)
    page.get_by_role("checkbox", name="Edit deals").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/callback?*")
    assert "error=access_denied" in page.url
    assert not northwind.inside.store.all_authorizations
    page.close()


def test_nothing_is_loaded_from_another_host_and_nothing_is_blocked(
    browser: Browser, northwind: RunningNorthwind, consent_url: str
) -> None:
    page = browser.new_page()
    asked: list[str] = []
    complaints: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: complaints.append(message.text))
    page.goto(consent_url)
    sign_in(page)
    page.get_by_role("button", name="Allow").wait_for()
    assert {url.split("/")[2] for url in asked} == {northwind.url.split("/")[2]}
    assert complaints == []
    page.close()
