"""Acme Assist against a Valetkey that keeps to the contract: what a person says, what the chat does, and what it never does."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
from bs4 import BeautifulSoup
from bs4.element import Tag

from tests.harness.ports import free_port
from tests.web.demo.fake_valetkey import KEY, Fake, Refused
from web.demo.assist import Settings, create_app
from web.demo.northwind import serving

PORT = free_port()
HOME = f"http://127.0.0.1:{PORT}"
DEALS = [
    {
        "id": f"de_{n}",
        "title": f"{company}: {name}",
        "company_name": company,
        "amount": amount,
        "currency": "EUR",
        "stage": "proposal",
        "closes_on": "2031-03-05",
    }
    for n, (company, name, amount) in enumerate(
        [("Quayside Foods", "cold storage", 41_000), ("Harbor Hotel", "linen service", 21_800)], start=1
    )
]
TASKS = [
    {"id": "ta_1", "title": "Call Ada", "project_title": "Office move", "due_on": None, "priority": "normal"}
]


@dataclass
class Browser:
    """One person's browser at the chat. `script`: as assist.js asks, else as plain forms."""

    http: httpx.AsyncClient
    script: bool = True

    async def open(self, path: str = "/") -> BeautifulSoup:
        return BeautifulSoup((await self.http.get(path)).text, "html.parser")

    async def post(self, path: str, **fields: str) -> Tag:
        """The newest answer in the page that comes back."""
        headers = {"Origin": HOME} | ({"X-Fragment": "1"} if self.script else {})
        answer = await self.http.post(path, data=fields, headers=headers)
        assert answer.status_code < 400, (answer.status_code, answer.text)
        return BeautifulSoup(answer.text, "html.parser").select(".msg--bot")[-1]

    async def say(self, text: str) -> Tag:
        return await self.post("/say", text=text)

    async def confirm(self, session: str, code: str) -> Any:
        """As the widget brings a code."""
        return await self.http.post(
            "/api/connect", json={"session": session, "code": code}, headers={"Origin": HOME}
        )

    async def sign_in(self, person: str) -> None:
        await self.http.post("/sign-in", data={"person": person}, headers={"Origin": HOME})


@pytest.fixture
async def valetkey() -> AsyncIterator[Fake]:
    fake = Fake()
    await fake.server.start_server()
    fake.results["northwind.find_deals"] = lambda arguments: {"items": matching(arguments)}
    fake.results["northwind.move_deal"] = lambda arguments: {**DEALS[0], **arguments}
    fake.results["northwind.my_tasks"] = {"items": TASKS}
    fake.results["northwind.find_projects"] = lambda _: {"items": [{"id": "pr_7", "title": "Office move"}]}
    yield fake
    await fake.server.close()


def matching(arguments: dict[str, Any]) -> list[dict[str, Any]]:
    words = str(arguments.get("query", "")).lower().split()
    return [deal for deal in DEALS if all(word in str(deal["title"]).lower() for word in words)]


@pytest.fixture
async def browser(valetkey: Fake) -> AsyncIterator[Browser]:
    app = create_app(Settings(HOME, valetkey.url, KEY))
    async with serving(app, port=PORT), httpx.AsyncClient(base_url=HOME, follow_redirects=True) as http:
        browser = Browser(http)
        await browser.open()
        yield browser


def words(tag: Tag) -> str:
    return " ".join(tag.get_text(" ").split())


def card(message: Tag) -> Tag:
    found = message.select_one("valetkey-connect")
    assert found is not None, words(message)
    return found


async def go_on(browser: Browser, valetkey: Fake, message: Tag) -> Tag:
    """The person agrees in the popup; the widget confirms and the page goes on."""
    ask = card(message)
    answer = await browser.confirm(str(ask["session-id"]), valetkey.consent(str(ask["session-id"])))
    assert answer.status_code == 200, answer.text
    return await browser.post(f"/asks/{ask['data-ask']}/go-on")


# ---- asking and going on ------------------------------------------------------------------------------------------


