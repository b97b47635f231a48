"""Writing down that tools were called, many at a time.

A call is delivered only if its grant still was active and covered the tool in the transaction that writes its audit event; so
every call waits for such a transaction, and calls that wait together share one: each grant is looked at once, each chain is
lengthened once, and the disk is waited for once. Measured against a transaction's work for every call: docs/decisions.md.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress

import msgspec

from core import audit, idempotency
from core.grants import Held
from core.house import House
from core.model import Entry
from core.store import Tx

GATHER_S = (
    0.008  # a commit costs as much for one call as for ten, and every commit makes the readers read anew
)


class Use(msgspec.Struct, frozen=True):
    """A call that was answered. `entry` is written as it is when the result may be delivered; `answer` is kept under the call's
    idempotency key, where it has one."""

    held: Held
    entry: Entry
    answer: bytes | None = None


class Alive(msgspec.Struct, frozen=True):
    """What an active grant covers at this moment: it may have been narrowed while the provider was answering."""

    tools: tuple[str, ...]


def deliverable(grant: Alive | None, tool: str) -> bool:
    """Whether a result of `tool` may be handed out under a grant as it is now; None where it has ended."""
    return grant is not None and tool in grant.tools


class Recorder:
    """`record` returns whether the result may be delivered, after the event is durable."""

    def __init__(self, house: House) -> None:
        self._house = house
        self._waiting: list[tuple[Use, asyncio.Future[bool]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._under_way = 0
        self._all_here = asyncio.Event()

    def expect(self) -> None:
        """A call begins that will probably be recorded: while others are under way, it is worth waiting a moment for them."""
        self._under_way += 1

    def expect_no_more(self) -> None:
        """The call is over, recorded or not."""
        self._under_way -= 1

    async def record(self, use: Use) -> bool:
        outcome: asyncio.Future[bool] = asyncio.get_running_loop().create_future()
        self._waiting.append((use, outcome))
        if len(self._waiting) >= self._under_way:
            self._all_here.set()
        if self._flushing is None or self._flushing.done():
            self._flushing = self._house.in_background(self._flush())
        return await outcome

    async def _flush(self) -> None:
        while self._waiting:
            if len(self._waiting) < self._under_way:
                await self._gathered()
            batch, self._waiting = self._waiting, []
            try:
                results: Sequence[bool | BaseException] = await self._write([use for use, _ in batch])
            except Exception:
                # One call's fault (a tampered chain, a bug) must not fail the others, nor leave anybody waiting.
                alone = (self._write([use]) for use, _ in batch)
                results = [
                    one if isinstance(one, BaseException) else one[0]
                    for one in await asyncio.gather(*alone, return_exceptions=True)
                ]
            for (_, outcome), result in zip(batch, results, strict=True):
                if outcome.done():
                    continue
                if isinstance(result, BaseException):
                    outcome.set_exception(result)
                else:
                    outcome.set_result(result)

    async def _gathered(self) -> None:
        self._all_here.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(GATHER_S):
                await self._all_here.wait()

    async def _write(self, uses: Sequence[Use]) -> list[bool]:
        began = time.perf_counter()
        delivered = await self._house.write(lambda tx: _record(tx, self._house, uses))
        self._house.observer.calls_recorded(len(uses), time.perf_counter() - began)
        return delivered


async def _record(tx: Tx, house: House, uses: Sequence[Use]) -> list[bool]:
    now = house.now_ms()
    counts = Counter(use.held.id for use in uses)
    allowed = {
        grant_id: await tx.one("grant_used", Alive, id=grant_id, count=count, now=now)
        for grant_id, count in counts.items()
    }
    told = []
    chains: dict[str, list[Entry]] = {}
    for use in uses:
        delivered = deliverable(allowed[use.held.id], use.entry.tool or "")
        told.append(delivered)
        entry = use.entry
        if not delivered:
            entry = msgspec.structs.replace(entry, action="tool.refused", outcome="withheld")
        chains.setdefault(use.held.workspace, []).append(entry)
        if delivered and use.answer is not None:
            await idempotency.keep(tx, house, use.held, use.entry.call or "", use.answer)
    for entries in chains.values():
        await audit.append(tx, house.vault.ring, now, *entries)
    return told
