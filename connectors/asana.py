"""Asana: tasks, projects and comments, as one person, in the workspace they name.

Sources: Asana's published OpenAPI document (Asana/openapi at fc9f8dc, 2026-06-11: operations, fields, the scope of each); copies
of developers.asana.com (OAuth, OAuth scopes, Rate limits, Pagination, Errors) read on 2026-11-24. [S]: read elsewhere.

Facts the code stands on
- Scopes are always sent. An app registered with *Full permissions* that sends none gets everything (`default`); one
  registered with scopes has to send those it wants, and a later request does not add to an earlier one.
- `resource:action`, and `write` does not include `read`. `tasks:delete` is a scope of its own, and never asked for: deleting a
  task is seldom meant, and completing one is what an assistant is asked for.
- The token answer names no scopes: what was asked for is what was given (RFC 6749 section 5.1).
- `opt_fields` goes with every call; Asana gives the named fields and the id, nothing else. Of a thing inside another (a task's
  assignee) `name` needs no further scope, anything else would.
- A person has several workspaces, and none is the right one: it is an argument of every tool that needs one, never guessed.
- Searching is for paid plans: 402 for others. Then the person's own tasks are listed and their titles compared here, and the
  result says so. Search has no pages of its own: the next one is what was created before the last one shown.
- `GET /tasks?completed_since=` a moment gives what is open, and what was completed since: with the present moment, what is open.
- Comments and notes are plain text (`text`, `notes`); the HTML members are never used, so nothing has to be escaped.
- 429 carries Retry-After. Free domains may call 150 times a minute, paid ones 1,500; searches 60 times.
- Access tokens live an hour; the refresh token is what is revoked.

Not verified against a live account [U]: whether the refresh token rotates (none seen: not assumed); whether an access token
outlives the revocation, or could be revoked by itself; the words of a missing scope (403 by Asana's page, 401 as others saw
it; read by the word "scope"); whether the answer to a write shows its fields without `tasks:read`. Limits: no sections,
subtasks, custom fields or attachments; the comments of a task are not read; tasks created in the same millisecond as the last
one of a search's page may be passed over.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Annotated, Any

import msgspec

from connectors import _asana_records as records
from connectors._asana_records import (
    CreatedComment,
    Found,
    FoundTasks,
    Me,
    Named,
    One,
    Project,
    Story,
    Task,
    TaskDetails,
    WireProject,
    WireTask,
    Workspace,
)
from core.connector import (
    Account,
    Api,
    Connector,
    Limit,
    OAuth2,
    Page,
    RateLimit,
    Rfc7009,
    Scope,
    ToolError,
)
from core.errors import ProviderError

USERS_READ, WORKSPACES_READ, PROJECTS_READ = "users:read", "workspaces:read", "projects:read"
TASKS_READ, TASKS_WRITE, STORIES_WRITE = "tasks:read", "tasks:write", "stories:write"
OWN = "mine:"  # before a cursor of the person's own tasks, where searching is not to be had
PAGES_LOOKED_THROUGH = 5
NOT_SEARCHED = (
    "Asana offers its search to paid plans only. These are tasks assigned to the user, by words of their titles; "
    "tasks of others and descriptions were not looked at."
)
_SCOPE = re.compile(r"[a-z_]+(?:\.[a-z_]+)?:[a-z]+")


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """The scopes that a refusal speaks of, of those declared here; [] when it names none of them."""
    errors = body.get("errors") if isinstance(body, dict) else None
    if status not in (401, 403) or not isinstance(errors, list):
        return None
    told = " ".join(str(one.get("message")) for one in errors if isinstance(one, dict))
    if "scope" not in told.lower():
        return None
    return [name for name in dict.fromkeys(_SCOPE.findall(told)) if name in asana.scopes]


asana = Connector(
    slug="asana",
    title="Asana",
    category="project",
    api_url="https://app.asana.com/api/1.0",
    oauth=OAuth2(
        authorize_url="https://app.asana.com/-/oauth_authorize",
        token_url="https://app.asana.com/-/oauth_token",  # noqa: S106 (an address)
        revocation=Rfc7009("https://app.asana.com/-/oauth_revoke"),
        client_auth="client_secret_post",
        always_scopes=(USERS_READ,),
        rotates_refresh_tokens=False,
        access_token_ttl_s=3600,
    ),
    scopes=[
        Scope(
            USERS_READ, "People", "see who you are, and names and e-mail addresses of people you work with"
        ),
        Scope(WORKSPACES_READ, "Workspaces", "see the names of your workspaces"),
        Scope(PROJECTS_READ, "Projects", "find and read projects you can see"),
        Scope(TASKS_READ, "Tasks", "find and read tasks you can see"),
        Scope(TASKS_WRITE, "Tasks", "create and change tasks", risk="write"),
        Scope(STORIES_WRITE, "Comments", "write and change comments in your name", risk="write"),
    ],
    manage_url="https://app.asana.com/0/my-profile-apps",
    rate_limit=RateLimit(150, 60, per="token"),
    cannot=[
        "delete tasks, projects or comments",
        "rename a task, change its description or give it to somebody else",
        "read, change or remove comments that are there",
        "see custom fields, files, goals or portfolios",
        "invite people, or change who may see what",
    ],
    missing_scope=missing_scope,
)

Gid = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,25}(?!\n)$", max_length=25, description="The number Asana gave it")
]
WorkspaceId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{1,25}(?!\n)$", max_length=25, description="A workspace's id, from list_workspaces"
    ),
]
Offset = Annotated[
    str, msgspec.Meta(pattern=r"^[!-~]+(?!\n)$", max_length=2000, description="`next` of the page before")
]
SearchCursor = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?:mine:[!-~]+|[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9:.]{8,15}Z)(?!\n)$",
        max_length=2000,
        description="`next` of the result before",
    ),
]
PlainText = Annotated[str, msgspec.Meta(max_length=10_000, description="Plain text")]


# ---- asking --------------------------------------------------------------------------------------------------


async def _list(
    api: Api, path: str, item: Any, fields: str, limit: int, offset: str | None, **filters: str
) -> Found[Any]:
    """One page. An offset that Asana no longer knows is for the user to mend, by beginning again."""
    asked = {"opt_fields": fields, "limit": limit, "offset": offset, **filters}
    try:
        found: Found[Any] = await api.get(path, params=asked, into=Found[item])
    except ProviderError as error:
        if offset and error.fields.get("provider_status") == 400:
            raise ToolError(
                "Asana no longer knows this page: begin again without it.", argument="cursor"
            ) from None
        raise
    return found


def _open(open_only: bool) -> dict[str, str]:
    return {"completed_since": _now()} if open_only else {}


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _tasks(found: Found[WireTask]) -> Page[Task]:
    return Page([records.task(one) for one in found.data], found.next)


async def _own_tasks(api: Api, workspace: str, open_only: bool, limit: int, offset: str | None) -> Found[Any]:
    filters = {"assignee": "me", "workspace": workspace, **_open(open_only)}
    return await _list(api, "/tasks", WireTask, records.TASK, limit, offset, **filters)


def _refused(error: ProviderError, advice: str) -> Exception:
    """A 400 is about what was asked, so it is for the user to mend; everything else stays what it is."""
    return ToolError(advice) if error.fields.get("provider_status") == 400 else error


# ---- searching -----------------------------------------------------------------------------------------------


async def _search(
    api: Api, workspace: str, text: str, open_only: bool, limit: int, before: str | None
) -> FoundTasks:
    """By Asana's own search, newest first. Raises ProviderError with 402 where the plan has none."""
    asked: dict[str, Any] = {
        "text": text,
        "opt_fields": records.TASK_FOUND,
        "limit": limit,
        "sort_by": "created_at",
        "created_at.before": before,
    }
    if open_only:
        asked["completed"] = "false"
    path = api.path("/workspaces/{id}/tasks/search", id=workspace)
    found: Found[WireTask] = await api.get(path, params=asked, into=Found[WireTask])
    following = found.data[-1].created_at if len(found.data) >= limit else None
    return FoundTasks([records.task(one) for one in found.data], following, "workspace", None)


