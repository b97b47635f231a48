"""Who is looking: the signed-in admin, the workspace, and how their pages and forms go in and out."""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request, Response
from litestar.datastructures import FormMultiDict
from litestar.di import NamedDependency, Provide

from core import assistants, tickets, workspaces
from core.browsers import csrf_token
from core.errors import Unauthenticated
from core.house import House
from core.model import Actor, Workspace
from core.secret import Secret
from core.tickets import BrowserSession
from web.pages import cookies, forms
from web.pages.admin.frame import Frame
from web.pages.admin.views.grants import Names
from web.pages.render import page

COOKIE = "admin"
PURPOSE = "admin"
DONE = {
    "saved": "Saved.",
    "narrowed": "Narrowed to what is used.",
    "key-revoked": "The key was revoked. Calls with it are refused.",
    "deleted": "Deleted. Its grants have ended.",
}


class Visit(msgspec.Struct, frozen=True):
    """One request of a signed-in admin."""

    house: House
    request: Request[Any, Any, Any]
    session: BrowserSession
    cookie: Secret
    workspace: Workspace

    @property
    def actor(self) -> Actor:
        return self.session.actor

    @property
    def notice(self) -> str:
        """What was just done, told once after the redirect; only words of ours."""
        return DONE.get(self.request.query_params.get("done", ""), "")

    async def names(self) -> Names:
        return Names(await assistants.names(self.house, self.workspace.id), self.house.registry.connectors)

    async def form(self) -> FormMultiDict:
        """The fields of a form of ours. Raises Refused, BadCsrf."""
        return await forms.taken(self.house, self.request, self.cookie, PURPOSE)

    def page(self, template: str, view: Any, here: str, status: int = 200) -> Response[str]:
        frame = Frame(self.workspace.name, "Signed in by link", here, csrf_token(self.cookie, PURPOSE))
        return page(f"admin/{template}", view, now_ms=self.house.now_ms(), status=status, frame=frame)


async def visiting(request: Request[Any, Any, Any], house: NamedDependency[House]) -> Visit:
    """Raises Refused for a form from elsewhere, Unauthenticated when nobody is signed in."""
    if request.method == "POST":
        forms.check_origin(house, request)
    cookie = cookies.read(house, request, COOKIE)
    session = await tickets.session(house, "admin", cookie.reveal() if cookie else None)
    if cookie is None or session is None:
        raise Unauthenticated("Sign in with a link first.")
    return Visit(house, request, session, cookie, await workspaces.get(house, session.workspace))


DEPENDENCIES = {"visit": Provide(visiting)}
