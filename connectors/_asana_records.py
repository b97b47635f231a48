"""Asana's tasks, projects and workspaces: what an assistant gets to see of them, what Asana answers, and the way between.

Sources and limits: `connectors/asana.py`. A field nobody asked for is dropped. Asana calls an id `gid` and gives it always.
"""

from __future__ import annotations

from typing import Any, Generic, Literal, TypeVar

import msgspec

T = TypeVar("T")

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Workspace(msgspec.Struct, frozen=True):
    """`id` is what the other tools take as `workspace`."""

    id: str
    name: str | None


class Project(msgspec.Struct, frozen=True):
    id: str
    name: str | None
    url: str | None


class Task(msgspec.Struct, frozen=True):
    id: str
    name: str | None
    completed: bool
    due_on: str | None
    assignee: str | None
    url: str | None


class TaskDetails(Task, frozen=True):
    notes: str
    projects: list[str]
    created_at: str | None
    modified_at: str | None


class FoundTasks(msgspec.Struct, frozen=True):
    """`searched` says where was looked: Asana's search covers the workspace, but only for paid plans; `note` says the rest.
    `next`: what to hand back as `cursor`, where there may be more."""

    items: list[Task]
    next: str | None
    searched: Literal["workspace", "your own tasks"]
    note: str | None


class CreatedComment(msgspec.Struct, frozen=True):
    id: str
    task: str
    created_at: str | None


# ---- what Asana answers --------------------------------------------------------------------------------------


class NextPage(msgspec.Struct, frozen=True):
    offset: str


class Found(msgspec.Struct, Generic[T], frozen=True):
    data: list[T]
    next_page: NextPage | None = None

    @property
    def next(self) -> str | None:
        return self.next_page.offset if self.next_page else None


class One(msgspec.Struct, Generic[T], frozen=True):
    data: T


class Named(msgspec.Struct, frozen=True):
    gid: str
    name: str | None = None


class Me(msgspec.Struct, frozen=True):
    gid: str
    name: str | None = None
    email: str | None = None


class WireProject(msgspec.Struct, frozen=True):
    gid: str
    name: str | None = None
    permalink_url: str | None = None


class WireTask(msgspec.Struct, frozen=True):
    gid: str
    name: str | None = None
    completed: bool = False
    due_on: str | None = None
    assignee: Named | None = None
    permalink_url: str | None = None
    notes: str | None = None
    projects: list[Named] = []
    created_at: str | None = None
    modified_at: str | None = None


class Story(msgspec.Struct, frozen=True):
    gid: str
    created_at: str | None = None


WORKSPACE = "name"
PROJECT = "name,permalink_url"
TASK = "name,completed,due_on,assignee.name,permalink_url"
TASK_FOUND = f"{TASK},created_at"
TASK_DETAILS = f"{TASK_FOUND},modified_at,notes,projects.name"
STORY = "created_at"
ME = "name,email"


def task(wire: WireTask) -> Task:
    return Task(**_members(wire))


def details(wire: WireTask) -> TaskDetails:
    return TaskDetails(
        **_members(wire),
        notes=wire.notes or "",
        projects=[one.name for one in wire.projects if one.name],
        created_at=wire.created_at,
        modified_at=wire.modified_at,
    )


def _members(wire: WireTask) -> dict[str, Any]:
    return {
        "id": wire.gid,
        "name": wire.name,
        "completed": wire.completed,
        "due_on": wire.due_on,
        "assignee": wire.assignee and wire.assignee.name,
        "url": wire.permalink_url,
    }
