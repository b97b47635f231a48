"""HubSpot CRM for one person: contacts, companies, their own deals and tasks, notes.

Sources, archived copies read on 2026-11-24 unless a date is given: developers.hubspot.com (OAuth v3
guide, Scopes, CRM objects: contacts, companies, deals, tasks, notes, Owners, Pipelines); facts collected
2026-11-23 from HubSpot's published OpenAPI collection at commit 9989379.

Facts the code stands on
- Authorize at app.hubspot.com, everything else at api.hubapi.com, client id and secret in the form body.
  The v1 token endpoints put secrets into URLs, end on 2027-02-16 and are not used.
- Scopes of one app are *required* (always in `scope`), *conditionally required* (only in `scope`, where
  wanted) or *optional* (in `optional_scope`, dropped without a word where the account's product lacks
  them), by HubSpot's changelog "Advanced auth and scope settings for public apps". A scope is of one
  kind, but here the same scope is needed for one request and optional in the next. So everything chosen
  travels in `scope`, the app declares these scopes as conditionally required, and `optional_scope` is not
  used; contacts, companies, deals and owners are in every HubSpot product [U], so nothing is lost.
  docs/connectors/hubspot.md has the settings.
- Tasks and notes are guarded by the contacts scopes. The `.sensitive` and `.highly_sensitive` scopes are
  never asked for.
- A token answers for the whole HubSpot account, whatever its user may see there (HubSpot staff in the
  developer forum). So "mine" is this file's work: deals and tasks are looked up by owner, and a deal of
  somebody else is as good as none.
- The refresh token belongs to app and account, not to a person, so revoking it ends every grant of that
  account: `revocation_scope="account"`. For the same reason the user's id is kept from the first
  introspection and never again read from a later token answer.
- The owner id that records carry differs from the user id; GET /crm/v3/owners/{userId}?idProperty=userId
  translates and needs crm.objects.owners.read, which also shows colleagues' names: only the id is used.
- A missing scope is 403 with `context.missingScopes`. Search has a tighter rate limit than the rest, and
  gives out at most 10,000 results.

Not verified against a live account [U]: whether the refresh token rotates (none seen: not assumed);
whether an access token outlives the revocation of its refresh token (at most 30 minutes); PKCE being
enforced (it is advertised and sent); the base scope `oauth` in requests; the category names of 401
answers; `hs_is_closed` as a search filter; crm.objects.deals.read being enough for GET
/crm/v3/pipelines/deals. Limits: no custom objects or custom properties; a stage can be set only within
the deal's present pipeline.
"""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Annotated, Any, Literal

import msgspec

from connectors import _hubspot_records as records
from connectors._hubspot_records import (
    Company,
    Contact,
    ContactDetails,
    Deal,
    Found,
    Introspection,
    Note,
    Owner,
    Pipelines,
    Record,
    Stage,
    Task,
)  # fmt: skip
from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Rfc7009, Scope, ToolError
from core.errors import Missing, ProviderError

CONTACTS_READ, CONTACTS_WRITE = "crm.objects.contacts.read", "crm.objects.contacts.write"
COMPANIES_READ, OWNERS_READ = "crm.objects.companies.read", "crm.objects.owners.read"
DEALS_READ, DEALS_WRITE = "crm.objects.deals.read", "crm.objects.deals.write"


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """The scopes of a 403 that says so; None for every other refusal."""
    if status != 403 or not isinstance(body, dict):
        return None
    context = body.get("context")
    named = context.get("missingScopes") if isinstance(context, dict) else None
    if isinstance(named, list):
        return [scope for scope in named if isinstance(scope, str)]
    return [] if body.get("category") == "MISSING_SCOPES" else None


