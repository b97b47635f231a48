"""The resource server's side: may this request do that?

Source: RFC 6750 sections 2.1 and 3 (header only; the challenge says what is missing), RFC 8707 section 3 (a
token for another audience is no token here).
"""

from __future__ import annotations

from collections.abc import Collection

from core.authserver.model import Held
from core.authserver.server import AuthServer
from core.errors import ValetkeyError
from core.ids import token_hash


class BearerRefused(ValetkeyError):
    """No token, or one that is not valid here. `challenge` is the `WWW-Authenticate` header to send."""

    code = "invalid_token"
    status = 401
    title = "The access token is missing or not valid"

    def __init__(self, realm: str, detail: str, *, scopes: Collection[str] = (), named: bool = True) -> None:
        super().__init__(detail)
        parts = [f'realm="{realm}"']
        if named:
            parts += [f'error="{self.code}"', f'error_description="{detail}"']
        if scopes:
            parts.append(f'scope="{" ".join(scopes)}"')
        self.challenge = "Bearer " + ", ".join(parts)
        self.scopes = tuple(scopes)


class ScopeRefused(BearerRefused):
    """The token is good but too narrow; `scopes` is what would do."""

    code = "insufficient_scope"
    status = 403
    title = "The access token does not cover this"


async def bearer(
    server: AuthServer, authorization: str | None, *, resource: str, scopes: Collection[str] = ()
) -> Held:
    """The live access token in the header, when it is for `resource` and has all `scopes`. Raises
    BearerRefused.
    """
    scheme, _, token = (authorization or "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise BearerRefused(server.issuer, "an access token is needed", named=False)
    held = await server.store.token(token_hash(token.strip()))
    if held is None or held.token.kind != "access" or not held.is_live(server.now_ms()):
        raise BearerRefused(server.issuer, "the access token is unknown, expired or revoked")
    if resource not in held.token.resources:
        raise BearerRefused(server.issuer, "the access token is for another resource")
    if not set(scopes) <= set(held.token.scopes):
        raise ScopeRefused(server.issuer, "the access token lacks a scope", scopes=scopes)
    return held
