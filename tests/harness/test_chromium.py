"""The browser and the accessibility check can fail."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tests.harness.chromium import axe, is_too_wide

if TYPE_CHECKING:
    from playwright.sync_api import Browser

GOOD = '<!doctype html><html lang="en"><title>t</title><main><h1>Hello</h1><button>Go</button></main></html>'
BAD = "<!doctype html><html><title>t</title><main><h1>Hello</h1><button></button></main></html>"


def test_axe_is_silent_on_a_good_page_and_not_on_a_bad_one(browser: Browser, node_modules: Path) -> None:
    page = browser.new_page()
    page.set_content(GOOD)
    assert axe(page) == []
    page.set_content(BAD)
    assert {one["id"] for one in axe(page)} == {"button-name", "html-has-lang"}
    page.close()


def test_a_page_wider_than_its_window_is_noticed(browser: Browser) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.set_content('<div style="width: 300px">x</div>')
    assert not is_too_wide(page)
    page.set_content('<div style="width: 400px">x</div>')
    assert is_too_wide(page)
    page.close()
