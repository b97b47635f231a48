"""Ending grants, one or many: first who is affected, then, with a reason, the end itself.

What the preview listed is what is revoked: the form carries the ids, not the filter, so that a grant made in between
is not ended unseen.
"""

from __future__ import annotations

from litestar import Controller, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core import grants, revocation
from core.errors import BadRequest, Missing
from core.grants import GrantFilter
from core.model import LIVE_STATUSES, Grant
from core.plain_text import REASON_CHARS, clean
from web.pages import forms
from web.pages.admin.frame import Link
from web.pages.admin.grants import page_of, query_of
from web.pages.admin.views.grants import back_to_grants
from web.pages.admin.views.revoke import MOST_AT_ONCE, revoke_view, revoked_view
from web.pages.admin.visit import DEPENDENCIES, Visit
from web.pages.outcome import away

STEP = 200
NO_REASON = "Say in a few words why. It goes into the audit trail."


def reason_in(text: str) -> tuple[str, str]:
    """`(reason, fault)`: one of them is empty."""
    reason = clean(text, REASON_CHARS)
    return (reason, "") if reason else ("", NO_REASON)


async def chosen(visit: Visit, ids: list[str]) -> list[Grant]:
    """The grants of these ids that have not ended; those of other workspaces are passed over."""
    found = []
    for grant_id in dict.fromkeys(ids[: MOST_AT_ONCE + 1]):
        try:
            grant = await grants.get(visit.house, visit.workspace.id, grant_id)
        except Missing:
            continue
        if grant.status_at(visit.house.now_ms()) in LIVE_STATUSES:
            found.append(grant)
    return found


async def matching(visit: Visit) -> list[Grant]:
    """Every grant the filter finds that has not ended, up to one more than can be revoked at once."""
    found: list[Grant] = []
    query, cursor = query_of(visit), ""
    while len(found) <= MOST_AT_ONCE:
        rows, cursor = await page_of(visit, query, cursor, STEP)
        found += [row for row in rows if row.status_at(visit.house.now_ms()) in LIVE_STATUSES]
        if not cursor:
            break
    return found[: MOST_AT_ONCE + 1]


async def affected_by(visit: Visit, wanted: GrantFilter) -> list[Grant]:
    """Live grants that end when an assistant or a connector goes, up to one more than are looked at."""
    found: list[Grant] = []
    cursor = None
    while len(found) <= MOST_AT_ONCE:
        rows = await grants.search(visit.house, visit.workspace.id, wanted, limit=STEP, cursor=cursor)
        found += [row for row in rows if row.status_at(visit.house.now_ms()) in LIVE_STATUSES]
        if len(rows) < STEP:
            break
        cursor = grants.cursor_of(rows[-1], "newest")
    return found


class Revoke(Controller):
    include_in_schema = False
    path = "/admin/grants"
    dependencies = DEPENDENCIES

    @get("/revoke")
    async def ask_many(self, visit: NamedDependency[Visit]) -> Response:
        asked = visit.request.query_params
        found = (
            await matching(visit)
            if asked.get("all") == "yes"
            else await chosen(visit, asked.getall("grant", []))
        )
        return await self._ask(visit, found, "/admin/grants/revoke", back_to_grants(query_of(visit)))

    @post("/revoke", status_code=200)
    async def many(self, visit: NamedDependency[Visit]) -> Response:
        fields = await visit.form()
        ids = list(forms.texts(fields, "grant"))
        if len(ids) > MOST_AT_ONCE:
            raise BadRequest(f"At most {MOST_AT_ONCE:,} grants at once.")
        reason, fault = reason_in(forms.text(fields, "reason"))
        if fault:
            back = Link("Grants", "/admin/grants")
            return await self._ask(visit, await chosen(visit, ids), "/admin/grants/revoke", back, fault=fault)
        done = await revocation.revoke_many(visit.house, visit.actor, ids, reason)
        return visit.page("grants_revoked.html", revoked_view(done.revoked, done.upstream, reason), "Grants")

    @get("/{grant_id:str}/revoke")
    async def ask_one(self, visit: NamedDependency[Visit], grant_id: FromPath[str]) -> Response:
        grant = await grants.get(visit.house, visit.workspace.id, grant_id)
        return await self._ask_one(visit, grant)

    @post("/{grant_id:str}/revoke", status_code=303)
    async def one(self, visit: NamedDependency[Visit], grant_id: FromPath[str]) -> Response:
        fields = await visit.form()
        grant = await grants.get(visit.house, visit.workspace.id, grant_id)
        reason, fault = reason_in(forms.text(fields, "reason"))
        if fault:
            return await self._ask_one(visit, grant, fault=fault)
        await revocation.revoke(visit.house, visit.actor, grant.id, reason)
        return away(f"/admin/grants/{grant.id}")

    async def _ask_one(self, visit: Visit, grant: Grant, fault: str = "") -> Response:
        path = f"/admin/grants/{grant.id}"
        live = grant.status_at(visit.house.now_ms()) in LIVE_STATUSES
        back = Link("The grant", path)
        return await self._ask(visit, [grant] if live else [], f"{path}/revoke", back, fault=fault)

    async def _ask(
        self, visit: Visit, found: list[Grant], action: str, back: Link, fault: str = ""
    ) -> Response:
        view = revoke_view(
            found[:MOST_AT_ONCE],
            await visit.names(),
            now_ms=visit.house.now_ms(),
            action=action,
            back=back,
            capped=len(found) > MOST_AT_ONCE,
            fault=fault,
        )
        return visit.page("grants_revoke.html", view, "Grants", 422 if fault else 200)
