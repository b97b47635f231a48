"""The connectors this process knows: the built-in list, installed packages, folders of files (loader being built)."""

from __future__ import annotations

from core.connector import Connector, Tool
from core.errors import UnknownConnector, UnknownTool


class Registry:
    """Connectors by slug, tools by name. Fixed once made."""

    def __init__(self, connectors: dict[str, Connector]) -> None:
        self.connectors = connectors
        self._tools = {
            name: tool for connector in connectors.values() for name, tool in connector.tools.items()
        }
        self._tools |= {name.replace(".", "__", 1): tool for name, tool in self._tools.items()}

    def connector(self, slug: str) -> Connector:
        try:
            return self.connectors[slug]
        except KeyError:
            raise UnknownConnector(f"There is no connector `{slug[:100]}` in this build") from None

    def tool(self, name: str) -> Tool:
        """By `hubspot.search_contacts` or `hubspot__search_contacts`. Raises UnknownTool."""
        try:
            return self._tools[name]
        except KeyError:
            raise UnknownTool(f"There is no tool `{name[:100]}` in this build") from None
