"""`--arg name=value` and `--config name=value` on the command line."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import click

from core.destinations import is_loopback_host

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


def refuse_unknown(tools: Sequence[Tool], given: dict[str, str]) -> None:
    """Raises click.UsageError for names that are an argument of none of the tools."""
    taken = dict.fromkeys(name for tool in tools for name in tool.input_schema.get("properties", {}))
    strange = [name for name in given if name.rpartition(".")[2] not in taken]
    if strange:
        who = f"{tools[0].function_name} has" if len(tools) == 1 else "none of the tools has"
        there = f"There are: {', '.join(taken)}" if taken else "It takes none"
        raise click.UsageError(f"{who} no argument {', '.join(strange)}. {there}")


def lacking(tool: Tool, told: dict[str, Any]) -> str:
    """`--arg deal_id=... and --arg text=...`: what has to be given yet, or nothing."""
    return " and ".join(
        f"--arg {name}=..." for name in tool.input_schema.get("required", ()) if name not in told
    )


def checked(tool: Tool, given: dict[str, str]) -> dict[str, Any]:
    """The arguments meant for this tool. Raises click.UsageError for what is missing, InvalidArguments for what is wrong."""
    told = for_tool(tool, given)
    if needed := lacking(tool, told):
        raise click.UsageError(f"{tool.function_name} needs {needed}")
    tool.check(told)
    return told


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


def config(connector: Connector, given: Sequence[str], *, development: bool) -> dict[str, str]:
    """What fills the places in the connector's addresses. Raises click.UsageError for what is missing."""
    told = pairs(given, "--config")
    lacking = [name for name in connector.needed_config() if not told.get(name)]
    if lacking:
        wanted = " ".join(f"--config {name}=..." for name in lacking)
        raise click.UsageError(f"{connector.title} needs {wanted}")
    if not development:
        for name, value in told.items():
            if value.startswith("http://") and is_loopback_host(urlsplit(value).hostname or ""):
                raise click.UsageError(f"{name} is on plain http. Set VALETKEY_DEVELOPMENT=1 to try it.")
    return connector.filled(told)
