"""What a person sees of Northwind: sign in, let an app in (or not), the day's work, and the apps that are
connected.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import msgspec
from litestar import Request, Response, get, post
from litestar.params import FromPath

from core.authserver import AuthorizationRequest, Parameters, Redirect, approve, begin, deny
from core.authserver.model import Authorization
from web.demo.northwind.browsers import Browser
from web.demo.northwind.crm import closing_days
from web.demo.northwind.gate import northwind
from web.demo.northwind.paper import browser, cookie_name, form, go, own_path, show
from web.demo.northwind.permissions import BY_SCOPE
from web.demo.northwind.provider import PASSWORD, Northwind
from web.demo.northwind.records import OPEN_STAGES, Deal, Person, Task


@get("/")
async def home(request: Request) -> Response[Any]:
    visitor, own = browser(request), northwind(request)
    person = own.book.people.get(visitor.person_id or "")
    if person is None:
        return show(request, visitor, "welcome.html")
    return show(request, visitor, "home.html", **_work(own, person))


@get("/sign-in")
async def sign_in_page(request: Request) -> Response[Any]:
    return _sign_in(request, browser(request), own_path(request.query_params.get("next", "/")))


@post("/sign-in")
async def sign_in(request: Request) -> Response[Any]:
    visitor, own = browser(request), northwind(request)
    sent = await form(request, visitor)
    next_page = own_path(sent.get("next", ["/"])[0])
    email = sent.get("email", [""])[0].strip().lower()
    known = next((person for person in own.book.people.values() if person.email == email), None)
    if known is None or sent.get("password", [""])[0] != PASSWORD:
        return _sign_in(request, visitor, next_page, email=email, failed=True)
    return go(request, own.browsers.sign_in(request.cookies.get(cookie_name(request)), known.id), next_page)


@post("/sign-out")
async def sign_out(request: Request) -> Response[Any]:
    visitor, own = browser(request), northwind(request)
    sent = await form(request, visitor)
    own.browsers.forget(request.cookies.get(cookie_name(request)))
    return go(request, own.browsers.recognise(None), own_path(sent.get("next", ["/"])[0]))


@get("/oauth/authorize")
async def authorize_page(request: Request) -> Response[Any]:
    visitor, begun = browser(request), await _begin(request)
    if not isinstance(begun, AuthorizationRequest):
        return _stopped(request, visitor, begun)
    if visitor.person_id is None:
        return go(request, visitor, f"/sign-in?next={quote(_here(request), safe='')}")
    return _consent(request, visitor, begun)


@post("/oauth/authorize")
async def authorize(request: Request) -> Response[Any]:
    """The person's answer. The request itself still stands in the address and is checked again."""
    visitor, begun = browser(request), await _begin(request)
    sent = await form(request, visitor)
    if not isinstance(begun, AuthorizationRequest):
        return _stopped(request, visitor, begun)
    if visitor.person_id is None:
        return go(request, visitor, f"/sign-in?next={quote(_here(request), safe='')}")
    if sent.get("decision") != ["allow"]:
        return go(request, visitor, deny(northwind(request).server, begun).location)
    chosen = [scope for scope in sent.get("scope", []) if scope in begun.scopes]
    if not chosen:
        return _consent(request, visitor, begun, none_chosen=True)
    return go(request, visitor, (await _approve(request, visitor.person_id, begun, chosen)).location)


@get("/settings/apps")
async def apps(request: Request) -> Response[Any]:
    visitor, own = browser(request), northwind(request)
    if visitor.person_id is None:
        return go(request, visitor, "/sign-in?next=/settings/apps")
    connected = await own.store.authorizations(visitor.person_id, own.now_ms())
    return show(request, visitor, "apps.html", apps=[_app(own, each) for each in connected])


@post("/settings/apps/{authorization_id:str}/remove")
async def remove_app(request: Request, authorization_id: FromPath[str]) -> Response[Any]:
    visitor, own = browser(request), northwind(request)
    await form(request, visitor)
    mine = await own.store.authorizations(visitor.person_id or "", own.now_ms())
    if any(each.id == authorization_id for each in mine):
        await own.store.end(authorization_id, own.now_ms())
    return go(request, visitor, "/settings/apps")


def _sign_in(
    request: Request, visitor: Browser, next_page: str, *, email: str = "", failed: bool = False
) -> Response[Any]:
    people = list(northwind(request).book.people.values())
    values = {"next": next_page, "email": email, "failed": failed, "people": people, "password": PASSWORD}
    return show(request, visitor, "sign-in.html", status=401 if failed else 200, **values)


async def _begin(request: Request) -> Any:
    query = request.scope["query_string"].decode(errors="replace")
    return await begin(northwind(request).server, Parameters.parse(query))


def _here(request: Request) -> str:
    return f"/oauth/authorize?{request.scope['query_string'].decode(errors='replace')}"


def _stopped(request: Request, visitor: Browser, begun: Any) -> Response[Any]:
    if isinstance(begun, Redirect):
        return go(request, visitor, begun.location)
    values = {"title": "This app cannot be connected", "text": begun.description, "code": begun.error}
    return show(request, visitor, "error.html", status=400, **values)


def _consent(
    request: Request, visitor: Browser, begun: AuthorizationRequest, *, none_chosen: bool = False
) -> Response[Any]:
    values = {
        "app": begun.client_name,
        "host": urlsplit(begun.redirect_uri).netloc or begun.redirect_uri,
        "permissions": [BY_SCOPE[scope] for scope in begun.scopes],
        "here": _here(request),
        "none_chosen": none_chosen,
    }
    return show(request, visitor, "consent.html", status=422 if none_chosen else 200, **values)


async def _approve(
    request: Request, person_id: str, begun: AuthorizationRequest, chosen: list[str]
) -> Redirect:
    own = northwind(request)
    extra = own.faults.extra_scopes
    widened = msgspec.structs.replace(begun, scopes=tuple(dict.fromkeys((*begun.scopes, *extra))))
    return await approve(own.server, widened, person_id, [*chosen, *extra])


def _app(own: Northwind, authorization: Authorization) -> dict[str, Any]:
    client = own.store.clients[authorization.client_id]
    since = datetime.fromtimestamp(authorization.created_at / 1000, UTC)
    titles = [BY_SCOPE[scope].title for scope in authorization.scopes]
    return {
        "id": authorization.id,
        "name": client.name,
        "since": f"{since.day} {since:%B %Y}",
        "titles": titles,
    }


def _work(own: Northwind, person: Person) -> dict[str, Any]:
    today = datetime.fromtimestamp(own.now_ms() / 1000, UTC).date()
    first, last = closing_days("this_week", today)
    deals = [
        deal
        for deal in own.book.all(Deal, person)
        if deal.owner_id == person.id and deal.stage in OPEN_STAGES and first <= deal.closes_on <= last
    ]
    tasks = [
        task for task in own.book.all(Task, person) if task.owner_id == person.id and task.status == "open"
    ]
    return {
        "deals": sorted(deals, key=lambda deal: (deal.closes_on, deal.id)),
        "tasks": sorted(tasks, key=lambda task: (task.due_on or "9999", task.id))[:12],
        "open_tasks": len(tasks),
    }
