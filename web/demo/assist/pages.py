"""The chat's pages and endpoints.

All of it works as plain forms; with script the same addresses answer with the messages that changed. The person comes from
the session behind the cookie, never from the page. A POST from another site is refused in `app.py`.
"""

from __future__ import annotations

from typing import Annotated, Any

from litestar import Controller, Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.di import NamedDependency
from litestar.enums import MediaType
from litestar.params import FromPath, QueryParameter
from litestar.response import Redirect

from web.demo.assist.assistant import Assistant
from web.demo.assist.chat import Message, Text
from web.demo.assist.people import COOKIE, PEOPLE, Visit, Visits
from web.demo.assist.render import Render
from web.demo.assist.sentences import MOST_CHARACTERS
from web.demo.assist.valetkey import Problem

FRAGMENT = "x-fragment"  # sent by assist.js: answer with messages, not with the page


class NoVisit(Exception):
    """No session behind the cookie; the answer is the start page (app.py)."""


def visit_of(request: Request[Any, Any, Any], visits: NamedDependency[Visits]) -> Visit:
    visit = visits.find(request.cookies.get(COOKIE))
    if visit is None:
        raise NoVisit
    return visit


def _cookie(visit: Visit) -> Cookie:
    return Cookie(key=COOKIE, value=visit.token, httponly=True, samesite="lax", path="/")


async def _field(request: Request[Any, Any, Any], name: str) -> str:
    return str((await request.form()).get(name, ""))[:MOST_CHARACTERS]


def _shown(
    request: Request[Any, Any, Any], render: Render, *messages: Message | None
) -> Response[str] | Redirect:
    """The messages that changed, for the page's script; for a plain form the page, at the last of them."""
    changed = [message for message in messages if message is not None]
    if FRAGMENT in request.headers:
        return Response(render.messages(changed), media_type=MediaType.HTML)
    return Redirect(f"/#{changed[-1].id}" if changed else "/", status_code=303)


class Talk(Controller):
    """The page, and what is said on it."""

    @get("/")
    async def page(
        self,
        request: Request[Any, Any, Any],
        visits: NamedDependency[Visits],
        render: NamedDependency[Render],
    ) -> Response[str]:
        visit = visits.find(request.cookies.get(COOKIE)) or visits.start()
        return Response(render.page(visit), media_type=MediaType.HTML, cookies=[_cookie(visit)])

    @post("/sign-in")
    async def sign_in(
        self, request: Request[Any, Any, Any], visits: NamedDependency[Visits], visit: NamedDependency[Visit]
    ) -> Redirect:
        visit.person = PEOPLE.get(await _field(request, "person"), visit.person)
        visits.rename(visit)
        return Redirect("/", status_code=303, cookies=[_cookie(visit)])

    @post("/say")
    async def say(
        self,
        request: Request[Any, Any, Any],
        visit: NamedDependency[Visit],
        assistant: NamedDependency[Assistant],
        render: NamedDependency[Render],
    ) -> Response[str] | Redirect:
        said = " ".join((await _field(request, "text")).split())
        if not said:
            return _shown(request, render)
        return _shown(request, render, *await assistant.say(visit.person, visit.chat, said))

    @post("/again/{block:str}")
    async def again(
        self,
        request: Request[Any, Any, Any],
        block: FromPath[str],
        visit: NamedDependency[Visit],
        assistant: NamedDependency[Assistant],
        render: NamedDependency[Render],
    ) -> Response[str] | Redirect:
        return _shown(request, render, await assistant.again(visit.person, visit.chat, block))

    @get("/shared")
    async def shared(
        self,
        request: Request[Any, Any, Any],
        visit: NamedDependency[Visit],
        assistant: NamedDependency[Assistant],
    ) -> Redirect:
        """To the person's own page at Valetkey. The link works once, so it is made here, when it is followed."""
        try:
            return Redirect(await assistant.portal(visit.person), status_code=303)
        except Problem:
            sorry = visit.chat.answer(
                [Text("I cannot open your page at Valetkey just now. Try again in a minute.")]
            )
            return Redirect(f"/#{sorry.id}", status_code=303)


