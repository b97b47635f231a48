"""The person's steps: one browser, one state, one answer; the provider's code is held, not redeemed."""

from __future__ import annotations

import asyncio

import pytest

from core import connecting, registrations, sealed, sessions
from core.clock import MINUTE_MS
from core.errors import BadRequest, InvalidBody, Missing, PolicyDenied, SessionEnded, WrongBrowser
from core.ids import new_id, new_token
from core.model import Asked, ConnectSession
from core.secret import Secret
from tests.core.home import Home


async def back(
    home: Home, session: ConnectSession, browser: Secret | None, **query: str
) -> connecting.Answer:
    return await connecting.callback(home.house, session.registration, query, lambda _: browser)


async def test_opening_binds_no_browser(home: Home) -> None:
    session = await home.session()
    scanner = await connecting.open_page(home.house, session.id, None)
    person = await connecting.open_page(home.house, session.id, None)
    assert scanner.browser != person.browser
    assert (await sessions.find(home.house, session.id)).status == "opened"
    await connecting.approve(home.house, session.id, person.browser, ("acme.find_items",), "chat")
    with pytest.raises(WrongBrowser):
        await connecting.open_page(home.house, session.id, scanner.browser)
    with pytest.raises(Missing):
        await connecting.open_page(home.house, new_id("cs"), None)


async def test_only_one_of_many_browsers_agrees(home: Home) -> None:
    session = await home.session()
    outcomes = await asyncio.gather(*(home.agree(session) for _ in range(10)), return_exceptions=True)
    assert sum(not isinstance(one, BaseException) for one in outcomes) == 1
    assert all(isinstance(one, (tuple, WrongBrowser)) for one in outcomes)
    assert len(await home.rows("SELECT id FROM receipts")) == 1


async def test_only_the_chosen_tools_scopes_are_asked_for(home: Home) -> None:
    session = await home.session("find_items", "add_item", "find_people")
    _, _, scopes = await home.agree(session, "find_items", "find_people")
    assert scopes == ["items.read", "people.read"]


@pytest.mark.parametrize(
    ("tools", "duration"),
    [
        ((), "chat"),
        (("acme.find_people",), "chat"),
        (("acme.add_item",), "chat"),
        (("acme.find_items",), "forever"),
        (("acme.find_items",), ""),
        (("acme.find_items", "acme.nothing"), "chat"),
    ],
)
async def test_a_form_the_page_did_not_offer_is_refused(
    home: Home, tools: tuple[str, ...], duration: str
) -> None:
    asked = (Asked("acme.find_items", required=True, reason="x"), Asked("acme.add_item"))
    wish = sessions.SessionWish(user="u1", connector="acme", asked=asked)
    session = await sessions.create(home.house, home.assistant, wish)
    page = await connecting.open_page(home.house, session.id, None)
    with pytest.raises(InvalidBody):
        await connecting.approve(home.house, session.id, page.browser, tools, duration)
    assert (await sessions.find(home.house, session.id)).status == "opened"


async def test_a_policy_that_changed_while_the_page_was_open_holds(home: Home) -> None:
    session = await home.session("find_items", "add_item")
    await home.policy(tools=("acme.add_item",))
    with pytest.raises(PolicyDenied):
        await home.agree(session)


async def test_a_connector_that_was_removed_meanwhile_connects_nothing(home: Home) -> None:
    session = await home.session()
    await registrations.delete(home.house, home.admin, "acme")
    with pytest.raises(SessionEnded):
        await home.agree(session)


async def test_saying_no_ends_it_and_redeems_nothing(home: Home) -> None:
    session = await home.session()
    page = await connecting.open_page(home.house, session.id, None)
    denied = await connecting.deny(home.house, session.id, page.browser)
    assert denied.status == "denied" and denied.error is not None and denied.error.code == "access_denied"
    with pytest.raises(SessionEnded):
        await connecting.open_page(home.house, session.id, page.browser)
    assert home.provider.asked == []


