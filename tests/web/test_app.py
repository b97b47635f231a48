"""The application's life: what was begun is brought to its end when it stops."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from core import housekeeping
from core.house import House
from core.store import StoreError
from tests.core.home import open_home
from web.app import create_app


async def test_work_under_way_is_finished_also_when_the_chores_failed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(house: House, stop: asyncio.Event) -> None:
        await stop.wait()
        raise StoreError("database is locked")

    monkeypatch.setattr(housekeeping, "run", broken)
    done = asyncio.Event()

    async def refresh() -> None:
        await asyncio.sleep(0.05)
        done.set()

    async with open_home(tmp_path) as home:
        with pytest.raises(ExceptionGroup) as ended:
            async with create_app(home.house).lifespan():
                home.house.in_background(refresh())
        assert done.is_set() and ended.group_contains(StoreError)
