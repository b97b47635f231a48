"""Telling the provider: when it is tried again, that it is never lost, and what is kept of it."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core import outbox, revocation
from core.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from core.model import Grant
from core.outbox import delay_ms
from tests.core.acme import connector
from tests.core.home import Home, open_home

EXACT = [
    1 * SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 4 * MINUTE_MS, 8 * MINUTE_MS, 16 * MINUTE_MS,
    32 * MINUTE_MS, 64 * MINUTE_MS, 128 * MINUTE_MS, 256 * MINUTE_MS, 6 * HOUR_MS, 6 * HOUR_MS, 6 * HOUR_MS,
]  # fmt: skip


def test_the_waits_are_1_5_30_seconds_2_minutes_then_doubling_to_6_hours() -> None:
    assert [delay_ms(attempts, 0) for attempts in range(len(EXACT))] == EXACT


@given(st.integers(0, 60), st.floats(-1, 1))
def test_chance_moves_a_wait_by_a_fifth_at_most(attempts: int, spread: float) -> None:
    base = EXACT[min(attempts, len(EXACT) - 1)]
    assert 0.8 * base <= delay_ms(attempts, spread) <= 1.2 * base
    assert 0.8 * base <= delay_ms(attempts) <= 1.2 * base


def test_chance_uses_the_whole_width() -> None:
    waits = [delay_ms(0) for _ in range(500)]
    assert min(waits) < 900 and max(waits) > 1_100
    assert (delay_ms(3, -1), delay_ms(3, 1)) == (96 * SECOND_MS, 144 * SECOND_MS)


async def waiting(home: Home) -> list[dict[str, Any]]:
    return await home.rows("SELECT * FROM outbox ORDER BY id")


async def stopped(home: Home, monkeypatch: pytest.MonkeyPatch | None = None) -> Grant:
    return await revocation.revoke(home.house, home.admin, (await home.grant()).id)


async def test_a_provider_that_answers_is_told_at_once_and_nothing_is_left(home: Home) -> None:
    grant = await stopped(home)
    assert (grant.status, grant.upstream, grant.upstream_at) == ("revoked", "revoked", home.now)
    assert home.provider.refresh == {} and home.provider.access == {}
    assert await waiting(home) == []
    assert await home.rows("SELECT * FROM secrets WHERE owner = :id", id=grant.id) == []
    assert (await home.actions())[-2:] == ["grant.revoked", "grant.revoked_upstream"]


async def test_a_provider_that_is_down_is_asked_again_at_the_times_said(home: Home) -> None:
    home.provider.fail("/revoke", 503, times=4)
    grant = await stopped(home)
    assert grant.upstream == "pending"
    for attempts, wait in enumerate(EXACT[:3], 1):
        [row] = await waiting(home)
        assert (row["attempts"], row["last_error"]) == (attempts, "provider_error")
        assert 0.8 * wait <= row["next_at"] - home.now <= 1.2 * wait
        home.house.clock.offset_ms += row["next_at"] - home.now - 1
        assert await outbox.run_due(home.house) == 0
        home.later(1)
        assert await outbox.run_due(home.house) == 1
    [row] = await waiting(home)
    home.later(row["next_at"] - home.now)
    await outbox.run_due(home.house)
    assert (await home.present(grant)).upstream == "revoked"
    assert home.provider.times("/revoke") == 5 and await waiting(home) == []


async def test_after_seven_days_the_token_is_destroyed_and_that_is_said(home: Home) -> None:
    home.provider.fail("/revoke", 503, times=1_000)
    grant = await stopped(home)
    home.later(7 * DAY_MS)
    await outbox.run_due(home.house)
    present = await home.present(grant)
    assert (present.upstream, present.status_reason) == ("unsupported", "never_confirmed")
    assert await waiting(home) == []
    assert await home.rows("SELECT * FROM secrets WHERE owner = :id", id=grant.id) == []
    assert (await home.events())[-1].action == "grant.not_revoked_upstream"


async def test_until_it_is_told_the_credential_is_kept_and_opens_for_nothing_else(home: Home) -> None:
    home.provider.fail("/revoke", 503)
    grant = await stopped(home)
    kept = await home.rows("SELECT kind FROM secrets WHERE owner = :id", id=grant.id)
    assert kept == [{"kind": "credential"}]
    with pytest.raises(Exception, match="stopped"):
        await home.call()


async def test_two_processes_tell_each_row_once(home: Home) -> None:
    home.provider.fail("/revoke", 503)
    await stopped(home)
    [row] = await waiting(home)
    home.later(row["next_at"] - home.now)
    before = home.provider.times("/revoke")
    await asyncio.gather(*(outbox.run_due(home.house) for _ in range(5)))
    assert home.provider.times("/revoke") == before + 1


async def test_a_process_that_dies_while_telling_is_followed_by_another(home: Home) -> None:
    home.provider.slow["/revoke"] = asyncio.Event()
    grant = await home.grant()
    await revocation.end(home.house, home.admin, grant.id, "revoked", None)
    home.later(outbox.CLAIM_MS)
    dying = asyncio.ensure_future(outbox.run_due(home.house))
    await home.provider.reached("/revoke")
    dying.cancel()
    assert await outbox.run_due(home.house) == 0  # still claimed
    home.provider.slow.pop("/revoke").set()
    home.later(outbox.CLAIM_MS)
    assert await outbox.run_due(home.house) == 1
    assert (await home.present(grant)).upstream == "revoked"


async def test_a_row_that_was_told_meanwhile_is_no_error(home: Home) -> None:
    assert await outbox.attempt(home.house, "out_nothing") == "revoked"


async def test_where_the_provider_has_no_way_that_is_said_at_once(tmp_path: Any) -> None:
    async with open_home(
        tmp_path, connector(oauth={"revocation": None}, manage_url="https://acme.example/apps")
    ) as home:
        grant = await stopped(home)
        assert grant.upstream == "unsupported" and await waiting(home) == []
        assert await home.rows("SELECT * FROM secrets WHERE owner = :id", id=grant.id) == []


async def test_a_token_that_others_live_on_is_not_ended_with_theirs(tmp_path: Any) -> None:
    async with open_home(tmp_path, connector(oauth={"revocation_scope": "account"})) as home:
        other, _ = await home.new_assistant("Other")
        first, second = await home.grant(), await home.grant(assistant=other)
        ended = await revocation.revoke(home.house, home.admin, first.id)
        assert (ended.upstream, ended.status_reason) == ("unsupported", "shared_account")
        assert home.provider.times("/revoke") == 0
        assert (await revocation.revoke(home.house, home.admin, second.id)).upstream == "revoked"
