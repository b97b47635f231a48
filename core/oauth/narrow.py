"""A token for one call that can do no more than the call needs, where the provider can make one.

RFC 8693 section 2.1 (token exchange with a smaller `scope`), or the connector's own way (GitHub: a token for one repository
and one permission). Asked as our client; raises what the provider's refusal means: a call never falls back to the wider token.
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Mapping
from typing import Any

from core.connector import Connector, NarrowContext
from core.connector.templates import fill
from core.errors import ProviderError, ToolFailed, ValetkeyError
from core.http import Outbound
from core.oauth import token_endpoint
from core.oauth.registration import ClientRegistration
from core.oauth.token_set import TokenSet
from core.secret import Secret

log = logging.getLogger("valetkey.oauth")

TOKEN_EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"  # noqa: S105 - a name
ACCESS_TOKEN = "urn:ietf:params:oauth:token-type:access_token"  # noqa: S105 - a name


def per_call(connector: Connector) -> bool:
    """Whether a call gets a token of its own."""
    return connector.oauth.narrowing not in (None, "refresh_scope")


async def narrowed(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    tokens: TokenSet,
    *,
    scopes: tuple[str, ...],
    tool: str,
    arguments: Mapping[str, Any],
) -> Secret:
    """The token to call with. Raises as `core/oauth/token_endpoint.py` says, or what the connector's function raises."""
    how = connector.oauth.narrowing
    fields = {**registration.config, **tokens.fields}
    if how == "token_exchange":
        return await _exchanged(http, connector, registration, tokens, scopes, fields)
    assert callable(how)
    context = NarrowContext(
        http=http,
        registration=registration,
        tokens=tokens,
        scopes=scopes,
        fields=fields,
        tool=tool,
        arguments=arguments,
    )
    try:
        return await how(context)
    except ValetkeyError:
        raise
    except Exception as error:  # a connector's own fault: outermost boundary of foreign code
        # where it broke, not what it said: it had the token in its hands
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s: narrowing broke: %s at %s:%s", connector.slug, type(error).__name__, *place[:2])
        raise ToolFailed(f"The connector {connector.slug} failed while narrowing a token.") from None


async def _exchanged(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    tokens: TokenSet,
    scopes: tuple[str, ...],
    fields: Mapping[str, str],
) -> Secret:
    url = fill(connector.oauth.token_url, fields)
    params = {
        "grant_type": TOKEN_EXCHANGE,
        "subject_token": tokens.access_token.reveal(),
        "subject_token_type": ACCESS_TOKEN,
        "requested_token_type": ACCESS_TOKEN,
        "scope": connector.oauth.scope_separator.join(scopes),
    }
    audience = fill(connector.oauth.issuer or connector.oauth.token_url, fields)
    response = await token_endpoint.post(http, connector, registration, url, audience, params)
    token = token_endpoint.read(connector, response).get("access_token")
    if not isinstance(token, str) or not token:
        raise ProviderError(f"{connector.title} exchanged the token for none.")
    return Secret(token)
