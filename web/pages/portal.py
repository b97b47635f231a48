"""Who may use my data: the person's own pages. They are reached by a ticket that the builder's backend asked for, and
show the grants of that assistant and that person only; nothing here is reached by a connect session's cookie."""

from __future__ import annotations

from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath
from litestar.response import Stream

from core import narrowing, retention, revocation, sessions, tickets
from core.browsers import csrf_token
from core.errors import Missing, Unauthenticated
from core.house import House
from core.model import LIVE_STATUSES, Asked, Grant, Receipt
from core.sessions import SessionWish, connect_url
from core.tickets import BrowserSession
from web.pages import cookies, export, forms
from web.pages.faults import page_for
from web.pages.mine import Mine
from web.pages.outcome import away
from web.pages.render import page, security_headers
from web.pages.views import portal as views
from web.pages.views.receipt import receipt_view

COOKIE, CSRF = "me", "me"
SESSION_S = tickets.SESSION_MS["portal"] // 1000


async def person(request: Request, house: NamedDependency[House]) -> BrowserSession:
    """Who this browser belongs to. Raises Unauthenticated."""
    cookie = cookies.read(house, request, COOKIE)
    found = await tickets.session(house, "portal", cookie.reveal() if cookie else None)
    if found is None:
        raise Unauthenticated("Open this page from the chat.")
    return found


