"""The one translation of errors to HTTP: RFC 9457 problem documents for programs, pages for people.

`code` is what programs switch on. A 500 tells the request's id and nothing else; the trace is in the log under it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from litestar import MediaType, Request, Response
from litestar.exceptions import (
    ClientException,
    HTTPException,
    MethodNotAllowedException,
    NotFoundException,
    ValidationException,
)
from litestar.openapi.datastructures import ResponseSpec
from litestar.status_codes import HTTP_413_REQUEST_ENTITY_TOO_LARGE

from core.errors import (
    BadRequest,
    BodyTooLarge,
    InsufficientScope,
    InvalidBody,
    Missing,
    NotReady,
    RateLimited,
    Unauthenticated,
    ValetkeyError,
)
from web.outcomes import outcome

log = logging.getLogger("valetkey.http")
MEDIA_TYPE = "application/problem+json"


class Problem(msgspec.Struct, frozen=True):
    """RFC 9457. Further members depend on `code`: see docs/problems.md."""

    type: str
    title: str
    status: int
    detail: str
    code: str


class MethodNotAllowed(ValetkeyError):
    code = "method_not_allowed"
    status = 405
    title = "This address does not take this method"


def document(error: ValetkeyError) -> dict[str, Any]:
    return {
        "type": f"urn:valetkey:problem:{error.code}",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "code": error.code,
        **error.fields,
    }


def _headers(error: ValetkeyError) -> dict[str, str]:
    headers = {"Cache-Control": "no-store"}
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="valetkey"'
    if isinstance(error, InsufficientScope):
        headers["WWW-Authenticate"] = 'Bearer realm="valetkey", error="insufficient_scope"'
    if (wait_s := error.fields.get("retry_after")) is not None and isinstance(
        error, (RateLimited, ValetkeyError)
    ):
        headers["Retry-After"] = str(wait_s)
    return headers


def answer(error: ValetkeyError) -> Response[Any]:
    return Response(document(error), status_code=error.status, media_type=MEDIA_TYPE, headers=_headers(error))


def from_http(error: HTTPException, request: Request[Any, Any, Any]) -> ValetkeyError:
    """Litestar's own refusals in our words."""
    if isinstance(error, ValidationException):
        return _invalid(error)
    if isinstance(error, NotFoundException):
        return Missing("There is nothing at this address. The paths are in /schema/openapi.json.")
    if isinstance(error, MethodNotAllowedException):
        return MethodNotAllowed(f"{request.method} is not possible here. See /schema/openapi.json.")
    if error.status_code == HTTP_413_REQUEST_ENTITY_TOO_LARGE:
        return BodyTooLarge("A request body may have at most 1 MB.")
    if isinstance(error, ClientException):
        return BadRequest(
            "The request could not be read. Is the body valid JSON and its content type application/json?"
        )
    return ValetkeyError()


def _invalid(error: ValidationException) -> ValetkeyError:
    """`errors: [{path, message}]` as far as Litestar says where."""
    found = []
    extra = error.extra if isinstance(error.extra, list) else []
    for one in extra:
        key = str(one.get("key", "")) if isinstance(one, dict) else ""
        message = str(one.get("message", "is not valid")) if isinstance(one, dict) else "is not valid"
        if message == "'data'":  # how Litestar says that there was no body at all
            message = "a JSON body is needed"
        found.append({"path": _pointer(key), "message": message[:300]})
    detail = (
        f"{found[0]['path']}: {found[0]['message']}".removeprefix(": ")
        if found
        else "The request does not fit what is expected here."
    )
    return InvalidBody(detail, errors=found)


def _pointer(key: str) -> str:
    """`data.user.id` or `tools[2].tool` as a JSON Pointer into the body; the body as a whole is the empty one."""
    steps = key.replace("[", ".").replace("]", "").split(".")
    if steps[0] == "data":
        steps = steps[1:]
    return "".join(f"/{step}" for step in steps if step)


def on_error(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """Any error of any handler; a page where a browser asked for one."""
    told = error if isinstance(error, ValetkeyError) else None
    if told is None and isinstance(error, HTTPException):
        told = from_http(error, request)
    if told is None:
        told = ValetkeyError(
            f"Something went wrong in Valetkey. Quote {request_id(request)} to the operator."
        )
        log.error("request %s failed", request_id(request), exc_info=error)
    request.scope["state"]["problem"] = outcome(told)  # for the metric and the log line (web/middleware.py)
    if wants_page(request):
        return page_for(request, told)
    return answer(told)


# Set by web/app.py: how an error looks to a person. Kept apart so that the API does not import the pages.
page_for: Callable[[Request[Any, Any, Any], ValetkeyError], Response[Any]] = lambda request, error: Response(  # noqa: E731
    error.detail, status_code=error.status, media_type=MediaType.TEXT
)
_FOR_PROGRAMS = (
    "/v1/",
    "/schema",
    "/health/",
    "/metrics",
    "/oauth/token",
    "/oauth/revoke",
    "/oauth/introspect",
)


def wants_page(request: Request[Any, Any, Any]) -> bool:
    path = request.url.path
    if request.method == "DELETE":  # no browser goes somewhere by it: a provider telling of a removal
        return False
    if path.startswith(_FOR_PROGRAMS) or path.endswith("/status"):
        return False
    return "application/json" not in request.headers.get("accept", "") or "text/html" in request.headers.get(
        "accept", ""
    )


def request_id(request: Request[Any, Any, Any]) -> str:
    return str(request.scope.get("state", {}).get("request_id", "unknown"))


def documented(*errors: type[ValetkeyError]) -> dict[int, ResponseSpec]:
    """The problems of an operation for OpenAPI: one entry a status, naming every code."""
    always: tuple[type[ValetkeyError], ...] = (
        Unauthenticated,
        InvalidBody,
        BadRequest,
        BodyTooLarge,
        NotReady,
        ValetkeyError,
    )
    by_status: dict[int, list[type[ValetkeyError]]] = {}
    for error in dict.fromkeys((*errors, *always)):
        by_status.setdefault(error.status, []).append(error)
    return {
        status: ResponseSpec(
            data_container=Problem,
            media_type=MEDIA_TYPE,
            generate_examples=False,
            description="; ".join(f"`{error.code}`: {error.title}" for error in found),
        )
        for status, found in by_status.items()
    }
