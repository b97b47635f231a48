"""The connectors a command finds: built in, installed, and in the folders of VALETKEY_CONNECTORS_PATH."""

from __future__ import annotations

from typing import TYPE_CHECKING

from web.cli import Failed, environ

if TYPE_CHECKING:
    from core.connector import Connector, Problem, Tool


def paths() -> tuple[str, ...]:
    from core import settings

    found: tuple[str, ...] = settings.read_one("connectors_path", environ())
    return found


def development() -> bool:
    from core import settings

    return bool(settings.read_one("development", environ()))


def search() -> tuple[list[Connector], list[Problem]]:
    from core import registry

    return registry.search(paths(), development=development())


def one(slug: str) -> Connector:
    """The connector, which has to be right: what is wrong is told with file, line and mend. Others may be broken."""
    found, faults = search()
    chosen = [connector for connector in found if connector.slug == slug]
    own = [fault for fault in faults if not chosen or of(fault, chosen[0])]
    if own:
        raise Failed("\n".join(str(fault) for fault in own))
    if not chosen:
        there = ", ".join(sorted(connector.slug for connector in found))
        raise Failed(
            f"There is no connector `{slug}` here. Known: {there}. Is its folder in VALETKEY_CONNECTORS_PATH?"
        )
    return chosen[0]


def of(fault: Problem, connector: Connector) -> bool:
    """Whether a fault is one of this connector's own files."""
    return fault.file in {connector.place.file, *(tool.place.file for tool in connector.tools.values())}


def tool(connector: Connector, name: str) -> Tool:
    """By `find_deals`, or `acme.find_deals`."""
    full = name if "." in name else f"{connector.slug}.{name}"
    if full not in connector.tools:
        there = ", ".join(one.function_name for one in connector.tools.values())
        raise Failed(f"{connector.slug} has no tool `{name}`. It has: {there}")
    return connector.tools[full]
