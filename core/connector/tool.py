"""A tool: one typed operation of a connector, with its schema, its smallest scopes and its risk."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from core.connector import arguments, schema, scopes
from core.connector.problems import place_of
from core.connector.results import page_item
from core.connector.scopes import Risk
from core.errors import ToolFailed

if TYPE_CHECKING:
    from core.connector.api import Api

ToolFunction = Callable[..., Awaitable[Any]]


class Tool:
    """What the house knows of a tool. `name` is the full one: `hubspot.search_contacts`."""

    __slots__ = (
        "_longest_text", "_result", "any_of", "arguments", "changes", "description", "function", "function_name",
        "group", "input_schema", "is_page", "name", "output_schema", "place", "returns", "risk", "scopes", "sees",
        "title",
    )  # fmt: skip

    def __init__(
        self,
        slug: str,
        function: ToolFunction,
        *,
        risk: Risk,
        scopes: Sequence[str] = (),
        any_of: Sequence[Sequence[str]] = (),
        sees: str = "",
        changes: str = "",
        title: str = "",
        group: str = "",
        names: Mapping[str, Any] | None = None,
    ) -> None:
        """Raises schema.BadSignature. `names`: local names at the definition, for annotations kept as text."""
        self.function, self.place = function, place_of(function)
        self.function_name = function.__name__
        self.name = f"{slug}.{self.function_name}"
        self.title = title or self.function_name.replace("_", " ").strip().capitalize()
        self.description = summary(function)
        self.risk, self.sees, self.changes, self.group = risk, sees, changes, group
        self.scopes = tuple(scopes)
        self.any_of = tuple(tuple(one) for one in any_of)
        self._read_signature(names)

    def _read_signature(self, names: Mapping[str, Any] | None) -> None:
        types = schema.hints(self.function, names)
        if types.get("return", Any) is Any:
            raise schema.BadSignature(
                "the tool does not say what it returns", "write `-> Page[...]`, for example"
            )
        self.returns = types["return"]
        self.arguments = schema.arguments_struct(self.function, types)
        self.input_schema = schema.input_schema(self.arguments)
        self.is_page = page_item(self.returns) is not None
        self._longest_text = max([schema.MAX_TEXT, *schema.bounds(self.input_schema)])
        try:
            self.output_schema = schema.output_schema(self.returns)
            self._result = msgspec.json.Decoder(self.returns)
        except TypeError as error:
            raise schema.BadSignature(
                f"the result cannot be described ({error})", "return a struct"
            ) from None

    def __repr__(self) -> str:
        return f"Tool({self.name!r})"

    def missing_scopes(self, granted: Collection[str]) -> list[str]:
        """What `granted` lacks before the tool can run; [] when it can. `any_of` comes on top of `scopes`."""
        return scopes.missing(self.scopes, granted) + scopes.missing_of_any(self.any_of, granted)

    def wanted_scopes(self, within: Collection[str] | None = None) -> tuple[str, ...]:
        """What to ask the provider for: of alternatives the first, or the first that lies within what may be asked for."""
        fitting = [one for one in self.any_of if within is None or not scopes.missing(one, within)]
        return scopes.union([self.scopes, *(fitting or self.any_of)[:1]])

    def all_scopes(self) -> tuple[str, ...]:
        """Every scope the tool mentions."""
        return scopes.union([self.scopes, *self.any_of])

    def check(self, given: dict[str, Any]) -> dict[str, Any]:
        """Decoded arguments by name. Raises InvalidArguments naming each fault; an unknown argument is one."""
        return arguments.check(self.arguments, given, self._longest_text)

    async def run(self, api: Api, checked: dict[str, Any]) -> Any:
        """What the author's function returns, as it is; `minimise` makes the answer of it."""
        return await self.function(api, **checked)

    def declared(self, value: Any) -> Any:
        """`value` as the declared type and nothing more: whatever a struct does not name is gone. Raises ToolFailed."""
        try:
            return self._result.decode(msgspec.json.encode(value))
        except (msgspec.MsgspecError, TypeError, ValueError, RecursionError) as error:
            raise ToolFailed(f"The tool {self.name} returned something it does not declare") from error


def summary(function: ToolFunction) -> str:
    """The first paragraph of the docstring as one line: what the model reads."""
    return " ".join((function.__doc__ or "").strip().partition("\n\n")[0].split())