class PortalPages(Controller):
    include_in_schema = False
    path = "/me"

    @get("/")
    async def listed(self, request: Request, house: NamedDependency[House]) -> Response:
        if (ticket := request.query_params.get("ticket")) is not None:
            return await enter(house, request, ticket)
        mine = Mine(house, await person(request, house))
        rows, more = await mine.grants(request.query_params.get("before"))
        older = f"/me?before={more}" if more else None
        view = views.list_view(rows, house.now_ms(), more=older, notice=request.query_params.get("done"))
        return await self._page(request, mine, "portal/list.html", view)

    @get("/grants/{grant_id:str}")
    async def grant(
        self, request: Request, house: NamedDependency[House], grant_id: FromPath[str]
    ) -> Response:
        mine = Mine(house, await person(request, house))
        grant, assistant, connector = await mine.grant(grant_id)
        events, older = await mine.events(grant.id, request.query_params.get("before"))
        agreed = await mine.receipts_of(grant)
        view = views.grant_view(
            grant,
            assistant,
            connector,
            events,
            agreed,
            house.now_ms(),
            manage_url=await mine.manage_url(grant),
            older=f"/me/grants/{grant.id}?before={older}" if older else None,
            kept_months=await retention.months_kept(house.store, grant.workspace),
            notice=request.query_params.get("done"),
        )
        return await self._page(request, mine, "portal/grant.html", view)

    @post("/grants/{grant_id:str}/narrow", status_code=303)
    async def narrow(
        self, request: Request, house: NamedDependency[House], grant_id: FromPath[str]
    ) -> Response:
        """One tool fewer (`remove`), or an earlier end (`until`)."""
        mine, fields = await self._form(request, house)
        grant, _, _ = await mine.grant(grant_id)
        removed, until = forms.text(fields, "remove"), forms.text(fields, "until")
        if removed and grant.tools == (removed,):
            return away(f"/me/grants/{grant.id}/stop?done=last")
        await narrowing.narrow(
            house,
            mine.actor,
            grant.id,
            tools=tuple(tool for tool in grant.tools if tool != removed) if removed else None,
            expires_at=views.sooner(until, house.now_ms()) if until else None,
            assistant=grant.assistant,
            user=grant.user,
        )
        return away(f"/me/grants/{grant.id}?done={'removed' if removed else 'shortened'}")

    @get("/grants/{grant_id:str}/stop")
    async def ask_stop(
        self, request: Request, house: NamedDependency[House], grant_id: FromPath[str]
    ) -> Response:
        mine = Mine(house, await person(request, house))
        grant, assistant, connector = await mine.grant(grant_id)
        if grant.status_at(house.now_ms()) not in LIVE_STATUSES:
            return away(f"/me/grants/{grant.id}")
        view = views.stop_view(grant, assistant, connector, notice=request.query_params.get("done"))
        return await self._page(request, mine, "portal/stop.html", view)

    @post("/grants/{grant_id:str}/stop", status_code=303)
    async def stop(
        self, request: Request, house: NamedDependency[House], grant_id: FromPath[str]
    ) -> Response:
        mine, _ = await self._form(request, house)
        who = mine.actor
        grant = await revocation.revoke(house, who, grant_id, assistant=who.assistant, user=who.user)
        return away(f"/me/grants/{grant.id}")

    @get("/stop")
    async def ask_stop_all(self, request: Request, house: NamedDependency[House]) -> Response:
        mine = Mine(house, await person(request, house))
        live = await mine.live()
        if not live:
            return away("/me")
        return await self._page(request, mine, "portal/stop_all.html", views.stop_all_view(live))

    @post("/stop", status_code=303)
    async def stop_all(self, request: Request, house: NamedDependency[House]) -> Response:
        mine, _ = await self._form(request, house)
        who, ids = mine.actor, [grant.id for grant, _, _ in await mine.live()]
        await revocation.revoke_many(house, who, ids, None, assistant=who.assistant, user=who.user)
        return away("/me?done=stopped")

    @post("/grants/{grant_id:str}/reconnect", status_code=303)
    async def reconnect(
        self, request: Request, house: NamedDependency[House], grant_id: FromPath[str]
    ) -> Response:
        """A fresh connect session for what this grant allows; its end comes back here instead of to the chat."""
        mine, _ = await self._form(request, house)
        grant, assistant, _ = await mine.grant(grant_id)
        session = await sessions.create(house, assistant, _same_again(grant))
        return away(connect_url(house, session))

    @get("/receipts/{receipt_id:str}")
    async def receipt(
        self, request: Request, house: NamedDependency[House], receipt_id: FromPath[str]
    ) -> Response:
        mine = Mine(house, await person(request, house))
        as_json = receipt_id.endswith(".json")
        found = await mine.receipt(receipt_id.removesuffix(".json"))
        if as_json:
            return _download(found)
        return await self._page(request, mine, "portal/receipt.html", receipt_view(found))

    @get("/data.json")
    async def data(self, request: Request, house: NamedDependency[House]) -> Stream:
        mine = Mine(house, await person(request, house))
        return Stream(
            export.everything(house, mine),
            media_type="application/json",
            headers=security_headers()
            | {"Content-Disposition": 'attachment; filename="who-may-use-my-data.json"'},
        )

    @post("/sign-out", status_code=303)
    async def sign_out(self, request: Request, house: NamedDependency[House]) -> Response:
        await self._form(request, house)
        cookie = cookies.read(house, request, COOKIE)
        if cookie is not None:
            await tickets.sign_out(house, cookie.reveal())
        return away("/me", cookies=[cookies.forget(house, COOKIE)])

    async def _form(self, request: Request, house: House) -> tuple[Mine, forms.FormMultiDict]:
        fields = await forms.taken(house, request, cookies.read(house, request, COOKIE), CSRF)
        return Mine(house, await person(request, house)), fields

    async def _page(self, request: Request, mine: Mine, template: str, view: object) -> Response:
        cookie = cookies.read(mine.house, request, COOKIE)
        assert cookie is not None  # without it there is no person
        frame = views.Frame(await mine.name(), csrf_token(cookie, CSRF), mine.session.return_url)
        return page(template, view, now_ms=mine.house.now_ms(), frame=frame)


async def enter(house: House, request: Request, ticket: str) -> Response:
    """Use the ticket up and begin a session. A browser that only looks ahead does not use it up."""
    if "prefetch" in request.headers.get("sec-purpose", request.headers.get("purpose", "")):
        return Response(b"", status_code=503, headers=security_headers())
    try:
        cookie, _ = await tickets.take(house, "portal", ticket)
    except Missing as error:
        return page_for(request, error, code="ticket_used")
    return away("/me", cookies=[cookies.write(house, COOKIE, cookie, SESSION_S)])


def _same_again(grant: Grant) -> SessionWish:
    return SessionWish(
        user=grant.user,
        connector=grant.connector,
        asked=tuple(Asked(tool, required=True) for tool in grant.tools),
        purpose=grant.purpose,
        account=grant.account_id,
        via="portal",
    )


def _download(receipt: Receipt) -> Response[bytes]:
    """The very bytes whose hash the receipt names."""
    headers = security_headers() | {"Content-Disposition": f'attachment; filename="{receipt.id}.json"'}
    return Response(bytes(receipt.body), media_type="application/json", headers=headers)
