"""What time ends by itself, and that one part's trouble does not stop the others."""

from __future__ import annotations

import asyncio
import logging

import pytest

from core import (
    assistants,
    confirming,
    housekeeping,
    outbox,
    registrations,
    retention,
    segments,
    sessions,
    tickets,
)
from core.clock import DAY_MS, HOUR_MS, MINUTE_MS
from core.errors import NotReady
from tests.core.home import RETURN_URL, Home


async def test_sessions_past_their_time_expire_once(home: Home) -> None:
    session = await home.session()
    await home.authorize(session)
    home.later(3 * MINUTE_MS)
    assert await housekeeping.end_sessions(home.house) == 1
    assert await housekeeping.end_sessions(home.house) == 0
    ended = await sessions.find(home.house, session.id)
    assert ended.status == "expired" and ended.error is not None
    assert await home.rows("SELECT kind FROM secrets WHERE owner = :id", id=session.id) == []
    assert (await home.actions())[-1] == "connect_session.expired"


async def test_a_confirmation_under_way_is_left_alone_and_one_that_died_is_failed(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/token"] = asyncio.Event()
    dying = asyncio.ensure_future(confirming.confirm(home.house, home.assistant, session.id, "u1", code))
    await home.provider.reached("/token")
    home.later(121_000 - 60_000)
    await home.execute("UPDATE connect_sessions SET expires_at = :now", now=home.now)
    await housekeeping.end_sessions(home.house)
    assert (await sessions.find(home.house, session.id)).status == "authorized"
    for task in list(home.house._background):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    home.later(2 * MINUTE_MS)
    await housekeeping.end_sessions(home.house)
    assert (await sessions.find(home.house, session.id)).status == "failed"


async def test_grants_past_their_time_end_and_the_provider_is_told(home: Home) -> None:
    ends, lasts = (
        await home.grant(duration="chat"),
        await home.grant(user="u2", person="ben", duration="unlimited"),
    )
    home.later(DAY_MS)
    assert await housekeeping.end_grants(home.house) == 1
    assert [(await home.present(one)).status for one in (ends, lasts)] == ["expired", "active"]
    assert set(home.provider.refresh) == {"refresh-2"}


async def test_old_tickets_and_browser_sessions_are_swept(home: Home) -> None:
    ticket, _ = await tickets.portal(home.house, home.assistant, "u1", RETURN_URL)
    await tickets.take(home.house, "portal", ticket.reveal())
    await tickets.portal(home.house, home.assistant, "u1", None)
    await housekeeping.sweep(home.house)
    counts = "SELECT (SELECT count(*) FROM tickets) AS t, (SELECT count(*) FROM browser_sessions) AS b"
    assert await home.rows(counts) == [{"t": 1, "b": 1}]
    home.later(HOUR_MS)
    await housekeeping.sweep(home.house)
    assert await home.rows(counts) == [{"t": 0, "b": 0}]


async def test_it_goes_round_until_it_is_stopped_whatever_fails(
    home: Home, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(housekeeping, "ROUND_S", 0.01)

    async def odd(house: object) -> None:
        raise RuntimeError("the-text-of-a-bug")

    async def refused(house: object) -> None:
        raise NotReady("later")

    monkeypatch.setattr(outbox, "run_due", odd)
    monkeypatch.setattr(housekeeping, "end_sessions", refused)
    grant = await home.grant(duration="chat")
    await home.call()
    home.later(DAY_MS)
    stop = asyncio.Event()
    with caplog.at_level(logging.WARNING):
        running = asyncio.ensure_future(housekeeping.run(home.house, stop))
        async with asyncio.timeout(5):
            while (await home.present(grant)).status != "expired":  # noqa: ASYNC110
                await asyncio.sleep(0.01)
        stop.set()
        await asyncio.wait_for(running, 5)
    assert any("odd failed" in one.message for one in caplog.records)
    [key] = await home.rows("SELECT last_used_at FROM keys WHERE kind = 'vka'")
    assert key["last_used_at"] is not None


async def test_what_a_removal_that_died_left_behind_is_ended(home: Home) -> None:
    """The registration and the assistant are removed first; the process may die before it has ended their grants."""
    other, _ = await home.new_assistant("Other")
    kept = await home.grant(user="u1", assistant=other)
    await assistants.delete(home.house, home.admin, other.id)
    home.later(MINUTE_MS)
    assert await housekeeping.end_left_behind(home.house) == 0, "the request that removed it is at work"
    home.later(housekeeping.LEFT_BEHIND_MS)
    assert await housekeeping.end_left_behind(home.house) == 1
    assert (await home.present(kept)).status == "revoked"
    kept = await home.grant(user="u2", person="ben")
    await registrations.delete(home.house, home.admin, "acme")
    home.later(housekeeping.LEFT_BEHIND_MS)
    assert await housekeeping.end_left_behind(home.house) == 1
    assert (await home.present(kept)).status == "revoked"
    assert home.provider.refresh == {}, "the provider was told of both"
    assert await housekeeping.end_left_behind(home.house) == 0


async def test_a_workspace_whose_trail_was_changed_holds_up_no_other(home: Home) -> None:
    await home.grant(duration="chat")
    await home.session(user="u9")
    changed = home.workspace.id
    await home.furnish("Other")
    grant, session = await home.grant(person="ben", duration="chat"), await home.session(user="u9")
    await home.execute("UPDATE audit_heads SET mac = x'00' WHERE workspace = :id", id=changed)
    home.later(DAY_MS)
    assert await housekeeping.end_sessions(home.house) == 2
    assert await housekeeping.end_grants(home.house) == 2
    ended = await sessions.get(home.house, home.assistant, session.id)
    stored = await home.rows("SELECT status FROM connect_sessions WHERE id = :id", id=session.id)
    assert (ended.status, stored) == ("expired", [{"status": "expired"}])
    assert await home.rows("SELECT status FROM grants WHERE id = :id", id=grant.id) == [{"status": "expired"}]


async def test_a_session_that_led_nowhere_is_swept_out_after_a_month_and_what_it_was_is_remembered(
    home: Home,
) -> None:
    led = await home.grant()
    nowhere = await home.session(user="u2")
    home.later(DAY_MS)
    await housekeeping.end_sessions(home.house)
    await housekeeping.sweep(home.house)
    ids = {row["id"] for row in await home.rows("SELECT id FROM connect_sessions")}
    assert nowhere.id in ids
    home.later(housekeeping.KEPT_SESSIONS_MS + 1)
    await housekeeping.sweep(home.house)
    left = await home.rows('SELECT id, "grant" FROM connect_sessions')
    assert [row["grant"] for row in left] == [led.id]
    assert "connect_session.expired" in await home.actions()


async def test_months_of_the_trail_are_closed_beside_the_rounds_and_that_ends_with_them(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "FIRST_ROUND_S", 0.0)
    home.later(40 * DAY_MS)
    stop = asyncio.Event()
    chores = asyncio.create_task(housekeeping.run(home.house, stop))
    async with asyncio.timeout(10):
        while not await segments.of(home.house.store, home.workspace.id):  # noqa: ASYNC110
            await asyncio.sleep(0.01)
    stop.set()
    await asyncio.wait_for(chores, 5)
    assert [task.get_coro() for task in asyncio.all_tasks() if "retention" in str(task)] == []
