"""Schemas as Python: names, types of arguments and of result fields, and an example value of each."""

from __future__ import annotations

import keyword
import re
from collections.abc import Iterable
from typing import Any

from web.cli.connectors.description import Description, Schema
from web.cli.connectors.draft import Field

SCALARS = {"string": "str", "integer": "int", "number": "float", "boolean": "bool"}
MAX_LIMIT = 100  # of core.connector.Limit
_TAKEN = frozenset(
    {"api", "self", "None", "msgspec", "Page", "Limit", "Api", "Account", "Connector", "Scope"}
)


def snake(text: str) -> str:
    """`issues/list-for-repo` and `searchUsers` as names of Python."""
    spaced = re.sub(r"([a-z0-9])([A-Z])|([A-Z]+)([A-Z][a-z])", r"\1\3_\2\4", text)
    name = re.sub(r"[^a-z0-9]+", "_", spaced.lower()).strip("_") or "value"
    name = f"n_{name}" if name[0].isdigit() else name
    return f"{name}_" if keyword.iskeyword(name) or name in _TAKEN else name


def pascal(text: str) -> str:
    words = re.findall(r"[A-Za-z0-9]+", re.sub(r"([a-z0-9])([A-Z])", r"\1 \2", text))
    name = "".join(word[:1].upper() + word[1:] for word in words) or "Result"
    name = f"N{name}" if name[0].isdigit() else name
    return f"{name}Record" if name in _TAKEN or keyword.iskeyword(name) else name


def is_scalar(schema: Schema) -> bool:
    return schema.get("type") in SCALARS


def literal(value: Any) -> str:
    """A value as Python source, in double quotes."""
    if isinstance(value, str):
        quoted = repr(value)
        return (
            quoted
            if '"' in value or quoted[0] == '"'
            else f'"{quoted[1:-1].replace(chr(92) + chr(39), chr(39))}"'
        )
    return repr(value)


# ---- results -------------------------------------------------------------------------------------------------


def field(name: str, schema: Schema, required: bool) -> Field:
    optional = not required or bool(schema.get("nullable"))
    kind = SCALARS[schema["type"]]
    return Field(member(name), name, kind, optional, example(schema, name))


def member(name: str) -> str:
    """The provider's own name where Python can have it."""
    plain = name.isidentifier() and name.isascii() and not name.startswith("_")
    return name if plain and not keyword.iskeyword(name) and name not in _TAKEN else snake(name)


def chosen(description: Description, schema: Schema, wanted: Iterable[str] | None) -> list[Field]:
    """The scalar members of an object: those wanted, in that order, or all."""
    members = description.properties(schema)
    required = set(schema.get("required", ()))
    names = [name for name in wanted if name in members] if wanted is not None else list(members)
    found = [field(name, members[name], name in required) for name in names if is_scalar(members[name])]
    unique = {one.name: one for one in found}
    return list(unique.values())


# ---- arguments -----------------------------------------------------------------------------------------------


def annotation(schema: Schema, said: str = "") -> str:
    """The type of an argument with the bounds the schema has."""
    if schema.get("type") == "array":
        return f"list[{annotation(dict(schema.get('items', {})))}]"
    if _is_choice(schema):
        return f"Literal[{', '.join(literal(one) for one in schema['enum'])}]"
    kind = SCALARS.get(str(schema.get("type")), "str")
    bounds = [
        f"{ours}={int(schema[theirs]) if kind != 'float' else schema[theirs]!r}"
        for theirs, ours in _bounds(kind).items()
        if isinstance(schema.get(theirs), int | float) and not isinstance(schema[theirs], bool)
    ]
    if said:
        bounds.append(f"description={literal(said)}")
    return f"Annotated[{kind}, msgspec.Meta({', '.join(bounds)})]" if bounds else kind


def _is_choice(schema: Schema) -> bool:
    values = schema.get("enum") or ()
    return (
        0 < len(values) <= 20
        and all(isinstance(one, str) and one.isprintable() for one in values)
        and schema.get("type") == "string"
    )


def _bounds(kind: str) -> dict[str, str]:
    if kind == "str":
        return {"minLength": "min_length", "maxLength": "max_length"}
    return {"minimum": "ge", "maximum": "le"} if kind in ("int", "float") else {}


# ---- examples ------------------------------------------------------------------------------------------------


def example(schema: Schema, name: str = "") -> Any:
    """A value the schema allows, the same each time."""
    kind = SCALARS.get(str(schema.get("type")), "str")
    if schema.get("enum"):
        return schema["enum"][0]
    given = schema.get("example", schema.get("default"))
    if _fits(given, kind, schema):
        return given
    if kind == "bool":
        return True
    if kind in ("int", "float"):
        low: float = schema.get("minimum", 1)
        number = low if low > 1 else min(1, float(schema.get("maximum", 1)))
        return float(number) if kind == "float" else int(number)
    text = f"{snake(name) if name else 'text'} 1" if "id" not in name.lower() else "1"
    short = text[: int(schema.get("maxLength", 200))]
    return short + "x" * (int(schema.get("minLength", 0)) - len(short))


def _fits(value: Any, kind: str, schema: Schema) -> bool:
    if kind == "bool":
        return isinstance(value, bool)
    if isinstance(value, bool):
        return False
    if kind == "str":
        bounds = int(schema.get("minLength", 1)), int(schema.get("maxLength", 200))
        return isinstance(value, str) and max(1, bounds[0]) <= len(value) <= bounds[1] and value.isprintable()
    if not isinstance(value, int if kind == "int" else int | float):
        return False
    return schema.get("minimum", value) <= value <= schema.get("maximum", value)
