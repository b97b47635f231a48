"""How Northwind's pages go out: Jinja2 with escaping, one stylesheet, no script, nothing from another host.

No `form-action` in the policy: browsers apply it to every redirect after a form, and the answer to the
consent form leads through the app's redirect URI to wherever the app goes on. `Referrer-Policy: same-origin`
keeps `Origin` on our own forms meaningful.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from litestar import Request, Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath
from litestar.response import Redirect

from web.demo.northwind.browsers import Browser
from web.demo.northwind.gate import northwind
from web.demo.northwind.problems import BadForm

_HERE = Path(__file__).parent
_TYPES = {".css": "text/css; charset=utf-8", ".svg": "image/svg+xml"}
_FILES = {path.name: path.read_bytes() for path in (_HERE / "static").iterdir() if path.suffix in _TYPES}
_TEMPLATES = Environment(
    loader=FileSystemLoader(_HERE / "templates"), autoescape=True, undefined=StrictUndefined, trim_blocks=True
)
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
}


@get("/static/{name:str}")
async def static(name: FromPath[str]) -> Response[bytes]:
    if name not in _FILES:
        raise NotFoundException()
    headers = {"Cache-Control": "max-age=300", "X-Content-Type-Options": "nosniff"}
    return Response(_FILES[name], media_type=_TYPES[Path(name).suffix], headers=headers)


def cookie_name(request: Request) -> str:
    return "__Host-northwind_session" if _is_https(request) else "northwind_session"


def browser(request: Request) -> Browser:
    """The browser of this request, or a new one whose cookie `show` will set."""
    return northwind(request).browsers.recognise(request.cookies.get(cookie_name(request)))


def show(request: Request, visitor: Browser, name: str, *, status: int = 200, **values: Any) -> Response[str]:
    own = northwind(request)
    person = own.book.people.get(visitor.person_id or "")
    text = _TEMPLATES.get_template(name).render(person=person, csrf=visitor.csrf, **values)
    page = Response(text, status_code=status, media_type="text/html", headers=HEADERS)
    return with_cookie(request, visitor, page)


def go(request: Request, visitor: Browser, location: str) -> Response[Any]:
    return with_cookie(request, visitor, Redirect(location, status_code=303, headers=HEADERS))


def with_cookie(request: Request, visitor: Browser, response: Response[Any]) -> Response[Any]:
    if visitor.fresh_cookie is not None:
        response.set_cookie(
            key=cookie_name(request),
            value=visitor.fresh_cookie.reveal(),
            path="/",
            httponly=True,
            samesite="lax",
            secure=_is_https(request),
        )
    return response


async def form(request: Request, visitor: Browser) -> dict[str, list[str]]:
    """The fields of a form of ours. Raises BadForm when another site sent it or its token is not this
    browser's.
    """
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise BadForm("this form was sent by another site")
    sent: dict[str, list[str]] = {}
    for name, value in (await request.form()).multi_items():
        sent.setdefault(name, []).append(str(value))
    if not visitor.owns(sent.get("csrf_token", [""])[0]):
        raise BadForm("this form is out of date: go back, reload the page and try again")
    return sent


def own_path(text: str) -> str:
    """`text` when it is a path on this site, else the first page: never a way to another site."""
    is_path = text.startswith("/") and not text.startswith("//") and "\\" not in text
    return text if is_path and text.isprintable() else "/"


def _is_https(request: Request) -> bool:
    return northwind(request).public_url.startswith("https://")
