"""Todoist for one person: their tasks and projects, a new task, a comment, a task done.

Sources: developer.todoist.com/api/v1 (Authorization, Migrating from v9; archived copy read on 2026-11-24); Doist's own
client @doist/todoist-sdk 11.0.0 and Doist/todoist-cli, read on 2026-11-24; todoist.com/help, "Introduction to
filters" (archived copy read on 2026-11-24); facts collected 2026-11-23.

Facts the code stands on
- Authorize at app.todoist.com, everything else at api.todoist.com. Scopes are parted by commas.
- `task:add` adds tasks and can neither read nor change what is there, so adding asks for it alone. `data:read` reads
  everything there is (no scope is smaller); `data:read_write` changes everything but deletes nothing, and includes the
  other two. `data:delete` and `project:delete` are never asked for.
- Who it is can be read with `data:read` only. A grant that may do no more than add is therefore an account without a
  name; its id is the same for every such account, so a person has one of them at a time for each assistant.
- Apps made now give access tokens for an hour and refresh tokens, which rotate. A used refresh token that comes again
  after more than 60 seconds ends every token of person and app. Older apps give an access token that does not end.
- Revocation is RFC 7009 with the client as HTTP Basic, while the token endpoint takes the secret in its form, so it is a
  function here. It is documented for access tokens: that goes first, then the refresh token. The reference says form,
  its schema and Doist's client say JSON: JSON is sent.
- PKCE S256 is demanded of public clients and sent by Doist's own. Clients can register themselves (RFC 7591);
  docs/connectors/todoist.md shows how an admin does it.
- A refresh may name fewer scopes. Whether that lasts beyond the one access token is not said, so nothing is built on it.
- A missing scope is 403 with `error_tag` AUTH_INSUFFICIENT_TOKEN_SCOPE and says not which. An ended token is 401.
- Lists answer `results` and `next_cursor`. Fields cannot be selected.
- A filter is text in a language of its own: see `_todoist_filter.py`. By project it is not needed: `project_id`.
- Closing a task that repeats moves it to its next date.

Not verified against a live account [U]: that `task:add` gets the new task's id back; what the token answer says of
scopes when `data:read_write` is among them; Retry-After on 429; that the revocation endpoint takes a refresh token (if
it does not, the house says that the end was not confirmed); the scope of comments (that of all data is assumed). Limits:
no sections, no sub-tasks, no reminders, no files; due dates are days. Todoist shows Markdown, so a link can be written
into a task or comment; `#project` and `@label` in a text stay text (only Todoist's quick-add reads them).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec

from connectors import _todoist_filter as filters
from connectors import _todoist_records as records
from connectors._todoist_filter import When
from connectors._todoist_records import (
    Closed,
    Created,
    CreatedComment,
    FoundProjects,
    FoundTasks,
    Me,
    Priority,
    Project,
    Task,
    TaskDetails,
    WireId,
    WireTask,
)  # fmt: skip
from core.connector import (
    Account,
    Api,
    Connector,
    Limit,
    MissingScope,
    OAuth2,
    Page,
    RevocationContext,
    Scope,
    ToolError,
)
from core.errors import ProviderError

ADD, READ, WRITE = "task:add", "data:read", "data:read_write"
READING, ADDING = ([READ], [WRITE]), ([ADD], [WRITE])
REVOKE = "https://api.todoist.com/api/v1/revoke"
ADD_ONLY = Account(id="add-only", label="Todoist, adding tasks only")


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """[] for a 403 that says so (never which); None for every other refusal."""
    told = body.get("error_tag") if isinstance(body, dict) else None
    return [] if status == 403 and told == "AUTH_INSUFFICIENT_TOKEN_SCOPE" else None


async def revoke(context: RevocationContext) -> None:
    """End both tokens by RFC 7009, which answers a token that is not known like one that was just ended.

    Raises ProviderError when Todoist does not confirm: the house asks again.
    """
    pair = f"{context.registration.client_id}:{context.registration.secret().reveal()}"
    headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()}
    tokens = context.tokens
    for hint, token in (("access_token", tokens.access_token), ("refresh_token", tokens.refresh_token)):
        if not token:
            continue
        body = {"token": token.reveal(), "token_type_hint": hint}
        request = context.http.request("POST", REVOKE, headers=headers, json=body)
        response = await context.http.send(request, timeout_s=10.0)
        if not response.is_success:
            status = response.status_code
            raise ProviderError("Todoist did not confirm the end of a token", provider_status=status)


todoist = Connector(
    slug="todoist",
    title="Todoist",
    category="project",
    api_url="https://api.todoist.com/api/v1",
    oauth=OAuth2(
        authorize_url="https://app.todoist.com/oauth/authorize",
        token_url="https://api.todoist.com/oauth/access_token",  # noqa: S106 (an address)
        client_auth="client_secret_post",
        scope_separator=",",
        rotates_refresh_tokens=True,
        revocation=revoke,
    ),
    scopes=[
        Scope(ADD, "New tasks", "add tasks, without seeing any", risk="write"),
        Scope(READ, "Tasks and projects", "see all your tasks, projects and comments", wide=True),
        Scope(
            WRITE,
            "Tasks and projects",
            "see and change all your tasks, projects and comments",
            risk="write",
            wide=True,
        ),
    ],
    manage_url="https://app.todoist.com/app/settings/integrations/installed",
    cannot=[
        "delete tasks, projects or comments",
        "change what a task says, when it is due or whose it is",
        "read comments or files",
        "invite people, or assign tasks to them",
    ],
    missing_scope=missing_scope,
)

Id = Annotated[
    str,
    msgspec.Meta(pattern=r"^[A-Za-z0-9_-]{1,64}(?!\n)$", max_length=64, description="The id Todoist gave it"),
]
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
Cursor = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_=.:~+/-]{1,1000}(?!\n)$",
        max_length=1000,
        description="`next` of the page before",
    ),
]
SomeText = Annotated[str, msgspec.Meta(min_length=1, max_length=5000, pattern=r"\S")]


# ---- asking --------------------------------------------------------------------------------------------------


async def _tasks(api: Api, path: str, limit: int, cursor: str | None, **asked: str) -> Page[Task]:
    """One page of tasks, as far as they are shown."""
    params = {**asked, "limit": limit, "cursor": cursor}
    found: FoundTasks = await api.get(path, params=params, into=FoundTasks)
    return Page([records.task(one) for one in found.results], found.next_cursor)


def _refused(error: ProviderError, advice: str) -> ProviderError | ToolError:
    """What the user can mend, if Todoist said that the request does not fit."""
    return ToolError(advice) if error.fields.get("provider_status") == 400 else error


# ---- the account and the tools -------------------------------------------------------------------------------


@todoist.account
async def account(api: Api) -> Account:
    """The person; where the grant may only add tasks, an account without a name, since nothing may be read."""
    try:
        me: Me = await api.get("/user", into=Me)
    except MissingScope:
        return ADD_ONLY
    return Account(id=me.id, label=me.email)


@todoist.tool(
    title="List your projects", group="Projects", risk="read", any_of=READING,
    sees="the names of your projects, and which are shared",
)  # fmt: skip
async def list_projects(api: Api, limit: Limit = 50, cursor: Cursor | None = None) -> Page[Project]:
    """List the user's projects, with the ids that list_tasks and create_task take."""
    params = {"limit": limit, "cursor": cursor}
    found: FoundProjects = await api.get("/projects", params=params, into=FoundProjects)
    return Page([records.project(one) for one in found.results], found.next_cursor)


