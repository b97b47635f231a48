"""Linear: issues, teams and comments of one workspace, as one person.

Sources, archived copies read on 2026-11-24 unless a date is given: linear.app/developers (OAuth 2.0 authentication, Rate
limiting, GraphQL), the published schema (linear/linear at 8335e09, 2026-07-22), the published SDK's reading of errors
(packages/sdk/src/error.ts). [S]: read elsewhere, in code that quotes Linear's answers.

Facts the code stands on
- Everything is one GraphQL endpoint. Only the stored documents of `_linear_documents.py` are sent; what somebody writes
  travels in variables.
- Scopes are parted by commas. `read` is always there, and means all the person sees in the workspace: Linear cannot give less.
  `issues:create` and `comments:create` are asked for what they name, `write` only to change an issue; `admin` never.
  The token answer parts them by blanks, or lists them (apps of before December 2023).
- Access tokens live 24 hours; a refresh gives a new refresh token, too.
- A token is for one workspace. `prompt=consent` has Linear show its page each time, where the person picks it.
- Revocation is not RFC 7009: the access token as Bearer, or the refresh token as the form member `refresh_token`. 400 means
  that there was nothing left to end, 401 that the token is not known.
- Refusals are an `errors` array, which `_linear_refusals.py` reads whatever the status.
- `issue(id:)` takes ENG-123 as well as a UUID [S], `commentCreate` says so in the schema; `issueUpdate` does not say it, so
  a change looks the UUID up.

Not verified against a live workspace [U]: whether ending the refresh token ends its access token (both are ended), or all of
the person's tokens for the app; the order of an issue's comments; whether `issues:create` lets an app change issues too, as one
public project reports [S] (no tool here does it). Limits: text is Markdown, as Linear has it; no labels, projects, cycles,
attachments or sub-issues; the newest or oldest 20 comments only.
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

import msgspec

from connectors import _linear_documents as documents
from connectors import _linear_records as records
from connectors import _linear_refusals as refusals
from connectors._linear_records import CreatedComment, CreatedIssue, Issue, IssueDetails, State, Target, Team
from core.connector import (
    Account,
    Api,
    Connector,
    Limit,
    OAuth2,
    Page,
    RevocationContext,
    Scope,
    ToolError,
)
from core.errors import ProviderError, ProviderRateLimited, TokenEndpointUnavailable

READ, WRITE = "read", "write"
CREATE_ISSUES, CREATE_COMMENTS = "issues:create", "comments:create"
REVOKE_URL = "https://api.linear.app/oauth/revoke"
DONE = ("completed", "canceled", "duplicate")
PRIORITIES = {"none": 0, "urgent": 1, "high": 2, "medium": 3, "low": 4}


# ---- ending it -----------------------------------------------------------------------------------------------


async def revoke(context: RevocationContext) -> None:
    """First what lives longer: the refresh token as a form member, then the access token as Bearer."""
    tokens = context.tokens
    if tokens.refresh_token is not None:
        await _end(context, form={"refresh_token": tokens.refresh_token.reveal()})
    await _end(context, headers={"Authorization": f"Bearer {tokens.access_token.reveal()}"})


async def _end(context: RevocationContext, **how: Any) -> None:
    """200: ended. 400: it was before. 401: nobody knows the token. Raises on everything else, to be tried again."""
    response = await context.http.send(context.http.request("POST", REVOKE_URL, **how), timeout_s=10.0)
    status = response.status_code
    later = isinstance(
        refusals.refusal(status, response.headers, _json(response.content)), ProviderRateLimited
    )
    if later or status == 429 or status >= 500:
        raise TokenEndpointUnavailable("Linear's revocation is not available.", provider_status=status)
    if status not in (200, 400, 401):
        raise ProviderError(f"Linear answered a revocation with {status}.", provider_status=status)


def _json(content: bytes) -> Any:
    try:
        return msgspec.json.decode(content)
    except (msgspec.DecodeError, RecursionError):
        return None


linear = Connector(
    slug="linear",
    title="Linear",
    category="project",
    api_url="https://api.linear.app/graphql",
    oauth=OAuth2(
        authorize_url="https://linear.app/oauth/authorize",
        token_url="https://api.linear.app/oauth/token",  # noqa: S106 (an address)
        client_auth="client_secret_post",
        scope_separator=",",
        always_scopes=(READ,),
        authorize_params={"prompt": "consent", "actor": "user"},
        rotates_refresh_tokens=True,
        access_token_ttl_s=24 * 3600,
        revocation=revoke,
    ),
    scopes=[
        Scope(READ, "Issues and teams", "read all you can see in the Linear workspace you choose", wide=True),
        Scope(CREATE_ISSUES, "New issues", "create issues", risk="write"),
        Scope(CREATE_COMMENTS, "New comments", "write comments on issues", risk="write"),
        Scope(
            WRITE, "Changes", "change everything you can change in that workspace", risk="delete", wide=True
        ),
    ],
    manage_url="https://linear.app/settings/account/security",
    cannot=[
        "delete or archive issues, comments or projects",
        "change the title, the description or the team of an issue",
        "change or remove what others or you have commented",
        "see or change any workspace but the one you choose",
        "change settings, members or who may see what",
    ],
    refusal=refusals.refusal,
)

IssueId = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{0,19}-[0-9]{1,9}(?!\n)$",
        max_length=30,
        description="The issue as people name it, for example ENG-123",
    ),
]
TeamKey = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{0,19}(?!\n)$",
        max_length=20,
        description="The team's key, for example ENG",
    ),
]
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
Markdown = Annotated[str, msgspec.Meta(max_length=10_000, description="Text, with Markdown if wanted")]
Cursor = Annotated[
    str, msgspec.Meta(pattern=r"^[!-~]+(?!\n)$", max_length=500, description="`next` of the page before")
]
Priority = Literal["none", "urgent", "high", "medium", "low"]


# ---- asking --------------------------------------------------------------------------------------------------


def _filter(team: str | None, open_only: bool) -> dict[str, Any]:
    """What an IssueFilter can hold of it; empty: everything."""
    wanted: dict[str, Any] = {}
    if team:
        wanted["team"] = {"key": {"eqIgnoreCase": team}}
    if open_only:
        wanted["state"] = {"type": {"nin": list(DONE)}}
    return wanted


def _page(limit: int, cursor: str | None, **more: Any) -> dict[str, Any]:
    return {"first": limit, "after": cursor, **more}


def _issues(page: records.IssuePage) -> Page[Issue]:
    return Page([records.issue(one) for one in page.nodes], page.page_info.next)


async def _team_id(api: Api, key: str) -> str:
    found: records.FoundTeam = await api.graphql(documents.TEAM, {"key": key}, into=records.FoundTeam)
    if not found.teams.nodes:
        raise ToolError(f"There is no team {key.upper()}: list_teams has those there are.", argument="team")
    return found.teams.nodes[0].id


async def _target(api: Api, issue_id: str) -> Target:
    variables = {"id": issue_id.upper()}
    found: records.FoundTarget = await api.graphql(
        documents.ISSUE_STATES, variables, into=records.FoundTarget
    )
    return found.issue


def _state_id(target: Target, name: str) -> str:
    """The state of the issue's own team that is called so; capitals do not matter."""
    wanted = name.strip().casefold()
    for state in target.team.states.nodes:
        if state.name.strip().casefold() == wanted:
            return state.id
    raise ToolError("The issue's team has no state of that name: list_states has them.", argument="state")


