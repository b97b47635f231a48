from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from core.http import Outbound
from tests.core.oauth.provider import Provider


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    one = Provider()
    await one.start()
    yield one
    await one.stop()


@pytest.fixture
async def http() -> AsyncIterator[Outbound]:
    client = Outbound(development=True)
    yield client
    await client.close()
