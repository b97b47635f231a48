"""Making access smaller: a grant for good, and the token of one call.

A grant that is narrowed gives scopes back at the provider where a refresh can (RFC 6749 section 6; GitLab: read only from then
on). A call gets a token that does for its tool and its arguments where the provider makes such (GitHub), and that ends with
the call; the grant's own token is then shown to the token endpoint only, and where no smaller one can be had the call fails.
Limits: a process that dies between call and ending leaves a small token behind until it expires at the provider.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from core import grants, oauth, registrations
from core.connector import Connector, Tool
from core.errors import ReconnectRequired, RevocationUnsupported, ValetkeyError
from core.grants import Held
from core.house import House
from core.model import Actor, Grant
from core.secret import Secret
from core.tokens import GrantTokens, fewer_scopes, refreshed

log = logging.getLogger("valetkey.narrowing")
AT_ONCE_S = 5.0


async def narrow(
    house: House,
    actor: Actor,
    grant_id: str,
    *,
    tools: tuple[str, ...] | None = None,
    expires_at: int | None = None,
    assistant: str | None = None,
    user: str | None = None,
) -> Grant:
    """As `grants.narrow`, which it is; then the provider is asked to take back what is no longer needed, waiting AT_ONCE_S at
    most. What it does not take now it is asked again with the next refresh."""
    narrowed = await grants.narrow(
        house, actor, grant_id, tools=tools, expires_at=expires_at, assistant=assistant, user=user
    )
    connector = house.registry.connectors.get(narrowed.connector)
    if connector is None or connector.oauth.narrowing != "refresh_scope":
        return narrowed
    await asyncio.wait([house.in_background(_give_back(house, connector, narrowed))], timeout=AT_ONCE_S)
    return await grants.get(house, narrowed.workspace, narrowed.id)


async def _give_back(house: House, connector: Connector, grant: Grant) -> None:
    held = await grants.held(house, grant.workspace, grant.id)
    if held is None or fewer_scopes(connector, held) is None:
        return
    try:
        await refreshed(house, connector, held)
    except ValetkeyError as error:
        log.info("%s did not take scopes back yet: %s", connector.slug, error.code)


class NarrowTokens:
    """The token source of one call (`core.connector.TokenSource`). `end` when the call is over."""

    def __init__(
        self,
        house: House,
        connector: Connector,
        held: Held,
        wide: GrantTokens,
        tool: Tool,
        arguments: Mapping[str, Any],
    ) -> None:
        self._house, self._connector, self._held, self._wide = house, connector, held, wide
        self._tool, self._arguments = tool, arguments
        self._making: list[asyncio.Task[Secret]] = []
        self._made: list[Secret] = []

    async def access_token(self) -> Secret:
        if not self._made:
            wide = await self._wide.access_token()
            try:
                await self._make()
            except ReconnectRequired:  # the provider no longer takes the wide one: refreshed once
                await self._wide.after_rejection(wide)
                await self._make()
        return self._made[-1]

    async def after_rejection(self, rejected: Secret) -> Secret:
        await self._wide.after_rejection(await self._wide.access_token())
        await self._make()
        return self._made[-1]

    async def _make(self) -> None:
        """To its end, also when the call is given up meanwhile: what was made has to be ended."""
        self._making.append(self._house.in_background(self._narrowed()))
        self._made.append(await asyncio.shield(self._making[-1]))

    async def _narrowed(self) -> Secret:
        return await oauth.narrowed(
            self._house.outbound,
            self._connector,
            await registrations.client(self._house, self._held.as_registration()),
            self._wide.tokens,
            scopes=self._tool.wanted_scopes(),
            tool=self._tool.function_name,
            arguments=self._arguments,
        )

    async def end(self) -> None:
        """Ask the provider to end what was made; what it does not confirm ends by itself, soon."""
        client = await registrations.client(self._house, self._held.as_registration())
        made = await asyncio.gather(*self._making, return_exceptions=True)
        for one in (token for token in made if isinstance(token, Secret)):
            small = msgspec.structs.replace(self._wide.tokens, access_token=one, refresh_token=None)
            try:
                await oauth.revoke(self._house.outbound, self._connector, client, small)
            except RevocationUnsupported:
                return
            except ValetkeyError as error:
                log.warning("%s did not end a call's token: %s", self._connector.slug, error.code)
