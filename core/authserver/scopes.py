"""Scope arithmetic. Source: RFC 6749 section 3.3 (syntax), section 6 (a refresh may ask for fewer, never for
more).
"""

from __future__ import annotations

import re
from collections.abc import Collection

from core.authserver.errors import InvalidScope

_TOKEN = re.compile(r"[\x21\x23-\x5B\x5D-\x7E]+\Z")


def parse(text: str) -> tuple[str, ...]:
    """The scopes of a space-separated list in its order, each once. Raises InvalidScope on characters that
    cannot be one.
    """
    names = tuple(dict.fromkeys(name for name in text.split(" ") if name))
    if not names or not all(_TOKEN.match(name) for name in names):
        raise InvalidScope("scope is empty or has characters that are not allowed")
    return names


def within(asked: tuple[str, ...], allowed: Collection[str]) -> tuple[str, ...]:
    """`asked`, when all of it is allowed. Raises InvalidScope naming what is not."""
    extra = [name for name in asked if name not in allowed]
    if extra:
        raise InvalidScope(f"not available here: {' '.join(extra)}")
    return asked
