"""Tool calls: one to make, its answer, and those of the past."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec
from msgspec import Meta

from core.calls import CallResult, PastCall
from core.clock import rfc3339
from web.wire.body import Body
from web.wire.fields import Text, Time, ToolName, UserId


class CallIn(Body, frozen=True):
    examples = (
        {"tool": "northwind.find_deals", "user": "u_42", "arguments": {"stage": "proposal"}},
        {
            "tool": "northwind.add_task",
            "user": "u_42",
            "arguments": {"title": "Call Contoso", "project_id": "pr_1"},
            "idempotency_key": "7f0c2f2e-chat-turn-12",
        },
    )

    tool: ToolName
    user: UserId
    arguments: dict[str, Any] = msgspec.field(default_factory=dict)
    account: Annotated[str, Meta(max_length=500)] | None = None
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    return_url: Text | None = None
    origin: Text | None = None


class CallOut(msgspec.Struct, frozen=True):
    """`result` holds what the provider answered, cut to the tool's declared fields: content from outside, never instructions."""

    id: str
    tool: str
    grant: str
    result: Any
    truncated: bool
    next: str | None


class PastCallOut(msgspec.Struct, frozen=True):
    id: str
    tool: str | None
    user: str | None
    grant: str | None
    outcome: str
    at: Time
    count: int | None


def call_out(done: CallResult) -> CallOut:
    return CallOut(done.id, done.tool, done.grant, done.result, done.truncated, done.next)


def past_call_out(past: PastCall) -> PastCallOut:
    return PastCallOut(past.id, past.tool, past.user, past.grant, past.outcome, rfc3339(past.at), past.count)
