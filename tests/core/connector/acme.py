"""Acme, a made-up provider, as a connector, and a source of tokens that remembers what it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope
from core.errors import ReconnectRequired
from core.http import Outbound
from core.secret import Secret
from tests.core.wire import Wire

OAUTH: Mapping[str, Any] = {
    "authorize_url": "https://acme.example/oauth/authorize",
    "token_url": "https://acme.example/oauth/token",
    "revocation": Rfc7009("https://acme.example/oauth/revoke"),
}
READ = Scope("contacts.read", "Contacts", "find and read people", risk="read")
WRITE = Scope("contacts.write", "Contacts", "add and change people", risk="write")


class Contact(msgspec.Struct, frozen=True):
    id: str
    email: str | None = None


def connector(**changes: Any) -> Connector:
    """A connector without faults, but for what is changed."""
    plain: dict[str, Any] = {
        "slug": "acme",
        "title": "Acme",
        "category": "crm",
        "api_url": "{instance_url}/v3",
        "oauth": OAuth2(**OAUTH),
        "scopes": [READ, WRITE],
    }
    made = Connector(**{**plain, **changes})

    @made.account
    async def account(api: Api) -> Account:
        """Who it is."""
        me = await api.get("/me", into=Contact)
        return Account(id=me.id, label=str(me.email))

    @made.tool(scopes=["contacts.read"], risk="read", sees="e-mail addresses of contacts")
    async def find_contacts(
        api: Api, query: str, limit: Limit = 10, cursor: str | None = None
    ) -> Page[Contact]:
        """Find contacts."""
        asked = {"q": query, "limit": limit, "after": cursor}
        found: Page[Contact] = await api.get("/contacts", params=asked, into=Page[Contact])
        return found

    return made


class Tokens:
    """`first` until the provider rejects it, `second` from then on; after that there is none."""

    def __init__(self) -> None:
        self.rejected: list[str] = []
        self.asked = 0

    async def access_token(self) -> Secret:
        self.asked += 1
        return Secret("second" if self.rejected else "first")

    async def after_rejection(self, rejected: Secret) -> Secret:
        if self.rejected:
            raise ReconnectRequired(reason="refresh_token_rejected")
        self.rejected.append(rejected.reveal())
        return Secret("second")


def api_of(
    made: Connector,
    http: Outbound,
    wire: Wire,
    *,
    tokens: Tokens | None = None,
    deadline_s: float = 5,
    **fields: str,
) -> Api:
    known = {"instance_url": wire.url, **fields}
    return Api(made, http, tokens or Tokens(), fields=known, deadline_s=deadline_s, development=True)
