"""What happens by itself: sessions and grants end at their time, providers are told, kept answers and old tickets are swept out;
beside it, the months of the audit trail are closed and pruned (`core/retention.py`).

One round a second; each part is safe to run on several processes at once and after any crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from core import outbox, retention, revocation, sealed, sessions, workspaces
from core.audit import AuditTampered
from core.clock import DAY_MS, MINUTE_MS
from core.errors import ValetkeyError
from core.house import House
from core.idempotency import Kept
from core.model import ConnectSession, Fault, Grant, system
from core.store import Tx

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger("valetkey.housekeeping")

ROUND_S = 1.0
SWEEP_ROUNDS = 30
CONFIRMING_MS = 2 * MINUTE_MS
KEPT_SESSIONS_MS = 30 * DAY_MS
LEFT_BEHIND_MS = 10 * MINUTE_MS  # by then the request that removed it has ended its grants, or died


async def run(house: House, stop: asyncio.Event) -> None:
    """Until `stop` is set. An error of one part is logged and the next round tries again."""
    count = 0
    months = asyncio.create_task(retention.run(house))  # may take minutes: nothing else waits for it
    while not stop.is_set():
        parts: list[Callable[[House], Awaitable[Any]]] = [outbox.run_due, end_sessions, end_grants]
        if count % SWEEP_ROUNDS == 0:
            parts += [end_left_behind, sweep, workspaces.note_key_use]
        for part in parts:
            try:
                await part(house)
            except ValetkeyError as error:
                log.warning("%s: %s", part.__name__, error.code)
            except Exception:  # outermost boundary of a task that must go on
                log.exception("%s failed", part.__name__)
        count += 1
        try:
            await asyncio.wait_for(stop.wait(), ROUND_S)
        except TimeoutError:
            continue
    months.cancel()
    await asyncio.gather(months, return_exceptions=True)
    await workspaces.note_key_use(house)


async def end_sessions(house: House) -> int:
    """Open sessions past their time have expired; one whose confirmation died half-way has failed."""
    overdue = await house.store.all("sessions_overdue", ConnectSession, now=house.now_ms())
    await _end_each(house, overdue, _end_session)
    return len(overdue)


async def _end_session(house: House, session: ConnectSession) -> None:
    if session.confirming_at is None:
        await sessions.end(house, session, "expired", Fault("expired", "Nobody finished it in time."))
    elif session.confirming_at <= house.now_ms() - CONFIRMING_MS:
        fault = Fault("interrupted", "The service stopped while it was being confirmed.")
        await sessions.end(house, session, "failed", fault)


async def _end_each(
    house: House, found: Sequence[T], end: Callable[[House, T], Awaitable[R]]
) -> list[R | None]:
    """End them one by one; one that cannot be ended (its workspace's trail was tampered with) holds up no other."""

    async def one(item: T) -> R | None:
        try:
            return await end(house, item)
        except AuditTampered as error:
            log.warning("a workspace's grants and sessions cannot end: %s", error.detail)
            return None

    return [await one(item) for item in found]


async def end_grants(house: House) -> int:
    """Grants past their time end like revoked ones: their tokens are dead at the provider too."""
    overdue = await house.store.all("grants_overdue", Grant, now=house.now_ms())
    rows = await _end_each(house, overdue, revocation.expire)
    await revocation.tell(house, [row for row in rows if row])
    return len(overdue)


async def end_left_behind(house: House) -> int:
    """Grants whose assistant or connector was removed and that are still there: the process died before it had ended them all."""
    left = await house.store.all("grants_left_behind", Grant, before=house.now_ms() - LEFT_BEHIND_MS)
    rows = await _end_each(house, left, _end_left_behind)
    await revocation.tell(house, [row for row in rows if row])
    return len(left)


async def _end_left_behind(house: House, grant: Grant) -> str | None:
    actor = system(grant.workspace, "removal")
    return await revocation.end(
        house, actor, grant.id, "revoked", "Its assistant or its connector was removed."
    )


async def sweep(house: House) -> None:
    """Tickets, browser sessions and kept answers whose time is over; connect sessions that led nowhere, a month after. The audit
    trail keeps what happened."""
    now = house.now_ms()
    answers = await house.store.all("idempotency_overdue", Kept, now=now)

    async def job(tx: Tx) -> None:
        await tx.run("tickets_purge", now=now)
        await tx.run("browser_sessions_purge", now=now)
        await tx.run("sessions_purge", before=now - KEPT_SESSIONS_MS)
        for kept in answers:
            await sealed.destroy(tx, kept.workspace, kept.call, "answer")
            await tx.run("idempotency_delete", workspace=kept.workspace, call=kept.call)

    await house.write(job)
