"""How long a workspace keeps its audit events: a rule of whole months, and the pruning that follows it.

`months=N` keeps every event for at least N whole months: a month is pruned when N others lie between it and the present one.
Without a rule everything is kept. The rule is the operator's (`valetkey audit retention`), not the workspace's own: whom the
trail is about does not decide how long it lasts. It is signed, and it has to be the last one the trail tells of, so that
nobody who can only write to the database has the service delete for them.

Only closed months are pruned, the oldest first, each after its events were compared with its signature. Before the first event
goes, the trail says so (`audit.pruned`) and the month's row is `pruning`; events go newest first, in batches, so that what is
left of a half-pruned month still fits the chain. After a crash at any point the next round goes on.
"""

from __future__ import annotations

import asyncio
import hmac
import logging
import time

import msgspec

from core import audit, closing, segments
from core.audit import AuditTampered, Broken, Head
from core.clock import MINUTE_MS
from core.closing import TrailBroken
from core.errors import InvalidBody, ValetkeyError
from core.house import House
from core.model import Actor, Entry, system
from core.months import earlier, month_of
from core.segments import Segment
from core.store import Reader, Tx
from core.vault import KeyRing

log = logging.getLogger("valetkey.retention")

BATCH_ROWS = 100  # others wait for one of them at most; docs/decisions.md has the measurement
REST = 1.0  # after a batch, as long as it took: other writers get half of the disk at least
ROUND_S = 3600.0
FIRST_ROUND_S = 60.0
TURN_MS = 10 * MINUTE_MS
MAX_MONTHS = 1_200


class Rule(msgspec.Struct, frozen=True):
    """`seq`: the event of the trail that tells of it."""

    workspace: str
    months: int
    seq: int
    key_id: str = ""
    mac: bytes = b""


class Done(msgspec.Struct, frozen=True):
    """What a round did: months closed, months pruned to the end, events deleted."""

    closed: int = 0
    pruned: int = 0
    deleted: int = 0


# ---- the rule -----------------------------------------------------------------------------------------------------


def _mac(ring: KeyRing, key_id: str, rule: Rule) -> bytes:
    said = ["valetkey audit retention", rule.workspace, rule.months, rule.seq]
    return hmac.digest(ring.mac_key(key_id), msgspec.json.encode(said), "sha256")


def _signed(ring: KeyRing, rule: Rule) -> Rule:
    key_id = ring.first_id
    return msgspec.structs.replace(rule, key_id=key_id, mac=_mac(ring, key_id, rule))


def _authentic(ring: KeyRing, rule: Rule) -> bool:
    try:
        return hmac.compare_digest(_mac(ring, rule.key_id, rule), rule.mac)
    except ValetkeyError:  # a key that is not in the ring
        return False


async def rule_of(reader: Reader, ring: KeyRing, workspace: str) -> Rule | None:
    """None: everything is kept. Raises AuditTampered for one that does not carry our signature."""
    rule = await reader.one("audit_retention", Rule, workspace=workspace)
    if rule is not None and not _authentic(ring, rule):
        raise AuditTampered(
            "The retention of the audit trail was changed from outside; nothing is pruned. "
            "Set it again: valetkey audit retention"
        )
    return rule


async def months_kept(reader: Reader, workspace: str) -> int | None:
    """For a page to say; None: for ever. The signature is looked at where something is pruned."""
    rule = await reader.one("audit_retention", Rule, workspace=workspace)
    return None if rule is None else rule.months


async def put_rule(house: House, actor: Actor, months: int | None) -> None:
    """Keep events for so many whole months, None: for ever. Raises InvalidBody."""
    if months is not None and not 1 <= months <= MAX_MONTHS:
        message = f"must be 1 to {MAX_MONTHS}"
        raise InvalidBody("The retention was not changed.", errors=[{"path": "/months", "message": message}])

    async def job(tx: Tx) -> None:
        await house.log(tx, Entry(actor, "audit.retention_changed", detail={"months": months}))
        head = await tx.one("audit_head", Head, workspace=actor.workspace)
        assert head is not None  # the line above wrote it
        if months is None:
            await tx.run("audit_retention_delete", workspace=actor.workspace)
        else:
            await _put(tx, _signed(house.vault.ring, Rule(actor.workspace, months, head.count)))

    await house.write(job)


async def _put(tx: Tx, rule: Rule) -> None:
    await tx.run("audit_retention_put", **msgspec.structs.asdict(rule))


async def resign(tx: Tx, ring: KeyRing, workspace: str) -> bool:
    """Put the rule under the first key; False when there is none any more. Raises AuditTampered."""
    rule = await rule_of(tx, ring, workspace)
    if rule is not None:
        await _put(tx, _signed(ring, rule))
    return rule is not None


async def _in_force(house: House, workspace: str) -> Rule | None:
    """The rule, when it is the last one the trail tells of: an older row put back carries a good signature too."""
    rule = await rule_of(house.store, house.vault.ring, workspace)
    if rule is not None:
        later = await house.store.all("audit_retention_changes", int, workspace=workspace, seq=rule.seq)
        if later:
            raise TrailBroken.at(later[0], "the retention was changed here, and put back from outside")
    return rule


# ---- pruning ------------------------------------------------------------------------------------------------------