async def _search_own(
    api: Api, workspace: str, text: str, open_only: bool, limit: int, offset: str | None
) -> FoundTasks:
    """The person's own tasks whose titles hold every word: the first page with such a one, of the next few."""
    items: list[Task] = []
    for _ in range(PAGES_LOOKED_THROUGH):
        found = await _own_tasks(api, workspace, open_only, limit, offset)
        items, offset = [records.task(one) for one in found.data if _has_words(one, text)], found.next
        if items or offset is None:
            break
    return FoundTasks(items, f"{OWN}{offset}" if offset else None, "your own tasks", NOT_SEARCHED)


def _has_words(task: WireTask, text: str) -> bool:
    name = (task.name or "").casefold()
    return all(word in name for word in text.casefold().split())


# ---- the account and the tools -------------------------------------------------------------------------------


@asana.account
async def account(api: Api) -> Account:
    """The person. Which workspace a call is for is said with each call."""
    me: Me = (await api.get("/users/me", params={"opt_fields": records.ME}, into=One[Me])).data
    return Account(id=me.gid, label=me.email or me.name or f"user {me.gid}")


@asana.tool(
    title="List your workspaces", group="Workspaces", risk="read", scopes=[WORKSPACES_READ],
    sees="the names of your workspaces",
)  # fmt: skip
async def list_workspaces(api: Api, limit: Limit = 50, cursor: Offset | None = None) -> Page[Workspace]:
    """List the user's workspaces, with the ids that other tools take. With several, ask the user which is meant."""
    found = await _list(api, "/workspaces", Named, records.WORKSPACE, limit, cursor)
    return Page([Workspace(one.gid, one.name) for one in found.data], found.next)


