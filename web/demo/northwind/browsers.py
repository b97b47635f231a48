"""The browsers that visit Northwind's pages: a cookie, who is signed in, and the token that proves a form
came from our page.

The session changes its name at sign-in (no fixation). SameSite=Lax, since an app's link brings the person
here from elsewhere.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

import msgspec

from core.clock import HOUR_MS
from core.ids import new_token, token_hash
from core.secret import Secret

SESSION_MS = 12 * HOUR_MS
_MOST_SESSIONS = 5_000


class Browser(msgspec.Struct, frozen=True):
    """`fresh_cookie` is set when the answer has to carry the cookie."""

    csrf: str
    person_id: str | None
    expires_at: int
    fresh_cookie: Secret | None = None

    def owns(self, csrf: str | None) -> bool:
        return hmac.compare_digest(self.csrf.encode(), (csrf or "").encode())


class Browsers:
    """Sessions by the hash of their cookie."""

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self._now_ms = now_ms
        self._sessions: dict[bytes, Browser] = {}

    def recognise(self, cookie: str | None) -> Browser:
        """The browser behind a cookie, or a new anonymous one."""
        found = self._sessions.get(token_hash(cookie)) if cookie else None
        if found is not None and found.expires_at > self._now_ms():
            return found
        return self._open(None)

    def sign_in(self, cookie: str | None, person_id: str) -> Browser:
        self.forget(cookie)
        return self._open(person_id)

    def forget(self, cookie: str | None) -> None:
        if cookie:
            self._sessions.pop(token_hash(cookie), None)

    def _open(self, person_id: str | None) -> Browser:
        cookie, expires_at = new_token(), self._now_ms() + SESSION_MS
        kept = Browser(csrf=new_token().reveal(), person_id=person_id, expires_at=expires_at)
        if len(self._sessions) >= _MOST_SESSIONS:
            self._sessions.pop(next(iter(self._sessions)))
        self._sessions[token_hash(cookie.reveal())] = kept
        return msgspec.structs.replace(kept, fresh_cookie=cookie)
