"""Appending, months passing, closing, pruning, crashing and changes from outside, in any order: the trail verifies whenever
nobody changed it, and what was changed is found where it was changed."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, TypeVar

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from core import audit, retention, segments
from core.clock import DAY_MS
from core.model import AuditEvent, Entry
from core.months import earlier, month_of
from tests.core.home import Home, open_home

R = TypeVar("R")


class Crash(BaseException):
    pass


class Trail(RuleBasedStateMachine):
    """`seen` is every event there ever was; `strictest` the shortest retention there ever was."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.runner = asyncio.Runner()
        self.opening = open_home(self.folder)
        self.home: Home = self.do(self.opening.__aenter__())
        self.batch, retention.BATCH_ROWS = retention.BATCH_ROWS, 3
        self.chunk, audit.CHUNK_ROWS = audit.CHUNK_ROWS, 4
        self.seen: dict[int, AuditEvent] = {}
        self.strictest: int | None = None
        self.look()

    def teardown(self) -> None:
        retention.BATCH_ROWS, audit.CHUNK_ROWS = self.batch, self.chunk
        self.do(self.opening.__aexit__(None, None, None))
        self.runner.close()
        shutil.rmtree(self.folder)

    def do(self, work: Coroutine[Any, Any, R]) -> R:
        return self.runner.run(work)

    def look(self) -> list[AuditEvent]:
        there = self.do(self.home.events())
        for event in there:
            assert self.seen.setdefault(event.seq, event) == event
        return there

    def verify(self) -> audit.Verdict:
        house = self.home.house
        return self.do(audit.verify(house.store, house.vault.ring, self.home.workspace.id))

    def known(self) -> list[segments.Segment]:
        return self.do(segments.of(self.home.house.store, self.home.workspace.id))

    @rule(count=st.integers(1, 8))
    def append(self, count: int) -> None:
        entries = [Entry(self.home.admin, "note.written", detail={"n": n}) for n in range(count)]
        self.do(self.home.house.write(lambda tx: self.home.house.log(tx, *entries)))

    @rule(days=st.integers(1, 75))
    def time_passes(self, days: int) -> None:
        self.home.later(days * DAY_MS)

    @rule(months=st.sampled_from([None, 1, 2, 3]))
    def retain(self, months: int | None) -> None:
        self.do(retention.put_rule(self.home.house, self.home.admin, months))
        if months is not None:
            self.strictest = min(months, self.strictest or months)

    @rule()
    def keep(self) -> None:
        assert self.do(retention.keep(self.home.house, self.home.workspace.id)) is not None
        assert not [one for one in self.known() if one.state == "pruning"]

    @rule(after=st.integers(0, 9))
    def keep_and_crash(self, after: int) -> None:
        store, left = self.home.house.store, after
        write = store.write

        async def dying(job: Any) -> Any:
            nonlocal left
            left -= 1
            if left < 0:
                raise Crash
            return await write(job)

        store.write = dying  # type: ignore[method-assign]
        try:
            self.do(retention.keep(self.home.house, self.home.workspace.id))
        except Crash:
            pass
        finally:
            store.write = write  # type: ignore[method-assign]
        self.home.later(retention.TURN_MS)

    @precondition(lambda self: self.look())
    @rule(
        data=st.data(),
        how=st.sampled_from(["UPDATE audit_events SET outcome = 'x'", "DELETE FROM audit_events"]),
    )
    def change_an_event(self, data: st.DataObject, how: str) -> None:
        there = [event.seq for event in self.look()]
        seq = data.draw(st.sampled_from(there))
        [row] = self.do(self.home.rows("SELECT * FROM audit_events WHERE seq = :seq", seq=seq))
        self.do(self.home.execute(f"{how} WHERE seq = :seq", seq=seq))
        found = self.verify()
        if how.startswith("DELETE") and self.is_next_to_go(seq):
            assert found.ok  # just what the pruning would have done next
        else:
            assert (found.ok, found.position) == (False, seq), found
        self.do(self.home.execute("DELETE FROM audit_events WHERE seq = :seq", seq=seq))
        columns = ", ".join(f":{name}" for name in row)
        self.do(self.home.execute(f"INSERT INTO audit_events VALUES ({columns})", **row))

    def is_next_to_go(self, seq: int) -> bool:
        for one in self.known():
            if one.state == "pruning" and one.first_seq <= seq <= one.last_seq:
                return max(e.seq for e in self.look() if e.seq <= one.last_seq) == seq
        return False

    @precondition(lambda self: self.known())
    @rule(
        data=st.data(),
        how=st.sampled_from(
            ["state = 'pruned'", "state = 'closed'", "hash = zeroblob(32)", "month = '1999-01'"]
        ),
    )
    def forge_a_month(self, data: st.DataObject, how: str) -> None:
        one = data.draw(st.sampled_from(self.known()))
        if how == f"state = '{one.state}'":
            return
        where = {"first": one.first_seq}
        self.do(self.home.execute(f"UPDATE audit_segments SET {how} WHERE first_seq = :first", **where))
        found = self.verify()
        assert (found.ok, found.position) == (False, one.first_seq), found
        self.do(
            self.home.execute(
                "UPDATE audit_segments SET state = :state, hash = :hash, month = :month WHERE first_seq = :first",
                state=one.state, hash=one.hash, month=one.month, **where,
            )
        )  # fmt: skip

    @invariant()
    def what_nobody_changed_verifies(self) -> None:
        found = self.verify()
        assert found.ok, found
        house = self.home.house
        assert self.do(audit.check_head(house.store, house.vault.ring, self.home.workspace.id)).ok

    @invariant()
    def nothing_is_gone_before_its_time(self) -> None:
        there = {event.seq for event in self.look()}
        gone = [event for seq, event in self.seen.items() if seq not in there]
        assert not gone or self.strictest is not None
        for event in gone:
            assert month_of(event.at) < earlier(month_of(self.home.now), self.strictest or 0)

    @invariant()
    def what_is_gone_was_told_before(self) -> None:
        there = {event.seq for event in self.look()}
        told = {one.detail["month"] for one in self.seen.values() if one.action == "audit.pruned"}
        for one in self.known():
            whole = set(range(one.first_seq, one.last_seq + 1)) <= there
            assert one.state == "closed" or one.month in told
            assert whole or one.state != "closed"


TestTrail = Trail.TestCase
TestTrail.settings = settings(
    max_examples=12, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
)
TestTrail = pytest.mark.filterwarnings("ignore")(TestTrail)
