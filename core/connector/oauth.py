"""How a provider speaks OAuth 2.0, as data. The flows that use it stand in `core/oauth/`.

Sources: RFC 6749, RFC 7009 (revocation), RFC 7636 (PKCE), RFC 8414 (metadata), RFC 8707 (resource), RFC 9207 (iss).
Every URL may hold `{name}` places, filled from the registration's config or from kept fields of the token answer.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Literal

import msgspec

from core.secret import Secret


class Rfc7009(msgspec.Struct, frozen=True):
    """Revocation as RFC 7009 has it. `token`: which is sent (the refresh token ends both, section 2.1)."""

    url: str
    token: Literal["refresh_token", "access_token", "both"] = "refresh_token"  # noqa: S105


class PkceOff(msgspec.Struct, frozen=True):
    """PKCE is not sent, and why; `valetkey connectors check` prints the reason."""

    reason: str


class RevocationContext(msgspec.Struct, frozen=True):
    """What a connector's own revocation function gets.

    `http`: the outbound client; `registration`: client id and secret; `tokens`: access and refresh token as `Secret`;
    `fields`: config and kept token fields; `alone`: no other live grant has this registration and account, so that what
    ends the account's whole authorization ends nobody else's.
    """

    http: Any
    registration: Any
    tokens: Any
    fields: Mapping[str, str] = {}
    alone: bool = False


class NarrowContext(msgspec.Struct, frozen=True):
    """What a connector's own narrowing function gets before a tool call: `tool` is the function's name, `arguments` the
    checked ones, `scopes` what the tool needs. It answers the token to call with, and may raise what `Api` raises: then
    the call fails, it never goes on with the wider token."""

    http: Any
    registration: Any
    tokens: Any
    scopes: tuple[str, ...]
    fields: Mapping[str, str] = {}
    tool: str = ""
    arguments: Mapping[str, Any] = {}


Revocation = Callable[[RevocationContext], Awaitable[None]]
Narrowing = Callable[[NarrowContext], Awaitable[Secret]]


def patterns(allowed: str | tuple[str, ...]) -> tuple[str, ...]:
    """The patterns of a token field, of which one has to fit."""
    return (allowed,) if isinstance(allowed, str) else allowed


class OAuth2(msgspec.Struct, frozen=True, kw_only=True):
    """The provider's authorization server. Defaults are the safe and the common.

    `scope_mode`: `app_fixed` where the app's registration decides the scopes, `none` where there are none.
    `always_scopes`: asked for with every request: what makes a grant last, or names its account.
    `optional_scope_param`: where scopes go that the provider may drop without refusing the rest.
    `token_fields`: fields of the token answer that are kept for URL places, each with the pattern it has to fit, or several.
    `access_token_ttl_s`: the life of a token where the answer does not say it.
    `incremental`: the provider adds new scopes to those it gave before, so that only new ones are asked for.
    `revocation_scope`: `account` where revoking one token ends all of the account's.
    `narrowing`: how a token gets smaller than its consent. `refresh_scope`: a refresh may name fewer scopes, for good; done
    when a grant is narrowed. `token_exchange` (RFC 8693) or a function: asked before each call for a token that does for
    this call and no more.
    `rotates_refresh_tokens`: for readers; a new refresh token is kept whenever one is answered.
    `token_errors`: what the token endpoint's own `error` texts mean, where they are not RFC 6749's: `rejected` (code or
    refresh token is dead) or `later` (nothing is known of it, ask again in a while).
    """

    authorize_url: str
    token_url: str
    issuer: str | None = None
    client_auth: Literal["client_secret_basic", "client_secret_post", "private_key_jwt", "none"] = (
        "client_secret_basic"
    )
    token_body: Literal["form", "json"] = "form"  # noqa: S105
    pkce: Literal["S256"] | PkceOff = "S256"
    scope_mode: Literal["request", "app_fixed", "none"] = "request"
    scope_separator: str = " "
    always_scopes: tuple[str, ...] = ()
    optional_scope_param: str | None = None
    authorize_params: Mapping[str, str] = {}
    token_params: Mapping[str, str] = {}
    refresh_params: Mapping[str, str] = {}
    token_fields: Mapping[str, str | tuple[str, ...]] = {}
    rotates_refresh_tokens: bool = True
    access_token_ttl_s: int | None = None
    narrowing: Literal["refresh_scope", "token_exchange"] | Narrowing | None = None
    resource: str | None = None
    revocation: Rfc7009 | Revocation | None = None
    introspection_url: str | None = None
    incremental: bool = False
    revocation_scope: Literal["token", "account"] = "token"
    token_errors: Mapping[str, Literal["rejected", "later"]] = {}
