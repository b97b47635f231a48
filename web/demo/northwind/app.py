"""Northwind put together: `create_app` makes the ASGI application, `app.state.northwind` is its inside."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from litestar import Litestar, Request, Response
from litestar.datastructures import State
from litestar.exceptions import HTTPException

from core.authserver import BearerRefused, Client
from web.demo.northwind import crm, oauth, pages, paper, work
from web.demo.northwind.gate import Gate, request_id
from web.demo.northwind.problems import BadField, BadForm, NorthwindError
from web.demo.northwind.provider import Northwind

MAX_BODY_BYTES = 1_000_000


def create_app(
    public_url: str,
    clients: Iterable[Client] = (),
    *,
    token_ttl_s: int = 120,
    refresh_ttl_s: int = 30 * 86_400,
    rate_per_minute: int = 600,
    now: Callable[[], int] | None = None,
) -> Litestar:
    """A fresh Northwind at `public_url`, which is also its issuer. `now` gives milliseconds and lets a test
    move time.
    """
    own = Northwind(
        public_url,
        clients,
        token_ttl_s=token_ttl_s,
        refresh_ttl_s=refresh_ttl_s,
        rate_per_minute=rate_per_minute,
        now=now,
    )
    api = [crm.Me, crm.Contacts, crm.Companies, crm.Deals, work.Projects, work.Tasks]
    endpoints = [oauth.describe, oauth.token, oauth.revoke, oauth.introspect]
    site = [
        pages.home,
        pages.sign_in_page,
        pages.sign_in,
        pages.sign_out,
        pages.authorize_page,
        pages.authorize,
        pages.apps,
        pages.remove_app,
        paper.static,
    ]
    return Litestar(
        route_handlers=[*api, *endpoints, *site],
        middleware=[Gate(own)],
        exception_handlers={
            BearerRefused: _bearer_refused,
            BadForm: _bad_form,
            NorthwindError: _refused,
            HTTPException: _http_error,
        },
        state=State({"northwind": own}),
        openapi_config=None,
        logging_config=None,
        request_max_body_size=MAX_BODY_BYTES,
    )


def _problem(request: Request, status: int, error: str, message: str, **more: Any) -> Response[Any]:
    headers = {"Cache-Control": "no-store", **more.pop("headers", {})}
    if "northwind_gate" not in request.scope["state"]:
        headers["X-Request-Id"] = request_id(request.scope)  # routing failed: the gate was not passed
    body = {"error": error, "message": message, "request_id": request_id(request.scope), **more}
    return Response(body, status_code=status, media_type="application/json", headers=headers)


def _refused(request: Request, error: NorthwindError) -> Response[Any]:
    status = error.fields.get("status", error.status)
    more = {"field": error.fields["field"]} if isinstance(error, BadField) else {}
    return _problem(
        request, status, error.code, error.detail, headers=error.fields.get("headers", {}), **more
    )


def _bearer_refused(request: Request, error: BearerRefused) -> Response[Any]:
    more = {"required_scopes": list(error.scopes)} if error.scopes else {}
    headers = {"WWW-Authenticate": error.challenge}
    return _problem(request, error.status, error.code, error.detail, headers=headers, **more)


def _bad_form(request: Request, error: BadForm) -> Response[Any]:
    values = {"title": "That did not work", "text": error.detail, "code": error.code}
    return paper.show(request, paper.browser(request), "error.html", status=error.status, **values)


def _http_error(request: Request, error: HTTPException) -> Response[Any]:
    names = {404: "not_found", 405: "method_not_allowed", 413: "too_large"}
    message = "there is nothing here" if error.status_code == 404 else error.detail
    return _problem(request, error.status_code, names.get(error.status_code, "invalid_request"), message)
