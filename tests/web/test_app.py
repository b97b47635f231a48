"""The application's life: what was begun is brought to its end when it stops."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from core import housekeeping
from core.house import House
from core.store import StoreError
from tests.core.home import open_home
from web.app import METRICS_FOLDER, _metrics, create_app
from web.metrics import AUDIT_TIME
from web.version import VERSION


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


def test_without_a_place_for_tracing_no_tracer_is_loaded(tmp_path: Path) -> None:
    looked = "import sys, web.app; sys.exit(any(name.startswith('opentelemetry') for name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", looked], cwd=Path(__file__).parents[2], check=False)
    assert done.returncode == 0


def test_a_worker_serves_also_where_its_numbers_have_no_place(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    _metrics({METRICS_FOLDER: str(tmp_path / "gone")}).meter(AUDIT_TIME).add(1.0)
    assert "/metrics tells of one worker only" in caplog.text


def test_the_version_is_that_of_the_package() -> None:
    text = (Path(__file__).parents[2] / "pyproject.toml").read_text()
    assert tomllib.loads(text)["project"]["version"] == VERSION
