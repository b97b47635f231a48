from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

import httpx
import pytest

from core.authserver import Client
from core.secret import Secret
from tests.harness.ports import free_port
from tests.web.demo.acme import chatter, valetkey
from tests.web.demo.person import VERIFIER, Person, authorize_url
from web.demo.northwind import Northwind, create_app, serving

__all__ = ["chatter", "valetkey"]  # fixtures

SECRET = "a secret of the app"
CALLBACK = "http://127.0.0.1:9/callback"
NOW_MS = 1_795_500_000_000  # Tuesday 24 November 2026, 06:00 UTC


@dataclass
class Running:
    """Northwind on a port, with its own inside (`northwind`), an app's HTTP client, and a clock that can be
    moved.
    """

    base_url: str
    now_ms: int = NOW_MS
    http: httpx.AsyncClient = field(default_factory=lambda: httpx.AsyncClient(trust_env=False))
    northwind: Northwind = field(init=False)

    def person(self, email: str = "ada@northwind.example") -> Person:
        return Person(self.base_url, email, self.http_of_a_browser())

    def http_of_a_browser(self) -> httpx.AsyncClient:
        return httpx.AsyncClient(trust_env=False)

    async def post(self, path: str, form: dict[str, Any]) -> httpx.Response:
        """As the app, authenticated by HTTP Basic."""
        return await self.http.post(
            self.base_url + path, data=form, auth=("valetkey", SECRET.replace(" ", "+"))
        )

    async def redeem(self, code: str) -> httpx.Response:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "code_verifier": VERIFIER,
            "redirect_uri": CALLBACK,
        }
        return await self.post("/oauth/token", form)

    async def refresh(self, token: str) -> httpx.Response:
        return await self.post("/oauth/token", {"grant_type": "refresh_token", "refresh_token": token})

    async def tokens(
        self, scope: str = "deals.read contacts.read", email: str = "ada@northwind.example"
    ) -> Any:
        person = self.person(email)
        try:
            code = await person.code(authorize_url(self.base_url, scope=scope))
        finally:
            await person.close()
        answer = await self.redeem(code)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def api(self, method: str, path: str, token: str, **kwargs: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
        return await self.http.request(method, f"{self.base_url}/api/v1{path}", headers=headers, **kwargs)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    port = free_port()
    found = Running(f"http://127.0.0.1:{port}")
    client = Client.confidential(
        "valetkey", Secret(SECRET), name="Acme <b>Assist</b>", redirect_uris=(CALLBACK,)
    )
    app = create_app(found.base_url, [client], rate_per_minute=60, now=lambda: found.now_ms)
    found.northwind = app.state.northwind
    async with serving(app, port=port):
        yield found
    await found.http.aclose()
