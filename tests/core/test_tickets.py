"""Tickets work once, for one kind of page, and become a session that shows one person's things."""

from __future__ import annotations

import asyncio

import pytest

from core import tickets
from core.clock import HOUR_MS, MINUTE_MS
from core.errors import InvalidReturnUrl, Missing
from tests.core.home import RETURN_URL, Home


async def test_a_portal_ticket_makes_a_session_of_its_user_and_assistant(home: Home) -> None:
    ticket, ends = await tickets.portal(home.house, home.assistant, "u1", RETURN_URL)
    assert ends == home.now + 5 * MINUTE_MS and await tickets.peek(home.house, "portal", ticket.reveal())
    cookie, session = await tickets.take(home.house, "portal", ticket.reveal())
    assert (session.user, session.assistant, session.return_url) == ("u1", home.assistant.id, RETURN_URL)
    assert session.actor.type == "user" and session.actor.assistant == home.assistant.id
    assert await tickets.session(home.house, "portal", cookie.reveal()) == session
    assert (await home.actions())[-1] == "portal.signed_in"


async def test_an_admin_ticket_makes_a_session_of_the_workspace(home: Home) -> None:
    ticket, ends = await tickets.admin(home.house, home.workspace.id)
    assert ends == home.now + 10 * MINUTE_MS
    _, session = await tickets.take(home.house, "admin", ticket.reveal())
    assert (session.actor.type, session.workspace, session.user) == ("admin", home.workspace.id, None)


async def test_looking_does_not_use_it_and_of_many_one_gets_in(home: Home) -> None:
    ticket, _ = await tickets.admin(home.house, home.workspace.id)
    for _ in range(3):
        assert await tickets.peek(home.house, "admin", ticket.reveal())
    takes = (tickets.take(home.house, "admin", ticket.reveal()) for _ in range(20))
    outcomes = await asyncio.gather(*takes, return_exceptions=True)
    assert sum(isinstance(one, tuple) for one in outcomes) == 1
    assert not await tickets.peek(home.house, "admin", ticket.reveal())


async def test_it_opens_only_its_own_kind_of_page(home: Home) -> None:
    portal, _ = await tickets.portal(home.house, home.assistant, "u1", None)
    with pytest.raises(Missing):
        await tickets.take(home.house, "admin", portal.reveal())
    cookie, _ = await tickets.take(home.house, "portal", portal.reveal())
    assert await tickets.session(home.house, "admin", cookie.reveal()) is None


async def test_both_end_by_themselves(home: Home) -> None:
    late, _ = await tickets.portal(home.house, home.assistant, "u1", None)
    home.later(5 * MINUTE_MS)
    assert not await tickets.peek(home.house, "portal", late.reveal())
    with pytest.raises(Missing):
        await tickets.take(home.house, "portal", late.reveal())
    ticket, _ = await tickets.portal(home.house, home.assistant, "u1", None)
    cookie, _ = await tickets.take(home.house, "portal", ticket.reveal())
    home.later(HOUR_MS)
    assert await tickets.session(home.house, "portal", cookie.reveal()) is None


async def test_signing_out_ends_the_session(home: Home) -> None:
    ticket, _ = await tickets.admin(home.house, home.workspace.id)
    cookie, _ = await tickets.take(home.house, "admin", ticket.reveal())
    await tickets.sign_out(home.house, cookie.reveal())
    assert await tickets.session(home.house, "admin", cookie.reveal()) is None
    assert await tickets.session(home.house, "admin", None) is None


async def test_only_hashes_are_kept(home: Home) -> None:
    ticket, _ = await tickets.admin(home.house, home.workspace.id)
    other, _ = await tickets.admin(home.house, home.workspace.id)
    cookie, _ = await tickets.take(home.house, "admin", other.reveal())
    kept = str(await home.rows("SELECT * FROM tickets")) + str(
        await home.rows("SELECT * FROM browser_sessions")
    )
    assert ticket.reveal() not in kept and cookie.reveal() not in kept


async def test_the_way_back_is_a_registered_one(home: Home) -> None:
    with pytest.raises(InvalidReturnUrl):
        await tickets.portal(home.house, home.assistant, "u1", "https://evil.example")
