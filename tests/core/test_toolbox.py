"""Tools for models: what each vendor takes (by its own types: tests/web/api/test_tool_formats.py), and only what the assistant
may use."""

from __future__ import annotations

import re
from typing import Any

import pytest

from core import revocation, toolbox
from core.registry import load
from tests.core.home import Home

REGISTRY = load()
TOOLS = [tool for one in REGISTRY.connectors.values() for tool in one.tools.values()]
# https://platform.openai.com/docs/api-reference/chat/create, https://docs.anthropic.com/en/api/messages (read 2026-11)
NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}\Z")


def test_a_vendors_name_leads_back_to_the_tool() -> None:
    for tool in TOOLS:
        assert NAME.match(toolbox.vendor_name(tool.name))
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
            "day": {"type": "string", "format": "date", "description": "When it is due"},
            "at": {"anyOf": [{"type": "string", "format": "date-time"}, {"type": "null"}]},
            "id": {"type": "string", "pattern": "^(?!x)y$"},
        },
    }
    assert toolbox._gemini(schema) == {
        "type": "object",
        "properties": {
            "stage": {"enum": ["a", "b"], "type": "string", "nullable": True},
            "count": {"type": "integer", "default": 3},
            "many": {"type": "array", "items": {"anyOf": [{"type": "string"}, {"type": "integer"}]}},
            "day": {"type": "string", "description": "When it is due. A day, as YYYY-MM-DD"},
            "at": {"type": "string", "format": "date-time", "nullable": True},
            "id": {"type": "string"},
        },
    }


def test_a_schema_for_vendors_has_types_beside_choices_and_no_pattern_only_python_needs() -> None:
    schema = {
        "$schema": "x",
        "title": "find",
        "type": "object",
        "properties": {
            "title": {"anyOf": [{"enum": ["a", "b"]}, {"type": "null"}], "default": None},
            "level": {"enum": [1, 2]},
            "id": {"type": "string", "pattern": r"^[0-9]+(?!\n)$"},
            "enum": {"type": "string", "default": r"(?!\n)$"},
        },
    }
    assert toolbox.plain_schema(schema) == {
        "type": "object",
        "properties": {
            "title": {"anyOf": [{"enum": ["a", "b"], "type": "string"}, {"type": "null"}], "default": None},
            "level": {"enum": [1, 2]},
            "id": {"type": "string", "pattern": "^[0-9]+$"},
            "enum": {"type": "string", "default": r"(?!\n)$"},
        },
    }


@pytest.mark.parametrize(
    ("change", "strict"),
    [
        ({}, True),
        ({"required": ["id"]}, False),
        ({"additionalProperties": True}, False),
        ({"properties": {"id": {"type": "string", "default": ""}, "n": {}}}, False),
        ({"properties": {"id": {"type": "string", "format": "uri"}, "n": {}}}, False),
        ({"properties": {"id": {"type": "string", "pattern": "^(?!x)"}, "n": {}}}, False),
        ({"properties": {"id": {"type": "string", "pattern": "^(?:x)"}, "n": {"type": "integer"}}}, True),
        ({"properties": {"id": {"oneOf": []}, "n": {}}}, False),
        ({"properties": {"id": {"type": "array", "items": {"type": "object"}}, "n": {}}}, False),
    ],
)
def test_openai_is_held_to_a_schema_only_where_it_can_be(change: dict[str, Any], strict: bool) -> None:
    schema = {
        "type": "object",
        "properties": {"id": {"type": "string"}, "n": {"anyOf": [{"type": "integer"}, {"type": "null"}]}},
        "required": ["id", "n"],
        "additionalProperties": False,
    }
    assert toolbox.is_strict({**schema, **change}) == strict


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
