"""The arguments of a tool of a draft: plain parameters of path and query, and plain members of the body."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import msgspec

from web.cli.connectors import shapes
from web.cli.connectors.description import Description, Operation, Schema
from web.cli.connectors.draft import Argument
from web.cli.connectors.shapes import snake
from web.cli.connectors.wording import sentence

Place = Literal["path", "query", "body"]
_LIMITS = frozenset({
    "limit", "per_page", "perpage", "page_size", "pagesize", "max_results", "maxresults", "first", "count", "top",
})  # fmt: skip
_COSMETIC = frozenset({"opt_pretty", "pretty"})
_SELECTS = frozenset({"opt_fields", "fields", "select"})


def arguments(
    description: Description, operation: Operation, open_: list[str]
) -> tuple[list[Argument], str, tuple[str, ...]]:
    """The arguments; the member of the body they go into; the query parameters that name what is wanted."""
    found: list[Argument] = []
    selects: list[str] = []
    for parameter in operation.parameters:
        name, where = str(parameter.get("name")), parameter.get("in")
        if where not in ("path", "query") or parameter.get("deprecated") or name in _COSMETIC:
            continue
        if where == "query" and name in _SELECTS:
            selects.append(name)
            open_.append(f"`{name}` asks for no more than may leave: see that the provider reads it so")
            continue
        found += _argument(description, parameter, "query" if where == "query" else "path", open_)
    body, wrapped = _unwrapped(description, operation.body or {})
    left_out = []
    for name, schema in description.properties(body).items():
        needed = name in body.get("required", ())
        told = {
            "name": name,
            "schema": schema,
            "required": needed,
            "description": schema.get("description", ""),
        }
        if not schema.get("readOnly"):
            made = _argument(description, told, "body", open_)
            found += made
            left_out += [] if made or needed else [f"`{name}`"]
    if left_out:
        open_.append(
            f"the body also takes {', '.join(left_out)}, no plain values: add what is wanted of them"
        )
    return _apart(sorted(found, key=lambda one: not one.required)), wrapped, tuple(selects)


def _unwrapped(description: Description, body: Schema) -> tuple[Schema, str]:
    properties = description.properties(body)
    objects = [
        name for name, one in properties.items() if one.get("type") == "object" and one.get("properties")
    ]
    if len(properties) == 1 and objects:
        return properties[objects[0]], objects[0]
    return body, ""


def _argument(
    description: Description,
    parameter: Schema,
    where: Place,
    open_: list[str],
) -> list[Argument]:
    name, schema = str(parameter["name"]), dict(parameter.get("schema", {}))
    required = bool(parameter.get("required")) or where == "path"
    items = description.schema(schema.get("items", {})) if schema.get("type") == "array" else None
    if items is not None and shapes.is_scalar(items) and where != "path":
        schema["items"] = items
    elif not shapes.is_scalar(schema):
        if required:
            said = "has no type in the description" if not schema.get("type") else "is no plain value"
            open_.append(f"`{name}` is needed and {said}: write how it is made")
        return []
    if name.lower() in _LIMITS and schema.get("type") == "integer":
        most = min(int(schema.get("maximum", shapes.MAX_LIMIT)), shapes.MAX_LIMIT)
        return [Argument(snake(name), name, where, _limit(most), False, str(min(10, most)), 2)]
    said = sentence(str(parameter.get("description") or ""), 120) if required else ""
    kind = shapes.annotation(schema, said)
    value = [shapes.example(items, name)] if items is not None else shapes.example(schema, name)
    if required:
        return [Argument(snake(name), name, where, kind, True, "", value)]
    return [Argument(snake(name), name, where, f"{kind} | None", False, "None", value)]


def _limit(most: int) -> str:
    return "Limit" if most == shapes.MAX_LIMIT else f"Annotated[int, msgspec.Meta(ge=1, le={most})]"


def _apart(found: Sequence[Argument]) -> list[Argument]:
    """The same name of a path and a body parameter is one argument too many: the second gets a number."""
    seen: dict[str, int] = {}
    told = []
    for one in found:
        seen[one.name] = seen.get(one.name, 0) + 1
        name = one.name if seen[one.name] == 1 else f"{one.name}_{seen[one.name]}"
        told.append(msgspec.structs.replace(one, name=name))
    return told
