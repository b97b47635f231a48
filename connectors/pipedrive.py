"""Pipedrive CRM for one user of one company: people, deals, activities, notes.

Sources, archived copies read on 2026-11-24 unless a date is given: pipedrive.readme.io (OAuth authorization; Scopes and
permission explanations; Handling user app uninstallation; Getting user data; OAuth status codes; Pagination; Rate
limiting), Pipedrive's API reference v1 and v2; facts collected 2026-11-23.

Facts the code stands on
- Scopes sit on the app: the authorization address takes client_id, redirect_uri and state. An empty `scope` there was
  answered with 400 (PipedreamHQ/pipedream issue 19386, 2025-12-05), so none is sent. The person accepts all or nothing.
  The token answer names what was given, by commas; `base` is in every app.
- Of each kind of data an app has *read only* or *full access*, not both, and full includes read: hence the alternatives.
  `deals:read` and `contacts:read` open all notes and files, too, `deals:full` deletes: one scope, whatever is used of it.
  `search:read` alone finds people and deals with their details, and opens no notes: it is the smallest.
- The token endpoint takes client id and secret as HTTP Basic. Its answer brings `api_domain`, where all calls go; only an
  address below pipedrive.com is kept.
- Access tokens live 60 minutes. The refresh token stays the same and ends after 60 days without use.
- A user may belong to several companies; a token is for one of each. company_id with user_id is the identifier Pipedrive
  guarantees, and what the notice of an uninstallation carries: the account's id is `company.user`.
- Revoking the refresh token (RFC 7009) removes all OAuth data of the installation: every grant of that user through the
  same app dies with it (`revocation_scope="account"`).
- When a user uninstalls the app, Pipedrive sends DELETE to the callback address, with the client's own Basic credentials
  and {client_id, company_id, user_id, timestamp}. The house checks the credentials; `uninstalled` reads the rest.
- An app has one callback address, which is that of one registration.
- Lists of version 2 page by `cursor`, those of version 1 (notes) by `start`; version 1 writes null for an empty list.
- A search term has two characters at least.
- A missing scope is 403 "Scope and URL mismatch". A 403 of another kind (HTML) is Cloudflare's, against floods.
- 429 with `x-ratelimit-reset` is the limit of two seconds, or the company's daily budget, which returns at midnight; a
  search costs most of it. Retry-After is not documented.
- The token sees and may change what its user may.

PKCE is off: Pipedrive documents none, a public catalogue of providers (Nango, 2026-08-21) switches it off for Pipedrive, and
the authorization address is strict about parameters. The code is bound to the client's secret and to one callback address,
and lives five minutes.

Not verified against a live account [U]: whether PKCE parameters would be ignored or refused; that revoking ends the grants
of the same user only; the unit of `x-ratelimit-reset` (seconds are assumed); which status an unknown deal in a new
activity gets; that a new activity without an owner is the caller's own; the address of the installed apps' page.
Limits: no custom fields, leads, products, mail or files; a deal's amount and dates cannot be changed.
"""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from connectors import _pipedrive_records as records
from connectors._pipedrive_records import (
    Activity,
    AddedNote,
    Deal,
    DealHit,
    Found,
    FoundDeal,
    Many,
    Me,
    Note,
    OldMany,
    One,
    Person,
    PersonHit,
    Stage,
    WireActivity,
    WireDeal,
    WireNote,
    WireStage,
)  # fmt: skip
from core.connector import (
    Account,
    Api,
    Connector,
    Limit,
    OAuth2,
    Page,
    PkceOff,
    RateLimit,
    Rfc7009,
    Scope,
    ToolError,
)
from core.errors import ProviderError, ProviderRateLimited, ValetkeyError

SEARCH = "search:read"
DEALS_READ, DEALS_FULL = "deals:read", "deals:full"
ACTIVITIES_READ, ACTIVITIES_FULL = "activities:read", "activities:full"
DEALS = [[DEALS_READ], [DEALS_FULL]]
ACTIVITIES = [[ACTIVITIES_READ], [ACTIVITIES_FULL]]
MAX_RESET_S = 60


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """[] for Pipedrive's way of saying that the app lacks a scope (it never says which), else None."""
    said = body.get("error") if isinstance(body, dict) else None
    if status != 403 or not isinstance(said, str):
        return None
    return [] if "scope and url mismatch" in said.lower() else None


