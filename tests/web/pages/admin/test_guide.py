"""The setup page of a connector on its form: ours for every built-in one, harmless whoever wrote it."""

from __future__ import annotations

from pathlib import Path

import pytest
from bs4 import BeautifulSoup, Tag

from core import registry
from core.connector import Connector
from core.connector.problems import Place
from tests.core.acme import connector
from web.pages.admin.guide import STEPS, guide

BUILT_IN = registry.load([], development=True).connectors


@pytest.fixture
def acme(tmp_path: Path) -> Connector:
    """A connector from elsewhere, whose page stands beside it."""
    (tmp_path / "docs").mkdir()
    one = connector()
    one.place = Place(str(tmp_path / "acme.py"), 1)
    return one


def written(one: Connector, text: str) -> None:
    (Path(one.place.file).parent / "docs" / "acme.md").write_text(text)


def shown(one: Connector) -> Tag:
    return BeautifulSoup("".join(chapter.body for chapter in guide(one)), "html.parser")


@pytest.mark.parametrize("slug", sorted(set(BUILT_IN) - {"northwind"}))
def test_every_built_in_connector_tells_what_to_click_and_what_can_go_wrong(slug: str) -> None:
    titles = [chapter.title for chapter in guide(BUILT_IN[slug])]
    assert titles[:2] == [STEPS, "When something goes wrong"]
    assert "What an assistant can be allowed to do" not in titles, "the form itself shows the tools"


def test_a_connector_without_a_page_has_no_chapters(acme: Connector) -> None:
    assert guide(acme) == ()


def test_a_page_that_is_no_text_has_no_chapters(acme: Connector) -> None:
    (Path(acme.place.file).parent / "docs" / "acme.md").write_bytes(b"## What to click\n\xff\xfe")
    assert guide(acme) == ()


def test_a_page_that_was_changed_is_read_again(acme: Connector) -> None:
    written(acme, "## What to click\n\nPress A.")
    assert "Press A." in shown(acme).get_text()
    written(acme, "## What to click\n\nPress B, later.")
    assert "Press B, later." in shown(acme).get_text()


def test_html_in_it_is_text(acme: Connector) -> None:
    written(acme, "## <b>Now</b>\n\n<script>alert(1)</script>\n\nand <img src=x onerror=alert(1)> `<i>`\n")
    page = shown(acme)
    assert page.select("script, img, b, i") == []
    assert "<script>alert(1)</script>" in page.get_text()
    assert guide(acme)[0].title == "<b>Now</b>"  # for the template to escape


@pytest.mark.parametrize(
    "address", ["javascript:alert(1)", "JaVaScRiPt:alert(1)", "data:text/html,x", "vbscript:x", "//evil.example", "../x.md", "#a"]
)  # fmt: skip
def test_only_addresses_of_the_web_are_linked(acme: Connector, address: str) -> None:
    written(acme, f"## A\n\n[here]({address}) and [there](https://acme.example/a) and <{address}>\n")
    links = shown(acme).select("a")
    assert [(str(one["href"]), one["rel"]) for one in links] == [("https://acme.example/a", ["noreferrer"])]
    assert "here" in shown(acme).get_text()


def test_nothing_is_loaded_from_elsewhere(acme: Connector) -> None:
    written(acme, "## A\n\n![logo](https://acme.example/logo.png)\n")
    assert shown(acme).select("img") == []


def test_a_table_is_one_that_fits_a_phone(acme: Connector) -> None:
    written(acme, "## A\n\n| you see | do |\n|---|---|\n| `x` went *wrong* | wait |\n| y |\n")
    cells = shown(acme).select("table.table--fit[role=table] tbody tr[role=row] td[role=cell]")
    assert [(str(one["data-label"]), one.get_text().strip()) for one in cells] == [
        ("you see", "x went wrong"), ("do", "wait"), ("you see", "y"), ("do", ""),
    ]  # fmt: skip


def test_characters_that_cannot_be_seen_are_gone(acme: Connector) -> None:
    written(acme, "## A\n\ncopy \u202eevil\u202c\n")
    assert "\u202e" not in shown(acme).get_text()
