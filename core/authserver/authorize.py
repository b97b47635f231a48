"""The authorization endpoint: `begin` checks the request, then the person says yes (`approve`) or no
(`deny`).

Source: RFC 6749 section 4.1.1 to 4.1.2.1, RFC 7636 section 4.3 (S256 demanded of every client; a missing
method means `plain` and is refused), RFC 9700 section 4.11 (nothing is sent to a redirect URI that is not
registered), RFC 9207, RFC 8707 section 2.1. The web layer signs the person in and protects the form between
`begin` and `approve` (CSRF token, frame-ancestors).
"""

from __future__ import annotations

import re
from collections.abc import Collection

import msgspec

from core.authserver.answers import Redirect, Refusal, redirect
from core.authserver.errors import (
    AccessDenied,
    InvalidRequest,
    InvalidScope,
    InvalidTarget,
    OAuthError,
    RequestNotSupported,
    RequestUriNotSupported,
    UnauthorizedClient,
    UnsupportedResponseType,
)
from core.authserver.model import Authorization, Client, Code
from core.authserver.parameters import Parameters
from core.authserver.redirects import matches
from core.authserver.scopes import parse, within
from core.authserver.server import AuthServer
from core.ids import new_token, token_hash

_CHALLENGE = re.compile(r"[A-Za-z0-9_-]{43}\Z")


class AuthorizationRequest(msgspec.Struct, frozen=True):
    """A request that was checked and waits for the person. Serialisable, so that a page can keep it."""

    client_id: str
    client_name: str
    redirect_uri: str
    scopes: tuple[str, ...]
    resources: tuple[str, ...]
    challenge: str
    state: str | None


async def begin(server: AuthServer, query: Parameters) -> AuthorizationRequest | Redirect | Refusal:
    """The request to put before the person; a Redirect with the error; or a Refusal when there is nowhere
    safe to redirect to.
    """
    try:
        client = await _client(server, query)
        redirect_uri = _redirect_uri(client, query)
    except OAuthError as error:
        return Refusal(error=error.code, description=error.description)
    try:
        return _checked(server, client, redirect_uri, query)
    except OAuthError as error:
        return _send_error(server, redirect_uri, _state(query), error)


async def approve(
    server: AuthServer, request: AuthorizationRequest, subject: str, scopes: Collection[str]
) -> Redirect:
    """The redirect that carries a fresh code. `scopes` is what the person left ticked: part of what was
    asked, at least one.
    """
    granted = tuple(name for name in request.scopes if name in scopes)
    if not granted:
        return _send_error(server, request.redirect_uri, request.state, AccessDenied())
    now_ms, code = server.now_ms(), new_token()
    authorization = Authorization(
        id=new_token().reveal(),
        client_id=request.client_id,
        subject=subject,
        scopes=granted,
        resources=request.resources,
        created_at=now_ms,
    )
    kept = Code(
        code_hash=token_hash(code.reveal()),
        authorization_id=authorization.id,
        client_id=request.client_id,
        redirect_uri=request.redirect_uri,
        challenge=request.challenge,
        expires_at=now_ms + server.code_ttl_s * 1000,
    )
    await server.store.add_code(authorization, kept)
    return redirect(request.redirect_uri, server.issuer, request.state, {"code": code.reveal()})


def deny(server: AuthServer, request: AuthorizationRequest) -> Redirect:
    return _send_error(server, request.redirect_uri, request.state, AccessDenied())


async def _client(server: AuthServer, query: Parameters) -> Client:
    client = await server.store.client(query.need("client_id"))
    if client is None:
        raise InvalidRequest("this app is not registered here")
    return client


def _redirect_uri(client: Client, query: Parameters) -> str:
    sent = query.need("redirect_uri")
    if not matches(sent, client.redirect_uris, loopback_ports=client.loopback_ports):
        raise InvalidRequest("the address to return to is not registered for this app")
    return sent


def _checked(
    server: AuthServer, client: Client, redirect_uri: str, query: Parameters
) -> AuthorizationRequest:
    query.refuse_repeats()
    _refuse_unsupported(client, query)
    return AuthorizationRequest(
        client_id=client.client_id,
        client_name=client.name,
        redirect_uri=redirect_uri,
        scopes=_scopes(server, client, query),
        resources=_resources(server, query),
        challenge=_challenge(query),
        state=query.one("state"),
    )


def _refuse_unsupported(client: Client, query: Parameters) -> None:
    if query.one("request"):
        raise RequestNotSupported("request objects are not supported")
    if query.one("request_uri"):
        raise RequestUriNotSupported("request objects are not supported")
    if query.need("response_type") != "code":
        raise UnsupportedResponseType("response_type must be code")
    if query.one("response_mode") not in (None, "query"):
        raise InvalidRequest("response_mode must be query")
    if "authorization_code" not in client.grant_types:
        raise UnauthorizedClient("this client may not use the authorization code grant")


def _challenge(query: Parameters) -> str:
    challenge = query.need("code_challenge")
    if query.one("code_challenge_method") != "S256":
        raise InvalidRequest("code_challenge_method must be S256")
    if not _CHALLENGE.match(challenge):
        raise InvalidRequest("code_challenge must be 43 characters of base64url")
    return challenge


def _scopes(server: AuthServer, client: Client, query: Parameters) -> tuple[str, ...]:
    asked = query.one("scope")
    if asked is None:
        raise InvalidScope("scope is missing")
    allowed = server.scopes if client.scopes is None else set(server.scopes) & set(client.scopes)
    return within(parse(asked), allowed)


def _resources(server: AuthServer, query: Parameters) -> tuple[str, ...]:
    asked = tuple(dict.fromkeys(query.many("resource")))
    if any(uri not in server.resources for uri in asked):
        raise InvalidTarget("this server issues no tokens for that resource")
    return asked or server.resources[:1]


def _state(query: Parameters) -> str | None:
    try:
        return query.one("state")
    except InvalidRequest:
        return None


def _send_error(server: AuthServer, redirect_uri: str, state: str | None, error: OAuthError) -> Redirect:
    fields = {"error": error.code, "error_description": error.description}
    return redirect(redirect_uri, server.issuer, state, fields)
