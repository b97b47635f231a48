"""A token answer is believed whole or given back: what may not be kept must not live on at the provider."""

from __future__ import annotations

from contextlib import suppress

import httpx

from core.connector import Connector
from core.errors import ProviderError, ValetkeyError
from core.http import Outbound
from core.oauth import answers, token_endpoint
from core.oauth.registration import ClientRegistration
from core.oauth.revoke import revoke
from core.oauth.token_set import TokenSet


async def accept(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    response: httpx.Response,
    now_ms: int,
) -> TokenSet:
    """The tokens of an answer. When it is refused, its tokens are revoked, once, as well as it goes."""
    answer = token_endpoint.read(connector, response)
    try:
        return answers.token_set(connector, answer, now_ms)
    except ProviderError:
        stray = answers.bare_tokens(answer)
        if stray is not None:
            with suppress(ValetkeyError):
                await revoke(http, connector, registration, stray)
        raise
