"""Key rotation: everything in the database onto the first key of the ring, while the service runs.

A value that changes while its new wrapping is being computed is left alone: whoever changed it sealed it with the first
key. Nothing is kept about how far this got, because what is left can be asked of the database: an interrupted run is
simply started again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from functools import partial

import msgspec

from core import audit, retention, segments
from core.errors import KeyRingError, VaultError
from core.sealed import Row
from core.segments import Segment
from core.store import Reader, Store, Tx
from core.vault import KeyRing, Sealed, Vault

BATCH_ROWS = 200


class KeyUse(msgspec.Struct, frozen=True):
    key_id: str
    count: int


class Rewrapped(msgspec.Struct, frozen=True):
    """`unopened`: owner and kind of what the ring does not open; it was left as it is."""

    moved: int
    unopened: tuple[str, ...]


async def uses(reader: Reader) -> Counter[str]:
    """How many sealed values, and signatures of the audit trail, need each key."""
    found: Counter[str] = Counter()
    for statement in (
        "secrets_by_key", "audit_heads_by_key", "audit_segments_by_key", "audit_retentions_by_key",
    ):  # fmt: skip
        for use in await reader.all(statement, KeyUse):
            found[use.key_id] += use.count
    return found


async def rewrap(store: Store, vault: Vault, told: Callable[[int], None] = lambda moved: None) -> Rewrapped:
    """Wrap every data key, and sign what is signed of the audit trail, with the first key. `told` hears how many a step moved."""
    first = vault.ring.first_id
    unopened: list[str] = []
    moved = await _resign(store, vault.ring, told, unopened)
    moved += await _resign_segments(store, vault.ring, told, unopened)
    after = after_kind = ""
    while rows := await store.all(
        "secrets_not_under", Row, key_id=first, after=after, after_kind=after_kind, limit=BATCH_ROWS
    ):
        after, after_kind = rows[-1].owner, rows[-1].kind
        fresh = _wrapped(vault, rows, unopened)
        step = await store.write(partial(_exchange, fresh=fresh))
        told(step)
        moved += step
    return Rewrapped(moved, tuple(unopened))


async def retire(store: Store, ring_path: str, key_id: str) -> KeyRing:
    """Take a key that nothing needs any more out of the ring. Raises KeyRingError when something does."""
    needed = (await uses(store))[key_id]
    if needed:
        raise KeyRingError(
            f"{needed} values in the database still need {key_id}. First run: valetkey keys rewrap"
        )
    return KeyRing.retire(ring_path, key_id)


class _Head(msgspec.Struct, frozen=True):
    workspace: str


async def _resign(store: Store, ring: KeyRing, told: Callable[[int], None], unopened: list[str]) -> int:
    moved = 0
    for statement, resign, what in (
        ("audit_heads_not_under", audit.resign, "audit"),
        ("audit_retentions_not_under", retention.resign, "audit retention"),
    ):
        for one in await store.all(statement, _Head, key_id=ring.first_id):
            try:
                done = await store.write(partial(resign, ring=ring, workspace=one.workspace))
            except audit.AuditTampered:
                unopened.append(f"{one.workspace} {what}")
                continue
            told(done)
            moved += done
    return moved


async def _resign_segments(
    store: Store, ring: KeyRing, told: Callable[[int], None], unopened: list[str]
) -> int:
    moved, after, after_seq = 0, "", 0
    while rows := await store.all(
        "audit_segments_not_under",
        Segment,
        key_id=ring.first_id,
        after=after,
        after_seq=after_seq,
        limit=BATCH_ROWS,
    ):
        after, after_seq = rows[-1].workspace, rows[-1].first_seq
        unopened += [
            f"{one.workspace} audit {one.month[:20]}" for one in rows if not segments.authentic(ring, one)
        ]
        step = await store.write(partial(_resign_each, ring=ring, rows=rows))
        told(step)
        moved += step
    return moved


async def _resign_each(tx: Tx, *, ring: KeyRing, rows: list[Segment]) -> int:
    return sum([await segments.resign(tx, ring, one) for one in rows])


def _wrapped(vault: Vault, rows: list[Row], unopened: list[str]) -> list[tuple[Row, Sealed]]:
    fresh = []
    for row in rows:
        try:
            fresh.append((row, vault.rewrap(row.sealed, row.aad)))
        except VaultError:
            unopened.append(f"{row.owner} {row.kind}")
    return fresh


async def _exchange(tx: Tx, *, fresh: list[tuple[Row, Sealed]]) -> int:
    return sum(
        [
            await tx.run(
                "secret_rewrap",
                owner=row.owner,
                kind=row.kind,
                version=row.version,
                old_wrapped_key=row.wrapped_key,
                key_id=sealed.key_id,
                wrapped_key=sealed.wrapped_key,
            )
            for row, sealed in fresh
        ]
    )
