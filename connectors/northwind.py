"""Northwind, the bundled provider: contacts, companies, deals, projects and tasks, as one of its users.

Source: the provider itself, `web/demo/northwind`, as of 2026-11-24 (its API is its own documentation;
docs/connectors/northwind.md tells how to set it up). Every fact below is checked against the running provider
by tests/connectors/test_northwind.py.

Facts the code stands on
- Authorization code with PKCE S256, `iss` in every answer, RFC 8414 metadata at the issuer, which is the
  base URL itself.
- Scopes are asked for one by one; the person can untick each on Northwind's page, so fewer may come back.
- Access tokens live two minutes; refresh tokens rotate, and one used twice ends the whole authorization.
- Revoking the refresh token ends its access tokens (RFC 7009).
- `fields=` limits an answer to the named fields; `owner=me` makes a colleague's record look like none.
- A POST that carries an `Idempotency-Key` which came before is answered again and not done again; the other
  writes can be repeated as they are.
- 403 names the missing scope in `WWW-Authenticate` (RFC 6750). 600 requests a minute for each app and user.

Limits: no custom fields; notes cannot be read.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from core.connector import Account, Api, Connector, Limit, OAuth2, Page, RateLimit, Rfc7009, Scope, ToolError
from core.errors import ProviderError

northwind = Connector(
    slug="northwind",
    title="Northwind",
    category="crm",
    api_url="{base_url}/api/v1",
    oauth=OAuth2(
        authorize_url="{base_url}/oauth/authorize",
        token_url="{base_url}/oauth/token",  # noqa: S106 (an address)
        issuer="{base_url}",
        introspection_url="{base_url}/oauth/introspect",
        revocation=Rfc7009("{base_url}/oauth/revoke"),
        rotates_refresh_tokens=True,
    ),
    scopes=[
        Scope("contacts.read", "Read contacts", "find and read contacts"),
        Scope("contacts.write", "Edit contacts", "add notes about contacts", risk="write"),
        Scope("companies.read", "Read companies", "find companies"),
        Scope("deals.read", "Read deals", "find and read your deals"),
        Scope("deals.write", "Edit deals", "move your deals and add notes about them", risk="write"),
        Scope("projects.read", "Read projects", "find projects"),
        Scope("tasks.read", "Read tasks", "find your tasks and read what was said about them"),
        Scope("tasks.write", "Edit tasks", "add, complete and delete tasks", risk="delete"),
        Scope("comments.write", "Write comments", "comment on tasks in your name", risk="write"),
    ],
    manage_url="{base_url}/settings/apps",
    cannot=[
        "see or change your colleagues' deals",
        "see phone numbers, birthdays or addresses of your contacts",
        "read the notes on contacts and deals",
        "change or delete contacts, companies and projects",
        "send e-mail or messages in your name",
    ],
    rate_limit=RateLimit(calls=600, seconds=60),
    idempotency_key_header="Idempotency-Key",
    request_id_header="x-request-id",
)

Stage = Literal["lead", "qualified", "proposal", "negotiation", "won", "lost"]
Closing = Literal["overdue", "this_week", "next_week", "this_month"]
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
Cursor = Annotated[str, msgspec.Meta(max_length=400, description="`next` of the page before")]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"\S")]
ContactId = Annotated[str, msgspec.Meta(pattern=r"^pe_[0-9]{1,12}(?!\n)$", description="A contact's id")]
DealId = Annotated[str, msgspec.Meta(pattern=r"^de_[0-9]{1,12}(?!\n)$", description="A deal's id")]
ProjectId = Annotated[str, msgspec.Meta(pattern=r"^pr_[0-9]{1,12}(?!\n)$", description="A project's id")]
TaskId = Annotated[str, msgspec.Meta(pattern=r"^ta_[0-9]{1,12}(?!\n)$", description="A task's id")]


class Me(msgspec.Struct, frozen=True):
    id: str
    email: str
    workspace: str


class Contact(msgspec.Struct, frozen=True):
    id: str
    name: str
    email: str
    job_title: str
    company_name: str


class ContactDetails(msgspec.Struct, frozen=True):
    id: str
    name: str
    email: str
    job_title: str
    company_name: str
    owner_name: str
    last_contacted_on: date | None


class Company(msgspec.Struct, frozen=True):
    id: str
    name: str
    industry: str
    city: str
    country: str
    website: str


class Deal(msgspec.Struct, frozen=True):
    id: str
    title: str
    company_name: str
    amount: int
    currency: str
    stage: str
    closes_on: date


class DealDetails(msgspec.Struct, frozen=True):
    id: str
    title: str
    company_name: str
    contact_name: str
    amount: int
    currency: str
    stage: str
    closes_on: date
    probability: int
    next_step: str


class Project(msgspec.Struct, frozen=True):
    id: str
    title: str
    status: str
    due_on: date
    owner_name: str
    open_tasks: int
    done_tasks: int


class Task(msgspec.Struct, frozen=True):
    id: str
    title: str
    project_title: str
    status: str
    priority: str
    due_on: date | None


class Comment(msgspec.Struct, frozen=True):
    id: str
    owner_name: str
    text: str


class Note(msgspec.Struct, frozen=True):
    """What was written where; never what others wrote."""

    id: str
    about_id: str


class Deleted(msgspec.Struct, frozen=True):
    deleted: str


# ---- asking -------------------------------------------------------------------------------------------------


def _fields(kind: Any) -> str:
    """The names to ask for: what the struct holds and nothing else."""
    return ",".join(field.encode_name for field in msgspec.structs.fields(kind))


async def _page(
    api: Api, path: str, kind: Any, limit: int, cursor: str | None, **filters: str | None
) -> Page[Any]:
    asked: dict[str, Any] = {"limit": limit, "fields": _fields(kind), "cursor": cursor, **filters}
    params = {name: value for name, value in asked.items() if value}
    try:
        found: Page[Any] = await api.get(path, params=params, into=Page[kind])
    except ProviderError as error:
        if cursor is None or error.fields.get("provider_status") != 400:
            raise
        message = "This cursor belongs to another search: start again without it."
        raise ToolError(message, argument="cursor") from None
    return found


def _own(kind: Any) -> dict[str, str]:
    """For one record: only the person's own, and only these fields of it."""
    return {"owner": "me", "fields": _fields(kind)}


