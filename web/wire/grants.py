"""Grants: what was given, making it smaller, and ending one or many."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.clock import rfc3339
from core.house import House
from core.model import Grant
from web.wire.body import Body
from web.wire.fields import Text, Time, ToolName, UserId, when


class AccountOut(msgspec.Struct, frozen=True):
    id: str
    label: str


class ScopesOut(msgspec.Struct, frozen=True):
    requested: list[str]
    granted: list[str]


class GrantOut(msgspec.Struct, frozen=True):
    """`upstream`: how far the provider knows of the end; `manage_url`: the provider's own page, where one can also end it."""

    id: str
    status: Literal["active", "needs_reconnect", "suspended", "expired", "revoked"]
    status_reason: str | None
    assistant: str
    user: str
    connector: str
    account: AccountOut
    tools: list[str]
    scopes: ScopesOut
    purpose: str | None
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None
    use_count: int
    receipt: str
    ended_at: Time | None
    end_reason: str | None
    upstream: Literal["none", "pending", "revoked", "unsupported"]
    manage_url: str | None


class NarrowIn(Body, frozen=True):
    """Fewer tools, an earlier end, or both."""

    examples = ({"tools": ["northwind.find_deals"]}, {"expires_at": "2026-12-01T00:00:00Z"})

    tools: list[ToolName] | None = None
    expires_at: Time | None = None


class Stopped(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    status: str
    upstream: Literal["revoked", "pending", "unsupported", "none"]
    manage_url: str | None = None


def grant_out(house: House, grant: Grant, manage_url: str | None) -> GrantOut:
    return GrantOut(
        id=grant.id,
        status=grant.status_at(house.now_ms()),
        status_reason=grant.status_reason,
        assistant=grant.assistant,
        user=grant.user,
        connector=grant.connector,
        account=AccountOut(grant.account_id, grant.account_label),
        tools=list(grant.tools),
        scopes=ScopesOut(list(grant.scopes_requested), list(grant.scopes_granted)),
        purpose=grant.purpose,
        created_at=rfc3339(grant.created_at),
        expires_at=when(grant.expires_at),
        last_used_at=when(grant.last_used_at),
        use_count=grant.use_count,
        receipt=grant.receipt,
        ended_at=when(grant.ended_at),
        end_reason=grant.end_reason,
        upstream=grant.upstream,
        manage_url=manage_url,
    )


def stopped_out(house: House, grant: Grant, manage_url: str | None) -> Stopped:
    return Stopped(grant.id, grant.status_at(house.now_ms()), grant.upstream, manage_url)


class FilterIn(Body, frozen=True):
    examples = ({"unused_for_days": 90}, {"user": "u_42", "status": "active"})

    user: UserId | None = None
    assistant: Text | None = None
    connector: Text | None = None
    status: Literal["active", "needs_reconnect", "suspended", "expired", "revoked"] | None = None
    unused_for_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None
    scope: Text | None = None


class RevokeIn(Body, frozen=True):
    """Either `grants`, ids, or `filter`; an empty filter means every grant of the workspace."""

    examples = (
        {"grants": ["gr_01jdd8m4c3e9wv1n7h5k2q0z8a"], "reason": "The laptop was lost"},
        {"filter": {"unused_for_days": 90}, "reason": "Not used for three months"},
    )

    grants: Annotated[list[Text], Meta(max_length=1_000)] | UnsetType = UNSET
    filter: FilterIn | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=2_000)] | None = None


class RevokedOut(msgspec.Struct, frozen=True):
    revoked: int
    upstream: dict[str, int]
