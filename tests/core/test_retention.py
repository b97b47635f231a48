"""Months are closed under signature and pruned by the rule; what is left verifies, whatever was in between."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from core import audit, closing, retention, segments
from core.audit import AuditTampered
from core.clock import parse_rfc3339
from core.closing import TrailBroken
from core.errors import InvalidBody
from core.model import Entry
from core.segments import Segment
from tests.core.home import Home


async def write(home: Home, count: int) -> None:
    entries = [Entry(home.admin, "note.written", detail={"number": number}) for number in range(count)]
    await home.house.write(lambda tx: home.house.log(tx, *entries))


def go_to(home: Home, when: str) -> None:
    home.house.clock.offset_ms += parse_rfc3339(when) - home.now


async def fill(home: Home, *months: str, each: int = 5) -> None:
    """Events in each of these months, and the clock left in the last."""
    for month in months:
        go_to(home, f"{month}-15T12:00:00Z")
        await write(home, each)


async def keep(home: Home) -> retention.Done:
    done = await retention.keep(home.house, home.workspace.id)
    assert done is not None
    return done


async def known(home: Home) -> list[Segment]:
    return await segments.of(home.house.store, home.workspace.id)


async def verdict(home: Home) -> audit.Verdict:
    return await audit.verify(home.house.store, home.house.vault.ring, home.workspace.id)


async def rule(home: Home, months: int | None) -> None:
    await retention.put_rule(home.house, home.admin, months)


MONTHS = ("2031-01", "2031-02", "2031-04", "2031-05")


async def prunable(home: Home, months: int = 1) -> None:
    """January, February and April are over; of these the rule lets January and February go, with 1."""
    await fill(home, *MONTHS)
    await keep(home)
    await rule(home, months)


# ---- closing ------------------------------------------------------------------------------------------------------


async def test_months_that_are_over_are_signed_and_follow_each_other_without_a_gap(home: Home) -> None:
    await fill(home, *MONTHS)
    done = await keep(home)
    found = await known(home)
    before = found[0].month  # what was furnished, at the present day
    assert done.closed == len(found) == 4 and [one.month for one in found] == [before, *MONTHS[:3]]
    events = await home.events()
    seq, digest = 0, segments.GENESIS
    for one in found:
        assert (one.first_seq, one.hash_before, one.state) == (seq + 1, digest, "closed")
        seq, digest = one.last_seq, events[one.last_seq - 1].hash
        assert one.hash == digest and segments.authentic(home.house.vault.ring, one)
    assert [events[one.last_seq].detail["number"] for one in found] == [0, 0, 0, 0]
    assert (await keep(home)).closed == 0 and (await verdict(home)).what == "unbroken"


async def test_a_month_is_closed_an_hour_after_its_end_and_not_before(home: Home) -> None:
    await fill(home, "2031-01")
    await keep(home)
    go_to(home, "2031-02-01T00:59:59Z")
    await write(home, 1)
    assert (await keep(home)).closed == 0
    go_to(home, "2031-02-01T01:00:00Z")
    assert (await keep(home)).closed == 1
    go_to(home, "2031-09-01T00:00:00Z")
    assert (await keep(home)).closed == 1  # February, after which nothing happened
    assert [one.month for one in await known(home)][1:] == ["2031-01", "2031-02"]


async def test_a_clock_that_was_wrong_for_a_while_neither_stops_the_closing_nor_breaks_the_chain(
    home: Home,
) -> None:
    await fill(home, "2031-01", "2039-01", "2031-01", "1999-01", "2031-02", "2031-03")
    await keep(home)
    assert [one.month for one in await known(home)][1:] == ["2031-01", "2031-02"]
    assert (await known(home))[1].count == 20 and (await verdict(home)).ok


@pytest.mark.parametrize("seq", [2, -2])
async def test_a_chain_that_does_not_hold_is_not_signed(home: Home, seq: int) -> None:
    await fill(home, "2031-01", "2031-02")
    count = len(await home.events())
    await home.execute("UPDATE audit_events SET outcome = 'x' WHERE seq = :it", it=seq % count)
    with pytest.raises(TrailBroken, match=f"event {seq % count}"):
        await keep(home)
    assert await known(home) == []


async def test_a_chain_computed_anew_is_not_signed(home: Home) -> None:
    """It holds by itself; only its end is not the one of the head."""
    await fill(home, "2031-01", "2031-02")
    await home.execute("UPDATE audit_events SET outcome = 'x' WHERE seq = 2")
    await recompute(home)
    with pytest.raises(TrailBroken, match="signed for"):
        await keep(home)
    assert await known(home) == []


async def recompute(home: Home) -> None:
    digest = segments.GENESIS
    for event in await home.events():
        digest = audit.chain(digest, event)
        await home.execute(
            "UPDATE audit_events SET hash = :hash WHERE seq = :seq", hash=digest, seq=event.seq
        )


async def test_two_that_close_at_once_sign_each_month_once(home: Home) -> None:
    await fill(home, *MONTHS)
    done = await asyncio.gather(*(closing.close(home.house, home.workspace.id) for _ in range(3)))
    assert sorted(len(one) for one in done) == [0, 0, 4] and len(await known(home)) == 4


async def test_only_one_process_is_at_a_trail_and_a_dead_ones_turn_runs_out(home: Home) -> None:
    await prunable(home)
    turn = {"workspace": home.workspace.id, "until": home.now + retention.TURN_MS, "now": home.now}
    assert await home.house.write(lambda tx: tx.run("audit_turn_take", **turn))
    assert await retention.keep(home.house, home.workspace.id) is None
    home.later(retention.TURN_MS)
    assert (await keep(home)).pruned == 3


# ---- the rule -----------------------------------------------------------------------------------------------------


async def test_without_a_rule_nothing_is_pruned(home: Home) -> None:
    await fill(home, *MONTHS)
    assert (await keep(home)).deleted == 0 and len(await home.events()) > 20


async def test_the_rule_is_kept_told_in_the_trail_and_bounded(home: Home) -> None:
    await rule(home, 12)
    kept = await retention.rule_of(home.house.store, home.house.vault.ring, home.workspace.id)
    [event] = await home.events(action="audit.retention_changed")
    assert kept is not None and (kept.months, kept.seq) == (12, event.seq)
    assert event.detail == {"months": 12} and event.actor_id == "the-admin"
    await rule(home, None)
    assert await retention.rule_of(home.house.store, home.house.vault.ring, home.workspace.id) is None
    assert [one.detail["months"] for one in await home.events(action="audit.retention_changed")] == [12, None]
    for months in (0, -1, 1_201):
        with pytest.raises(InvalidBody):
            await rule(home, months)


@pytest.mark.parametrize("change", ["months = 1", "mac = zeroblob(32)", "key_id = 'k_1'", "seq = 9999"])
async def test_a_rule_that_was_changed_from_outside_prunes_nothing(home: Home, change: str) -> None:
    await prunable(home, months=24)
    await home.execute(f"UPDATE audit_retention SET {change}")
    count = len(await home.events())
    with pytest.raises(AuditTampered, match="retention"):
        await keep(home)
    assert len(await home.events()) == count


async def test_an_older_rule_put_back_prunes_nothing(home: Home) -> None:
    """Its signature is good; the trail knows of a later one."""
    await prunable(home, months=1)
    [old] = await home.rows("SELECT * FROM audit_retention")
    await rule(home, None)
    columns = ", ".join(f":{name}" for name in old)
    await home.execute(f"INSERT INTO audit_retention VALUES ({columns})", **old)
    with pytest.raises(TrailBroken, match="put back"):
        await keep(home)
    assert len(await home.events()) > 20


# ---- pruning ------------------------------------------------------------------------------------------------------


async def test_whole_months_go_by_the_rule_are_told_and_the_rest_verifies(home: Home) -> None:
    await prunable(home)
    before = await home.events()
    gone = [one for one in await known(home) if one.month < "2031-04"]
    done = await keep(home)
    assert (done.pruned, done.deleted) == (3, gone[-1].last_seq)
    left = await home.events()
    assert left[: len(before) - done.deleted] == before[done.deleted :]
    told = await home.events(action="audit.pruned")
    assert [one.detail["month"] for one in told] == [one.month for one in gone]
    assert [one.detail["count"] for one in told] == [one.count for one in gone]
    found = await verdict(home)
    assert found.ok and found.what == f"unbroken; events 1 to {done.deleted} were pruned and are signed for"
    assert [one.state for one in await known(home)] == ["pruned", "pruned", "pruned", "closed"]
    assert (await keep(home)) == retention.Done()
    assert (await audit.check_head(home.house.store, home.house.vault.ring, home.workspace.id)).ok


@pytest.mark.parametrize(("months", "left"), [(1, "2031-04"), (2, "2031-04"), (3, "2031-02"), (4, "2031-01")])
async def test_every_event_is_kept_for_the_months_of_the_rule(home: Home, months: int, left: str) -> None:
    await prunable(home, months)
    await keep(home)
    [oldest] = [one for one in await known(home) if one.state == "closed"][:1]
    assert oldest.month == left


async def test_a_trail_in_which_nothing_happened_since_still_verifies(home: Home) -> None:
    await prunable(home)
    go_to(home, "2033-01-01T00:00:00Z")
    await keep(home)
    await write(home, 1)
    assert (await verdict(home)).ok and {one.state for one in await known(home)} == {"pruned"}
    assert (await home.events())[0].action == "audit.pruned"
    assert (await audit.check_head(home.house.store, home.house.vault.ring, home.workspace.id)).ok


async def test_pruning_is_done_in_batches_beside_which_others_write(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 3)
    await fill(home, "2031-01", each=60)
    await fill(home, "2031-03")
    await rule(home, 1)
    pruning = asyncio.create_task(keep(home))
    written = 0
    while not pruning.done():
        await write(home, 1)
        written += 1
    assert (await pruning).deleted > 60 and written > 10 and (await verdict(home)).ok


async def test_a_month_with_changed_events_is_evidence_and_stays(home: Home) -> None:
    await prunable(home)
    await home.execute("UPDATE audit_events SET outcome = 'x' WHERE seq = 2")
    count = len(await home.events())
    with pytest.raises(TrailBroken, match="event 2"):
        await keep(home)
    assert len(await home.events()) == count


async def test_one_workspaces_broken_trail_holds_up_no_other(
    home: Home, caplog: pytest.LogCaptureFixture
) -> None:
    await prunable(home)
    first = home.workspace.id
    await home.furnish("Other Inc")
    await fill(home, "2031-06", "2031-09")
    await rule(home, 1)
    await home.execute("UPDATE audit_events SET outcome = 'x' WHERE workspace = :it AND seq = 2", it=first)
    with caplog.at_level(logging.WARNING, "valetkey.retention"):
        await retention.keep_all(home.house)
    assert [one.state for one in await known(home)] == ["pruned", "pruned"]
    assert first in caplog.text and "event 2" in caplog.text


async def test_a_round_with_nothing_to_do_writes_nothing(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    await prunable(home)
    await keep(home)
    monkeypatch.setattr(home.house, "write", None)
    await retention.keep_all(home.house)


async def test_rounds_go_on_after_an_error(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "FIRST_ROUND_S", 0.0)
    monkeypatch.setattr(retention, "ROUND_S", 0.01)
    rounds = 0
    third = asyncio.Event()

    async def failing(_: Any) -> None:
        nonlocal rounds
        rounds += 1
        if rounds == 3:
            third.set()
        raise RuntimeError("a bug")

    monkeypatch.setattr(retention, "keep_all", failing)
    running = asyncio.create_task(retention.run(home.house))
    await asyncio.wait_for(third.wait(), 5)
    running.cancel()


# ---- crashes ------------------------------------------------------------------------------------------------------


class Crash(BaseException):
    pass


@pytest.mark.parametrize("after", range(1, 12))
async def test_a_crash_after_any_transaction_leaves_a_trail_that_verifies_and_the_next_round_ends_it(
    home: Home, monkeypatch: pytest.MonkeyPatch, after: int
) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 3)
    await fill(home, *MONTHS)
    await rule(home, 2)
    write, left = home.house.store.write, after

    async def dying(job: Any) -> Any:
        nonlocal left
        if left == 0:
            raise Crash
        left -= 1
        return await write(job)

    monkeypatch.setattr(home.house.store, "write", dying)
    with pytest.raises(Crash):
        await keep(home)
    monkeypatch.setattr(home.house.store, "write", write)
    found = await verdict(home)
    assert found.ok, found
    home.later(retention.TURN_MS)
    await keep(home)
    assert (await verdict(home)).ok and len(await known(home)) == 4
    assert [one.detail["month"] for one in await home.events(action="audit.pruned")] == [
        one.month for one in await known(home) if one.state == "pruned"
    ]
    assert [one.state for one in await known(home)].count("pruned") == 3


async def test_a_walk_during_the_pruning_finds_nothing_wrong(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH_ROWS", 2)
    monkeypatch.setattr(audit, "CHUNK_ROWS", 3)
    await fill(home, *MONTHS, each=20)
    await rule(home, 1)
    pruning = asyncio.create_task(keep(home))
    looked = 0
    while not pruning.done():
        found = await verdict(home)
        assert found.ok, found
        looked += 1
    assert (await pruning).pruned == 3 and looked > 2


async def test_a_walk_that_began_before_the_months_changed_looks_again(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It knew January as closed, and finds it pruned; what is really missing is missing in the second look too."""
    await prunable(home)
    stale, fresh = await known(home), segments.of
    await keep(home)
    first = True

    async def late(reader: Any, workspace: str) -> list[Segment]:
        nonlocal first
        before, first = first, False
        return stale if before else await fresh(reader, workspace)

    monkeypatch.setattr(segments, "of", late)
    assert (await verdict(home)).ok and not first
    first = True
    april = stale[-1].first_seq
    await home.execute("DELETE FROM audit_events WHERE seq = :it", it=april)
    found = await verdict(home)
    assert (found.ok, found.position) == (False, april)


