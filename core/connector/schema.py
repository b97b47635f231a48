"""A tool's signature as msgspec types and as JSON Schema, draft 2020-12 (what MCP and the model vendors read).

The schema stands alone: definitions are put in where they are used; only types that hold themselves stay in `$defs`.
Text without a bound of its own gets one: MAX_TEXT characters.
"""

from __future__ import annotations

import functools
import inspect
import operator
import types
import typing
from collections.abc import Callable, Mapping
from typing import Annotated, Any, get_args, get_origin

import msgspec

from core.connector.results import page_item

DIALECT = "https://json-schema.org/draft/2020-12/schema"
MAX_TEXT = 10_000
_DEFS = "#/$defs/"


class BadSignature(Exception):
    """What is wrong with a tool's signature, and how to mend it."""

    def __init__(self, what: str, mend: str) -> None:
        super().__init__(what)
        self.what, self.mend = what, mend


def hints(function: Callable[..., Any], names: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The resolved annotations. `names`: the local names at the place of definition."""
    try:
        return typing.get_type_hints(function, localns=dict(names or {}), include_extras=True)
    except NameError as error:
        raise BadSignature(
            f"the type {error.name!r} is not known here", "define or import it above the tool"
        ) from None
    except (TypeError, SyntaxError) as error:
        raise BadSignature(f"an annotation cannot be read ({error})", "write it as a Python type") from None


def arguments_struct(function: Callable[..., Any], types_: Mapping[str, Any]) -> type[msgspec.Struct]:
    """A struct of the arguments after `api`; unknown ones are refused on decode. Raises BadSignature."""
    fields: list[Any] = []
    for parameter in list(inspect.signature(function).parameters.values())[1:]:
        fields.append(_field(parameter, types_))
    try:
        struct = msgspec.defstruct(
            function.__name__, fields, forbid_unknown_fields=True, kw_only=True, frozen=True
        )
        msgspec.json.Decoder(struct)
    except (TypeError, NameError) as error:
        raise BadSignature(
            f"the arguments cannot be checked ({error})", "use types msgspec can decode"
        ) from None
    return struct


def _field(parameter: inspect.Parameter, types_: Mapping[str, Any]) -> tuple[Any, ...]:
    name = parameter.name
    if parameter.kind in (parameter.VAR_POSITIONAL, parameter.VAR_KEYWORD):
        raise BadSignature(f"the arguments *{name} have no schema", "name every argument and give it a type")
    if name not in types_:
        raise BadSignature(f"the argument {name!r} has no type", f"write `{name}: str`, for example")
    if types_[name] is Any:
        raise BadSignature(f"the argument {name!r} may be anything", "give it a type that can be checked")
    bounded = bound_text(types_[name])
    if parameter.default is parameter.empty:
        return name, bounded
    try:
        msgspec.convert(msgspec.to_builtins(parameter.default), bounded)
    except (msgspec.ValidationError, TypeError):
        raise BadSignature(
            f"the default of {name!r} does not fit its type", "change one of the two"
        ) from None
    return name, bounded, parameter.default


def bound_text(annotation: Any) -> Any:
    """The same type with at most MAX_TEXT characters wherever a `str` has no bound of its own."""
    if annotation is str:
        return Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
    origin, args = get_origin(annotation), get_args(annotation)
    if origin is Annotated and args[0] is str:
        bounds = (meta.max_length for meta in args[1:] if isinstance(meta, msgspec.Meta))
        return annotation if any(bounds) else Annotated[annotation, msgspec.Meta(max_length=MAX_TEXT)]
    if origin in (typing.Union, types.UnionType):
        return functools.reduce(operator.or_, (bound_text(arg) for arg in args))
    if origin in (list, tuple, set, frozenset, dict):
        return origin[tuple(bound_text(arg) for arg in args)]
    return annotation


def input_schema(struct: type[msgspec.Struct]) -> dict[str, Any]:
    """The schema of a tool's arguments: an object that allows no other members, every text bounded."""
    schema = _whole(struct)
    schema.pop("title", None)
    _bound(schema)
    return {"$schema": DIALECT, **schema}


def output_schema(returns: Any) -> dict[str, Any]:
    """The schema of `result`: for a `Page[T]` only `items`, since `next` stands beside the result."""
    item = page_item(returns)
    if item is None:
        return {"$schema": DIALECT, **_whole(returns)}
    whole = _whole(list[item])  # type: ignore[valid-type]
    definitions = whole.pop("$defs", None)
    schema = {
        "type": "object",
        "properties": {"items": whole},
        "required": ["items"],
        "additionalProperties": False,
    }
    return {"$schema": DIALECT, **schema, **({"$defs": definitions} if definitions else {})}


def _whole(type_: Any) -> dict[str, Any]:
    (schema,), definitions = msgspec.json.schema_components([type_], ref_template=_DEFS + "{name}")
    looping = {name for name in definitions if _reaches(definitions[name], name, definitions, set())}
    whole: dict[str, Any] = _inline(schema, definitions, looping)
    kept = {name: _inline(definitions[name], definitions, looping) for name in sorted(looping)}
    return whole | ({"$defs": kept} if kept else {})


def _reaches(node: Any, name: str, definitions: Mapping[str, Any], seen: set[str]) -> bool:
    for target in _targets(node):
        if target == name:
            return True
        if target not in seen:
            seen.add(target)
            if _reaches(definitions[target], name, definitions, seen):
                return True
    return False


def _targets(node: Any) -> list[str]:
    if isinstance(node, dict):
        here = [node["$ref"].removeprefix(_DEFS)] if isinstance(node.get("$ref"), str) else []
        return here + [target for value in node.values() for target in _targets(value)]
    if isinstance(node, list):
        return [target for value in node for target in _targets(value)]
    return []


def _inline(node: Any, definitions: Mapping[str, Any], looping: set[str]) -> Any:
    if isinstance(node, list):
        return [_inline(value, definitions, looping) for value in node]
    if not isinstance(node, dict):
        return node
    reference = node.get("$ref")
    if isinstance(reference, str) and reference.removeprefix(_DEFS) not in looping:
        rest = {key: value for key, value in node.items() if key != "$ref"}
        node = definitions[reference.removeprefix(_DEFS)] | rest
    return {key: _inline(value, definitions, looping) for key, value in node.items()}


def _bound(node: Any) -> None:
    """Say MAX_TEXT where a nested struct leaves a text without a bound; `arguments.py` holds to it."""
    if isinstance(node, list):
        for value in node:
            _bound(value)
    elif isinstance(node, dict):
        if node.get("type") == "string" and not {"maxLength", "enum", "format"} & node.keys():
            node["maxLength"] = MAX_TEXT
        for key, value in node.items():
            if key not in ("default", "enum", "const", "examples"):
                _bound(value)


def bounds(node: Any) -> list[int]:
    """Every `maxLength` within a schema."""
    if isinstance(node, list):
        return [bound for value in node for bound in bounds(value)]
    if not isinstance(node, dict):
        return []
    here = [node["maxLength"]] if isinstance(node.get("maxLength"), int) else []
    return here + [bound for value in node.values() for bound in bounds(value)]
