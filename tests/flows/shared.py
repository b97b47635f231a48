"""The services the tests of this folder share: workspaces are made in this process, which takes milliseconds instead of the
second that a command takes.
"""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar

from core import audit, workspaces
from core.audit import Verdict
from core.house import House
from core.http import Outbound
from core.registry import Registry
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault
from tests.harness.oidc import CONNECTORS, OidcProvider
from tests.harness.service import Service
from tests.harness.sites import SITES_CONNECTOR
from tests.harness.tenant import Workspace
from tests.web.pages.running import RunningValetkey

R = TypeVar("R")
FOLDERS = (CONNECTORS, SITES_CONNECTOR, Path(__file__).resolve().parent / "more_connectors")


def environment(oidcp: OidcProvider) -> dict[str, str]:
    """What a service needs to know the connectors of the tests besides the built-in ones."""
    return {**oidcp.env, "VALETKEY_CONNECTORS_PATH": ":".join(map(str, FOLDERS))}


class SharedService(Service):
    """The real `valetkey serve`; `workspace()` as often as wanted, beside it."""

    def workspace(self, name: str = "Acme") -> Workspace:
        made, key = self.beside(lambda house: workspaces.create(house, name))
        return Workspace(self.url, made.id, key.reveal())

    def verdict(self, workspace: str) -> Verdict:
        """What `valetkey audit verify` would say of the workspace."""
        return self.beside(lambda house: audit.verify(house.store, house.vault.ring, workspace))

    def beside(self, work: Callable[[House], Awaitable[R]]) -> R:
        """In a thread of its own: Playwright keeps a loop running in this one."""
        with ThreadPoolExecutor(1) as pool:
            return pool.submit(asyncio.run, self._beside(work)).result()

    async def _beside(self, work: Callable[[House], Awaitable[R]]) -> R:
        """Do something with the same database as the running service, as the command line does."""
        house = House(
            store=SqliteStore.open(str(self.database)),
            vault=Vault(KeyRing.load(self.keyring)),
            outbound=Outbound(development=True),
            registry=Registry({}),
            public_url=self.url,
        )
        try:
            return await work(house)
        finally:
            await house.close()

    def execute(self, sql: str, *parameters: Any) -> None:
        """Change the database, for what only time or a fault would do."""
        with sqlite3.connect(self.database, timeout=20) as connection:
            connection.execute(sql, parameters)
        connection.close()


class ClockedService(RunningValetkey):
    """The whole service in a thread of this process, with a clock that can be moved."""

    def __init__(self, folder: Path, oidcp: OidcProvider) -> None:
        self.database = folder / "valetkey.db"
        kept = os.environ.get("OIDC_PROVIDER_URL")
        os.environ["OIDC_PROVIDER_URL"] = oidcp.url
        try:
            super().__init__(folder, tuple(map(str, FOLDERS)))
        finally:
            os.environ.pop("OIDC_PROVIDER_URL")
            if kept is not None:
                os.environ["OIDC_PROVIDER_URL"] = kept
