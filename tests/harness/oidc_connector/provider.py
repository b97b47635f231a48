"""The connector `oidcp` for the OAuth server in tests/node. Its address comes from OIDC_PROVIDER_URL."""

from __future__ import annotations

import os

import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope

URL = os.environ["OIDC_PROVIDER_URL"]

oidcp = Connector(
    slug="oidcp",
    title="Test Provider",
    category="other",
    api_url=f"{URL}/api",
    oauth=OAuth2(
        authorize_url=f"{URL}/auth",
        token_url=f"{URL}/token",
        issuer=URL,
        client_auth="client_secret_basic",
        rotates_refresh_tokens=True,
        revocation=Rfc7009(url=f"{URL}/token/revocation", token="refresh_token"),
        introspection_url=f"{URL}/token/introspection",
    ),
    scopes=[
        Scope("profile.read", title="Profile", description="see your name and e-mail address", risk="read"),
        Scope("items.read", title="Items", description="find and read items", risk="read"),
        Scope("items.write", title="Items", description="add items", risk="write"),
        Scope("items.delete", title="Items", description="delete items", risk="delete"),
        Scope("reports.read", title="Reports", description="read reports", risk="read"),
    ],
    manage_url=f"{URL}/settings/apps",
    cannot=["send messages in your name"],
)


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str


class Profile(msgspec.Struct, frozen=True):
    """The provider sends a birthday too; what is not named here is dropped."""

    email: str
    company: str


class Item(msgspec.Struct, frozen=True):
    """What an assistant may see of an item."""

    id: str
    name: str
    price: int


class NewItem(msgspec.Struct, frozen=True):
    id: str
    name: str


@oidcp.account
async def account(api: Api) -> Account:
    """Who is behind this token."""
    me = await api.get("/me", into=Me)
    return Account(id=me.id, label=me.email)


@oidcp.tool(scopes=["profile.read"], risk="read", sees="your e-mail address and company")
async def who_am_i(api: Api) -> Profile:
    """Say whose account this is."""
    return await api.get("/profile", into=Profile)


@oidcp.tool(scopes=["items.read"], risk="read", sees="names and prices of items")
async def find_items(api: Api, query: str = "", limit: Limit = 10, cursor: str | None = None) -> Page[Item]:
    """Find items whose name contains `query`."""
    params = {"q": query, "limit": limit, "cursor": cursor}
    return await api.get("/items", params=params, into=Page[Item])


@oidcp.tool(scopes=["items.read"], risk="read", sees="name and price of one item")
async def get_item(api: Api, id: str) -> Item:
    """Read one item by its id."""
    return await api.get(f"/items/{id}", into=Item)


@oidcp.tool(scopes=["items.write"], risk="write", changes="adds one item")
async def add_item(api: Api, name: str) -> NewItem:
    """Add an item called `name`."""
    return await api.post("/items", json={"name": name}, into=NewItem)


@oidcp.tool(scopes=["items.delete"], risk="delete", changes="deletes one item for good")
async def delete_item(api: Api, id: str) -> None:
    """Delete the item with this id."""
    await api.delete(f"/items/{id}")


@oidcp.tool(scopes=["items.read"], risk="read", sees="one very large answer")
async def huge(api: Api, bytes: int) -> Page[Item]:
    """Read an answer of about `bytes` bytes."""
    return await api.get("/huge", params={"bytes": bytes}, into=Page[Item])
