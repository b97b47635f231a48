"""The one-time link: GET shows a button and uses nothing up, so that a mail scanner locks nobody out; POST takes the ticket.

The form is bound to the browser that opened the link by a cookie of its own, so that nobody can be signed in to a
workspace of somebody else's choosing by a form on another page.
"""

from __future__ import annotations

import msgspec
from litestar import Controller, Request, Response, get, post
from litestar.di import NamedDependency

from core import tickets
from core.browsers import csrf_token
from core.errors import Missing
from core.house import House
from core.ids import new_token
from web.pages import cookies, forms
from web.pages.admin.visit import COOKIE, DEPENDENCIES, Visit
from web.pages.faults import page_for
from web.pages.outcome import away
from web.pages.render import page

DOOR, DOOR_S = "admin-door", 600
PURPOSE = "admin sign-in"
SESSION_S = tickets.SESSION_MS["admin"] // 1000


class SignInView(msgspec.Struct, frozen=True):
    ticket: str
    csrf: str
    lasts: str


class SignIn(Controller):
    include_in_schema = False
    path = "/admin/sign-in"

    @get()
    async def ask(self, request: Request, house: NamedDependency[House]) -> Response:
        ticket = request.query_params.get("ticket", "")
        if not await tickets.peek(house, "admin", ticket):
            return used(request)
        door = cookies.read(house, request, DOOR) or new_token()
        view = SignInView(ticket, csrf_token(door, PURPOSE), f"{SESSION_S // 3600} hours")
        kept = [cookies.write(house, DOOR, door, DOOR_S)]
        return page("admin/sign_in.html", view, now_ms=house.now_ms(), cookies=kept)

    @post(status_code=303)
    async def enter(self, request: Request, house: NamedDependency[House]) -> Response:
        fields = await forms.taken(house, request, cookies.read(house, request, DOOR), PURPOSE)
        try:
            cookie, _ = await tickets.take(house, "admin", forms.text(fields, "ticket"))
        except Missing:
            return used(request)
        kept = [cookies.write(house, COOKIE, cookie, SESSION_S), cookies.forget(house, DOOR)]
        return away("/admin", cookies=kept)


class SignOut(Controller):
    include_in_schema = False
    path = "/admin/sign-out"
    dependencies = DEPENDENCIES

    @post(status_code=303)
    async def leave(self, visit: NamedDependency[Visit]) -> Response:
        await visit.form()
        await tickets.sign_out(visit.house, visit.cookie.reveal())
        return away("/admin", cookies=[cookies.forget(visit.house, COOKIE)])


def used(request: Request) -> Response:
    """A link that is used up, too old, or none: which of these is not said."""
    return page_for(request, Missing("This link was used before or is too old."), code="ticket_used")
