"""SQLite behind the store's protocol: WAL, synchronous=FULL, foreign keys, BEGIN IMMEDIATE, one writer, a few readers.

The writer is one thread that owns one connection. Jobs that wait while a transaction is being committed share the next one
(each in a savepoint), so that many small writes cost one fsync. A job is a coroutine that awaits only its own `tx`; here these
never suspend, so the thread drives it without an event loop and a job that waits for anything else is an error, not a stall.

A read that finds a handful of rows by an index (`one`, `some`) costs 10 us and is done where it is asked for; giving it to a
thread costs five times that. Readers never wait for the writer in WAL. Whatever may take longer (`all`, `query`) has threads
of its own.

Limits: one machine. Several processes may open the same file (the CLI beside a running server): they wait for each other
up to `BUSY_S` seconds.   Source: https://www.sqlite.org/wal.html, https://www.sqlite.org/pragma.html (read 2026-11-24).
"""

from __future__ import annotations

import asyncio
import logging
import sqlite3
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TypeVar, cast

from core.store import StoreError, Tx
from core.store.rows import parameter, reader
from core.store.statements import load, migrations

T = TypeVar("T")
R = TypeVar("R")
log = logging.getLogger("valetkey.store")

BUSY_S = 10.0
BATCH_JOBS = 512
READERS = 4


def _connect(path: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        path, timeout=BUSY_S, isolation_level=None, check_same_thread=False, cached_statements=512
    )
    _write_ahead(connection)
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("PRAGMA foreign_keys = ON")
    connection.execute("PRAGMA secure_delete = ON")  # what is destroyed must not linger in free pages
    connection.execute("PRAGMA journal_size_limit = 67108864")
    return connection


def _write_ahead(connection: sqlite3.Connection) -> None:
    """The first switch of a new file to WAL does not wait for another process that is doing the same; so we do."""
    until = time.monotonic() + BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
            return
        except sqlite3.OperationalError:
            if time.monotonic() > until:
                raise
            time.sleep(0.01)


def _is_the_engines(error: sqlite3.DatabaseError) -> bool:
    """Whether the file or the engine failed (locked, gone; damaged is the bare base class), not the statement."""
    return isinstance(error, sqlite3.OperationalError) or type(error) is sqlite3.DatabaseError


def _unreadable(error: sqlite3.Error) -> StoreError:
    return StoreError(f"The database could not be read ({error}). Try again; `valetkey doctor` says more.")


def _rows(connection: sqlite3.Connection, sql: str, into: type[T], params: Mapping[str, Any]) -> list[T]:
    cursor = connection.execute(sql, {name: parameter(value) for name, value in params.items()})
    found = cursor.fetchall()
    if not found:
        return []
    read = reader(into, tuple([column[0] for column in cursor.description]))  # type: ignore[arg-type]
    return [read(row) for row in found]


