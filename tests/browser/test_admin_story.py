"""A day of a workspace's admin, in a real browser, against the real `valetkey demo`."""

from __future__ import annotations

import json
from collections.abc import Iterator

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, StorageState, expect

from tests.browser.crowd import Crowd
from tests.browser.eyes import Eyes
from tests.harness.demo import RunningDemo
from tests.harness.tenant import Assistant

COOKIE = "admin"


class Admin:
    """A browser in which an admin is signed in."""

    def __init__(self, demo: RunningDemo, context: BrowserContext) -> None:
        self.demo, self.context = demo, context
        self.eyes = Eyes(context, demo.url, demo.chat)
        self.page = context.new_page()

    def sign_in(self) -> None:
        self.page.goto(self.demo.sign_in_link())
        self.page.get_by_role("button", name="Sign in").click()

    def go(self, name: str) -> None:
        """By the navigation, as a person does."""
        links = self.page.get_by_role("navigation", name="Workspace", exact=True)
        links.get_by_role("link", name=name).click()
        expect(self.page.get_by_role("heading", level=1)).to_have_text(name)


@pytest.fixture(scope="module")
def signed_in(demo: RunningDemo, browser: Browser) -> StorageState:
    """The cookies after the one-time link was followed."""
    context = browser.new_context()
    Admin(demo, context).sign_in()
    kept = context.storage_state()
    context.close()
    return kept


@pytest.fixture
def admin(demo: RunningDemo, browser: Browser, signed_in: StorageState) -> Iterator[Admin]:
    context = browser.new_context(viewport={"width": 1440, "height": 900}, storage_state=signed_in)
    context.set_default_timeout(10_000)
    one = Admin(demo, context)
    one.page.goto(f"{demo.url}/admin")
    yield one
    context.close()


def users(page: Page) -> list[str]:
    return page.locator("tbody .lead a").all_inner_texts()


def test_signing_out_ends_the_session_in_the_browser_and_in_the_house(
    demo: RunningDemo, browser: Browser
) -> None:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    admin = Admin(demo, context)
    admin.sign_in()
    page = admin.page
    expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    [cookie] = [one for one in context.cookies() if COOKIE in one["name"]]
    assert cookie["httpOnly"] and cookie["sameSite"] in ("Lax", "Strict")
    kept = {cookie["name"]: cookie["value"]}
    assert httpx.get(f"{demo.url}/admin", cookies=kept, trust_env=False).status_code == 200
    page.locator(".nav__me").get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", level=1)).not_to_have_text("Overview")
    assert [one for one in context.cookies() if COOKIE in one["name"]] == []
    answer = httpx.get(f"{demo.url}/admin", cookies=kept, trust_env=False)
    assert answer.status_code == 401, "a cookie that was kept back still opens the house"
    assert admin.eyes.clean(status=401)
    context.close()


def test_a_link_that_was_used_opens_nothing(demo: RunningDemo, browser: Browser) -> None:
    link = demo.sign_in_link()
    for name in ("Overview", None):
        context = browser.new_context()
        page = context.new_page()
        page.goto(link)
        if name:
            page.get_by_role("button", name="Sign in").click()
            expect(page.get_by_role("heading", level=1)).to_have_text(name)
        else:
            assert page.get_by_role("button", name="Sign in").count() == 0
        context.close()


def test_grants_are_found_ordered_and_ended_together_with_a_reason(admin: Admin, crowd: Crowd) -> None:
    page = admin.page
    for user, account in (("dana", "ada"), ("eli", "ben"), ("fay", "cleo")):
        crowd.connect(user, ["northwind.find_deals", "northwind.move_deal"], account)
    crowd.assistant.call("northwind.find_deals", "eli")
    admin.go("Grants")
    assert {"dana", "eli", "fay", "ben"} <= set(users(page))
    page.get_by_label("Assistant", exact=True).select_option(label="Field Notes")
    page.get_by_role("button", name="Filter").click()
    assert set(users(page)) == {"dana", "eli", "fay"}
    page.get_by_role("columnheader", name="Last used").get_by_role("link").click()
    order = page.get_by_role("columnheader", name="Last used").get_attribute("aria-sort")
    assert users(page)[{"descending": 0, "ascending": -1}[str(order)]] == "eli"
    picks_all_but(page, "eli")
    reviews_and_revokes(page, "They left the team")
    statuses = {user: crowd.assistant.grants(user=user)[0]["status"] for user in ("dana", "eli", "fay")}
    assert statuses == {"dana": "revoked", "eli": "active", "fay": "revoked"}
    assert admin.eyes.clean()


def picks_all_but(page: Page, user: str) -> None:
    expect(page.locator(".picked")).to_be_hidden()
    page.locator("[data-pick-all]:visible").check()
    expect(page.locator(".picked")).to_contain_text("3 grants are selected.")
    page.get_by_label(f"Select {user}").uncheck()
    page.get_by_role("button", name="Revoke 2…").click()


