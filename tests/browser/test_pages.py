"""Every kind of page there is, in a real browser: accessible in light and dark, never wider than the window from 320 to 1920
pixels, silent in the console, and nothing asked of another host. The consent page also by keyboard alone.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from tests.browser.crowd import FIND_DEALS, Crowd
from tests.browser.eyes import Eyes, looks_right
from tests.browser.person import Person, answer, say
from tests.harness.demo import RunningDemo
from tests.harness.tenant import RETURN_URL, made
from tests.harness.waiting import until

TOOLS = ["northwind.find_deals", "northwind.move_deal", "northwind.find_contacts", "northwind.delete_task"]
OPTIONAL = ["northwind.find_contacts", "northwind.move_deal"]
LONG = "konstantina.papadopoulou-ahlgren@sales.acme.example"
PURPOSE = "to prepare your Monday meeting"


@pytest.fixture
def context(demo: RunningDemo, browser: Browser) -> Iterator[BrowserContext]:
    one = browser.new_context(viewport={"width": 1280, "height": 800})
    one.set_default_timeout(10_000)
    yield one
    one.close()


@pytest.fixture
def eyes(context: BrowserContext, demo: RunningDemo) -> Eyes:
    return Eyes(context, demo.url, demo.northwind, demo.chat)


@pytest.fixture
def page(context: BrowserContext, eyes: Eyes) -> Page:
    return context.new_page()


# ---- the consent page -----------------------------------------------------------------------------------------------


def test_the_question(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    page.goto(crowd.session("u-question", [FIND_DEALS, *OPTIONAL], purpose=PURPOSE)["url"])
    page.locator("summary").click()
    page.get_by_role("switch").first.check()
    looks_right(page, "consent")
    assert eyes.clean()


def test_the_question_with_nothing_chosen(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    page.goto(crowd.session("u-nothing", OPTIONAL)["url"])
    page.get_by_role("button", name="Continue to Northwind").click()
    expect(page.get_by_role("alert")).to_be_visible()
    looks_right(page, "nothing chosen")
    assert eyes.clean(status=422)


def test_the_question_for_more(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    crowd.connect("u-more")
    page.goto(crowd.session("u-more", ["northwind.add_task"], purpose=PURPOSE)["url"])
    expect(page.get_by_role("heading", level=1)).to_contain_text("asks for more")
    looks_right(page, "step-up")
    assert eyes.clean()


def test_optional_tools_are_off_and_required_ones_have_no_switch(page: Page, crowd: Crowd) -> None:
    page.goto(crowd.session("u-off", [FIND_DEALS, *OPTIONAL])["url"])
    switches = page.get_by_role("switch")
    assert switches.count() == len(OPTIONAL)
    assert [one.is_checked() for one in switches.all()] == [False, False]
    expect(page.locator(".tool", has_text="Find your deals")).to_contain_text(
        "Needed, says Field Notes, “to list the deals that close this week”"
    )


def test_by_keyboard_alone(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    """Every control is reached, in its order, and seen to be reached; Enter on a switch does nothing."""
    session = crowd.session("u-keys", [FIND_DEALS, *OPTIONAL])
    page.set_viewport_size({"width": 520, "height": 760})
    page.goto(session["url"])
    reached = list(iter(lambda: next_stop(page), "end"))
    assert reached == [
        "switch",
        "switch",
        "duration",
        "Who may use my data",
        "What Northwind itself lets through",
        "No thanks",
        "Continue to Northwind",
    ]
    page.get_by_role("switch").first.focus()
    for key in ("Enter", "Space", "Enter"):
        page.keyboard.press(key)
    expect(page.get_by_role("switch").first).to_be_checked()
    assert crowd.assistant.session(session["id"])["status"] == "opened"
    page.get_by_role("button", name="Continue to Northwind").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Sign in to Northwind")).to_be_visible()
    assert eyes.clean()


def next_stop(page: Page) -> str:
    """Press Tab. What has the focus now, once it is seen to have it; "end" outside of the page."""
    page.keyboard.press("Tab")
    told = page.evaluate(
        """() => {
          const one = document.activeElement;
          if (one === document.body) return { name: "end" };
          const { outlineStyle, outlineWidth } = getComputedStyle(one), box = one.getBoundingClientRect();
          const foot = document.querySelector(".sheet__foot"), inFoot = foot.contains(one);
          const covered = !inFoot && box.bottom > foot.getBoundingClientRect().top;
          return { name: one.getAttribute("role") || one.id || one.textContent.trim(),
                   outlined: outlineStyle !== "none" && parseFloat(outlineWidth) >= 2, covered };
        }"""
    )
    if told["name"] != "end":
        assert told["outlined"], f"{told['name']} has the focus and does not show it"
        assert not told["covered"], f"{told['name']} has the focus behind the buttons"
    return str(told["name"])


# ---- how it ends ----------------------------------------------------------------------------------------------------


def in_a_window(page: Page, crowd: Crowd, user: str, tools: list[str] | None = None) -> tuple[Page, str]:
    """A window that a page of the chat's origin has opened, with Northwind's consent page in it; and the session."""
    session = crowd.session(user, tools or ["northwind.find_deals"], origin=crowd.demo.chat)
    page.goto(crowd.demo.chat)
    page.evaluate("window.heard = []; addEventListener('message', (event) => heard.push(event.data))")
    with page.expect_popup() as opened:
        page.evaluate("(url) => { window.open(url, 'valetkey', 'popup') }", session["url"])
    popup = opened.value
    popup.get_by_role("switch").first.check() if len(tools or []) > 1 else None
    popup.get_by_role("button", name="Continue to Northwind").click()
    popup.get_by_label("Work e-mail").fill("ada@northwind.example")
    popup.get_by_label("Password").fill("northwind-demo")
    popup.get_by_role("button", name="Sign in").click()
    expect(popup.get_by_role("button", name="Allow")).to_be_visible()
    return popup, session["id"]


def code(page: Page) -> str:
    until(lambda: page.evaluate("heard.length") > 0, what="the message from the window")
    return str(page.evaluate("heard[0].code"))


def test_the_wait_for_the_chat_and_then_the_end(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    popup, session = in_a_window(page, crowd, "u-finish")
    popup.get_by_role("button", name="Allow").click()
    expect(popup.get_by_role("heading", level=1)).to_contain_text("One moment")
    looks_right(popup, "finish")
    made(crowd.assistant.confirm(session, "u-finish", code(page)))
    popup.get_by_role("button", name="Keep it open").click()
    expect(popup.get_by_role("heading", level=1)).to_have_text("Field Notes can now use your Northwind")
    looks_right(popup, "done")
    assert eyes.clean()


def test_less_than_was_allowed(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    popup, session = in_a_window(page, crowd, "u-less", [FIND_DEALS, "northwind.find_contacts"])  # type: ignore[list-item]
    popup.get_by_label("Read contacts").uncheck()
    popup.get_by_role("button", name="Allow").click()
    made(crowd.assistant.confirm(session, "u-less", code(page)))
    expect(popup.get_by_role("heading", level=1)).to_have_text(
        "Connected, but Northwind gave less than you allowed"
    )
    looks_right(popup, "less")
    assert eyes.clean()


def test_somebody_else_was_signed_in_at_the_chat(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    popup, session = in_a_window(page, crowd, "u-right")
    popup.get_by_role("button", name="Allow").click()
    crowd.assistant.confirm(session, "u-wrong", code(page))
    expect(popup.get_by_text("What to do")).to_be_visible()
    looks_right(popup, "error")
    assert eyes.clean(status=403)


def test_a_window_that_lost_its_chat(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    popup, _ = in_a_window(page, crowd, "u-lost")
    page.close()
    popup.get_by_role("button", name="Allow").click()
    expect(popup.get_by_role("heading", name="This window has lost its chat")).to_be_visible()
    looks_right(popup, "lost")
    assert eyes.clean()


def test_a_no(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    session = crowd.session("u-no")
    page.goto(session["url"])
    page.get_by_role("button", name="No thanks").click()
    looks_right(page, "denied")
    assert eyes.clean()


def test_a_request_whose_time_is_over(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    session = crowd.session("u-late")
    [database] = crowd.demo.folder.glob("valetkey-demo-*/valetkey.db")
    with sqlite3.connect(database) as rows:
        rows.execute("UPDATE connect_sessions SET expires_at = 1 WHERE id = ?", (session["id"],))
    rows.close()
    page.goto(session["url"])
    expect(page.get_by_role("heading", level=1)).to_have_text("This request has ended")
    looks_right(page, "expired")
    assert eyes.clean(status=410)


def test_another_browser_than_the_one_that_agreed(
    page: Page, eyes: Eyes, crowd: Crowd, browser: Browser
) -> None:
    session = crowd.session("u-two")
    other = browser.new_context()
    agreeing = other.new_page()
    agreeing.goto(session["url"])
    agreeing.get_by_role("button", name="Continue to Northwind").click()
    expect(agreeing.get_by_role("heading", name="Sign in to Northwind")).to_be_visible()
    other.close()
    page.goto(session["url"])
    expect(page.get_by_role("heading", level=1)).to_have_text("This page belongs to another window")
    looks_right(page, "wrong browser")
    assert eyes.clean(status=403)


def test_addresses_that_lead_nowhere(page: Page, eyes: Eyes, demo: RunningDemo) -> None:
    for path, status in (
        ("/connect/cs_none", 404),
        ("/me", 401),
        ("/me/grants/gr_none", 401),
        ("/admin", 401),
    ):
        page.goto(demo.url + path)
        looks_right(page, path)
        assert eyes.clean(status=status), path


def test_by_the_return_address_with_javascript_off(browser: Browser, crowd: Crowd) -> None:
    """No script anywhere: the browser ends at the registered address with the code, and the code is good."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    context.route(f"{RETURN_URL}**", lambda route: route.fulfill(status=200, body="the builder's page"))
    session = crowd.session("u-plain", [FIND_DEALS, *OPTIONAL], return_url=RETURN_URL)
    page.goto(session["url"])
    page.get_by_label("Find people").check()
    page.get_by_role("button", name="Continue to Northwind").click()
    Person.allow(Person(crowd.demo, context), page)
    expect(page.get_by_text("the builder's page")).to_be_visible()
    given = page.url.partition("code=")[2].partition("&")[0]
    grant = made(crowd.assistant.confirm(session["id"], "u-plain", given))["grant"]
    assert sorted(grant["tools"]) == ["northwind.find_contacts", "northwind.find_deals"]
    context.close()