class _Tx:
    """What a job sees. The methods are coroutines because other engines wait; these do not."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    async def one(self, name: str, into: type[T], /, **params: Any) -> T | None:
        found = _rows(self._connection, load()[name], into, params)
        return found[0] if found else None

    async def some(self, name: str, into: type[T], /, **params: Any) -> list[T]:
        return _rows(self._connection, load()[name], into, params)

    async def all(self, name: str, into: type[T], /, **params: Any) -> list[T]:
        return _rows(self._connection, load()[name], into, params)

    async def query(self, sql: str, into: type[T], /, params: Mapping[str, Any]) -> list[T]:
        return _rows(self._connection, sql, into, params)

    async def run(self, name: str, /, **params: Any) -> int:
        values = {key: parameter(value) for key, value in params.items()}
        return self._connection.execute(load()[name], values).rowcount

    async def run_many(self, name: str, rows: Iterable[Mapping[str, Any]], /) -> None:
        encoded = ({key: parameter(value) for key, value in row.items()} for row in rows)
        self._connection.executemany(load()[name], encoded)


def _drive(job: Awaitable[R]) -> R:
    """Run a coroutine that never suspends to its end."""
    coroutine = cast("Coroutine[Any, Any, R]", job)
    try:
        coroutine.send(None)
    except StopIteration as stop:
        return cast(R, stop.value)
    coroutine.close()
    raise RuntimeError("a transaction may await its own statements and nothing else")


Job = Callable[[Tx], Awaitable[Any]]


class SqliteStore:
    """One database file. Open with `SqliteStore.open(path)`, close once."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._local = threading.local()
        self._connections: list[sqlite3.Connection] = []
        self._lock = threading.Lock()
        self._readers = ThreadPoolExecutor(READERS, thread_name_prefix="valetkey-read")
        self._writer = ThreadPoolExecutor(1, thread_name_prefix="valetkey-write")
        self._waiting: list[tuple[Job, asyncio.Future[Any]]] = []
        self._flushing: asyncio.Task[None] | None = None
        self._closed = False
        self._statements = load()

    @classmethod
    def open(cls, path: str) -> SqliteStore:
        if path != ":memory:":
            Path(path).parent.mkdir(parents=True, exist_ok=True)
        return cls(path)

    # ---- reading ------------------------------------------------------------------------------------------

    def _connection(self) -> sqlite3.Connection:
        """This thread's own connection."""
        connection = getattr(self._local, "connection", None)
        if connection is None:
            connection = self._local.connection = _connect(self.path)
            with self._lock:
                self._connections.append(connection)
        return connection

    async def _read(self, sql: str, into: type[T], params: Mapping[str, Any]) -> list[T]:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(
                self._readers, lambda: _rows(self._connection(), sql, into, params)
            )
        except sqlite3.DatabaseError as error:
            if not _is_the_engines(error):
                raise
            raise _unreadable(error) from error

    def _at_once(self, name: str, into: type[T], params: Mapping[str, Any]) -> list[T]:
        try:
            return _rows(self._connection(), self._statements[name], into, params)
        except sqlite3.DatabaseError as error:
            if not _is_the_engines(error):
                raise
            raise _unreadable(error) from error

    async def one(self, name: str, into: type[T], /, **params: Any) -> T | None:
        found = self._at_once(name, into, params)
        return found[0] if found else None

    async def some(self, name: str, into: type[T], /, **params: Any) -> list[T]:
        return self._at_once(name, into, params)

    async def all(self, name: str, into: type[T], /, **params: Any) -> list[T]:
        return await self._read(self._statements[name], into, params)

    async def query(self, sql: str, into: type[T], /, params: Mapping[str, Any]) -> list[T]:
        return await self._read(sql, into, params)

    # ---- writing ------------------------------------------------------------------------------------------

    async def write(self, job: Callable[[Tx], Awaitable[R]]) -> R:
        if self._closed:
            raise StoreError("The service is stopping. Try again.")
        loop = asyncio.get_running_loop()
        outcome: asyncio.Future[R] = loop.create_future()
        self._waiting.append((job, outcome))
        if self._flushing is None or self._flushing.done():
            self._flushing = loop.create_task(self._flush())
        # A caller that goes away must not leave a half-told job: the job runs, only the answer is dropped.
        return await outcome

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting:
            batch, self._waiting = self._waiting[:BATCH_JOBS], self._waiting[BATCH_JOBS:]
            batch = [(job, outcome) for job, outcome in batch if not outcome.cancelled()]
            jobs = [job for job, _ in batch]
            try:
                results = await loop.run_in_executor(self._writer, self._commit, jobs)
            except sqlite3.Error as error:
                log.error("commit failed: %s", error)
                failure = StoreError(
                    f"The database did not take the change ({error}). Nothing was kept; try again."
                )
                results = [(None, failure)] * len(batch)
            for (_, outcome), (value, raised) in zip(batch, results, strict=True):
                if outcome.done():
                    continue
                if raised is not None:
                    outcome.set_exception(raised)
                else:
                    outcome.set_result(value)

    def _commit(self, jobs: list[Job]) -> list[tuple[Any, BaseException | None]]:
        """One transaction over the jobs, in the writer's thread; each job's value or error, valid because committed."""
        connection = self._connection()
        connection.execute("BEGIN IMMEDIATE")
        try:
            results = [self._attempt(connection, job) for job in jobs]
            connection.execute("COMMIT")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
        return results

    @staticmethod
    def _attempt(connection: sqlite3.Connection, job: Job) -> tuple[Any, BaseException | None]:
        connection.execute("SAVEPOINT job")
        try:
            value = _drive(job(cast(Tx, _Tx(connection))))
        except sqlite3.OperationalError:
            raise  # the engine, not the job: the whole batch is told so
        except Exception as error:
            connection.execute("ROLLBACK TO job")
            connection.execute("RELEASE job")
            return None, error
        connection.execute("RELEASE job")
        return value, None

    # ---- life ---------------------------------------------------------------------------------------------

    async def migrate(self) -> list[int]:
        return await asyncio.get_running_loop().run_in_executor(self._writer, self._migrate)

    def _applied(self) -> set[int]:
        connection = self._connection()
        connection.execute(
            "CREATE TABLE IF NOT EXISTS migrations (number INTEGER PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)"
        )
        return {row[0] for row in connection.execute("SELECT number FROM migrations")}

    def _migrate(self) -> list[int]:
        connection = self._connection()
        done = []
        for number, name, sql in migrations():
            connection.execute(
                "BEGIN IMMEDIATE"
            )  # the lock first: two starts at once apply each migration once
            try:
                if number not in self._applied():
                    for statement in filter(None, (piece.strip() for piece in sql.split(";\n"))):
                        connection.execute(statement)
                    connection.execute(
                        "INSERT INTO migrations VALUES (?, ?, strftime('%Y-%m-%dT%H:%M:%SZ', 'now'))",
                        (number, name),
                    )
                    done.append(number)
                connection.execute("COMMIT")
            except BaseException:
                connection.execute("ROLLBACK")
                raise
        return done

    async def pending_migrations(self) -> list[int]:
        def pending() -> list[int]:
            connection = self._connection()
            made = connection.execute("SELECT 1 FROM sqlite_master WHERE name = 'migrations'").fetchone()
            applied = (
                {row[0] for row in connection.execute("SELECT number FROM migrations")} if made else set()
            )
            unknown = applied - {number for number, _, _ in migrations()}
            if unknown:
                raise StoreError(
                    f"The database is newer than this program (migration {max(unknown)}). Upgrade the program."
                )
            return [number for number, _, _ in migrations() if number not in applied]

        try:  # reading only, so that whoever asks for readiness waits for no writer
            return await asyncio.get_running_loop().run_in_executor(self._readers, pending)
        except sqlite3.DatabaseError as error:
            if not _is_the_engines(error):
                raise
            raise _unreadable(error) from error

    async def fault(self) -> str | None:
        """The first thing wrong with the file, or None: `PRAGMA quick_check`."""
        try:
            [found] = await self.query("PRAGMA quick_check(1)", str, {})
        except (StoreError, sqlite3.DatabaseError) as error:
            return str(error.__cause__ or error)
        return None if found == "ok" else found

    async def close(self) -> None:
        """Finish what was handed in, then close. Later writes are refused."""
        self._closed = True
        while self._flushing is not None and not self._flushing.done():
            await asyncio.shield(self._flushing)
        self._readers.shutdown(wait=True)
        self._writer.shutdown(wait=True)
        for connection in self._connections:
            connection.close()
