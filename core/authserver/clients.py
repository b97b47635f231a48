"""Who is asking: client authentication at the token, revocation and introspection endpoints.

Source: RFC 6749 section 2.3.1: HTTP Basic with id and secret *form-encoded* first, or both in the body, never
both ways at once. A public client names itself (`none`). Secrets are compared as hashes in constant time, for
unknown clients too.
"""

from __future__ import annotations

import base64
import binascii
import hmac
from urllib.parse import unquote_plus

import msgspec

from core.authserver.errors import InvalidClient, InvalidRequest
from core.authserver.model import AuthMethod, Client
from core.authserver.parameters import Request
from core.authserver.server import AuthServer
from core.ids import token_hash
from core.secret import Secret

_NO_HASHES = (bytes(32),)


class _Claim(msgspec.Struct, frozen=True):
    method: AuthMethod
    client_id: str
    secret: Secret | None = None


async def authenticate(server: AuthServer, request: Request) -> Client:
    """The client that made the request. Raises InvalidClient (never saying why), InvalidRequest when two
    methods were used.
    """
    claim = _claim(request)
    client = await server.store.client(claim.client_id)
    secret_fits = _fits(claim.secret, client.secret_hashes if client else ())
    if client is None or claim.method not in client.auth_methods:
        raise InvalidClient()
    if claim.method != "none" and not secret_fits:
        raise InvalidClient()
    return client


def _claim(request: Request) -> _Claim:
    request.form.refuse_repeats()
    client_id, secret = request.form.one("client_id"), request.form.one("client_secret")
    if request.authorization is not None:
        basic = _basic(request.authorization)
        if secret is not None or client_id not in (None, basic.client_id):
            raise InvalidRequest("authenticate in one way only")
        return basic
    if client_id is None:
        raise InvalidClient()
    if secret is not None:
        return _Claim("client_secret_post", client_id, Secret(secret))
    return _Claim("none", client_id)


def _basic(header: str) -> _Claim:
    scheme, _, encoded = header.partition(" ")
    if scheme.lower() != "basic":
        raise InvalidClient()
    try:
        client_id, colon, secret = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise InvalidClient() from None
    if not colon:
        raise InvalidClient()
    return _Claim("client_secret_basic", unquote_plus(client_id), Secret(unquote_plus(secret)))


def _fits(secret: Secret | None, hashes: tuple[bytes, ...]) -> bool:
    sent = token_hash(secret.reveal() if secret else "")
    found = [hmac.compare_digest(sent, known) for known in hashes or _NO_HASHES]
    return secret is not None and any(found)
