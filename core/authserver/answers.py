"""What goes back: a JSON answer, a redirect to the client, or a page that must not redirect.

Source: RFC 6749 sections 4.1.2, 5.1, 5.2; RFC 9207 section 2 (`iss` in every authorization response, errors
included).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, urlencode, urlsplit, urlunsplit

import msgspec

from core.authserver.errors import InvalidClient, OAuthError

NO_STORE = {"Cache-Control": "no-store", "Pragma": "no-cache"}


class Answer(msgspec.Struct, frozen=True):
    """JSON, with all headers it needs besides the content type. `body` None is an empty body."""

    status: int
    body: dict[str, Any] | None
    headers: dict[str, str] = msgspec.field(default_factory=lambda: dict(NO_STORE))


class Redirect(msgspec.Struct, frozen=True):
    """Send the browser back to the client; `location` is a registered redirect URI with parameters added."""

    location: str


class Refusal(msgspec.Struct, frozen=True):
    """Show this to the person. The client or its redirect URI is not to be trusted, so nothing may be sent
    there.
    """

    error: str
    description: str


def refused(error: OAuthError, realm: str) -> Answer:
    body = {"error": error.code, "error_description": error.description}
    headers = dict(NO_STORE)
    if isinstance(error, InvalidClient):
        headers["WWW-Authenticate"] = f'Basic realm="{realm}", charset="UTF-8"'
    return Answer(status=error.status, body=body, headers=headers)


def redirect(redirect_uri: str, issuer: str, state: str | None, fields: Mapping[str, str]) -> Redirect:
    """`redirect_uri` with the fields, `state` as it came, and `iss`; a query it already has is kept."""
    added = dict(fields)
    if state is not None:
        added["state"] = state
    added["iss"] = issuer
    parts = urlsplit(redirect_uri)
    query = "&".join(part for part in (parts.query, urlencode(added, quote_via=quote)) if part)
    return Redirect(location=urlunsplit(parts._replace(query=query)))
