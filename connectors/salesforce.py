"""Salesforce (Sales Cloud) for one person: contacts, accounts, opportunities, their own tasks, notes.

Sources, read on 2026-11-24 unless a date is given: developer.salesforce.com (SOQL and SOSL Reference 254.0 and
258.0; REST API: query, sObject rows, status codes and error responses; object reference: OpportunityStage,
Note); help.salesforce.com (OAuth tokens and scopes; manage OAuth-enabled connected apps; article 005226515 of
2026-05-03); login.salesforce.com/.well-known/openid-configuration; facts collected 2026-11-23.

Facts the code stands on
- Authorize, token and revoke stand at login.salesforce.com, at test.salesforce.com for a sandbox, or at the
  organisation's My Domain; which, is a setting, and must be an https host below salesforce.com: the client's
  secret goes there.
- Calls go to `instance_url` of the token answer. It is kept only when it is an https host below salesforce.com
  or force.com; any other fails the whole answer.
- The answer has no `expires_in`: how long a token lives is the organisation's session policy. 401
  INVALID_SESSION_ID says that it is over, and then it is refreshed once.
- Whether refresh tokens rotate is a setting of the app, so what is answered is kept. An app has five approvals
  for each user, the sixth ends the oldest: a person with more grants than that loses the oldest one.
- `api` is one scope for everything the person may do over REST, with deleting; there is none for objects,
  fields or reading alone, and a token cannot be narrowed. What keeps to a tool is this file: stored queries, field
  lists and no delete. An admin narrows the rest with the permissions of the person.
- A token without `api` is answered with 401 INVALID_SESSION_ID too, "This session is not valid for use with
  the REST API": it must not be taken for an expired one.
- The daily limit is 403 REQUEST_LIMIT_EXCEEDED, without Retry-After. A field that is hidden from the person makes
  a query fail with 400 INVALID_FIELD.
- A query answers in batches; with `done: false`, `nextRecordsUrl` has the rest. It is followed only where it is
  the path of a query on the same host. OFFSET goes to 2,000 at most, so a list ends there.
- Salesforce shows a person their own view (sharing rules), so what is found is what they may see. "Mine" is
  what they own: OwnerId, with the user's id from userinfo.
- A picklist may take a stage that does not exist, so a stage is looked up in OpportunityStage before it is written.

Not verified against a live organisation [U]: that revoking at login.salesforce.com ends tokens of every
organisation; `userinfo` with the scope `id` alone; the message texts above; the deep link to the person's connected
apps; how long to wait after REQUEST_LIMIT_EXCEEDED. Limits: Sales Cloud's standard objects and fields, no leads and
cases; no Experience Cloud sign-in (my.site.com); no government cloud.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import msgspec

from connectors import _salesforce_records as records
from connectors import _soql
from connectors._salesforce_records import (
    Company,
    Contact,
    CreatedNote,
    CreatedTask,
    Found,
    Made,
    Me,
    Opportunity,
    OpportunityDetails,
    OwnOpportunity,
    Task,
    WireAccount,
    WireContact,
    WireOpportunity,
    WireStage,
    WireTask,
)  # fmt: skip
from connectors._salesforce_refusals import API, missing_scope, refusal
from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope, Setting, ToolError
from core.errors import ProviderError

DATA = "/services/data/v60.0"
MAX_BATCHES = 20
_REST = re.compile(r"/services/data/v[0-9]{2}\.0/query/[A-Za-z0-9-]{1,80}\Z", re.ASCII)

salesforce = Connector(
    slug="salesforce",
    title="Salesforce",
    category="crm",
    api_url="{instance_url}",
    oauth=OAuth2(
        authorize_url="{login_url}/services/oauth2/authorize",
        token_url="{login_url}/services/oauth2/token",  # noqa: S106 (an address)
        revocation=Rfc7009("{login_url}/services/oauth2/revoke"),
        client_auth="client_secret_post",
        always_scopes=("refresh_token", "id"),
        token_fields={"instance_url": ("https://*.salesforce.com", "https://*.force.com")},
        rotates_refresh_tokens=True,
        access_token_ttl_s=None,
    ),
    scopes=[
        Scope("refresh_token", "Staying connected", "go on working while you are not looking"),
        Scope("id", "Your Salesforce user", "see who you are, and in which organisation"),
        Scope(
            API,
            "Everything you can do in Salesforce",
            "read, change and delete all you can yourself: Salesforce knows no smaller permission. Valetkey does no "
            "more with it than the tools you allow",
            risk="delete",
            wide=True,
        ),
    ],
    settings=[
        Setting(
            "login_url",
            title="Where people sign in",
            hint="https://test.salesforce.com for a sandbox, or your My Domain, https://acme.my.salesforce.com",
            default="https://login.salesforce.com",
            allowed=("https://*.salesforce.com",),
        )
    ],
    manage_url="{login_url}/lightning/settings/personal/AdvancedUserDetails/home",
    cannot=[
        "delete anything",
        "change opportunities of your colleagues",
        "change contacts and accounts, or the tasks and notes that are there",
        "send e-mail or messages in your name",
        "change settings or who may see what in Salesforce",
    ],
    missing_scope=missing_scope,
    refusal=refusal,
)

RecordId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[a-zA-Z0-9]{15}(?:[a-zA-Z0-9]{3})?(?!\n)$", max_length=18, description="A record's id"
    ),
]
NotedId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?:001|003|006)[a-zA-Z0-9]{12}(?:[a-zA-Z0-9]{3})?(?!\n)$",
        max_length=18,
        description="The id of an account (001...), a contact (003...) or an opportunity (006...)",
    ),
]
Text = Annotated[str, msgspec.Meta(max_length=100, description="Text to look for; empty: no restriction")]
Cursor = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,4}(?!\n)$", max_length=4, description="`next` of the page before")
]


# ---- asking --------------------------------------------------------------------------------------------------


async def _query(api: Api, soql: str, wanted: int, into: Any) -> list[Any]:
    """The records of a query: at most `wanted`, however Salesforce cuts its batches."""
    found = await api.get(f"{DATA}/query", params={"q": soql}, into=into)
    rows, batches = list(found.records), 1
    while not found.done and found.next_records_url and len(rows) < wanted and batches < MAX_BATCHES:
        found = await api.get(_further(found.next_records_url), into=into)
        rows, batches = rows + found.records, batches + 1
    return rows[:wanted]


def _further(url: str) -> str:
    """Where the next batch is: a query's path on the same host, and nothing else. Raises ProviderError."""
    if not _REST.match(url):
        raise ProviderError("Salesforce's next batch leads elsewhere; the token was not sent")
    return url


