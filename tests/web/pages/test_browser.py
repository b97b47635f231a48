"""The people's pages in a real browser: accessible, never too wide, and no consent by accident."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.chromium import axe, is_too_wide
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.web.pages.running import RunningValetkey

LOOKS = [("light", 320), ("dark", 320), ("light", 520), ("dark", 1280), ("light", 1920)]
TOOLS = ("find_deals", "move_deal", "find_contacts", "add_task")


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def page(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Page]:
    theme, width = request.param
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 760})
    one = context.new_page()
    one.faults = []  # type: ignore[attr-defined]
    one.on("console", lambda said: one.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
    one.on("pageerror", lambda error: one.faults.append(str(error)))  # type: ignore[attr-defined]
    yield one
    context.close()


@pytest.fixture
def desk(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(timezone_id="Pacific/Auckland")
    yield context.new_page()
    context.close()


def is_fine(page: Page, where: str) -> None:
    assert axe(page) == [], where
    assert not is_too_wide(page), where
    assert page.faults == [], where  # type: ignore[attr-defined]


def ticket(stage: Scene) -> str:
    return stage.assistant.http.post("/v1/portal-sessions", json={"user": "ada"}).json()["url"]


def a_used_grant(stage: Scene) -> str:
    grant = stage.connect("ada", tools=TOOLS, purpose="To answer questions about your pipeline.")
    stage.call("find_deals", "ada")
    stage.call("find_companies", "ada")
    return grant["id"]


def test_the_consent_page_is_accessible(stage: Scene, page: Page) -> None:
    first = {
        "tool": "northwind.find_deals",
        "required": True,
        "reason": "to list the deals that close this week",
    }
    tools = [first, *(f"northwind.{name}" for name in TOOLS[1:])]
    session = stage.assistant.new_session(
        "ada", "northwind", tools, purpose="To answer questions about your pipeline."
    )
    page.goto(session["url"])
    page.locator("summary").click()
    page.get_by_role("switch").first.check()
    is_fine(page, "consent")


def test_the_pages_after_the_answer_are_accessible(stage: Scene, page: Page) -> None:
    page.goto(stage.session("ada", TOOLS)["url"])
    page.get_by_role("button", name="No thanks").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Not connected, as you chose")
    is_fine(page, "denied")
    page.goto(f"{stage.service.url}/me")
    page.faults.clear()  # type: ignore[attr-defined] - a 401 is an error in the console
    is_fine(page, "signed out")
    page.goto(f"{stage.service.url}/connect/cs_none")
    page.faults.clear()  # type: ignore[attr-defined]
    is_fine(page, "not found")


def test_the_portal_is_accessible(stage: Scene, page: Page) -> None:
    grant, root = a_used_grant(stage), stage.service.url
    page.goto(ticket(stage))
    is_fine(page, "list")
    for path in (f"/me/grants/{grant}", f"/me/grants/{grant}/stop", "/me/stop"):
        page.goto(root + path)
        is_fine(page, path)
    page.goto(f"{root}/me/grants/{grant}")
    page.get_by_role("link", name="Read the receipt", exact=True).click()
    is_fine(page, "receipt")
    page.goto(f"{root}/me/grants/{grant}/stop")
    page.get_by_role("button", name="Stop access").click()
    expect(page.locator(".notice--ok", has_text="Northwind confirmed")).to_be_visible()
    is_fine(page, "stopped")
    page.goto(f"{root}/me")
    is_fine(page, "ended")


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


def test_nothing_is_asked_of_another_host(stage: Scene, desk: Page) -> None:
    asked: list[str] = []
    desk.on("request", lambda request: asked.append(request.url))
    desk.goto(stage.session("ada", TOOLS)["url"])
    a_used_grant(stage)
    desk.goto(ticket(stage))
    desk.wait_for_load_state("networkidle")
    assert asked and all(url.startswith((stage.service.url, "data:")) for url in asked)


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
