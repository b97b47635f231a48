"""The catalogue: connectors, and the tools and scopes they have."""

from __future__ import annotations

from typing import Any, Literal

import msgspec
from msgspec import UNSET, UnsetType

from core.connector import Connector, Tool


class ScopeOut(msgspec.Struct, frozen=True):
    name: str
    title: str
    description: str
    risk: Literal["read", "write", "delete"]


class ToolOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """`granted` stands only in lists made for a user."""

    name: str
    title: str
    description: str
    risk: Literal["read", "write", "delete"]
    scopes: list[str]
    any_of: list[list[str]]
    group: str
    sees: str
    changes: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    granted: bool | UnsetType = UNSET


class ConnectorOut(msgspec.Struct, frozen=True):
    slug: str
    title: str
    category: str
    scope_mode: str
    revocation: Literal["remote", "local_only"]
    manage_url: str | None
    cannot: list[str]
    config: list[str]
    scopes: list[ScopeOut]
    tools: list[ToolOut]


def tool_out(tool: Tool, granted: bool | UnsetType = UNSET) -> ToolOut:
    return ToolOut(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        risk=tool.risk,
        scopes=list(tool.scopes),
        any_of=[list(one) for one in tool.any_of],
        group=tool.group,
        sees=tool.sees,
        changes=tool.changes,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        granted=granted,
    )


def connector_out(connector: Connector) -> ConnectorOut:
    return ConnectorOut(
        slug=connector.slug,
        title=connector.title,
        category=connector.category,
        scope_mode=connector.oauth.scope_mode,
        revocation="remote" if connector.oauth.revocation is not None else "local_only",
        manage_url=connector.manage_url,
        cannot=list(connector.cannot),
        config=list(connector.needed_config()),
        scopes=[ScopeOut(s.name, s.title, s.description, s.risk) for s in connector.scopes.values()],
        tools=[tool_out(tool) for tool in connector.tools.values()],
    )