def _done(success: bool, made: Any) -> Any:
    if not success or made is None:
        raise ProviderError("Linear did not do it and did not say why", provider_status=200)
    return made


# ---- the account and the tools -------------------------------------------------------------------------------


@linear.account
async def account(api: Api) -> Account:
    """The person in the workspace they chose; their id is kept, to assign what they create for themselves."""
    who: records.Who = await api.graphql(documents.WHO, into=records.Who)
    me, place = who.viewer, who.viewer.organization
    return Account(
        id=f"{place.id}:{me.id}", label=f"{me.email or me.name} in {place.name}", fields={"user_id": me.id}
    )


@linear.tool(
    title="List teams", group="Teams", risk="read", scopes=[READ], sees="key and name of the teams you can see",
)  # fmt: skip
async def list_teams(api: Api, limit: Limit = 50, cursor: Cursor | None = None) -> Page[Team]:
    """List the teams whose issues the user can see, with the keys that other tools take."""
    found: records.Teams = await api.graphql(documents.TEAMS, _page(limit, cursor), into=records.Teams)
    return Page(found.teams.nodes, found.teams.page_info.next)


@linear.tool(
    title="List the states of a team", group="Teams", risk="read", scopes=[READ],
    sees="the names of the states an issue of a team can have",
)  # fmt: skip
async def list_states(
    api: Api, team: TeamKey, limit: Limit = 50, cursor: Cursor | None = None
) -> Page[State]:
    """List the states that issues of a team can have, with the names that update_issue takes."""
    variables = _page(limit, cursor, key=team)
    found: records.States = await api.graphql(documents.STATES, variables, into=records.States)
    return Page(found.workflow_states.nodes, found.workflow_states.page_info.next)


@linear.tool(
    title="List your issues", group="Issues", risk="read", scopes=[READ],
    sees="title, state, priority and due date of issues assigned to you",
)  # fmt: skip
async def my_issues(
    api: Api, team: TeamKey | None = None, open_only: bool = True, limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Issue]:  # fmt: skip
    """List the issues assigned to the user, the latest changed first; perhaps of one team."""
    variables = _page(limit, cursor, filter=_filter(team, open_only))
    found: records.MyIssues = await api.graphql(documents.MY_ISSUES, variables, into=records.MyIssues)
    return _issues(found.viewer.assigned_issues)


