"""Zoho CRM for one person: contacts, accounts, deals, their own tasks, notes on contacts.

Sources, read on 2026-11-24 unless a date is given: zoho.com/crm/developer/docs/api v8 and v7 (COQL, search, records,
notes, scopes, multi DC, status codes); zoho.com/accounts/protocol/oauth (web apps, token limits); Zoho's "Kaizen #171";
facts collected 2026-11-23.

Facts the code stands on
- Zoho keeps its data centres apart, each with an accounts server and an API domain. Which one is a setting with a list
  of choices, and nothing else can be an address. The answer's `api_domain` is kept only when it is one of the list, and
  has to be that of the chosen centre; a person of another centre cannot connect through this registration (their
  code is refused with `invalid_code`).
- Scopes are separated by commas, and are for one module and one verb: the finest of any CRM here. There is no narrower
  token: a refresh gives "the same set of scopes".
- `access_type=offline` with `prompt=consent` brings a refresh token each time. It does not rotate and has no end.
  Limits: 20 refresh tokens for a person, the 21st ends the oldest; 5 in a minute; 10 access tokens in ten minutes
  for a refresh token, then 400 "Access Denied" for the rest of them; 30 living ones. So an access token is kept
  for its hour, one refresh runs at a time, "Access Denied" is "later" and not the end.
- A dead code or refresh token is `invalid_code`, often with status 200.
- The API takes `Authorization: Zoho-oauthtoken`, not Bearer.
- Lists come from COQL (POST /coql, ZohoCRM.coql.READ beside the module's READ): it selects, filters by owner and
  sorts. The search API would need ZohoSearch.securesearch.READ instead, lags behind, and cannot sort.
- Nothing found is 204 without a body. A write answers record by record: one that failed may stand in a success.
- A missing scope is 401 OAUTH_SCOPE_MISMATCH, which must not be taken for an expired token (401 INVALID_TOKEN); what the
  person's profile forbids is 403 NO_PERMISSION.
- Zoho shows a person their own view. "Mine" is Owner, with the user's id from /users?type=CurrentUser.
- Revoking is POST /oauth/v2/token/revoke with the token in the query, by Zoho's documents.

Not verified against a live account [U]: PKCE (not documented for web apps; it is sent); that the comma is demanded; the
status of a record that is not there (204, 400 and 404 are all read); that `Probability` between 1 and 99 is an open deal; the
order by date where a date is missing; that a note needs contacts.READ beside notes.CREATE; where on the account page the
connected apps stand. Limits: eight data centres; no sandbox; standard modules and fields, no leads and cases; 10,000
records of a list; a stage is checked by Zoho alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any, Literal, TypeVar

import msgspec

from connectors import _coql
from connectors import _zoho_crm_records as records
from connectors._zoho_crm_records import (
    Company,
    Contact,
    CreatedNote,
    CreatedTask,
    Deal,
    DealDetails,
    Found,
    OwnDeal,
    Task,
    Users,
    WireAccount,
    WireContact,
    WireDeal,
    WireTask,
    Written,
)  # fmt: skip
from connectors._zoho_crm_refusals import missing_scope, refusal, written
from core.connector import (
    Account,
    Api,
    Connector,
    Limit,
    OAuth2,
    Page,
    RevocationContext,
    Scope,
    Setting,
    ToolError,
)
from core.errors import Missing, ProviderError

T = TypeVar("T")
USERS_READ, COQL = "ZohoCRM.users.READ", "ZohoCRM.coql.READ"
CONTACTS_READ, ACCOUNTS_READ = "ZohoCRM.modules.contacts.READ", "ZohoCRM.modules.accounts.READ"
DEALS_READ, DEALS_UPDATE = "ZohoCRM.modules.deals.READ", "ZohoCRM.modules.deals.UPDATE"
TASKS_READ, TASKS_CREATE = "ZohoCRM.modules.tasks.READ", "ZohoCRM.modules.tasks.CREATE"
NOTES_CREATE = "ZohoCRM.modules.notes.CREATE"
DATA_CENTRES = {
    "us": ("https://accounts.zoho.com", "https://www.zohoapis.com"),
    "eu": ("https://accounts.zoho.eu", "https://www.zohoapis.eu"),
    "in": ("https://accounts.zoho.in", "https://www.zohoapis.in"),
    "au": ("https://accounts.zoho.com.au", "https://www.zohoapis.com.au"),
    "cn": ("https://accounts.zoho.com.cn", "https://www.zohoapis.com.cn"),
    "jp": ("https://accounts.zoho.jp", "https://www.zohoapis.jp"),
    "ca": ("https://accounts.zohocloud.ca", "https://www.zohoapis.ca"),
    "sa": ("https://accounts.zoho.sa", "https://www.zohoapis.sa"),
}
_GONE = "Zoho CRM has nothing there, or does not show it to this account"
_DEAD = frozenset({"invalid_code", "invalid_token"})


async def revoke(context: RevocationContext) -> None:
    """End the refresh token, and with it its access tokens; without one the access token. A dead one is as good."""
    token = context.tokens.refresh_token or context.tokens.access_token
    url = f"{context.fields['accounts_url']}/oauth/v2/token/revoke"
    request = context.http.request("POST", url, params={"token": token.reveal()})
    response = await context.http.send(request, timeout_s=10.0)
    try:
        body = msgspec.json.decode(response.content)
    except msgspec.DecodeError:
        body = None
    told = body if isinstance(body, dict) else {}
    if response.status_code < 500 and (told.get("status") == "success" or told.get("error") in _DEAD):
        return
    raise ProviderError("Zoho did not confirm the end of the token", provider_status=response.status_code)


zoho_crm = Connector(
    slug="zoho_crm",
    title="Zoho CRM",
    category="crm",
    api_url="{api_domain}/crm/v8",
    oauth=OAuth2(
        authorize_url="{accounts_url}/oauth/v2/auth",
        token_url="{accounts_url}/oauth/v2/token",  # noqa: S106 (an address)
        client_auth="client_secret_post",
        authorize_params={"access_type": "offline", "prompt": "consent"},
        scope_separator=",",
        always_scopes=(USERS_READ,),
        token_fields={"api_domain": tuple(domain for _, domain in DATA_CENTRES.values())},
        token_errors={"invalid_code": "rejected", "Access Denied": "later"},
        access_token_ttl_s=3600,
        rotates_refresh_tokens=False,
        revocation=revoke,
    ),
    auth_scheme="Zoho-oauthtoken",
    scopes=[
        Scope(
            USERS_READ,
            "Users",
            "see who you are; it also opens names and e-mail addresses of your colleagues",
        ),
        Scope(COQL, "Lists", "find records in those kinds of data you allow to be read"),
        Scope(CONTACTS_READ, "Contacts", "find and read contacts"),
        Scope(ACCOUNTS_READ, "Accounts", "find and read accounts"),
        Scope(DEALS_READ, "Deals", "find and read deals"),
        Scope(DEALS_UPDATE, "Deals", "change deals", risk="write"),
        Scope(TASKS_READ, "Tasks", "find and read tasks"),
        Scope(TASKS_CREATE, "Tasks", "add tasks", risk="write"),
        Scope(NOTES_CREATE, "Notes", "add notes", risk="write"),
    ],
    settings=[
        Setting(
            "data_centre",
            title="Data centre",
            hint="Where the organisation's data is. The address of its CRM tells: crm.zoho.eu is eu.",
            choices={
                name: {"accounts_url": accounts, "api_domain": domain}
                for name, (accounts, domain) in DATA_CENTRES.items()
            },
        )
    ],
    manage_url="{accounts_url}/home",
    cannot=[
        "delete anything",
        "change deals of your colleagues",
        "change contacts and accounts, or the tasks and notes that are there",
        "read notes, e-mails and calls",
        "send e-mail or messages in your name",
    ],
    missing_scope=missing_scope,
    refusal=refusal,
)

RecordId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9]{10,20}(?!\n)$", max_length=20, description="The number Zoho gave the record"
    ),
]
Text = Annotated[str, msgspec.Meta(max_length=100, description="Text to look for; empty: no restriction")]
Cursor = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,4}(?!\n)$", max_length=4, description="`next` of the page before")
]


# ---- asking --------------------------------------------------------------------------------------------------


async def _page(
    api: Api, module: str, names: Sequence[str], where: Sequence[str | None], order: str, limit: int,
    cursor: str | None, into: type[T],
) -> tuple[list[T], str | None]:  # fmt: skip
    """One page and the cursor of the next. No records are an answer without a body."""
    offset = int(cursor or 0)
    query = _coql.select(names, module, where, order, limit, offset)
    kind: Any = Found[into] | None  # type: ignore[valid-type]
    found: Found[T] | None = await api.post("/coql", json={"select_query": query}, reads=True, into=kind)
    if found is None:
        return [], None
    following = offset + limit
    more = found.info.more_records and following < _coql.MAX_RECORDS
    return found.data, str(following) if more else None


def _user_id(api: Api) -> str:
    """The id of the person who connected. Raises ToolError when the grant does not have it."""
    user = api.fields.get("user_id")
    if not user:
        raise ToolError("This connection does not say whose it is. Connect Zoho CRM again.")
    return user


def _mine(api: Api) -> str:
    return f"Owner = {_coql.literal(_user_id(api))}"


async def _deal(api: Api, id: str, names: Sequence[str]) -> WireDeal:
    """One deal. Raises Missing, however Zoho says that it is not there."""
    path = api.path("/Deals/{id}", id=id)
    kind: Any = Found[WireDeal] | None
    found: Found[WireDeal] | None = await api.get(path, params={"fields": ",".join(names)}, into=kind)
    if found is None or not found.data:
        raise Missing(_GONE)
    return found.data[0]


# ---- the account and the tools -------------------------------------------------------------------------------


@zoho_crm.account
async def account(api: Api) -> Account:
    """The person, in the data centre that was chosen; their id is kept for what is "mine"."""
    centre = api.fields.get("data_centre", "")
    if api.fields.get("api_domain") != DATA_CENTRES.get(centre, ("", None))[1]:
        raise ToolError(
            "Your Zoho CRM is in another data centre than this connector was set up for. Whoever registered it has to "
            "choose yours."
        )
    found: Users = await api.get("/users", params={"type": "CurrentUser"}, into=Users)
    if not found.users:
        raise ToolError("Zoho CRM does not know you as a user of an organisation.")
    me = found.users[0]
    label = f"{me.email or me.full_name or me.id} in Zoho CRM ({centre})"
    return Account(id=f"{centre}:{me.id}", label=label, fields={"user_id": me.id})


@zoho_crm.tool(
    title="Find people", group="Contacts", risk="read", scopes=[COQL, CONTACTS_READ],
    sees="name, e-mail address, phone number, job title and account of contacts you can see",
)  # fmt: skip
async def search_contacts(
    api: Api, text: Text = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Contact]:
    """Find contacts whose name, e-mail address or account contains a text; without text all of them."""
    where = [_coql.contains(("Full_Name", "Email", "Account_Name.Account_Name"), text)]
    rows, following = await _page(
        api, "Contacts", records.CONTACT, where, "Full_Name asc", limit, cursor, WireContact
    )
    return Page([records.contact(row) for row in rows], following)


@zoho_crm.tool(
    title="Find accounts", group="Accounts", risk="read", scopes=[COQL, ACCOUNTS_READ],
    sees="name, web address and city of accounts you can see",
)  # fmt: skip
async def search_accounts(
    api: Api, text: Text = "", limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Company]:
    """Find accounts (companies) whose name or web address contains a text; without text all of them."""
    where = [_coql.contains(("Account_Name", "Website"), text)]
    rows, following = await _page(
        api, "Accounts", records.ACCOUNT, where, "Account_Name asc", limit, cursor, WireAccount
    )
    return Page([records.company(row) for row in rows], following)


@zoho_crm.tool(
    title="Find your deals", group="Deals", risk="read", scopes=[COQL, DEALS_READ],
    sees="name, amount, stage, closing date and account of deals you own",
)  # fmt: skip
async def my_deals(
    api: Api, text: Text = "", open_only: bool = True, closes_from: date | None = None, closes_to: date | None = None,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[OwnDeal]:  # fmt: skip
    """Find the user's own deals by a text in their name or account and by closing date (both days included),
    earliest first."""
    where = [
        _mine(api),
        _coql.contains(("Deal_Name", "Account_Name.Account_Name"), text),
        "(Probability > 0 and Probability < 100)" if open_only else None,
        f"Closing_Date >= {_coql.day(closes_from)}" if closes_from else None,
        f"Closing_Date <= {_coql.day(closes_to)}" if closes_to else None,
    ]
    rows, following = await _page(
        api, "Deals", records.DEAL, where, "Closing_Date asc", limit, cursor, WireDeal
    )
    return Page([records.own_deal(row) for row in rows], following)


@zoho_crm.tool(
    title="Look at one deal", group="Deals", risk="read", scopes=[DEALS_READ],
    sees="name, amount, stage, closing date, probability, next step and description of a deal you can see",
)  # fmt: skip
async def get_deal(api: Api, deal_id: RecordId) -> DealDetails:
    """Read one deal by its id; `yours` says whether the user owns it."""
    return records.details(await _deal(api, deal_id, records.DETAILS), _user_id(api))


@zoho_crm.tool(
    title="Change one of your deals", group="Deals", risk="write", scopes=[DEALS_READ, DEALS_UPDATE],
    sees="name, amount, stage and closing date of a deal you own",
    changes="changes stage, amount or closing date of a deal you own, and nothing else",
)  # fmt: skip
async def update_deal(
    api: Api,
    deal_id: RecordId,
    stage: Annotated[
        str, msgspec.Meta(min_length=1, max_length=100, description="A stage's name", pattern=r"\S")
    ]
    | None = None,
    amount: Annotated[float, msgspec.Meta(ge=0, le=1e12)] | None = None,
    closes_on: date | None = None,
) -> Deal:
    """Change stage, amount or closing date of one of the user's own deals; what is left out stays as it is."""
    changes = {
        "Stage": stage and stage.strip(),
        "Amount": amount,
        "Closing_Date": closes_on and closes_on.isoformat(),
    }
    sent = {name: value for name, value in changes.items() if value is not None}
    if not sent:
        raise ToolError("Say what to change: stage, amount or closes_on.")
    before = await _deal(api, deal_id, records.OWNED)
    if before.owner is None or before.owner.id != _user_id(api):
        raise ToolError("This deal belongs to somebody else.", argument="deal_id")
    path = api.path("/Deals/{id}", id=deal_id)
    written(await api.put(path, json={"data": [sent]}, into=Written))
    return Deal(
        before.id,
        before.name,
        stage.strip() if stage else before.stage,
        before.amount if amount is None else amount,
        closes_on.isoformat() if closes_on else before.closes_on,
    )


