"""Who asked lately, kept for as long as nobody's rights have changed.

Finding out who presents a key costs three tables and their rules' text; whether anything in these has changed since is one
number in the database, counted by its triggers (`authority`), that every process sees. So a revoked key, a deleted assistant and
a new policy take effect with the next request, whichever process made the change.
"""

from __future__ import annotations

from typing import Generic, TypeVar

C = TypeVar("C")
MOST = 10_000


class Callers(Generic[C]):
    """By the SHA-256 of the key that was presented. What did not fit any key is not kept."""

    def __init__(self) -> None:
        self._version: int | None = None
        self._known: dict[bytes, C] = {}

    def get(self, version: int | None, digest: bytes) -> C | None:
        return self._known.get(digest) if version == self._version else None

    def put(self, version: int | None, digest: bytes, caller: C) -> None:
        """`version`: as it was before the caller was read; None where nobody counts, and so nothing is kept."""
        if version is None:
            return
        if version != self._version or len(self._known) >= MOST:
            self._version, self._known = version, {}
        self._known[digest] = caller
