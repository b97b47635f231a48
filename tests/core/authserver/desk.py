"""One authorization server for tests, with a clock that can be moved and short ways through it."""

from __future__ import annotations

import asyncio
import base64
import hashlib
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, quote_plus, urlencode, urlsplit

from core.authserver import (
    Answer,
    AuthorizationRequest,
    AuthServer,
    Client,
    Code,
    Endpoints,
    Held,
    MemoryStore,
    Parameters,
    Redirect,
    Refusal,
    Request,
    approve,
    begin,
    introspection_endpoint,
    revocation_endpoint,
    token_endpoint,
)
from core.ids import token_hash

ISSUER = "https://auth.example"
API = "https://api.example"
CALLBACK = "https://app.example/callback?tenant=1"
SECRET = "s:3 cr+et/%"
VERIFIER = "v" * 43
CHALLENGE = base64.urlsafe_b64encode(hashlib.sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def _client(**changes: Any) -> Client:
    values: dict[str, Any] = {
        "client_id": "app",
        "name": "App",
        "redirect_uris": (CALLBACK,),
        "secret_hashes": (token_hash(SECRET),),
        **changes,
    }
    return Client(**values)


def clients() -> list[Client]:
    public = {"secret_hashes": (), "auth_methods": ("none",)}
    return [
        _client(),
        _client(client_id="other", name="Other"),
        _client(client_id="spa", redirect_uris=("https://spa.example/cb",), **public),
        _client(client_id="native", redirect_uris=("http://127.0.0.1/cb",), loopback_ports=True, **public),
        _client(client_id="api", redirect_uris=(), may_introspect=True, grant_types=()),
        _client(client_id="narrow", scopes=("read",)),
        _client(client_id="post", auth_methods=("client_secret_post",)),
    ]


class StoreElsewhere(MemoryStore):
    """As a database behaves: every read lets the others run first, so that all of them have read before one
    writes.
    """

    async def code(self, code_hash: bytes) -> Code | None:
        await asyncio.sleep(0)
        return await super().code(code_hash)

    async def token(self, token_hash: bytes) -> Held | None:
        held = await super().token(token_hash)
        await asyncio.sleep(0)
        return held


@dataclass
class Desk:
    now_ms: int = 1_800_000_000_000
    store: MemoryStore = field(default_factory=lambda: MemoryStore(clients()))

    def __post_init__(self) -> None:
        self.server = AuthServer(
            issuer=ISSUER,
            endpoints=Endpoints(
                *(f"{ISSUER}/{name}" for name in ("authorize", "token", "revoke", "introspect"))
            ),
            store=self.store,
            scopes=("read", "write", "admin"),
            resources=(API, "https://second.example"),
            access_ttl_s=120,
            now_ms=lambda: self.now_ms,
        )

    def later(self, seconds: float) -> None:
        self.now_ms += int(seconds * 1000)

    async def begin(self, **changes: Any) -> AuthorizationRequest | Redirect | Refusal:
        return await begin(self.server, Parameters.parse(asked(**changes)))

    async def code(self, *, scopes: tuple[str, ...] | None = None, **changes: Any) -> str:
        begun = await self.begin(**changes)
        assert isinstance(begun, AuthorizationRequest), begun
        redirect = await approve(self.server, begun, "ada", begun.scopes if scopes is None else scopes)
        return fields(redirect)["code"]

    async def token(self, *, header: str | None = None, **form: Any) -> Answer:
        return await token_endpoint(self.server, request(form, header))

    async def redeem(self, code: str, **changes: Any) -> Answer:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": CALLBACK,
            "code_verifier": VERIFIER,
            **credentials(),
        }
        return await self.token(**{**form, **changes})

    async def refresh(self, token: str, **changes: Any) -> Answer:
        form = {"grant_type": "refresh_token", "refresh_token": token, **credentials()}
        return await self.token(**{**form, **changes})

    async def tokens(self, **changes: Any) -> dict[str, Any]:
        answer = await self.redeem(await self.code(**changes))
        assert answer.status == 200 and answer.body, answer
        return answer.body

    async def revoke(self, *, header: str | None = None, **form: Any) -> Answer:
        return await revocation_endpoint(self.server, request({**credentials(), **form}, header))

    async def introspect(self, token: str, **changes: Any) -> Answer:
        form = {**credentials(), "token": token, **changes}
        return await introspection_endpoint(self.server, request(form))

    async def is_live(self, token: str) -> bool:
        held = await self.store.token(token_hash(token))
        return held is not None and held.is_live(self.now_ms)


def asked(**changes: Any) -> str:
    values = {
        "response_type": "code",
        "client_id": "app",
        "redirect_uri": CALLBACK,
        "scope": "read write",
        "state": "st/1 +",
        "code_challenge": CHALLENGE,
        "code_challenge_method": "S256",
        **changes,
    }
    return urlencode({k: v for k, v in values.items() if v is not None}, doseq=True)


def credentials(client_id: str = "app") -> dict[str, str]:
    return {"client_id": client_id, "client_secret": SECRET}


def basic(client_id: str = "app", secret: str = SECRET) -> str:
    pair = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def request(form: dict[str, Any], header: str | None = None) -> Request:
    sent = urlencode({k: v for k, v in form.items() if v is not None}, doseq=True)
    return Request(form=Parameters.parse(sent), authorization=header)


def fields(redirect: Any) -> dict[str, str]:
    assert isinstance(redirect, Redirect), redirect
    return {k: v[0] for k, v in parse_qs(urlsplit(redirect.location).query).items()}
