"""Registrations: the workspace's client at a provider. The client secret goes in and never comes out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.clock import rfc3339
from core.house import House
from core.model import Registration
from core.registrations import redirect_uri
from web.wire.body import Body
from web.wire.fields import Text, Time, ToolName


class ReadClientIn(Body, frozen=True):
    """A second client, whose app may only read, where the provider fixes scopes with the client."""

    examples = ({"client_id": "valetkey-acme-read", "client_secret": "the secret of the second app"},)

    client_id: Annotated[str, Meta(min_length=1, max_length=2_000, examples=["valetkey-acme-read"])]
    client_secret: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None
    max_scopes: list[Text] | None = None


class RegistrationIn(Body, frozen=True):
    examples = (
        {"client_id": "valetkey-acme", "client_secret": "the secret the provider showed once"},
        {
            "client_id": "valetkey-acme",
            "enabled_tools": ["northwind.find_deals", "northwind.move_deal"],
            "config": {"base_url": "https://crm.acme.example"},
        },
    )

    client_id: Annotated[str, Meta(min_length=1, max_length=2_000, examples=["valetkey-acme"])]
    client_secret: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None
    enabled_tools: list[ToolName] | None = None
    max_scopes: list[Text] | None = None
    config: dict[str, Annotated[str, Meta(max_length=2_000)]] = msgspec.field(default_factory=dict)
    read_client: ReadClientIn | UnsetType | None = UNSET


class ReadClientOut(msgspec.Struct, frozen=True):
    """`client_id` null: none is registered yet; `redirect_uri` is what its app at the provider needs."""

    redirect_uri: str
    client_id: str | None = None
    has_secret: bool = False
    max_scopes: list[str] | None = None


class RegistrationOut(msgspec.Struct, frozen=True):
    """The client secret is write-only; `has_secret` says whether there is one. `read_client`: only where the provider fixes
    scopes with the client."""

    id: str
    slug: str
    title: str
    client_id: str
    has_secret: bool
    redirect_uri: str
    enabled_tools: list[str]
    max_scopes: list[str] | None
    config: dict[str, str]
    created_at: Time
    updated_at: Time
    read_client: ReadClientOut | None = None


def read_client_out(uri: str, small: Registration | None) -> ReadClientOut:
    if small is None:
        return ReadClientOut(uri)
    scopes = None if small.max_scopes is None else list(small.max_scopes)
    return ReadClientOut(uri, small.client_id, small.secret_version > 0, scopes)


def registration_out(
    house: House, kept: Registration, read_client: ReadClientOut | None = None
) -> RegistrationOut:
    connector = house.registry.connectors.get(kept.slug)
    tools = list(connector.tools) if connector else []
    return RegistrationOut(
        id=kept.id,
        slug=kept.slug,
        title=connector.title if connector else kept.slug,
        client_id=kept.client_id,
        has_secret=kept.secret_version > 0,
        redirect_uri=redirect_uri(house, kept.id),
        enabled_tools=list(kept.enabled_tools) if kept.enabled_tools is not None else tools,
        max_scopes=list(kept.max_scopes) if kept.max_scopes is not None else None,
        config=kept.config,
        created_at=rfc3339(kept.created_at),
        updated_at=rfc3339(kept.updated_at),
        read_client=read_client,
    )
