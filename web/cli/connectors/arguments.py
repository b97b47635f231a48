"""`--arg name=value` and `--config name=value` on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from core.connector import Connector, Tool


def pairs(given: Sequence[str], option: str) -> dict[str, str]:
    """Raises click.BadParameter."""
    found = {}
    for text in given:
        name, mark, value = text.partition("=")
        if not mark or not name:
            raise click.BadParameter(f"{text!r} is not name=value", param_hint=option)
        found[name] = value
    return found


def for_tool(tool: Tool, given: dict[str, str]) -> dict[str, Any]:
    """The arguments meant for this tool, by its schema: `text` as it stands, everything else as JSON.

    `tool.name=value` is for that tool alone; `name=value` for each that has such an argument.
    """
    wanted: dict[str, Any] = {}
    members = tool.input_schema.get("properties", {})
    for name, value in given.items():
        owner, _, argument = name.rpartition(".")
        if owner in ("", tool.function_name, tool.name) and argument in members:
            wanted[argument] = _value(value, members[argument])
    return wanted


def unknown(tools: Sequence[Tool], given: dict[str, str]) -> list[str]:
    """The names that are an argument of none of the tools."""
    taken = {name for tool in tools for name in tool.input_schema.get("properties", {})}
    return [name for name in given if name.rpartition(".")[2] not in taken]


def _value(text: str, schema: Any) -> Any:
    if _may_be_text(schema) and not (text == "null" and "anyOf" in schema):
        return text
    try:
        return json.loads(text)
    except ValueError:
        return text  # the tool's own check says what it wants


def _may_be_text(schema: Any) -> bool:
    if "anyOf" in schema:
        return any(_may_be_text(one) for one in schema["anyOf"])
    kind = schema.get("type")
    return kind == "string" or "enum" in schema or (isinstance(kind, list) and "string" in kind)


def config(connector: Connector, given: Sequence[str]) -> dict[str, str]:
    """What fills the places in the connector's addresses. Raises click.UsageError for what is missing."""
    told = pairs(given, "--config")
    lacking = [name for name in connector.needed_config() if not told.get(name)]
    if lacking:
        wanted = " ".join(f"--config {name}=..." for name in lacking)
        raise click.UsageError(f"{connector.title} needs {wanted}")
    return connector.filled(told)