hubspot = Connector(
    slug="hubspot",
    title="HubSpot",
    category="crm",
    api_url="https://api.hubapi.com",
    oauth=OAuth2(
        authorize_url="https://app.hubspot.com/oauth/authorize",
        token_url="https://api.hubapi.com/oauth/v3/token",  # noqa: S106 (an address)
        introspection_url="https://api.hubapi.com/oauth/v3/token/introspect",
        revocation=Rfc7009("https://api.hubapi.com/oauth/v3/token/revoke"),
        revocation_scope="account",
        client_auth="client_secret_post",
        always_scopes=("oauth",),
        optional_scope_param=None,  # "optional_scope" exists; why it is not used stands at the top
        rotates_refresh_tokens=False,
    ),
    scopes=[
        Scope("oauth", "Your HubSpot account", "know which account and person this is"),
        Scope(CONTACTS_READ, "Contacts, tasks and notes", "find and read contacts, tasks and notes"),
        Scope(
            CONTACTS_WRITE,
            "Contacts, tasks and notes",
            "create and change contacts, tasks and notes",
            risk="write",
        ),
        Scope(COMPANIES_READ, "Companies", "find and read companies"),
        Scope(DEALS_READ, "Deals", "find and read deals"),
        Scope(DEALS_WRITE, "Deals", "create and change deals", risk="write"),
        Scope(
            OWNERS_READ,
            "Users who own records",
            "see who owns a record, which is how your own are told from others",
        ),
    ],
    manage_url="https://app.hubspot.com/l/connected-apps",
    cannot=[
        "see or change the deals and tasks of your colleagues",
        "read the notes, e-mails and calls on a contact",
        "change or delete contacts and companies, or delete anything else",
        "send e-mail or messages in your name",
        "see fields that HubSpot marks as sensitive",
    ],
    missing_scope=missing_scope,
    request_id_header="x-hubspot-correlation-id",
)

_NO_DEAL = "There is no such deal among your own"

RecordId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{1,20}(?!\n)$", max_length=20, description="The number HubSpot gave the record"
    ),
]
Text = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
Cursor = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,9}(?!\n)$", max_length=9, description="`next` of the page before")
]


# ---- asking --------------------------------------------------------------------------------------------------


async def _search(
    api: Api, kind: str, names: Sequence[str], limit: int, cursor: str | None, *, text: str = "", sort: str = "",
    filters: Sequence[Mapping[str, str]] = (),
) -> Found:  # fmt: skip
    """One page of records. Text and values travel as JSON members: HubSpot's search has no query language
    to break out of."""
    body: dict[str, Any] = {"properties": list(names), "limit": limit}
    if text.strip():
        body["query"] = text.strip()
    if filters:
        body["filterGroups"] = [{"filters": list(filters)}]
    if sort:
        body["sorts"] = [{"propertyName": sort, "direction": "ASCENDING"}]
    if cursor:
        body["after"] = cursor
    found: Found = await api.post(f"/crm/v3/objects/{kind}/search", json=body, reads=True, into=Found)
    return found


def _where(name: str, operator: Literal["EQ", "NEQ", "GTE", "LTE"], value: str) -> dict[str, str]:
    return {"propertyName": name, "operator": operator, "value": value}


async def _owner_id(api: Api) -> str:
    """The owner id of the person who connected. Raises ToolError when HubSpot has none for them."""
    user = api.fields.get("user_id")
    if not user:
        raise ToolError("This connection does not say whose it is. Connect HubSpot again.")
    path = api.path("/crm/v3/owners/{user}", user=user)
    try:
        owner: Owner = await api.get(path, params={"idProperty": "userId"}, into=Owner)
    except Missing:
        raise ToolError("HubSpot has no owner record for you, so nothing there is yours yet.") from None
    return owner.id


async def _own_deal(api: Api, id: str) -> Record:
    """The deal, if the person owns it. Raises Missing alike for one that is not there and one of somebody
    else."""
    owner = await _owner_id(api)
    path = api.path("/crm/v3/objects/deals/{id}", id=id)
    names = ",".join((*records.DEAL, "hubspot_owner_id"))
    try:
        record: Record = await api.get(path, params={"properties": names}, into=Record)
    except Missing:
        raise Missing(_NO_DEAL) from None
    if record.get("hubspot_owner_id") != owner:
        raise Missing(_NO_DEAL)
    return record


def _ms(day: date, at: time) -> str:
    return str(int(datetime.combine(day, at, UTC).timestamp() * 1000))


def _now() -> str:
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _rich(text: str) -> str:
    """Plain text for a field that HubSpot shows as HTML."""
    return html.escape(text.strip()).replace("\r\n", "\n").replace("\n", "<br>")


def _link(contact: str, kind: int) -> list[dict[str, Any]]:
    """An association to a contact. Kinds defined by HubSpot: task 204, note 202."""
    types = [{"associationCategory": "HUBSPOT_DEFINED", "associationTypeId": kind}]
    return [{"to": {"id": contact}, "types": types}]


# ---- the account and the tools -------------------------------------------------------------------------------


