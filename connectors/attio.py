"""Attio CRM for one member of one workspace: people, companies, deals, tasks, notes.

Sources, archived copies read on 2026-11-24 unless a date is given: docs.attio.com (OAuth: Authorize, Token, Introspect,
Revoke; Authenticating requests; Rate limiting; Filtering and sorting; Attribute types; Deals; Search records), Attio's
OpenAPI document through interfere-inc/attio at 55d8fe5; facts collected 2026-11-23.

Facts the code stands on
- Scopes sit on the app: the authorization address takes client_id, response_type, redirect_uri and state. Of each
  kind of data an app has `:read` or `:read-write`, which reads, too. The token answer names no scopes; GET /v2/self does.
- Client id and secret travel in the form body. The answer has an access token and nothing else: no expiry and no refresh
  token, so a 401 means to connect again.
- The token is the whole workspace's, whoever authorized it. GET /v2/self names workspace and member; "mine" is this file's
  work: tasks by assignee, deals by owner, another's task is as good as none. The search takes `request_as` and
  then shows what that member may see. Nothing of that kind exists for reading by id or by filter.
- Revoke takes the token alone, in the form or as Bearer but not two different ones, and answers 204. The usual client
  authentication is left out there: Attio reads an `Authorization` header as the token.
- Records are asked for by filter objects, never by text; filters by owner compare referenced_actor_type and
  referenced_actor_id. There is no choice of fields: an answer has every attribute, each an array of versions; what is
  shown is picked here. Pages go by limit and offset and no answer says whether more follows: one more is asked for.
- Search is in beta, finds 25 at most, and is eventually consistent. Deals are switched off until an admin switches them on.
- 429 carries Retry-After as a date. 100 reads and 25 writes a second.

Not verified against a live workspace [U]: PKCE (in no document; it is sent, and unknown parameters are to be ignored by RFC 6749
section 3.1); that a token Attio does not know is answered with 401 by revoke; how exactly a missing scope is said
(403 with type `auth_error` is taken for it); that revoking ends this token only; the address of the installed apps' page.
Limits: no custom objects or attributes, lists, comments, meetings, files or e-mail; notes cannot be read, records not
changed.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from connectors import _attio_records as records
from connectors._attio_records import (
    AddedNote,
    Deal,
    Details,
    Hit,
    Many,
    Member,
    One,
    Person,
    Record,
    Self,
    Task,
    WireHit,
    WireNote,
    WireTask,
)  # fmt: skip
from core.connector import (
    Account,
    Api,
    Connector,
    Limit,
    OAuth2,
    Page,
    RateLimit,
    RevocationContext,
    Scope,
    ToolError,
)
from core.errors import Missing, ProviderError

RECORDS_READ, OBJECTS_READ, MEMBERS_READ = (
    "record_permission:read",
    "object_configuration:read",
    "user_management:read",
)
TASKS_READ, TASKS_WRITE, NOTES_WRITE = "task:read", "task:read-write", "note:read-write"
READ = [RECORDS_READ, OBJECTS_READ]
REVOKE_URL = "https://app.attio.com/oauth/revoke"
MAX_HITS = 25
_SCOPE = re.compile(r"\b[a-z_]+:read(?:-write)?(?![\w-])")


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """The scopes a 403 of type `auth_error` names, perhaps none; None for every other refusal."""
    if status != 403 or not isinstance(body, dict) or body.get("type") != "auth_error":
        return None
    return list(dict.fromkeys(_SCOPE.findall(str(body.get("message", "")))))


async def revoke(context: RevocationContext) -> None:
    """Ends the token: 204. A token Attio no longer knows is as dead. Raises ProviderError, to be tried again."""
    token = context.tokens.access_token
    request = context.http.request("POST", REVOKE_URL, form={"token": token.reveal()})
    response = await context.http.send(request, timeout_s=10.0, max_bytes=100_000)
    status = response.status_code
    if not response.is_success and status != 401:
        raise ProviderError(f"Attio did not end the token: status {status}", provider_status=status)


attio = Connector(
    slug="attio",
    title="Attio",
    category="crm",
    api_url="https://api.attio.com",
    oauth=OAuth2(
        authorize_url="https://app.attio.com/authorize",
        token_url="https://app.attio.com/oauth/token",  # noqa: S106 (an address)
        revocation=revoke,
        client_auth="client_secret_post",
        scope_mode="app_fixed",
        rotates_refresh_tokens=False,
    ),
    scopes=[
        Scope(RECORDS_READ, "Records", "find and read people, companies and deals of your workspace"),
        Scope(OBJECTS_READ, "Objects", "see which kinds of records and which fields there are"),
        Scope(MEMBERS_READ, "Members", "see who is a member of your workspace"),
        Scope(TASKS_READ, "Tasks", "read the tasks of your workspace"),
        Scope(
            TASKS_WRITE, "Tasks", "read, create, change and delete the tasks of your workspace", risk="delete"
        ),
        Scope(NOTES_WRITE, "Notes", "read, write and delete the notes of your workspace", risk="delete"),
    ],
    manage_url="https://app.attio.com/_/settings/apps",
    cannot=[
        "create, change or delete people, companies or deals",
        "see or change the tasks of your colleagues",
        "read, change or delete notes that are there",
        "read e-mail, calls or meetings",
        "change settings, members or permissions",
    ],
    rate_limit=RateLimit(100, 1, per="app"),
    account_fields=("member_id",),
    missing_scope=missing_scope,
)

_NO_TASK = "There is no such task among your own"

Uuid = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}(?!\n)$",
        max_length=36,
        description="The id Attio gave it",
    ),
]
Kind = Literal["people", "companies", "deals"]
Offset = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,9}(?!\n)$", max_length=9, description="`next` of the page before")
]
PlainText = Annotated[
    str, msgspec.Meta(min_length=1, max_length=5000, pattern=r"\S", description="Plain text")
]


# ---- asking --------------------------------------------------------------------------------------------------


def _me(api: Api) -> str:
    member = api.fields.get("member_id")
    if not member:
        raise ToolError("This connection does not say whose it is. Connect Attio again.")
    return member


def people_filter(text: str) -> dict[str, Any]:
    """People whose name or e-mail address holds a text. The text is a value; no text is a condition."""
    ways = [
        {"name": {"full_name": {"$contains": text}}},
        {"email_addresses": {"email_address": {"$contains": text}}},
    ]
    return {"$or": ways}


def deals_filter(member: str, stage: str | None) -> dict[str, Any]:
    """Deals a member owns, perhaps of one stage by its title."""
    owner = {"referenced_actor_type": {"$eq": "workspace-member"}, "referenced_actor_id": {"$eq": member}}
    conditions: list[dict[str, Any]] = [{"owner": {name: way}} for name, way in owner.items()]
    return {"$and": [*conditions, *([{"stage": stage}] if stage else [])]}


async def _query(
    api: Api, kind: Kind, asked: dict[str, Any], limit: int, cursor: str | None
) -> tuple[list[Record], str | None]:
    """A page of records, and the offset of the next: one more is asked for to know whether there is one."""
    offset = int(cursor or 0)
    body = {**asked, "limit": limit + 1, "offset": offset}
    path = api.path("/v2/objects/{kind}/records/query", kind=kind)
    found: Many[Record] = await api.post(path, json=body, reads=True, into=Many[Record])
    return found.data[:limit], _following(found.data, limit, offset)


def _following(found: list[Any], limit: int, offset: int) -> str | None:
    return str(offset + limit) if len(found) > limit else None


async def _own_task(api: Api, id: str) -> WireTask:
    """The task, if it is assigned to the person. Raises Missing alike for none and for somebody else's."""
    member = _me(api)
    try:
        answer: One[WireTask] = await api.get(api.path("/v2/tasks/{id}", id=id), into=One[WireTask])
    except Missing:
        raise Missing(_NO_TASK) from None
    if member not in [one.referenced_actor_id for one in answer.data.assignees]:
        raise Missing(_NO_TASK)
    return answer.data


