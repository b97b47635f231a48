"""The OAuth endpoints programs talk to. The rules stand in `core/authserver`; this only carries requests in
and answers out.
"""

from __future__ import annotations

from typing import Any

from litestar import Request as HttpRequest
from litestar import Response, get, post

from core.authserver import (
    Answer,
    Parameters,
    Request,
    introspection_endpoint,
    metadata,
    revocation_endpoint,
    token_endpoint,
)
from web.demo.northwind.gate import northwind


@get("/.well-known/oauth-authorization-server")
async def describe(request: HttpRequest) -> dict[str, Any]:
    about = {"service_documentation": f"{northwind(request).public_url}/"}
    return {**metadata(northwind(request).server), **about}


@post("/oauth/token")
async def token(request: HttpRequest) -> Response[Any]:
    return sent(await token_endpoint(northwind(request).server, await received(request)))


@post("/oauth/revoke")
async def revoke(request: HttpRequest) -> Response[Any]:
    return sent(await revocation_endpoint(northwind(request).server, await received(request)))


@post("/oauth/introspect")
async def introspect(request: HttpRequest) -> Response[Any]:
    return sent(await introspection_endpoint(northwind(request).server, await received(request)))


async def received(request: HttpRequest) -> Request:
    """The form of the body; anything that is no form counts as empty."""
    is_form = request.content_type[0] == "application/x-www-form-urlencoded"
    text = (await request.body()).decode(errors="replace") if is_form else ""
    return Request(form=Parameters.parse(text), authorization=request.headers.get("authorization"))


def sent(answer: Answer) -> Response[Any]:
    return Response(
        answer.body, status_code=answer.status, headers=answer.headers, media_type="application/json"
    )
