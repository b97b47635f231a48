"""An authorization server on a real socket that answers what a test tells it to and remembers what it was asked."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
from aiohttp import web

from core.connector import Connector, OAuth2, Rfc7009
from core.oauth import ClientRegistration
from core.secret import Secret

GOOD = {"access_token": "at-1", "refresh_token": "rt-1", "token_type": "Bearer", "expires_in": 600}


class Asked(msgspec.Struct, frozen=True):
    path: str
    headers: dict[str, str]
    body: dict[str, Any]


class Provider:
    """`answers`: what POST gets, in turn, the last one for ever; `metadata`: what the well-known address answers."""

    def __init__(self) -> None:
        self.asked: list[Asked] = []
        self.answers: list[web.Response | dict[str, Any]] = [GOOD]
        self.metadata: dict[str, Any] | int = 404
        self.metadata_asked = 0
        self.delay_s = 0.0
        self.url = ""

    async def start(self) -> None:
        app = web.Application()
        app.router.add_get("/.well-known/oauth-authorization-server{tail:.*}", self._metadata)
        app.router.add_post("/{path:.*}", self._post)
        self._runner = web.AppRunner(app, shutdown_timeout=0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        self.url = f"http://127.0.0.1:{self._runner.addresses[0][1]}"

    async def stop(self) -> None:
        await self._runner.cleanup()

    async def _metadata(self, request: web.Request) -> web.Response:
        self.metadata_asked += 1
        if isinstance(self.metadata, int):
            return web.Response(status=self.metadata)
        return web.json_response(self.metadata)

    async def _post(self, request: web.Request) -> web.Response:
        as_json = request.content_type == "application/json"
        body = await request.json() if as_json else dict(await request.post())
        self.asked.append(Asked(request.path, dict(request.headers), body))
        await asyncio.sleep(self.delay_s)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, dict):
            return web.json_response(answer)
        return web.Response(status=answer.status, body=answer.body, headers=answer.headers)

    def answer(self, body: Any = None, status: int = 200, **headers: str) -> None:
        """The one answer from now on; `body` is text, bytes, or what becomes JSON."""
        raw = (
            body
            if isinstance(body, bytes)
            else body.encode()
            if isinstance(body, str)
            else msgspec.json.encode(body)
        )
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.answers = [web.Response(status=status, body=raw, headers=named)]

    def connector(self, **oauth: Any) -> Connector:
        usual = {
            "authorize_url": f"{self.url}/authorize",
            "token_url": f"{self.url}/token",
            "revocation": Rfc7009(f"{self.url}/revoke"),
        }
        return Connector(
            slug="acme",
            title="Acme",
            category="crm",
            api_url=self.url,
            oauth=OAuth2(**(usual | oauth)),
            request_id_header="X-Acme-Request",
        )

    def good_metadata(self, **changes: Any) -> dict[str, Any]:
        return {
            "issuer": self.url,
            "authorization_endpoint": f"{self.url}/moved/authorize",
            "token_endpoint": f"{self.url}/moved/token",
            "code_challenge_methods_supported": ["S256"],
        } | changes


def registration(secret: str | None = "s3cret", **config: str) -> ClientRegistration:
    return ClientRegistration(
        id="reg_1",
        workspace="ws_1",
        slug="acme",
        client_id="client-1",
        client_secret=Secret(secret) if secret else None,
        config=config,
        redirect_uri="https://keys.example.com/oauth/callback/reg_1",
    )
