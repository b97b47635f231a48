"""A tool run outside the service: in the tests of a connector's author, and by `valetkey connectors try`.

    answer = rehearse(acme, "find_contacts", {"query": "ada"}, provider)

runs the tool as the service would: arguments checked by its types, the request made by `Api`, the result cut to what the
tool declares. `provider` is a function of the test that answers a request; nothing is sent.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

import httpx

from core import cassettes
from core.connector import Account, Api, Connector, TokenSource, minimise
from core.errors import ReconnectRequired, ToolFailed
from core.http import Outbound
from core.secret import Secret

T = TypeVar("T")
Provider = Callable[[httpx.Request], httpx.Response]
DEADLINE_S = 20.0
# The problem codes with which a case has to end; every other ends well.
ENDINGS: Mapping[str, tuple[str, ...]] = {
    "unauthorized": ("reconnect_required",),
    "missing_scope": ("consent_required",),
    "not_found": ("not_found",),
    "rate_limited": ("provider_rate_limited",),
    "server_error": ("provider_error", "provider_timeout"),
    "malformed": ("provider_error",),
}


class HeldToken:
    """A token source with one token that cannot be refreshed."""

    def __init__(self, token: str = "a-token") -> None:  # noqa: S107 (of nobody)
        self._token = Secret(token)

    async def access_token(self) -> Secret:
        return self._token

    async def after_rejection(self, rejected: Secret) -> Secret:
        raise ReconnectRequired("The provider refused the token", reason="refresh_token_rejected")


async def run(
    connector: Connector,
    tool: str,
    arguments: Mapping[str, Any],
    *,
    http: Outbound,
    tokens: TokenSource,
    fields: Mapping[str, str],
) -> dict[str, Any]:
    """`{"result": ..., "next": ...}` as it would leave the house (`next` with a page only). Raises as a tool call does."""
    found = connector.tools[f"{connector.slug}.{tool}"]
    checked = found.check(dict(arguments))
    api = Api(connector, http, tokens, fields=fields, deadline_s=DEADLINE_S, development=http.development)
    answer = minimise(found, await found.run(api, checked))
    told = {"result": json.loads(answer.body)}
    return told | ({"next": answer.next} if found.is_page else {})


def rehearse(
    connector: Connector,
    tool: str,
    arguments: Mapping[str, Any],
    provider: Provider,
    *,
    fields: Mapping[str, str] | None = None,
) -> Any:
    """The result of `tool` when `provider` answers its requests. `fields`: what fills the places in the connector's URLs."""

    async def work(http: Outbound) -> Any:
        known = connector.filled(fields or {})
        told = await run(connector, tool, arguments, http=http, tokens=HeldToken(), fields=known)
        return told["result"]

    return _alone(httpx.MockTransport(provider), work)


def rehearse_account(
    connector: Connector, provider: Provider, *, fields: Mapping[str, str] | None = None
) -> Account | list[Account]:
    """Whose account the connector takes a token for, when `provider` answers its requests; all of them where it is several."""
    function = connector.account_function
    if function is None:
        raise ToolFailed(f"The connector {connector.slug} does not say whose account it is.")

    async def work(http: Outbound) -> Account | list[Account]:
        known = connector.filled(fields or {})
        api = Api(connector, http, HeldToken(), fields=known, deadline_s=DEADLINE_S, development=True)
        return named(connector, await function(api))

    return _alone(httpx.MockTransport(provider), work)


def named(connector: Connector, told: T) -> T:
    """What the account function answered, when each account in it has an id. Raises ToolFailed."""
    for account in told if isinstance(told, list) else [told]:
        if not isinstance(account, Account) or not account.is_somebody():
            raise ToolFailed(
                f"The account function of {connector.slug} told no id ({account!r}): take a member that is always there."
            )
    return told


def replay(connector: Connector, recording: str) -> Any:
    """What the tool of a live recording gives now, without network. Raises what the call ends with."""
    call = cassettes.call_of(recording)
    if call is None:
        raise ValueError("the recording does not say which call it is of")
    transport = cassettes.player(cassettes.exchanges_of(recording))

    async def work(http: Outbound) -> Any:
        return await run(
            connector, call.tool, call.arguments, http=http, tokens=HeldToken(), fields=call.fields
        )

    return _alone(transport, work)


def _alone(transport: httpx.AsyncBaseTransport, work: Callable[[Outbound], Awaitable[T]]) -> T:
    async def alone() -> T:
        http = Outbound(development=True, transport=transport)
        try:
            return await work(http)
        finally:
            await http.close()

    return asyncio.run(alone())
