"""Connect sessions: what a builder asks a person for, how far it is, and the confirm."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from core.clock import rfc3339
from core.house import House
from core.model import ConnectSession
from core.sessions import connect_url
from web.wire.body import Body
from web.wire.fields import Seconds, Text, Time, ToolName, UserId
from web.wire.grants import GrantOut


class UserIn(Body, frozen=True):
    examples = ({"id": "u_42", "name": "Ada Lindholm", "email": "ada@acme.example"},)

    id: UserId
    name: Annotated[str, Meta(max_length=1_000)] | None = None
    email: Annotated[str, Meta(max_length=1_000)] | None = None


class AskedIn(Body, frozen=True):
    examples = (
        {"tool": "northwind.find_deals", "required": True, "reason": "to list what closes this week"},
    )

    tool: ToolName
    required: bool = False
    reason: Annotated[str, Meta(max_length=2_000)] | None = None


class SessionIn(Body, frozen=True):
    examples = (
        {"user": {"id": "u_42"}, "connector": "northwind", "tools": ["northwind.find_deals"]},
        {
            "user": {"id": "u_42", "name": "Ada Lindholm", "email": "ada@acme.example"},
            "connector": "northwind",
            "tools": [
                {"tool": "northwind.find_deals", "required": True, "reason": "to list what closes this week"},
                "northwind.move_deal",
            ],
            "purpose": "Answer questions about your deals",
            "return_url": "https://chat.acme.example/connected",
        },
    )

    user: UserIn
    connector: Annotated[str, Meta(max_length=100, examples=["northwind"])]
    tools: Annotated[list[ToolName | AskedIn], Meta(min_length=1, max_length=100)]
    purpose: Annotated[str, Meta(max_length=5_000)] | None = None
    return_url: Text | None = None
    origin: Text | None = None
    expires_in: Seconds | None = None
    account: Annotated[str, Meta(max_length=500)] | None = None


class FaultOut(msgspec.Struct, frozen=True):
    code: str
    detail: str


class SessionOut(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    url: str
    status: str
    expires_at: Time
    grant: str | None = None
    error: FaultOut | None = None


def session_out(house: House, session: ConnectSession) -> SessionOut:
    completed = session.status == "completed"
    fault = session.error if session.status in ("denied", "failed", "expired") else None
    return SessionOut(
        id=session.id,
        url=connect_url(house, session),
        status=session.status,
        expires_at=rfc3339(session.expires_at),
        grant=session.grant if completed else None,
        error=FaultOut(fault.code, fault.detail) if fault else None,
    )


class ConfirmIn(Body, frozen=True):
    examples = ({"user": "u_42", "code": "J2fH0wqgRmZ4xq5c3pTtQm1oVw8n7sYk9bDaXeUiLrE"},)

    user: UserId
    code: Annotated[str, Meta(max_length=500)]


class GrantAnswer(msgspec.Struct, frozen=True):
    grant: GrantOut
