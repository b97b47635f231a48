"""Connectors of the tests that are not as they should be, over the API of the OAuth server in tests/node.

`quiet` has no way to end a token. `odd` has tools that break, say too much or answer endlessly.
"""

from __future__ import annotations

import os

import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope

URL = os.environ["OIDC_PROVIDER_URL"]
SCOPES = [
    Scope("items.read", title="Items", description="find and read items", risk="read"),
    Scope("items.write", title="Items", description="add items", risk="write"),
]


def _oauth(revocation: Rfc7009 | None) -> OAuth2:
    return OAuth2(
        authorize_url=f"{URL}/auth",
        token_url=f"{URL}/token",
        issuer=URL,
        client_auth="client_secret_basic",
        rotates_refresh_tokens=True,
        revocation=revocation,
    )


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str


class Item(msgspec.Struct, frozen=True):
    id: str
    name: str
    price: int


quiet = Connector(
    slug="quiet",
    title="Quiet Provider",
    category="other",
    api_url=f"{URL}/api",
    oauth=_oauth(None),
    scopes=SCOPES,
    manage_url=f"{URL}/settings/apps",
)
odd = Connector(
    slug="odd",
    title="Odd Provider",
    category="other",
    api_url=f"{URL}/api",
    oauth=_oauth(Rfc7009(url=f"{URL}/token/revocation", token="refresh_token")),
    scopes=SCOPES,
    manage_url=f"{URL}/settings/apps",
)


@quiet.account
async def quiet_account(api: Api) -> Account:
    """Who is behind this token."""
    me = await api.get("/me", into=Me)
    return Account(id=me.id, label=me.email)


@odd.account
async def odd_account(api: Api) -> Account:
    """Who is behind this token."""
    me = await api.get("/me", into=Me)
    return Account(id=me.id, label=me.email)


@quiet.tool(scopes=["items.read"], risk="read", sees="names and prices of items")
async def find_items(api: Api, query: str = "", limit: Limit = 10, cursor: str | None = None) -> Page[Item]:
    """Find items whose name contains `query`."""
    params = {"q": query, "limit": limit, "cursor": cursor}
    return await api.get("/items", params=params, into=Page[Item])


@odd.tool(scopes=["items.read"], risk="read", sees="nothing: it breaks")
async def breaks(api: Api, words: str) -> Item:
    """Fail as a faulty connector does, with the arguments in the exception."""
    raise RuntimeError(f"could not work with {words}")


@odd.tool(scopes=["items.read"], risk="read", sees="many items")
async def many(api: Api, count: int, size: int) -> Page[Item]:
    """Answer `count` items whose names have `size` letters."""
    found = await api.get("/items", params={"limit": 1}, into=Page[Item])
    item = found.items[0]
    return Page([Item(f"{n}", "x" * size, item.price) for n in range(count)], "the-rest")
