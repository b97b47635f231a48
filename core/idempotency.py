"""Idempotent tool calls: the same key gives the same answer for 24 hours, and never a second write.

A key is taken before the provider is asked. The kept answer is sealed with the grant's data key and goes with the grant.
A key whose call may or may not have happened (no answer came, the process died) is not run again: the caller is told.
"""

from __future__ import annotations

import hashlib
from typing import Any, Literal

import msgspec

from core import sealed
from core.clock import DAY_MS, MINUTE_MS
from core.errors import Conflict, IdempotencyConflict, InvalidBody
from core.grants import Held
from core.house import House
from core.store import Tx
from core.vault import Aad

KEPT_MS = DAY_MS
RUNNING_MS = MINUTE_MS  # no call takes longer (core/calls.py)
MAX_KEY_CHARS = 200


class Kept(msgspec.Struct, frozen=True):
    workspace: str
    assistant: str
    user: str
    key: str
    request_hash: bytes
    state: Literal["started", "done", "unknown"]
    call: str
    grant: str | None
    expires_at: int


def request_hash(tool: str, arguments: dict[str, Any], account: str | None) -> bytes:
    text = msgspec.json.encode([tool, arguments, account], order="sorted")
    return hashlib.sha256(text).digest()


def check_key(key: str) -> None:
    if not 1 <= len(key) <= MAX_KEY_CHARS or not key.isprintable():
        message = f"must be 1 to {MAX_KEY_CHARS} printable characters"
        raise InvalidBody(
            "The idempotency key is not usable.", errors=[{"path": "/idempotency_key", "message": message}]
        )


async def begin(house: House, held: Held, key: str, digest: bytes, call: str) -> bytes | None:
    """Take the key for this call: None when it is ours, the kept answer when the call was made before.

    Raises IdempotencyConflict (other arguments), Conflict (still running, or its outcome is not known).
    """
    owner = {"workspace": held.workspace, "assistant": held.assistant, "user": held.user, "key": key}

    async def job(tx: Tx) -> Kept | None:
        now = house.now_ms()
        found = await tx.one("idempotency_get", Kept, **owner)
        if found and found.expires_at <= now:
            await tx.run("idempotency_delete", workspace=found.workspace, call=found.call)
            await sealed.destroy(tx, found.workspace, found.call, "answer")
            found = None
        if found is None:
            await tx.run(
                "idempotency_insert",
                **owner,
                request_hash=digest,
                call=call,
                grant=held.id,
                expires_at=now + KEPT_MS,
            )
        return found

    found = await house.write(job)
    return None if found is None else await _answer(house, found, digest)


async def _answer(house: House, found: Kept, digest: bytes) -> bytes:
    # After that its process died, or could not write.
    running = house.now_ms() < found.expires_at - KEPT_MS + RUNNING_MS
    if found.request_hash != digest:
        raise IdempotencyConflict(
            "This key belongs to a call with another tool or other arguments. Use a new key."
        )
    if found.state == "started" and running:
        raise Conflict(
            "A call with this key is still running. Ask again in a moment.", call=found.call, retry_after=2
        )
    kept = None
    if found.state == "done":
        kept = await sealed.fetch(house.store, house.vault, found.workspace, found.call, "answer")
    if kept is None:
        raise Conflict(
            "A call with this key was made, but its outcome is not known. Look at the provider before you use a new key.",
            call=found.call,
        )
    return kept


async def keep(tx: Tx, house: House, held: Held, call: str, answer: bytes) -> None:
    """In the transaction that records the call: the answer, sealed with the grant's data key."""
    aad = Aad(held.workspace, call, "answer", 1)
    row = await tx.one("secret_get", sealed.Row, workspace=held.workspace, owner=held.id, kind="credential")
    if row is not None:
        body = house.vault.reseal(row.sealed, row.aad, answer, aad)
        await sealed.put_sealed(tx, body, aad, house.now_ms())
    await tx.run("idempotency_state", workspace=held.workspace, call=call, state="done")


async def forget(tx: Tx, held: Held, call: str, *, happened: bool) -> None:
    """The call failed. `happened` False: nothing was done at the provider, the key may be used again."""
    if happened:
        await tx.run("idempotency_state", workspace=held.workspace, call=call, state="unknown")
    else:
        await tx.run("idempotency_delete", workspace=held.workspace, call=call)
