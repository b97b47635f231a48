"""Acme Assist: a small chat of somebody who builds with Valetkey. An ordinary third-party application.

It knows Valetkey by two settings, `VALETKEY_URL` and `VALETKEY_KEY` (an assistant key), and talks to nothing of it but the
public HTTP API. `ACME_URL` is where the chat itself is reached: the origin that was registered for the assistant. With
`OPENAI_BASE_URL` and `OPENAI_API_KEY` a real model drives the same tools (model.py); without, `wishes.py` does.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from litestar import Litestar, Request, Response
from litestar.di import Provide
from litestar.enums import MediaType
from litestar.exceptions import HTTPException
from litestar.response import Redirect
from litestar.static_files import create_static_files_router

from web.demo.assist.assistant import Assistant, Understanding
from web.demo.assist.model import Model
from web.demo.assist.pages import Cards, NoVisit, Talk, visit_of
from web.demo.assist.people import Visits
from web.demo.assist.render import HERE, Render
from web.demo.assist.valetkey import Valetkey
from web.demo.assist.wishes import Wishes

MOST_BODY = 20_000


@dataclass(frozen=True)
class Settings:
    url: str
    valetkey_url: str
    valetkey_key: str = field(repr=False)
    openai_url: str | None = None
    openai_key: str | None = field(default=None, repr=False)
    openai_model: str = "gpt-4o-mini"

    @classmethod
    def load(cls, environ: Mapping[str, str]) -> Settings:
        """Raises SystemExit with every variable that is missing."""
        missing = [name for name in ("ACME_URL", "VALETKEY_URL", "VALETKEY_KEY") if not environ.get(name)]
        if missing:
            raise SystemExit(f"Acme Assist needs {', '.join(missing)}: see docs/assistant-guide.md")
        return cls(
            url=environ["ACME_URL"].rstrip("/"),
            valetkey_url=environ["VALETKEY_URL"].rstrip("/"),
            valetkey_key=environ["VALETKEY_KEY"],
            openai_url=environ.get("OPENAI_BASE_URL") or None,
            openai_key=environ.get("OPENAI_API_KEY") or None,
            openai_model=environ.get("OPENAI_MODEL") or cls.openai_model,
        )


def _headers(settings: Settings) -> dict[str, str]:
    """The widget's script comes from Valetkey, and forms may lead there; everything else is from here."""
    there = settings.valetkey_url
    policy = (
        f"default-src 'none'; script-src 'self' {there}; style-src 'self'; img-src 'self' data:; "
        f"connect-src 'self'; form-action 'self' {there}; base-uri 'none'; frame-ancestors 'none'"
    )
    return {
        "Content-Security-Policy": policy,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "same-origin",
        "Cache-Control": "no-store",
    }


def _at_home(settings: Settings) -> Any:
    """Only under our own address (the widget's messages and the return URL are bound to it), and no POST from another site.

    Cookies do not tell ports apart, so `SameSite` alone would let any page of this machine post here.
    """
    host = urlsplit(settings.url).netloc

    def check(request: Request[Any, Any, Any]) -> Response[Any] | None:
        if request.headers.get("host") != host:
            return Redirect(settings.url + "/", status_code=303)
        origin = request.headers.get("origin")
        if request.method != "GET" and (origin or settings.url) != settings.url:
            return Response("This form is not from Acme Assist.", status_code=403, media_type="text/plain")
        return None

    return check


def _to_start(request: Request[Any, Any, Any], error: NoVisit) -> Response[Any]:
    return Redirect("/", status_code=303)


def _no_page(request: Request[Any, Any, Any], error: HTTPException) -> Response[str]:
    return Response(f"{error.detail}\n", status_code=error.status_code, media_type=MediaType.TEXT)


def _broken(request: Request[Any, Any, Any], error: Exception) -> Response[str]:
    logging.getLogger(__name__).error("Acme Assist could not answer %s", request.url.path, exc_info=error)
    return Response(
        "Acme Assist has a fault; its log says which.\n", status_code=500, media_type=MediaType.TEXT
    )


def create_app(settings: Settings) -> Litestar:
    valetkey = Valetkey(settings.valetkey_url, settings.valetkey_key, settings.url)
    model = None
    if settings.openai_url and settings.openai_key:
        model = Model(settings.openai_url, settings.openai_key, settings.openai_model, valetkey)
    understanding: Understanding = model or Wishes()
    assistant = Assistant(valetkey, understanding, settings.url)
    visits, render = Visits(), Render(settings.valetkey_url)

    @asynccontextmanager
    async def open_for_business(_: Litestar) -> AsyncIterator[None]:
        try:
            yield
        finally:
            await valetkey.close()
            if model is not None:
                await model.close()

    return Litestar(
        route_handlers=[
            Talk,
            Cards,
            create_static_files_router(path="/static", directories=[HERE / "static"]),
        ],
        dependencies={
            "visits": Provide(lambda: visits, sync_to_thread=False),
            "render": Provide(lambda: render, sync_to_thread=False),
            "assistant": Provide(lambda: assistant, sync_to_thread=False),
            "visit": Provide(visit_of, sync_to_thread=False),
        },
        before_request=_at_home(settings),
        exception_handlers={NoVisit: _to_start, HTTPException: _no_page, Exception: _broken},
        response_headers=_headers(settings),
        request_max_body_size=MOST_BODY,
        lifespan=[open_for_business],
        openapi_config=None,
        logging_config=None,
    )
