"""The store in memory: for the bundled provider and for tests. One event loop, so a method without `await` is
one atomic step.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from core.authserver.model import Authorization, Client, Code, Held, Token

KEEP_SPENT_CODES_MS = 3_600_000
_SWEEP_EVERY = 500


class MemoryStore:
    """Holds `Store`. `clients`, `all_authorizations` and `all_tokens` are the provider's own view, for tests
    and pages.
    """

    def __init__(self, clients: Iterable[Client] = ()) -> None:
        self.clients = {client.client_id: client for client in clients}
        self.all_authorizations: dict[str, Authorization] = {}
        self.all_tokens: dict[bytes, Token] = {}
        self._codes: dict[bytes, Code] = {}
        self._spent: dict[bytes, tuple[str, int]] = {}
        self._writes = 0

    async def client(self, client_id: str) -> Client | None:
        return self.clients.get(client_id)

    async def add_code(self, authorization: Authorization, code: Code) -> None:
        self.all_authorizations[authorization.id] = authorization
        self._codes[code.code_hash] = code

    async def code(self, code_hash: bytes) -> Code | None:
        return self._codes.get(code_hash)

    async def spent_code(self, code_hash: bytes) -> str | None:
        spent = self._spent.get(code_hash)
        return spent[0] if spent else None

    async def spend_code(self, code_hash: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        code = self._codes.pop(code_hash, None)
        if code is None:
            return False
        self._spent[code_hash] = (code.authorization_id, now_ms + KEEP_SPENT_CODES_MS)
        return self._keep(code.authorization_id, tokens, now_ms)

    async def rotate(self, refresh_hash: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        token = self.all_tokens.get(refresh_hash)
        if (
            token is None
            or token.kind != "refresh"
            or token.used_at is not None
            or token.revoked_at is not None
        ):
            return False
        self.all_tokens[refresh_hash] = msgspec.structs.replace(token, used_at=now_ms)
        return self._keep(token.authorization_id, tokens, now_ms)

    async def authorization(self, authorization_id: str) -> Authorization | None:
        return self.all_authorizations.get(authorization_id)

    async def token(self, token_hash: bytes) -> Held | None:
        token = self.all_tokens.get(token_hash)
        return Held(token, self.all_authorizations[token.authorization_id]) if token else None

    async def revoke_token(self, token_hash: bytes, now_ms: int) -> None:
        token = self.all_tokens.get(token_hash)
        if token is not None and token.revoked_at is None:
            self.all_tokens[token_hash] = msgspec.structs.replace(token, revoked_at=now_ms)

    async def end(self, authorization_id: str, now_ms: int) -> bool:
        authorization = self.all_authorizations.get(authorization_id)
        if authorization is None or authorization.ended_at is not None:
            return False
        self.all_authorizations[authorization_id] = msgspec.structs.replace(authorization, ended_at=now_ms)
        return True

    async def authorizations(self, subject: str, now_ms: int) -> list[Authorization]:
        live = {held.authorization.id: held.authorization for held in self.live(now_ms)}
        mine = [each for each in live.values() if each.subject == subject]
        return sorted(mine, key=lambda each: each.created_at, reverse=True)

    def live(self, now_ms: int) -> list[Held]:
        """Every token that works now: the witness a test asks whether a client really gave up its access."""
        every = (
            Held(token, self.all_authorizations[token.authorization_id]) for token in self.all_tokens.values()
        )
        return [held for held in every if held.is_live(now_ms)]

    def _keep(self, authorization_id: str, tokens: Sequence[Token], now_ms: int) -> bool:
        if self.all_authorizations[authorization_id].ended_at is not None:
            return False
        self.all_tokens.update({token.token_hash: token for token in tokens})
        self._writes += 1
        if self._writes % _SWEEP_EVERY == 0:
            self._sweep(now_ms)
        return True

    def _sweep(self, now_ms: int) -> None:
        """Forget what has expired. Used refresh tokens stay until they would have expired: they are how theft
        is noticed.
        """
        self.all_tokens = {key: token for key, token in self.all_tokens.items() if token.expires_at > now_ms}
        self._codes = {key: code for key, code in self._codes.items() if code.expires_at > now_ms}
        self._spent = {key: spent for key, spent in self._spent.items() if spent[1] > now_ms}
