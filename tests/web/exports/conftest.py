"""`home`: a House in this process (tests/core/home.py)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.core.home import Home, open_home


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    folder = tmp_path / "home"
    folder.mkdir()
    async with open_home(folder) as one:
        yield one
