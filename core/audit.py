"""The audit trail: one hash chain per workspace, its head authenticated with a key of the ring.

`hash(n) = SHA-256(hash(n-1) || canonical event n)`, the first over 32 zero bytes. The head (count, hash) carries an HMAC-SHA256
under a key of the ring and is written in the same transaction as the events, so that a changed, missing, reordered or cut-off
event is found with its position. Months that are over are signed too, and may be pruned (`core/segments.py`): the chain then
begins with what their rows vouch for. An older copy of the whole database cannot be told from inside: keep checkpoints
(`GET /v1/audit/checkpoint`) elsewhere.

An entry tells who did what to which grant, and counts and kinds, never values that were read or written.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence

import msgspec

from core import segments
from core.clock import rfc3339
from core.errors import InvalidCursor, Missing, ValetkeyError
from core.model import AuditEvent, Entry
from core.segments import GENESIS, Segment
from core.store import Reader, Tx
from core.vault import KeyRing

CHUNK_ROWS = 1_000
LOOKS = 20  # how often a chain that seems broken is looked at again while its months change
_SORTED = msgspec.json.Encoder(order="sorted")


class AuditTampered(ValetkeyError):
    """The head of the chain does not carry our signature: nothing is appended to it until somebody has looked."""

    code = "not_ready"
    status = 503
    title = "The audit trail was changed from outside"


class Head(msgspec.Struct, frozen=True):
    count: int
    hash: bytes
    key_id: str
    mac: bytes


class Verdict(msgspec.Struct, frozen=True):
    """`position` is the sequence number of the first event that does not fit (None when all is well)."""

    workspace: str
    ok: bool
    count: int
    position: int | None
    what: str


def _mac(ring: KeyRing, key_id: str, workspace: str, count: int, digest: bytes) -> bytes:
    message = _SORTED.encode(["valetkey audit head", workspace, count, digest.hex()])
    return hmac.digest(ring.mac_key(key_id), message, "sha256")


def chain(before: bytes, event: AuditEvent) -> bytes:
    """The hash of an event that follows `before`; `event.hash` is not part of it."""
    *fields, _ = msgspec.structs.astuple(event)  # the hash stands last
    return hashlib.sha256(before + _SORTED.encode(fields)).digest()


async def append(tx: Tx, ring: KeyRing, now_ms: int, *entries: Entry) -> None:
    """Write entries of one workspace, in order, in the caller's transaction. Raises AuditTampered."""
    workspace = entries[0].actor.workspace
    head = await tx.one("audit_head", Head, workspace=workspace)
    if head is not None and not _authentic(ring, workspace, head):
        raise AuditTampered(
            "Run `valetkey audit verify` and compare with your last checkpoint before going on."
        )
    count, digest = (head.count, head.hash) if head else (0, GENESIS)
    rows = []
    for entry in entries:
        count += 1
        event = _event(entry, count, now_ms)
        digest = chain(digest, event)
        rows.append({**msgspec.structs.asdict(event), "hash": digest})
    await tx.run_many("audit_insert", rows)
    key_id = ring.first_id
    await tx.run(
        "audit_head_put",
        workspace=workspace,
        count=count,
        hash=digest,
        key_id=key_id,
        mac=_mac(ring, key_id, workspace, count, digest),
    )


async def resign(tx: Tx, ring: KeyRing, workspace: str) -> bool:
    """Authenticate the head with the first key of the ring; False when it is so already. Raises AuditTampered."""
    head = await tx.one("audit_head", Head, workspace=workspace)
    key_id = ring.first_id
    if head is None or head.key_id == key_id:
        return False
    if not _authentic(ring, workspace, head):
        raise AuditTampered("Run `valetkey audit verify` before going on.")
    mac = _mac(ring, key_id, workspace, head.count, head.hash)
    changed = {"count": head.count, "hash": head.hash, "key_id": key_id, "mac": mac}
    return bool(await tx.run("audit_head_put", workspace=workspace, **changed))


def _event(entry: Entry, seq: int, now_ms: int) -> AuditEvent:
    actor = entry.actor
    return AuditEvent(
        workspace=actor.workspace,
        seq=seq,
        id=entry.id,
        at=now_ms,
        actor_type=actor.type,
        actor_id=actor.id,
        action=entry.action,
        outcome=entry.outcome,
        assistant=entry.assistant or actor.assistant,
        user=entry.user or actor.user,
        connector=entry.connector,
        grant=entry.grant,
        call=entry.call,
        tool=entry.tool,
        detail=entry.detail,
        hash=b"",
    )


def _authentic(ring: KeyRing, workspace: str, head: Head) -> bool:
    try:
        expected = _mac(ring, head.key_id, workspace, head.count, head.hash)
    except ValetkeyError:
        return False
    return hmac.compare_digest(expected, head.mac)


class Broken(Exception):
    """The chain does not hold at `position`; `following`: the number of the event found there instead (None: none)."""

    def __init__(self, position: int, what: str, following: int | None = None) -> None:
        super().__init__(what)
        self.position, self.what, self.following = position, what, following