# ---- the account and the tools -------------------------------------------------------------------------------


@attio.account
async def account(api: Api) -> Account:
    """The workspace and the member who authorized; the member's id is kept for what is "mine"."""
    told: Self = await api.get("/v2/self", into=Self)
    workspace, member = told.workspace_id, told.authorized_by_workspace_member_id
    if not told.active or not workspace:
        raise ProviderError("Attio does not know the token it has just given.")
    if not member:
        raise ToolError(
            "Attio does not say which member of the workspace gave the permission. Connect again."
        )
    name = await _name_of(api, member) if MEMBERS_READ in told.scope.split() else None
    label = f"{name or 'a member'} in {told.workspace_name or f'workspace {workspace}'}"
    return Account(id=f"{workspace}:{member}", label=label, fields={"member_id": member})


async def _name_of(api: Api, member: str) -> str | None:
    """How a person recognises a member: the e-mail address, else the name."""
    answer: One[Member] = await api.get(api.path("/v2/workspace_members/{id}", id=member), into=One[Member])
    names = (answer.data.first_name, answer.data.last_name)
    return answer.data.email_address or " ".join(filter(None, names)) or None


@attio.tool(
    title="Search", group="Records", risk="read", scopes=READ,
    sees="names of people, companies or deals you can see",
)  # fmt: skip
async def search_records(
    api: Api,
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=256, pattern=r"\S")],
    kind: Kind | None = None,
    limit: Annotated[int, msgspec.Meta(ge=1, le=MAX_HITS, description="How many at most")] = 10,
) -> list[Hit]:
    """Find people and companies (or one kind, also deals) by name, e-mail address, domain or phone number, best
    match first."""
    body = {
        "query": text.strip(),
        "objects": [kind] if kind else ["people", "companies"],
        "limit": limit,
        "request_as": {"type": "workspace-member", "workspace_member_id": _me(api)},
    }
    found: Many[WireHit] = await api.post(
        "/v2/objects/records/search", json=body, reads=True, into=Many[WireHit]
    )
    return [records.hit(one) for one in found.data]


