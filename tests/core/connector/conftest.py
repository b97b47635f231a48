"""A client and a provider on a real socket for every test that wants them."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.http import Outbound
from tests.core.wire import Wire


@pytest.fixture
async def http() -> AsyncIterator[Outbound]:
    client = Outbound(development=True)
    yield client
    await client.close()


@pytest.fixture
async def wire() -> AsyncIterator[Wire]:
    async with Wire() as one:
        yield one
