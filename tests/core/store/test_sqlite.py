"""The promises of the store on SQLite: a job is kept whole or not at all, jobs share a commit, what was acknowledged stays."""

from __future__ import annotations

import asyncio
import os
import signal
import sqlite3
import sys
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest

from core.ids import new_id
from core.model import Policy, Workspace
from core.store import StoreError, Tx
from core.store.sqlite import SqliteStore, _connect
from core.store.statements import migrations

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteStore]:
    one = SqliteStore.open(str(tmp_path / "folder" / "valetkey.db"))
    await one.migrate()
    yield one
    await one.close()


def insert(name: str, *, then: BaseException | None = None) -> Callable[[Tx], Awaitable[str]]:
    async def job(tx: Tx) -> str:
        await tx.run("workspace_insert", id=new_id("ws"), name=name, policy=Policy(), created_at=1)
        if then is not None:
            raise then
        return name

    return job


async def names(store: SqliteStore) -> list[str]:
    return sorted(one.name for one in await store.all("workspaces_all", Workspace))


async def test_a_write_answers_what_the_job_returned_and_can_be_read(store: SqliteStore) -> None:
    assert await store.write(insert("a")) == "a"
    [found] = await store.all("workspaces_all", Workspace)
    assert (found.name, found.policy) == ("a", Policy())
    assert await store.one("workspace_get", Workspace, id=found.id) == found
    assert await store.some("workspace_get", Workspace, id=found.id) == [found]
    assert await store.query("SELECT count(*) FROM workspaces", int, {}) == [1]
    assert await store.one("workspace_get", Workspace, id="ws_nothing") is None


async def test_a_job_that_raises_leaves_nothing_and_the_others_in_its_batch_everything(
    store: SqliteStore,
) -> None:
    jobs = [insert(str(n), then=ValueError("odd") if n % 2 else None) for n in range(20)]
    outcomes = await asyncio.gather(*(store.write(job) for job in jobs), return_exceptions=True)
    assert [isinstance(one, ValueError) for one in outcomes] == [n % 2 == 1 for n in range(20)]
    assert await names(store) == sorted(str(n) for n in range(0, 20, 2))


async def test_a_broken_rule_of_the_schema_fails_its_own_job_only(store: SqliteStore) -> None:
    async def twice(tx: Tx) -> None:
        for _ in range(2):
            await tx.run("workspace_insert", id="ws_same", name="twice", policy=Policy(), created_at=1)

    bad, good = await asyncio.gather(store.write(twice), store.write(insert("good")), return_exceptions=True)
    assert isinstance(bad, sqlite3.IntegrityError) and good == "good"
    assert await names(store) == ["good"]


async def test_jobs_that_wait_together_share_commits(store: SqliteStore) -> None:
    commits: list[int] = []
    original = store._commit
    store._commit = lambda jobs: (commits.append(len(jobs)), original(jobs))[1]  # type: ignore[method-assign, func-returns-value]
    await asyncio.gather(*(store.write(insert(str(n))) for n in range(200)))
    assert sum(commits) == 200 and len(commits) <= 3
    assert len(await names(store)) == 200


async def test_the_jobs_of_a_batch_see_what_the_earlier_ones_did(store: SqliteStore) -> None:
    async def counted(tx: Tx) -> int:
        await insert("x")(tx)
        return (await tx.query("SELECT count(*) FROM workspaces", int, {}))[0]

    assert await asyncio.gather(*(store.write(counted) for _ in range(10))) == list(range(1, 11))


async def test_a_job_that_waits_for_anything_else_is_refused_and_undone(store: SqliteStore) -> None:
    async def waits(tx: Tx) -> None:
        await insert("half")(tx)
        await asyncio.sleep(0)

    with pytest.raises(RuntimeError, match="its own statements and nothing else"):
        await store.write(waits)
    assert await names(store) == []
    assert await store.write(insert("next")) == "next"


async def test_a_caller_that_goes_away_does_not_stop_its_job(store: SqliteStore) -> None:
    writing = asyncio.ensure_future(store.write(insert("gone")))
    await asyncio.sleep(0)  # handed in
    await asyncio.sleep(0)
    writing.cancel()
    assert await store.write(insert("other")) == "other"
    assert "other" in await names(store)


async def test_a_reader_does_not_see_what_is_not_committed(store: SqliteStore, tmp_path: Path) -> None:
    seen: list[int] = []

    async def job(tx: Tx) -> None:
        await insert("later")(tx)
        outside = sqlite3.connect(store.path)
        seen.append(outside.execute("SELECT count(*) FROM workspaces").fetchone()[0])
        outside.close()

    await store.write(job)
    assert seen == [0] and await names(store) == ["later"]


async def test_a_database_somebody_holds_is_told_as_such_and_nothing_is_kept(
    store: SqliteStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store.write(insert("before"))
    await store.write(lambda tx: tx.query("PRAGMA busy_timeout = 50", dict, {}))
    holder = sqlite3.connect(store.path, isolation_level=None)
    holder.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError) as refused:
        await store.write(insert("during"))
    assert refused.value.status == 503 and "Nothing was kept" in refused.value.detail
    holder.execute("ROLLBACK")
    holder.close()
    assert await store.write(insert("after")) == "after"
    assert await names(store) == ["after", "before"]


