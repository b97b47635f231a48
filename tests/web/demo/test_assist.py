"""Acme Assist against a Valetkey that keeps to the contract: what a person says, what the chat does, and what it never does."""

from __future__ import annotations

import pytest

from tests.web.demo.acme import DEALS, HOME, Browser, card, go_on, words
from tests.web.demo.fake_valetkey import Fake, Refused

# ---- asking and going on ------------------------------------------------------------------------------------------


async def test_a_question_without_consent_shows_the_card_with_the_session_of_the_answer(
    chatter: Browser, valetkey: Fake
) -> None:
    ask = card(await chatter.say("show my open deals"))
    (session,) = valetkey.sessions.values()
    assert (ask["session-id"], ask["url"]) == (session.id, f"{valetkey.url}/connect/{session.id}")
    assert (session.user, session.tools, session.origin) == ("ada", ["northwind.find_deals"], HOME)
    assert ask["risk"] == "read"
    assert "amount, stage and closing date" in str(ask["text"])
    assert valetkey.calls == []


async def test_after_consent_the_question_is_answered_without_being_asked_again(
    chatter: Browser, valetkey: Fake
) -> None:
    message = await go_on(chatter, valetkey, await chatter.say("Show my open deals"))
    assert "Northwind connected as ada@northwind.example in Northwind Trading" in words(message)
    assert "Two open deals, worth €62,800 together." in words(message)
    assert "Read 2 deals from Northwind just now" in words(message)
    assert [cell.text for cell in message.select("tbody td.n")] == [
        "€41,000",
        "5 Mar 2031",
        "€21,800",
        "5 Mar 2031",
    ]


async def test_going_on_twice_asks_the_question_once(chatter: Browser, valetkey: Fake) -> None:
    message = await chatter.say("show my open deals")
    ask = card(message)["data-ask"]
    await go_on(chatter, valetkey, message)
    await chatter.post(f"/asks/{ask}/go-on")
    assert len(valetkey.calls) == 1


async def test_a_page_that_only_claims_to_be_connected_gets_nothing(chatter: Browser, valetkey: Fake) -> None:
    message = await chatter.say("show my open deals")
    again = await chatter.post(f"/asks/{card(message)['data-ask']}/go-on")
    assert [ask["data-ask"] for ask in again.select("valetkey-connect")] == [card(message)["data-ask"]]
    assert valetkey.calls == []


