"""The provider's code for tokens: RFC 6749 section 4.1.3, RFC 7636 section 4.5, RFC 8707 section 2.2."""

from __future__ import annotations

from core.connector import Connector, PkceOff
from core.connector.templates import fill
from core.http import Outbound
from core.oauth import token_endpoint
from core.oauth.acceptance import accept
from core.oauth.discovery import endpoints
from core.oauth.registration import ClientRegistration
from core.oauth.token_set import TokenSet
from core.secret import Secret


async def redeem(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    *,
    code: Secret,
    verifier: Secret,
    now_ms: int,
) -> TokenSet:
    """Sent once, whatever happens: a code is single-use. Raises as `core/oauth/token_endpoint.py` says."""
    where = await endpoints(http, connector, registration.config)
    params = {
        **connector.oauth.token_params,
        "grant_type": "authorization_code",
        "code": code.reveal(),
        "redirect_uri": registration.redirect_uri,
    }
    if not isinstance(connector.oauth.pkce, PkceOff):
        params["code_verifier"] = verifier.reveal()
    if connector.oauth.resource:
        params["resource"] = fill(connector.oauth.resource, registration.config)
    audience = where.issuer or where.token_url
    response = await token_endpoint.post(http, connector, registration, where.token_url, audience, params)
    return await accept(http, connector, registration, response, now_ms)
