"""How often one app may ask for one person: a fixed window, told in the headers of every answer."""

from __future__ import annotations

from collections.abc import Callable

from web.demo.northwind.problems import TooFast

WINDOW_MS = 60_000


class Limits:
    def __init__(self, per_minute: int, now_ms: Callable[[], int]) -> None:
        self.per_minute, self._now_ms = per_minute, now_ms
        self._used: dict[tuple[str, int], int] = {}

    def count(self, who: str) -> dict[str, str]:
        """One more request of `who`; the headers that say what is left. Raises TooFast when nothing is."""
        window = self._now_ms() // WINDOW_MS
        self._used = {key: used for key, used in self._used.items() if key[1] == window}
        used = self._used[who, window] = self._used.get((who, window), 0) + 1
        resets_at = (window + 1) * WINDOW_MS // 1000
        headers = {
            "X-RateLimit-Limit": str(self.per_minute),
            "X-RateLimit-Remaining": str(max(0, self.per_minute - used)),
            "X-RateLimit-Reset": str(resets_at),
        }
        if used > self.per_minute:
            wait_s = max(1, resets_at - self._now_ms() // 1000)
            raise TooFast("too many requests", headers={**headers, "Retry-After": str(wait_s)})
        return headers