def refusal(status: int, headers: Mapping[str, str], body: Any) -> ValetkeyError | None:
    """A 429 that says in Pipedrive's own header when to come back."""
    reset = headers.get("x-ratelimit-reset", "")
    if status != 429 or headers.get("retry-after") or not re.fullmatch(r"[0-9]{1,9}", reset, re.ASCII):
        return None
    wait = min(max(1, int(reset)), MAX_RESET_S)
    return ProviderRateLimited(f"Pipedrive asks to wait {wait} s", retry_after=wait)


pipedrive = Connector(
    slug="pipedrive",
    title="Pipedrive",
    category="crm",
    api_url="{api_domain}",
    oauth=OAuth2(
        authorize_url="https://oauth.pipedrive.com/oauth/authorize",
        token_url="https://oauth.pipedrive.com/oauth/token",  # noqa: S106 (an address)
        revocation=Rfc7009("https://oauth.pipedrive.com/oauth/revoke"),
        revocation_scope="account",
        client_auth="client_secret_basic",
        pkce=PkceOff(
            "Pipedrive documents no code_challenge and is strict about what its authorization address is given "
            "(an empty scope is a 400); the code is bound to the client's secret and the app's only callback address."
        ),
        scope_mode="app_fixed",
        scope_separator=",",
        always_scopes=("base",),
        token_fields={"api_domain": "https://*.pipedrive.com"},
        rotates_refresh_tokens=False,
    ),
    scopes=[
        Scope("base", "Your Pipedrive account", "know which company and person this is"),
        Scope(SEARCH, "Search", "search the whole account and see details of what is found"),
        Scope(DEALS_READ, "Deals and notes", "read deals, stages, and all notes and files you can see"),
        Scope(
            DEALS_FULL, "Deals and notes", "create, change and delete deals, notes and files", risk="delete"
        ),
        Scope(ACTIVITIES_READ, "Activities", "read activities, and all files you can see"),
        Scope(ACTIVITIES_FULL, "Activities", "create, change and delete activities and files", risk="delete"),
    ],
    manage_url="https://app.pipedrive.com/settings/marketplace",
    cannot=[
        "delete deals, people, notes or activities",
        "change a deal's owner, title, amount or dates",
        "change people or organizations",
        "read or send e-mail",
        "see or change settings, users or permissions",
    ],
    rate_limit=RateLimit(80, 2, per="token"),
    account_fields=("user_id",),
    missing_scope=missing_scope,
    refusal=refusal,
    request_id_header="x-correlation-id",
)

Id = Annotated[int, msgspec.Meta(ge=1, le=2**53 - 1, description="The number Pipedrive gave it")]
Words = Annotated[
    str, msgspec.Meta(min_length=2, max_length=200, description="Words to look for, two characters at least")
]
Text = Annotated[str, msgspec.Meta(min_length=1, max_length=5000, pattern=r"\S", description="Plain text")]
Cursor = Annotated[
    str, msgspec.Meta(pattern=r"^[!-~]+(?!\n)$", max_length=1000, description="`next` of the page before")
]
Offset = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,9}(?!\n)$", max_length=9, description="`next` of the page before")
]


# ---- asking --------------------------------------------------------------------------------------------------


def _term(text: str) -> str:
    """What Pipedrive takes as a search term. Raises ToolError on one it would refuse."""
    term = " ".join(text.split())
    if len(term) < 2:
        raise ToolError("Pipedrive looks for two characters at least.", argument="text")
    return term


def _paged(limit: int, cursor: str | None, **asked: Any) -> dict[str, Any]:
    """Query members of a list of version 2; what is None is left out."""
    members = {**asked, "limit": limit, "cursor": cursor}
    return {name: value for name, value in members.items() if value is not None}


def _me(api: Api) -> str:
    user = api.fields.get("user_id")
    if not user:
        raise ToolError("This connection does not say whose it is. Connect Pipedrive again.")
    return user


def _target(deal_id: int | None, person_id: int | None) -> dict[str, int]:
    """The one thing a note hangs on."""
    if (deal_id is None) == (person_id is None):
        raise ToolError("Name either deal_id or person_id.")
    return {"deal_id": deal_id} if deal_id is not None else {"person_id": person_id or 0}


def _rich(text: str) -> str:
    """Plain text for a field that Pipedrive shows as HTML."""
    return html.escape(text.strip()).replace("\r\n", "\n").replace("\n", "<br>")


def _refused(error: ProviderError, advice: str) -> Exception:
    """A 400 is about what was asked, so it is for the user to mend; everything else stays what it is."""
    return ToolError(advice) if error.fields.get("provider_status") == 400 else error


