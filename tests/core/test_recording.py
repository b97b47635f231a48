"""Calls that wait together share a transaction; what ended meanwhile is withheld; one tampered chain fails its own calls only."""

from __future__ import annotations

import asyncio
import sqlite3

import msgspec
import pytest

from core import grants, revocation
from core.audit import AuditTampered
from core.grants import Held
from core.model import Entry, Grant
from core.recording import Recorder, Use
from tests.core.home import Home


async def held(home: Home, grant: Grant) -> Held:
    found = await grants.held(home.house, grant.workspace, grant.id)
    assert found is not None
    return found


def use(home: Home, of: Held) -> Use:
    actor = msgspec.structs.replace(home.admin, workspace=of.workspace)
    return Use(of, Entry(actor, "tool.called", grant=of.id, tool=of.tools[0]))


async def test_calls_that_wait_together_share_one_transaction(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    of, recorder, jobs = await held(home, await home.grant()), Recorder(home.house), []
    write = home.house.write

    async def counted(job):  # type: ignore[no-untyped-def]
        jobs.append(job)
        return await write(job)

    monkeypatch.setattr(home.house, "write", counted)
    assert await asyncio.gather(*(recorder.record(use(home, of)) for _ in range(40))) == [True] * 40
    assert len(jobs) <= 2
    assert len(await home.actions(action="tool.called")) == 40
    assert (await home.present(of)).use_count == 40


async def test_the_use_is_counted_with_its_time(home: Home) -> None:
    grant = await home.grant()
    home.later(5_000)
    assert await Recorder(home.house).record(use(home, await held(home, grant)))
    present = await home.present(grant)
    assert (present.last_used_at, present.use_count) == (home.now, 1)


async def test_what_ended_meanwhile_is_withheld_and_said_so(home: Home) -> None:
    alive, ended = [await held(home, await home.grant(user=user)) for user in ("u1", "u2")]
    await revocation.revoke(home.house, home.admin, ended.id)
    recorder = Recorder(home.house)
    assert await asyncio.gather(recorder.record(use(home, alive)), recorder.record(use(home, ended))) == [
        True,
        False,
    ]
    [withheld] = await home.events(outcome="withheld")
    assert (withheld.action, withheld.grant) == ("tool.refused", ended.id)
    assert (await home.present(ended)).use_count == 0


async def test_a_tool_that_was_removed_while_the_provider_answered_is_withheld(home: Home) -> None:
    of = await held(home, await home.grant())
    kept, removed = use(home, of), use(home, of)
    removed = msgspec.structs.replace(removed, entry=msgspec.structs.replace(removed.entry, tool="acme.gone"))
    recorder = Recorder(home.house)
    assert await asyncio.gather(recorder.record(kept), recorder.record(removed)) == [True, False]


async def test_a_grant_past_its_time_delivers_nothing_before_the_housekeeping_came(home: Home) -> None:
    of = await held(home, await home.grant(duration="chat"))
    home.later(25 * 3_600_000)
    assert not await Recorder(home.house).record(use(home, of))


async def test_a_tampered_chain_fails_its_own_workspaces_calls_only(home: Home) -> None:
    first = await held(home, await home.grant())
    broken = home.workspace.id
    await home.furnish("Other Inc")
    second = await held(home, await home.grant())
    await home.execute("UPDATE audit_heads SET count = 1 WHERE workspace = :it", it=broken)
    recorder = Recorder(home.house)
    uses = [use(home, first), use(home, second), use(home, first), use(home, second)]
    outcomes = await asyncio.gather(*(recorder.record(one) for one in uses), return_exceptions=True)
    assert [isinstance(one, AuditTampered) for one in outcomes] == [True, False, True, False]
    assert outcomes[1] is True and outcomes[3] is True
    assert len(await home.actions(action="tool.called")) == 2
    assert (await grants.get(home.house, broken, first.id)).use_count == 0


async def test_one_who_goes_away_does_not_hold_up_the_others(home: Home) -> None:
    of, recorder = await held(home, await home.grant()), Recorder(home.house)
    going = asyncio.ensure_future(recorder.record(use(home, of)))
    staying = asyncio.ensure_future(recorder.record(use(home, of)))
    await asyncio.sleep(0)
    going.cancel()
    assert await staying is True


async def test_a_call_waits_a_moment_for_those_under_way_and_no_longer(home: Home) -> None:
    of, recorder = await held(home, await home.grant()), Recorder(home.house)
    recorder.expect()
    recorder.expect()
    started = asyncio.get_running_loop().time()
    assert await recorder.record(use(home, of))
    assert asyncio.get_running_loop().time() - started < 1


async def test_nobody_is_left_waiting_for_a_fault_nobody_thought_of(home: Home) -> None:
    of, recorder = await held(home, await home.grant()), Recorder(home.house)
    twice = use(home, of)
    assert await recorder.record(twice)
    both = asyncio.gather(recorder.record(twice), recorder.record(use(home, of)), return_exceptions=True)
    repeated, other = await asyncio.wait_for(both, 5)
    assert isinstance(repeated, sqlite3.IntegrityError) and other is True
