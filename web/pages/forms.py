"""Forms: that one came from our own page, and what is in it.

Three things have to fit: the origin of the request, the cookie, and the token in the form, which only this browser's
page can hold (`core/browsers.py`). Source: OWASP CSRF prevention; Fetch standard, "append a request Origin header".
"""

from __future__ import annotations

from litestar import Request
from litestar.datastructures import FormMultiDict

from core.addresses import origin_of
from core.browsers import check_csrf
from core.errors import BadRequest, Refused
from core.house import House
from core.secret import Secret

MAX_FIELD_CHARS = 4_000


def check_origin(house: House, request: Request) -> None:
    """Raises Refused for a form sent from another origin.

    Our pages say `Referrer-Policy: no-referrer`, which makes browsers send `Origin: null` with their own forms; then
    `Sec-Fetch-Site`, which no page can set, has to say that it was ours. Programs send neither.
    """
    origin = request.headers.get("origin")
    site = request.headers.get("sec-fetch-site")
    if origin is None:
        ours = site in (None, "same-origin", "none")
    elif origin == "null":
        ours = site == "same-origin"
    else:
        ours = origin == origin_of(house.public_url)
    if not ours:
        raise Refused("This form was sent from another page than ours.")


def elsewhere(house: House) -> tuple[str, ...]:
    """Where a form of a connect session may end up besides here: at the provider, or back at the builder's.

    Chromium checks every redirect after it, and a provider may send the person on to its own or their company's
    sign-in before it shows a page. So: any https address, and this machine in development.
    """
    here = ("http://127.0.0.1:*", "http://localhost:*") if house.development else ()
    return ("https:", *here)


async def taken(house: House, request: Request, cookie: Secret | None, purpose: str) -> FormMultiDict:
    """The fields. Raises Refused for a foreign origin, BadCsrf for a token that this browser's page did not hold."""
    check_origin(house, request)
    fields = await request.form()
    check_csrf(cookie, purpose, text(fields, "csrf_token"))
    return fields


def text(fields: FormMultiDict, name: str) -> str:
    """One field as text, "" when it is missing. Raises BadRequest for a file or an endless text."""
    return _text(fields.get(name, ""))


def texts(fields: FormMultiDict, name: str) -> tuple[str, ...]:
    return tuple(_text(value) for value in fields.getall(name, []))


def _text(value: object) -> str:
    if not isinstance(value, str) or len(value) > MAX_FIELD_CHARS:
        raise BadRequest("A field of the form is not usable.")
    return value
