"""Todoist's tasks and projects: what an assistant gets to see of them, what Todoist answers, and the way between.

Sources and limits: `connectors/todoist.py`. Todoist cannot be asked for single fields: a task comes with some thirty
members, of which those named here are kept.
"""

from __future__ import annotations

from typing import Literal

import msgspec

Priority = Literal["p1", "p2", "p3", "p4"]

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Task(msgspec.Struct, frozen=True):
    """`due` is a date, or a date and time; `repeats`: closing it moves it to its next date. `p1` is the most urgent."""

    id: str
    content: str
    due: str | None
    repeats: bool
    priority: str
    labels: list[str]
    project_id: str | None
    url: str


class TaskDetails(Task, frozen=True):
    description: str
    deadline: str | None
    created_at: str | None


class Project(msgspec.Struct, frozen=True):
    id: str
    name: str
    shared: bool


class Created(msgspec.Struct, frozen=True):
    id: str
    url: str


class CreatedComment(msgspec.Struct, frozen=True):
    id: str
    task: str


class Closed(msgspec.Struct, frozen=True):
    id: str


# ---- what Todoist answers ------------------------------------------------------------------------------------


class Due(msgspec.Struct, frozen=True):
    date: str | None = None
    is_recurring: bool = False


class Deadline(msgspec.Struct, frozen=True):
    date: str | None = None


class WireTask(msgspec.Struct, frozen=True):
    id: str
    content: str
    description: str = ""
    due: Due | None = None
    deadline: Deadline | None = None
    priority: int = 1
    labels: list[str] = []
    project_id: str | None = None
    added_at: str | None = None


class FoundTasks(msgspec.Struct, frozen=True):
    results: list[WireTask]
    next_cursor: str | None = None


class WireProject(msgspec.Struct, frozen=True):
    id: str
    name: str
    is_shared: bool = False


class FoundProjects(msgspec.Struct, frozen=True):
    results: list[WireProject]
    next_cursor: str | None = None


class WireId(msgspec.Struct, frozen=True):
    id: str


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str
    full_name: str = ""


# ---- from one to the other -----------------------------------------------------------------------------------


def url(id: str) -> str:
    """Where a person opens the task."""
    return f"https://app.todoist.com/app/task/{id}"


def task(wire: WireTask) -> Task:
    due = wire.due
    return Task(
        wire.id,
        wire.content,
        due.date if due else None,
        bool(due and due.is_recurring),
        shown_priority(wire.priority),
        wire.labels,
        wire.project_id,
        url(wire.id),
    )


def details(wire: WireTask) -> TaskDetails:
    short = task(wire)
    deadline = wire.deadline.date if wire.deadline else None
    return TaskDetails(
        **msgspec.structs.asdict(short),
        description=wire.description,
        deadline=deadline,
        created_at=wire.added_at,
    )


def project(wire: WireProject) -> Project:
    return Project(wire.id, wire.name, wire.is_shared)


def shown_priority(number: int) -> str:
    """Todoist's interface counts the other way round: 4 is shown as p1."""
    return f"p{5 - number}" if 1 <= number <= 4 else "p4"


def sent_priority(shown: Priority) -> int:
    return 5 - int(shown[1])