# ---- the person's own pages -----------------------------------------------------------------------------------------


def test_who_may_use_my_data(page: Page, eyes: Eyes, crowd: Crowd) -> None:
    grant = crowd.connect(LONG, TOOLS, purpose=PURPOSE)
    for tool in TOOLS[:1] * 3:
        crowd.assistant.call(tool, LONG)
    crowd.assistant.call("northwind.find_companies", LONG)
    link = crowd.portal(LONG)
    page.goto(link)
    looks_right(page, "list")
    for path in (f"/me/grants/{grant}", f"/me/grants/{grant}/stop", "/me/stop"):
        page.goto(crowd.demo.url + path)
        looks_right(page, path)
    page.goto(f"{crowd.demo.url}/me/grants/{grant}")
    page.get_by_role("link", name="Read the receipt", exact=True).click()
    looks_right(page, "receipt")
    page.goto(f"{crowd.demo.url}/me/grants/{grant}/stop")
    page.get_by_role("button", name="Stop access").click()
    expect(page.locator(".notice--ok")).to_contain_text("Northwind confirmed")
    looks_right(page, "stopped")
    page.goto(f"{crowd.demo.url}/me")
    looks_right(page, "list of what ended")
    assert eyes.clean()
    page.get_by_role("button", name="Sign out").click()
    looks_right(page, "signed out")
    assert eyes.clean(status=401)
    page.goto(link)
    looks_right(page, "a link that was used")
    assert eyes.clean(status=404)