@northwind.account
async def account(api: Api) -> Account:
    """The user of Northwind who agreed; any token may ask that."""
    me: Me = await api.get("/me", into=Me)
    return Account(id=me.id, label=f"{me.email} in {me.workspace}")


# ---- contacts and companies ---------------------------------------------------------------------------------


@northwind.tool(
    title="Find people", group="Contacts", risk="read", scopes=["contacts.read"],
    sees="name, e-mail address, job title and company of contacts you can see in Northwind",
)  # fmt: skip
async def find_contacts(
    api: Api, query: Words = "", company: Words = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Contact]:
    """Find contacts by name, e-mail address or company; `company` restricts to companies whose name has these
    words.
    """
    return await _page(api, "/contacts", Contact, limit, cursor, q=query, company_name=company)


@northwind.tool(
    title="Look at one person", group="Contacts", risk="read", scopes=["contacts.read"],
    sees="name, e-mail address, job title, company, owner and day of the last contact of a person",
)  # fmt: skip
async def get_contact(api: Api, contact_id: ContactId) -> ContactDetails:
    """Read one contact by the id that find_contacts gave."""
    path = api.path("/contacts/{id}", id=contact_id)
    found: ContactDetails = await api.get(
        path, params={"fields": _fields(ContactDetails)}, into=ContactDetails
    )
    return found


@northwind.tool(
    title="Add a note about a person", group="Notes", risk="write", scopes=["contacts.write"],
    changes="adds notes to a contact; cannot read or alter those that are there",
)  # fmt: skip
async def add_contact_note(api: Api, contact_id: ContactId, text: Text) -> Note:
    """Write a note about a contact."""
    path = api.path("/contacts/{id}/notes", id=contact_id)
    made: Note = await api.post(path, params={"fields": _fields(Note)}, json={"text": text}, into=Note)
    return made


@northwind.tool(
    title="Find companies", group="Companies", risk="read", scopes=["companies.read"],
    sees="name, industry, city, country and web address of companies",
)  # fmt: skip
async def find_companies(
    api: Api, query: Words = "", industry: Words = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Company]:
    """Find companies by name, city or industry."""
    return await _page(api, "/companies", Company, limit, cursor, q=query, industry=industry)


# ---- deals --------------------------------------------------------------------------------------------------


