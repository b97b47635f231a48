"""Northwind under the name of the connector in sites_connector: one sign-in covers two companies' accounts."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.harness.northwind import RunningNorthwind
from tests.harness.walker import Page, Walker

SITES_CONNECTOR = Path(__file__).resolve().parent / "sites_connector"
TRADING, FREIGHT = "Northwind Trading", "Northwind Freight"


class NorthwindOfSites:
    """The same running provider; what is registered of it is the other connector."""

    slug = "sites"

    def __init__(self, provider: RunningNorthwind) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Any:
        return getattr(self._provider, name)


def accounts_on(page: Page) -> dict[str, str]:
    """What the choosing page offers: the accounts' ids by what a person reads."""
    found = {}
    for line in page.soup.select("label:has(input[name=account])"):
        found[" ".join(line.get_text(" ").split())] = str(line.select_one("input")["value"])  # type: ignore[index]
    return found


def choose(walker: Walker, url: str, site: str) -> Page:
    """Open the connect link again and choose the account in this company."""
    page = walker.open(url)
    [account] = [id for label, id in accounts_on(page).items() if label.endswith(site)]
    return walker.submit("/choose", account=account)