@attio.tool(
    title="Find people", group="People", risk="read", scopes=READ,
    sees="name, e-mail address, phone number, job title and company of people in your workspace",
)  # fmt: skip
async def find_people(
    api: Api,
    text: Annotated[
        str, msgspec.Meta(max_length=200, description="Part of the name or address; empty: all")
    ] = "",
    limit: Limit = 20,
    cursor: Offset | None = None,
) -> Page[Person]:
    """List people whose name or e-mail address contains a text, by last name; without text all of them."""
    asked: dict[str, Any] = {"sorts": [{"direction": "asc", "attribute": "name", "field": "last_name"}]}
    if wanted := text.strip():
        asked["filter"] = people_filter(wanted)
    found, following = await _query(api, "people", asked, limit, cursor)
    return Page([records.person(one) for one in found], following)


@attio.tool(
    title="List your deals", group="Deals", risk="read", scopes=READ,
    sees="name, stage, amount and company of deals you own",
)  # fmt: skip
async def my_deals(
    api: Api,
    stage: Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="A stage's title")]
    | None = None,
    limit: Limit = 20,
    cursor: Offset | None = None,
) -> Page[Deal]:
    """List the deals the user owns, perhaps of one stage, by name."""
    asked = {"filter": deals_filter(_me(api), stage), "sorts": [{"direction": "asc", "attribute": "name"}]}
    try:
        found, following = await _query(api, "deals", asked, limit, cursor)
    except Missing:
        raise Missing("Deals are not switched on in this Attio workspace") from None
    except ProviderError as error:
        if stage is None or error.fields.get("provider_status") != 400:
            raise
        raise ToolError(
            "Attio did not take the question: see whether there is such a stage.", argument="stage"
        ) from None
    return Page([records.deal(one) for one in found], following)


