"""Cookies that bind a browser: one for each connect session, one for a person's own page, one for an admin.

`__Host-` on https: this host only, no subdomain can set it (RFC 6265bis section 4.1.3). Plain names exist for http on
this machine, in development. All are HttpOnly and SameSite=Lax: the provider's redirect back is a top-level navigation
from another site, which Strict would leave without its cookie.
"""

from __future__ import annotations

from litestar import Request
from litestar.datastructures import Cookie

from core.house import House
from core.secret import Secret

CONNECT_S = 3600
LONGEST = 200


def name(house: House, kind: str) -> str:
    return f"__Host-vk-{kind}" if _secure(house) else f"vk-{kind}"


def connect(session: str) -> str:
    """The kind of a connect session's cookie: each session has its own, and it opens nothing else."""
    return f"cs-{session.removeprefix('cs_')}"


def read(house: House, request: Request, kind: str) -> Secret | None:
    value = request.cookies.get(name(house, kind))
    return Secret(value) if value and len(value) <= LONGEST else None


def write(house: House, kind: str, value: Secret, max_age_s: int) -> Cookie:
    return Cookie(
        key=name(house, kind),
        value=value.reveal(),
        max_age=max_age_s,
        path="/",
        secure=_secure(house),
        httponly=True,
        samesite="lax",
    )


def forget(house: House, kind: str) -> Cookie:
    return write(house, kind, Secret(""), 0)


def _secure(house: House) -> bool:
    return house.public_url.startswith("https://")
