"""Assistants and their keys. A key comes out once, in the answer that made it."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.clock import rfc3339
from core.model import Assistant, KeyRecord
from web.wire.body import Body
from web.wire.fields import Name, Text, Time, ToolName, when


class AssistantIn(Body, frozen=True):
    examples = (
        {"name": "Acme Assist", "allowed_origins": ["https://chat.acme.example"]},
        {
            "name": "Acme Assist",
            "description": "Answers questions about your deals",
            "logo_url": "https://acme.example/logo.png",
            "return_urls": ["https://chat.acme.example/connected"],
            "default_return_url": "https://chat.acme.example/connected",
            "tools": ["northwind.find_deals"],
        },
    )

    name: Name
    description: Annotated[str, Meta(max_length=10_000)] | None = None
    logo_url: Text | None = None
    homepage_url: Text | None = None
    allowed_origins: list[Text] = msgspec.field(default_factory=list)
    return_urls: list[Text] = msgspec.field(default_factory=list)
    default_return_url: Text | None = None
    tools: list[ToolName] | None = None


class AssistantPatch(Body, frozen=True):
    """Only the fields that are present are changed; null empties one that may be empty."""

    examples = ({"name": "Acme Assist 2"}, {"logo_url": None})

    name: Name | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=10000)] | UnsetType | None = UNSET
    logo_url: Text | UnsetType | None = UNSET
    homepage_url: Text | UnsetType | None = UNSET
    allowed_origins: list[Text] | UnsetType = UNSET
    return_urls: list[Text] | UnsetType = UNSET
    default_return_url: Text | UnsetType | None = UNSET
    tools: list[ToolName] | UnsetType | None = UNSET


class KeyOut(msgspec.Struct, frozen=True):
    id: str
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None


class AssistantOut(msgspec.Struct, frozen=True):
    """`keys` stands where one assistant is asked for; `key` only in the answer that made it, and nowhere again."""

    id: str
    name: str
    description: str | None
    logo_url: str | None
    homepage_url: str | None
    allowed_origins: list[str]
    return_urls: list[str]
    default_return_url: str | None
    tools: list[str] | None
    created_at: Time
    keys: list[KeyOut] | UnsetType = UNSET
    key: str | UnsetType = UNSET


class KeyIn(Body, frozen=True):
    examples = ({}, {"expires_in": 7_776_000})

    expires_in: Annotated[int, Meta(ge=60, le=10 * 366 * 86_400, description="Seconds")] | None = None


class NewKey(msgspec.Struct, frozen=True):
    id: str
    key: str
    expires_at: Time | None


def key_out(key: KeyRecord) -> KeyOut:
    return KeyOut(
        key.id, rfc3339(key.created_at), when(key.expires_at), when(key.revoked_at), when(key.last_used_at)
    )


def assistant_out(
    kept: Assistant, *, key: str | UnsetType = UNSET, keys: list[KeyRecord] | UnsetType = UNSET
) -> AssistantOut:
    return AssistantOut(
        id=kept.id,
        name=kept.name,
        description=kept.description,
        logo_url=kept.logo_url,
        homepage_url=kept.homepage_url,
        allowed_origins=list(kept.allowed_origins),
        return_urls=list(kept.return_urls),
        default_return_url=kept.default_return_url,
        tools=list(kept.tools) if kept.tools is not None else None,
        created_at=rfc3339(kept.created_at),
        keys=UNSET if keys is UNSET else [key_out(one) for one in keys],
        key=key,
    )
