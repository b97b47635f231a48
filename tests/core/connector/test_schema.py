"""Signatures as JSON Schema: alone, closed and valid."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
import pytest
from jsonschema import Draft202012Validator

from core.connector import Api, Limit, Page
from core.connector.schema import BadSignature
from core.connector.tool import Tool
from tests.core.connector.acme import Contact


class Address(msgspec.Struct, frozen=True):
    street: str
    city: Annotated[str, msgspec.Meta(max_length=80)] = ""


class Person(msgspec.Struct, frozen=True):
    name: str
    home: Address
    work: Address | None = None


class Node(msgspec.Struct, frozen=True):
    name: str
    children: list[Node] = []


def tool(function: Any) -> Tool:
    return Tool("acme", function, risk="read", sees="x")


async def plain(api: Api, query: str, limit: Limit = 10, cursor: str | None = None) -> Page[Contact]:
    """Find."""
    return Page([])


async def nested(api: Api, person: Person, kind: Literal["a", "b"] = "a") -> Person:
    """Change."""
    return person


async def looping(api: Api, node: Node) -> list[Node]:
    """Grow."""
    return [node]


async def nothing(api: Api) -> None:
    """Do."""


def test_a_plain_signature() -> None:
    assert tool(plain).input_schema == {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "type": "object",
        "properties": {
            "query": {"type": "string", "maxLength": 10_000},
            "limit": {
                "description": "How many items at most", "type": "integer", "minimum": 1, "maximum": 100, "default": 10
            },
            "cursor": {"anyOf": [{"type": "string", "maxLength": 10_000}, {"type": "null"}], "default": None},
        },
        "required": ["query"],
        "additionalProperties": False,
    }  # fmt: skip


def test_a_page_shows_its_items_and_not_the_cursor() -> None:
    schema = tool(plain).output_schema
    assert tool(plain).is_page and list(schema["properties"]) == ["items"]
    assert schema["properties"]["items"]["items"]["properties"].keys() == {"id", "email"}


@pytest.mark.parametrize("function", [plain, nested, looping, nothing])
def test_a_schema_is_valid_and_stands_alone(function: Any) -> None:
    for schema in (tool(function).input_schema, tool(function).output_schema):
        Draft202012Validator.check_schema(schema)
        named = set(schema.get("$defs", {}))
        text = msgspec.json.encode(schema).decode()
        assert text.count("$ref") == sum(text.count(f'"$ref":"#/$defs/{name}"') for name in named)


def test_structs_are_put_in_where_they_are_used_and_only_loops_stay_apart() -> None:
    assert "$defs" not in tool(nested).input_schema
    home = tool(nested).input_schema["properties"]["person"]["properties"]["home"]["properties"]
    assert (home["street"]["maxLength"], home["city"]["maxLength"]) == (10_000, 80)
    assert list(tool(looping).input_schema["$defs"]) == ["Node"]
    Draft202012Validator(tool(looping).input_schema).validate(
        {"node": {"name": "x", "children": [{"name": "y"}]}}
    )


def test_types_that_are_known_only_where_the_tool_is_defined() -> None:
    class Local(msgspec.Struct):
        id: str

    async def find(api: Api) -> Local:
        """Find."""
        return Local("1")

    with pytest.raises(BadSignature, match="'Local' is not known"):
        tool(find)
    assert Tool("acme", find, risk="read", names=locals()).output_schema["properties"].keys() == {"id"}


def bad_signatures() -> list[tuple[Any, str]]:
    async def no_type(api: Api, query) -> Contact: ...  # type: ignore[no-untyped-def]
    async def no_result(api: Api, query: str): ...  # type: ignore[no-untyped-def]
    async def any_result(api: Api) -> Any: ...
    async def anything(api: Api, query: Any) -> Contact: ...
    async def starred(api: Api, *queries: str) -> Contact: ...
    async def keywords(api: Api, **queries: str) -> Contact: ...
    async def wrong_default(api: Api, limit: Limit = 0) -> Contact: ...
    async def no_default(api: Api, query: str = None) -> Contact: ...  # type: ignore[assignment]  # noqa: RUF013
    async def undecodable(api: Api, query: list[Contact] | dict[str, int] | Person | set[int]) -> Contact: ...
    async def unknown(api: Api, query: Nowhere) -> Contact: ...  # type: ignore[name-defined]  # noqa: F821

    told = [
        "has no type",
        "what it returns",
        "what it returns",
        "may be anything",
        "have no schema",
        "have no schema",
    ]
    told += ["does not fit", "does not fit", "cannot be checked", "not known here"]
    functions = [
        no_type,
        no_result,
        any_result,
        anything,
        starred,
        keywords,
        wrong_default,
        no_default,
        undecodable,
        unknown,
    ]
    return list(zip(functions, told, strict=True))


@pytest.mark.parametrize(("function", "told"), bad_signatures())
def test_a_signature_that_has_no_schema_says_what_is_wrong_and_how_to_mend_it(
    function: Any, told: str
) -> None:
    with pytest.raises(BadSignature, match=told) as caught:
        tool(function)
    assert caught.value.mend
