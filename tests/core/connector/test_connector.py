"""The decorators, and what the house may ask a connector and its tools."""

from __future__ import annotations

from typing import Any

import pytest

from core.connector import Account, Api, Connector, OAuth2, Page, Scope, ToolError
from core.errors import InvalidArguments
from core.http import Outbound
from tests.core.connector.acme import OAUTH, READ, WRITE, Contact, api_of, connector
from tests.core.wire import Wire


async def test_a_tool_is_found_by_its_full_name_checked_and_run(http: Outbound, wire: Wire) -> None:
    wire.answer(
        "GET", "/v3/contacts", json={"items": [{"id": "1", "email": "a@x", "salary": 5}], "next": "c2"}
    )
    made = connector()
    tool = made.tools["acme.find_contacts"]
    checked = tool.check({"query": "ada"})
    assert await tool.run(api_of(made, http, wire), checked) == Page([Contact("1", "a@x")], "c2")
    assert wire.seen[0].query == {"q": "ada", "limit": "10"}


async def test_the_account_function_says_who_it_is(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/v3/me", json={"id": "7", "email": "ada@example.com"})
    made = connector()
    assert made.account_function
    assert await made.account_function(api_of(made, http, wire)) == Account("7", "ada@example.com")


def test_a_tool_tells_what_the_person_and_the_model_read() -> None:
    tool = connector().tools["acme.find_contacts"]
    assert (tool.title, tool.description, tool.group) == ("Find contacts", "Find contacts.", "Contacts")
    assert (tool.function_name, tool.risk, tool.is_page) == ("find_contacts", "read", True)
    assert (tool.sees, tool.changes) == ("e-mail addresses of contacts", "")


def test_a_decorated_function_stays_a_function() -> None:
    made = connector()

    async def add(api: Api, email: str) -> Contact:
        """Add one, with a line that is
        too long for one.

        More, for people who read the code.
        """
        return Contact("1", email)

    assert (
        made.tool(scopes=["contacts.write"], risk="write", changes="adds", title="Add", group="People")(add)
        is add
    )
    tool = made.tools["acme.add"]
    assert (tool.title, tool.group, tool.description) == (
        "Add",
        "People",
        "Add one, with a line that is too long for one.",
    )


def alternatives(**declared: Any) -> Any:
    made = connector()

    @made.tool(risk="read", sees="x", **declared)
    async def look(api: Api) -> Contact:
        """Look."""
        return Contact("1")

    return made.tools["acme.look"]


def test_scopes_are_all_needed_and_of_alternatives_one() -> None:
    plain = alternatives(scopes=["a", "b"])
    assert (plain.missing_scopes({"b"}), plain.missing_scopes({"a", "b"}), plain.wanted_scopes()) == (
        ["a"],
        [],
        ("a", "b"),
    )
    either = alternatives(any_of=[["a", "b"], ["c"]])
    assert (either.missing_scopes({"c"}), either.missing_scopes({"a"}), either.missing_scopes(())) == (
        [],
        ["b"],
        ["c"],
    )
    assert either.wanted_scopes() == ("a", "b")
    assert either.wanted_scopes(("a", "c")) == ("c",), "the first that may be asked for"
    assert either.wanted_scopes(()) == ("a", "b")
    both = alternatives(scopes=["x"], any_of=[["a"], ["b"]])
    assert (both.missing_scopes({"b"}), both.wanted_scopes(), both.all_scopes()) == (
        ["x"],
        ("x", "a"),
        ("x", "a", "b"),
    )
    assert alternatives().missing_scopes(()) == []


def test_a_tool_without_a_declared_scope_is_grouped_under_the_provider() -> None:
    assert alternatives().group == "Acme"


def test_a_tool_error_is_told_as_it_is_and_may_name_the_argument() -> None:
    error = ToolError("There are three: say which", argument="name")
    assert isinstance(error, InvalidArguments) and str(error) == "There are three: say which"
    assert error.fields["errors"] == [{"path": "/name", "message": "There are three: say which"}]


def test_a_registration_has_to_hold_what_nobody_else_fills() -> None:
    made = Connector(
        slug="acme",
        title="Acme",
        category="crm",
        api_url="{instance_url}/{site}/{tenant}",
        oauth=OAuth2(
            **{
                **OAUTH,
                "token_url": "https://{dc}.acme.example/t",
                "token_fields": {"instance_url": "https://*.acme.example"},
            }
        ),
        scopes=[READ, WRITE],
        account_fields=["site"],
    )
    assert made.needed_config() == ("tenant", "dc")


def test_the_names_outside_authors_write_against_are_there() -> None:
    import core.connector as kit

    names = [
        "Account",
        "Api",
        "Connector",
        "Limit",
        "OAuth2",
        "Page",
        "PkceOff",
        "Rfc7009",
        "Scope",
        "ToolError",
    ]
    for name in names:
        assert hasattr(kit, name)
    assert Scope("a", "A", "see a").risk == "read"


@pytest.mark.parametrize(
    "field",
    [
        "slug",
        "title",
        "category",
        "api_url",
        "oauth",
        "scopes",
        "headers",
        "manage_url",
        "cannot",
        "origins",
        "tools",
    ],
)
def test_a_connector_shows_its_data(field: str) -> None:
    assert (
        getattr(connector(manage_url="https://acme.example/apps", cannot=["send"], headers={"A": "b"}), field)
        is not None
    )
