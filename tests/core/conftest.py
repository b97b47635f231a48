"""`home`: a House with a workspace, a provider in memory and a clock to be moved (tests/core/home.py); `http` and `wire`: the
outbound client, and a provider on a real socket.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core.http import Outbound
from tests.core.home import Home, open_home
from tests.core.wire import Wire


@pytest.fixture
async def home(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_home(tmp_path) as one:
        yield one


@pytest.fixture
async def http() -> AsyncIterator[Outbound]:
    client = Outbound(development=True)
    yield client
    await client.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as one:
        yield one