async def test_the_code_is_held_sealed_and_not_redeemed(home: Home) -> None:
    session = await home.session()
    state, browser, _ = await home.agree(session)
    answer = await back(home, session, browser, state=state, code="the-providers-code")
    assert answer.session.status == "authorized" and answer.code is not None
    assert home.provider.asked == []
    store, vault = home.house.store, home.house.vault
    assert await sealed.fetch(store, vault, home.workspace.id, session.id, "code") == b"the-providers-code"
    kept = await home.rows("SELECT * FROM connect_sessions")
    assert state not in str(kept) and answer.code.reveal() not in str(kept)


async def test_a_state_works_once_however_many_come_at_once(home: Home) -> None:
    session = await home.session()
    state, browser, _ = await home.agree(session)
    outcomes = await asyncio.gather(
        *(back(home, session, browser, state=state, code=f"c{n}") for n in range(30)), return_exceptions=True
    )
    assert sum(isinstance(one, connecting.Answer) for one in outcomes) == 1
    assert all(isinstance(one, (connecting.Answer, BadRequest)) for one in outcomes)


@pytest.mark.parametrize("state", ["", "made-up", "x" * 43])
async def test_an_unknown_state_is_believed_nothing(home: Home, state: str) -> None:
    session = await home.session()
    await home.agree(session)
    with pytest.raises(BadRequest):
        await back(home, session, new_token(), state=state, code="c")
    assert (await sessions.find(home.house, session.id)).status == "consented"


async def test_another_browser_or_none_is_refused_and_changes_nothing(home: Home) -> None:
    session = await home.session()
    state, browser, _ = await home.agree(session)
    for other in (None, new_token()):
        with pytest.raises(WrongBrowser):
            await back(home, session, other, state=state, code="c")
    assert (await back(home, session, browser, state=state, code="c")).code is not None


async def test_an_answer_at_another_registrations_address_ends_it(home: Home) -> None:
    session = await home.session()
    state, browser, _ = await home.agree(session)
    query = {"state": state, "code": "c"}
    answer = await connecting.callback(home.house, new_id("reg"), query, lambda _: browser)
    assert answer.code is None and answer.session.error is not None and answer.session.error.code == "mix_up"
    assert (answer.session.status, home.provider.asked) == ("failed", [])


async def test_an_answer_after_its_time_is_refused(home: Home) -> None:
    session = await home.session()
    state, browser, _ = await home.agree(session)
    home.later(10 * MINUTE_MS)
    with pytest.raises(SessionEnded):
        await back(home, session, browser, state=state, code="c")


@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ({"error": "access_denied"}, "denied", "access_denied"),
        ({"error": "server_error"}, "failed", "provider_error"),
        ({"error": "<script>"}, "failed", "provider_error"),
        ({}, "failed", "provider_error"),
        ({"code": ""}, "failed", "provider_error"),
        ({"code": "c", "error": "access_denied"}, "denied", "access_denied"),
    ],
)
async def test_what_else_the_provider_may_say(
    home: Home, query: dict[str, str], status: str, code: str
) -> None:
    session = await home.session()
    state, browser, _ = await home.agree(session)
    ended = (await back(home, session, browser, state=state, **query)).session
    assert ended.status == status and ended.error is not None and ended.error.code == code
    assert "<script>" not in ended.error.detail


async def test_the_finishing_page_belongs_to_the_browser_that_agreed(home: Home) -> None:
    session = await home.session()
    with pytest.raises(WrongBrowser):
        await connecting.page_status(home.house, session.id, new_token())
    _, browser, _ = await home.agree(session)
    assert (await connecting.page_status(home.house, session.id, browser)).status == "consented"
    for other in (None, new_token()):
        with pytest.raises(WrongBrowser):
            await connecting.page_status(home.house, session.id, other)


async def test_a_step_up_asks_for_the_union_or_only_for_what_is_new(home: Home) -> None:
    await home.grant("find_items")
    _, _, scopes = await home.agree(await home.session("add_item"))
    assert scopes == ["items.write", "items.read"]
