"""An installation opened for one command: the same parts as the service, without connectors, closed afterwards."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TypeVar

from core import settings, startup
from core.errors import Missing
from core.house import House
from core.model import Workspace
from core.registry import Registry
from web.app import build_house

T = TypeVar("T")


def with_house(environ: Mapping[str, str], work: Callable[[House], Awaitable[T]], *, port: int = 8000) -> T:
    """Open, migrate, work, close. Works beside a running server."""

    async def run() -> T:
        house = build_house(settings.load(environ, port=port), Registry({}))
        try:
            await startup.prepare(house)
            return await work(house)
        finally:
            await house.close()

    return asyncio.run(run())


async def workspace(house: House, named: str | None) -> Workspace:
    """The workspace of this id or name; without either the only one. Raises Missing, saying which there are."""
    found = await house.store.all("workspaces_all", Workspace)
    if not found:
        raise Missing("There is no workspace yet. Make one: valetkey workspaces create NAME")
    if named is None and len(found) == 1:
        return found[0]
    matching = [one for one in found if named in (one.id, one.name)]
    if len(matching) == 1:
        return matching[0]
    listing = "\n".join(f"  {one.id}  {one.name}" for one in found)
    said = f"There is no workspace {named!r}. " if named else ""
    if matching:
        said = f"{len(matching)} workspaces are called {named!r}. "
    raise Missing(f"{said}Say which one you mean, with --workspace and its id or name:\n{listing}")