@todoist.tool(
    title="List the tasks of a project", group="Tasks", risk="read", any_of=READING,
    sees="text, due date, priority and labels of the open tasks of a project",
)  # fmt: skip
async def list_tasks(api: Api, project_id: Id, limit: Limit = 20, cursor: Cursor | None = None) -> Page[Task]:
    """List the open tasks of one project, whoever they are assigned to."""
    return await _tasks(api, "/tasks", limit, cursor, project_id=project_id)


@todoist.tool(
    title="Find tasks", group="Tasks", risk="read", any_of=READING,
    sees="text, due date, priority and labels of open tasks in all your projects",
)  # fmt: skip
async def find_tasks(
    api: Api, text: Words = "", when: When | None = None, limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Task]:
    """Find open tasks by words, by when they are due, or both, in all projects."""
    query = filters.query(text, when)
    if not query:
        raise ToolError(
            "Say what to look for: words with letters or digits, or when it is due.", argument="text"
        )
    return await _tasks(api, "/tasks/filter", limit, cursor, query=query, lang=filters.LANGUAGE)


@todoist.tool(
    title="List your tasks", group="Tasks", risk="read", any_of=READING,
    sees="text, due date, priority and labels of your own open tasks",
)  # fmt: skip
async def my_tasks(
    api: Api, when: When | None = "today_or_overdue", limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Task]:
    """List the user's own open tasks, those of today and overdue unless said otherwise; not what is assigned to
    others in shared projects."""
    query = filters.query(when=when, mine=True)
    return await _tasks(api, "/tasks/filter", limit, cursor, query=query, lang=filters.LANGUAGE)


@todoist.tool(
    title="Look at one task", group="Tasks", risk="read", any_of=READING,
    sees="text, description, due date, deadline, priority and labels of a task",
)  # fmt: skip
async def get_task(api: Api, task_id: Id) -> TaskDetails:
    """Read one task with its description."""
    found: WireTask = await api.get(api.path("/tasks/{id}", id=task_id), into=WireTask)
    return records.details(found)


@todoist.tool(
    title="Add a task", group="New tasks", risk="write", any_of=ADDING,
    changes="adds tasks; cannot alter those that are there",
)  # fmt: skip
async def create_task(
    api: Api,
    content: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S")],
    description: Annotated[str, msgspec.Meta(max_length=5000)] = "",
    due_on: date | None = None,
    priority: Priority | None = None,
    project_id: Id | None = None,
) -> Created:
    """Add a task, to the inbox unless a project is named; p1 is the most urgent."""
    body: dict[str, Any] = {"content": " ".join(content.split())}
    if description.strip():
        body["description"] = description.strip()
    if due_on:
        body["due_date"] = due_on.isoformat()
    if priority:
        body["priority"] = records.sent_priority(priority)
    if project_id:
        body["project_id"] = project_id
    try:
        made: WireId = await api.post("/tasks", json=body, into=WireId)
    except ProviderError as error:
        raise _refused(error, "Todoist did not take the task: see whether there is such a project.") from None
    return Created(made.id, records.url(made.id))


@todoist.tool(
    title="Comment on a task", group="Comments", risk="write", scopes=[WRITE],
    changes="adds comments to your tasks; cannot alter or delete any",
)  # fmt: skip
async def add_comment(api: Api, task_id: Id, text: SomeText) -> CreatedComment:
    """Write a comment on a task."""
    body = {"task_id": task_id, "content": text.strip()}
    made: WireId = await api.post("/comments", json=body, into=WireId)
    return CreatedComment(made.id, task_id)


@todoist.tool(
    title="Tick off a task", group="Tasks", risk="write", scopes=[WRITE],
    changes="marks a task as done (one that repeats moves to its next date), and nothing else",
)  # fmt: skip
async def close_task(api: Api, task_id: Id) -> Closed:
    """Mark a task as done; one that repeats moves to its next date."""
    await api.post(api.path("/tasks/{id}/close", id=task_id))
    return Closed(task_id)