async def prune(house: House, workspace: str) -> tuple[int, int]:
    """Finish what was begun and prune what the rule lets go: months, events. Raises TrailBroken, AuditTampered."""
    months = events = 0
    for segment in await segments.of(house.store, workspace):
        if not segments.authentic(house.vault.ring, segment):
            raise TrailBroken.at(segment.first_seq, "the month does not carry our signature")
        begun: Segment | None = segment
        if segment.state == "closed":
            if not await _is_due(house, segment):
                break
            await _check(house, segment)
            begun = await _begin(house, segment)
        if begun is None:
            break
        if begun.state == "pruning":
            events += await _delete(house, begun)
            months += await _finish(house, begun)
    return months, events


async def _is_due(house: House, segment: Segment) -> bool:
    rule = await rule_of(house.store, house.vault.ring, segment.workspace)
    if not _lets_go(rule, segment, house.now_ms()):
        return False
    return await _in_force(house, segment.workspace) is not None


def _lets_go(rule: Rule | None, segment: Segment, now_ms: int) -> bool:
    return rule is not None and segment.month < earlier(month_of(now_ms), rule.months)


async def _check(house: House, segment: Segment) -> None:
    """Events that are not those that were signed are evidence, and stay."""
    try:
        await audit.check_segment(house.store, segment, closing.CHUNK_ROWS)
    except Broken as broken:
        raise TrailBroken.at(broken.position, broken.what) from None


async def _begin(house: House, segment: Segment) -> Segment | None:
    """The month as `pruning`, told in the trail; None when somebody else was faster, or the rule changed."""

    async def job(tx: Tx) -> Segment | None:
        rule = await rule_of(tx, house.vault.ring, segment.workspace)
        if not _lets_go(rule, segment, house.now_ms()):
            return None
        if not await segments.move(tx, house.vault.ring, segment, "pruning"):
            return None
        detail: dict[str, str | int | bool | list[str] | None] = {
            "month": segment.month,
            "count": segment.count,
            "first": segment.first_seq,
            "last": segment.last_seq,
            "hash": segment.hash.hex(),
        }
        await house.log(tx, Entry(system(segment.workspace, "retention"), "audit.pruned", detail=detail))
        return await _row(tx, segment)

    return await house.write(job)


async def _row(reader: Reader, segment: Segment) -> Segment | None:
    known = await segments.of(reader, segment.workspace)
    return next((one for one in known if one.first_seq == segment.first_seq), None)


async def _delete(house: House, segment: Segment) -> int:
    """The month's events, newest first, a batch a transaction."""
    deleted = 0
    while True:
        started = time.monotonic()
        gone = await house.write(lambda tx: _delete_batch(tx, house, segment))
        if not gone:
            return deleted
        deleted += gone
        await asyncio.sleep((time.monotonic() - started) * REST)


async def _delete_batch(tx: Tx, house: House, segment: Segment) -> int:
    where = {"workspace": segment.workspace}
    last = await tx.one("audit_last_within", int, **where, first=segment.first_seq, last=segment.last_seq)
    if last is None:
        return 0
    await tx.run("audit_turn_keep", **where, until=house.now_ms() + TURN_MS)
    first = max(segment.first_seq, last - BATCH_ROWS + 1)
    return await tx.run("audit_prune", **where, first=first, last=last)


async def _finish(house: House, segment: Segment) -> bool:
    async def job(tx: Tx) -> bool:
        now = await _row(tx, segment)  # its key may have been changed meanwhile
        if now is None or now.state != "pruning":
            return False
        return await segments.move(tx, house.vault.ring, now, "pruned", house.now_ms())

    return await house.write(job)


# ---- rounds -------------------------------------------------------------------------------------------------------


async def keep(house: House, workspace: str) -> Done | None:
    """Close and prune what is due; None when another process is at it. Raises TrailBroken, AuditTampered."""
    now = house.now_ms()
    turn = {"workspace": workspace, "until": now + TURN_MS, "now": now}
    if not await house.write(lambda tx: tx.run("audit_turn_take", **turn)):
        return None
    try:
        closed = await closing.close(house, workspace)
        months, events = await prune(house, workspace)
        return Done(len(closed), months, events)
    finally:
        await house.write(lambda tx: tx.run("audit_turn_keep", workspace=workspace, until=0))


async def _has_work(house: House, workspace: str) -> bool:
    """Looked at by every process every hour, so it writes nothing."""
    known = await segments.of(house.store, workspace)
    if await closing.is_due(house, workspace, known):
        return True
    oldest = next((one for one in known if one.state != "pruned"), None)
    if oldest is None or oldest.state == "pruning":
        return oldest is not None
    rule = await rule_of(house.store, house.vault.ring, workspace)
    return _lets_go(rule, oldest, house.now_ms())


async def keep_all(house: House) -> None:
    """Every workspace; one whose trail was tampered with holds up no other."""
    for workspace in await house.store.all("audit_trails", str):
        try:
            done = await keep(house, workspace) if await _has_work(house, workspace) else None
            if done and (done.closed or done.deleted):
                log.info("%s: %d months closed, %d events pruned", workspace, done.closed, done.deleted)
        except ValetkeyError as error:
            log.warning("%s: its months are neither closed nor pruned: %s", workspace, error.detail)


async def run(house: House) -> None:
    """A round now and then until the task is cancelled; whatever it was doing, the next one goes on."""
    await asyncio.sleep(FIRST_ROUND_S)
    while True:
        try:
            await keep_all(house)
        except ValetkeyError as error:
            log.warning("audit rounds: %s", error.code)
        except Exception:  # outermost boundary of a task that must go on
            log.exception("an audit round failed")
        await asyncio.sleep(ROUND_S)
