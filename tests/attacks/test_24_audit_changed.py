"""Row 24: the audit trail changed by somebody who can write to the database, to hide what happened or to have it forgotten.

The trail is a year old: a month that was pruned by the rule, a month that is signed and kept, and what the running service writes
today. Whoever changes it has no key ring.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
import pytest

from core import audit, retention, segments, workspaces
from core.audit import Verdict
from core.clock import DAY_MS
from core.errors import ValetkeyError
from core.house import House
from core.model import Actor, AuditEvent, Entry
from tests.attacks.conftest import Weaken
from tests.flows.shared import SharedService
from tests.harness.tenant import Workspace, made

R = TypeVar("R")


class Trail:
    """The trail of a workspace, seen by its operator (`verdict`, `keep`) and by the attacker (`execute`)."""

    def __init__(self, attacked: Any) -> None:
        self._attacked = attacked
        self.id, key = self.inside(self._old)
        self.workspace = Workspace(attacked.url, self.id, key)
        made(self.workspace.http.put("/v1/policy", json={}))
        self.kept = self.inside(lambda house: segments.of(house.store, self.id))[-1]

    async def _old(self, house: House) -> tuple[str, str]:
        """Made 300 days ago, with a few events then and 100 days ago; kept for six months."""
        house.clock.offset_ms = -300 * DAY_MS
        space, key = await workspaces.create(house, "Acme")
        actor = Actor("admin", "the-admin", space.id)
        for days in (300, 100):
            house.clock.offset_ms = -days * DAY_MS
            entries = [Entry(actor, "key.created", detail={"n": n}) for n in range(4)]
            await house.write(lambda tx, entries=entries: house.log(tx, *entries))
        house.clock.offset_ms = 0
        await retention.put_rule(house, actor, 6)
        await retention.keep(house, space.id)
        return space.id, key.reveal()

    def inside(self, work: Callable[[House], Awaitable[R]]) -> R:
        if isinstance(self._attacked, SharedService):
            return self._attacked.beside(work)
        return self._attacked.run(work(self._attacked.house))  # type: ignore[no-any-return]

    def verdict(self) -> Verdict:
        return self.inside(lambda house: audit.verify(house.store, house.vault.ring, self.id))

    def keep(self) -> None:
        self.inside(lambda house: retention.keep(house, self.id))

    def events(self) -> list[AuditEvent]:
        return self.inside(lambda house: audit.search(house.store, self.id, audit.Search(), 1_000))

    def execute(self, sql: str, **parameters: Any) -> None:
        with sqlite3.connect(self._attacked.database, timeout=20) as connection:
            connection.execute(sql, {"it": self.id, **parameters})
        connection.close()


@pytest.fixture
def trail(attacked: Any) -> Trail:
    one = Trail(attacked)
    months = one.inside(lambda house: segments.of(house.store, one.id))
    assert one.verdict().ok and [month.state for month in months] == ["pruned", "closed"]
    return one


def blind(before: bytes, event: AuditEvent) -> bytes:
    """A chain that believes what stands in the row."""
    return event.hash


def found_at(trail: Trail, defended: bool, position: int) -> None:
    found = trail.verdict()
    assert (found.ok, found.position) == ((False, position) if defended else (True, None)), found


def test_a_changed_event_of_a_signed_month(trail: Trail, defended: bool, weaken: Weaken) -> None:
    weaken(audit, "chain", blind)
    seq = trail.kept.first_seq + 1
    trail.execute(
        "UPDATE audit_events SET actor_id = 'somebody' WHERE workspace = :it AND seq = :seq", seq=seq
    )
    found_at(trail, defended, seq)


def test_a_months_events_deleted_and_said_to_be_pruned(trail: Trail, defended: bool, weaken: Weaken) -> None:
    weaken(segments, "authentic", lambda ring, segment: True)
    month = {"first": trail.kept.first_seq, "last": trail.kept.last_seq}
    trail.execute(
        "DELETE FROM audit_events WHERE workspace = :it AND seq >= :first AND seq <= :last", **month
    )
    trail.execute("UPDATE audit_segments SET state = 'pruned' WHERE workspace = :it")
    found_at(trail, defended, trail.kept.first_seq)


def test_a_pruned_months_row_taken_out(trail: Trail, defended: bool, weaken: Weaken) -> None:
    """With it nobody could tell where the chain begins; the undefended one begins wherever there is something."""
    weaken(segments, "fault", lambda ring, known, count: None)
    trail.execute("DELETE FROM audit_segments WHERE workspace = :it AND first_seq = 1")
    found_at(trail, defended, 1)


def test_a_shorter_retention_does_not_have_the_service_delete(
    trail: Trail, defended: bool, weaken: Weaken
) -> None:
    weaken(retention, "_authentic", lambda ring, rule: True)
    before = trail.events()
    trail.execute("UPDATE audit_retention SET months = 1 WHERE workspace = :it")
    if defended:
        with pytest.raises(ValetkeyError, match="changed from outside"):
            trail.keep()
        assert trail.events() == before
    else:
        trail.keep()
        assert trail.events()[0].seq > trail.kept.last_seq
    assert trail.verdict().ok


def test_todays_events_cut_off_and_the_head_put_back(trail: Trail, defended: bool, weaken: Weaken) -> None:
    weaken(audit, "_authentic", lambda ring, workspace, head: True)
    *_, last_but_one, last = trail.events()
    trail.execute("DELETE FROM audit_events WHERE workspace = :it AND seq = :seq", seq=last.seq)
    trail.execute(
        "UPDATE audit_heads SET count = :count, hash = :hash WHERE workspace = :it",
        count=last_but_one.seq,
        hash=last_but_one.hash,
    )
    found_at(trail, defended, last_but_one.seq)
    answer = trail.workspace.http.put("/v1/policy", json={})
    assert answer.status_code == (503 if defended else 200)  # nothing is appended to it, and nothing done


def test_an_event_made_up_with_hashes_that_fit(trail: Trail, defended: bool, weaken: Weaken) -> None:
    """Hashes anybody can compute; the signed head nobody without the ring."""
    weaken(audit, "_authentic", lambda ring, workspace, head: True)
    last = trail.events()[-1]
    forged = msgspec.structs.replace(last, seq=last.seq + 1, id=last.id[:-2] + "zz", actor_id="somebody")
    fitting = audit.chain(last.hash, forged)
    names = ", ".join(f'"{name}"' for name in AuditEvent.__struct_fields__)
    values = msgspec.structs.asdict(forged) | {
        "hash": fitting,
        "detail": msgspec.json.encode(forged.detail).decode(),
    }
    trail.execute(
        f"INSERT INTO audit_events ({names}) VALUES ({', '.join(f':{name}' for name in values)})", **values
    )
    trail.execute(
        "UPDATE audit_heads SET count = count + 1, hash = :hash WHERE workspace = :it", hash=fitting
    )
    found_at(trail, defended, forged.seq)
