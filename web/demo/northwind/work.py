"""The project half of the API: projects, tasks, comments."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec
from litestar import Controller, Request, Response, delete, get, patch, post
from litestar.params import FromPath

from web.demo.northwind.crm import Asked, Text, enter, has_words, is_owner
from web.demo.northwind.problems import BadField
from web.demo.northwind.records import Comment, Project, Task
from web.demo.northwind.visits import Visit

Day = Annotated[str, msgspec.Meta(pattern=r"^\d{4}-\d\d-\d\d$")]
Status = Literal["open", "done"]


class AskedProjects(Asked, kw_only=True):
    status: Literal["active", "on_hold", "done"] | None = None


class AskedTasks(Asked, kw_only=True):
    project: str | None = None
    status: Status | None = None
    due_before: Day | None = None


class NewTask(msgspec.Struct, forbid_unknown_fields=True):
    project: Text
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    due_on: Day | None = None
    description: str = ""


class ChangedTask(msgspec.Struct, forbid_unknown_fields=True):
    status: Status


class NewComment(msgspec.Struct, forbid_unknown_fields=True):
    text: Text


class Projects(Controller):
    path = "/api/v1/projects"

    @get("")
    async def find(self, request: Request) -> dict[str, Any]:
        visit = await enter(request, "projects.read")
        asked = visit.query(AskedProjects)
        rows = [
            row
            for row in visit.northwind.book.all(Project, visit.person)
            if has_words(asked.q, row.title, row.company_name or "")
            and asked.status in (None, row.status)
            and is_owner(visit, asked.owner, row.owner_id)
        ]
        return visit.page(rows, lambda row: row.title, asked)

    @get("/{project_id:str}")
    async def read(self, request: Request, project_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "projects.read")
        return visit.one(visit.find(Project, project_id))


class Tasks(Controller):
    path = "/api/v1/tasks"

    @get("")
    async def find(self, request: Request) -> dict[str, Any]:
        visit = await enter(request, "tasks.read")
        asked = visit.query(AskedTasks)
        rows = [
            row
            for row in visit.northwind.book.all(Task, visit.person)
            if has_words(asked.q, row.title, row.project_title)
            and asked.project in (None, row.project_id)
            and asked.status in (None, row.status)
            and (asked.due_before is None or (row.due_on is not None and row.due_on < asked.due_before))
            and is_owner(visit, asked.owner, row.owner_id)
        ]
        return visit.page(rows, lambda row: row.due_on or "9999", asked)

    @get("/{task_id:str}")
    async def read(self, request: Request, task_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "tasks.read")
        return visit.one(visit.find(Task, task_id))

    @post("")
    async def add(self, request: Request) -> Response[dict[str, Any]]:
        visit = await enter(request, "tasks.write")
        new = await visit.body(NewTask)
        project = visit.find(Project, new.project)
        _check_day(new.due_on)
        return await visit.once(lambda: visit.one(_task(visit, new, project)))

    @patch("/{task_id:str}")
    async def change(self, request: Request, task_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "tasks.write")
        changed = await visit.body(ChangedTask)
        task = visit.find(Task, task_id)
        if task.status != changed.status:
            task.completed_at = visit.northwind.now_ms() if changed.status == "done" else None
        task.status = changed.status
        return visit.one(task)

    @delete("/{task_id:str}", status_code=204)
    async def remove(self, request: Request, task_id: FromPath[str]) -> None:
        visit = await enter(request, "tasks.write")
        visit.northwind.book.remove(visit.find(Task, task_id))

    @get("/{task_id:str}/comments")
    async def comments(self, request: Request, task_id: FromPath[str]) -> dict[str, Any]:
        visit = await enter(request, "tasks.read")
        task = visit.find(Task, task_id)
        rows = [row for row in visit.northwind.book.all(Comment, visit.person) if row.task_id == task.id]
        return visit.page(rows, lambda row: row.created_at, visit.query(Asked))

    @post("/{task_id:str}/comments")
    async def comment(self, request: Request, task_id: FromPath[str]) -> Response[dict[str, Any]]:
        visit = await enter(request, "comments.write")
        new = await visit.body(NewComment)
        task = visit.find(Task, task_id)
        return await visit.once(lambda: visit.one(_comment(visit, task, new.text)))


def _check_day(day: str | None) -> None:
    try:
        date.fromisoformat(day or "2000-01-01")
    except ValueError:
        raise BadField("due_on is no day of the calendar", field="due_on") from None


def _task(visit: Visit, new: NewTask, project: Project) -> Task:
    task = Task(
        id=visit.northwind.book.new_id("ta"),
        owner_id=visit.person.id,
        owner_name=visit.person.name,
        title=new.title,
        project_id=project.id,
        project_title=project.title,
        status="open",
        priority="normal",
        due_on=new.due_on,
        description=new.description,
        estimate_hours=1,
    )
    return visit.northwind.book.add(task)


def _comment(visit: Visit, task: Task, text: str) -> Comment:
    comment = Comment(
        id=visit.northwind.book.new_id("cm"),
        owner_id=visit.person.id,
        owner_name=visit.person.name,
        task_id=task.id,
        text=text,
        created_at=visit.northwind.now_ms(),
    )
    return visit.northwind.book.add(comment)
