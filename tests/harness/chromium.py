"""A real browser: Debian's Chromium driven by Playwright, and axe-core for accessibility."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.harness import node

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
WCAG_22_AA = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


def executable() -> str | None:
    return os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@contextmanager
def launched(path: str) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=FLAGS)
        try:
            yield browser
        finally:
            browser.close()


def axe(page: Page, *, include: str | None = None) -> list[dict[str, Any]]:
    """What axe-core finds wrong: `[{id, impact, help, nodes: [html, ...]}]`; an empty list is the promise.

    Evaluated through the debugging protocol, so that the page's own Content-Security-Policy does not matter.
    """
    if not page.evaluate("() => Boolean(window.axe)"):
        page.evaluate((node.MODULES / "axe-core" / "axe.min.js").read_text())
    scope = json.dumps(include) if include else "document"
    found = page.evaluate(f"() => axe.run({scope}, {{runOnly: {json.dumps(WCAG_22_AA)}}})")
    return [
        {
            "id": violation["id"],
            "impact": violation["impact"],
            "help": violation["help"],
            "nodes": [one["html"] for one in violation["nodes"]],
        }
        for violation in found["violations"]
    ]


def is_too_wide(page: Page) -> bool:
    """Whether the page scrolls sideways at its present width."""
    return bool(page.evaluate("() => document.documentElement.scrollWidth > window.innerWidth"))
