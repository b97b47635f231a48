"""`/admin/grants`: the list, one grant with its story, narrowing it, and its receipts."""

from __future__ import annotations

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core import audit, grants, narrowing, overview, receipts, registrations, retention
from core.audit import Search
from core.errors import BadRequest
from core.model import ConnectSession, Grant
from web.pages import forms
from web.pages.admin.views.grant import Story, grant_view
from web.pages.admin.views.grants import Query, grants_view
from web.pages.admin.visit import DEPENDENCIES, Visit
from web.pages.outcome import away
from web.pages.render import security_headers
from web.pages.views.receipt import receipt_view
from web.wire.listings import decode_cursor, encode_cursor

PAGE = 50
TRAIL = 200


def query_of(visit: Visit) -> Query:
    """The filter in the address. Raises BadRequest for a value no filter offers."""
    given = {name: value for name, value in visit.request.query_params.items() if value}
    try:
        return msgspec.convert(given, Query, strict=False)
    except msgspec.ValidationError as error:
        raise BadRequest(f"The filter is not usable: {error}. Clear it and choose again.") from None


async def page_of(visit: Visit, query: Query, cursor: str, limit: int) -> tuple[list[Grant], str]:
    """Grants behind the cursor, and the cursor of the next page ("" on the last)."""
    house, order = visit.house, query.order
    behind = grants.check_cursor(decode_cursor(cursor), order) if cursor else None
    wanted = query.filter(house.registry.connectors)
    rows = await grants.search(house, visit.workspace.id, wanted, limit=limit + 1, cursor=behind, order=order)
    more = len(rows) > limit
    return rows[:limit], encode_cursor(grants.cursor_of(rows[limit - 1], order)) if more else ""


async def story_of(visit: Visit, grant: Grant) -> Story:
    house, workspace = visit.house, grant.workspace
    return Story(
        grant,
        uses=await overview.uses(house, workspace, grant.id),
        trail=await audit.search(house.store, workspace, Search(grant=grant.id, newest_first=True), TRAIL),
        kept_months=await retention.months_kept(house.store, workspace),
        sessions=await house.store.all(
            "sessions_of_grant", ConnectSession, workspace=workspace, grant=grant.id
        ),
        receipts=await receipts.of_grant(house, workspace, grant.id),
        manage_url=await registrations.manage_url(house, grant.connector, grant.registration),
    )


class Grants(Controller):
    include_in_schema = False
    path = "/admin/grants"
    dependencies = DEPENDENCIES

    @get()
    async def listed(self, visit: NamedDependency[Visit]) -> Response:
        query, cursor = query_of(visit), visit.request.query_params.get("cursor", "")
        rows, following = await page_of(visit, query, cursor, PAGE)
        view = grants_view(
            rows, query, await visit.names(), now_ms=visit.house.now_ms(), cursor=cursor, next=following
        )
        return visit.page("grants.html", view, "Grants")

    @get("/{grant_id:str}")
    async def one(self, visit: NamedDependency[Visit], grant_id: FromPath[str]) -> Response:
        grant = await grants.get(visit.house, visit.workspace.id, grant_id)
        story = await story_of(visit, grant)
        view = grant_view(story, await visit.names(), visit.house.now_ms(), visit.notice)
        return visit.page("grant.html", view, "Grants")

    @post("/{grant_id:str}/narrow", status_code=303)
    async def narrow(self, visit: NamedDependency[Visit], grant_id: FromPath[str]) -> Response:
        tools = forms.texts(await visit.form(), "tools")
        await narrowing.narrow(visit.house, visit.actor, grant_id, tools=tools)
        return away(f"/admin/grants/{grant_id}?done=narrowed")


class Receipts(Controller):
    include_in_schema = False
    path = "/admin/receipts"
    dependencies = DEPENDENCIES

    @get("/{receipt_id:str}")
    async def one(self, visit: NamedDependency[Visit], receipt_id: FromPath[str]) -> Response:
        found = await receipts.get(visit.house, visit.workspace.id, receipt_id)
        return visit.page("receipt.html", receipt_view(found), "Grants")

    @get("/{receipt_id:str}/json")
    async def record(self, visit: NamedDependency[Visit], receipt_id: FromPath[str]) -> Response:
        """The record byte for byte: its SHA-256 is the receipt's hash."""
        found = await receipts.get(visit.house, visit.workspace.id, receipt_id)
        headers = security_headers() | {"Content-Disposition": f'attachment; filename="{found.id}.json"'}
        return Response(bytes(found.body), media_type="application/json", headers=headers)
