"""The connector `bench` for tests/load/upstream.py; its address comes from BENCH_UPSTREAM_URL."""

from __future__ import annotations

import os

import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Scope

URL = os.environ["BENCH_UPSTREAM_URL"]

bench = Connector(
    slug="bench",
    title="Bench",
    category="other",
    api_url=URL,
    oauth=OAuth2(
        authorize_url=f"{URL}/authorize",
        token_url=f"{URL}/token",
        client_auth="client_secret_post",
        revocation=None,
    ),
    scopes=[Scope("read", title="Contacts", description="find and read contacts", risk="read")],
    manage_url=f"{URL}/apps",
    cannot=["change anything"],
)


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str


class Contact(msgspec.Struct, frozen=True):
    id: str
    name: str
    email: str


@bench.account
async def account(api: Api) -> Account:
    """Who is behind this token."""
    me = await api.get("/me", into=Me)
    return Account(id=me.id, label=me.email)


@bench.tool(scopes=["read"], risk="read", sees="names and e-mail addresses")
async def find_contacts(api: Api, query: str, limit: Limit = 10) -> Page[Contact]:
    """Find contacts whose name contains `query`."""
    return await api.get("/contacts", params={"q": query, "limit": limit}, into=Page[Contact])
