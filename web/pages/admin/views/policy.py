"""The policy as a form: longest life, calls a minute, and what is allowed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.connector import Connector
from core.model import Policy
from web.pages.admin.frame import Choices, Option, options
from web.pages.admin.views.assistants import choice
from web.pages.text import plural

DAYS = (
    ("", "No limit"),
    ("1", "1 day"),
    ("7", "7 days"),
    ("30", "30 days"),
    ("90", "90 days"),
    ("180", "180 days"),
    ("365", "365 days"),
)


class PolicyView(msgspec.Struct, frozen=True):
    """`all`: no rule for connectors and tools. `fault`: why it was not saved."""

    lifetimes: list[Option]
    calls_per_minute: str
    all: bool
    connectors: list[Choices]
    notice: str
    fault: str


def policy_view(
    policy: Policy, connectors: Sequence[Connector], *, notice: str = "", fault: str = ""
) -> PolicyView:
    days = str(policy.max_grant_days or "")
    lifetimes = list(DAYS)
    if days and days not in dict(DAYS):
        lifetimes.append((days, plural(int(days), "day")))
    return PolicyView(
        lifetimes=options(lifetimes, days),
        calls_per_minute=str(policy.calls_per_minute or ""),
        all=policy.connectors is None and policy.tools is None,
        connectors=[
            Choices(
                one.slug,
                one.title,
                [choice(tool, allows(policy, one.slug, tool.name)) for tool in one.tools.values()],
                policy.connectors is None or one.slug in policy.connectors,
            )
            for one in connectors
        ],
        notice=notice,
        fault=fault,
    )


def allows(policy: Policy, slug: str, tool: str) -> bool:
    return policy.tools is None or tool in policy.tools or f"{slug}.*" in policy.tools


def patterns(connectors: Sequence[Connector], chosen: Sequence[str]) -> tuple[str, ...]:
    """`slug.*` where every tool of a connector is on, so that tools a later version brings are allowed as well."""
    found: list[str] = []
    for connector in connectors:
        on = [name for name in connector.tools if name in chosen]
        found += [f"{connector.slug}.*"] if on and len(on) == len(connector.tools) else on
    return tuple(found)