async def test_a_question_without_consent_shows_the_card_with_the_session_of_the_answer(
    browser: Browser, valetkey: Fake
) -> None:
    ask = card(await browser.say("show my open deals"))
    (session,) = valetkey.sessions.values()
    assert (ask["session-id"], ask["url"]) == (session.id, f"{valetkey.url}/connect/{session.id}")
    assert (session.user, session.tools, session.origin) == ("ada", ["northwind.find_deals"], HOME)
    assert ask["risk"] == "read"
    assert "amount, stage and closing date" in str(ask["text"])
    assert valetkey.calls == []


async def test_after_consent_the_question_is_answered_without_being_asked_again(
    browser: Browser, valetkey: Fake
) -> None:
    message = await go_on(browser, valetkey, await browser.say("Show my open deals"))
    assert "Northwind connected as ada@northwind.example in Northwind Trading" in words(message)
    assert "Two open deals, worth €62,800 together." in words(message)
    assert "Read 2 deals from Northwind just now" in words(message)
    assert [cell.text for cell in message.select("tbody td.n")] == [
        "€41,000",
        "5 Mar 2031",
        "€21,800",
        "5 Mar 2031",
    ]


async def test_going_on_twice_asks_the_question_once(browser: Browser, valetkey: Fake) -> None:
    message = await browser.say("show my open deals")
    ask = card(message)["data-ask"]
    await go_on(browser, valetkey, message)
    await browser.post(f"/asks/{ask}/go-on")
    assert len(valetkey.calls) == 1


async def test_a_page_that_only_claims_to_be_connected_gets_nothing(browser: Browser, valetkey: Fake) -> None:
    message = await browser.say("show my open deals")
    again = await browser.post(f"/asks/{card(message)['data-ask']}/go-on")
    assert [ask["data-ask"] for ask in again.select("valetkey-connect")] == [card(message)["data-ask"]]
    assert valetkey.calls == []


