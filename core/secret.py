"""A value that must not be printed. Everything secret travels inside one until the byte where it is used."""

from __future__ import annotations

import hmac
from typing import Any


class Secret:
    """Holds a string whose `str`, `repr`, format and pickle never show it. `reveal()` is the one way out (grep for it)."""

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return "***"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash(("Secret", self._value))

    def __bool__(self) -> bool:
        return bool(self._value)

    def __reduce__(self) -> Any:
        raise TypeError("a Secret cannot be serialised; call reveal() where it is sealed or sent")
