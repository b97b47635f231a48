"""What is kept: one protocol, an engine behind it, numbered migrations, and the statements in `statements/*.sql`.

A statement is named (`-- name: grant_get`), written in the SQL subset that SQLite and PostgreSQL share, with `:name`
parameters. Rows come back as structs: a column has the field's name; a field that is no plain value (list, dict, struct)
is JSON text in the column.

    grant = await store.one("grant_get", Grant, workspace=..., id=...)
    await store.write(job)          # `async def job(tx): ...` is atomic, and durable when `write` returns

A job may await its own `tx` and nothing else: it runs inside the engine's transaction, together with other jobs
waiting at that moment (group commit). Outcomes, good or bad, are told only after COMMIT.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, Protocol, TypeVar

from core.errors import ValetkeyError

T = TypeVar("T")
R = TypeVar("R")


class StoreError(ValetkeyError):
    """The database failed or is not there; nothing of the job was kept."""

    code = "not_ready"
    status = 503
    title = "The database did not take the change"


class Reader(Protocol):
    async def one(self, name: str, into: type[T], /, **params: Any) -> T | None:
        """The first row of a named statement that finds it by an index, or None."""

    async def some(self, name: str, into: type[T], /, **params: Any) -> list[T]:
        """The rows of a named statement that finds a handful of them by an index."""

    async def all(self, name: str, into: type[T], /, **params: Any) -> list[T]:
        """The rows of a named statement, however many and however long it takes."""

    async def query(self, sql: str, into: type[T], /, params: Mapping[str, Any]) -> list[T]:
        """All rows of a statement put together from fixed pieces; never from what somebody sent."""


class Tx(Reader, Protocol):
    async def run(self, name: str, /, **params: Any) -> int:
        """Execute a named statement; how many rows it changed."""

    async def run_many(self, name: str, rows: Iterable[Mapping[str, Any]], /) -> None: ...


class Store(Reader, Protocol):
    async def write(self, job: Callable[[Tx], Awaitable[R]]) -> R:
        """Run the job in a transaction; returns or raises what it did, after the commit."""

    async def migrate(self) -> list[int]:
        """Apply the migrations this database lacks; their numbers. Safe beside a running server."""

    async def pending_migrations(self) -> list[int]: ...

    async def close(self) -> None: ...
