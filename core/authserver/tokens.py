"""The token endpoint: a code or a refresh token for fresh tokens.

Source: RFC 6749 sections 4.1.3, 5, 6; RFC 7636 section 4.6; RFC 9700 section 4.14.2 (rotation, reuse ends the
family); RFC 8707 section 2.2. A code is deleted and its tokens stored in one step, so of any number of
parallel redemptions exactly one is answered with tokens; the second use ends the authorization. A code shown
with a wrong verifier or redirect URI by its own client is spent too.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Any, Literal, NoReturn

from core.authserver.answers import Answer, refused
from core.authserver.clients import authenticate
from core.authserver.errors import (
    InvalidGrant,
    InvalidTarget,
    OAuthError,
    UnauthorizedClient,
    UnsupportedGrantType,
)
from core.authserver.model import Authorization, Client, Code, Held, Token
from core.authserver.parameters import Request
from core.authserver.scopes import parse, within
from core.authserver.server import AuthServer, Grant
from core.ids import new_token, token_hash
from core.secret import Secret

_VERIFIER = re.compile(r"[A-Za-z0-9\-._~]{43,128}\Z")


async def token_endpoint(server: AuthServer, request: Request) -> Answer:
    """Tokens, or the error of RFC 6749 section 5.2. Never raises OAuthError."""
    try:
        client = await authenticate(server, request)
        grant = _grant(server, client, request.form.need("grant_type"))
        return Answer(status=200, body=await grant(server, client, request))
    except OAuthError as error:
        return refused(error, server.issuer)


def _grant(server: AuthServer, client: Client, grant_type: str) -> Grant:
    grant = {**_BUILT_IN, **server.grants}.get(grant_type)
    if grant is None:
        raise UnsupportedGrantType("this grant type is not offered here")
    if grant_type not in client.grant_types:
        raise UnauthorizedClient("this client may not use this grant type")
    return grant


async def _redeem_code(server: AuthServer, client: Client, request: Request) -> dict[str, Any]:
    code_hash = token_hash(request.form.need("code"))
    verifier, redirect_uri = request.form.need("code_verifier"), request.form.need("redirect_uri")
    code = await server.store.code(code_hash)
    if code is None:
        await _replayed(server, code_hash)
    if code.client_id != client.client_id:
        raise InvalidGrant()
    fits = _proves(verifier, code) & hmac.compare_digest(redirect_uri.encode(), code.redirect_uri.encode())
    if not fits or code.expires_at <= server.now_ms():
        await server.store.end(code.authorization_id, server.now_ms())
        await server.store.spend_code(code_hash, (), server.now_ms())
        raise InvalidGrant()
    return await _sell(server, code, request)


async def _sell(server: AuthServer, code: Code, request: Request) -> dict[str, Any]:
    authorization = await server.store.authorization(code.authorization_id)
    if authorization is None or authorization.ended_at is not None:
        raise InvalidGrant()
    resources = _resources(request, authorization.resources)
    access, refresh, tokens = _mint(server, authorization, authorization.scopes, resources)
    if not await server.store.spend_code(code.code_hash, tokens, server.now_ms()):
        await _replayed(server, code.code_hash)
    return _answer(server, access, refresh, authorization.scopes)


async def _refresh(server: AuthServer, client: Client, request: Request) -> dict[str, Any]:
    refresh_hash = token_hash(request.form.need("refresh_token"))
    held = await server.store.token(refresh_hash)
    if held is None or held.token.kind != "refresh" or held.authorization.client_id != client.client_id:
        raise InvalidGrant()
    if not held.is_live(server.now_ms()):
        await _dead(server, held)
    scope = request.form.one("scope")
    scopes = within(parse(scope), held.token.scopes) if scope else held.token.scopes
    resources = _resources(request, held.token.resources)
    access, refresh, tokens = _mint(server, held.authorization, scopes, resources)
    if not await server.store.rotate(refresh_hash, tokens, server.now_ms()):
        await _reused(server, held)
    return _answer(server, access, refresh, scopes)


_BUILT_IN: dict[str, Grant] = {"authorization_code": _redeem_code, "refresh_token": _refresh}


async def _replayed(server: AuthServer, code_hash: bytes) -> NoReturn:
    spent = await server.store.spent_code(code_hash)
    if spent is not None:
        await server.store.end(spent, server.now_ms())
    raise InvalidGrant()


async def _dead(server: AuthServer, held: Held) -> NoReturn:
    if held.token.used_at is not None:
        await _reused(server, held)
    raise InvalidGrant()


async def _reused(server: AuthServer, held: Held) -> NoReturn:
    """Two parties hold the same refresh token and one of them is not ours: both lose it, and everything that
    came of it.
    """
    await server.store.end(held.authorization.id, server.now_ms())
    raise InvalidGrant()


def _proves(verifier: str, code: Code) -> bool:
    if not _VERIFIER.match(verifier):
        return False
    digest = base64.urlsafe_b64encode(hashlib.sha256(verifier.encode()).digest())
    return hmac.compare_digest(digest.rstrip(b"=").decode(), code.challenge)


def _resources(request: Request, granted: tuple[str, ...]) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(request.form.many("resource")))
    if any(uri not in granted for uri in asked):
        raise InvalidTarget("the authorization does not cover that resource")
    return asked or granted


def _mint(
    server: AuthServer,
    authorization: Authorization,
    scopes: tuple[str, ...],
    resources: tuple[str, ...],
) -> tuple[Secret, Secret, tuple[Token, Token]]:
    """An access token for `scopes` and `resources`; a refresh token that keeps all that was authorized."""
    access, refresh = new_token(), new_token()
    access_token = _token(server, access, "access", authorization, scopes, resources)
    refresh_token = _token(
        server, refresh, "refresh", authorization, authorization.scopes, authorization.resources
    )
    return access, refresh, (access_token, refresh_token)


def _token(
    server: AuthServer,
    secret: Secret,
    kind: Literal["access", "refresh"],
    authorization: Authorization,
    scopes: tuple[str, ...],
    resources: tuple[str, ...],
) -> Token:
    now_ms = server.now_ms()
    ttl_s = server.access_ttl_s if kind == "access" else server.refresh_ttl_s
    return Token(
        token_hash=token_hash(secret.reveal()),
        kind=kind,
        authorization_id=authorization.id,
        scopes=scopes,
        resources=resources,
        issued_at=now_ms,
        expires_at=now_ms + ttl_s * 1000,
    )


def _answer(server: AuthServer, access: Secret, refresh: Secret, scopes: tuple[str, ...]) -> dict[str, Any]:
    return {
        "access_token": access.reveal(),
        "token_type": "Bearer",
        "expires_in": server.access_ttl_s,
        "refresh_token": refresh.reveal(),
        "scope": " ".join(scopes),
    }
