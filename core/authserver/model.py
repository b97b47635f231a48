"""What an authorization server keeps. Secrets, codes and tokens only as SHA-256: 256 random bits need no slow
hash.

An `Authorization` is one person's yes to one client; every code and token descends from one, so ending it
ends them all (RFC 9700 section 4.14.2). Times are milliseconds.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from core.authserver.redirects import check_registered
from core.ids import token_hash
from core.secret import Secret

AuthMethod = Literal["client_secret_basic", "client_secret_post", "none"]
SECRET_METHODS: tuple[AuthMethod, ...] = ("client_secret_basic", "client_secret_post")


class Client(msgspec.Struct, frozen=True):
    """A registered client. With secrets it is confidential, without it is public. `scopes` None: all the
    server has.
    """

    client_id: str
    name: str
    redirect_uris: tuple[str, ...]
    secret_hashes: tuple[bytes, ...] = ()
    auth_methods: tuple[AuthMethod, ...] = SECRET_METHODS
    grant_types: tuple[str, ...] = ("authorization_code", "refresh_token")
    scopes: tuple[str, ...] | None = None
    homepage_url: str | None = None
    loopback_ports: bool = False
    """RFC 8252 section 7.3: a native app whose registered loopback redirect URI may use any port."""
    may_introspect: bool = False
    """A resource server: sees every token, not only its own."""

    def __post_init__(self) -> None:
        for uri in self.redirect_uris:
            check_registered(uri)
        if bool(self.secret_hashes) == ("none" in self.auth_methods):
            raise ValueError("a client has secrets, or the authentication method none, and never both")

    @classmethod
    def confidential(
        cls, client_id: str, secret: Secret, *, name: str, redirect_uris: tuple[str, ...]
    ) -> Client:
        """The common case: one secret, sent by either method, every scope."""
        hashes = (token_hash(secret.reveal()),)
        return cls(client_id=client_id, name=name, redirect_uris=redirect_uris, secret_hashes=hashes)


class Authorization(msgspec.Struct, frozen=True):
    id: str
    client_id: str
    subject: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    created_at: int
    ended_at: int | None = None


class Code(msgspec.Struct, frozen=True):
    code_hash: bytes
    authorization_id: str
    client_id: str
    redirect_uri: str
    challenge: str
    expires_at: int


class Token(msgspec.Struct, frozen=True):
    """`used_at`: a refresh token that was exchanged; presenting it again is the sign of theft."""

    token_hash: bytes
    kind: Literal["access", "refresh"]
    authorization_id: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    issued_at: int
    expires_at: int
    used_at: int | None = None
    revoked_at: int | None = None


class Held(msgspec.Struct, frozen=True):
    """A token with the authorization it descends from, read in one step."""

    token: Token
    authorization: Authorization

    def is_live(self, now_ms: int) -> bool:
        token = self.token
        unspent = token.used_at is None and token.revoked_at is None
        return unspent and self.authorization.ended_at is None and token.expires_at > now_ms
