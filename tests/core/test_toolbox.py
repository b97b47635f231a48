"""Tools for models: what each vendor takes, for every tool of this build, and only what the assistant may use."""

from __future__ import annotations

import re
from typing import Any

import jsonschema
import pytest

from core import revocation, toolbox
from core.registry import load
from core.toolbox import Offered, shaped
from tests.core.home import Home

REGISTRY = load()
TOOLS = [tool for one in REGISTRY.connectors.values() for tool in one.tools.values()]
# https://platform.openai.com/docs/api-reference/chat/create, https://docs.anthropic.com/en/api/messages (read 2026-11)
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")
# https://ai.google.dev/api/caching#Schema (read 2026-11)
GEMINI = {
    "type", "format", "title", "description", "nullable", "enum", "maxItems", "minItems", "properties", "required",
    "minProperties", "maxProperties", "minLength", "maxLength", "pattern", "example", "anyOf", "propertyOrdering",
    "default", "items", "minimum", "maximum",
}  # fmt: skip


def gemini_faults(schema: Any, at: str = "") -> list[str]:
    if not isinstance(schema, dict):
        return [f"{at}: no object"]
    found = [f"{at}/{key}" for key in schema if key not in GEMINI]
    if isinstance(schema.get("type"), list) or schema.get("type") == "null":
        found.append(f"{at}: a type has to be one, and null is nullable")
    for name, one in schema.get("properties", {}).items():
        found += gemini_faults(one, f"{at}/{name}")
    for key in ("items",):
        found += gemini_faults(schema[key], f"{at}/{key}") if key in schema else []
    for number, one in enumerate(schema.get("anyOf", [])):
        found += gemini_faults(one, f"{at}/anyOf/{number}")
    return found


@pytest.mark.parametrize("tool", TOOLS, ids=lambda tool: tool.name)
def test_a_tool_fits_every_vendor(tool: Any) -> None:
    forms: Any = {
        form: shaped(Offered(tool, None), form) for form in ("openai", "anthropic", "gemini", "mcp")
    }
    openai, anthropic, gemini, mcp = (forms[form] for form in ("openai", "anthropic", "gemini", "mcp"))
    assert openai["type"] == "function" and set(openai["function"]) == {"name", "description", "parameters"}
    assert set(anthropic) == {"name", "description", "input_schema"}
    assert set(gemini) == {"name", "description", "parameters"} and gemini_faults(gemini["parameters"]) == []
    assert set(mcp) - {"outputSchema"} == {"name", "title", "description", "inputSchema", "annotations"}
    names = {openai["function"]["name"], anthropic["name"], gemini["name"], mcp["name"]}
    assert len(names) == 1 and NAME.match(next(iter(names)))
    for schema in (openai["function"]["parameters"], anthropic["input_schema"], mcp["inputSchema"]):
        jsonschema.Draft202012Validator.check_schema(schema)
        assert schema["type"] == "object" and "$ref" not in str(schema)
    if "outputSchema" in mcp:  # https://modelcontextprotocol.io/specification/2025-06-18/server/tools
        jsonschema.Draft202012Validator.check_schema(mcp["outputSchema"])
        assert mcp["outputSchema"]["type"] == "object"
    assert mcp["annotations"]["readOnlyHint"] == (tool.risk == "read")
    assert mcp["annotations"]["destructiveHint"] == (tool.risk == "delete")
    assert all(len(form_description) > 10 for form_description in (gemini["description"], mcp["description"]))


def test_a_vendors_name_leads_back_to_the_tool() -> None:
    for tool in TOOLS:
        assert REGISTRY.tool(toolbox.vendor_name(tool.name)) is tool is REGISTRY.tool(tool.name)
    assert len({toolbox.vendor_name(tool.name) for tool in TOOLS}) == len(TOOLS)


def test_null_becomes_nullable_for_gemini_and_what_it_does_not_know_is_left_out() -> None:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "properties": {
            "stage": {"anyOf": [{"enum": ["a", "b"], "type": "string"}, {"type": "null"}], "default": None},
            "count": {"type": "integer", "exclusiveMinimum": 0, "default": 3},
            "many": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        },
    }
    assert toolbox._gemini(schema) == {
        "type": "object",
        "properties": {
            "stage": {"enum": ["a", "b"], "type": "string", "nullable": True},
            "count": {"type": "integer", "default": 3},
            "many": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
        },
    }


async def offered(
    home: Home, user: str | None = None, connector: str | None = None
) -> dict[str, bool | None]:
    found = await toolbox.offered(home.house, await home.keyed(), user, connector)
    return {one.tool.name.removeprefix("acme."): one.granted for one in found}


async def test_without_a_user_nothing_is_marked(home: Home) -> None:
    assert await offered(home) == dict.fromkeys(["find_items", "get_item", "add_item", "find_people"])
    assert await offered(home, connector="other") == {}


async def test_with_a_user_each_is_marked_by_live_grants_alone(home: Home) -> None:
    grant = await home.grant("find_items", "add_item", scopes=["items.read", "items.write"])
    granted = {name for name, yes in (await offered(home, "u1")).items() if yes}
    assert granted == {"find_items", "add_item"}
    assert not any((await offered(home, "u2")).values())
    await revocation.revoke(home.house, home.admin, grant.id)
    assert not any((await offered(home, "u1")).values())


async def test_what_policy_or_assistant_forbid_is_not_there(home: Home) -> None:
    await home.policy(tools=("acme.find_items", "acme.add_item"))
    _, key = await home.new_assistant("Other", tools=("acme.add_item", "acme.find_people"))
    assert set(await offered(home)) == {"find_items", "add_item"}
    found = await toolbox.offered(home.house, await home.keyed(key), None, None)
    assert [one.tool.name for one in found] == ["acme.add_item"]
