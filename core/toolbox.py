"""The tools an assistant may use, and how the vendors' models want to be told about them.

Sources: OpenAI function calling and structured outputs, Anthropic tool use, Gemini function declarations, MCP tools/list
(all read 2026-11). Vendors' names take letters, digits, `_` and `-`: `.` is written `__`, and a call accepts both.
Beyond their pages: Gemini's API refuses formats of text other than `enum` and `date-time`, an `enum` without a type, and an
object without members (github.com/google-gemini/gemini-cli issue 3178, 2025-07, and others, read 2026-11-24).
Limits: OpenAI takes bounds of text and numbers in strict mode from its own models only, not from fine-tuned ones, and 128
tools in one request.
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
        function = {"name": name, "description": text, "parameters": schema, "strict": is_strict(schema)}
        return {"type": "function", "function": function}
    if form == "anthropic":
        return {"name": name, "description": text, "input_schema": schema}
    if form == "gemini":
        parameters = {"parameters": _gemini(schema)} if schema["properties"] else {}
        return {"name": name, "description": text, **parameters}
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
    """As a model's vendor reads it: without the dialect and the title of the struct it was made from, choices with their
    type, and patterns without what only Python needs (its `$` also fits before a last line feed)."""
    found: dict[str, Any] = _plain(
        {key: one for key, one in schema.items() if key not in ("title", "$schema")}
    )
    return found


def _plain(node: Any) -> Any:
    if isinstance(node, list):
        return [_plain(one) for one in node]
    if not isinstance(node, dict):
        return node
    made = {key: one if key in _VALUES else _plain(one) for key, one in node.items()}
    if isinstance(made.get("pattern"), str):
        made["pattern"] = made["pattern"].replace("(?!\\n)$", "$")
    if isinstance(made.get("enum"), list) and all(isinstance(one, str) for one in made["enum"]):
        made.setdefault("type", "string")
    return made


_VALUES = frozenset({"default", "enum", "const", "examples"})
_STRICT = frozenset(
    {
        "type", "description", "enum", "const", "anyOf", "properties", "required", "additionalProperties", "items",
        "pattern", "format", "minLength", "maxLength", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "minItems", "maxItems",
    }
)  # fmt: skip
_STRICT_FORMATS = frozenset(
    {"date-time", "time", "date", "duration", "email", "hostname", "ipv4", "ipv6", "uuid"}
)


def is_strict(node: dict[str, Any]) -> bool:
    """Whether OpenAI can hold a model to this schema as it stands: everything required, nothing added, no defaults."""
    if node.keys() - _STRICT or "(?" in node.get("pattern", "").replace("(?:", ""):
        return False
    if node.get("type") == "string" and node.get("format", "date") not in _STRICT_FORMATS:
        return False
    members = node.get("properties", {})
    whole = set(node.get("required", ())) == set(members) and node.get("additionalProperties") is False
    below = [*members.values(), *node.get("anyOf", ()), *([node["items"]] if "items" in node else ())]
    return (node.get("type") != "object" or whole) and all(is_strict(one) for one in below)


_GEMINI = frozenset(
    {
        "type", "format", "description", "nullable", "enum", "items", "properties", "required", "minimum", "maximum",
        "minItems", "maxItems", "minLength", "maxLength", "pattern", "anyOf", "default", "title",
    }
)  # fmt: skip


def _gemini(schema: Any) -> Any:
    """The OpenAPI subset Gemini takes: null is `nullable`, a format it does not know is told in words, further keywords are
    left out."""
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
    kept |= _told_in_words(kept)
    if kept.get("format") not in (None, *_GEMINI_FORMATS):
        del kept["format"]
    if "(?" in kept.get("pattern", "").replace("(?:", ""):
        del kept["pattern"]
    if "properties" in kept:
        kept["properties"] = {name: _gemini(one) for name, one in kept["properties"].items()}
    for key in ("items", "anyOf"):
        if key in kept:
            kept[key] = _gemini(kept[key])
    return kept


_GEMINI_FORMATS = ("enum", "date-time", "int32", "int64", "float", "double")
_IN_WORDS = {"date": "A day, as YYYY-MM-DD", "time": "A time, as HH:MM:SS"}


def _told_in_words(schema: dict[str, Any]) -> dict[str, str]:
    form = schema.get("format")
    if form is None or form in _GEMINI_FORMATS:
        return {}
    words = _IN_WORDS.get(form, f"In the format {form}")
    return {"description": f"{schema['description']}. {words}" if schema.get("description") else words}