async def _page(
    api: Api, kind: str, names: Sequence[str], where: Sequence[str], order: str, limit: int, cursor: str | None,
    into: Any,
) -> tuple[list[Any], str | None]:  # fmt: skip
    """One page and the cursor of the next: one row more than wanted tells whether there is one."""
    offset = int(cursor or 0)
    if offset > _soql.MAX_OFFSET:
        raise ToolError(
            "Salesforce lists no further than this: look for something narrower.", argument="cursor"
        )
    soql = _soql.select(names, kind, where, order, limit + 1, offset)
    rows = await _query(api, soql, limit + 1, into)
    following = offset + limit
    more = len(rows) > limit and following <= _soql.MAX_OFFSET
    return rows[:limit], str(following) if more else None


def _user_id(api: Api) -> str:
    """The id of the person who connected. Raises ToolError when the grant does not have it."""
    user = api.fields.get("user_id")
    if not user:
        raise ToolError("This connection does not say whose it is. Connect Salesforce again.")
    return user


def _mine(api: Api) -> str:
    return f"OwnerId = {_soql.literal(_user_id(api))}"


def _words(text: str, *fields: str) -> list[str]:
    return [_soql.contains(fields, text.strip())] if text.strip() else []


async def _opportunity(api: Api, id: str, names: Sequence[str]) -> WireOpportunity:
    path = api.path(DATA + "/sobjects/Opportunity/{id}", id=id)
    found: WireOpportunity = await api.get(path, params={"fields": ",".join(names)}, into=WireOpportunity)
    return found