async def test_a_closed_store_finishes_what_it_has_and_takes_no_more(tmp_path: Path) -> None:
    store = SqliteStore.open(str(tmp_path / "x.db"))
    await store.migrate()
    writing = [asyncio.ensure_future(store.write(insert(str(n)))) for n in range(50)]
    await asyncio.sleep(0)
    await store.close()
    assert sorted(await asyncio.gather(*writing)) == sorted(str(n) for n in range(50))
    with pytest.raises(StoreError, match="stopping"):
        await store.write(insert("late"))


# ---- migrations ---------------------------------------------------------------------------------------------------


async def test_migrations_run_once_and_say_so(store: SqliteStore) -> None:
    assert await store.migrate() == [] and await store.pending_migrations() == []


async def test_several_that_start_at_once_apply_each_migration_once(tmp_path: Path) -> None:
    for attempt in range(5):
        all_of_them = [SqliteStore.open(str(tmp_path / f"{attempt}.db")) for _ in range(4)]
        done = await asyncio.gather(*(one.migrate() for one in all_of_them))
        assert sorted(number for one in done for number in one) == [number for number, _, _ in migrations()]
        for one in all_of_them:
            assert await one.pending_migrations() == []
            await one.close()


def test_many_that_open_a_new_file_at_once_all_get_in(tmp_path: Path) -> None:
    """Without waiting, one of four new files was refused to somebody."""
    for number in range(40):
        path, barrier, refused = str(tmp_path / f"{number}.db"), threading.Barrier(4), []

        def opened(
            path: str = path, barrier: threading.Barrier = barrier, refused: list[str] = refused
        ) -> None:
            barrier.wait()
            try:
                _connect(path).close()
            except sqlite3.OperationalError as error:
                refused.append(str(error))

        threads = [threading.Thread(target=opened) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert refused == []


async def test_a_database_from_the_future_is_refused(store: SqliteStore) -> None:
    with sqlite3.connect(store.path) as connection:
        connection.execute("INSERT INTO migrations VALUES (999, 'future', 'then')")
    connection.close()
    with pytest.raises(StoreError, match="newer than this program"):
        await store.pending_migrations()


# ---- crashes ------------------------------------------------------------------------------------------------------

WRITER = """
import asyncio, os, sys
from tests.core.store.test_sqlite import SqliteStore, insert

async def main():
    store = SqliteStore.open(sys.argv[1])
    number = 0
    async def forever(at):
        nonlocal number
        while True:
            number += 1
            name = await store.write(insert(f"{os.getpid()}-{at}-{number}"))
            os.write(1, (name + "\\n").encode())   # the acknowledgement
    await asyncio.gather(*(forever(at) for at in range(8)))

asyncio.run(main())
"""


@pytest.mark.parametrize("after", [1, 40])
async def test_a_killed_writer_loses_nothing_it_acknowledged(
    store: SqliteStore, tmp_path: Path, after: int
) -> None:
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        WRITER,
        store.path,
        stdout=asyncio.subprocess.PIPE,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
    )
    assert child.stdout is not None
    told = [await asyncio.wait_for(child.stdout.readline(), 30) for _ in range(after)]
    child.send_signal(signal.SIGKILL)
    rest = await child.stdout.read()
    await child.wait()
    acknowledged = {
        line.decode().strip() for line in [*told, *rest.splitlines(keepends=True)] if line.endswith(b"\n")
    }
    assert len(acknowledged) >= after and acknowledged <= set(await names(store))
    assert await store.query("PRAGMA integrity_check", str, {}) == ["ok"]
    assert await store.write(insert("afterwards")) == "afterwards"


async def test_what_is_destroyed_does_not_linger_in_the_file(store: SqliteStore) -> None:
    await store.write(insert("a-name-that-must-vanish"))
    await store.write(lambda tx: tx.query("DELETE FROM workspaces RETURNING id", str, {}))
    await store.close()
    assert b"must-vanish" not in Path(store.path).read_bytes()  # noqa: ASYNC240


async def test_whether_it_is_current_can_be_asked_while_a_writer_waits(store: SqliteStore) -> None:
    with sqlite3.connect(store.path, isolation_level=None) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.ensure_future(store.write(insert("later")))
        await asyncio.sleep(0.05)
        async with asyncio.timeout(2):
            assert await store.pending_migrations() == []
        other.execute("ROLLBACK")
    assert await waiting == "later"
    other.close()


async def test_a_damaged_file_is_told_as_such_however_it_is_asked(tmp_path: Path) -> None:
    path = tmp_path / "valetkey.db"
    path.write_bytes(b"no database at all, " * 500)
    store = SqliteStore.open(str(path))
    for asking in (
        store.pending_migrations(),
        store.one("workspace_get", Workspace, id="x"),
        store.all("workspaces_all", Workspace),
        store.write(insert("x")),
    ):
        with pytest.raises(StoreError):
            await asking
    await store.close()