@hubspot.account
async def account(api: Api) -> Account:
    """The person and the HubSpot account, by RFC 7662 introspection; the person's id is kept for what is
    "mine"."""
    who: Introspection = await api.introspect(into=Introspection)
    place = who.hub_domain or f"account {who.hub_id}"
    fields = {"user_id": str(who.user_id)}
    return Account(id=f"{who.hub_id}:{who.user_id}", label=f"{who.user} in {place}", fields=fields)


@hubspot.tool(
    title="Find people", group="Contacts", risk="read", scopes=[CONTACTS_READ],
    sees="name, e-mail address and company of contacts in your HubSpot account",
)  # fmt: skip
async def search_contacts(
    api: Api, text: Text = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Contact]:
    """Find contacts by name, e-mail address, phone number or company; without words all of them."""
    found = await _search(api, "contacts", records.CONTACT, limit, cursor, text=text)
    return Page([records.contact(record) for record in found.results], found.next)


@hubspot.tool(
    title="Look at one person", group="Contacts", risk="read", scopes=[CONTACTS_READ],
    sees="name, e-mail address, phone number, job title and company of a contact",
)  # fmt: skip
async def get_contact(api: Api, contact_id: RecordId) -> ContactDetails:
    """Read one contact by the id that search_contacts gave."""
    path = api.path("/crm/v3/objects/contacts/{id}", id=contact_id)
    record: Record = await api.get(
        path, params={"properties": ",".join(records.CONTACT_DETAILS)}, into=Record
    )
    email, company, phone, job = (record.get(name) for name in ("email", "company", "phone", "jobtitle"))
    return ContactDetails(record.id, records.name_of(record), email, company, phone, job)


@hubspot.tool(
    title="Find companies", group="Companies", risk="read", scopes=[COMPANIES_READ],
    sees="name, web address and city of companies in your HubSpot account",
)  # fmt: skip
async def search_companies(
    api: Api, text: Text = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Company]:
    """Find companies by name, web address or phone number; without words all of them."""
    found = await _search(api, "companies", records.COMPANY, limit, cursor, text=text)
    companies = [
        Company(one.id, one.get("name"), one.get("domain"), one.get("city")) for one in found.results
    ]
    return Page(companies, found.next)


@hubspot.tool(
    title="Find your deals", group="Deals", risk="read", scopes=[DEALS_READ, OWNERS_READ],
    sees="title, amount, stage and closing date of deals you own",
)  # fmt: skip
async def search_deals(
    api: Api, text: Text = "", open_only: bool = True, closes_from: date | None = None, closes_to: date | None = None,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[Deal]:  # fmt: skip
    """Find the user's own deals by words of the title and by closing date (both days included, UTC),
    earliest first."""
    filters = [_where("hubspot_owner_id", "EQ", await _owner_id(api))]
    if open_only:
        filters.append(_where("hs_is_closed", "NEQ", "true"))
    if closes_from:
        filters.append(_where("closedate", "GTE", _ms(closes_from, time.min)))
    if closes_to:
        filters.append(_where("closedate", "LTE", _ms(closes_to, time.max)))
    found = await _search(
        api, "deals", records.DEAL, limit, cursor, text=text, filters=filters, sort="closedate"
    )
    return Page([records.deal(record) for record in found.results], found.next)


@hubspot.tool(
    title="Look at one of your deals", group="Deals", risk="read", scopes=[DEALS_READ, OWNERS_READ],
    sees="title, amount, stage and closing date of a deal you own",
)  # fmt: skip
async def get_deal(api: Api, deal_id: RecordId) -> Deal:
    """Read one of the user's own deals by the id that search_deals gave."""
    return records.deal(await _own_deal(api, deal_id))


@hubspot.tool(
    title="List the stages of deals", group="Deals", risk="read", scopes=[DEALS_READ],
    sees="the names of your account's pipelines and their stages",
)  # fmt: skip
async def list_deal_stages(api: Api) -> list[Stage]:
    """List the stages a deal can be in, with the ids that search_deals shows and update_deal takes."""
    answer: Pipelines = await api.get("/crm/v3/pipelines/deals", into=Pipelines)
    return [
        Stage(stage.id, stage.label, pipeline.label, str(stage.metadata.get("isClosed")).lower() == "true")
        for pipeline in answer.results
        for stage in pipeline.stages
    ]


@hubspot.tool(
    title="Change one of your deals", group="Deals", risk="write", scopes=[DEALS_READ, DEALS_WRITE, OWNERS_READ],
    sees="title, amount, stage and closing date of a deal you own",
    changes="changes stage, amount or closing date of a deal you own, and nothing else",
)  # fmt: skip
async def update_deal(
    api: Api,
    deal_id: RecordId,
    stage: Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="A stage's id")]
    | None = None,
    amount: Annotated[float, msgspec.Meta(ge=0, le=1e12)] | None = None,
    closes_on: date | None = None,
) -> Deal:
    """Change stage, amount or closing date of one of the user's own deals; what is left out stays as it
    is."""
    changes: dict[str, str | None] = {}
    if stage is not None:
        changes["dealstage"] = stage
    if amount is not None:
        changes["amount"] = format(Decimal(repr(amount)).normalize(), "f")
    if closes_on is not None:
        changes["closedate"] = f"{closes_on.isoformat()}T00:00:00Z"
    if not changes:
        raise ToolError("Say what to change: stage, amount or closes_on.")
    before = await _own_deal(api, deal_id)
    path = api.path("/crm/v3/objects/deals/{id}", id=deal_id)
    try:
        after: Record = await api.patch(path, json={"properties": changes}, into=Record)
    except ProviderError as error:
        if error.fields.get("provider_status") != 400:
            raise
        raise ToolError(
            "HubSpot did not take the change: list_deal_stages has the stages there are."
        ) from None
    return records.deal(Record(before.id, before.properties | changes | after.properties))