@zoho_crm.tool(
    title="List your tasks", group="Tasks", risk="read", scopes=[COQL, TASKS_READ],
    sees="subject, status, priority and due date of tasks assigned to you",
)  # fmt: skip
async def my_tasks(
    api: Api, text: Text = "", open_only: bool = True, limit: Limit = 10, cursor: Cursor | None = None
) -> Page[Task]:
    """List the tasks assigned to the user, earliest due first; perhaps with a text in the subject."""
    where = [
        _mine(api),
        _coql.contains(("Subject",), text),
        "Status != 'Completed'" if open_only else None,
    ]
    rows, following = await _page(api, "Tasks", records.TASK, where, "Due_Date asc", limit, cursor, WireTask)
    return Page([records.task(row) for row in rows], following)


@zoho_crm.tool(
    title="Add a task for you", group="Tasks", risk="write", scopes=[TASKS_CREATE],
    changes="adds tasks to your own list; cannot alter those that are there",
)  # fmt: skip
async def create_task(
    api: Api,
    subject: Annotated[str, msgspec.Meta(min_length=1, max_length=255, pattern=r"\S")],
    due_on: date,
    text: Annotated[str, msgspec.Meta(max_length=5000, description="What is to be done, as plain text")] = "",
    priority: Literal["Lowest", "Low", "Normal", "High", "Highest"] | None = None,
    contact_id: RecordId | None = None,
) -> CreatedTask:
    """Add a task to the user's own list, perhaps about a contact."""
    fields: dict[str, Any] = {
        "Subject": " ".join(subject.split()),
        "Due_Date": due_on.isoformat(),
        "Owner": {"id": _user_id(api)},
        "Description": text.strip(),
        "Priority": priority,
        "Who_Id": contact_id and {"id": contact_id},
    }
    sent = {name: value for name, value in fields.items() if value}
    id = written(await api.post("/Tasks", json={"data": [sent]}, into=Written))
    return CreatedTask(id, fields["Subject"], due_on.isoformat())


@zoho_crm.tool(
    title="Add a note to a contact", group="Notes", risk="write", scopes=[CONTACTS_READ, NOTES_CREATE],
    changes="adds notes to a contact; cannot read or alter those that are there",
)  # fmt: skip
async def add_note(
    api: Api,
    contact_id: RecordId,
    text: Annotated[str, msgspec.Meta(min_length=1, max_length=8000, pattern=r"\S")],
    title: Annotated[str, msgspec.Meta(max_length=120)] = "",
) -> CreatedNote:
    """Write a note, as plain text, on a contact."""
    parent = {"module": {"api_name": "Contacts"}, "id": contact_id}
    fields: dict[str, Any] = {"Parent_Id": parent, "Note_Content": text.strip()}
    if title.strip():
        fields["Note_Title"] = " ".join(title.split())
    id = written(await api.post("/Notes", json={"data": [fields]}, into=Written))
    return CreatedNote(id, contact_id)
