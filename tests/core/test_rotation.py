"""Keys change while the service runs: nothing becomes unreadable, and no key is retired that something needs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from core import audit, retention, rotation, sealed, segments
from core.errors import KeyRingError, VaultError
from core.model import Actor, Entry
from core.sealed import Row
from core.segments import Segment
from core.store.sqlite import SqliteStore
from core.vault import Aad, KeyRing, Vault

ADMIN = Actor("admin", "key_1", "ws_1")


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    one = SqliteStore.open(str(tmp_path / "vk.db"))
    await one.migrate()
    yield one
    await one.close()


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    path = tmp_path / "ring.json"
    KeyRing.init(path)
    return path


def aad(owner: int, version: int = 1) -> Aad:
    return Aad("ws_1", f"gr_{owner:04}", "credential", version)


async def fill(store: SqliteStore, vault: Vault, count: int, version: int = 1) -> None:
    async def job(tx) -> None:
        for owner in range(count):
            await sealed.put(tx, vault, aad(owner, version), f"token {owner} {version}".encode(), 0)

    await store.write(job)


async def read(store: SqliteStore, vault: Vault, owner: int) -> bytes | None:
    return await sealed.fetch(store, vault, "ws_1", f"gr_{owner:04}", "credential")


async def test_everything_moves_and_the_old_key_can_go(store: SqliteStore, ring: Path) -> None:
    old = Vault(KeyRing.load(ring))
    await fill(store, old, 450)
    await store.write(lambda tx: audit.append(tx, old.ring, 0, Entry(ADMIN, "grant.created")))
    vault, steps = Vault(KeyRing.add(ring)), []
    result = await rotation.rewrap(store, vault, steps.append)
    assert (result.moved, result.unopened) == (451, ()) and sum(steps) == 451 and len(steps) > 2
    assert await rotation.uses(store) == {vault.ring.first_id: 451}
    after = Vault(await rotation.retire(store, str(ring), old.ring.ids[-1]))
    assert await read(store, after, 449) == b"token 449 1"
    assert (await audit.verify(store, after.ring, "ws_1")).ok
    await store.write(lambda tx: audit.append(tx, after.ring, 0, Entry(ADMIN, "grant.revoked")))


async def test_a_key_that_something_needs_is_not_retired(store: SqliteStore, ring: Path) -> None:
    old = Vault(KeyRing.load(ring))
    await store.write(lambda tx: audit.append(tx, old.ring, 0, Entry(ADMIN, "grant.created")))
    KeyRing.add(ring)
    with pytest.raises(KeyRingError, match="1 values in the database still need"):
        await rotation.retire(store, str(ring), old.ring.ids[-1])
    assert len(KeyRing.load(ring).ids) == 2


async def test_an_interrupted_run_goes_on(store: SqliteStore, ring: Path) -> None:
    await fill(store, Vault(KeyRing.load(ring)), 450)
    vault = Vault(KeyRing.add(ring))

    def interrupt(moved: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        await rotation.rewrap(store, vault, interrupt)
    assert (await rotation.uses(store))[vault.ring.first_id] == rotation.BATCH_ROWS
    assert (await rotation.rewrap(store, vault)).moved == 450 - rotation.BATCH_ROWS
    assert (await rotation.rewrap(store, vault)).moved == 0


async def test_a_service_that_writes_meanwhile_loses_nothing(store: SqliteStore, ring: Path) -> None:
    """The service holds the ring from before the change, and a connection of its own."""
    service = Vault(KeyRing.load(ring))
    await fill(store, service, 300)
    other = SqliteStore.open(store.path)
    done = asyncio.Event()

    async def serve() -> int:
        version = 1
        while not done.is_set():
            version += 1
            await fill(other, service, 300, version)
            assert await read(other, service, 7) == f"token 7 {version}".encode()
        return version

    serving = asyncio.create_task(serve())
    await asyncio.sleep(0.05)
    vault = Vault(KeyRing.add(ring))
    result = await rotation.rewrap(store, vault)
    done.set()
    version = await serving
    await other.close()
    assert version > 2 and result.unopened == ()
    after = Vault(await rotation.retire(store, str(ring), vault.ring.ids[-1]))
    for owner in range(300):
        assert await read(store, after, owner) == f"token {owner} {version}".encode()


@pytest.mark.parametrize("version", [1, 2])
async def test_a_value_that_changed_meanwhile_is_left_alone(
    store: SqliteStore, ring: Path, version: int
) -> None:
    vault = Vault(KeyRing.load(ring))
    await fill(store, vault, 1)
    [stale] = await store.all("secrets_not_under", Row, key_id="", after="", after_kind="", limit=9)
    await fill(store, vault, 1, version)
    fresh = [(stale, vault.rewrap(stale.sealed, stale.aad))]
    assert await store.write(lambda tx: rotation._exchange(tx, fresh=fresh)) == 0
    assert await read(store, vault, 0) == f"token 0 {version}".encode()


async def test_what_the_ring_does_not_open_is_named_and_left(
    store: SqliteStore, ring: Path, tmp_path: Path
) -> None:
    vault = Vault(KeyRing.load(ring))
    await fill(store, vault, 3)
    foreign = KeyRing.generate()
    await store.write(lambda tx: sealed.put(tx, Vault(foreign), aad(1), b"x", 0))
    await store.write(lambda tx: audit.append(tx, foreign, 0, Entry(ADMIN, "grant.created")))
    after = Vault(KeyRing.add(ring))
    result = await rotation.rewrap(store, after)
    assert result.moved == 2 and set(result.unopened) == {"gr_0001 credential", "ws_1 audit"}
    assert (await rotation.uses(store))[foreign.first_id] == 2
    with pytest.raises(VaultError):
        await read(store, after, 1)


async def test_a_changed_audit_head_is_not_signed_again(store: SqliteStore, ring: Path) -> None:
    old = KeyRing.load(ring)
    await store.write(lambda tx: audit.append(tx, old, 0, Entry(ADMIN, "grant.created")))
    [head] = await store.all("audit_head", audit.Head, workspace="ws_1")
    forged = msgspec.structs.asdict(head) | {"count": 0, "hash": audit.GENESIS}
    await store.write(lambda tx: tx.run("audit_head_put", workspace="ws_1", **forged))
    result = await rotation.rewrap(store, Vault(KeyRing.add(ring)))
    assert result.unopened == ("ws_1 audit",)
    assert not (await audit.verify(store, KeyRing.load(ring), "ws_1")).ok


async def keep_months(store: SqliteStore, ring: KeyRing, count: int) -> list[Segment]:
    """Signed months of one event each, and a rule."""
    digest, made = segments.GENESIS, []
    for number in range(1, count + 1):
        month = Segment("ws_1", number, number, "2026-01", digest, bytes([number % 256]) * 32, "pruned", 0, 0)
        made.append(segments.signed(ring, month))
        digest = month.hash

    async def job(tx) -> None:
        for one in made:
            await segments.put(tx, one)
        await retention._put(tx, retention._signed(ring, retention.Rule("ws_1", 12, 1)))

    await store.write(job)
    return made


async def test_signed_months_and_the_retention_move_too(store: SqliteStore, ring: Path) -> None:
    old = KeyRing.load(ring).first_id
    count = rotation.BATCH_ROWS + 5
    await keep_months(store, KeyRing.load(ring), count)
    added = KeyRing.add(ring)
    with pytest.raises(KeyRingError, match=f"{count + 1} values"):
        await rotation.retire(store, str(ring), old)
    result = await rotation.rewrap(store, Vault(added))
    assert (result.moved, result.unopened) == (count + 1, ())
    after = await rotation.retire(store, str(ring), old)
    assert segments.fault(after, await segments.of(store, "ws_1"), count) is None
    assert (await retention.rule_of(store, after, "ws_1") or retention.Rule("", 0, 0)).months == 12


async def test_a_forged_month_or_retention_is_named_and_not_signed(store: SqliteStore, ring: Path) -> None:
    await keep_months(store, KeyRing.load(ring), 3)
    await store.query("UPDATE audit_segments SET state = 'closed' WHERE first_seq = 2 RETURNING 1", int, {})
    await store.query("UPDATE audit_retention SET months = 1 RETURNING 1", int, {})
    after = KeyRing.add(ring)
    result = await rotation.rewrap(store, Vault(after))
    assert result.moved == 2 and result.unopened == ("ws_1 audit retention", "ws_1 audit 2026-01")
    found = segments.fault(after, await segments.of(store, "ws_1"), 3)
    assert found is not None and found.position == 2
