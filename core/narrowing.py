"""The token of one call where the provider can make a smaller one: it does for this tool with these arguments, and ends with
the call.

The grant's own token is shown to the provider's token endpoint only. Where a smaller one cannot be had the call fails.
Limits: a process that dies between call and ending leaves a small token behind until it expires at the provider.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any

import msgspec

from core import oauth, registrations
from core.connector import Connector, Tool
from core.errors import ReconnectRequired, RevocationUnsupported, ValetkeyError
from core.grants import Held
from core.house import House
from core.secret import Secret
from core.tokens import GrantTokens

log = logging.getLogger("valetkey.narrowing")


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
        made = await oauth.narrowed(
            self._house.outbound,
            self._connector,
            await registrations.client(self._house, self._held.as_registration()),
            self._wide.tokens,
            scopes=self._tool.wanted_scopes(),
            tool=self._tool.function_name,
            arguments=self._arguments,
        )
        self._made.append(made)

    async def end(self) -> None:
        """Ask the provider to end what was made; what it does not confirm ends by itself, soon."""
        client = await registrations.client(self._house, self._held.as_registration())
        for one in self._made:
            small = msgspec.structs.replace(self._wide.tokens, access_token=one, refresh_token=None)
            try:
                await oauth.revoke(self._house.outbound, self._connector, client, small)
            except RevocationUnsupported:
                return
            except ValetkeyError as error:
                log.warning("%s did not end a call's token: %s", self._connector.slug, error.code)
