"""`desk`: the application over a House in this process, asked without a socket (tests/core/home.py has the House)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest

from tests.core.home import Home, open_home
from web.app import create_app


class Desk:
    """`http` sends no key; `admin` and `assistant` are headers that do."""

    def __init__(self, home: Home, http: httpx.AsyncClient) -> None:
        self.home, self.http = home, http

    @property
    def admin(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.home.workspace_key}"}

    @property
    def assistant(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.home.assistant_key}"}


@pytest.fixture
async def desk(tmp_path: Path) -> AsyncIterator[Desk]:
    async with open_home(tmp_path) as home:
        transport = httpx.ASGITransport(create_app(home.house), raise_app_exceptions=False)  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="https://keys.acme.example") as http:
            yield Desk(home, http)
