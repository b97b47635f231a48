"""`GET /v1/tools?format=...` for every tool of every connector, by the vendors' own types: the SDKs that builders hand the
answer to. And by what the vendors' servers refuse beyond their types, with the source of each rule.

Sources: the SDKs openai, anthropic, google-genai and mcp as locked; OpenAI's structured outputs guide; Gemini API errors
(core/toolbox.py); read 2026-11-24.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from typing import Any

import jsonschema
import pydantic
import pytest
from anthropic.types import ToolParam
from google.genai import types as gemini
from mcp import types as mcp
from openai.lib._pydantic import _ensure_strict_json_schema
from openai.types.chat import ChatCompletionFunctionToolParam

from core.connector import Connector, Tool
from core.registry import load
from tests.flows.shared import SharedService
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.web.api.answers import listed

REGISTRY = load()
CONNECTORS = list(REGISTRY.connectors.values())
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_-]{0,63}\Z")  # what all four take
MEMBER = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]{0,63}\Z")
MAX_DESCRIPTION = 1_024  # OpenAI's limit, the shortest
FORMS = ("openai", "anthropic", "gemini", "mcp")
every_connector = pytest.mark.parametrize("connector", CONNECTORS, ids=lambda one: one.slug)


def config(connector: Connector) -> dict[str, str]:
    """What a registration has to say: the first choice of a setting, an address for anything else."""
    choices = {one.name: next(iter(one.choices), None) for one in connector.settings if one.choices}
    return {
        name: choices.get(name) or f"https://{connector.slug}.example" for name in connector.needed_config()
    }


@pytest.fixture(scope="module")
def site(server: SharedService, provider: RunningNorthwind) -> Iterator[Scene]:
    """A workspace of its own, with every connector."""
    one = Scene(server, provider)
    yield one
    one.close()


@pytest.fixture(scope="module")
def answered(site: Scene) -> dict[str, dict[str, dict[str, Any]]]:
    """Every tool in every form, by form and name."""
    for connector in CONNECTORS:
        if connector.slug != "northwind":
            body = {"client_id": "the-client", "client_secret": "a-secret", "config": config(connector)}
            site.workspace.http.put(f"/v1/connectors/{connector.slug}", json=body).raise_for_status()
    found: dict[str, dict[str, dict[str, Any]]] = {}
    for form in FORMS:
        told = listed(site.assistant.http.get("/v1/tools", params={"format": form}))
        found[form] = {(one["function"] if form == "openai" else one)["name"]: one for one in told}
    return found


def of(connector: Connector, answered: dict[str, dict[str, Any]]) -> Iterator[tuple[Tool, dict[str, Any]]]:
    for tool in connector.tools.values():
        yield tool, answered[tool.name.replace(".", "__", 1)]


def nodes(schema: Any) -> Iterator[dict[str, Any]]:
    """The schema and every schema in it."""
    yield schema
    inner = [*schema.get("properties", {}).values(), *schema.get("anyOf", ())]
    for one in (*inner, *([schema["items"]] if "items" in schema else ())):
        yield from nodes(one)


# ---- all four ------------------------------------------------------------------------------------------------


@every_connector
def test_names_and_descriptions_fit_every_vendor(connector: Connector, answered: dict[str, Any]) -> None:
    for form in FORMS:
        for tool, told in of(connector, answered[form]):
            shown = told["function"] if form == "openai" else told
            assert NAME.match(shown["name"]), shown["name"]
            assert 10 < len(shown["description"]) <= MAX_DESCRIPTION, shown["name"]
            assert all(MEMBER.match(name) for name in tool.input_schema["properties"]), shown["name"]


@pytest.mark.parametrize("form", FORMS)
def test_no_tool_is_left_out(form: str, answered: dict[str, Any]) -> None:
    tools = {name.replace(".", "__", 1) for one in CONNECTORS for name in one.tools}
    assert set(answered[form]) == tools


# ---- OpenAI --------------------------------------------------------------------------------------------------


@every_connector
def test_openais_own_type_takes_each_tool(connector: Connector, answered: dict[str, Any]) -> None:
    taken = pydantic.TypeAdapter(ChatCompletionFunctionToolParam)
    for _, told in of(connector, answered["openai"]):
        assert taken.validate_python(told, strict=True) == told
        jsonschema.Draft202012Validator.check_schema(told["function"]["parameters"])


@every_connector
def test_strict_mode_is_promised_just_where_openais_own_rules_are_kept(
    connector: Connector, answered: dict[str, Any]
) -> None:
    """The SDK writes a schema over until its server takes it as strict: one that is, stays as it was."""
    for tool, told in of(connector, answered["openai"]):
        function = told["function"]
        schema = function["parameters"]
        made = _ensure_strict_json_schema(copy.deepcopy(schema), path=(), root=copy.deepcopy(schema))
        for node in (made, schema):
            node["required"] = sorted(node.get("required", ()))
        lookaround = any(
            "(?!" in node.get("pattern", "") or "(?=" in node.get("pattern", "") for node in nodes(schema)
        )
        defaults = any("default" in node for node in nodes(schema))
        assert function["strict"] == (made == schema and not lookaround and not defaults), tool.name


# ---- Anthropic -----------------------------------------------------------------------------------------------


@every_connector
def test_anthropics_own_type_takes_each_tool(connector: Connector, answered: dict[str, Any]) -> None:
    taken = pydantic.TypeAdapter(ToolParam)
    for _, told in of(connector, answered["anthropic"]):
        assert taken.validate_python(told) == told
        jsonschema.Draft202012Validator.check_schema(told["input_schema"])
        assert told["input_schema"]["type"] == "object" and not {"oneOf", "allOf", "anyOf"} & set(
            told["input_schema"]
        )


# ---- Gemini --------------------------------------------------------------------------------------------------


@every_connector
def test_geminis_own_type_takes_each_tool_and_its_server_would(
    connector: Connector, answered: dict[str, Any]
) -> None:
    for _, told in of(connector, answered["gemini"]):
        declaration = gemini.FunctionDeclaration.model_validate(told)
        assert gemini.Tool(function_declarations=[declaration])
        sent = declaration.model_dump(by_alias=True, exclude_none=True, mode="json")
        assert sent["name"] == told["name"]
        if "parameters" in told:
            assert told["parameters"]["properties"], f"{told['name']}: an object without members is refused"
            assert [fault for node in nodes(told["parameters"]) for fault in gemini_faults(node)] == []


def gemini_faults(node: dict[str, Any]) -> list[str]:
    """What Gemini's server answers with INVALID_ARGUMENT, whatever the SDK's type says."""
    kind, form, choices = node.get("type"), node.get("format"), node.get("enum")
    faults = []
    if not isinstance(kind, str) and "anyOf" not in node:
        faults.append(f"no type, or several: {node}")
    if kind == "string" and form not in (None, "enum", "date-time"):
        faults.append(f"the format {form!r} of a text")
    if choices is not None and (kind != "string" or not all(isinstance(one, str) and one for one in choices)):
        faults.append(f"choices that are no texts: {choices}")
    if "(?" in node.get("pattern", "").replace("(?:", ""):
        faults.append(f"a pattern that RE2 does not know: {node['pattern']}")
    if set(node.get("required", ())) - set(node.get("properties", {})):
        faults.append("a required member that is not there")
    unknown = set(node) - {
        gemini.Schema.model_fields[name].alias or name for name in gemini.Schema.model_fields
    }
    return faults + [f"unknown to Schema: {unknown}"] * bool(unknown)


@pytest.mark.parametrize(
    "node",
    [
        {"type": "string", "format": "date"},
        {"enum": ["a"]},
        {"type": "integer", "enum": ["1"]},
        {"type": "string", "enum": [""]},
        {"type": ["string", "null"]},
        {"type": "string", "pattern": "^a(?!b)"},
        {"type": "object", "properties": {}, "required": ["a"]},
        {"type": "string", "const": "a"},
    ],
)
def test_the_check_knows_what_gemini_refuses(node: dict[str, Any]) -> None:
    assert gemini_faults(node)


# ---- MCP -----------------------------------------------------------------------------------------------------


@every_connector
def test_mcps_own_type_takes_each_tool(connector: Connector, answered: dict[str, Any]) -> None:
    for tool, told in of(connector, answered["mcp"]):
        one = mcp.Tool.model_validate(told)
        assert one.model_dump(by_alias=True, exclude_none=True, exclude_unset=True) == told
        assert set(told) <= {"name", "title", "description", "inputSchema", "outputSchema", "annotations"}
        for schema in (told["inputSchema"], *([told["outputSchema"]] if "outputSchema" in told else ())):
            jsonschema.Draft202012Validator.check_schema(schema)
            assert schema["type"] == "object"
        assert one.annotations is not None
        assert one.annotations.read_only_hint == (tool.risk == "read")
        assert one.annotations.destructive_hint == (tool.risk == "delete")
    mcp.ListToolsResult.model_validate({"tools": list(answered["mcp"].values())})