# ---- the admin's pages ----------------------------------------------------------------------------------------------


def test_the_admin_pages(page: Page, eyes: Eyes, crowd: Crowd, demo: RunningDemo) -> None:
    grant, ended = crowd.connect(f"a-{LONG}", TOOLS), crowd.connect("u-ended")
    crowd.assistant.call("northwind.find_deals", f"a-{LONG}")
    crowd.assistant.revoke(ended)
    receipt = crowd.assistant.grant(grant)["receipt"]
    page.goto(demo.sign_in_link())
    looks_right(page, "sign-in")
    page.get_by_role("button", name="Sign in").click()
    for path in admin_paths(crowd, grant, ended, receipt):
        page.goto(f"{demo.url}/admin{path}")
        looks_right(page, f"/admin{path}")
        assert eyes.clean(), path


def admin_paths(crowd: Crowd, grant: str, ended: str, receipt: str) -> list[str]:
    assistant = f"/assistants/{crowd.assistant.id}"
    key = crowd.workspace.http.get(f"/v1{assistant}").json()["keys"][0]["id"]
    return [
        "", "/grants", "/grants?user=nobody", f"/grants/{grant}", f"/grants/{ended}", f"/grants/{grant}/revoke",
        "/grants/revoke?all=yes", f"/receipts/{receipt}", "/policy", f"/audit?grant={grant}",
        "/audit?action=admin.signed_in", "/audit?action=no.such", "/connectors", "/connectors/northwind",
        "/connectors/jira", "/connectors/northwind/delete", "/assistants", "/assistants/new", assistant,
        f"{assistant}/delete", f"{assistant}/keys/{key}/revoke",
    ]  # fmt: skip


