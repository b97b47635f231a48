"""Notion for one person: the pages and databases they chose, their text, comments, one property at a time.

Sources: developers.notion.com (Authorization, Capabilities, Status codes, Request limits, Upgrading to
2025-09-03, the references of each call; archived copies read on 2026-11-24); Notion's own client
@notionhq/client 5.26.0, read 2026-11-24; facts collected 2026-11-23. Secondary sources are marked [S].

Facts the code stands on
- Notion has no scopes. What an integration may do are *capabilities*, fixed where it is registered, and
  authorize takes no `scope`: `scope_mode="app_fixed"`. The scopes below are names of this project's own for
  those capabilities (`read_content`, ...); Notion never sees them, and an admin says in the registration
  which of them the integration has. `read_user` stands for "user information", with or without e-mail.
- The person picks pages on Notion's own page; whatever lies below a picked page is picked too. That choice
  belongs to person and integration, not to a grant: connecting again changes it for every assistant that
  uses the same registration [S, sourcesync.ai].
- Token, revocation and introspection take JSON with the client as HTTP Basic. Refreshing gives a new pair;
  the old refresh token is dead. No answer says when a token expires: a 401 does. Since 2026-06-08 every
  authorization mints its own pair [S, neodrop.ai on Notion's changelog]; a connection older than that
  shares one, and ending it ends the others.
- Revocation is documented for an access token and takes `token` alone, so it is a function here, not
  `Rfc7009`: Notion refuses members of a body that it does not know. The refresh token is sent after it.
- PKCE is in none of Notion's documents; for the same reason no `code_verifier` is sent.
- Version 2025-09-03 divides a database into data sources; entries are read and added by data source.
- A missing capability is 403 `restricted_resource` and says not which. 404 `object_not_found` is also what a
  page answers that was not chosen. 429 `rate_limited` comes with Retry-After; about three calls a second.
- Lists answer `has_more` and `next_cursor`. `filter_properties` selects properties by id, so the columns of
  a data source are read first. A property shows at most 25 people or pages.
- An unknown option of a `select` may be added to the database when it is written [U]: it is refused here.
- Names of people come only with the user capability; with "insert content" alone the answer of a new page
  is its id, so its address is made from that.

Not verified against a live workspace [U]: that the token endpoint needs no Notion-Version header (it is not
sent there); what revoking an access token does to its refresh token, and how a dead token is answered;
`filter_properties` when a property is changed (in Notion's client, not in its reference). Limits: only text
is written; no files; what is folded inside a block takes a call of its own; search looks at titles.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec

from connectors import _notion_blocks as blocks
from connectors import _notion_columns as columns_of
from connectors import _notion_records as records
from connectors._notion_records import (
    Block,
    Changed,
    Comment,
    Created,
    CreatedComment,
    Entry,
    Found,
    FoundBlocks,
    FoundComments,
    FoundPages,
    Me,
    WireId,
    WirePage,
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
    RevocationContext,
    Scope,
    ToolError,
)
from core.errors import ProviderError

READ, UPDATE, INSERT = "read_content", "update_content", "insert_content"
COMMENTS_READ, COMMENTS_INSERT, USER = "read_comments", "insert_comments", "read_user"
VERSION = "2025-09-03"
REVOKE = "https://api.notion.com/v1/oauth/revoke"
_DEAD = frozenset({"invalid_grant", "invalid_token", "object_not_found"})


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """[] for Notion's 403, which means a missing capability and says not which; None for every other refusal.

    `restricted_resource` is the only 403 among Notion's error codes, so the form of its errors is enough; a 403 of
    something in front of Notion has another.
    """
    told = body.get("object") if isinstance(body, dict) else None
    return [] if status == 403 and told == "error" else None


async def revoke(context: RevocationContext) -> None:
    """End the access token, as Notion documents it, then the refresh token. A token that is not known is dead.

    Raises ProviderError when Notion does not confirm: the house asks again.
    """
    pair = f"{context.registration.client_id}:{context.registration.secret().reveal()}"
    headers = {
        "Authorization": "Basic " + base64.b64encode(pair.encode()).decode(),
        "Notion-Version": VERSION,
    }
    for token in filter(None, (context.tokens.access_token, context.tokens.refresh_token)):
        request = context.http.request("POST", REVOKE, headers=headers, json={"token": token.reveal()})
        response = await context.http.send(request, timeout_s=10.0)
        if not response.is_success and _error_code(response.content) not in _DEAD:
            raise ProviderError(
                "Notion did not confirm the end of a token", provider_status=response.status_code
            )


def _error_code(body: bytes) -> str | None:
    """Notion writes `code`, OAuth `error`; both have been seen at its OAuth endpoints."""
    try:
        answer = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return None
    told = (answer.get("error") or answer.get("code")) if isinstance(answer, dict) else None
    return told if isinstance(told, str) else None


notion = Connector(
    slug="notion",
    title="Notion",
    category="project",
    api_url="https://api.notion.com/v1",
    oauth=OAuth2(
        authorize_url="https://api.notion.com/v1/oauth/authorize",
        token_url="https://api.notion.com/v1/oauth/token",  # noqa: S106 (an address)
        token_body="json",  # noqa: S106
        client_auth="client_secret_basic",
        pkce=PkceOff("Notion documents no PKCE, and refuses members of a body that it does not know"),
        scope_mode="app_fixed",
        authorize_params={"owner": "user"},
        token_fields={"workspace_id": "*"},
        rotates_refresh_tokens=True,
        revocation=revoke,
    ),
    scopes=[
        Scope(READ, "Pages and databases", "find and read the pages and databases you choose"),
        Scope(
            UPDATE,
            "Pages and databases",
            "change the pages and databases you choose, or put them into the trash",
            risk="delete",
        ),
        Scope(INSERT, "Pages and databases", "add pages and text where you choose", risk="write"),
        Scope(COMMENTS_READ, "Comments", "read comments on the pages you choose"),
        Scope(COMMENTS_INSERT, "Comments", "write comments on the pages you choose", risk="write"),
        Scope(USER, "People", "see the names of people in your workspace"),
    ],
    headers={"Notion-Version": VERSION},
    manage_url="https://www.notion.so/profile/connections",
    cannot=[
        "open pages that you do not choose on Notion's own page (what lies below a chosen page counts as chosen)",
        "change or delete the text of a page, or move a page or put it into the trash",
        "open the files on your pages",
        "invite people or change who may see a page",
    ],
    rate_limit=RateLimit(3, 1, "token"),
    missing_scope=missing_scope,
)

Id = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[0-9a-fA-F]{8}-?(?:[0-9a-fA-F]{4}-?){3}[0-9a-fA-F]{12}(?!\n)$", max_length=36,
        description="The id Notion gave it",
    ),
]  # fmt: skip
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words of the title; empty: no restriction")]
Cursor = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9_=.:~+/-]{1,500}(?!\n)$", max_length=500, description="`next` of the page before"
    ),
]
ColumnName = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
PlainText = Annotated[
    str, msgspec.Meta(max_length=20_000, description="Plain text; a blank line starts a paragraph")
]


# ---- asking --------------------------------------------------------------------------------------------------


def _paged(limit: int, cursor: str | None, **more: Any) -> dict[str, Any]:
    return {"page_size": limit, **more, **({"start_cursor": cursor} if cursor else {})}


def _refused(error: ProviderError, advice: str) -> ProviderError | ToolError:
    """What the user can mend, if Notion said that the request does not fit."""
    return ToolError(advice) if error.fields.get("provider_status") == 400 else error


# ---- the account and the tools -------------------------------------------------------------------------------


@notion.account
async def account(api: Api) -> Account:
    """The person and their workspace; the person's id is kept for what is "mine"."""
    me: Me = await api.get("/users/me", into=Me)
    bot = me.bot or records.Bot()
    user = bot.owner.user if bot.owner else None
    workspace = bot.workspace_id or api.fields.get("workspace_id") or "workspace"
    name = (user.person.email if user.person else None) or user.name if user else None
    place = bot.workspace_name or "Notion"
    fields = {"user_id": user.id} if user else {}
    return Account(
        id=f"{workspace}:{user.id if user else me.id}", label=f"{name or 'You'} in {place}", fields=fields
    )


