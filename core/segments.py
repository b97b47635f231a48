"""The audit trail by month: which events a month that is over consists of, signed, so that they may be pruned one day.

A segment is a range of sequence numbers with the hash before its first event and the hash of its last. Segments follow each
other without a gap from event 1 on; what comes after the last one is the open part, which the signed head vouches for. A
segment's row stays for ever (one a month): of a pruned month the two hashes are what is left, and the chain goes on from there.

`closed` -> `pruning` (its events are being deleted, the newest first) -> `pruned`. The state is signed too: whoever can write to
the database cannot make missing events look like pruned ones. Months, not engine partitions: the same on every engine.

Limit: the rows of an older copy of the database carry good signatures; see the head's own limit in `core/audit.py`.
"""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from typing import Literal

import msgspec

from core.errors import ValetkeyError
from core.store import Reader, Tx
from core.vault import KeyRing

GENESIS = bytes(32)
State = Literal["closed", "pruning", "pruned"]


class Segment(msgspec.Struct, frozen=True):
    """`month` is a name: an event whose clock was wrong lies in the range where it was written."""

    workspace: str
    first_seq: int
    last_seq: int
    month: str
    hash_before: bytes
    hash: bytes
    state: State
    closed_at: int
    pruned_at: int | None = None
    key_id: str = ""
    mac: bytes = b""

    @property
    def count(self) -> int:
        return self.last_seq - self.first_seq + 1


class Fault(msgspec.Struct, frozen=True):
    """`position`: the first event about which the rows are wrong."""

    position: int
    what: str


def _mac(ring: KeyRing, key_id: str, segment: Segment) -> bytes:
    said = [
        value.hex() if isinstance(value, bytes) else value for value in msgspec.structs.astuple(segment)[:-2]
    ]
    return hmac.digest(ring.mac_key(key_id), msgspec.json.encode(["valetkey audit segment", *said]), "sha256")


def signed(ring: KeyRing, segment: Segment) -> Segment:
    """The segment as it is, under the first key."""
    key_id = ring.first_id
    return msgspec.structs.replace(segment, key_id=key_id, mac=_mac(ring, key_id, segment))


def authentic(ring: KeyRing, segment: Segment) -> bool:
    try:
        return hmac.compare_digest(_mac(ring, segment.key_id, segment), segment.mac)
    except ValetkeyError:  # a key that is not in the ring
        return False


def fault(ring: KeyRing, known: Sequence[Segment], count: int) -> Fault | None:
    """The first thing wrong with a workspace's rows, in order, whose head tells of `count` events; their events are not read."""
    seq, digest = 0, GENESIS
    for segment in known:
        if segment.first_seq != seq + 1:
            return Fault(seq + 1, f"the signed month that begins with event {seq + 1} is missing")
        if not authentic(ring, segment):
            return Fault(segment.first_seq, f"the month {segment.month[:20]} does not carry our signature")
        if segment.hash_before != digest:
            return Fault(segment.first_seq, f"the month {segment.month} does not follow the one before it")
        if segment.last_seq > count:
            return Fault(
                count + 1, f"the head ends with event {count}, a signed month with {segment.last_seq}"
            )
        seq, digest = segment.last_seq, segment.hash
    return None


async def of(reader: Reader, workspace: str) -> list[Segment]:
    """All of a workspace, the oldest first."""
    return await reader.all("audit_segments", Segment, workspace=workspace)


async def last(reader: Reader, workspace: str) -> Segment | None:
    return await reader.one("audit_segment_last", Segment, workspace=workspace)


async def put(tx: Tx, segment: Segment) -> None:
    """A new one, signed."""
    await tx.run("audit_segment_insert", **msgspec.structs.asdict(segment))


async def move(tx: Tx, ring: KeyRing, before: Segment, state: State, pruned_at: int | None = None) -> bool:
    """To the next state, signed; False when it is no longer as it was."""
    after = signed(ring, msgspec.structs.replace(before, state=state, pruned_at=pruned_at))
    return await _exchange(tx, before, after)


async def resign(tx: Tx, ring: KeyRing, segment: Segment) -> bool:
    """Under the first key; False when it changed meanwhile, or does not carry our signature."""
    if not authentic(ring, segment):
        return False
    return await _exchange(tx, segment, signed(ring, segment))


async def _exchange(tx: Tx, before: Segment, after: Segment) -> bool:
    changed = await tx.run(
        "audit_segment_update",
        workspace=before.workspace,
        first_seq=before.first_seq,
        old_mac=before.mac,
        state=after.state,
        pruned_at=after.pruned_at,
        key_id=after.key_id,
        mac=after.mac,
    )
    return changed == 1