@asana.tool(
    title="List projects", group="Projects", risk="read", scopes=[PROJECTS_READ],
    sees="the names of projects you can see",
)  # fmt: skip
async def list_projects(
    api: Api, workspace: WorkspaceId, limit: Limit = 50, cursor: Offset | None = None
) -> Page[Project]:
    """List the projects of a workspace that are not archived."""
    filters = {"workspace": workspace, "archived": "false"}
    found = await _list(api, "/projects", WireProject, records.PROJECT, limit, cursor, **filters)
    return Page([Project(one.gid, one.name, one.permalink_url) for one in found.data], found.next)


@asana.tool(
    title="List the tasks of a project", group="Tasks", risk="read", scopes=[TASKS_READ],
    sees="title, due date, assignee and whether it is done, of tasks in a project you can see",
)  # fmt: skip
async def project_tasks(
    api: Api, project: Gid, open_only: bool = True, limit: Limit = 20, cursor: Offset | None = None
) -> Page[Task]:
    """List the tasks of a project, by the id that list_projects gave."""
    filters = {"project": project, **_open(open_only)}
    return _tasks(await _list(api, "/tasks", WireTask, records.TASK, limit, cursor, **filters))


@asana.tool(
    title="List your tasks", group="Tasks", risk="read", scopes=[TASKS_READ],
    sees="title, due date and whether it is done, of tasks assigned to you",
)  # fmt: skip
async def my_tasks(
    api: Api, workspace: WorkspaceId, open_only: bool = True, limit: Limit = 20, cursor: Offset | None = None
) -> Page[Task]:  # fmt: skip
    """List the tasks assigned to the user in a workspace."""
    return _tasks(await _own_tasks(api, workspace, open_only, limit, cursor))


