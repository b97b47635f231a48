"""`GET /v1/tools`: what an assistant may use, in the form its model wants."""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from msgspec import UNSET

from core import toolbox
from core.errors import InvalidCursor, Refused
from core.house import House
from core.toolbox import Format, Offered
from core.workspaces import KeyedAssistant
from web.api.paging import Cursor, after_id
from web.auth import ASSISTANT, needs_assistant
from web.problems import documented
from web.wire.catalog import ToolOut, tool_out
from web.wire.listings import Listing, encode_cursor

Limit = Annotated[int, QueryParameter(ge=1, le=200, description="How many items at most")]


class Tools(Controller):
    path = "/v1/tools"
    tags = ("Tools",)
    guards = (needs_assistant,)
    dependencies = ASSISTANT

    @get(
        operation_id="listTools",
        summary="Tools this assistant may use",
        responses=documented(Refused, InvalidCursor),
    )
    async def listed(
        self,
        assistant: NamedDependency[KeyedAssistant],
        house: NamedDependency[House],
        user: Annotated[str | None, QueryParameter(min_length=1, max_length=200)] = None,
        connector: Annotated[str | None, QueryParameter(max_length=100)] = None,
        format: Annotated[
            Format, QueryParameter(description="`valetkey`, or the form of a vendor or of MCP")
        ] = "valetkey",
        limit: Limit = 200,
        cursor: Cursor = None,
    ) -> Listing[ToolOut | dict[str, Any]]:
        """With `user`, each tool is marked granted or not (format `valetkey`). Other formats are ready for the vendor's API."""
        found = await toolbox.offered(house, assistant, user, connector)
        after = after_id(cursor)
        names = [one.tool.name for one in found]
        start = names.index(after) + 1 if after in names else 0
        page = found[start : start + limit]
        following = encode_cursor(page[-1].tool.name) if start + limit < len(found) else None
        return Listing([_shown(one, format) for one in page], following)


def _shown(one: Offered, form: Format) -> ToolOut | dict[str, Any]:
    if form == "valetkey":
        return tool_out(one.tool, UNSET if one.granted is None else one.granted)
    return toolbox.shaped(one, form)