@linear.tool(
    title="Find issues", group="Issues", risk="read", scopes=[READ],
    sees="title, state, priority, assignee and due date of issues you can see",
)  # fmt: skip
async def search_issues(
    api: Api, text: Words = "", team: TeamKey | None = None, open_only: bool = False, limit: Limit = 20,
    cursor: Cursor | None = None,
) -> Page[Issue]:  # fmt: skip
    """Find issues by words (best match first), by team (latest changed first), or both."""
    variables = _page(limit, cursor, filter=_filter(team, open_only))
    if term := text.strip():
        variables["term"] = term
        hits: records.SearchedIssues = await api.graphql(
            documents.SEARCH, variables, into=records.SearchedIssues
        )
        return _issues(hits.search_issues)
    if not team:
        raise ToolError("Say what to look for: a word or a team.", argument="text")
    found: records.Issues = await api.graphql(documents.ISSUES, variables, into=records.Issues)
    return _issues(found.issues)


@linear.tool(
    title="Look at one issue", group="Issues", risk="read", scopes=[READ],
    sees="title, description, state, priority, assignee, dates and comments of an issue",
)  # fmt: skip
async def get_issue(api: Api, issue_id: IssueId) -> IssueDetails:
    """Read one issue with its description and up to 20 comments."""
    variables = {"id": issue_id.upper()}
    found: records.FoundIssue = await api.graphql(documents.ISSUE, variables, into=records.FoundIssue)
    return records.details(found.issue)


@linear.tool(
    title="Create an issue", group="Issues", risk="write", scopes=[READ], any_of=[[CREATE_ISSUES], [WRITE]],
    changes="adds issues to teams you can see; cannot alter or delete any",
)  # fmt: skip
async def create_issue(
    api: Api,
    team: TeamKey,
    title: Annotated[str, msgspec.Meta(min_length=1, max_length=250, pattern=r"\S")],
    description: Markdown = "",
    priority: Priority | None = None,
    due_on: date | None = None,
    for_me: Annotated[bool, msgspec.Meta(description="Assign it to the user")] = False,
) -> CreatedIssue:
    """Create an issue in a team, perhaps for the user."""
    given = {"title": " ".join(title.split()), "teamId": await _team_id(api, team)}
    given |= _changes(priority, due_on)
    if description.strip():
        given["description"] = description.strip()
    if for_me:
        given["assigneeId"] = _own_id(api)
    made: records.IssueCreated = await api.graphql(
        documents.CREATE_ISSUE, {"input": given}, into=records.IssueCreated
    )
    issue: records.NewIssue = _done(made.issue_create.success, made.issue_create.issue)
    return CreatedIssue(issue.identifier, issue.url)


def _own_id(api: Api) -> str:
    user = api.fields.get("user_id")
    if not user:
        raise ToolError("This connection does not say whose it is. Connect Linear again.", argument="for_me")
    return user


def _changes(priority: Priority | None, due_on: date | None) -> dict[str, Any]:
    changes: dict[str, Any] = {}
    if priority is not None:
        changes["priority"] = PRIORITIES[priority]
    if due_on is not None:
        changes["dueDate"] = due_on.isoformat()
    return changes


@linear.tool(
    title="Comment on an issue", group="Comments", risk="write", scopes=[READ],
    any_of=[[CREATE_COMMENTS], [WRITE]], changes="adds comments in your name; cannot alter or delete any",
)  # fmt: skip
async def add_comment(
    api: Api, issue_id: IssueId, text: Annotated[Markdown, msgspec.Meta(min_length=1, pattern=r"\S")]
) -> CreatedComment:
    """Write a comment below an issue."""
    given = {"issueId": issue_id.upper(), "body": text.strip()}
    made: records.CommentCreated = await api.graphql(
        documents.ADD_COMMENT, {"input": given}, into=records.CommentCreated
    )
    comment: records.NewComment = _done(made.comment_create.success, made.comment_create.comment)
    return CreatedComment(comment.id, issue_id.upper(), comment.url)


@linear.tool(
    title="Change an issue", group="Issues", risk="write", scopes=[READ, WRITE],
    sees="title, state, priority, assignee and due date of the issue",
    changes="changes state, priority or due date of an issue, and nothing else",
)  # fmt: skip
async def update_issue(
    api: Api,
    issue_id: IssueId,
    state: Annotated[str, msgspec.Meta(min_length=1, max_length=100, description="A state's name")]
    | None = None,
    priority: Priority | None = None,
    due_on: date | None = None,
) -> Issue:
    """Change state, priority or due date of an issue, for example to Done; what is left out stays as it is."""
    changes = _changes(priority, due_on)
    if not changes and state is None:
        raise ToolError("Say what to change: state, priority or due_on.")
    target = await _target(api, issue_id)
    if state is not None:
        changes["stateId"] = _state_id(target, state)
    variables = {"id": target.id, "input": changes}
    after: records.IssueUpdated = await api.graphql(
        documents.UPDATE_ISSUE, variables, into=records.IssueUpdated
    )
    issue: records.WireIssue = _done(after.issue_update.success, after.issue_update.issue)
    return records.issue(issue)