async def signed_head(reader: Reader, ring: KeyRing, workspace: str) -> Head | None:
    """None before the first event. Raises AuditTampered."""
    head = await reader.one("audit_head", Head, workspace=workspace)
    if head is not None and not _authentic(ring, workspace, head):
        raise AuditTampered("Run `valetkey audit verify` and compare with your last checkpoint.")
    return head


async def walk(
    reader: Reader, workspace: str, before: bytes, first: int, last: int, chunk_rows: int | None = None
) -> AsyncIterator[AuditEvent]:
    """The events `first` to `last`, which follow the hash `before`, in constant memory. What is yielded carries the right hash.

    Raises Broken at the first that is missing or was changed."""
    digest, seq = before, first - 1
    while seq < last:
        limit = min(chunk_rows or CHUNK_ROWS, last - seq)
        chunk = await reader.all("audit_from", AuditEvent, workspace=workspace, after=seq, limit=limit)
        if not chunk:
            raise Broken(seq + 1, f"the chain was cut after event {seq}")
        for event in chunk:
            if event.seq != seq + 1:
                raise Broken(seq + 1, f"event {seq + 1} is missing", event.seq)
            digest, seq = chain(digest, event), event.seq
            if digest != event.hash:
                raise Broken(seq, f"event {seq} was changed", seq)
            yield event


async def verify(store: Reader, ring: KeyRing, workspace: str) -> Verdict:
    """Walk the whole chain with constant memory, over pruned months by their signed rows. Stops at the first event that does not
    fit. Months that are closed or pruned meanwhile are looked at anew."""
    for _ in range(LOOKS):
        # Segments, then the head, then events: what was appended since lies behind the head, what was pruned since is in a
        # segment that changed.
        known = await segments.of(store, workspace)
        verdict = await _verdict(store, ring, workspace, known)
        if verdict.ok or known == await segments.of(store, workspace):
            break
    return verdict


async def _verdict(store: Reader, ring: KeyRing, workspace: str, known: list[Segment]) -> Verdict:
    head = await store.one("audit_head", Head, workspace=workspace)
    if head is None:
        return await _headless(store, workspace, known)
    if not _authentic(ring, workspace, head):
        what = "the head of the chain does not carry our signature"
        return Verdict(workspace, False, head.count, head.count, what)
    if fault := segments.fault(ring, known, head.count):
        return Verdict(workspace, False, head.count, fault.position, fault.what)
    seq, digest = 0, GENESIS
    try:
        for segment in known:
            await check_segment(store, segment)
            seq, digest = segment.last_seq, segment.hash
        async for event in walk(store, workspace, digest, seq + 1, head.count):
            seq, digest = event.seq, event.hash
    except Broken as broken:
        return Verdict(workspace, False, head.count, broken.position, broken.what)
    if digest != head.hash:
        what = f"event {seq} is not the one the head was signed for"
        return Verdict(workspace, False, head.count, seq, what)
    gone = max((one.last_seq for one in known if one.state != "closed"), default=0)
    what = f"unbroken; events 1 to {gone} were pruned and are signed for" if gone else "unbroken"
    return Verdict(workspace, True, head.count, None, what)


async def _headless(store: Reader, workspace: str, known: list[Segment]) -> Verdict:
    found = await store.all("audit_from", AuditEvent, workspace=workspace, after=0, limit=1)
    positions = [one.seq for one in found] + [one.first_seq for one in known]
    what = "the head of the chain is missing" if positions else "no events yet"
    return Verdict(workspace, not positions, 0, min(positions, default=None), what)


async def check_segment(reader: Reader, segment: Segment, chunk_rows: int | None = None) -> None:
    """Whether the events of a month whose row is authentic are those it was signed for, or gone as its state says.

    Raises Broken."""
    workspace, first, last = segment.workspace, segment.first_seq, segment.last_seq
    if segment.state == "pruned":
        left = await reader.one("audit_last_within", int, workspace=workspace, first=first, last=last)
        if left is not None:
            raise Broken(left, f"event {left} stands in the month {segment.month}, which was pruned")
        return
    digest = segment.hash_before
    try:
        async for event in walk(reader, workspace, segment.hash_before, first, last, chunk_rows):
            digest = event.hash
    except Broken as broken:
        # The newest are deleted first: what is left of the month is its beginning, and fits the chain.
        if segment.state == "pruning" and (broken.following is None or broken.following > last):
            return
        raise
    if digest != segment.hash:
        raise Broken(last, f"event {last} is not the one the month {segment.month} was signed for", last)


