"""Stylesheet, scripts, icons: read once, named by the hash of their content, kept by browsers for good.

`/static/valetkey.css?v=3f2a...` changes with the file, so it may be cached for a year. `/widget.js` has one
address for ever, because it stands in other people's pages: cached for an hour, then asked for by its ETag.
"""

from __future__ import annotations

import hashlib
from functools import cache
from pathlib import Path

import msgspec
from litestar import Controller, Request, Response, get
from litestar.params import FromPath

from core.errors import Missing

FOLDER = Path(__file__).parent.parent / "static"
TYPES = {
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
    ".png": "image/png",
    ".ico": "image/x-icon",
    ".txt": "text/plain",
}
YEAR = "public, max-age=31536000, immutable"
HOUR = "public, max-age=3600, must-revalidate"


class Asset(msgspec.Struct, frozen=True):
    body: bytes
    media_type: str
    digest: str


@cache
def asset(name: str) -> Asset:
    """The file of that name in web/static. Raises Missing for anything else, paths included."""
    path = FOLDER / name
    if path.parent != FOLDER or path.suffix not in TYPES or not path.is_file():
        raise Missing("There is no such file.")
    body = path.read_bytes()
    return Asset(body, TYPES[path.suffix], hashlib.sha256(body).hexdigest()[:16])


def static(name: str) -> str:
    """The address of an asset, for templates. Raises Missing when there is no such file."""
    return f"/static/{name}?v={asset(name).digest}"


def answer(found: Asset, request: Request, caching: str) -> Response[bytes]:
    """The file, or 304 when the browser has this very content. Opened by itself, it can run nothing."""
    headers = {
        "ETag": f'"{found.digest}"',
        "Cache-Control": caching,
        "X-Content-Type-Options": "nosniff",
        "Cross-Origin-Resource-Policy": "cross-origin",
        "Access-Control-Allow-Origin": "*",
        "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(b"", status_code=304, headers=headers, media_type=found.media_type)
    return Response(found.body, headers=headers, media_type=found.media_type)


class Assets(Controller):
    """Files anybody may have."""

    include_in_schema = False

    @get("/static/{name:str}", sync_to_thread=False)
    def file(self, request: Request, name: FromPath[str]) -> Response[bytes]:
        found = asset(name)
        return answer(found, request, YEAR if request.query_params.get("v") == found.digest else HOUR)

    @get("/widget.js", sync_to_thread=False)
    def widget(self, request: Request) -> Response[bytes]:
        return answer(asset("widget.js"), request, HOUR)

    @get("/favicon.ico", sync_to_thread=False)
    def favicon(self, request: Request) -> Response[bytes]:
        return answer(asset("icon.svg"), request, HOUR)
