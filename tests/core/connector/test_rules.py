"""What is wrong with a connector is told with file, line and mend; what is right passes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from core.connector import Account, Api, Connector, OAuth2, PkceOff, Scope
from core.connector.rules import CASES, PAGE_CASES, cassette_problems, problems
from tests.core.connector.acme import OAUTH, READ, Contact, connector


def with_tool(function: Any, **declared: Any) -> Connector:
    made = connector()
    made.tool(**{"scopes": ["contacts.read"], "risk": "read", "sees": "x", **declared})(function)
    return made


async def look(api: Api) -> Contact:
    """Look."""
    return Contact("1")


async def no_docstring(api: Api) -> Contact:
    return Contact("1")


async def no_types(api: Api, query) -> Contact:  # type: ignore[no-untyped-def]
    """Look."""
    return Contact("1")


async def bare(api: Api) -> dict:  # type: ignore[type-arg]
    """Look."""
    return {}


async def any_values(api: Api) -> dict[str, list[Any]]:
    """Look."""
    return {}


async def CamelCase(api: Api) -> Contact:
    """Look."""
    return Contact("1")


async def a_name_that_is_longer_than_the_shortest_limit_of_any_model_vendor(api: Api) -> Contact:
    """Look."""
    return Contact("1")


def not_async(api: Api) -> Contact:
    """Look."""
    return Contact("1")


async def no_api() -> Contact:
    """Look."""
    return Contact("1")


def oauth(**changes: Any) -> OAuth2:
    return OAuth2(**{**OAUTH, **changes})


def without_account() -> Connector:
    made = connector()
    made.account_function = None
    return made


def two_of_one_name() -> Connector:
    made = with_tool(look)
    made.tool(scopes=[], risk="read", sees="x")(look)
    return made


def two_accounts() -> Connector:
    made = connector()

    async def another(api: Api) -> Account:
        return Account("1", "x")

    made.account(another)
    return made


def test_a_good_connector_has_no_problems() -> None:
    assert problems(connector()) == []
    assert problems(with_tool(look)) == []


FAULTY: list[tuple[str, Callable[[], Connector]]] = [
    ("the scope 'deals.read' is not declared", lambda: with_tool(look, scopes=["deals.read"])),
    (
        "the scope 'deals.read' is not declared",
        lambda: with_tool(look, any_of=[["contacts.read"], ["deals.read"]]),
    ),
    ("an alternative of any_of is empty", lambda: with_tool(look, any_of=[[]])),
    ("the tool has no docstring", lambda: with_tool(no_docstring)),
    ("the argument 'query' has no type", lambda: with_tool(no_types)),
    ("the tool does not say what it sees", lambda: with_tool(look, sees="")),
    ("the tool does not say what it changes", lambda: with_tool(look, risk="write")),
    ("there is no risk 'wild'", lambda: with_tool(look, risk="wild")),
    ("the result may hold anything at result", lambda: with_tool(bare)),
    ("the result may hold anything at result[]", lambda: with_tool(any_values)),
    ("the name is not one a model can use", lambda: with_tool(CamelCase)),
    ("longer than 64", lambda: with_tool(a_name_that_is_longer_than_the_shortest_limit_of_any_model_vendor)),
    ("not an async function", lambda: with_tool(not_async)),
    ("takes no `api`", lambda: with_tool(no_api)),
    ("two tools 'acme.look'", two_of_one_name),
    ("two account functions", two_accounts),
    ("nothing says whose account", without_account),
    ("the slug 'Acme' is not one", lambda: connector(slug="Acme")),
    ("the slug 'a__b' is not one", lambda: connector(slug="a__b")),
    ("no title", lambda: connector(title=" ")),
    ("no category 'x'", lambda: connector(category="x")),
    ("is refused: https is needed", lambda: connector(api_url="http://acme.example/v3")),
    ("is refused: https is needed", lambda: connector(oauth=oauth(token_url="http://acme.example/t"))),
    ("is refused", lambda: connector(oauth=oauth(authorize_url="https://u:p@acme.example/"))),
    ("is refused", lambda: connector(api_url="https://10.0.0.1/{x}")),
    ("is no origin", lambda: connector(origins=["https://files.acme.example/v1"])),
    ("PKCE is off without a reason", lambda: connector(oauth=oauth(pkce=PkceOff(" ")))),
    ("oauth.client_auth is 'basic'", lambda: connector(oauth=oauth(client_auth="basic"))),
    ("oauth.scope_mode is 'all'", lambda: connector(oauth=oauth(scope_mode="all"))),
    ("no revocation and no manage_url", lambda: connector(oauth=oauth(revocation=None))),
    ("the revocation is no async function", lambda: connector(oauth=oauth(revocation=print))),
    ("fits too much", lambda: connector(oauth=oauth(token_fields={"instance_url": "https://*.com"}))),
    ("fits too much", lambda: connector(oauth=oauth(token_fields={"instance_url": "https://*"}))),
    ("the header Authorization", lambda: connector(headers={"Authorization": "x"})),
    ("is declared twice", lambda: connector(scopes=[READ, READ])),
    ("has no title or description", lambda: connector(scopes=[Scope("contacts.read", "", "")])),
    ("has the risk 'x'", lambda: connector(scopes=[Scope("contacts.read", "A", "b", "x")])),  # type: ignore[arg-type]
    ("of always_scopes is not declared", lambda: connector(oauth=oauth(always_scopes=("offline",)))),
]


@pytest.mark.parametrize(("told", "make"), FAULTY, ids=[told for told, _ in FAULTY])
def test_a_fault_is_told_once_with_file_line_and_mend(told: str, make: Callable[[], Connector]) -> None:
    found = problems(make())
    assert len([one for one in found if told in one.what]) == 1, [str(one) for one in found]
    for one in found:
        assert one.file.endswith(".py") and one.line > 0 and one.mend


def test_the_line_is_that_of_the_tool() -> None:
    (found,) = problems(with_tool(no_docstring))
    assert (found.file, found.line) == (__file__, no_docstring.__code__.co_firstlineno)
    assert str(found).startswith(f"{__file__}:{found.line}: no_docstring: the tool has no docstring: write ")


def test_all_faults_are_told_at_once() -> None:
    made = connector(slug="A", title="", category="x", scopes=[])
    assert len(problems(made)) == 4


def test_development_allows_this_machine_over_http_and_no_other() -> None:
    made = connector(api_url="http://127.0.0.1:8001/v1")
    assert problems(made, development=True) == []
    assert problems(made, development=False)
    assert problems(connector(api_url="http://acme.example"), development=True)


def test_every_tool_needs_its_cassettes(tmp_path: Path) -> None:
    made = with_tool(look)
    shelf = tmp_path / "acme"
    shelf.mkdir()
    for case in CASES:
        (shelf / f"look__{case}.yaml").write_text("x")
        (shelf / f"find_contacts__{case}.yaml").write_text("x")
    [lacking] = cassette_problems(made, tmp_path)
    assert lacking.what == "find_contacts: no cassettes for empty, next_page"
    assert lacking.mend == "`valetkey connectors record acme find_contacts --case empty`, and so on"
    for case in PAGE_CASES:
        (shelf / f"find_contacts__{case}.yaml").write_text("x")
    assert cassette_problems(made, tmp_path) == []
    (shelf / "account__success.yaml").write_text("x")
    (shelf / "gone__success.yaml").write_text("x")
    assert [one.what for one in cassette_problems(made, tmp_path)] == [
        "acme/gone__success.yaml belongs to no tool"
    ]


def test_without_a_folder_every_cassette_is_missing(tmp_path: Path) -> None:
    [one] = cassette_problems(connector(), tmp_path / "nowhere")
    assert one.what == f"find_contacts: no cassettes for {', '.join((*CASES, *PAGE_CASES))}"
