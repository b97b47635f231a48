"""Whose chat it is: the person signed in, their consent without script, what they see of it, and how they end it."""

from __future__ import annotations

import re

import pytest

from tests.web.demo.acme import DEALS, HOME, Browser, card, words
from tests.web.demo.fake_valetkey import KEY, Fake

# ---- whose chat it is ---------------------------------------------------------------------------------------------


async def test_the_user_of_every_call_is_who_is_signed_in_here(chatter: Browser, valetkey: Fake) -> None:
    valetkey.give("ben", "northwind.find_deals")
    await chatter.http.post(
        "/say", data={"text": "show my deals", "user": "ben", "person": "ben"}, headers={"Origin": HOME}
    )
    assert valetkey.calls == []
    await chatter.sign_in("ben")
    assert "Two open deals" in words(await chatter.say("show my deals"))
    assert [call["user"] for call in valetkey.calls] == ["ben"]


async def test_each_person_has_a_chat_of_their_own(chatter: Browser) -> None:
    await chatter.say("show my deals")
    await chatter.sign_in("ben")
    page = await chatter.open()
    assert page.select(".msg") == []
    assert page.select_one("#welcome") is not None


async def test_a_code_that_arrives_for_somebody_else_connects_nothing(
    chatter: Browser, valetkey: Fake
) -> None:
    session = str(card(await chatter.say("show my deals"))["session-id"])
    code = valetkey.consent(session)
    await chatter.sign_in("ben")
    answer = await chatter.confirm(session, code)
    assert (answer.status_code, answer.json()) == (403, {"code": "user_mismatch"})
    assert valetkey.grants == []


async def test_signing_in_changes_the_session_cookie(chatter: Browser) -> None:
    before = chatter.http.cookies["acme_assist"]
    await chatter.sign_in("cleo")
    now = chatter.http.cookies["acme_assist"]
    assert now != before
    stale = await chatter.http.get("/", headers={"Cookie": f"acme_assist={before}"})
    assert stale.cookies["acme_assist"] not in (before, now)


@pytest.mark.parametrize("origin", ["http://127.0.0.1:8000", "http://evil.example", "null"])
async def test_a_form_of_another_origin_is_refused(chatter: Browser, valetkey: Fake, origin: str) -> None:
    answer = await chatter.http.post("/say", data={"text": "stop"}, headers={"Origin": origin})
    assert answer.status_code == 403


async def test_under_another_host_name_it_leads_home(chatter: Browser) -> None:
    answer = await chatter.http.get("/", headers={"Host": "localhost:8002"}, follow_redirects=False)
    assert (answer.status_code, answer.headers["location"]) == (303, f"{HOME}/")


async def test_the_key_is_in_no_page_and_no_answer(chatter: Browser, valetkey: Fake) -> None:
    message = await chatter.say("show my deals")
    session = str(card(message)["session-id"])
    answer = await chatter.confirm(session, valetkey.consent(session))
    page = (await chatter.http.get("/")).text
    assert KEY not in page + answer.text + str(message)
    assert KEY.split("_")[2] not in page