# ---- the demo's own pages -------------------------------------------------------------------------------------------


def test_the_chat(ada: Person) -> None:
    chat = ada.open_chat()
    looks_right(chat, "empty chat")
    say(chat, "Show my open deals")
    expect(chat.locator("valetkey-connect")).to_be_visible()
    looks_right(chat, "card")
    chat.get_by_role("button", name="Not now").click()
    expect(answer(chat)).to_contain_text("Then I cannot")
    looks_right(chat, "declined")
    answer(chat).get_by_role("button", name="Ask me again").click()
    popup = ada.connect(chat)
    looks_right(chat, "waiting")
    ada.agree(popup)
    expect(answer(chat).get_by_role("table")).to_be_visible()
    say(chat, "What can you see?")
    expect(answer(chat).locator(".access")).to_be_visible()
    chat.locator(".who summary").click()
    looks_right(chat, "answers")
    assert ada.eyes.clean()


def test_northwind(ada: Person) -> None:
    page, root = ada.context.new_page(), ada.demo.northwind
    page.goto(root)
    looks_right(page, "welcome")
    page.goto(f"{root}/sign-in")
    page.get_by_label("Work e-mail").fill("ada@northwind.example")
    page.get_by_label("Password").fill("wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("alert")).to_be_visible()
    looks_right(page, "not signed in")
    page.goto(f"{root}/oauth/authorize?client_id=nobody")
    looks_right(page, "an app nobody knows")
    ada.eyes.complaints.clear()
    chat = ada.open_chat()
    say(chat, "Show my open deals")
    popup = ada.connect(chat)
    popup.get_by_role("button", name="Continue to Northwind").click()
    looks_right(popup, "Northwind's sign-in")
    popup.get_by_label("Work e-mail").fill("ada@northwind.example")
    popup.get_by_label("Password").fill("northwind-demo")
    popup.get_by_role("button", name="Sign in").click()
    expect(popup.get_by_role("button", name="Allow")).to_be_visible()
    looks_right(popup, "Northwind's consent")
    popup.get_by_role("button", name="Allow").click()
    for path in ("/", "/settings/apps"):
        page.goto(root + path)
        looks_right(page, f"Northwind's {path}")
    assert ada.eyes.clean()
