"""What a browser must never do on any of our pages: complain in its console, or ask another host for something."""

from __future__ import annotations

from urllib.parse import urlsplit

from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Request

from tests.harness.chromium import axe, is_too_wide

WIDTHS = (320, 375, 768, 1024, 1180, 1280, 1920)


class Eyes:
    """On every window of a context. `hosts`: those that may be asked. `allowed`: words of complaints that are expected,
    such as the status of a page that has to be an error.
    """

    def __init__(self, context: BrowserContext, *hosts: str) -> None:
        self.complaints: list[str] = []
        self.strangers: list[str] = []
        self._hosts = {urlsplit(host).netloc for host in hosts}
        context.on("console", self._said)
        context.on("weberror", lambda error: self.complaints.append(str(error.error)))
        context.on("request", self._asked)

    def _said(self, message: ConsoleMessage) -> None:
        """A violated Content-Security-Policy is among the errors."""
        if message.type in ("error", "warning"):
            self.complaints.append(message.text)

    def _asked(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme not in ("data", "about") and parts.netloc not in self._hosts:
            self.strangers.append(request.url)

    def clean(self, status: int | None = None) -> bool:
        """Whether nothing was wrong until now; `status` is that of an error page, about which browsers complain."""
        expected = f"status of {status}" if status else "\0"
        wrong = [text for text in self.complaints if expected not in text]
        assert not wrong, wrong
        assert not self.strangers, self.strangers
        self.complaints.clear()
        return True


def looks_right(page: Page, where: str) -> None:
    """Accessible on a phone in the dark and on a desk in the light, and never wider than the window."""
    before = page.viewport_size or {"width": 1280, "height": 800}
    for theme, width in (("light", 1280), ("dark", 375)):
        page.set_viewport_size({"width": width, "height": 800})
        # without motion: a colour that is on its way to another has no contrast to speak of
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")  # type: ignore[arg-type]
        faults = axe(page)
        assert not faults, f"{where}, {theme} at {width}: {faults}"
    for width in WIDTHS:
        page.set_viewport_size({"width": width, "height": 800})
        assert not is_too_wide(page), f"{where} at {width}"
        assert not sticking_out(page), f"{where} at {width}: {sticking_out(page)}"
    page.set_viewport_size({"width": before["width"], "height": before["height"]})


def sticking_out(page: Page) -> list[str]:
    """Cards, sheets and cells whose content is wider than they are, by the beginning of their text."""
    found: list[str] = page.evaluate(
        """() => [...document.querySelectorAll(".card, .sheet, .answer, .ask, .tile, .dialog, td:not(.pick)")]
          .filter((one) => one.scrollWidth > one.clientWidth + 1)
          .map((one) => one.textContent.trim().replace(/\\s+/g, " ").slice(0, 60))"""
    )
    return found
