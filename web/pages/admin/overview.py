"""`/admin`: the figures as pictures, and what happened last."""

from __future__ import annotations

from litestar import Controller, Response, get
from litestar.di import NamedDependency

from core import audit, overview, registrations
from core.audit import Search
from web.pages.admin.views.overview import PERIODS, overview_view
from web.pages.admin.visit import DEPENDENCIES, Visit

LATEST = 6
MOST_REGISTRATIONS = 200


class Overview(Controller):
    include_in_schema = False
    path = "/admin"
    dependencies = DEPENDENCIES

    @get()
    async def show(self, visit: NamedDependency[Visit]) -> Response:
        house, workspace = visit.house, visit.workspace.id
        wanted = visit.request.query_params.get("weeks", "")
        weeks = int(wanted) if wanted in dict(PERIODS) else 12
        figures = await overview.figures(house, workspace, weeks)
        registered = await registrations.listed(house, workspace, "", MOST_REGISTRATIONS)
        latest = await audit.search(house.store, workspace, Search(newest_first=True), LATEST)
        return visit.page(
            "overview.html",
            overview_view(figures, await visit.names(), registered, latest, weeks),
            "Overview",
        )
