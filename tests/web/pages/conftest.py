"""A service and Northwind in this process, and everybody on stage: what the tests of the people's pages stand on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.web.pages.running import RunningValetkey


@pytest.fixture(scope="module")
def provider() -> Iterator[RunningNorthwind]:
    one = RunningNorthwind()
    yield one
    one.close()


@pytest.fixture(scope="module")
def valetkey(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningValetkey]:
    folder: Path = tmp_path_factory.mktemp("valetkey")
    one = RunningValetkey(folder)
    yield one
    one.close()


@pytest.fixture
def stage(valetkey: RunningValetkey, provider: RunningNorthwind) -> Iterator[Scene]:
    """A workspace and an assistant of the test's own; `find_deals` and `move_deal` are good tools to ask for."""
    one = Scene(valetkey, provider)  # type: ignore[arg-type]
    yield one
    one.close()