def reviews_and_revokes(page: Page, reason: str) -> None:
    """Who is affected, first; and nothing without a reason."""
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke 2 grants of 2 people?")
    for user in ("dana", "fay"):
        expect(page.get_by_role("table", name="Grants that end")).to_contain_text(user)
    page.get_by_role("button", name="Revoke 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Revoke 2 grants of 2 people?")
    page.get_by_label("Reason").fill(reason)
    page.get_by_role("button", name="Revoke 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("2 grants revoked")
    expect(page.locator("main")).to_contain_text(reason)


def test_a_grant_tells_its_whole_story(admin: Admin, crowd: Crowd) -> None:
    grant = crowd.connect("gil", ["northwind.find_deals", "northwind.find_contacts"])
    crowd.assistant.call("northwind.find_deals", "gil")
    admin.go("Grants")
    page = admin.page
    page.get_by_role("link", name="gil", exact=True).click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Field Notes for gil")
    story = page.locator("section", has=page.get_by_role("heading", name="From request to now"))
    for line in (
        "Field Notes asked for 2 tools.",
        "gil agreed to 2 tools.",
        "gil gave Field Notes access to Northwind.",
        "1 call so far.",
    ):
        expect(story).to_contain_text(line)
    page.get_by_role("link", name="Revoke…").click()
    page.get_by_label("Reason").fill("No longer needed")
    page.get_by_role("button", name="Revoke it").click()
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    page.goto(f"{admin.demo.url}/admin/grants/{grant}")
    expect(page.locator("main")).to_contain_text("No longer needed")
    expect(page.locator("main")).to_contain_text("confirmed")
    assert admin.eyes.clean()


def test_a_key_of_a_new_assistant_is_shown_once_and_ends_when_it_is_revoked(admin: Admin) -> None:
    page = admin.page
    admin.go("Assistants")
    page.get_by_role("link", name="New assistant").first.click()
    page.get_by_role("textbox", name="Name", exact=True).fill("Desk Bot")
    page.get_by_role("button", name="Register").click()
    key = page.locator("output#key").inner_text()
    assert key.startswith("vka_")
    bot = Assistant(admin.demo.url, "", key)
    assert bot.http.get("/v1/tools").status_code == 200
    page.get_by_role("link", name="I have copied it").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("Desk Bot")
    secret = key.split("_")[2]
    assert secret not in page.content()
    page.get_by_role("link", name="Revoke key").click()
    page.get_by_role("button", name="Revoke the key").click()
    expect(page.get_by_role("table", name="Keys of Desk Bot")).to_contain_text("Revoked")
    assert bot.http.get("/v1/tools").status_code == 401
    bot.close()
    assert admin.eyes.clean()


def test_a_connector_is_registered_with_a_redirect_address_to_copy(admin: Admin, crowd: Crowd) -> None:
    page = admin.page
    admin.context.grant_permissions(["clipboard-read", "clipboard-write"])
    admin.go("Connectors")
    page.get_by_role("link", name="HubSpot").click()
    page.get_by_label("Client ID").fill("the-client-id")
    page.get_by_label("Client secret").fill("the-client-secret")
    page.get_by_role("button", name="Register").click()
    expect(page.locator(".notice--ok")).to_be_visible()
    assert "the-client-secret" not in page.content()
    registered = crowd.workspace.http.get("/v1/connectors/hubspot").json()
    expect(page.locator("output#redirect-uri")).to_have_text(registered["redirect_uri"])
    page.get_by_role("button", name="Copy").first.click()
    expect(page.get_by_role("button", name="Copy").first).to_contain_text("Copied")
    assert page.evaluate("navigator.clipboard.readText()") == registered["redirect_uri"]
    assert admin.eyes.clean()


def test_what_the_policy_switches_off_is_off(admin: Admin, crowd: Crowd) -> None:
    page = admin.page
    crowd.connect("hal", ["northwind.find_deals"])
    admin.go("Policy")
    page.get_by_role("radio").nth(1).check()
    page.locator("summary", has_text="Northwind").first.click()
    page.locator("input[name=tools][value='northwind.find_deals']").uncheck()
    page.get_by_role("button", name="Save").click()
    expect(page.locator(".notice--ok")).to_be_visible()
    refused = crowd.assistant.call("northwind.find_deals", "hal")
    page.get_by_role("radio").nth(0).check()
    page.get_by_role("button", name="Save").click()
    assert refused.json()["code"] == "policy_denied"
    assert crowd.assistant.call("northwind.find_deals", "hal").status_code == 200
    assert admin.eyes.clean()


def test_the_audit_trail_is_searched_verified_and_taken_away(admin: Admin, crowd: Crowd) -> None:
    page = admin.page
    crowd.connect("ira")
    crowd.assistant.call("northwind.find_deals", "ira")
    admin.go("Audit")
    page.get_by_label("User").fill("ira")
    page.get_by_role("button", name="Search").click()
    expect(page.locator("tbody .lead").first).to_contain_text("Field Notes used “Find your deals” for ira")
    page.get_by_role("button", name="Verify the chain").click()
    expect(page.get_by_role("status")).to_contain_text("The chain is unbroken.")
    with page.expect_download() as download:
        page.get_by_role("link", name="Export").click()
    lines = download.value.path().read_text().splitlines()
    assert any(json.loads(line)["action"] == "grant.created" for line in lines if "action" in line)
    assert admin.eyes.clean()
