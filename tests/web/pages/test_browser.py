"""The people's pages in a real browser: no consent by accident, and script only adds. How every page looks: tests/browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.web.pages.running import RunningValetkey

TOOLS = ("find_deals", "move_deal", "find_contacts", "add_task")


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(timezone_id="Pacific/Auckland")
    yield context.new_page()
    context.close()


def ticket(stage: Scene) -> str:
    return stage.assistant.http.post("/v1/portal-sessions", json={"user": "ada"}).json()["url"]


def a_used_grant(stage: Scene) -> str:
    grant = stage.connect("ada", tools=TOOLS, purpose="To answer questions about your pipeline.")
    stage.call("find_deals", "ada")
    stage.call("find_companies", "ada")
    return grant["id"]


def test_enter_on_a_switch_does_not_consent(stage: Scene, desk: Page) -> None:
    session = stage.session("ada", TOOLS)
    desk.goto(session["url"])
    desk.get_by_role("switch").first.focus()
    for key in ("Enter", "Space", "Enter"):
        desk.keyboard.press(key)
    desk.locator("#duration").focus()
    desk.keyboard.press("Enter")
    desk.wait_for_timeout(300)
    assert desk.url == session["url"]
    assert stage.assistant.session(session["id"])["status"] == "opened"
    expect(desk.get_by_role("switch").first).to_be_checked()


def test_yes_and_no_look_the_same(stage: Scene, desk: Page) -> None:
    desk.goto(stage.session("ada", TOOLS)["url"])
    looks = desk.locator(".choice button").evaluate_all(
        """(buttons) => buttons.map((button) => {
          const style = getComputedStyle(button), box = button.getBoundingClientRect();
          const { color, backgroundColor, border, fontWeight, fontSize } = style;
          return [color, backgroundColor, border, fontWeight, fontSize, box.width, box.height, box.top];
        })"""
    )
    assert looks[0] == looks[1]


def test_times_are_written_in_the_readers_own_zone(stage: Scene, desk: Page) -> None:
    grant = a_used_grant(stage)
    desk.goto(ticket(stage))
    desk.goto(f"{stage.service.url}/me/grants/{grant}")
    shown = desk.locator("time[data-form=when]").first
    there = shown.evaluate("(time) => new Date(time.dateTime).toTimeString().slice(0, 5)")
    expect(shown).to_contain_text(there)
    expect(shown).not_to_contain_text("UTC")


def test_the_pages_work_without_script(browser: Browser, stage: Scene, provider: RunningNorthwind) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    grant = a_used_grant(stage)
    page.goto(ticket(stage))
    page.get_by_role("link", name="Stop: Acme Assist in Northwind").click()
    page.get_by_role("button", name="Stop access").click()
    expect(page.locator(".notice--ok", has_text="Northwind confirmed")).to_be_visible()
    expect(page.locator("time").first).to_contain_text("UTC")
    assert stage.assistant.grant(grant)["status"] == "revoked"
    context.close()


def test_a_form_of_ours_sent_by_a_real_browser_is_taken(
    stage: Scene, desk: Page, valetkey: RunningValetkey
) -> None:
    """`Referrer-Policy: no-referrer` makes browsers send `Origin: null` with it."""
    desk.goto(stage.session("ada", TOOLS)["url"])
    with desk.expect_request("**/deny") as sent:
        desk.get_by_role("button", name="No thanks").click()
    assert sent.value.header_value("origin") == "null"
    expect(desk.get_by_role("heading", level=1)).to_have_text("Not connected, as you chose")
