"""What happens by itself: sessions and grants end at their time, providers are told, kept answers and old tickets are swept out.

One round a second; each part is safe to run on several processes at once and after any crash.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

from core import outbox, revocation, sealed, sessions, workspaces
from core.clock import MINUTE_MS
from core.errors import ValetkeyError
from core.house import House
from core.idempotency import Kept
from core.model import ConnectSession, Fault, Grant
from core.store import Tx

log = logging.getLogger("valetkey.housekeeping")

ROUND_S = 1.0
SWEEP_ROUNDS = 30
CONFIRMING_MS = 2 * MINUTE_MS


async def run(house: House, stop: asyncio.Event) -> None:
    """Until `stop` is set. An error of one part is logged and the next round tries again."""
    count = 0
    while not stop.is_set():
        parts: list[Callable[[House], Awaitable[Any]]] = [outbox.run_due, end_sessions, end_grants]
        if count % SWEEP_ROUNDS == 0:
            parts += [sweep, workspaces.note_key_use]
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
    await workspaces.note_key_use(house)


async def end_sessions(house: House) -> int:
    """Open sessions past their time have expired; one whose confirmation died half-way has failed."""
    now = house.now_ms()
    overdue = await house.store.all("sessions_overdue", ConnectSession, now=now)
    for session in overdue:
        if session.confirming_at is None:
            await sessions.end(house, session, "expired", Fault("expired", "Nobody finished it in time."))
        elif session.confirming_at <= now - CONFIRMING_MS:
            fault = Fault("interrupted", "The service stopped while it was being confirmed.")
            await sessions.end(house, session, "failed", fault)
    return len(overdue)


async def end_grants(house: House) -> int:
    """Grants past their time end like revoked ones: their tokens are dead at the provider too."""
    overdue = await house.store.all("grants_overdue", Grant, now=house.now_ms())
    rows = [await revocation.expire(house, grant) for grant in overdue]
    await revocation.tell(house, [row for row in rows if row])
    return len(overdue)


async def sweep(house: House) -> None:
    """Tickets, browser sessions and kept answers whose time is over."""
    now = house.now_ms()
    answers = await house.store.all("idempotency_overdue", Kept, now=now)

    async def job(tx: Tx) -> None:
        await tx.run("tickets_purge", now=now)
        await tx.run("browser_sessions_purge", now=now)
        for kept in answers:
            await sealed.destroy(tx, kept.workspace, kept.call, "answer")
            await tx.run("idempotency_delete", workspace=kept.workspace, call=kept.call)

    await house.write(job)