async def test_a_granted_tool_is_used_at_once(browser: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    message = await browser.say("Which deals close this week?")
    assert message.select("valetkey-connect") == []
    assert valetkey.calls[0]["arguments"] == {"closing": "this_week", "limit": 10}


async def test_step_up_asks_only_for_what_is_missing(browser: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    message = await browser.say("Move Quayside to negotiation")
    assert "does not cover that" in words(message)
    session = valetkey.sessions[str(card(message)["session-id"])]
    assert session.tools == ["northwind.move_deal"]
    assert card(message)["risk"] == "write"
    assert "went from proposal to negotiation" in words(await go_on(browser, valetkey, message))


async def test_two_missing_tools_are_asked_for_at_once_with_reason_and_purpose(
    browser: Browser, valetkey: Fake
) -> None:
    message = await browser.say("Add a task: call Ada tomorrow")
    (session,) = valetkey.sessions.values()
    why = "to answer “Add a task: call Ada tomorrow”"
    assert session.purpose == why
    assert session.asked == [
        {"tool": name, "required": True, "reason": why}
        for name in ("northwind.find_projects", "northwind.add_task")
    ]
    assert "Added to Office move: “Call Ada”, due" in words(await go_on(browser, valetkey, message))
    added = valetkey.calls[-1]
    assert added["arguments"]["project_id"] == "pr_7"
    assert added["arguments"]["title"] == "Call Ada"
    assert added["idempotency_key"]


async def test_a_change_that_is_repeated_is_made_once(browser: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals", "northwind.move_deal")
    valetkey.troubles += [Refused(504, "provider_timeout", retryable=True)]
    message = await browser.say("Move Quayside to won")
    (form,) = message.select("form")
    valetkey.troubles += [Refused(504, "provider_timeout", retryable=True)]
    message = await browser.post(str(form["action"]))
    await browser.post(str(message.select("form")[0]["action"]))
    keys = {call.get("idempotency_key") for call in valetkey.calls if call["tool"] == "northwind.move_deal"}
    assert len(keys) == 1


async def test_several_deals_that_fit_change_nothing_and_are_offered(
    browser: Browser, valetkey: Fake
) -> None:
    valetkey.give("ada", "northwind.find_deals", "northwind.move_deal")
    message = await browser.say("Move e to won")
    assert "I changed nothing" in words(message)
    assert [button["value"] for button in message.select("button")] == [
        f"Move “{deal['title']}” to won" for deal in DEALS
    ]
    assert "went from proposal to won" in words(await browser.say(str(message.select("button")[1]["value"])))


async def test_more_goes_on_where_the_list_stopped(browser: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    pages = {None: {"items": DEALS[:1], "next": "c2"}, "c2": {"items": DEALS[1:]}}
    valetkey.results["northwind.find_deals"] = lambda arguments: dict(pages[arguments.get("cursor")])
    assert "Cold storage" in words(await browser.say("show my deals"))
    assert "Linen service" in words(await browser.say("more"))
    assert "nothing more" in words(await browser.say("more"))


# ---- declining, and other ends ------------------------------------------------------------------------------------


async def test_not_now_is_kept_and_not_asked_again_by_itself(browser: Browser, valetkey: Fake) -> None:
    ask = card(await browser.say("show my open deals"))["data-ask"]
    declined = await browser.post(f"/asks/{ask}/no")
    assert "Then I cannot find your deals in Northwind" in words(declined)
    again = await browser.say("show my open deals")
    assert again.select("valetkey-connect") == []
    assert "You said not now" in words(again)
    (form,) = again.select("form")
    assert card(await browser.post(str(form["action"])))


async def test_consent_that_leaves_the_tool_out_is_told_and_not_asked_for_in_a_circle(
    browser: Browser, valetkey: Fake
) -> None:
    message = await browser.say("show my open deals")
    ask = card(message)
    code = valetkey.consent(str(ask["session-id"]), tools=["northwind.find_contacts"])
    await browser.confirm(str(ask["session-id"]), code)
    message = await browser.post(f"/asks/{ask['data-ask']}/go-on")
    assert message.select("valetkey-connect") == []
    assert "I still may not do that" in words(message)


@pytest.mark.parametrize(
    ("status", "told", "asks"),
    [
        ("revoked", "was stopped", True),
        ("expired", "The time you gave me in Northwind is over", True),
        ("needs_reconnect", "no longer accepts my connection", True),
        ("suspended", "paused by your workspace's admin", False),
    ],
)
async def test_an_ended_grant_is_told_in_plain_words(
    browser: Browser, valetkey: Fake, status: str, told: str, asks: bool
) -> None:
    valetkey.give("ada", "northwind.find_deals").status = status
    message = await browser.say("show my open deals")
    assert told in words(message)
    assert bool(message.select("valetkey-connect")) is asks
    assert message.select("valetkey-connect[reconnect]") == (
        message.select("valetkey-connect") if status == "needs_reconnect" else []
    )


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (
            Refused(429, "provider_rate_limited", retry_after=20),
            "Northwind asks me to slow down Try again in 20 seconds",
        ),
        (Refused(429, "rate_limited", retry_after=300), "That was a lot at once Try again in 5 minutes"),
        (Refused(502, "provider_error", provider_request_id="r-77"), "Northwind could not answer"),
        (Refused(504, "provider_timeout"), "Northwind did not answer in time Nothing was changed"),
    ],
)
async def test_trouble_that_passes_keeps_the_question(
    browser: Browser, valetkey: Fake, trouble: Refused, told: str
) -> None:
    valetkey.give("ada", "northwind.find_deals")
    valetkey.troubles.append(trouble)
    message = await browser.say("show my open deals")
    assert told in words(message)
    assert trouble.code not in words(message)
    (form,) = message.select("form")
    assert "Two open deals" in words(await browser.post(str(form["action"])))


@pytest.mark.parametrize(
    ("trouble", "told"),
    [
        (Refused(403, "policy_denied", rule="tools"), "Your workspace does not allow me"),
        (
            Refused(422, "invalid_arguments", errors=[{"path": "query", "message": "is too long"}]),
            "is too long",
        ),
        (
            Refused(
                409, "account_required", accounts=[{"id": "1", "label": "a@b"}, {"id": "2", "label": "c@d"}]
            ),
            "a@b, c@d",
        ),
        (Refused(404, "unknown_tool"), "I have no way to do that"),
        (Refused(401, "invalid_credentials"), "my key is wrong"),
        (Refused(403, "some_code_of_tomorrow"), "That did not work in Northwind"),
    ],
)
async def test_other_refusals_are_one_plain_sentence(
    browser: Browser, valetkey: Fake, trouble: Refused, told: str
) -> None:
    valetkey.give("ada", "northwind.find_deals")
    valetkey.troubles.append(trouble)
    message = await browser.say("show my open deals")
    assert told in words(message)
    assert trouble.code not in words(message)
    assert message.select("form") == []


async def test_without_valetkey_the_chat_says_so_and_keeps_the_question(
    browser: Browser, valetkey: Fake
) -> None:
    await valetkey.server.close()
    message = await browser.say("show my open deals")
    assert "I cannot reach Valetkey" in words(message)
    assert message.select("form[action^='/again/']")


# ---- whose chat it is ---------------------------------------------------------------------------------------------


async def test_the_user_of_every_call_is_who_is_signed_in_here(browser: Browser, valetkey: Fake) -> None:
    valetkey.give("ben", "northwind.find_deals")
    await browser.http.post(
        "/say", data={"text": "show my deals", "user": "ben", "person": "ben"}, headers={"Origin": HOME}
    )
    assert valetkey.calls == []
    await browser.sign_in("ben")
    assert "Two open deals" in words(await browser.say("show my deals"))
    assert [call["user"] for call in valetkey.calls] == ["ben"]


async def test_each_person_has_a_chat_of_their_own(browser: Browser) -> None:
    await browser.say("show my deals")
    await browser.sign_in("ben")
    page = await browser.open()
    assert page.select(".msg") == []
    assert page.select_one("#welcome") is not None


async def test_a_code_that_arrives_for_somebody_else_connects_nothing(
    browser: Browser, valetkey: Fake
) -> None:
    session = str(card(await browser.say("show my deals"))["session-id"])
    code = valetkey.consent(session)
    await browser.sign_in("ben")
    answer = await browser.confirm(session, code)
    assert (answer.status_code, answer.json()) == (403, {"code": "user_mismatch"})
    assert valetkey.grants == []


async def test_signing_in_changes_the_session_cookie(browser: Browser) -> None:
    before = browser.http.cookies["acme_assist"]
    await browser.sign_in("cleo")
    now = browser.http.cookies["acme_assist"]
    assert now != before
    stale = await browser.http.get("/", headers={"Cookie": f"acme_assist={before}"})
    assert stale.cookies["acme_assist"] not in (before, now)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://evil.example", "null"])
async def test_a_form_of_another_origin_is_refused(browser: Browser, valetkey: Fake, origin: str) -> None:
    answer = await browser.http.post("/say", data={"text": "stop"}, headers={"Origin": origin})
    assert answer.status_code == 403


async def test_under_another_host_name_it_leads_home(browser: Browser) -> None:
    answer = await browser.http.get("/", headers={"Host": "localhost:8002"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}/")


async def test_the_key_is_in_no_page_and_no_answer(browser: Browser, valetkey: Fake) -> None:
    message = await browser.say("show my deals")
    session = str(card(message)["session-id"])
    answer = await browser.confirm(session, valetkey.consent(session))
    page = (await browser.http.get("/")).text
    assert KEY not in page + answer.text + str(message)
    assert KEY.split("_")[2] not in page


async def test_what_a_provider_wrote_stays_text(browser: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    evil = {**DEALS[0], "title": "<img src=x onerror=alert(1)>", "company_name": ""}
    valetkey.results["northwind.find_deals"] = {"items": [evil]}
    message = await browser.say("show my deals")
    assert message.select("img") == []
    assert "<img src=x" in words(message)


# ---- without script -----------------------------------------------------------------------------------------------


async def test_without_script_the_way_leads_over_the_return_url_and_back_to_the_answer(
    browser: Browser, valetkey: Fake
) -> None:
    browser.script = False
    message = await browser.say("show my open deals")
    (form,) = message.select("form[slot='without-script']")
    gone = await browser.http.post(str(form["action"]), headers={"Origin": HOME}, follow_redirects=False)
    session = list(valetkey.sessions.values())[-1]
    assert gone.headers["location"] == f"{valetkey.url}/connect/{session.id}"
    assert (session.return_url, session.tools) == (f"{HOME}/connected", ["northwind.find_deals"])
    code = valetkey.consent(session.id)
    back = await browser.http.get(
        "/connected", params={"session": session.id, "code": code}, follow_redirects=False
    )
    assert re.fullmatch(r"/#m-\w+", back.headers["location"])
    log = (await browser.open()).select(".msg--bot")
    assert len(log) == 1
    assert "Two open deals" in words(log[0])


async def test_without_script_a_refusal_at_the_provider_is_a_no(browser: Browser, valetkey: Fake) -> None:
    browser.script = False
    form = (await browser.say("show my open deals")).select("form[slot='without-script']")[0]
    await browser.http.post(str(form["action"]), headers={"Origin": HOME}, follow_redirects=False)
    session = list(valetkey.sessions)[-1]
    valetkey.refuse(session)
    await browser.http.get("/connected", params={"session": session, "error": "access_denied"})
    assert "Then I cannot find your deals" in words((await browser.open()).select(".msg--bot")[-1])


async def test_a_return_link_followed_in_a_browser_without_a_chat_connects_nothing(
    browser: Browser, valetkey: Fake
) -> None:
    session = str(card(await browser.say("show my deals"))["session-id"])
    code = valetkey.consent(session)
    answer = await browser.http.get(
        "/connected",
        params={"session": session, "code": code},
        headers={"Cookie": ""},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/"
    assert valetkey.grants == []


async def test_a_spent_session_is_replaced_for_the_widget(browser: Browser, valetkey: Fake) -> None:
    ask = card(await browser.say("show my deals"))
    answer = await browser.http.post(
        str(ask["src-session"]), json={"tools": ["northwind.delete_task"]}, headers={"Origin": HOME}
    )
    session = valetkey.sessions[answer.json()["id"]]
    assert session.tools == ["northwind.find_deals"]
    assert (await browser.confirm(session.id, valetkey.consent(session.id))).status_code == 200
    assert "Two open deals" in words(await browser.post(f"/asks/{ask['data-ask']}/go-on"))


# ---- seeing and stopping ------------------------------------------------------------------------------------------


async def test_what_can_you_see_tells_exactly_what_was_granted(browser: Browser, valetkey: Fake) -> None:
    assert "Nothing." in words(await browser.say("what can you see?"))
    valetkey.give("ada", "northwind.find_deals", "northwind.move_deal")
    message = await browser.say("What can you see?")
    assert [words(row) for row in message.select(".access li")] == [
        "Read Find your deals",
        "Change Move a deal to another stage",
    ]
    assert message.select("a[href='/shared']")


async def test_the_portal_is_opened_for_who_is_signed_in_when_the_link_is_followed(
    browser: Browser, valetkey: Fake
) -> None:
    await browser.say("what can you see?")
    assert valetkey.portals == []
    answer = await browser.http.get("/shared", follow_redirects=False)
    assert answer.headers["location"] == f"{valetkey.url}/me?ticket=1"
    assert valetkey.portals == [{"user": "ada", "return_url": f"{HOME}/"}]


@pytest.mark.parametrize(
    ("upstream", "told"), [("revoked", "Northwind has confirmed it"), ("pending", "has not confirmed yet")]
)
async def test_stop_ends_everything_at_once(
    browser: Browser, valetkey: Fake, upstream: str, told: str
) -> None:
    grant, valetkey.upstream = valetkey.give("ada", "northwind.find_deals"), upstream
    others = valetkey.give("ben", "northwind.find_deals")
    assert told in words(await browser.say("stop"))
    assert (grant.status, others.status) == ("revoked", "active")
    assert "was stopped" in words(await browser.say("show my deals"))
    assert valetkey.calls == []


async def test_what_is_not_understood_is_met_with_what_can_be_said(browser: Browser, valetkey: Fake) -> None:
    message = await browser.say("sing me a song")
    assert "I did not understand" in words(message)
    assert len(message.select("button")) > 3
    assert valetkey.calls == []
