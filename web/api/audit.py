"""`/v1/audit`: the trail, to follow, to take away whole, and its signed head to keep elsewhere."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter
from litestar.response import Stream

from core import audit
from core.audit import Checkpoint, Search
from core.errors import InvalidCursor, Refused
from core.house import House
from core.workspaces import KeyedWorkspace
from web.api.paging import DEFAULT_LIMIT, Cursor, Limit
from web.auth import ADMIN, needs_admin
from web.problems import documented
from web.wire.audit import EventOut, event_out
from web.wire.listings import Listing, decode_cursor, encode_cursor

EventId = Annotated[
    str | None, QueryParameter(description="An event's id: what comes after it", max_length=100)
]
Filter = Annotated[str | None, QueryParameter(max_length=200)]


class Audit(Controller):
    path = "/v1/audit"
    tags = ("Audit",)
    guards = (needs_admin,)
    dependencies = ADMIN

    @get(
        operation_id="listAudit", summary="Events, oldest first", responses=documented(Refused, InvalidCursor)
    )
    async def listed(
        self,
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
        after: EventId = None,
        actor: Filter = None,
        action: Filter = None,
        grant: Filter = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Listing[EventOut]:
        """To follow the trail, ask again with `after` set to the last id you have."""
        start = after
        if cursor is not None:
            start = decode_cursor(cursor)
            if not isinstance(start, str):
                raise InvalidCursor("This cursor belongs to another list. Start again without it.")
        what = Search(actor=actor, action=action, grant=grant, after=start)
        rows = await audit.search(house.store, admin.id, what, limit + 1)
        following = encode_cursor(rows[limit - 1].id) if len(rows) > limit else None
        return Listing([event_out(row) for row in rows[:limit]], following)

    @get(
        "/export",
        operation_id="exportAudit",
        summary="The whole trail as JSON Lines",
        media_type="application/jsonl",
        responses=documented(Refused),
    )
    async def export(self, admin: NamedDependency[KeyedWorkspace], house: NamedDependency[House]) -> Stream:
        """One event a line, oldest first, streamed."""
        return Stream(
            lines(house, admin.id),
            media_type="application/jsonl",
            headers={
                "Content-Disposition": 'attachment; filename="audit.jsonl"',
                "Cache-Control": "no-store",
            },
        )

    @get(
        "/checkpoint",
        operation_id="auditCheckpoint",
        summary="The signed head",
        responses=documented(Refused),
    )
    async def checkpoint(
        self, admin: NamedDependency[KeyedWorkspace], house: NamedDependency[House]
    ) -> Checkpoint:
        """Keep it outside this machine: a later trail must contain it."""
        return await audit.checkpoint(house.store, house.vault.ring, admin.id, house.now_ms())


async def lines(house: House, workspace: str) -> AsyncIterator[bytes]:
    async for chunk in audit.export(house.store, workspace):
        yield b"".join(msgspec.json.encode(event_out(event)) + b"\n" for event in chunk)