@notion.tool(
    title="Find pages and databases", group="Pages", risk="read", scopes=[READ],
    sees="title, address and time of the last change of pages and databases you chose",
)  # fmt: skip
async def search(
    api: Api, text: Words = "", kind: Literal["page", "data_source"] | None = None,
    limit: Limit = 10, cursor: Cursor | None = None,
) -> Page[Found]:  # fmt: skip
    """Find pages and databases (as data sources) by words of the title, the latest changed first."""
    body = _paged(limit, cursor)
    if text.strip():
        body["query"] = text.strip()
    if kind:
        body["filter"] = {"property": "object", "value": kind}
    answer: FoundPages = await api.post("/search", json=body, reads=True, into=FoundPages)
    return Page([records.found(one) for one in answer.results if not one.in_trash], answer.next)


@notion.tool(
    title="Look at a page's properties", group="Pages", risk="read", scopes=[READ],
    sees="title and properties (such as status, dates, numbers) of a page you chose",
)  # fmt: skip
async def get_page(api: Api, page_id: Id) -> Entry:
    """Read title and properties of one page; read_page gives its text."""
    answer: WirePage = await api.get(api.path("/pages/{id}", id=page_id), into=WirePage)
    return records.entry(answer)


@notion.tool(
    title="Read a page", group="Pages", risk="read", scopes=[READ], sees="the text of a page you chose",
)  # fmt: skip
async def read_page(api: Api, page_id: Id, limit: Limit = 100, cursor: Cursor | None = None) -> Page[Block]:
    """Read the text of a page line by line; with the id of a line that has more inside, what is inside it."""
    path = api.path("/blocks/{id}/children", id=page_id)
    answer: FoundBlocks = await api.get(path, params=_paged(limit, cursor), into=FoundBlocks)
    lines = [records.block(one) for one in answer.results]
    return Page([one for one in lines if one.text or one.more_inside], answer.next)


