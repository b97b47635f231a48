"""Northwind as if one sign-in there covered several companies' accounts: what an account-level app of Atlassian's is like.

Its endpoints are Northwind's own; which account a grant is for shows in the tool's answer.
"""

from __future__ import annotations

import msgspec

from core.connector import Account, Api, Connector, OAuth2, Rfc7009, Scope

SITES = {"trading": "Northwind Trading", "freight": "Northwind Freight"}

sites = Connector(
    slug="sites",
    title="Northwind",
    category="crm",
    api_url="{base_url}/api/v1",
    oauth=OAuth2(
        authorize_url="{base_url}/oauth/authorize",
        token_url="{base_url}/oauth/token",
        issuer="{base_url}",
        revocation=Rfc7009("{base_url}/oauth/revoke"),
        rotates_refresh_tokens=True,
    ),
    scopes=[
        Scope("deals.read", "Read deals", "find and read your deals"),
        Scope("contacts.read", "Read contacts", "find and read contacts"),
    ],
    manage_url="{base_url}/settings/apps",
    cannot=["see or change any company's account but the one you choose"],
    account_fields=("site",),
)


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str


class Deals(msgspec.Struct, frozen=True):
    items: list[Deal]


class Deal(msgspec.Struct, frozen=True):
    id: str
    title: str


class Seen(msgspec.Struct, frozen=True):
    site: str
    titles: list[str]


@sites.account
async def account(api: Api) -> list[Account]:
    """The user, in each company."""
    me = await api.get("/me", into=Me)
    return [
        Account(f"{site}:{me.id}", f"{me.email} in {name}", {"site": site}) for site, name in SITES.items()
    ]


@sites.tool(
    title="Find your deals",
    group="Deals",
    risk="read",
    scopes=["deals.read"],
    sees="titles of your own deals",
)
async def find_deals(api: Api) -> Seen:
    """Find deals, and tell in which company."""
    params = {"owner": "me", "fields": "id,title", "limit": 5}
    found = await api.get("/deals", params=params, into=Deals)
    return Seen(api.fields["site"], [deal.title for deal in found.items])


@sites.tool(
    title="Find people", group="Contacts", risk="read", scopes=["contacts.read"], sees="the company's name"
)
async def find_contacts(api: Api) -> Seen:
    """Tell in which company people would be looked for."""
    return Seen(api.fields["site"], [])
