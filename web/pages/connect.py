"""The pages of a connect session: the question, the answer to it, the provider's answer, the choice between several accounts, and
how it ended."""

from __future__ import annotations

from litestar import Controller, Request, Response, delete, get, post
from litestar.di import NamedDependency
from litestar.params import FromPath

from core import choosing, confirming, connecting, sessions, tickets
from core.browsers import csrf_token
from core.connecting import Answer
from core.errors import BadRequest, ChoiceRequired, InvalidBody, Unauthenticated
from core.house import House
from core.model import ConnectSession
from core.secret import Secret
from web import removals
from web.pages import cookies, forms, outcome
from web.pages.choice import choice
from web.pages.logos import logo_of
from web.pages.render import page
from web.pages.views.consent import consent_view

ONCE = ("state", "code", "error", "iss")


class ConnectPages(Controller):
    """`/connect/{session}` and the provider's way back. The forms' fields are a contract: the tests, and
    whoever fills them in without script, send them by name.
    """

    include_in_schema = False

    @get("/connect/{session_id:str}")
    async def ask(
        self, request: Request, house: NamedDependency[House], session_id: FromPath[str]
    ) -> Response:
        browser = cookies.read(house, request, cookies.connect(session_id))
        if (await sessions.find(house, session_id)).choosing:
            return await choice(house, session_id, browser)
        answered = await outcome.again(house, session_id, browser, request)
        return answered or await question(house, session_id, browser)

    @post("/connect/{session_id:str}/approve", status_code=303)
    async def approve(
        self, request: Request, house: NamedDependency[House], session_id: FromPath[str]
    ) -> Response:
        browser = cookies.read(house, request, cookies.connect(session_id))
        fields = await forms.taken(house, request, browser, session_id)
        tools, duration = forms.texts(fields, "tools"), forms.text(fields, "duration")
        assert browser is not None  # forms.taken refuses a form without it
        try:
            return outcome.away(await connecting.approve(house, session_id, browser, tools, duration))
        except InvalidBody as error:
            return await question(house, session_id, browser, chosen=tools, duration=duration, fault=error)

    @post("/connect/{session_id:str}/deny", status_code=200)
    async def deny(
        self, request: Request, house: NamedDependency[House], session_id: FromPath[str]
    ) -> Response:
        browser = cookies.read(house, request, cookies.connect(session_id))
        await forms.taken(house, request, browser, session_id)
        assert browser is not None
        return await outcome.denied(
            house, await connecting.deny(house, session_id, browser), at_provider=False
        )

    @post("/connect/{session_id:str}/choose", status_code=200)
    async def choose(
        self, request: Request, house: NamedDependency[House], session_id: FromPath[str]
    ) -> Response:
        """One of several accounts behind the sign-in; answers as the callback does."""
        browser = cookies.read(house, request, cookies.connect(session_id))
        fields = await forms.taken(house, request, browser, session_id)
        assert browser is not None
        try:
            answer = await choosing.choose(house, session_id, browser, forms.text(fields, "account"))
        except InvalidBody as error:
            return await choice(house, session_id, browser, fault=error)
        return await _answered(house, answer, request)

    @get("/oauth/callback/{registration_id:str}")
    async def callback(
        self, request: Request, house: NamedDependency[House], registration_id: FromPath[str]
    ) -> Response:
        """RFC 6749 section 3.1: a parameter that is there twice makes the answer worthless."""
        if any(len(request.query_params.getall(name, [])) > 1 for name in ONCE):
            raise BadRequest("The provider's answer holds a parameter twice.")
        answer = await connecting.callback(
            house,
            registration_id,
            dict(request.query_params),
            lambda session: cookies.read(house, request, cookies.connect(session)),
        )
        return await _answered(house, answer, request)

    @delete("/oauth/callback/{registration_id:str}", status_code=204)
    async def removed(
        self, request: Request, house: NamedDependency[House], registration_id: FromPath[str]
    ) -> None:
        """Not a browser: the provider itself says that our app was removed there."""
        await removals.told(request, house, registration_id)

    @get("/connect/{session_id:str}/status")
    async def status(
        self, request: Request, house: NamedDependency[House], session_id: FromPath[str]
    ) -> Response:
        """`connected` after the confirm, `choose` when an account has to be chosen first; before and else the
        session's status. Only for the browser that agreed.
        """
        browser = cookies.read(house, request, cookies.connect(session_id))
        session = await connecting.page_status(house, session_id, browser)
        said = {"completed": "connected", "consented": "choose" if session.choosing else "consented"}
        status = said.get(session.status, session.status)
        headers = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}
        return Response({"status": status}, headers=headers)


async def question(
    house: House,
    session_id: str,
    browser: Secret | None,
    *,
    chosen: tuple[str, ...] = (),
    duration: str | None = None,
    fault: InvalidBody | None = None,
) -> Response:
    """The consent page; with `fault`, as it was filled in and what was missing."""
    shown = await connecting.open_page(house, session_id, browser)
    view = consent_view(
        shown.notice,
        csrf=csrf_token(shown.browser, session_id),
        logo=logo_of(shown.assistant),
        chosen=chosen,
        duration=duration,
        fault=fault,
    )
    return page(
        "connect/consent.html",
        view,
        now_ms=house.now_ms(),
        status=fault.status if fault else 200,
        form_action=forms.elsewhere(house),
        cookies=[cookies.write(house, cookies.connect(session_id), shown.browser, cookies.CONNECT_S)],
    )


async def _answered(house: House, answer: Answer, request: Request) -> Response:
    session, code = answer.session, answer.code
    if code is None:
        if session.status == "denied":
            return await outcome.denied(house, session, at_provider=True)
        return outcome.failed(house, session, request)
    if session.via == "portal":
        return await _confirmed_here(house, session, code, request)
    return await outcome.handed_over(house, answer, code)


async def _confirmed_here(house: House, session: ConnectSession, code: Secret, request: Request) -> Response:
    """Begun on the person's own page: they are signed in with us, which stands in for the builder's word."""
    cookie = cookies.read(house, request, "me")
    signed_in = await tickets.session(house, "portal", cookie.reveal() if cookie else None)
    if signed_in is None:
        raise Unauthenticated("You were signed out meanwhile. Open this page from the chat and reconnect.")
    try:
        grant = await confirming.confirm_signed_in(house, session, signed_in.actor, code)
    except ChoiceRequired:
        return outcome.away(f"/connect/{session.id}")
    return outcome.away(f"/me/grants/{grant.id}?done=reconnected")
