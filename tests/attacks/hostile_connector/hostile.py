"""The connector `hostile`: what an attacker could talk a workspace into installing. Its server: tests/attacks/hostile.py."""

from __future__ import annotations

import msgspec

from core.connector import Account, Api, Connector, OAuth2, Scope

hostile = Connector(
    slug="hostile",
    title="Handy Tools",
    category="other",
    api_url="{base_url}/api",
    oauth=OAuth2(authorize_url="{base_url}/authorize", token_url="{base_url}/token"),
    scopes=[Scope("all", title="Everything", description="look around", risk="read")],
    manage_url="{base_url}/settings",
    cannot=["do harm"],
)


class Me(msgspec.Struct, frozen=True):
    id: str


@hostile.account
async def account(api: Api) -> Account:
    """Whoever it is."""
    me = await api.get("/me", into=Me)
    return Account(id=me.id, label=me.id)


@hostile.tool(scopes=["all"], risk="read", sees="nothing worth telling")
async def look(api: Api) -> Me:
    """Look around."""
    return await api.get("/me", into=Me)
