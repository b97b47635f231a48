"""The admin pages in a real browser: what script adds to them, and that it may be off. How every page looks: tests/browser."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.harness.chromium import axe, is_too_wide
from tests.harness.scene import Scene
from tests.web.pages.admin.conftest import Desk
from tests.web.pages.running import RunningValetkey

LOOKS = [("light", 320), ("dark", 375), ("light", 1024), ("dark", 1440)]


@pytest.fixture(params=LOOKS, ids=lambda look: f"{look[0]}-{look[1]}")
def page(
    browser: Browser, request: pytest.FixtureRequest, stage: Scene, valetkey: RunningValetkey
) -> Iterator[Page]:
    """A browser in which the admin is signed in."""
    theme, width = request.param
    context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 800})
    one = context.new_page()
    one.faults = []  # type: ignore[attr-defined]
    one.on("console", lambda said: one.faults.append(said.text) if said.type == "error" else None)  # type: ignore[attr-defined]
    one.on("pageerror", lambda error: one.faults.append(str(error)))  # type: ignore[attr-defined]
    one.goto(Desk(valetkey, stage.workspace.id, None).link())  # type: ignore[arg-type]
    one.get_by_role("button", name="Sign in").click()
    yield one
    context.close()


def is_fine(page: Page, where: str) -> None:
    assert axe(page) == [], where
    assert not is_too_wide(page), where
    assert page.faults == [], where  # type: ignore[attr-defined]


def test_an_empty_workspace_is_accessible_and_fits(page: Page, stage: Scene) -> None:
    for path in ("", "/grants", "/policy"):
        page.goto(f"{stage.service.url}/admin{path}")
        is_fine(page, path)


def test_a_connectors_form_is_accessible_and_fits_also_when_it_was_refused(page: Page, stage: Scene) -> None:
    page.goto(f"{stage.service.url}/admin/connectors/pipedrive")
    for fold in page.locator("details.fold > summary").all():
        fold.click()
    is_fine(page, "the form")
    page.locator("form.steps").evaluate("form => { form.noValidate = true; }")
    page.get_by_label("Client ID of the second app").fill("small")
    page.get_by_role("button", name="Register").click()
    page.get_by_role("alert").get_by_role("link", name="Client secret of the second app").click()
    expect(page.get_by_label("Client secret of the second app")).to_be_focused()
    page.faults.clear()  # type: ignore[attr-defined]  # the browser's own line about 422
    is_fine(page, "refused")


def test_permissions_and_console_follow_while_one_chooses(page: Page, stage: Scene) -> None:
    page.goto(f"{stage.service.url}/admin/connectors/pipedrive")
    page.get_by_label("Client secret", exact=True).fill("not-to-be-sent")
    sent: list[str] = []
    page.on("request", lambda request: sent.append(request.post_data or ""))
    permissions = page.locator("#permissions")
    expect(permissions).not_to_contain_text("Full access")
    page.get_by_role("switch", name="Move or close a deal").check()
    expect(permissions).to_contain_text("Deals: Full access")
    expect(page.locator("#read-permissions")).not_to_contain_text("Full access")
    expect(page.locator("#on[role=status]")).to_contain_text("7 tools read, 1 changes")
    expect(page.get_by_role("switch", name="Move or close a deal")).to_be_focused()
    expect(page.get_by_label("Client secret", exact=True)).to_have_value("not-to-be-sent")
    assert len(sent) == 1 and "show=yes" in sent[0] and "not-to-be-sent" not in sent[0]
    page.goto(f"{stage.service.url}/admin/connectors/zoho_crm")
    page.get_by_label("Data centre").select_option("in")
    expect(page.locator("#make a")).to_have_attribute("href", "https://api-console.zoho.in/")
    is_fine(page, "followed")


def test_selecting_revoking_and_a_new_key_with_script(page: Page, stage: Scene) -> None:
    for login in ("ada", "ben", "cleo"):
        stage.connect(f"u-{login}", login, tools=["find_deals"])
    page.goto(f"{stage.service.url}/admin/grants")
    expect(page.locator(".picked")).to_be_hidden()
    page.locator("[data-pick-all]:visible").check()
    expect(page.get_by_text("3 grants are selected.")).to_be_visible()
    page.get_by_label("Select u-ben").uncheck()
    is_fine(page, "selected")
    page.get_by_role("button", name="Revoke 2…").click()
    expect(page.get_by_role("heading", name="Revoke 2 grants of 2 people?")).to_be_visible()
    page.get_by_label("Reason").fill("Clean-up")
    page.get_by_role("button", name="Revoke 2").click()
    expect(page.get_by_role("heading", name="2 grants revoked")).to_be_visible()
    is_fine(page, "revoked")
    assert [
        one["user"]["id"] if isinstance(one["user"], dict) else one["user"]
        for one in stage.assistant.grants(status="active")
    ] == ["u-ben"]
    page.goto(f"{stage.service.url}/admin/assistants/{stage.assistant.id}")
    page.get_by_role("button", name="New key").click()
    expect(page.get_by_text("Copy it now. It is not shown again.")).to_be_visible()
    is_fine(page, "the key")


def test_filters_are_folded_on_a_phone_and_open_on_a_desk(
    browser: Browser, stage: Scene, valetkey: RunningValetkey
) -> None:
    for width, folded in ((375, True), (1440, False)):
        context = browser.new_context(viewport={"width": width, "height": 800})
        one = context.new_page()
        one.goto(Desk(valetkey, stage.workspace.id, None).link())  # type: ignore[arg-type]
        one.get_by_role("button", name="Sign in").click()
        one.goto(f"{stage.service.url}/admin/grants")
        assert one.locator("#connector").is_visible() is not folded
        if folded:
            one.locator(".filterbar summary").click()
            expect(one.locator("#connector")).to_be_visible()
        context.close()


def test_all_of_it_works_without_script(browser: Browser, stage: Scene, valetkey: RunningValetkey) -> None:
    stage.connect("u-ada", tools=["find_deals"])
    context = browser.new_context(java_script_enabled=False, viewport={"width": 1440, "height": 800})
    one = context.new_page()
    one.goto(Desk(valetkey, stage.workspace.id, None).link())  # type: ignore[arg-type]
    one.get_by_role("button", name="Sign in").click()
    one.goto(f"{stage.service.url}/admin/grants")
    assert one.locator("[data-pick-all]:visible").count() == 0, "a box that does nothing"
    one.get_by_label("Select u-ada").check()
    one.get_by_role("button", name="Revoke the selected…").click()
    one.get_by_label("Reason").fill("Clean-up")
    one.get_by_role("button", name="Revoke it").click()
    assert "1 grant revoked" in one.content()
    one.goto(f"{stage.service.url}/admin/connectors/pipedrive")
    one.get_by_role("switch", name="Move or close a deal").check()
    one.get_by_role("button", name="Show the next step for this choice").click()
    assert "Deals: Full access" in one.locator("#permissions").inner_text()
    one.get_by_label("Client ID", exact=True).fill("app-1")
    one.get_by_label("Client secret", exact=True).fill("s")
    one.get_by_label("Client secret", exact=True).press("Enter")
    assert "Saved." in one.content(), "Enter saves, whichever button stands first"
    context.close()