@hubspot.tool(
    title="List your tasks", group="Tasks", risk="read", scopes=[CONTACTS_READ, OWNERS_READ],
    sees="subject, status, priority and due date of tasks assigned to you",
)  # fmt: skip
async def list_my_tasks(
    api: Api, text: Text = "", open_only: bool = True, limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Task]:
    """List the tasks assigned to the user, earliest due first."""
    filters = [_where("hubspot_owner_id", "EQ", await _owner_id(api))]
    if open_only:
        filters.append(_where("hs_task_status", "NEQ", "COMPLETED"))
    found = await _search(
        api, "tasks", records.TASK, limit, cursor, text=text, filters=filters, sort="hs_timestamp"
    )
    return Page([records.task(record) for record in found.results], found.next)


@hubspot.tool(
    title="Add a task for you", group="Tasks", risk="write", scopes=[CONTACTS_WRITE, OWNERS_READ],
    changes="adds tasks to your own list; cannot alter those that are there",
)  # fmt: skip
async def create_task(
    api: Api,
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=250, pattern=r"\S")],
    due_on: date,
    text: Annotated[str, msgspec.Meta(max_length=5000, description="What is to be done, as plain text")] = "",
    priority: Literal["LOW", "MEDIUM", "HIGH"] | None = None,
    contact_id: RecordId | None = None,
) -> Task:
    """Add a task to the user's own list, due at noon UTC of a day, perhaps about a contact."""
    properties: dict[str, str | None] = {
        "hs_task_subject": subject.strip(),
        "hs_task_status": "NOT_STARTED",
        "hs_timestamp": f"{due_on.isoformat()}T12:00:00Z",
        "hubspot_owner_id": await _owner_id(api),
    }
    if text.strip():
        properties["hs_task_body"] = _rich(text)
    if priority:
        properties["hs_task_priority"] = priority
    body: dict[str, Any] = {
        "properties": properties,
        "associations": _link(contact_id, 204) if contact_id else [],
    }
    made: Record = await api.post("/crm/v3/objects/tasks", json=body, into=Record)
    return records.task(Record(made.id, properties | made.properties))


@hubspot.tool(
    title="Add a note to a contact", group="Notes", risk="write", scopes=[CONTACTS_WRITE],
    changes="adds notes to the history of a contact; cannot read or alter those that are there",
)  # fmt: skip
async def add_note(
    api: Api,
    contact_id: RecordId,
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=5000, pattern=r"\S")],
) -> Note:
    """Write a note, as plain text, into the history of a contact."""
    properties = {"hs_timestamp": _now(), "hs_note_body": _rich(text)}
    body = {"properties": properties, "associations": _link(contact_id, 202)}
    made: Record = await api.post("/crm/v3/objects/notes", json=body, into=Record)
    return Note(made.id, contact_id)