async def _stage(api: Api, wanted: str) -> str:
    """The name a stage is stored under. Raises ToolError, naming the stages there are."""
    soql = _soql.select(records.STAGE, "OpportunityStage", ["IsActive = true"], "SortOrder", 200)
    stages: list[WireStage] = await _query(api, soql, 200, Found[WireStage])
    for stage in stages:
        if wanted.strip().lower() in (stage.api_name.lower(), stage.master_label.lower()):
            return stage.api_name
    names = ", ".join(stage.master_label for stage in stages[:50])
    raise ToolError(f"There is no such stage. There are: {names}.", argument="stage")


async def _made(api: Api, kind: str, fields: dict[str, Any]) -> str:
    """The id of a new record. Raises ProviderError when Salesforce did not make it."""
    made: Made = await api.post(f"{DATA}/sobjects/{kind}", json=fields, into=Made)
    if not made.success:
        raise ProviderError("Salesforce did not add the record")
    return made.id


# ---- the account and the tools -------------------------------------------------------------------------------


@salesforce.account
async def account(api: Api) -> Account:
    """The person and the organisation; the person's id is kept for what is "mine"."""
    me: Me = await api.get("/services/oauth2/userinfo", into=Me)
    place = api.fields.get("instance_url", "").removeprefix("https://").rstrip("/")
    fields = {"user_id": me.user_id}
    return Account(
        id=f"{me.organization_id}:{me.user_id}", label=f"{me.preferred_username} in {place}", fields=fields
    )


@salesforce.tool(
    title="Find people", group="Contacts", risk="read", scopes=[API],
    sees="name, e-mail address, phone number, job title and account of contacts you can see",
)  # fmt: skip
async def search_contacts(
    api: Api, text: Text = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Contact]:
    """Find contacts whose name, e-mail address or account contains a text; without text all of them."""
    where = _words(text, "Name", "Email", "Account.Name")
    rows, following = await _page(
        api, "Contact", records.CONTACT, where, "Name, Id", limit, cursor, Found[WireContact]
    )
    return Page([records.contact(row) for row in rows], following)


@salesforce.tool(
    title="Find accounts", group="Accounts", risk="read", scopes=[API],
    sees="name, web address and city of accounts you can see",
)  # fmt: skip
async def search_accounts(
    api: Api, text: Text = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Company]:
    """Find accounts (companies) whose name or web address contains a text; without text all of them."""
    where = _words(text, "Name", "Website")
    rows, following = await _page(
        api, "Account", records.ACCOUNT, where, "Name, Id", limit, cursor, Found[WireAccount]
    )
    return Page([records.company(row) for row in rows], following)


