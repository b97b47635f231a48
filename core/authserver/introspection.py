"""Token introspection. Source: RFC 7662 section 2: only for authenticated clients, and nobody learns why a
token is not active.

A confidential client sees its own tokens, a resource server (`Client.may_introspect`) every one; anything
else is `active: false`.
"""

from __future__ import annotations

from typing import Any

from core.authserver.answers import Answer, refused
from core.authserver.clients import authenticate
from core.authserver.errors import InvalidClient, OAuthError
from core.authserver.model import Client, Held
from core.authserver.parameters import Request
from core.authserver.server import AuthServer
from core.ids import token_hash


async def introspection_endpoint(server: AuthServer, request: Request) -> Answer:
    try:
        client = await authenticate(server, request)
        if not client.secret_hashes:
            raise InvalidClient()
        held = await server.store.token(token_hash(request.form.need("token")))
        return Answer(status=200, body=_described(server, client, held))
    except OAuthError as error:
        return refused(error, server.issuer)


def _described(server: AuthServer, client: Client, held: Held | None) -> dict[str, Any]:
    if held is None or not held.is_live(server.now_ms()):
        return {"active": False}
    if held.authorization.client_id != client.client_id and not client.may_introspect:
        return {"active": False}
    token, authorization = held.token, held.authorization
    described: dict[str, Any] = {
        "active": True,
        "scope": " ".join(token.scopes),
        "client_id": authorization.client_id,
        "sub": authorization.subject,
        "aud": list(token.resources),
        "iss": server.issuer,
        "iat": token.issued_at // 1000,
        "exp": token.expires_at // 1000,
    }
    return described | ({"token_type": "Bearer"} if token.kind == "access" else {})
