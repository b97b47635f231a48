"""The tools an assistant may use, and how the vendors' models want to be told about them.

Source: OpenAI function calling, Anthropic tool use, Gemini function declarations, MCP tools/list (all read 2026-11).
Vendors' names take letters, digits, `_` and `-`: `.` is written `__`, and a call accepts both.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from core import policy, registrations
from core.connector import Tool
from core.house import House
from core.model import LIVE_STATUSES, Grant
from core.workspaces import KeyedAssistant

Format = Literal["valetkey", "mcp", "openai", "anthropic", "gemini"]


class Offered(msgspec.Struct, frozen=True):
    """A tool the assistant may use; `granted`: the user has a live grant that covers it (None: no user was named)."""

    tool: Tool
    granted: bool | None


async def offered(
    house: House, assistant: KeyedAssistant, user: str | None, connector: str | None
) -> list[Offered]:
    """What the registrations enable and policy and assistant allow, in the catalogue's order."""
    allowed: list[Tool] = []
    for registration in await registrations.listed(house, assistant.workspace, "", 1_000):
        known = house.registry.connectors.get(registration.slug)
        if known is None or connector not in (None, registration.slug):
            continue
        allowed += [
            tool
            for tool in known.tools.values()
            if policy.refused_by(assistant.policy, registration, assistant, tool) is None
        ]
    granted = await _granted(house, assistant, user) if user is not None else None
    return [Offered(tool, None if granted is None else tool.name in granted) for tool in allowed]


async def _granted(house: House, assistant: KeyedAssistant, user: str) -> set[str]:
    rows = await house.store.all(
        "grants_of_user_everywhere", Grant, workspace=assistant.workspace, assistant=assistant.id, user=user
    )
    now = house.now_ms()
    return {
        name
        for grant in rows
        if grant.status_at(now) in LIVE_STATUSES
        for name in grant.tools
        if (connector := house.registry.connectors.get(grant.connector))
        and name in connector.tools
        and not connector.tools[name].missing_scopes(grant.scopes_granted)
    }


def vendor_name(name: str) -> str:
    return name.replace(".", "__", 1)


def shaped(one: Offered, form: Format) -> dict[str, Any]:
    """The tool as a vendor's API takes it."""
    tool = one.tool
    name, text, schema = vendor_name(tool.name), tool.description, plain_schema(tool.input_schema)
    if form == "openai":
        return {"type": "function", "function": {"name": name, "description": text, "parameters": schema}}
    if form == "anthropic":
        return {"name": name, "description": text, "input_schema": schema}
    if form == "gemini":
        return {"name": name, "description": text, "parameters": _gemini(schema)}
    # MCP's structured results are objects: a tool that answers with a plain list goes without.
    output = {"outputSchema": tool.output_schema} if tool.output_schema.get("type") == "object" else {}
    return {
        "name": name,
        "title": tool.title,
        "description": text,
        "inputSchema": schema,
        **output,
        "annotations": {
            "readOnlyHint": tool.risk == "read",
            "destructiveHint": tool.risk == "delete",
            "openWorldHint": True,
        },
    }


def plain_schema(schema: dict[str, Any]) -> dict[str, Any]:
    """Without the title of the struct it was made from, which says nothing to a model."""
    return {key: value for key, value in schema.items() if key not in ("title", "$schema")}


_GEMINI = frozenset(
    {
        "type", "format", "description", "nullable", "enum", "items", "properties", "required", "minimum", "maximum",
        "minItems", "maxItems", "minLength", "maxLength", "pattern", "anyOf", "default", "title",
    }
)  # fmt: skip


def _gemini(schema: Any) -> Any:
    """The OpenAPI subset Gemini takes: null is `nullable`, further keywords are left out."""
    if isinstance(schema, list):
        return [_gemini(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    kinds = [one for one in schema.get("anyOf", []) if one.get("type") != "null"]
    if len(kinds) == 1 and len(kinds) < len(schema["anyOf"]):
        rest = {key: value for key, value in schema.items() if key != "anyOf" and value is not None}
        return _gemini({**kinds[0], **rest, "nullable": True})
    kept = {
        key: value
        for key, value in schema.items()
        if key in _GEMINI and not (key == "default" and value is None)
    }
    if "properties" in kept:
        kept["properties"] = {name: _gemini(one) for name, one in kept["properties"].items()}
    for key in ("items", "anyOf"):
        if key in kept:
            kept[key] = _gemini(kept[key])
    return kept
