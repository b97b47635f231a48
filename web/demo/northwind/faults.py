"""Troubles a test can switch on from Python, in the process that serves Northwind. There is no way to do it
over HTTP.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Place = Literal["authorize", "token", "revocation", "introspection", "api"]

_PLACES: dict[str, Place] = {
    "/oauth/authorize": "authorize",
    "/oauth/token": "token",
    "/oauth/revoke": "revocation",
    "/oauth/introspect": "introspection",
}


class _Trouble(msgspec.Struct):
    status: int | None = None
    times: int | None = None
    before_s: float = 0.0
    after_s: float = 0.0


class Faults:
    """`extra_scopes` are granted although nobody asked: the provider that gives more than it should."""

    def __init__(self) -> None:
        self._troubles: dict[Place, _Trouble] = {}
        self.extra_scopes: tuple[str, ...] = ()

    def fail(self, place: Place, status: int = 503, *, times: int | None = None) -> None:
        """Answer `status` instead of doing anything, the next `times` times (None: until `clear`)."""
        trouble = self._at(place)
        trouble.status, trouble.times = status, times

    def slow(self, place: Place, *, before_s: float = 0.0, after_s: float = 0.0) -> None:
        """Wait before doing what was asked, or after it was done and before the answer leaves."""
        trouble = self._at(place)
        trouble.before_s, trouble.after_s = before_s, after_s

    def clear(self) -> None:
        self._troubles.clear()
        self.extra_scopes = ()

    def failure(self, place: Place) -> int | None:
        """The status to fail with now; counts down `times`."""
        trouble = self._at(place)
        if trouble.status is None or trouble.times == 0:
            return None
        if trouble.times is not None:
            trouble.times -= 1
        return trouble.status

    def delays(self, place: Place) -> tuple[float, float]:
        trouble = self._at(place)
        return trouble.before_s, trouble.after_s

    def _at(self, place: Place) -> _Trouble:
        return self._troubles.setdefault(place, _Trouble())


def place_of(path: str) -> Place | None:
    return "api" if path.startswith("/api/") else _PLACES.get(path)
