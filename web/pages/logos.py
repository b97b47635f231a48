"""An assistant's logo, fetched by us: no page loads anything from another host, and no other host learns who looks.

Fetched through the one outbound client with its address check, small pictures only, kept for an hour. Served so that it
can be nothing but a picture: an SVG opened by itself runs nothing.
"""

from __future__ import annotations

import msgspec
from litestar import Controller, Request, Response, get
from litestar.di import NamedDependency
from litestar.params import FromPath

from core.clock import HOUR_MS
from core.errors import Missing, ValetkeyError
from core.house import House
from core.ids import is_id
from core.model import Assistant
from web.pages.text import tint

MAX_BYTES = 256_000
KEPT = 200
TYPES = frozenset({"image/png", "image/jpeg", "image/webp", "image/gif", "image/svg+xml"})
HEADERS = {
    "Cache-Control": "public, max-age=3600",
    "X-Content-Type-Options": "nosniff",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; sandbox",
}


class Picture(msgspec.Struct, frozen=True):
    body: bytes
    media_type: str
    until: int
    of: int  # the assistant's state it belongs to


def logo_of(assistant: Assistant) -> str | None:
    """Where pages find the logo; None when the assistant has none. The address changes when the assistant does."""
    return f"/logos/{assistant.id}?v={assistant.updated_at}" if assistant.logo_url else None


class Logos(Controller):
    include_in_schema = False

    def __init__(self, owner: object) -> None:
        super().__init__(owner)  # type: ignore[arg-type]
        self.kept: dict[str, Picture] = {}

    @get("/logos/{assistant_id:str}")
    async def logo(
        self, request: Request, house: NamedDependency[House], assistant_id: FromPath[str]
    ) -> Response[bytes]:
        assistant = await _assistant(house, assistant_id)
        picture = self.kept.get(assistant_id)
        if picture is None or picture.until <= house.now_ms() or picture.of != assistant.updated_at:
            picture = await _fetched(house, assistant)
            self.kept.pop(assistant_id, None)
            while len(self.kept) >= KEPT:
                self.kept.pop(next(iter(self.kept)))
            self.kept[assistant_id] = picture
        return Response(picture.body, media_type=picture.media_type, headers=HEADERS)


async def _assistant(house: House, assistant_id: str) -> Assistant:
    found = None
    if is_id(assistant_id, "ast"):
        found = await house.store.one("assistant_find", Assistant, id=assistant_id)
    if found is None or found.logo_url is None:
        raise Missing("There is no such logo.")
    return found


async def _fetched(house: House, assistant: Assistant) -> Picture:
    until = house.now_ms() + HOUR_MS
    try:
        request = house.outbound.request("GET", assistant.logo_url or "")
        answer = await house.outbound.send(request, timeout_s=5.0, max_bytes=MAX_BYTES)
    except ValetkeyError:
        return _letter(assistant, until)
    media_type = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if answer.status_code != 200 or media_type not in TYPES:
        return _letter(assistant, until)
    return Picture(answer.content, media_type, until, assistant.updated_at)


def _letter(assistant: Assistant, until: int) -> Picture:
    """What stands in for a logo that cannot be had: the first letter, as pages draw it."""
    first = "".join(f"&#{ord(char)};" for char in assistant.name[:1].upper())
    svg = (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 40">'
        f'<rect width="40" height="40" rx="10" fill="{tint(assistant.name)}"/>'
        '<text x="20" y="27" text-anchor="middle" fill="#fff" font-family="sans-serif" font-size="20" '
        f'font-weight="600">{first}</text></svg>'
    )
    return Picture(svg.encode(), "image/svg+xml", until, assistant.updated_at)
