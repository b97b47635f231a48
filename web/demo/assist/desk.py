"""What one turn of the assistant works with: the tools its builder gave it, used as the person who asked.

The person comes from the session, the tool names from `GET /v1/tools`; neither a sentence nor a model can choose another
user, grant or scope. A refusal leaves as `Refusal`, which remembers the tool, so that the chat can say what it was for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from web.demo.assist.people import Person
from web.demo.assist.valetkey import Problem, Valetkey

# As the builder's own pages call them.
TITLES = {
    "northwind": "Northwind",
    "hubspot": "HubSpot",
    "jira": "Jira",
}


def connector_title(slug: str) -> str:
    return TITLES.get(slug, slug.replace("_", " ").capitalize())


@dataclass(frozen=True)
class Tool:
    name: str
    title: str
    risk: str
    granted: bool
    sees: str = ""
    changes: str = ""

    @property
    def connector(self) -> str:
        return self.name.partition(".")[0]

    @classmethod
    def of(cls, item: dict[str, Any]) -> Tool:
        name = str(item["name"])
        return cls(
            name=name,
            title=str(item.get("title") or name.partition(".")[2].replace("_", " ").capitalize()),
            risk=str(item.get("risk") or "write"),
            granted=item.get("granted") is True,
            sees=str(item.get("sees") or ""),
            changes=str(item.get("changes") or ""),
        )


class Refusal(Exception):
    """Valetkey refused `tool` for `problem`."""

    def __init__(self, tool: Tool, problem: Problem) -> None:
        super().__init__(str(problem))
        self.tool, self.problem = tool, problem


class Wanted(Exception):
    """Several tools are needed and not granted: worth one question instead of one after the other."""

    def __init__(self, tools: list[Tool]) -> None:
        super().__init__(", ".join(tool.name for tool in tools))
        self.tools = tools


class Desk:
    """`turn` names this turn, so that a change repeated after consent is made once."""

    def __init__(self, valetkey: Valetkey, person: Person, tools: dict[str, Tool], turn: str) -> None:
        self._valetkey, self.person, self.tools, self._turn = valetkey, person, tools, turn

    def tool(self, name: str) -> Tool:
        """The tool of this name. Raises Refusal(unknown_tool) when the builder did not give it to the assistant."""
        if name not in self.tools:
            missing = Tool(name, name.partition(".")[2].replace("_", " "), "read", granted=False)
            raise Refusal(missing, Problem(404, "unknown_tool", ""))
        return self.tools[name]

    def need(self, *names: str) -> None:
        """Ask once for everything a wish takes. One missing tool is left to the call, whose answer has a session ready."""
        missing = [tool for tool in map(self.tool, names) if not tool.granted]
        if len(missing) > 1:
            raise Wanted(missing)

    async def use(self, name: str, arguments: dict[str, Any], once: str | None = None) -> dict[str, Any]:
        """The answer of a tool call: `result`, `truncated`, `next`. Arguments that are None are left out.

        `once` names a change within the person's turn; a change repeated under the same name is made once.
        """
        tool = self.tool(name)
        given = {key: value for key, value in arguments.items() if value is not None}
        key = (once or self._turn) if tool.risk != "read" else None
        try:
            return await self._valetkey.call(self.person.id, name, given, key)
        except Problem as problem:
            raise Refusal(tool, problem) from problem

    async def grants(self) -> list[dict[str, Any]]:
        return await self._valetkey.grants(self.person.id)

    async def revoke(self, grant: str) -> dict[str, Any]:
        return await self._valetkey.revoke(grant)
