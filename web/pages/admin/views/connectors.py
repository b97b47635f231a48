"""The list of connectors, and what the tools of one do, counted."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping

import msgspec

from core.connector import Connector, Tool
from core.connector.scopes import Risk
from core.model import Registration
from core.registry import Registry
from web.pages.admin.frame import State
from web.pages.text import plural

CATEGORIES = (("crm", "Customer relations"), ("project", "Projects and tasks"), ("other", "Other"))


class ConnectorRow(msgspec.Struct, frozen=True):
    slug: str
    title: str
    text: str
    state: State
    action: str


class ConnectorGroup(msgspec.Struct, frozen=True):
    title: str
    connectors: list[ConnectorRow]


class ConnectorsView(msgspec.Struct, frozen=True):
    groups: list[ConnectorGroup]
    notice: str = ""


def connectors_view(
    registry: Registry, registrations: Mapping[str, Registration], notice: str
) -> ConnectorsView:
    groups = []
    for category, title in CATEGORIES:
        rows = [
            _row(one, registrations.get(one.slug))
            for one in registry.connectors.values()
            if one.category == category
        ]
        if rows:
            groups.append(ConnectorGroup(title, rows))
    return ConnectorsView(groups, notice)


def _row(connector: Connector, registration: Registration | None) -> ConnectorRow:
    slug, title, every = connector.slug, connector.title, abilities(connector.tools.values())
    if registration is None:
        return ConnectorRow(slug, title, every, State("", "minus", "Not set up"), "Register")
    on = [tool for name, tool in connector.tools.items() if name in enabled(connector, registration)]
    text = every if len(on) == len(connector.tools) else f"{every}. On: {abilities(on)}"
    return ConnectorRow(slug, title, text, State("ok", "check", "Registered"), "Open")


def enabled(connector: Connector, registration: Registration) -> list[str]:
    """The tools that are on; a registration that names none has all of them, as in the API."""
    return list(connector.tools if registration.enabled_tools is None else registration.enabled_tools)


_VERBS: dict[Risk, tuple[str, str]] = {
    "read": ("reads", "read"),
    "write": ("changes", "change"),
    "delete": ("deletes", "delete"),
}


def abilities(tools: Iterable[Tool]) -> str:
    """`7 tools read, 3 change`: how many do at most what."""
    counts, said = Counter(tool.risk for tool in tools), list[str]()
    for risk, (one, many) in _VERBS.items():
        if count := counts[risk]:
            what = f"{count}" if said else plural(count, "tool")
            said.append(f"{what} {one if count == 1 else many}")
    return ", ".join(said) or "no tool"