@notion.tool(
    title="List the entries of a database", group="Databases", risk="read", scopes=[READ],
    sees="title and columns of the entries of a database you chose",
)  # fmt: skip
async def list_entries(
    api: Api,
    data_source_id: Id,
    text: Words = "",
    mine_by: Annotated[
        str, msgspec.Meta(min_length=1, max_length=200, description="A column of people: only entries where it names the user")
    ]
    | None = None,
    columns: Annotated[list[ColumnName], msgspec.Meta(max_length=columns_of.MOST, description="Names of columns to show")]
    | None = None,
    limit: Limit = 20,
    cursor: Cursor | None = None,
) -> Page[Entry]:  # fmt: skip
    """List entries of a database by words of the title, or those that name the user in a column of people such
    as an assignee."""
    there = await columns_of.columns(api, data_source_id)
    body, conditions = _paged(limit, cursor), []
    if mine_by is not None:
        conditions.append(columns_of.mine(there, mine_by, api.fields.get("user_id")))
    if text.strip():
        conditions.append({"property": "title", "title": {"contains": text.strip()}})
    if conditions:
        body["filter"] = conditions[0] if len(conditions) == 1 else {"and": conditions}
    path, selected = (
        api.path("/data_sources/{id}/query", id=data_source_id),
        columns_of.wanted(there, columns),
    )
    answer: FoundPages = await api.post(
        path, params={"filter_properties": selected}, json=body, reads=True, into=FoundPages
    )
    entries = [records.entry(one) for one in answer.results if one.object == "page" and not one.in_trash]
    return Page(entries, answer.next)


