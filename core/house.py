"""The parts every flow needs, in one object that `web/app.py` puts together and hands down."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TypeVar

from core import audit
from core.clock import Clock
from core.http import Outbound
from core.model import Entry
from core.registry import Registry
from core.store import Store, Tx
from core.vault import Vault

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
        self.keys_used: dict[str, int] = {}  # key id -> when, until the housekeeping writes it down

    def now_ms(self) -> int:
        return self.clock.now_ms()

    async def log(self, tx: Tx, *entries: Entry) -> None:
        """Add to the audit trail in the caller's transaction: what happened and its trace are kept together or not at all."""
        await audit.append(tx, self.vault.ring, self.now_ms(), *entries)

    async def write(self, job: Callable[[Tx], Awaitable[R]]) -> R:
        return await self.store.write(job)
