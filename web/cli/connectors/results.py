"""What a tool of a draft gives: the record that may leave, how it comes in an answer, and what leads to the next page."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from web.cli import Failed
from web.cli.connectors import shapes
from web.cli.connectors.description import Description, Operation, Schema
from web.cli.connectors.draft import IDS, Field, Record, Shape
from web.cli.connectors.shapes import pascal, snake

_LISTS = frozenset({"data", "items", "results", "values", "records", "entries", "list", "nodes", "elements"})
_FOLLOWING = frozenset({
    "next", "next_cursor", "nextcursor", "next_page_token", "nextpagetoken", "cursor", "after", "offset",
})  # fmt: skip
MAX_STEPS = 3


class Result(msgspec.Struct, frozen=True):
    """`member`: that of the answer which holds the record. `next`: those that lead to a cursor; `inner`: structs on the way."""

    record: Record
    shape: Shape
    member: str = ""
    next: tuple[str, ...] = ()
    inner: tuple[Record, ...] = ()


def result(
    description: Description, operation: Operation, members: Sequence[str] | None, open_: list[str]
) -> Result:
    """`members`: those that may leave, None for every plain one. What a person has to see to is added to `open_`."""
    answer = operation.answer
    if answer is None or not answer.get("type"):
        return Result(Record("Done", (Field("done", "done", "bool", False, True),)), "none")

    def record(schema: Schema) -> Record:
        return _record(description, operation, schema, members, open_)

    if answer["type"] == "array":
        pages = operation.linked and any(one.get("name") == "page" for one in operation.parameters)
        return Result(record(description.schema(answer.get("items", {}))), "linked" if pages else "list")
    properties = description.properties(answer)
    lists = [name for name, one in properties.items() if _holds_objects(description, one)]
    objects = [name for name, one in properties.items() if one.get("type") == "object"]
    plain = [name for name, one in properties.items() if shapes.is_scalar(one)]
    if len(lists) == 1 and operation.method in ("GET", "POST") and _is_envelope(lists[0], plain):
        item = description.schema(properties[lists[0]].get("items", {}))
        return Result(record(item), "page", lists[0], *_following(description, answer, operation))
    if len(objects) == 1 and not plain:
        return Result(record(properties[objects[0]]), "one", objects[0])
    return Result(record(answer), "one")


def _holds_objects(description: Description, schema: Schema) -> bool:
    items = description.schema(schema.get("items", {}))
    return schema.get("type") == "array" and items.get("type") == "object"


def _is_envelope(name: str, scalars: Sequence[str]) -> bool:
    """Whether an object is there for its list, and not a thing that also has one."""
    return name.lower() in _LISTS or not any(one.lower() in IDS for one in scalars)


def _record(
    description: Description,
    operation: Operation,
    schema: Schema,
    members: Sequence[str] | None,
    open_: list[str],
) -> Record:
    name = pascal(str(schema.get("x-name") or f"{snake(operation.id)}_result"))
    fields = shapes.chosen(description, schema, members)
    if members is not None and (
        strange := [one for one in members if one not in {each.wire for each in fields}]
    ):
        why = "; ".join(_why_not(description, schema, one) for one in strange)
        raise Failed(f"{why}. {operation.id} has: {_plain(description, schema)}")
    if not fields:
        open_.append("the answer has no plain member: name the fields that may leave")
        fields = [Field("id", "id", "str", True, "1")]
    return Record(name, tuple(fields))


def _why_not(description: Description, schema: Schema, name: str) -> str:
    """Why a member cannot be drafted, and what to do."""
    found = description.properties(schema).get(name)
    if found is None:
        return f"there is no {name}"
    kinds = {"object": "has parts of its own", "array": "is a list"}
    said = kinds.get(str(found.get("type")), "has no type in the description")
    return f"{name} {said}: add it by hand after drafting"


def _plain(description: Description, schema: Schema) -> str:
    return ", ".join(one.wire for one in shapes.chosen(description, schema, None)) or "none"


def _following(
    description: Description, answer: Schema, operation: Operation
) -> tuple[tuple[str, ...], tuple[Record, ...]]:
    """The members that lead to the next cursor, `("paging", "next", "after")`, with a struct for each on the way."""
    for path in _paths(description, answer, MAX_STEPS):
        if path[-1].lower() in _FOLLOWING and any(
            "next" in step.lower() or "cursor" in step.lower() for step in path
        ):
            base = pascal(snake(operation.id))
            names = [
                f"{base}{''.join(pascal(step) for step in path[: count + 1])}"
                for count in range(len(path) - 1)
            ]
            inner = []
            for count, name in enumerate(names):
                step = path[count + 1]
                kind = names[count + 1] if count + 1 < len(names) else "str"
                inner.append(Record(name, (Field(step, step, kind, True, None),), inner=True))
            return path, tuple(reversed(inner))
    return (), ()


def _paths(description: Description, schema: Schema, depth: int) -> list[tuple[str, ...]]:
    """Every way to a text, within objects; the shortest first."""
    found: list[tuple[str, ...]] = []
    for name, one in description.properties(schema).items():
        if not name.isidentifier():
            continue
        if one.get("type") == "string":
            found.append((name,))
        elif one.get("type") == "object" and depth > 1:
            found += [(name, *rest) for rest in _paths(description, one, depth - 1)]
    return sorted(found, key=len)


def envelope(tool: str, told: Result) -> Record | None:
    """The struct an answer is read into, when what is wanted stands in a member of it."""
    if not told.member:
        return None
    kind = f"list[{told.record.name}]" if told.shape == "page" else told.record.name
    fields = [Field(shapes.member(told.member), told.member, kind, False, None)]
    if told.next:
        first = told.inner[-1].name if told.inner else "str"
        fields.append(Field(told.next[0], told.next[0], first, True, None))
    return Record(f"{pascal(tool)}Answer", tuple(fields), inner=True)