@notion.tool(
    title="Read the comments on a page", group="Comments", risk="read", scopes=[COMMENTS_READ, USER],
    sees="text, author and time of the open comments on a page you chose",
)  # fmt: skip
async def list_comments(
    api: Api, page_id: Id, limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Comment]:
    """Read the open comments on a page, or on one of its lines by that line's id, oldest first."""
    params = _paged(limit, cursor, block_id=page_id)
    answer: FoundComments = await api.get("/comments", params=params, into=FoundComments)
    return Page([records.comment(one) for one in answer.results], answer.next)


@notion.tool(
    title="Add a page", group="Pages", risk="write", scopes=[INSERT],
    changes="adds pages below a page, or entries to a database, that you chose; cannot alter those that are there",
)  # fmt: skip
async def create_page(
    api: Api,
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"\S")],
    parent_page_id: Id | None = None,
    data_source_id: Id | None = None,
    text: PlainText = "",
) -> Created:
    """Add a page with a title and plain text: below a page, or as an entry of a database (data source)."""
    if (parent_page_id is None) == (data_source_id is None):
        raise ToolError("Say where: parent_page_id or data_source_id, one of the two.")
    where = {"page_id": parent_page_id} if parent_page_id else {"data_source_id": data_source_id}
    body: dict[str, Any] = {
        "parent": {"type": next(iter(where)), **where},
        "properties": {"title": {"title": blocks.rich(" ".join(title.split()))}},
    }
    if children := blocks.paragraphs(text):
        if len(children) > blocks.MOST_BLOCKS:
            raise ToolError(f"At most {blocks.MOST_BLOCKS} paragraphs fit into one page.", argument="text")
        body["children"] = children
    try:
        made: WireId = await api.post("/pages", json=body, into=WireId)
    except ProviderError as error:
        raise _refused(
            error, "Notion did not take the page: see whether the id is that of a page or data source."
        ) from None
    return Created(made.id, f"https://www.notion.so/{made.id.replace('-', '')}")


@notion.tool(
    title="Comment on a page", group="Comments", risk="write", scopes=[COMMENTS_INSERT],
    changes="adds comments to pages you chose; cannot alter or delete any",
)  # fmt: skip
async def add_comment(
    api: Api, page_id: Id, text: Annotated[str, msgspec.Meta(min_length=1, max_length=5000, pattern=r"\S")]
) -> CreatedComment:
    """Write a comment, as plain text, on a page."""
    body = {"parent": {"page_id": page_id}, "rich_text": blocks.rich(text.strip())}
    made: WireId = await api.post("/comments", json=body, into=WireId)
    return CreatedComment(made.id, page_id)


@notion.tool(
    title="Set one property of a page", group="Databases", risk="write", scopes=[READ, UPDATE],
    sees="the property that is set, and what can be chosen for it",
    changes="sets one status, choice, checkbox, number or date of an entry you chose, and nothing else",
)  # fmt: skip
async def set_property(
    api: Api,
    page_id: Id,
    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200, description="The property's name")],
    value: Annotated[str, msgspec.Meta(max_length=200)] | bool | float,
) -> Changed:
    """Set one property of an entry of a database: a status or choice by its name, a checkbox to true or false, a
    number, or a date as 2026-12-01."""
    path = api.path("/pages/{id}", id=page_id)
    page: WirePage = await api.get(path, into=WirePage)
    prop = page.properties.get(name)
    kind = prop.get("type") if prop else None
    if prop is None or kind not in columns_of.WRITTEN:
        able = [one for one, it in page.properties.items() if it.get("type") in columns_of.WRITTEN]
        raise ToolError(
            f"{name!r} cannot be set. Can be set: {', '.join(able) or 'nothing'}", argument="name"
        )
    if kind in columns_of.CHOSEN:
        await columns_of.check_choice(api, page, name, value)
    body = {"properties": {name: {kind: columns_of.written(kind, value)}}}
    selected = {"filter_properties": [unquote(str(prop.get("id")))]}
    try:
        after: WirePage = await api.patch(path, params=selected, json=body, into=WirePage)
    except ProviderError as error:
        raise _refused(error, "Notion did not take the value.") from None
    return Changed(after.id, name, records.value(after.properties.get(name)))