async def test_a_month_that_cannot_be_begun_holds_up_the_later_ones(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Pruned is what lies before some event, never a month in between."""
    await prunable(home)
    begin, calls = retention._begin, 0

    async def not_the_first(*given: Any) -> Segment | None:
        nonlocal calls
        calls += 1
        return None if calls == 1 else await begin(*given)

    monkeypatch.setattr(retention, "_begin", not_the_first)
    assert (await keep(home)).deleted == 0 and calls == 1
    assert (await keep(home)).pruned == 3


# ---- what is done from outside ------------------------------------------------------------------------------------

FORGED = {
    "a month said to be pruned": ("UPDATE audit_segments SET state = 'pruned' WHERE month = '2031-04'", "04"),
    "a month said to be under way": ("UPDATE audit_segments SET state = 'pruning' WHERE month = '2031-04'", "04"),
    "another hash": ("UPDATE audit_segments SET hash = zeroblob(32) WHERE month = '2031-04'", "04"),
    "another hash of a pruned one": ("UPDATE audit_segments SET hash = zeroblob(32) WHERE month = '2031-02'", "02"),
    "a shorter one": ("UPDATE audit_segments SET last_seq = last_seq - 1 WHERE month = '2031-01'", "01"),
    "another name": ("UPDATE audit_segments SET month = '2031-03' WHERE month = '2031-04'", "03"),
    "another key": ("UPDATE audit_segments SET key_id = 'k_1' WHERE month = '2031-04'", "04"),
    "another workspace's": ("UPDATE audit_segments SET workspace = 'ws_x' WHERE month = '2031-02'", "02"),
    "one taken out": ("DELETE FROM audit_segments WHERE month = '2031-01'", "01"),
    "the first one taken out": ("DELETE FROM audit_segments WHERE first_seq = 1", "first"),
}  # fmt: skip


@pytest.mark.parametrize("name", FORGED)
async def test_a_forged_row_is_found_with_its_position(home: Home, name: str) -> None:
    await prunable(home)
    await keep(home)
    sql, month = FORGED[name]
    at = {one.month[-2:]: one.first_seq for one in (await known(home))[1:]} | {"first": 1}
    at["03"] = at["04"]
    await home.execute(sql)
    for found in (
        await verdict(home),
        await audit.check_head(home.house.store, home.house.vault.ring, home.workspace.id),
    ):
        assert (found.ok, found.position) == (False, at[month]), found


async def test_events_of_a_closed_month_deleted_from_outside_are_missed(home: Home) -> None:
    await prunable(home)
    await keep(home)
    april = (await known(home))[-1]
    await home.execute(
        "DELETE FROM audit_events WHERE seq >= :first AND seq <= :last",
        first=april.first_seq,
        last=april.last_seq,
    )
    found = await verdict(home)
    assert (found.ok, found.position) == (False, april.first_seq)


async def test_a_hole_in_a_half_pruned_month_is_no_pruning(home: Home) -> None:
    await prunable(home)
    first = (await known(home))[0]
    begun = await retention._begin(home.house, first)
    assert begun is not None and begun.state == "pruning" and (await verdict(home)).ok
    await home.execute("DELETE FROM audit_events WHERE seq = 2")
    found = await verdict(home)
    assert (found.ok, found.position) == (False, 2)


async def test_a_changed_event_in_what_is_left_of_a_half_pruned_month_is_found(home: Home) -> None:
    await prunable(home)
    first = (await known(home))[0]
    await retention._begin(home.house, first)
    await home.execute("DELETE FROM audit_events WHERE seq = :it", it=first.last_seq)
    assert (await verdict(home)).ok
    await home.execute("UPDATE audit_events SET outcome = 'x' WHERE seq = 2")
    found = await verdict(home)
    assert (found.ok, found.position) == (False, 2)


async def test_an_event_put_into_a_pruned_month_is_found(home: Home) -> None:
    await prunable(home)
    [event] = await home.rows("SELECT * FROM audit_events WHERE seq = 2")
    await keep(home)
    columns = ", ".join(f":{name}" for name in event)
    await home.execute(f"INSERT INTO audit_events VALUES ({columns})", **event)
    found = await verdict(home)
    assert (found.ok, found.position) == (False, 2)


async def test_a_cut_tail_with_an_older_head_put_back_is_found_by_the_month_that_is_longer(
    home: Home,
) -> None:
    await fill(home, "2031-01")
    [head] = await home.rows("SELECT * FROM audit_heads")
    await fill(home, "2031-02", "2031-04")
    await keep(home)
    await home.execute("DELETE FROM audit_events WHERE seq > :it", it=head["count"])
    await home.execute("UPDATE audit_heads SET count = :count, hash = :hash, mac = :mac", **{
        name: head[name] for name in ("count", "hash", "mac")
    })  # fmt: skip
    store, ring = home.house.store, home.house.vault.ring
    for found in (await verdict(home), await audit.check_head(store, ring, home.workspace.id)):
        assert (found.ok, found.position) == (False, head["count"] + 1)


async def test_a_signature_of_another_ring_is_none(home: Home) -> None:
    await prunable(home)
    await keep(home)
    rows = await known(home)
    for name, other in (("hash", rows[0].hash), ("last_seq", rows[0].last_seq)):
        forged = segments.signed(type(home.house.vault.ring).generate(), rows[1])
        await home.execute(
            f"UPDATE audit_segments SET {name} = :it, mac = :mac WHERE first_seq = :first",
            it=other, mac=forged.mac, first=rows[1].first_seq,
        )  # fmt: skip
        found = await verdict(home)
        assert (found.ok, found.position) == (False, rows[1].first_seq)
