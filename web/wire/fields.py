"""Fields that several forms have, with their bounds: text, names, ids, times (RFC 3339, UTC) and durations (seconds)."""

from __future__ import annotations

from typing import Annotated

from msgspec import Meta

from core.clock import rfc3339

Text = Annotated[str, Meta(max_length=2_000)]
Name = Annotated[
    str, Meta(max_length=10_000, description="Shown to people: cleaned and cut to 80 characters")
]
UserId = Annotated[
    str, Meta(max_length=200, description="The builder's own id of its user", examples=["u_42"])
]
ToolName = Annotated[
    str, Meta(max_length=200, description="`slug.function`", examples=["northwind.find_deals"])
]
Time = Annotated[str, Meta(description="RFC 3339, UTC", examples=["2026-11-23T14:03:00.000Z"])]
Seconds = Annotated[int, Meta(ge=60, le=86_400, description="Seconds")]


def when(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)