class Cards(Controller):
    """What a card in the chat can answer, and the two ways its code comes back."""

    @post("/asks/{ask:str}/no")
    async def not_now(
        self,
        request: Request[Any, Any, Any],
        ask: FromPath[str],
        visit: NamedDependency[Visit],
        assistant: NamedDependency[Assistant],
        render: NamedDependency[Render],
    ) -> Response[str] | Redirect:
        return _shown(request, render, await assistant.decline(visit.chat, ask))

    @post("/asks/{ask:str}/go-on")
    async def go_on(
        self,
        request: Request[Any, Any, Any],
        ask: FromPath[str],
        visit: NamedDependency[Visit],
        assistant: NamedDependency[Assistant],
        render: NamedDependency[Render],
    ) -> Response[str] | Redirect:
        """The widget says that it is connected. What counts is what Valetkey told `confirm`, so a lie changes nothing."""
        return _shown(request, render, await assistant.go_on(visit.person, visit.chat, ask))

    @post("/asks/{ask:str}/session", status_code=200)
    async def anew(
        self, ask: FromPath[str], visit: NamedDependency[Visit], assistant: NamedDependency[Assistant]
    ) -> Response[dict[str, Any]]:
        """A fresh session for the widget when the first has ended. What it asks for stands in the card, not in the request."""
        try:
            session = await assistant.renew(visit.person, visit.chat, ask)
        except Problem as problem:
            return Response({"code": problem.code}, status_code=problem.status or 502)
        if session is None:
            return Response({"code": "not_found"}, status_code=404)
        return Response({"id": session.session, "url": session.url})

    @post("/asks/{ask:str}/tab")
    async def in_this_tab(
        self, ask: FromPath[str], visit: NamedDependency[Visit], assistant: NamedDependency[Assistant]
    ) -> Redirect:
        """Without script or popup: to the consent page, and back to /connected."""
        try:
            renewed = await assistant.renew(visit.person, visit.chat, ask, in_this_tab=True)
        except Problem:
            sorry = visit.chat.answer([Text("I cannot reach Valetkey just now. Try again in a minute.")])
            return Redirect(f"/#{sorry.id}", status_code=303)
        return Redirect(renewed.url if renewed else "/", status_code=303)

    @get("/connected")
    async def connected(
        self,
        visit: NamedDependency[Visit],
        assistant: NamedDependency[Assistant],
        session: Annotated[str, QueryParameter(max_length=100)] = "",
        code: Annotated[str, QueryParameter(max_length=200)] = "",
        error: Annotated[str, QueryParameter(max_length=100)] = "",
    ) -> Redirect:
        """The return URL. The code is confirmed for who is signed in here, whoever made the link; where an account has to be
        chosen first, that is done at Valetkey, and ends here again."""
        try:
            message = await assistant.returned(visit.person, visit.chat, session, code, error)
        except Problem as problem:
            return Redirect(problem.fields["connect"]["url"], status_code=303)
        return Redirect(f"/#{message.id}", status_code=303)

    @post("/api/connect", status_code=200)
    async def confirm(
        self,
        request: Request[Any, Any, Any],
        visit: NamedDependency[Visit],
        assistant: NamedDependency[Assistant],
    ) -> Response[dict[str, Any]]:
        """Where the widget brings `{session, code}`."""
        body = await request.json()
        if not isinstance(body, dict):
            body = {}
        session, code = str(body.get("session", ""))[:100], str(body.get("code", ""))[:200]
        try:
            grant = await assistant.confirm(visit.person, visit.chat, session, code)
        except Problem as problem:
            return Response({"code": problem.code}, status_code=problem.status or 502)
        return Response({"grant": {"id": grant["id"], "account": grant.get("account")}})
