"""Closing months: the part of the audit trail that is over becomes signed segments (`core/segments.py`).

Everything since the last segment is walked and compared with the signed head first: a chain that does not hold gets no
signature of a month. One walk a month; a service that was off for a year closes what it missed in one go.
"""

from __future__ import annotations

from core import audit, segments
from core.audit import Broken, Head
from core.clock import HOUR_MS
from core.errors import ValetkeyError
from core.house import House
from core.model import AuditEvent
from core.months import month_of
from core.segments import GENESIS, Segment
from core.store import Tx

GRACE_MS = HOUR_MS  # the clocks of several machines may differ
CHUNK_ROWS = 200  # 2 ms of work at a time: the service answers meanwhile


class TrailBroken(ValetkeyError):
    """The trail was changed from outside: nothing of it is signed, and nothing deleted, until somebody has looked."""

    code = "not_ready"
    status = 503
    title = "The audit trail was changed from outside"

    @classmethod
    def at(cls, position: int, what: str) -> TrailBroken:
        return cls(
            f"At event {position}: {what}. Keep a copy of the database, and run: valetkey audit verify"
        )


async def close(house: House, workspace: str) -> list[Segment]:
    """Sign the months that are over and are not signed yet; those that were. Raises TrailBroken, AuditTampered."""
    known = await segments.of(house.store, workspace)
    head = await audit.signed_head(house.store, house.vault.ring, workspace)
    if head is None:
        return []
    if fault := segments.fault(house.vault.ring, known, head.count):
        raise TrailBroken.at(fault.position, fault.what)
    if not await is_due(house, workspace, known):
        return []
    try:
        found = await _over(house, workspace, known[-1] if known else None, head)
    except Broken as broken:
        raise TrailBroken.at(broken.position, broken.what) from None
    return await house.write(lambda tx: _keep(tx, workspace, known, found))


def _current(house: House) -> str:
    """The month that is not over yet."""
    return month_of(house.now_ms() - GRACE_MS)


async def is_due(house: House, workspace: str, known: list[Segment]) -> bool:
    """Whether the open part, after the segments there are, begins in a month that is over."""
    after = known[-1].last_seq if known else 0
    found = await house.store.all("audit_from", AuditEvent, workspace=workspace, after=after, limit=1)
    return bool(found) and month_of(found[0].at) < _current(house)


async def _over(house: House, workspace: str, before: Segment | None, head: Head) -> list[Segment]:
    """The months that are over, walked and signed. Raises Broken also where the chain does not end in the head."""
    found: list[Segment] = []
    now, current = house.now_ms(), _current(house)
    digest, first = (before.hash, before.last_seq + 1) if before else (GENESIS, 1)
    month = before.month if before else ""
    hash_before, seq = digest, first - 1
    async for event in audit.walk(house.store, workspace, digest, first, head.count, CHUNK_ROWS):
        # A clock that was ahead must not keep months open until its time has come: such an event lies in the month around it.
        own = month_of(event.at) if event.at <= now else month
        if own > month and month < current:
            if seq >= first:
                found.append(_segment(workspace, first, seq, month, hash_before, digest, now))
                first, hash_before = seq + 1, digest
            month = own
        seq, digest = event.seq, event.hash
    if digest != head.hash:
        raise Broken(seq, f"event {seq} is not the one the head was signed for")
    if month < current and seq >= first:  # nothing happened since that month
        found.append(_segment(workspace, first, seq, month, hash_before, digest, now))
    return [segments.signed(house.vault.ring, one) for one in found]


def _segment(
    workspace: str, first: int, last: int, month: str, hash_before: bytes, digest: bytes, now: int
) -> Segment:
    return Segment(workspace, first, last, month, hash_before, digest, "closed", now)


async def _keep(tx: Tx, workspace: str, known: list[Segment], found: list[Segment]) -> list[Segment]:
    """Nothing when another process was faster."""
    newest = await segments.last(tx, workspace)
    if (newest.first_seq if newest else 0) != (known[-1].first_seq if known else 0):
        return []
    for segment in found:
        await segments.put(tx, segment)
    return found