async def test_a_granted_tool_is_used_at_once(chatter: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    message = await chatter.say("Which deals close this week?")
    assert message.select("valetkey-connect") == []
    assert valetkey.calls[0]["arguments"] == {"closing": "this_week", "limit": 10}


async def test_step_up_asks_only_for_what_is_missing(chatter: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    message = await chatter.say("Move Quayside to negotiation")
    assert "does not cover that" in words(message)
    session = valetkey.sessions[str(card(message)["session-id"])]
    assert session.tools == ["northwind.move_deal"]
    assert card(message)["risk"] == "write"
    assert "went from proposal to negotiation" in words(await go_on(chatter, valetkey, message))


async def test_two_missing_tools_are_asked_for_at_once_with_reason_and_purpose(
    chatter: Browser, valetkey: Fake
) -> None:
    message = await chatter.say("Add a task: call Ada tomorrow")
    (session,) = valetkey.sessions.values()
    why = "to answer “Add a task: call Ada tomorrow”"
    assert session.purpose == why
    assert session.asked == [
        {"tool": name, "required": True, "reason": why}
        for name in ("northwind.find_projects", "northwind.add_task")
    ]
    assert "Added to Office move: “Call Ada”, due" in words(await go_on(chatter, valetkey, message))
    added = valetkey.calls[-1]
    assert added["arguments"]["project_id"] == "pr_7"
    assert added["arguments"]["title"] == "Call Ada"
    assert added["idempotency_key"]


async def test_a_change_that_is_repeated_is_made_once(chatter: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals", "northwind.move_deal")
    valetkey.troubles += [Refused(504, "provider_timeout", retryable=True)]
    message = await chatter.say("Move Quayside to won")
    (form,) = message.select("form")
    valetkey.troubles += [Refused(504, "provider_timeout", retryable=True)]
    message = await chatter.post(str(form["action"]))
    await chatter.post(str(message.select("form")[0]["action"]))
    keys = {call.get("idempotency_key") for call in valetkey.calls if call["tool"] == "northwind.move_deal"}
    assert len(keys) == 1


async def test_several_deals_that_fit_change_nothing_and_are_offered(
    chatter: Browser, valetkey: Fake
) -> None:
    valetkey.give("ada", "northwind.find_deals", "northwind.move_deal")
    message = await chatter.say("Move e to won")
    assert "I changed nothing" in words(message)
    assert [button["value"] for button in message.select("button")] == [
        f"Move “{deal['title']}” to won" for deal in DEALS
    ]
    assert "went from proposal to won" in words(await chatter.say(str(message.select("button")[1]["value"])))


async def test_more_goes_on_where_the_list_stopped(chatter: Browser, valetkey: Fake) -> None:
    valetkey.give("ada", "northwind.find_deals")
    pages = {None: {"items": DEALS[:1], "next": "c2"}, "c2": {"items": DEALS[1:]}}
    valetkey.results["northwind.find_deals"] = lambda arguments: dict(pages[arguments.get("cursor")])
    assert "Cold storage" in words(await chatter.say("show my deals"))
    assert "Linen service" in words(await chatter.say("more"))
    assert "nothing more" in words(await chatter.say("more"))


# ---- declining, and other ends ------------------------------------------------------------------------------------


async def test_not_now_is_kept_and_not_asked_again_by_itself(chatter: Browser, valetkey: Fake) -> None:
    ask = card(await chatter.say("show my open deals"))["data-ask"]
    declined = await chatter.post(f"/asks/{ask}/no")
    assert "Then I cannot find your deals in Northwind" in words(declined)
    again = await chatter.say("show my open deals")
    assert again.select("valetkey-connect") == []
    assert "You said not now" in words(again)
    (form,) = again.select("form")
    assert card(await chatter.post(str(form["action"])))


async def test_consent_that_leaves_the_tool_out_is_told_and_not_asked_for_in_a_circle(
    chatter: Browser, valetkey: Fake
) -> None:
    message = await chatter.say("show my open deals")
    ask = card(message)
    code = valetkey.consent(str(ask["session-id"]), tools=["northwind.find_contacts"])
    await chatter.confirm(str(ask["session-id"]), code)
    message = await chatter.post(f"/asks/{ask['data-ask']}/go-on")
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
    chatter: Browser, valetkey: Fake, status: str, told: str, asks: bool
) -> None:
    valetkey.give("ada", "northwind.find_deals").status = status
    message = await chatter.say("show my open deals")
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
    chatter: Browser, valetkey: Fake, trouble: Refused, told: str
) -> None:
    valetkey.give("ada", "northwind.find_deals")
    valetkey.troubles.append(trouble)
    message = await chatter.say("show my open deals")
    assert told in words(message)
    assert trouble.code not in words(message)
    (form,) = message.select("form")
    assert "Two open deals" in words(await chatter.post(str(form["action"])))


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
    chatter: Browser, valetkey: Fake, trouble: Refused, told: str
) -> None:
    valetkey.give("ada", "northwind.find_deals")
    valetkey.troubles.append(trouble)
    message = await chatter.say("show my open deals")
    assert told in words(message)
    assert trouble.code not in words(message)
    assert message.select("form") == []


async def test_without_valetkey_the_chat_says_so_and_keeps_the_question(
    chatter: Browser, valetkey: Fake
) -> None:
    await valetkey.server.close()
    message = await chatter.say("show my open deals")
    assert "I cannot reach Valetkey" in words(message)
    assert message.select("form[action^='/again/']")