# ---- the account and the tools -------------------------------------------------------------------------------


def _account_id(company: int, user: int) -> str:
    """One installation: what is revoked together, and what an uninstallation names. No `:` in it."""
    return f"{company}.{user}"


@pipedrive.account
async def account(api: Api) -> Account:
    """The user in the company whose data the token opens; the user's id is kept for what is "mine"."""
    answer: One[Me] = await api.get("/v1/users/me", into=One[Me])
    me = answer.data
    place = me.company_name or f"company {me.company_id}"
    label = f"{me.email or me.name or f'user {me.id}'} in {place}"
    return Account(id=_account_id(me.company_id, me.id), label=label, fields={"user_id": str(me.id)})


@pipedrive.uninstalled
def uninstalled(body: Mapping[str, Any]) -> str | None:
    """The account an uninstallation is about; None where company or user is not named as a number."""
    company, user = _number(body.get("company_id")), _number(body.get("user_id"))
    told = isinstance(body.get("client_id"), str) and company is not None and user is not None
    return _account_id(company or 0, user or 0) if told else None


def _number(value: Any) -> int | None:
    """A positive id, also written as text; nothing else is taken for one."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return int(text) if re.fullmatch(r"[1-9][0-9]{0,18}", text, re.ASCII) else None


@pipedrive.tool(
    title="Find people", group="People", risk="read", scopes=[SEARCH],
    sees="name, e-mail addresses, phone numbers and organization of people you can see",
)  # fmt: skip
async def find_people(api: Api, text: Words, limit: Limit = 10, cursor: Cursor | None = None) -> Page[Person]:
    """Find people by name, e-mail address or phone number, best match first."""
    asked = _paged(limit, cursor, term=_term(text), fields="name,email,phone")
    found: Found[PersonHit] = await api.get("/api/v2/persons/search", params=asked, into=Found[PersonHit])
    return Page([records.person(one) for one in found.items], found.next)


@pipedrive.tool(
    title="Find deals", group="Deals", risk="read", scopes=[SEARCH],
    sees="title, amount, status, stage, person and organization of deals you can see",
)  # fmt: skip
async def find_deals(
    api: Api, text: Words, status: Literal["open", "won", "lost"] | None = None,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[FoundDeal]:  # fmt: skip
    """Find deals, the user's own and others, by words of the title, notes or fields, best match first."""
    asked = _paged(limit, cursor, term=_term(text), status=status)
    found: Found[DealHit] = await api.get("/api/v2/deals/search", params=asked, into=Found[DealHit])
    return Page([records.found_deal(one) for one in found.items], found.next)


@pipedrive.tool(
    title="List your deals", group="Deals", risk="read", any_of=DEALS,
    sees="title, amount, status, stage and expected closing date of deals you own",
)  # fmt: skip
async def my_deals(
    api: Api, status: Literal["open", "won", "lost"] | None = "open", limit: Limit = 20,
    cursor: Cursor | None = None,
) -> Page[Deal]:  # fmt: skip
    """List the deals the user owns: the open ones, the won, the lost, or (null) all of them."""
    asked = _paged(limit, cursor, owner_id=_me(api), status=status)
    found: Many[WireDeal] = await api.get("/api/v2/deals", params=asked, into=Many[WireDeal])
    return Page([records.deal(one) for one in found.items], found.next)


@pipedrive.tool(
    title="Look at one deal", group="Deals", risk="read", any_of=DEALS,
    sees="title, amount, status, stage and expected closing date of a deal you can see",
)  # fmt: skip
async def get_deal(api: Api, deal_id: Id) -> Deal:
    """Read one deal by the id that find_deals or my_deals gave."""
    answer: One[WireDeal] = await api.get(api.path("/api/v2/deals/{id}", id=deal_id), into=One[WireDeal])
    return records.deal(answer.data)


@pipedrive.tool(
    title="List the stages of deals", group="Deals", risk="read", any_of=DEALS,
    sees="the names of the stages in your company's pipelines",
)  # fmt: skip
async def list_deal_stages(api: Api, limit: Limit = 100, cursor: Cursor | None = None) -> Page[Stage]:
    """List the stages a deal can be in, with the ids that my_deals shows and update_deal takes."""
    asked = _paged(limit, cursor)
    found: Many[WireStage] = await api.get("/api/v2/stages", params=asked, into=Many[WireStage])
    return Page([records.stage(one) for one in found.items if not one.is_deleted], found.next)


