"""The parts every flow needs, in one object that `web/app.py` puts together and hands down."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any, TypeVar

from core import audit
from core.callers import Callers
from core.clock import Clock
from core.http import Outbound
from core.model import Entry
from core.observing import SILENT, Observer
from core.registry import Registry
from core.store import Store, Tx
from core.vault import Vault

if TYPE_CHECKING:
    from core.recording import Recorder

R = TypeVar("R")


class House:
    def __init__(
        self,
        *,
        store: Store,
        vault: Vault,
        outbound: Outbound,
        registry: Registry,
        public_url: str,
        development: bool = False,
        clock: Clock | None = None,
    ) -> None:
        self.store = store
        self.vault = vault
        self.outbound = outbound
        self.registry = registry
        self.public_url = public_url.rstrip("/")
        self.development = development
        self.clock = clock or Clock()
        self.callers: Callers[Any] = Callers()  # who presented which key (core/workspaces.py)
        self.observer: Observer = SILENT
        self.keys_used: dict[str, int] = {}  # key id -> when, until the housekeeping writes it down

        self.refreshing: dict[
            str, asyncio.Task[Any]
        ] = {}  # grant id -> the one refresh under way in this process
        self.call_counts: dict[str, tuple[int, int]] = {}  # assistant id -> (minute, calls in it)
        self.recorder: Recorder | None = None  # made at the first call (core/recording.py)
        self.figures: dict[tuple[str, int], Any] = {}  # figures that were slow to count (core/overview.py)
        self._background: set[asyncio.Task[Any]] = set()

    def now_ms(self) -> int:
        return self.clock.now_ms()

    def watched_by(self, observer: Observer) -> None:
        """Tell `observer` from now on what is done (core/observing.py)."""
        self.observer = self.vault.observer = observer

    async def log(self, tx: Tx, *entries: Entry) -> None:
        """Add to the audit trail in the caller's transaction: what happened and its trace are kept together or not at all."""
        await audit.append(tx, self.vault.ring, self.now_ms(), *entries)

    async def write(self, job: Callable[[Tx], Awaitable[R]]) -> R:
        return await self.store.write(job)

    def in_background(self, work: Coroutine[Any, Any, R]) -> asyncio.Task[R]:
        """Start work that must be finished whoever stops waiting for it: a refresh under way, telling a provider."""
        task = asyncio.get_running_loop().create_task(work)
        self._background.add(task)
        task.add_done_callback(self._background.discard)
        return task

    async def close(self, patience_s: float = 30.0) -> None:
        """Let work under way come to its end, then close what is open."""
        if self._background:
            await asyncio.wait(set(self._background), timeout=patience_s)
        await self.outbound.close()
        await self.store.close()