@salesforce.tool(
    title="Find your opportunities", group="Opportunities", risk="read", scopes=[API],
    sees="name, amount, stage, closing date and account of opportunities you own",
)  # fmt: skip
async def my_opportunities(
    api: Api, text: Text = "", open_only: bool = True, closes_from: date | None = None, closes_to: date | None = None,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[OwnOpportunity]:  # fmt: skip
    """Find the user's own opportunities (deals) by a text in their name or account and by closing date (both
    days included), earliest first."""
    where = [_mine(api), *_words(text, "Name", "Account.Name")]
    if open_only:
        where.append("IsClosed = false")
    if closes_from:
        where.append(f"CloseDate >= {_soql.day(closes_from)}")
    if closes_to:
        where.append(f"CloseDate <= {_soql.day(closes_to)}")
    rows, following = await _page(
        api, "Opportunity", records.OPPORTUNITY, where, "CloseDate, Id", limit, cursor, Found[WireOpportunity]
    )
    return Page([records.own_opportunity(row) for row in rows], following)


@salesforce.tool(
    title="Look at one opportunity", group="Opportunities", risk="read", scopes=[API],
    sees="name, amount, stage, closing date, probability, next step and description of an opportunity you can see",
)  # fmt: skip
async def get_opportunity(api: Api, opportunity_id: RecordId) -> OpportunityDetails:
    """Read one opportunity by its id; `yours` says whether the user owns it."""
    found = await _opportunity(api, opportunity_id, records.DETAILS)
    return records.details(found, _user_id(api))


@salesforce.tool(
    title="Change one of your opportunities", group="Opportunities", risk="write", scopes=[API],
    sees="name, amount, stage and closing date of an opportunity you own, and the names of the stages there are",
    changes="changes stage, amount or closing date of an opportunity you own, and nothing else",
)  # fmt: skip
async def update_opportunity(
    api: Api,
    opportunity_id: RecordId,
    stage: Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="A stage's name")]
    | None = None,
    amount: Annotated[float, msgspec.Meta(ge=0, le=1e12)] | None = None,
    closes_on: date | None = None,
) -> Opportunity:
    """Change stage, amount or closing date of one of the user's own opportunities; what is left out stays."""
    if stage is None and amount is None and closes_on is None:
        raise ToolError("Say what to change: stage, amount or closes_on.")
    before = await _opportunity(api, opportunity_id, records.OWNED)
    if before.owner_id != _user_id(api):
        raise ToolError("This opportunity belongs to somebody else.", argument="opportunity_id")
    after = msgspec.structs.replace(
        before,
        stage_name=before.stage_name if stage is None else await _stage(api, stage),
        amount=before.amount if amount is None else amount,
        close_date=before.close_date if closes_on is None else _soql.day(closes_on),
    )
    changes = {
        "StageName": stage and after.stage_name,
        "Amount": amount,
        "CloseDate": closes_on and after.close_date,
    }
    sent = {name: value for name, value in changes.items() if value is not None}
    await api.patch(api.path(DATA + "/sobjects/Opportunity/{id}", id=opportunity_id), json=sent)
    return records.opportunity(after)


@salesforce.tool(
    title="List your tasks", group="Tasks", risk="read", scopes=[API],
    sees="subject, status, priority and due date of tasks assigned to you, and what they are about",
)  # fmt: skip
async def my_tasks(
    api: Api, text: Text = "", open_only: bool = True, limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Task]:
    """List the tasks assigned to the user, earliest due first; perhaps with a text in the subject."""
    where = [_mine(api), *_words(text, "Subject")]
    if open_only:
        where.append("IsClosed = false")
    order = "ActivityDate ASC NULLS LAST, Id"
    rows, following = await _page(api, "Task", records.TASK, where, order, limit, cursor, Found[WireTask])
    return Page([records.task(row) for row in rows], following)


@salesforce.tool(
    title="Add a task for you", group="Tasks", risk="write", scopes=[API],
    changes="adds tasks to your own list; cannot alter those that are there",
)  # fmt: skip
async def create_task(
    api: Api,
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\S")],
    due_on: date,
    contact_id: RecordId | None = None,
    record_id: Annotated[RecordId, msgspec.Meta(description="The account or opportunity it is about")]
    | None = None,
) -> CreatedTask:
    """Add a task to the user's own list, perhaps about a contact, and about an account or opportunity."""
    fields = {
        "Subject": " ".join(subject.split()),
        "ActivityDate": _soql.day(due_on),
        "WhoId": contact_id,
        "WhatId": record_id,
    }
    id = await _made(api, "Task", {name: value for name, value in fields.items() if value})
    return CreatedTask(id, " ".join(subject.split()), due_on.isoformat())


@salesforce.tool(
    title="Add a note", group="Notes", risk="write", scopes=[API],
    changes="adds notes to a contact, account or opportunity; cannot read or alter those that are there",
)  # fmt: skip
async def add_note(
    api: Api,
    record_id: NotedId,
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=8000, pattern=r"\S")],
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=80, pattern=r"\S")] = "Note",
) -> CreatedNote:
    """Write a note, as plain text, on a contact, account or opportunity."""
    id = await _made(
        api, "Note", {"ParentId": record_id, "Title": " ".join(title.split()), "Body": text.strip()}
    )
    return CreatedNote(id, record_id)
