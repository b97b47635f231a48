"""Connect sessions: exactly what was asked, re-used for the same refused call, ended once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core import sealed, sessions
from core.clock import MINUTE_MS
from core.errors import InvalidBody, InvalidReturnUrl, Missing, PolicyDenied, UnknownConnector, UnknownTool
from core.ids import new_id
from core.model import Asked, Fault
from core.sessions import SessionWish
from tests.core.home import ORIGIN, RETURN_URL, Home


async def test_a_session_is_what_was_asked(home: Home) -> None:
    session = await home.session("find_items", "add_item", purpose=" Answer\nquestions ", expires_in_s=60)
    assert (session.status, session.user, session.connector) == ("created", "u1", "acme")
    assert session.asked == (Asked("acme.find_items"), Asked("acme.add_item"))
    assert session.purpose == "Answer questions" and session.expires_at == home.now + 60_000
    assert (session.return_url, session.origin) == (None, ORIGIN)
    assert await sessions.get(home.house, home.assistant, session.id) == session


async def test_half_an_hour_when_nothing_is_said(home: Home) -> None:
    assert (await home.session()).expires_at == home.now + 30 * MINUTE_MS


async def test_a_tool_named_twice_or_in_a_vendors_way_is_one(home: Home) -> None:
    wish = SessionWish(
        user="u1", connector="acme", asked=(Asked("acme__find_items"), Asked("acme.find_items"))
    )
    assert (await sessions.create(home.house, home.assistant, wish)).asked == (
        Asked("acme.find_items", True),
    )


@pytest.mark.parametrize(
    ("wish", "error"),
    [
        ({"connector": "other"}, UnknownConnector),
        ({"asked": ()}, InvalidBody),
        ({"asked": (Asked("acme.nothing"),)}, UnknownTool),
        ({"asked": (Asked("other.find_items"),)}, UnknownTool),
        ({"user": ""}, InvalidBody),
        ({"user": "a\tb"}, InvalidBody),
        ({"user": "u" * 201}, InvalidBody),
        ({"return_url": "https://evil.example"}, InvalidReturnUrl),
        ({"account": "nobody"}, InvalidBody),
    ],
)
async def test_what_is_refused_leaves_nothing(
    home: Home, wish: dict[str, Any], error: type[Exception]
) -> None:
    full = {"user": "u1", "connector": "acme", "asked": (Asked("acme.find_items"),), **wish}
    with pytest.raises(error):
        await sessions.create(home.house, home.assistant, SessionWish(**full))
    assert await home.rows("SELECT id FROM connect_sessions") == []


async def test_a_forbidden_tool_is_not_even_shown(home: Home) -> None:
    await home.policy(tools=("acme.find_items",))
    with pytest.raises(PolicyDenied):
        await home.session("find_items", "add_item")


async def test_the_same_refused_call_finds_the_same_session(home: Home) -> None:
    made = await asyncio.gather(*(home.session(via="call") for _ in range(20)))
    assert len({one.id for one in made}) == 1
    assert (await home.session(via="call")).id == made[0].id
    assert len(await home.rows("SELECT id FROM connect_sessions")) == 1


async def test_anything_different_is_another_session(home: Home) -> None:
    other, _ = await home.new_assistant("Other")
    first = await home.session(via="call")
    others = [
        await home.session("add_item", via="call"),
        await home.session(via="call", user="u2"),
        await home.session(via="call", return_url=RETURN_URL),
        await home.session(via="call", assistant=other),
        await home.session(),
        await home.session(),
    ]
    assert len({first.id, *(one.id for one in others)}) == 7


async def test_an_old_or_ended_one_is_not_used_again(home: Home) -> None:
    first = await home.session(via="call")
    home.later(28 * MINUTE_MS)  # less than the margin is left
    second = await home.session(via="call")
    assert second.id != first.id
    await sessions.end(home.house, second, "denied", Fault("access_denied", "no"))
    assert (await home.session(via="call")).id != second.id


async def test_a_session_past_its_time_has_expired_before_anybody_swept(home: Home) -> None:
    session = await home.session()
    home.later(30 * MINUTE_MS)
    assert (await sessions.find(home.house, session.id)).status == "expired"


async def test_somebody_elses_session_is_absent(home: Home) -> None:
    session = await home.session()
    other, _ = await home.new_assistant("Other")
    for asking, session_id in ((other, session.id), (home.assistant, new_id("cs")), (home.assistant, "cs_x")):
        with pytest.raises(Missing):
            await sessions.get(home.house, asking, session_id)


async def test_waiting_ends_with_a_change_or_the_time(home: Home) -> None:
    session = await home.session()
    assert (await sessions.wait(home.house, home.assistant, session.id, 0.05)).status == "created"
    waiting = asyncio.ensure_future(sessions.wait(home.house, home.assistant, session.id, 30))
    await asyncio.sleep(0.01)
    await sessions.end(home.house, session, "denied", Fault("access_denied", "no"))
    assert (await asyncio.wait_for(waiting, 5)).status == "denied"


async def test_it_ends_once_and_what_was_held_is_destroyed(home: Home) -> None:
    session = await home.session()
    await home.authorize(session)
    held = "SELECT kind FROM secrets WHERE owner = :id ORDER BY kind"
    assert [row["kind"] for row in await home.rows(held, id=session.id)] == ["code", "verifier"]
    ended = await sessions.end(home.house, session, "failed", Fault("odd", "Something."))
    assert (ended.status, ended.error) == ("failed", Fault("odd", "Something."))
    assert await home.rows(held, id=session.id) == []
    again = await sessions.end(home.house, session, "denied", Fault("access_denied", "no"))
    assert again == ended and (await home.actions()).count("connect_session.denied") == 0
    store, vault = home.house.store, home.house.vault
    assert await sealed.fetch(store, vault, home.workspace.id, session.id, "code") is None


async def test_an_account_is_named_to_widen_that_one(home: Home) -> None:
    first, second = await home.grant(person="ada"), await home.grant(person="ben")
    assert (await home.session("add_item")).grant is None  # several: the person chooses
    assert (await home.session("add_item", account="ben")).grant == second.id
    assert (await home.session("add_item", account="ada")).grant == first.id


@pytest.mark.parametrize(
    "fields",
    [
        {"allowed_origins": (ORIGIN, "https://other.example"), "return_urls": ()},
        {"allowed_origins": (), "return_urls": (RETURN_URL, "https://other.example/back")},
    ],
)
async def test_what_begins_on_the_persons_own_page_needs_no_word_on_where_to_go(
    home: Home, fields: dict[str, Any]
) -> None:
    assistant, _ = await home.new_assistant("Two places", **fields)
    with pytest.raises(InvalidReturnUrl):
        await home.session(assistant=assistant)
    session = await home.session(assistant=assistant, via="portal")
    assert (session.origin, session.return_url) in ((ORIGIN, None), (None, RETURN_URL))
