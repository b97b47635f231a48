"""Where an authorization server keeps its state. Every method is one atomic step, in SQL one transaction.

The three that decide races say so with their result: `spend_code` and `rotate` return True for exactly one
caller however many come at once (`DELETE .. RETURNING`, `UPDATE .. WHERE used_at IS NULL`), and none of them
stores a token under an authorization that has ended.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from core.authserver.model import Authorization, Client, Code, Held, Token


class Store(Protocol):
    async def client(self, client_id: str) -> Client | None: ...

    async def add_code(self, authorization: Authorization, code: Code) -> None:
        """Keep a person's yes and the code that stands for it."""

    async def code(self, code_hash: bytes) -> Code | None:
        """A code that was not spent; it may have expired."""

    async def spent_code(self, code_hash: bytes) -> str | None:
        """The authorization id of a code that was spent: whoever asks is replaying it."""

    async def spend_code(self, code_hash: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        """Delete the code and keep the tokens it bought; False when it is gone or its authorization has
        ended.
        """

    async def rotate(self, refresh_hash: bytes, tokens: Sequence[Token], now_ms: int) -> bool:
        """Mark the refresh token used and keep its children; False when it was used, revoked or its
        authorization has ended.
        """

    async def authorization(self, authorization_id: str) -> Authorization | None: ...

    async def token(self, token_hash: bytes) -> Held | None: ...

    async def revoke_token(self, token_hash: bytes, now_ms: int) -> None: ...

    async def end(self, authorization_id: str, now_ms: int) -> bool:
        """End an authorization and with it every code and token; True for the caller that ended it."""

    async def authorizations(self, subject: str, now_ms: int) -> list[Authorization]:
        """What this person allows at present: not ended, with at least one live token; newest first."""