@pipedrive.tool(
    title="Move or close a deal", group="Deals", risk="write", scopes=[DEALS_FULL],
    sees="title, amount, status, stage and expected closing date of the deal",
    changes="moves a deal you may edit to another stage, or marks it open, won or lost, and nothing else",
)  # fmt: skip
async def update_deal(
    api: Api, deal_id: Id, stage_id: Id | None = None, status: Literal["open", "won", "lost"] | None = None
) -> Deal:
    """Move a deal to another stage, or mark it as open, won or lost; what is left out stays as it is."""
    changes = {name: value for name, value in (("stage_id", stage_id), ("status", status)) if value}
    if not changes:
        raise ToolError("Say what to change: stage_id or status.")
    path = api.path("/api/v2/deals/{id}", id=deal_id)
    try:
        answer: One[WireDeal] = await api.patch(path, json=changes, into=One[WireDeal])
    except ProviderError as error:
        advice = "Pipedrive did not take the change: list_deal_stages has the stages there are."
        raise _refused(error, advice) from None
    return records.deal(answer.data)


@pipedrive.tool(
    title="Read the notes on a deal or person", group="Notes", risk="read", any_of=DEALS,
    sees="text, author and time of the notes on a deal or a person",
)  # fmt: skip
async def list_notes(
    api: Api, deal_id: Id | None = None, person_id: Id | None = None, limit: Limit = 20,
    cursor: Offset | None = None,
) -> Page[Note]:  # fmt: skip
    """Read the notes on one deal or one person as plain text, the latest first."""
    asked = {
        "sort": "add_time DESC",
        "start": int(cursor or 0),
        "limit": limit,
        **_target(deal_id, person_id),
    }
    found: OldMany[WireNote] = await api.get("/v1/notes", params=asked, into=OldMany[WireNote])
    return Page([records.note(one) for one in found.data or []], found.next)


@pipedrive.tool(
    title="Add a note", group="Notes", risk="write", scopes=[DEALS_FULL],
    changes="adds notes to deals and people in your name; cannot alter those that are there",
)  # fmt: skip
async def add_note(api: Api, text: Text, deal_id: Id | None = None, person_id: Id | None = None) -> AddedNote:
    """Write a note, as plain text, on one deal or one person."""
    body = {"content": _rich(text), **_target(deal_id, person_id)}
    try:
        made: One[WireNote] = await api.post("/v1/notes", json=body, into=One[WireNote])
    except ProviderError as error:
        raise _refused(
            error, "Pipedrive did not take the note: see whether deal_id or person_id is right."
        ) from None
    return AddedNote(made.data.id, deal_id, person_id)


@pipedrive.tool(
    title="List your activities", group="Activities", risk="read", any_of=ACTIVITIES,
    sees="subject, type, due date and state of your own activities",
)  # fmt: skip
async def my_activities(
    api: Api, done: bool = False, limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Activity]:
    """List the calls, meetings, tasks and so on of the user: those still to do, or those done."""
    asked = _paged(limit, cursor, owner_id=_me(api), done=str(done).lower())
    found: Many[WireActivity] = await api.get("/api/v2/activities", params=asked, into=Many[WireActivity])
    return Page([records.activity(one) for one in found.items], found.next)


@pipedrive.tool(
    title="Add an activity", group="Activities", risk="write", scopes=[ACTIVITIES_FULL],
    changes="adds activities to your own list; cannot alter those that are there",
)  # fmt: skip
async def create_activity(
    api: Api,
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=250, pattern=r"\S")],
    due_on: date,
    type: Annotated[
        str,
        msgspec.Meta(
            pattern=r"^[a-z0-9_]{1,60}(?!\n)$",
            max_length=60,
            description="task, call, meeting, email, lunch, deadline, or a type of the company's own",
        ),
    ] = "task",
    deal_id: Id | None = None,
) -> Activity:
    """Add an activity to the user's own list, due on a day, perhaps about a deal."""
    body: dict[str, Any] = {
        "subject": " ".join(subject.split()),
        "type": type,
        "due_date": due_on.isoformat(),
    }
    if deal_id is not None:
        body["deal_id"] = deal_id
    try:
        made: One[WireActivity] = await api.post("/api/v2/activities", json=body, into=One[WireActivity])
    except ProviderError as error:
        raise _refused(
            error, "Pipedrive did not take the activity: see whether type and deal_id are right."
        ) from None
    return records.activity(made.data)
