"""Tell the provider that it is over: RFC 7009, or the connector's own way.

The refresh token goes first: its end should end the access tokens with it (section 2.1). A token the provider does not
know is as dead as one it has just killed (section 2.2).
"""

from __future__ import annotations

import logging
import traceback
from collections.abc import Awaitable

from core.connector import Connector, RevocationContext, Rfc7009
from core.connector.templates import fill
from core.errors import RevocationUnsupported, ToolFailed, ValetkeyError
from core.http import Outbound
from core.oauth import token_endpoint
from core.oauth.registration import ClientRegistration
from core.oauth.token_set import TokenSet
from core.secret import Secret

log = logging.getLogger("valetkey.oauth")

_ALREADY_DEAD = frozenset({"invalid_token", "invalid_grant"})


async def revoke(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    tokens: TokenSet,
    *,
    alone: bool = False,
) -> None:
    """Returns when the provider has confirmed. `alone`: what ends the account's whole authorization ends nobody else's.

    Raises RevocationUnsupported; ProviderError or OutboundError: try again.
    """
    how = connector.oauth.revocation
    fields = {**registration.config, **tokens.fields}
    if how is None:
        raise RevocationUnsupported(f"{connector.title} has no way for us to end its tokens.")
    if not isinstance(how, Rfc7009):
        context = RevocationContext(
            http=http, registration=registration, tokens=tokens, fields=fields, alone=alone
        )
        await _own_way(connector, how(context))
        return
    for hint, token in _tokens(how, tokens):
        await _revoke_one(http, connector, registration, fill(how.url, fields), hint, token, fields)


async def _own_way(connector: Connector, telling: Awaitable[None]) -> None:
    try:
        await telling
    except ValetkeyError:
        raise
    except Exception as error:  # a connector's own fault: outermost boundary of foreign code
        # where it broke, not what it said: it had the token in its hands
        place = traceback.extract_tb(error.__traceback__)[-1]
        log.error("%s: revocation broke: %s at %s:%s", connector.slug, type(error).__name__, *place[:2])
        raise ToolFailed(f"The connector {connector.slug} failed while ending a token.") from None


def _tokens(how: Rfc7009, tokens: TokenSet) -> list[tuple[str, Secret]]:
    """What to send, in order. Without a refresh token only the access token is left to end."""
    access = ("access_token", tokens.access_token)
    if how.token == "access_token" or not tokens.refresh_token:  # noqa: S105
        return [access]
    refresh = ("refresh_token", tokens.refresh_token)
    return [refresh, access] if how.token == "both" else [refresh]  # noqa: S105


async def _revoke_one(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    url: str,
    hint: str,
    token: Secret,
    fields: dict[str, str],
) -> None:
    audience = fill(connector.oauth.issuer or connector.oauth.token_url, fields)
    params = {"token": token.reveal(), "token_type_hint": hint}
    response = await token_endpoint.post(http, connector, registration, url, audience, params)
    code = token_endpoint.error_code(response)
    if code in _ALREADY_DEAD:
        return
    if code or not response.is_success:
        raise token_endpoint.refusal(connector, response, code)
