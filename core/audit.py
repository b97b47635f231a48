"""The audit trail: one hash chain per workspace, its head authenticated with a key of the ring.

`hash(n) = SHA-256(hash(n-1) || canonical event n)`, the first over 32 zero bytes. The head (count, hash) carries an HMAC-SHA256
under a key of the ring and is written in the same transaction as the events, so that a changed, missing, reordered or cut-off
event is found with its position. An older copy of the whole database cannot be told from inside: keep checkpoints
(`GET /v1/audit/checkpoint`) elsewhere.

An entry tells who did what to which grant, and counts and kinds, never values that were read or written.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import AsyncIterator, Sequence

import msgspec

from core.clock import rfc3339
from core.errors import InvalidCursor, ValetkeyError
from core.model import AuditEvent, Entry
from core.store import Reader, Tx
from core.vault import KeyRing

GENESIS = bytes(32)
CHUNK_ROWS = 1_000
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


async def verify(store: Reader, ring: KeyRing, workspace: str) -> Verdict:
    """Walk the whole chain with constant memory. Stops at the first event that does not fit."""
    digest, seq = GENESIS, 0
    # The head first: events appended while we walk lie behind it and are left for the next run.
    head = await store.one("audit_head", Head, workspace=workspace)
    if head is None:
        found = await store.all("audit_from", AuditEvent, workspace=workspace, after=0, limit=1)
        what = "the head of the chain is missing" if found else "no events yet"
        return Verdict(workspace, not found, 0, found[0].seq if found else None, what)
    if not _authentic(ring, workspace, head):
        return Verdict(
            workspace, False, head.count, head.count, "the head of the chain does not carry our signature"
        )
    while seq < head.count:
        chunk = await store.all("audit_from", AuditEvent, workspace=workspace, after=seq, limit=CHUNK_ROWS)
        for event in chunk:
            if event.seq != seq + 1:
                return Verdict(workspace, False, head.count, seq + 1, f"event {seq + 1} is missing")
            digest, seq = chain(digest, event), event.seq
            if digest != event.hash:
                return Verdict(workspace, False, head.count, seq, f"event {seq} was changed")
            if seq == head.count:
                break
        if not chunk:
            return Verdict(workspace, False, head.count, seq + 1, f"the chain was cut after event {seq}")
    if digest != head.hash:
        return Verdict(
            workspace, False, head.count, seq, f"event {seq} is not the one the head was signed for"
        )
    return Verdict(workspace, True, head.count, None, "unbroken")


async def check_head(store: Reader, ring: KeyRing, workspace: str) -> Verdict:
    """Whether the head carries our signature and the last event is the one it was signed for; nothing before that is read."""
    head = await store.one("audit_head", Head, workspace=workspace)
    if head is None or not _authentic(ring, workspace, head):
        return await verify(store, ring, workspace)
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
        raise InvalidCursor("There is no event with this id in the workspace. Start again without it.")
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
