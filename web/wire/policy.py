"""The policy of a workspace: it goes out in the form in which it came in."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from core.model import Policy
from web.wire.body import Body
from web.wire.fields import Text


class PolicyBody(Body, frozen=True):
    """The whole policy; null means no rule. A tool pattern is a tool's name or `slug.*`."""

    examples = (
        {
            "connectors": ["northwind"],
            "tools": ["northwind.*"],
            "max_grant_days": 90,
            "calls_per_minute": None,
        },
        {"connectors": None, "tools": None, "max_grant_days": None, "calls_per_minute": None},
    )

    connectors: list[Text] | None = None
    tools: list[Text] | None = None
    max_grant_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    calls_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


def policy_in(body: PolicyBody) -> Policy:
    return msgspec.convert(msgspec.structs.asdict(body), Policy)


def policy_out(policy: Policy) -> PolicyBody:
    return msgspec.convert(msgspec.structs.asdict(policy), PolicyBody)
