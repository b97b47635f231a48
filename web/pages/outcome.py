"""What a connect session's browser is sent or shown once the question is answered.

A session goes back one of three ways: to the window that opened the popup (`origin`), to a registered return URL, or to
the person's own page, where it began (`via` portal).
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlencode

from litestar import Request, Response
from litestar.datastructures import Cookie
from litestar.response import Redirect

from core import assistants, connecting, grants, sessions
from core.connecting import Answer
from core.errors import SessionEnded, WrongBrowser
from core.house import House
from core.model import ConnectSession
from core.secret import Secret
from web.pages import faults
from web.pages.render import page, security_headers
from web.pages.views import ends


def away(url: str, cookies: Sequence[Cookie] = ()) -> Redirect:
    """A redirect that leaves no trace of where it came from."""
    return Redirect(url, status_code=303, headers=security_headers(), cookies=list(cookies))


def back_to(return_url: str, **said: str) -> Redirect:
    """To a registered return URL, which may have a query of its own."""
    return away(f"{return_url}{'&' if '?' in return_url else '?'}{urlencode(said)}")


async def handed_over(house: House, answer: Answer, code: Secret) -> Response:
    """The provider has agreed: the completion code goes to where the session's result goes, and nowhere else."""
    session = answer.session
    if session.return_url is not None:
        return back_to(session.return_url, session=session.id, code=code.reveal())
    message = ends.authorized(session.id, code.reveal(), sessions.shown_origin(session))
    return await _handover(house, session, message)


async def _handover(house: House, session: ConnectSession, message: ends.Message | None) -> Response:
    assistant = await assistants.get(house, session.workspace, session.assistant)
    title = house.registry.connector(session.connector).title
    view = ends.handover_view(session.id, assistant.name, title, message)
    return page("connect/finish.html", view, now_ms=house.now_ms())


async def denied(house: House, session: ConnectSession, *, at_provider: bool) -> Response:
    if session.via == "portal":
        return away("/me")
    if session.return_url is not None:
        return back_to(session.return_url, session=session.id, error="access_denied")
    assistant = await assistants.get(house, session.workspace, session.assistant)
    title = house.registry.connector(session.connector).title
    message = ends.ended("denied", session.id, session.origin)
    view = ends.denied_view(
        assistant.name, title, at_provider=at_provider, message=message, given_up=session.held is not None
    )
    return page("connect/denied.html", view, now_ms=house.now_ms())


def failed(house: House, session: ConnectSession, request: Request) -> Response:
    code = session.error.code if session.error else "session_ended"
    if session.return_url is not None and session.via != "portal":
        return back_to(session.return_url, session=session.id, error=code)
    return failure(house, session, request)


def failure(house: House, session: ConnectSession, request: Request) -> Response:
    """The page for a session that failed, whoever looks at it again."""
    reason = session.error.code if session.error else "session_ended"
    message = ends.ended("failed", session.id, session.origin, reason)
    error = faults.error_of(session.error)
    view = faults.fault_view(error, request_id=faults.request_id(request), message=message)
    return page("fault.html", view, now_ms=house.now_ms(), status=error.status)


async def again(house: House, session_id: str, browser: Secret | None, request: Request) -> Response | None:
    """What the address of an answered session shows to the browser that answered it; None while it is open.

    Raises SessionEnded for anybody else once it has ended.
    """
    session = await sessions.find(house, session_id)
    if session.status not in ("authorized", "completed", "denied", "failed", "expired"):
        return None
    try:
        await connecting.page_status(house, session_id, browser)
    except WrongBrowser:
        if session.ended:
            raise SessionEnded(session_status=session.status) from None
        raise
    if session.status == "authorized":
        return await _handover(house, session, None)
    if session.status == "completed":
        return await _done(house, session)
    if session.status == "denied":
        return await denied(house, session, at_provider=True)
    return failure(house, session, request)


async def _done(house: House, session: ConnectSession) -> Response:
    assistant = await assistants.get(house, session.workspace, session.assistant)
    grant = await grants.get(house, session.workspace, session.grant or "")
    connector = house.registry.connector(session.connector)
    view = ends.done_view(session.id, assistant.name, connector, session.tools or (), grant)
    return page("connect/done.html", view, now_ms=house.now_ms())