async def test_what_a_provider_wrote_stays_text(chatter: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    evil = {**DEALS[0], "title": "<img src=x onerror=alert(1)>", "company_name": ""}
    valetkey.results["northwind.find_deals"] = {"items": [evil]}
    message = await chatter.say("show my deals")
    assert message.select("img") == []
    assert "<img src=x" in words(message)


# ---- without script -----------------------------------------------------------------------------------------------


async def test_without_script_the_way_leads_over_the_return_url_and_back_to_the_answer(
    chatter: Browser, valetkey: Fake
) -> None:
    chatter.script = False
    message = await chatter.say("show my open deals")
    (form,) = message.select("form[slot='without-script']")
    gone = await chatter.http.post(str(form["action"]), headers={"Origin": HOME}, follow_redirects=False)
    session = list(valetkey.sessions.values())[-1]
    assert gone.headers["location"] == f"{valetkey.url}/connect/{session.id}"
    assert (session.return_url, session.tools) == (f"{HOME}/connected", ["northwind.find_deals"])
    code = valetkey.consent(session.id)
    back = await chatter.http.get(
        "/connected", params={"session": session.id, "code": code}, follow_redirects=False
    )
    assert re.fullmatch(r"/#m-\w+", back.headers["location"])
    log = (await chatter.open()).select(".msg--bot")
    assert len(log) == 1
    assert "Two open deals" in words(log[0])


async def test_of_several_accounts_the_person_chooses_before_the_answer_comes(
    chatter: Browser, valetkey: Fake
) -> None:
    """With the popup: the widget is told with a 409, and brings another code."""
    valetkey.accounts = 2
    ask = card(await chatter.say("show my deals"))
    session = str(ask["session-id"])
    first = await chatter.confirm(session, valetkey.consent(session))
    assert (first.status_code, first.json()) == (409, {"code": "account_required"})
    assert card((await chatter.open()).select(".msg--bot")[-1])["session-id"] == session, "it is still open"
    assert (await chatter.confirm(session, valetkey.choose(session))).status_code == 200
    assert "Two open deals" in words(await chatter.post(f"/asks/{ask['data-ask']}/go-on"))


async def test_without_script_the_person_is_sent_to_choose_and_comes_back(
    chatter: Browser, valetkey: Fake
) -> None:
    chatter.script, valetkey.accounts = False, 2
    form = (await chatter.say("show my open deals")).select("form[slot='without-script']")[0]
    await chatter.http.post(str(form["action"]), headers={"Origin": HOME}, follow_redirects=False)
    session = list(valetkey.sessions)[-1]
    query = {"session": session, "code": valetkey.consent(session)}
    sent = await chatter.http.get("/connected", params=query, follow_redirects=False)
    assert (sent.status_code, sent.headers["location"]) == (303, f"{valetkey.url}/connect/{session}")
    await chatter.http.get("/connected", params={"session": session, "code": valetkey.choose(session)})
    assert "Two open deals" in words((await chatter.open()).select(".msg--bot")[-1])


async def test_without_script_a_refusal_at_the_provider_is_a_no(chatter: Browser, valetkey: Fake) -> None:
    chatter.script = False
    form = (await chatter.say("show my open deals")).select("form[slot='without-script']")[0]
    await chatter.http.post(str(form["action"]), headers={"Origin": HOME}, follow_redirects=False)
    session = list(valetkey.sessions)[-1]
    valetkey.refuse(session)
    await chatter.http.get("/connected", params={"session": session, "error": "access_denied"})
    assert "Then I cannot find your deals" in words((await chatter.open()).select(".msg--bot")[-1])


async def test_a_return_link_followed_in_a_browser_without_a_chat_connects_nothing(
    chatter: Browser, valetkey: Fake
) -> None:
    session = str(card(await chatter.say("show my deals"))["session-id"])
    code = valetkey.consent(session)
    answer = await chatter.http.get(
        "/connected",
        params={"session": session, "code": code},
        headers={"Cookie": ""},
        follow_redirects=False,
    )
    assert answer.headers["location"] == "/"
    assert valetkey.grants == []


async def test_a_spent_session_is_replaced_for_the_widget(chatter: Browser, valetkey: Fake) -> None:
    ask = card(await chatter.say("show my deals"))
    answer = await chatter.http.post(
        str(ask["src-session"]), json={"tools": ["northwind.delete_task"]}, headers={"Origin": HOME}
    )
    session = valetkey.sessions[answer.json()["id"]]
    assert session.tools == ["northwind.find_deals"]
    assert (await chatter.confirm(session.id, valetkey.consent(session.id))).status_code == 200
    assert "Two open deals" in words(await chatter.post(f"/asks/{ask['data-ask']}/go-on"))


# ---- seeing and stopping ------------------------------------------------------------------------------------------


async def test_what_can_you_see_tells_exactly_what_was_granted(chatter: Browser, valetkey: Fake) -> None:
    assert "Nothing." in words(await chatter.say("what can you see?"))
    valetkey.give("ada", "northwind.find_deals", "northwind.move_deal")
    message = await chatter.say("What can you see?")
    assert [words(row) for row in message.select(".access li")] == [
        "Read Find your deals",
        "Change Move a deal to another stage",
    ]
    assert message.select("a[href='/shared']")


async def test_the_portal_is_opened_for_who_is_signed_in_when_the_link_is_followed(
    chatter: Browser, valetkey: Fake
) -> None:
    await chatter.say("what can you see?")
    assert valetkey.portals == []
    answer = await chatter.http.get("/shared", follow_redirects=False)
    assert answer.headers["location"] == f"{valetkey.url}/me?ticket=1"
    assert valetkey.portals == [{"user": "ada", "return_url": f"{HOME}/"}]


@pytest.mark.parametrize(
    ("upstream", "told"), [("revoked", "Northwind has confirmed it"), ("pending", "has not confirmed yet")]
)
async def test_stop_ends_everything_at_once(
    chatter: Browser, valetkey: Fake, upstream: str, told: str
) -> None:
    grant, valetkey.upstream = valetkey.give("ada", "northwind.find_deals"), upstream
    others = valetkey.give("ben", "northwind.find_deals")
    assert told in words(await chatter.say("stop"))
    assert (grant.status, others.status) == ("revoked", "active")
    assert "was stopped" in words(await chatter.say("show my deals"))
    assert valetkey.calls == []


async def test_what_is_not_understood_is_met_with_what_can_be_said(chatter: Browser, valetkey: Fake) -> None:
    message = await chatter.say("sing me a song")
    assert "I did not understand" in words(message)
    assert len(message.select("button")) > 3
    assert valetkey.calls == []