@asana.tool(
    title="Find tasks", group="Tasks", risk="read", scopes=[TASKS_READ],
    sees="title, due date, assignee and whether it is done, of tasks you can see",
)  # fmt: skip
async def search_tasks(
    api: Api,
    workspace: WorkspaceId,
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")],
    open_only: bool = False,
    limit: Limit = 20,
    cursor: SearchCursor | None = None,
) -> FoundTasks:
    """Find tasks of a workspace by words, newest first. Without a paid plan only the user's own tasks are
    found, by their titles; `searched` and `note` say so."""
    words = text.strip()
    if cursor is None or not cursor.startswith(OWN):
        try:
            return await _search(api, workspace, words, open_only, limit, cursor)
        except ProviderError as error:
            if error.fields.get("provider_status") != 402:
                raise
    offset = cursor.removeprefix(OWN) if cursor and cursor.startswith(OWN) else None
    return await _search_own(api, workspace, words, open_only, limit, offset)


@asana.tool(
    title="Look at one task", group="Tasks", risk="read", scopes=[TASKS_READ],
    sees="title, description, due date, assignee, projects and dates of a task",
)  # fmt: skip
async def get_task(api: Api, task_id: Gid) -> TaskDetails:
    """Read one task with its description, by the id that another tool gave."""
    path = api.path("/tasks/{id}", id=task_id)
    found: One[WireTask] = await api.get(
        path, params={"opt_fields": records.TASK_DETAILS}, into=One[WireTask]
    )
    return records.details(found.data)


@asana.tool(
    title="Add a task", group="Tasks", risk="write", scopes=[TASKS_WRITE],
    changes="adds tasks, to your own list or to a project; cannot delete any",
)  # fmt: skip
async def create_task(
    api: Api,
    workspace: WorkspaceId,
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=250, pattern=r"\S")],
    notes: PlainText = "",
    due_on: date | None = None,
    project: Gid | None = None,
    for_me: Annotated[bool, msgspec.Meta(description="Assign it to the user")] = True,
) -> Task:
    """Create a task in a workspace, for the user unless said otherwise, perhaps in a project."""
    data: dict[str, Any] = {"name": " ".join(name.split()), "workspace": workspace}
    if notes.strip():
        data["notes"] = notes.strip()
    if due_on:
        data["due_on"] = due_on.isoformat()
    if project:
        data["projects"] = [project]
    if for_me:
        data["assignee"] = "me"
    advice = "Asana did not take the task: see whether the project is one of that workspace."
    return await _written(api.post, "/tasks", data, advice)


@asana.tool(
    title="Comment on a task", group="Comments", risk="write", scopes=[STORIES_WRITE],
    changes="adds comments in your name; cannot alter or delete any",
)  # fmt: skip
async def add_comment(
    api: Api, task_id: Gid, text: Annotated[PlainText, msgspec.Meta(min_length=1, pattern=r"\S")]
) -> CreatedComment:
    """Write a comment, as plain text, on a task."""
    path, fields = api.path("/tasks/{id}/stories", id=task_id), {"opt_fields": records.STORY}
    body = {"data": {"text": text.strip()}}
    made: One[Story] = await api.post(path, params=fields, json=body, into=One[Story])
    return CreatedComment(made.data.gid, task_id, made.data.created_at)


@asana.tool(
    title="Tick off or move a task", group="Tasks", risk="write", scopes=[TASKS_WRITE],
    sees="title, due date and assignee of the task",
    changes="changes whether a task is done, or its due date, and nothing else",
)  # fmt: skip
async def update_task(
    api: Api, task_id: Gid, completed: bool | None = None, due_on: date | None = None
) -> Task:
    """Mark a task as done or not done, or give it another due date; what is left out stays as it is."""
    data: dict[str, Any] = {}
    if completed is not None:
        data["completed"] = completed
    if due_on is not None:
        data["due_on"] = due_on.isoformat()
    if not data:
        raise ToolError("Say what to change: completed or due_on.")
    return await _written(
        api.put, api.path("/tasks/{id}", id=task_id), data, "Asana did not take the change."
    )


async def _written(send: Any, path: str, data: dict[str, Any], advice: str) -> Task:
    """The task as it is after a write, with the fields that are shown."""
    try:
        made: One[WireTask] = await send(
            path, params={"opt_fields": records.TASK}, json={"data": data}, into=One[WireTask]
        )
    except ProviderError as error:
        raise _refused(error, advice) from None
    return records.task(made.data)
