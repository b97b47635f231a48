"""The trail is a chain: what is changed, cut, moved or taken out from outside is found with its position."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import Any

import pytest

from core import audit
from core.audit import AuditTampered, Search
from core.clock import parse_rfc3339
from core.errors import InvalidCursor
from core.model import Actor, Entry
from core.store import Tx
from core.vault import KeyRing
from tests.core.home import Home


async def write(home: Home, count: int, **fields: Any) -> None:
    for number in range(count):
        entry = Entry(home.admin, "note.written", detail={"number": number}, **fields)
        await home.house.write(lambda tx, entry=entry: home.house.log(tx, entry))


async def verdict(home: Home) -> audit.Verdict:
    return await audit.verify(home.house.store, home.house.vault.ring, home.workspace.id)


async def test_an_untouched_chain_is_unbroken(home: Home) -> None:
    await write(home, 5)
    found = await verdict(home)
    assert (found.ok, found.count, found.position, found.what) == (
        True, len(await home.events()), None, "unbroken",
    )  # fmt: skip


async def test_events_are_numbered_from_one_and_each_hash_follows_the_one_before(home: Home) -> None:
    await write(home, 3)
    digest = audit.GENESIS
    for number, event in enumerate(await home.events(), 1):
        digest = audit.chain(digest, event)
        assert (event.seq, event.hash) == (number, digest)


CHANGES = [
    "action = 'grant.created'", "outcome = 'denied'", "actor_id = 'somebody'", "actor_type = 'user'", "at = at + 1",
    "\"user\" = 'mallory'", "\"grant\" = 'gr_other'", "detail = '{}'", "tool = 'acme.add_item'", "id = 'evt_other'",
    "hash = zeroblob(32)",
]  # fmt: skip


@pytest.mark.parametrize("change", CHANGES)
async def test_a_changed_event_is_found_with_its_position(home: Home, change: str) -> None:
    await write(home, 6)
    await home.execute(f"UPDATE audit_events SET {change} WHERE seq = 5")
    found = await verdict(home)
    assert (found.ok, found.position) == (False, 5) and "5" in found.what


@pytest.mark.parametrize("seq", [1, 4])
async def test_a_missing_event_is_found_with_its_position(home: Home, seq: int) -> None:
    await write(home, 6)
    await home.execute("DELETE FROM audit_events WHERE seq = :seq", seq=seq)
    found = await verdict(home)
    assert (found.ok, found.position) == (False, seq)


async def test_exchanged_events_are_found_with_the_first_position(home: Home) -> None:
    await write(home, 6)
    for old, new in ((5, 1005), (6, 5), (1005, 6)):
        await home.execute("UPDATE audit_events SET seq = :new WHERE seq = :old", old=old, new=new)
    found = await verdict(home)
    assert (found.ok, found.position) == (False, 5)


async def test_a_cut_tail_is_found(home: Home) -> None:
    await write(home, 6)
    last = (await home.events())[-1].seq
    await home.execute("DELETE FROM audit_events WHERE seq > :seq", seq=last - 2)
    found = await verdict(home)
    assert (found.ok, found.position) == (False, last - 1) and "cut" in found.what


async def test_a_cut_tail_with_the_head_put_back_is_found(home: Home) -> None:
    """Somebody who can write the head cannot sign it."""
    await write(home, 6)
    events = await home.events()
    await home.execute("DELETE FROM audit_events WHERE seq = :seq", seq=events[-1].seq)
    await home.execute(
        "UPDATE audit_heads SET count = :count, hash = :hash", count=events[-2].seq, hash=events[-2].hash
    )
    found = await verdict(home)
    assert not found.ok and "signature" in found.what


async def test_a_chain_computed_anew_after_a_change_is_found(home: Home) -> None:
    """Hashes anybody can compute; the signature of the head nobody without the ring."""
    await write(home, 3)
    await home.execute("UPDATE audit_events SET outcome = 'denied' WHERE seq = 2")
    digest = audit.GENESIS
    for event in await home.events():
        digest = audit.chain(digest, event)
        await home.execute(
            "UPDATE audit_events SET hash = :hash WHERE seq = :seq", hash=digest, seq=event.seq
        )
    await home.execute("UPDATE audit_heads SET hash = :hash", hash=digest)
    found = await verdict(home)
    assert not found.ok and "signature" in found.what


async def test_a_last_event_written_anew_with_its_hash_is_found(home: Home) -> None:
    """It fits the chain; only the signed head knows better."""
    await write(home, 3)
    await home.execute(
        "UPDATE audit_events SET outcome = 'denied' WHERE seq = (SELECT max(seq) FROM audit_events)"
    )
    *_, before, last = await home.events()
    digest = audit.chain(before.hash, last)
    await home.execute("UPDATE audit_events SET hash = :hash WHERE seq = :seq", hash=digest, seq=last.seq)
    found = await verdict(home)
    assert (found.ok, found.position) == (False, last.seq) and "signed for" in found.what


async def test_a_head_that_was_taken_away_is_found(home: Home) -> None:
    await home.execute("DELETE FROM audit_heads")
    found = await verdict(home)
    assert (found.ok, found.position) == (False, 1) and "head" in found.what


@pytest.mark.parametrize(
    "change", ["count = count - 1", "hash = zeroblob(32)", "mac = zeroblob(32)", "key_id = 'k_1'"]
)
async def test_nothing_is_appended_to_a_head_that_was_changed(home: Home, change: str) -> None:
    before = len(await home.events())
    await home.execute(f"UPDATE audit_heads SET {change}")
    with pytest.raises(AuditTampered) as refused:
        await write(home, 1)
    assert refused.value.status == 503 and len(await home.events()) == before


async def test_what_is_refused_for_the_trail_is_not_done_either(home: Home) -> None:
    await home.execute("UPDATE audit_heads SET count = 1")
    with pytest.raises(AuditTampered):
        await home.policy(max_grant_days=1)
    assert await home.rows("SELECT policy_version FROM workspaces") == [{"policy_version": 1}]


async def test_concurrent_appends_leave_neither_gap_nor_double(home: Home) -> None:
    await asyncio.gather(*(write(home, 4) for _ in range(25)))
    seqs = [event.seq for event in await home.events()]
    assert seqs == list(range(1, len(seqs) + 1)) and len(seqs) >= 100
    assert (await verdict(home)).ok


async def test_each_workspace_has_a_chain_of_its_own(home: Home) -> None:
    first = home.workspace.id
    await home.furnish("Other Inc")
    await home.execute("UPDATE audit_events SET outcome = 'x' WHERE workspace = :it AND seq = 1", it=first)
    assert (await verdict(home)).ok
    other = await audit.verify(home.house.store, home.house.vault.ring, first)
    assert (other.ok, other.position) == (False, 1)


async def test_another_ring_does_not_accept_the_head(home: Home) -> None:
    assert not (await audit.verify(home.house.store, KeyRing.generate(), home.workspace.id)).ok


async def test_a_head_already_under_the_first_key_is_not_signed_again(home: Home) -> None:
    ring = home.house.vault.ring
    assert not await home.house.write(partial(audit.resign, ring=ring, workspace=home.workspace.id))
    assert not await home.house.write(partial(audit.resign, ring=ring, workspace="ws_nothing"))


async def test_the_search_goes_both_ways_and_narrows(home: Home) -> None:
    await write(home, 3, user="u7")
    found = await home.events(user="u7")
    assert [event.detail["number"] for event in found] == [0, 1, 2]
    assert await home.events(user="u7", newest_first=True) == found[::-1]
    assert await home.events(user="u7", after=found[0].id) == found[1:]
    assert await home.events(user="u7", before=found[2].id) == found[:2]
    assert await home.events(user="u7", outcome="denied") == []
    assert len(await audit.search(home.house.store, home.workspace.id, Search(user="u7"), 2)) == 2
    with pytest.raises(InvalidCursor):
        await home.events(after="evt_nothing")


async def test_the_export_is_everything_in_order(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(audit, "CHUNK_ROWS", 2)
    await write(home, 5)
    chunks = [list(chunk) async for chunk in audit.export(home.house.store, home.workspace.id)]
    assert [event for chunk in chunks for event in chunk] == await home.events() and len(chunks) > 2
    assert (await verdict(home)).ok  # in chunks too


async def test_a_checkpoint_is_the_head_and_can_be_compared_later(home: Home) -> None:
    ring, store = home.house.vault.ring, home.house.store
    await write(home, 2)
    kept = await audit.checkpoint(store, ring, home.workspace.id, home.now)
    last = (await home.events())[-1]
    assert (kept.count, kept.hash, kept.key_id) == (last.seq, last.hash.hex(), ring.first_id)
    assert parse_rfc3339(kept.at) == home.now
    await write(home, 2)
    assert (await home.events())[kept.count - 1].hash.hex() == kept.hash
    empty = await audit.checkpoint(store, ring, "ws_empty", home.now)
    assert (empty.count, empty.hash) == (0, "00" * 32)


async def test_an_entry_is_kept_or_not_together_with_what_it_tells(home: Home) -> None:
    before = len(await home.events())

    async def job(tx: Tx) -> None:
        await home.house.log(tx, Entry(Actor("system", "x", home.workspace.id), "half.done"))
        raise RuntimeError("after the entry")

    with pytest.raises(RuntimeError):
        await home.house.write(job)
    assert len(await home.events()) == before and (await verdict(home)).ok
