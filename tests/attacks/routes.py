"""Every route of the application that is not in the OpenAPI document: the pages of people and admins, and files."""

from __future__ import annotations

from typing import Any

from core.house import House
from web.app import create_app

# The same for everybody, with nothing of anybody in them.
FILES = frozenset(
    {
        "GET /favicon.ico",
        "GET /static/{name}",
        "GET /widget.js",
        "GET /schema",
        "GET /schema/openapi.json",
        "GET /schema/{path}",
    }
)


def page_routes(house: House) -> list[str]:
    """`GET /me/grants/{grant_id}` and so on, files included."""
    app: Any = create_app(house)
    shown = app.openapi_schema.paths or {}
    return [
        f"{method} {route.path_format}"
        for route in app.routes
        for method in sorted(route.methods - {"OPTIONS", "HEAD"})
        if route.path_format not in shown
    ]
