"""What a provider says of a token when its client asks: RFC 7662.

Asked once, after the code was redeemed, for connectors that learn from it whose account this is. The answer goes to the
connector's account function; the client's secret does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.connector import Connector
from core.connector.templates import fill
from core.errors import ProviderError
from core.http import Outbound
from core.oauth import token_endpoint
from core.oauth.registration import ClientRegistration
from core.oauth.token_set import TokenSet


async def introspect(
    http: Outbound, connector: Connector, registration: ClientRegistration, tokens: TokenSet
) -> Mapping[str, Any]:
    """The members of the answer for the access token.

    Raises ProviderError when the connector names no endpoint or the token is not active, else as
    `core/oauth/token_endpoint.py` says.
    """
    if connector.oauth.introspection_url is None:
        raise ProviderError(f"{connector.title} has no introspection endpoint.")
    fields = {**registration.config, **tokens.fields}
    url = fill(connector.oauth.introspection_url, fields)
    audience = fill(connector.oauth.issuer or connector.oauth.token_url, fields)
    params = {"token": tokens.access_token.reveal(), "token_type_hint": "access_token"}
    answer = token_endpoint.read(
        connector, await token_endpoint.post(http, connector, registration, url, audience, params)
    )
    if answer.get("active") is not True:
        raise ProviderError(f"{connector.title} does not know the token it has just given.")
    return answer