async def check_head(store: Reader, ring: KeyRing, workspace: str) -> Verdict:
    """Whether the head and the months carry our signature and the last event is the one the head was signed for; nothing before
    that is read."""
    known = await segments.of(store, workspace)
    head = await store.one("audit_head", Head, workspace=workspace)
    if head is None or not _authentic(ring, workspace, head):
        return await verify(store, ring, workspace)
    if fault := segments.fault(ring, known, head.count):
        return Verdict(workspace, False, head.count, fault.position, fault.what)
    last = await store.all("audit_from", AuditEvent, workspace=workspace, after=head.count - 1, limit=1)
    if not last or last[0].hash != head.hash:
        what = f"event {head.count} is not the one the head was signed for"
        return Verdict(workspace, False, head.count, head.count, what)
    return Verdict(workspace, True, head.count, None, "signed")


class Search(msgspec.Struct, frozen=True):
    """`after` and `before` are event ids; `newest_first` for pages, oldest first for programs that follow the trail."""

    actor: str | None = None
    action: str | None = None
    grant: str | None = None
    user: str | None = None
    assistant: str | None = None
    outcome: str | None = None
    after: str | None = None
    before: str | None = None
    newest_first: bool = False


_CONDITIONS = {
    "actor": "actor_id = :actor",
    "action": "action = :action",
    "grant": '"grant" = :grant',
    "user": '"user" = :user',
    "assistant": "assistant = :assistant",
    "outcome": "outcome = :outcome",
}


async def search(store: Reader, workspace: str, what: Search, limit: int) -> list[AuditEvent]:
    """At most `limit` events. Raises InvalidCursor when `after` or `before` is not an event of this workspace."""
    params: dict[str, object] = {"workspace": workspace, "limit": limit}
    conditions = ["workspace = :workspace"]
    for field, condition in _CONDITIONS.items():
        if (value := getattr(what, field)) is not None:
            conditions.append(condition)
            params[field] = value
    for field, sign in (("after", ">"), ("before", "<")):
        if (value := getattr(what, field)) is not None:
            conditions.append(f"seq {sign} :{field}")
            params[field] = await _seq(store, workspace, value)
    order = "DESC" if what.newest_first else "ASC"
    sql = f"SELECT * FROM audit_events WHERE {' AND '.join(conditions)} ORDER BY seq {order} LIMIT :limit"  # noqa: S608
    return await store.query(sql, AuditEvent, params)


async def _seq(store: Reader, workspace: str, event_id: str) -> int:
    event = await store.one("audit_by_id", AuditEvent, workspace=workspace, id=event_id)
    if event is None:
        raise InvalidCursor(
            "There is no event with this id in the workspace, or no longer. Start again without it."
        )
    return event.seq


async def export(store: Reader, workspace: str) -> AsyncIterator[Sequence[AuditEvent]]:
    """Every event, oldest first, in chunks of constant size."""
    seq = 0
    while chunk := await store.all(
        "audit_from", AuditEvent, workspace=workspace, after=seq, limit=CHUNK_ROWS
    ):
        yield chunk
        seq = chunk[-1].seq


class Checkpoint(msgspec.Struct, frozen=True):
    """The signed head, to be kept somewhere else: a later trail must contain it."""

    workspace: str
    count: int
    hash: str
    key_id: str
    mac: str
    at: str


async def checkpoint(store: Reader, ring: KeyRing, workspace: str, now_ms: int) -> Checkpoint:
    head = await store.one("audit_head", Head, workspace=workspace)
    if head is None:
        head = Head(0, GENESIS, ring.first_id, _mac(ring, ring.first_id, workspace, 0, GENESIS))
    return Checkpoint(workspace, head.count, head.hash.hex(), head.key_id, head.mac.hex(), rfc3339(now_ms))


async def verify_since(store: Reader, ring: KeyRing, kept: Checkpoint) -> Verdict:
    """Whether the trail holds, and still contains what a checkpoint of it tells of."""
    verdict = await verify(store, ring, kept.workspace)
    if not verdict.ok or kept.count == 0:
        return verdict
    if kept.count > verdict.count:
        what = f"the trail was cut: the checkpoint tells of event {kept.count}"
        return msgspec.structs.replace(verdict, ok=False, position=verdict.count + 1, what=what)
    found = await hash_at(store, kept.workspace, kept.count)
    if found is None:
        raise Missing(
            f"Event {kept.count} of the checkpoint was pruned. Compare with an export that holds it: "
            "valetkey audit verify --file FILE --checkpoint CHECKPOINT"
        )
    if found.hex() != kept.hash:
        what = f"event {kept.count} is not the one of the checkpoint"
        return msgspec.structs.replace(verdict, ok=False, position=kept.count, what=what)
    return msgspec.structs.replace(
        verdict, what=f"{verdict.what}; contains the checkpoint at event {kept.count}"
    )


async def hash_at(store: Reader, workspace: str, seq: int) -> bytes | None:
    """The hash of an event that is there, or of the last one of a month; None when it was pruned."""
    if seq == 0:
        return GENESIS
    found = await store.all("audit_from", AuditEvent, workspace=workspace, after=seq - 1, limit=1)
    if found and found[0].seq == seq:
        return found[0].hash
    known = await segments.of(store, workspace)
    return next((one.hash for one in known if one.last_seq == seq), None)
