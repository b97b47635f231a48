"""Parcels: where one's parcels are, at a made-up carrier. A connector in a single file.

Source: parcels.example/developers, read on 2026-11-24. Limits: no deliveries of others, nothing can be changed.
"""

from __future__ import annotations

import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope

parcels = Connector(
    slug="parcels",
    title="Parcels",
    category="other",
    api_url="https://api.parcels.example/v1",
    oauth=OAuth2(
        authorize_url="https://parcels.example/oauth/authorize",
        token_url="https://parcels.example/oauth/token",  # noqa: S106 (an address)
        revocation=Rfc7009("https://parcels.example/oauth/revoke"),
    ),
    scopes=[Scope("parcels.read", "Parcels", "see where your parcels are")],
    cannot=["order or redirect a parcel"],
)


class Parcel(msgspec.Struct, frozen=True):
    """What may leave: not the address it goes to."""

    id: str
    sender: str
    status: str


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str


@parcels.account
async def account(api: Api) -> Account:
    me = await api.get("/me", into=Me)
    return Account(id=me.id, label=me.email)


@parcels.tool(
    title="Find your parcels", risk="read", scopes=["parcels.read"], sees="sender and status of your parcels"
)
async def my_parcels(api: Api, limit: Limit = 10, cursor: str | None = None) -> Page[Parcel]:
    """List the user's parcels, the newest first."""
    asked = {"limit": limit, "cursor": cursor}
    found: Page[Parcel] = await api.get("/parcels", params=asked, into=Page[Parcel])
    return found
