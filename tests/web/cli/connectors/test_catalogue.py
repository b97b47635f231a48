"""`valetkey connectors catalogue`: the page in the documents is what the code says now."""

from __future__ import annotations

import sys
import types
from pathlib import Path
from typing import Any

import pytest

from core.connector import Api, Connector, OAuth2, Rfc7009
from core.registry import load
from tests.web.cli.test_config import run
from web.cli.connectors import catalogue

PAGES = Path(__file__).parents[4] / "docs" / "connectors"
URLS: dict[str, Any] = {"authorize_url": "https://acme.example/a", "token_url": "https://acme.example/t"}
AGAIN = "run `valetkey connectors catalogue --out docs/connectors/README.md`"


def test_the_page_in_the_documents_is_what_the_code_says() -> None:
    made = catalogue.page(load().connectors.values(), PAGES)
    assert (PAGES / "README.md").read_text() == made, AGAIN


def test_every_connector_of_this_build_has_a_page_that_is_linked() -> None:
    shown = (PAGES / "README.md").read_text()
    for slug, connector in load().connectors.items():
        assert f"[{connector.title}]({slug}.md)" in shown
        assert all(f"`{name}`" in shown for name in connector.tools)
    assert {page.stem for page in PAGES.glob("*.md")} == {*load().connectors, "README"}


def test_it_is_printed_or_written(tmp_path: Path) -> None:
    printed = run("connectors", "catalogue")
    assert (
        printed.exit_code == 0
        and printed.output.startswith("# Connectors")
        and "| HubSpot |" in printed.output
    )
    page = tmp_path / "README.md"
    (tmp_path / "hubspot.md").touch()
    written = run("connectors", "catalogue", "--out", str(page))
    assert (written.exit_code, written.output) == (0, "")
    assert "| [HubSpot](hubspot.md) |" in page.read_text() and "| Jira |" in page.read_text()


@pytest.mark.parametrize(
    ("told", "count"),
    [
        ("Acme.", 0),
        ("Acme. It rotates [U], by hearsay.", 1),
        ("Acme.\n\nNot verified [U]: whether it rotates. Limits: none; nothing.", 1),
        ("Acme. It rotates [U].\n\nNot verified [U]: one (a; b); two;\nthree. Limits: none; nothing.", 4),
        ("Acme.\n\nNot verified [U]: one; two.\n\nMore; words.", 2),
        (None, 0),
    ],
)
def test_what_is_not_verified_is_counted(
    monkeypatch: pytest.MonkeyPatch, told: str | None, count: int
) -> None:
    module = types.ModuleType("of_acme", told)
    monkeypatch.setitem(sys.modules, "of_acme", module)

    async def account(api: object) -> None: ...

    account.__module__ = "of_acme"
    connector = Connector(
        slug="acme", title="Acme", category="crm", api_url="https://acme.example", oauth=OAuth2(**URLS)
    )
    connector.account(account)  # type: ignore[arg-type]
    assert catalogue.unverified(connector) == count


@pytest.mark.parametrize(
    ("needs", "cell"),
    [
        ({}, "none"),
        ({"scopes": ["a", "b"]}, "`a`, `b`"),
        ({"any_of": [["c"], ["d", "e"]]}, "one of: `c` / `d` + `e`"),
        ({"scopes": ["a"], "any_of": [["c"], ["d"]]}, "`a`, and one of: `c` / `d`"),
    ],
)
def test_scopes_that_are_all_needed_cannot_be_taken_for_a_choice(needs: dict[str, Any], cell: str) -> None:
    connector = Connector(
        slug="acme", title="Acme", category="crm", api_url="https://acme.example", oauth=OAuth2(**URLS)
    )

    @connector.tool(risk="read", sees="things", **needs)
    async def look(api: Api) -> list[str]:
        """Look."""
        return []

    assert f"| `acme.look` | read | {cell} | things |" in catalogue.page([connector])


@pytest.mark.parametrize(
    ("change", "cell"),
    [
        ({}, "by hand, at the provider's page"),
        ({"revocation": Rfc7009("https://acme.example/r")}, "RFC 7009"),
        (
            {"revocation": Rfc7009("https://acme.example/r"), "revocation_scope": "account"},
            "RFC 7009, with the last grant of an account",
        ),
        ({"narrowing": "refresh_scope"}, "when a grant is narrowed: a refresh with fewer scopes, for good"),
        ({"narrowing": "token_exchange"}, "for each call: token exchange (RFC 8693)"),
        ({"scope_mode": "app_fixed"}, "fixed by the app"),
        ({"scope_mode": "none"}, "none: the provider cannot limit"),
    ],
)
def test_a_cell_says_what_the_connector_declares(change: dict[str, Any], cell: str) -> None:
    oauth = OAuth2(**URLS, **change)
    connector = Connector(
        slug="acme", title="Acme", category="crm", api_url="https://acme.example", oauth=oauth
    )
    assert f"| {cell} |" in catalogue.page([connector])
