"""The named statements of `statements/*.sql`, read once."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files

_NAME = re.compile(r"^-- name: (\w+)\s*$", re.MULTILINE)


@cache
def load() -> dict[str, str]:
    """Name to SQL text. Raises ValueError when two statements share a name."""
    found: dict[str, str] = {}
    for file in sorted((files("core.store") / "statements").iterdir(), key=lambda f: f.name):
        if not file.name.endswith(".sql"):
            continue
        pieces = _NAME.split(file.read_text("utf-8"))
        for name, text in zip(pieces[1::2], pieces[2::2], strict=True):
            if name in found:
                raise ValueError(f"two statements are named {name}")
            found[name] = text.strip().rstrip(";")
    return found


@cache
def migrations() -> list[tuple[int, str, str]]:
    """(number, name, SQL) in order. Numbers run from 1 without a gap."""
    found = []
    for file in sorted((files("core.store") / "migrations").iterdir(), key=lambda f: f.name):
        if match := re.match(r"(\d{4})_(\w+)\.sql\Z", file.name):
            found.append((int(match[1]), match[2], file.read_text("utf-8")))
    if [number for number, _, _ in found] != list(range(1, len(found) + 1)):
        raise ValueError("migrations are not numbered 1, 2, 3 ...")
    return found
