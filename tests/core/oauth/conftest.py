from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from tests.core.oauth.provider import Provider


@pytest.fixture
async def provider() -> AsyncIterator[Provider]:
    one = Provider()
    await one.start()
    yield one
    await one.stop()
