"""The whole service in a thread of this process, on a real socket, with its house in reach: its clock can be moved and
its store read. For tests of pages; tests of the installed command use the harness's `Service`."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Sequence
from pathlib import Path
from typing import Any, TypeVar

from core import registry, startup, workspaces
from core.house import House
from core.http import Outbound
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault
from tests.harness.ports import free_port
from tests.harness.tenant import Workspace
from web.app import create_app
from web.demo.northwind import serving
from web.traces import Tracer
from web.watching import Watch

R = TypeVar("R")


class RunningValetkey:
    """Started by the constructor, ended by `close()`; `run()` awaits something in the service's own loop.

    `connectors_path`: folders of connectors besides the built-in ones. `tracer`: where its spans go.
    """

    def __init__(
        self, folder: Path, connectors_path: Sequence[str] = (), tracer: Tracer | None = None
    ) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._folder, self._connectors_path, self._tracer = folder, connectors_path, tracer
        self._ready = threading.Event()
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="valetkey", daemon=True)
        self._thread.start()
        assert self._ready.wait(20), "the service did not start"
        if self._failure:
            raise self._failure

    def close(self) -> None:
        self._loop.call_soon_threadsafe(self._stop.set)
        self._thread.join(10)
        assert not self._thread.is_alive(), "the service did not end"

    def run(self, work: Awaitable[R]) -> R:
        async def awaited() -> R:
            return await work

        return asyncio.run_coroutine_threadsafe(awaited(), self._loop).result(20)

    def workspace(self, name: str = "Acme") -> Workspace:
        made, key = self.run(workspaces.create(self.house, name))
        return Workspace(self.url, made.id, key.reveal())

    def later(self, ms: int) -> None:
        """Move the service's clock forward."""
        self.house.clock.offset_ms += ms

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as failure:
            self._failure = failure
            self._ready.set()

    async def _serve(self) -> None:
        self._loop, self._stop = asyncio.get_running_loop(), asyncio.Event()
        if not (self._folder / "keyring.json").exists():
            KeyRing.init(self._folder / "keyring.json")
        self.house = House(
            store=SqliteStore.open(str(self._folder / "valetkey.db")),
            vault=Vault(KeyRing.load(self._folder / "keyring.json")),
            outbound=Outbound(development=True),
            registry=registry.load(self._connectors_path, development=True),
            public_url=self.url,
            development=True,
        )
        await startup.prepare(self.house)
        app: Any = create_app(self.house, Watch(self.house.registry, tracer=self._tracer))
        async with serving(app, port=self.port):
            self._ready.set()
            await self._stop.wait()
