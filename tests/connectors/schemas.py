"""Response schemas of the providers' descriptions, as JSON Schema from which bodies can be made.

OpenAPI 3.0 says `nullable` and `$ref` into the whole document; both are written out here. What makes generation slow and
says nothing about decoding is taken out: patterns, bounds of numbers, formats other than dates. Below `DEPTH` anything may
stand, so that schemas that hold themselves end.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from tests.connectors.descriptions import Description

DEPTH = 5
_KEPT = ("type", "enum", "required", "minItems")
_DATES = ("date", "date-time")
_ITEMS = 2
_ANYTHING: dict[str, Any] = {"enum": [None, "x", 7, True, [], {}]}
_MEMBERS = 20


def responses(
    of: Description, operation: dict[str, Any], *, full: bool = False
) -> Iterator[tuple[int, dict[str, Any]]]:
    """Each documented status with the schema of its JSON body; a status without one is left out.

    `full`: every member that is named has to be there, since many descriptions do not say which are.
    """
    for status, response in operation.get("responses", {}).items():
        content = of.resolved(response).get("content", {})
        media = next((about for kind, about in content.items() if "json" in kind), None)
        if media and "schema" in media and str(status).isdigit():
            yield int(status), written_out(of, media["schema"], full=full)


def written_out(of: Description, schema: Any, depth: int = DEPTH, *, full: bool = False) -> dict[str, Any]:
    """The schema without references, of JSON Schema's own words only."""
    if not isinstance(schema, dict) or depth == 0:
        return _ANYTHING
    schema = of.resolved(schema)
    plain = {word: schema[word] for word in _KEPT if word in schema}
    if schema.get("format") in _DATES:
        plain["format"] = schema["format"]
    for way in ("anyOf", "oneOf"):
        if way in schema:
            plain["anyOf"] = [written_out(of, one, depth, full=full) for one in schema[way]]
    if "items" in schema:
        plain |= {"items": written_out(of, schema["items"], depth - 1, full=full), "maxItems": _ITEMS}
    members = _members(of, schema)
    if members:
        below = {name: written_out(of, one, depth - 1, full=full) for name, one in members.items()}
        plain |= _object(below, set(below) if full else _required(of, schema))
    return _nullable(schema, plain or _ANYTHING)


def _members(of: Description, schema: dict[str, Any]) -> dict[str, Any]:
    """The members an object names, with those of everything it is put together from."""
    found = dict(schema.get("properties", {}))
    for part in schema.get("allOf", []):
        found |= _members(of, of.resolved(part))
    return found


def _required(of: Description, schema: dict[str, Any]) -> set[str]:
    inner = (_required(of, of.resolved(part)) for part in schema.get("allOf", []))
    return set(schema.get("required", [])).union(*inner)


def _object(members: dict[str, Any], required: set[str]) -> dict[str, Any]:
    needed = sorted(required & members.keys())
    optional = [name for name in members if name not in required][:_MEMBERS]
    kept = {name: members[name] for name in (*needed, *optional)}
    return {"type": "object", "properties": kept, "required": needed, "additionalProperties": False}


def _nullable(schema: dict[str, Any], plain: dict[str, Any]) -> dict[str, Any]:
    return {"anyOf": [plain, {"type": "null"}]} if schema.get("nullable") else plain
