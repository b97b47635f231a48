"""The records of one Northwind, and what each person sees of them. In memory: gone when the process ends."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import msgspec

from web.demo.northwind.problems import BadField, NoSuchRecord
from web.demo.northwind.records import Comment, Note, Person, Project, Record, Task
from web.demo.northwind.seed import PEOPLE, seeded

R = TypeVar("R", bound=Record)


class Book:
    """Every record by id. Reading methods answer only what `person` may see; others' records are as good as
    absent.
    """

    def __init__(self, now_ms: Callable[[], int]) -> None:
        self.now_ms = now_ms
        self.people = {person.id: person for person in PEOPLE}
        self.records: dict[str, Record] = {record.id: record for record in seeded(now_ms())}
        self._last_id = max(int(each.partition("_")[2]) for each in self.records)

    def all(self, kind: type[R], person: Person) -> list[R]:
        rows = [each for each in self.records.values() if isinstance(each, kind) and self.sees(person, each)]
        if issubclass(kind, Project):
            self._count_tasks()
        return rows

    def one(self, kind: type[R], record_id: str, person: Person) -> R:
        """Raises NoSuchRecord when it is not there, of another kind, or not to be seen."""
        record = self.records.get(record_id)
        if not isinstance(record, kind) or not self.sees(person, record):
            raise NoSuchRecord(f"there is no {kind.__name__.lower()} {record_id[:40]!r} that you can see")
        self._count_tasks()
        return record

    def sees(self, person: Person, record: Record) -> bool:
        """Own things, the team's things, what is shared, and what belongs to a project one is a member of."""
        if isinstance(record, Project) and person.id in record.member_ids:
            return True
        if isinstance(record, Task):
            return record.owner_id == person.id or self.sees(person, self.records[record.project_id])
        if isinstance(record, Comment):
            return self.sees(person, self.records[record.task_id])
        if isinstance(record, Note):
            return self.sees(person, self.records[record.about_id])
        return record.shared or self.people[record.owner_id].team == person.team

    def add(self, record: R) -> R:
        self.records[record.id] = record
        return record

    def remove(self, task: Task) -> None:
        """The task and the comments on it."""
        gone = [
            each.id for each in self.records.values() if isinstance(each, Comment) and each.task_id == task.id
        ]
        for record_id in (task.id, *gone):
            del self.records[record_id]

    def new_id(self, kind: str) -> str:
        self._last_id += 1
        return f"{kind}_{self._last_id}"

    def _count_tasks(self) -> None:
        counts: dict[str, list[int]] = {}
        for each in self.records.values():
            if isinstance(each, Task):
                counts.setdefault(each.project_id, [0, 0])[each.status == "done"] += 1
        for each in self.records.values():
            if isinstance(each, Project):
                each.open_tasks, each.done_tasks = counts.get(each.id, [0, 0])


def page(
    rows: Iterable[R], key: Callable[[R], Any], limit: int, cursor: str | None, asked: str
) -> dict[str, Any]:
    """`{items, next}` in the order of `key`, after `cursor`. A cursor works only with the filters (`asked`)
    it came from.
    """
    tag = hashlib.sha256(asked.encode()).hexdigest()[:8]
    ordered = sorted(rows, key=lambda row: (key(row), row.id))
    after = _read_cursor(cursor, tag) if cursor else None
    rest = [row for row in ordered if after is None or [key(row), row.id] > after]
    items = rest[:limit]
    more = len(rest) > limit
    return {"items": items, "next": _cursor(tag, [key(items[-1]), items[-1].id]) if more else None}


def _cursor(tag: str, position: list[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode([tag, position])).rstrip(b"=").decode()


def _read_cursor(cursor: str, tag: str) -> list[Any]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        own, position = msgspec.json.decode(raw, type=tuple[str, list[str | int]])
    except (binascii.Error, ValueError, msgspec.MsgspecError):
        raise BadField("the cursor is not one this list gave out", field="cursor") from None
    if own != tag or len(position) != 2:
        raise BadField("the cursor belongs to another search", field="cursor")
    return position


def pick(record: Any, fields: str | None) -> dict[str, Any]:
    """The record as JSON, or only the named `fields` of it (and never whether it is shared)."""
    whole = {name: value for name, value in msgspec.to_builtins(record).items() if name != "shared"}
    if fields is None:
        return whole
    wanted = [name for name in fields.split(",") if name]
    unknown = [name for name in wanted if name not in whole]
    if unknown:
        raise BadField(f"there is no field {unknown[0][:40]!r}", field="fields")
    return {name: whole[name] for name in wanted}
