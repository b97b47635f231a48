"""A refresh token for a fresh access token: RFC 6749 section 6.

Who may refresh when several want to is not decided here (`core/tokens.py`).
"""

from __future__ import annotations

import msgspec

from core.connector import Connector
from core.connector.templates import fill
from core.errors import TokenRejected
from core.http import Outbound
from core.oauth import token_endpoint
from core.oauth.acceptance import accept
from core.oauth.discovery import endpoints
from core.oauth.registration import ClientRegistration
from core.oauth.token_set import TokenSet


async def refresh(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    tokens: TokenSet,
    *,
    now_ms: int,
    scopes: tuple[str, ...] | None = None,
) -> TokenSet:
    """What the answer leaves out stays as it was: refresh token, scopes, fields. `scopes`: ask for these and no more of those
    that were given (RFC 6749 section 6).

    Raises TokenRejected also when there is no refresh token; else as `core/oauth/token_endpoint.py` says.
    """
    if not tokens.refresh_token:
        raise TokenRejected(
            f"{connector.title} gave no refresh token for this authorization.", error="no_refresh_token"
        )
    fields = {**registration.config, **tokens.fields}
    where = await endpoints(http, connector, fields)
    params = {
        **connector.oauth.refresh_params,
        "grant_type": "refresh_token",
        "refresh_token": tokens.refresh_token.reveal(),
    }
    if scopes is not None:
        params["scope"] = connector.oauth.scope_separator.join(scopes)
    if connector.oauth.resource:
        params["resource"] = fill(connector.oauth.resource, fields)
    audience = where.issuer or where.token_url
    response = await token_endpoint.post(http, connector, registration, where.token_url, audience, params)
    given = await accept(http, connector, registration, response, now_ms)
    renewed = _joined(tokens, given)
    if scopes is None or given.scopes is not None:
        return renewed
    return msgspec.structs.replace(renewed, scopes=scopes)  # said nothing: it gave what was asked for


def _joined(old: TokenSet, new: TokenSet) -> TokenSet:
    return msgspec.structs.replace(
        new,
        refresh_token=new.refresh_token or old.refresh_token,
        scopes=old.scopes if new.scopes is None else new.scopes,
        fields=old.fields | new.fields,
    )
