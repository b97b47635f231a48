"""`/admin/audit`: the trail newest first, the check of its chain, and the whole of it to take away."""

from __future__ import annotations

import msgspec
from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.response import Stream

from core import audit, retention, segments
from core.audit import Search, Verdict
from core.errors import BadRequest
from web.api.audit import lines
from web.pages.admin.views.audit import Query, audit_view
from web.pages.admin.visit import DEPENDENCIES, Visit
from web.pages.render import security_headers

PAGE = 50


class Audit(Controller):
    include_in_schema = False
    path = "/admin/audit"
    dependencies = DEPENDENCIES

    @get()
    async def listed(self, visit: NamedDependency[Visit]) -> Response:
        return await shown(visit)

    @post("/verify", status_code=200)
    async def verify(self, visit: NamedDependency[Visit]) -> Response:
        await visit.form()
        house = visit.house
        return await shown(visit, await audit.verify(house.store, house.vault.ring, visit.workspace.id))

    @get("/export")
    async def export(self, visit: NamedDependency[Visit]) -> Stream:
        headers = security_headers() | {"Content-Disposition": 'attachment; filename="audit.jsonl"'}
        return Stream(lines(visit.house, visit.workspace.id), media_type="application/jsonl", headers=headers)


async def shown(visit: Visit, verdict: Verdict | None = None) -> Response:
    given = {name: value for name, value in visit.request.query_params.items() if value}
    try:
        query = msgspec.convert(given, Query)
    except msgspec.ValidationError as error:
        raise BadRequest(f"The search is not usable: {error}.") from None
    what = Search(
        actor=query.actor,
        action=query.action,
        grant=query.grant,
        user=query.user,
        before=query.before,
        newest_first=True,
    )
    found = await audit.search(visit.house.store, visit.workspace.id, what, PAGE + 1)
    store, workspace = visit.house.store, visit.workspace.id
    view = audit_view(
        found[:PAGE],
        query,
        await visit.names(),
        more=len(found) > PAGE,
        kept_months=await retention.months_kept(store, workspace),
        months=await segments.of(store, workspace),
        verdict=verdict,
    )
    return visit.page("audit.html", view, "Audit")
