"""The browser's side of a page: a random cookie, kept only as a hash, and the CSRF token derived from it.

The token is HMAC-SHA256 of the page's purpose under the cookie's value: no other origin can read the cookie, so none can make it.
"""

from __future__ import annotations

import hmac

from core.errors import BadCsrf
from core.secret import Secret


def csrf_token(cookie: Secret, purpose: str) -> str:
    """`purpose` ties the token to one page, for example a connect session's id."""
    return hmac.digest(cookie.reveal().encode(), b"valetkey csrf " + purpose.encode(), "sha256").hex()


def check_csrf(cookie: Secret | None, purpose: str, token: str | None) -> None:
    """Raises BadCsrf."""
    if (
        cookie is None
        or not token
        or not hmac.compare_digest(csrf_token(cookie, purpose).encode(), token.encode())
    ):
        raise BadCsrf("The form is not from this browser, or it is too old. Open the page again and repeat.")