@attio.tool(
    title="Look at one record", group="Records", risk="read", scopes=READ,
    sees="name, contact data, description, stage and amount of a person, company or deal in your workspace",
)  # fmt: skip
async def get_record(api: Api, kind: Kind, record_id: Uuid) -> Details:
    """Read one person, company or deal by the id another tool gave."""
    path = api.path("/v2/objects/{kind}/records/{id}", kind=kind, id=record_id)
    answer: One[Record] = await api.get(path, into=One[Record])
    return records.details(answer.data, kind)


@attio.tool(
    title="List your tasks", group="Tasks", risk="read", scopes=[*READ, MEMBERS_READ], any_of=[[TASKS_READ], [TASKS_WRITE]],
    sees="text, due date and state of tasks assigned to you",
)  # fmt: skip
async def my_tasks(
    api: Api, done: bool = False, limit: Limit = 20, cursor: Offset | None = None
) -> Page[Task]:
    """List the tasks assigned to the user: those still to do, or those done, oldest first."""
    offset = int(cursor or 0)
    asked = {"assignee": _me(api), "is_completed": str(done).lower(), "limit": limit + 1, "offset": offset}
    found: Many[WireTask] = await api.get("/v2/tasks", params=asked, into=Many[WireTask])
    return Page([records.task(one) for one in found.data[:limit]], _following(found.data, limit, offset))


@attio.tool(
    title="Add a task for you", group="Tasks", risk="write", scopes=[*READ, MEMBERS_READ, TASKS_WRITE],
    changes="adds tasks to your own list; cannot alter those that are there",
)  # fmt: skip
async def create_task(
    api: Api,
    text: Annotated[
        str, msgspec.Meta(min_length=1, max_length=2000, pattern=r"\S", description="What is to be done")
    ],
    due_on: date | None = None,
    kind: Kind | None = None,
    record_id: Uuid | None = None,
) -> Task:
    """Add a task to the user's own list, perhaps due on a day, perhaps about a record (kind and record_id)."""
    if (kind is None) != (record_id is None):
        raise ToolError("Name both kind and record_id, or neither.")
    data = {
        "content": text.strip(),
        "format": "plaintext",
        "deadline_at": f"{due_on.isoformat()}T12:00:00.000Z" if due_on else None,
        "is_completed": False,
        "linked_records": [{"target_object": kind, "target_record_id": record_id}] if kind else [],
        "assignees": [{"referenced_actor_type": "workspace-member", "referenced_actor_id": _me(api)}],
    }
    made: One[WireTask] = await api.post("/v2/tasks", json={"data": data}, into=One[WireTask])
    return records.task(made.data)


@attio.tool(
    title="Tick off one of your tasks", group="Tasks", risk="write", scopes=[*READ, MEMBERS_READ, TASKS_WRITE],
    sees="text, due date and state of the task",
    changes="marks a task assigned to you as done or not done, and changes nothing else",
)  # fmt: skip
async def complete_task(api: Api, task_id: Uuid, done: bool = True) -> Task:
    """Mark one of the user's own tasks as done (or as not done), by the id my_tasks gave."""
    await _own_task(api, task_id)
    path = api.path("/v2/tasks/{id}", id=task_id)
    changed: One[WireTask] = await api.patch(path, json={"data": {"is_completed": done}}, into=One[WireTask])
    return records.task(changed.data)


@attio.tool(
    title="Add a note", group="Notes", risk="write", scopes=[*READ, NOTES_WRITE],
    changes="adds notes to people, companies and deals; cannot read or alter those that are there",
)  # fmt: skip
async def add_note(
    api: Api,
    kind: Kind,
    record_id: Uuid,
    text: PlainText,
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=200, pattern=r"\S")] = "Note",
) -> AddedNote:
    """Write a note, as plain text, on a person, a company or a deal."""
    data = {
        "parent_object": kind,
        "parent_record_id": record_id,
        "title": " ".join(title.split()),
        "format": "plaintext",
        "content": text.strip(),
    }
    made: One[WireNote] = await api.post("/v2/notes", json={"data": data}, into=One[WireNote])
    return AddedNote(made.data.id.note_id, kind, record_id)
