"""What arrives: form or query parameters, each at most once.

Source: RFC 6749 section 3.1 and 3.2 (repeated parameters are an error, empty ones count as left out), RFC
8707 section 2 (`resource` alone may repeat).
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import parse_qsl

import msgspec

from core.authserver.errors import InvalidRequest

_MAY_REPEAT = frozenset({"resource"})


class Parameters:
    """Parsed parameters. Parsing never fails; asking for one that was sent twice raises InvalidRequest."""

    __slots__ = ("_values",)

    def __init__(self, pairs: Iterable[tuple[str, str]]) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            if value:
                self._values.setdefault(name, []).append(value)

    @classmethod
    def parse(cls, text: str) -> Parameters:
        """From `application/x-www-form-urlencoded`: a request body or a query string."""
        try:
            return cls(parse_qsl(text, keep_blank_values=True, max_num_fields=100))
        except ValueError:
            return cls([])

    def one(self, name: str) -> str | None:
        values = self._values.get(name, [])
        if len(values) > 1:
            raise InvalidRequest(f"{name} was sent more than once")
        return values[0] if values else None

    def need(self, name: str) -> str:
        value = self.one(name)
        if value is None:
            raise InvalidRequest(f"{name} is missing")
        return value

    def many(self, name: str) -> tuple[str, ...]:
        return tuple(self._values.get(name, ()))

    def refuse_repeats(self) -> None:
        for name in self._values:
            if name not in _MAY_REPEAT:
                self.one(name)


class Request(msgspec.Struct, frozen=True):
    """A POST to the token, revocation or introspection endpoint."""

    form: Parameters
    authorization: str | None = None