@northwind.tool(
    title="Find your deals", group="Deals", risk="read", scopes=["deals.read"],
    sees="title, company, amount, stage and closing date of deals you own",
)  # fmt: skip
async def find_deals(
    api: Api, query: Words = "", stage: Stage | None = None, closing: Closing | None = None, open_only: bool = True,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[Deal]:  # fmt: skip
    """Find the user's own deals, earliest closing date first; without `open_only` or with a `stage` also won
    and lost ones.
    """
    only_open = "true" if open_only and stage is None else None
    filters = {"q": query, "stage": stage, "closing": closing, "open": only_open, "owner": "me"}
    return await _page(api, "/deals", Deal, limit, cursor, **filters)


@northwind.tool(
    title="Look at one of your deals", group="Deals", risk="read", scopes=["deals.read"],
    sees="title, company, contact, amount, stage, closing date, probability and next step of a deal you own",
)  # fmt: skip
async def get_deal(api: Api, deal_id: DealId) -> DealDetails:
    """Read one of the user's own deals by the id that find_deals gave."""
    path = api.path("/deals/{id}", id=deal_id)
    found: DealDetails = await api.get(path, params=_own(DealDetails), into=DealDetails)
    return found


@northwind.tool(
    title="Move a deal to another stage", group="Deals", risk="write", scopes=["deals.write"],
    changes="changes the stage of a deal you own, and nothing else",
)  # fmt: skip
async def move_deal(api: Api, deal_id: DealId, stage: Stage) -> Deal:
    """Move one of the user's own deals to another stage."""
    path = api.path("/deals/{id}", id=deal_id)
    moved: Deal = await api.patch(path, params=_own(Deal), json={"stage": stage}, into=Deal)
    return moved


@northwind.tool(
    title="Add a note to a deal", group="Notes", risk="write", scopes=["deals.write"],
    changes="adds notes to a deal you own; cannot read or alter those that are there",
)  # fmt: skip
async def add_note(api: Api, deal_id: DealId, text: Text) -> Note:
    """Write a note about one of the user's own deals."""
    path = api.path("/deals/{id}/notes", id=deal_id)
    made: Note = await api.post(path, params=_own(Note), json={"text": text}, into=Note)
    return made


# ---- projects and tasks -------------------------------------------------------------------------------------


@northwind.tool(
    title="Find projects", group="Projects", risk="read", scopes=["projects.read"],
    sees="title, state, due date, owner and number of tasks of projects you can see",
)  # fmt: skip
async def find_projects(
    api: Api, query: Words = "", status: Literal["active", "on_hold", "done"] | None = None,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[Project]:  # fmt: skip
    """Find projects by words of their title."""
    return await _page(api, "/projects", Project, limit, cursor, q=query, status=status)


@northwind.tool(
    title="List your tasks", group="Tasks", risk="read", scopes=["tasks.read"],
    sees="title, project, state, priority and due date of tasks assigned to you",
)  # fmt: skip
async def my_tasks(
    api: Api, query: Words = "", due_before: date | None = None, open_only: bool = True,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[Task]:  # fmt: skip
    """List the tasks assigned to the user, earliest due first."""
    due = due_before.isoformat() if due_before else None
    filters = {"q": query, "due_before": due, "status": "open" if open_only else None, "owner": "me"}
    return await _page(api, "/tasks", Task, limit, cursor, **filters)


@northwind.tool(
    title="Read the comments on a task", group="Comments", risk="read", scopes=["tasks.read"],
    sees="text and author of the comments on a task of your projects",
)  # fmt: skip
async def read_comments(
    api: Api, task_id: TaskId, limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Comment]:
    """Read what was said about a task, oldest first."""
    return await _page(api, api.path("/tasks/{id}/comments", id=task_id), Comment, limit, cursor)


@northwind.tool(
    title="Add a task for you", group="Tasks", risk="write", scopes=["tasks.write"],
    changes="adds tasks that are assigned to you to your projects",
)  # fmt: skip
async def add_task(
    api: Api,
    project_id: ProjectId,
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")],
    due_on: date | None = None,
) -> Task:
    """Add a task for the user to a project that find_projects gave."""
    new = {"project": project_id, "title": title, "due_on": due_on.isoformat() if due_on else None}
    made: Task = await api.post("/tasks", params={"fields": _fields(Task)}, json=new, into=Task)
    return made


@northwind.tool(
    title="Complete one of your tasks", group="Tasks", risk="write", scopes=["tasks.write"],
    changes="marks a task that is assigned to you as done, and nothing else",
)  # fmt: skip
async def complete_task(api: Api, task_id: TaskId) -> Task:
    """Mark one of the user's own tasks as done."""
    path = api.path("/tasks/{id}", id=task_id)
    done: Task = await api.patch(path, params=_own(Task), json={"status": "done"}, into=Task)
    return done


@northwind.tool(
    title="Delete one of your tasks", group="Tasks", risk="delete", scopes=["tasks.write"],
    changes="deletes a task that is assigned to you with its comments; Northwind cannot bring it back",
)  # fmt: skip
async def delete_task(api: Api, task_id: TaskId) -> Deleted:
    """Delete one of the user's own tasks for good."""
    await api.delete(api.path("/tasks/{id}", id=task_id), params={"owner": "me"})
    return Deleted(task_id)


@northwind.tool(
    title="Comment on a task", group="Comments", risk="write", scopes=["comments.write"],
    changes="adds comments in your name to tasks of your projects; cannot alter those that are there",
)  # fmt: skip
async def add_comment(api: Api, task_id: TaskId, text: Text) -> Comment:
    """Write a comment on a task, in the user's name."""
    path = api.path("/tasks/{id}/comments", id=task_id)
    made: Comment = await api.post(
        path, params={"fields": _fields(Comment)}, json={"text": text}, into=Comment
    )
    return made
