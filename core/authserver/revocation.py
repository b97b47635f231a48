"""Token revocation. Source: RFC 7009 section 2: unknown tokens are answered 200, a client can end only what
is its own.

A refresh token takes its whole authorization with it, access tokens included; an access token only itself.
The hint is not needed to find a token and is ignored, as section 2.1 allows.
"""

from __future__ import annotations

from core.authserver.answers import Answer, refused
from core.authserver.clients import authenticate
from core.authserver.errors import InvalidGrant, OAuthError
from core.authserver.model import Client, Held
from core.authserver.parameters import Request
from core.authserver.server import AuthServer
from core.ids import token_hash


async def revocation_endpoint(server: AuthServer, request: Request) -> Answer:
    try:
        client = await authenticate(server, request)
        held = await server.store.token(token_hash(request.form.need("token")))
        if held is not None:
            await _revoke(server, client, held)
        return Answer(status=200, body={})
    except OAuthError as error:
        return refused(error, server.issuer)


async def _revoke(server: AuthServer, client: Client, held: Held) -> None:
    if held.authorization.client_id != client.client_id:
        raise InvalidGrant("the token was issued to another client")
    if held.token.kind == "refresh":
        await server.store.end(held.authorization.id, server.now_ms())
    else:
        await server.store.revoke_token(held.token.token_hash, server.now_ms())
