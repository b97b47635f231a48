"""GitHub for one person, through a GitHub App: repositories, issues, comments, pull requests.

Sources: GitHub's REST description (@octokit/openapi 23.0.2, MIT); github/docs ("Refreshing user access tokens", "Rate limits
for the REST API", "Token expiration and revocation", search pages), archived copies read on 2026-11-24; facts collected
2026-11-23.

Facts the code stands on
- What an app may do are the permissions of its registration and the repositories it is installed on; the authorization
  request carries no `scope`. Authorize and token at github.com, calls to api.github.com. PKCE S256 since 2025-07-14. A user
  token lives 8 hours, its refresh token 6 months; both are dead once the refresh token was used.
- The token endpoint answers errors with status 200 and `error` (bad_verification_code, bad_refresh_token).
- A smaller token can be had for a call, see `_github_tokens.py`: every call here is made with one. Where a tool names no
  repository it opens all repositories of one owner the app is installed on, with the tool's permissions only.
- DELETE /applications/{client_id}/grant ends all of the person's tokens for the app, DELETE .../token one.
- What a token may not see is answered with 404, as if it were not there. A missing permission is 403 "Resource not accessible
  by integration", with `x-accepted-github-permissions`; a rate limit is 403 or 429 with `retry-after`, or with
  `x-ratelimit-remaining: 0` and `x-ratelimit-reset`.
- A search has to say `is:issue` or `is:pull-request`, else it is 422. Pages are numbered; what follows stands in `Link`.
- Every pull request is an issue, too. Text is Markdown: what is written here is.
- All these calls are in GitHub's list of endpoints for an app's user tokens. What is public can be read with any of them.

Not verified against GitHub [U]: that searches and /user/repos work with a token for one owner, too; whether a limit of tokens
(ten for each person, app and scope, documented for OAuth apps) holds for smaller ones. Limits: github.com only; no code, no
reviews, no actions; a renamed repository has to be named by its new name (redirects are not followed); 1,000 found items.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from connectors import _github_records as records
from connectors import _github_search, _github_tokens
from connectors._github_records import (
    Comment,
    CreatedComment,
    CreatedIssue,
    FoundIssues,
    Issue,
    IssueDetails,
    IssueState,
    Me,
    PullRequest,
    Repository,
    WireComment,
    WireIssue,
    WireRepository,
)
from core.connector import Account, Api, Connector, Limit, OAuth2, Page, RateLimit, Scope, ToolError
from core.errors import ProviderError

METADATA, ISSUES_READ, ISSUES_WRITE = "metadata:read", "issues:read", "issues:write"
PULLS_READ = "pull_requests:read"

github = Connector(
    slug="github",
    title="GitHub",
    category="project",
    api_url=_github_tokens.API,
    oauth=OAuth2(
        authorize_url="https://github.com/login/oauth/authorize",
        token_url=_github_tokens.TOKEN_URL,
        client_auth="client_secret_post",
        scope_mode="app_fixed",
        rotates_refresh_tokens=True,
        narrowing=_github_tokens.narrow,
        revocation=_github_tokens.revoke,
        token_errors={"bad_refresh_token": "rejected", "bad_verification_code": "rejected"},
    ),
    scopes=[
        Scope(
            METADATA, "Repositories", "see names and descriptions of the repositories the app is installed on"
        ),
        Scope(ISSUES_READ, "Issues", "find and read issues and their comments"),
        Scope(ISSUES_WRITE, "Issues", "create, change, close and comment on issues", risk="write"),
        Scope(PULLS_READ, "Pull requests", "find pull requests and see their state"),
    ],
    headers=_github_tokens.HEADERS,
    manage_url="https://github.com/settings/apps/authorizations",
    cannot=[
        "read or change code",
        "merge, approve or close pull requests",
        "delete anything, or change what others wrote",
        "open repositories the app was not installed on",
        "change settings, members or who may see what",
    ],
    rate_limit=RateLimit(5_000, 3_600),
    missing_scope=_github_tokens.missing_permission,
    refusal=_github_tokens.refusal,
    request_id_header="x-github-request-id",
)

RepositoryName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}/(?!\.{1,2}(?:$|\n))[A-Za-z0-9._-]{1,100}(?!\n)$",
        max_length=201,
        description="Owner and name, for example acme/website",
    ),
]
Owner = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z0-9][A-Za-z0-9_-]{0,99}(?!\n)$",
        max_length=100,
        description="A person's or organization's name at GitHub; needed when the app is installed for several",
    ),
]
Number = Annotated[int, msgspec.Meta(ge=1, le=2_000_000_000, description="The number behind the #")]
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=250, pattern=r"\S")]
Markdown = Annotated[str, msgspec.Meta(max_length=20_000, description="Markdown")]
PageNumber = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,6}(?!\n)$", max_length=6, description="`next` of the page before")
]
Role = Literal["author", "assignee", "review_requested"]


# ---- asking --------------------------------------------------------------------------------------------------


async def _search(
    api: Api, text: str, limit: int, cursor: str | None, **qualifiers: str | None
) -> tuple[list[WireIssue], str | None]:
    """What was found, the latest changed first, and the number of the next page."""
    query = _github_search.query(text, **qualifiers)
    if query is None:
        raise ToolError("These are more words than GitHub takes: name fewer.", argument="text")
    params: dict[str, Any] = {"q": query, "sort": "updated", "order": "desc", "per_page": limit}
    if cursor:
        params["page"] = cursor
    try:
        found: FoundIssues = await api.get("/search/issues", params=params, into=FoundIssues)
    except ProviderError as error:
        raise _refused(
            error, "GitHub cannot search there: no such place is open to you, or no such page."
        ) from None
    following = parse_qs(urlsplit(api.links.get("next", "")).query).get("page")
    return found.items, following[0] if following else None


def _refused(error: ProviderError, advice: str) -> Exception:
    """A 422 is about what was asked, so it is for the user to mend; everything else stays what it is."""
    return ToolError(advice) if error.fields.get("provider_status") == 422 else error


def _issue_path(api: Api, repository: str, number: int, rest: str = "") -> str:
    owner, _, name = repository.partition("/")
    return api.path("/repos/{owner}/{name}/issues/{number}" + rest, owner=owner, name=name, number=number)


def _text(text: str) -> str:
    if not text.strip():
        raise ToolError("There is no text to write.", argument="text")
    return text.replace("\r\n", "\n").strip()


# ---- the account and the tools -------------------------------------------------------------------------------


@github.account
async def account(api: Api) -> Account:
    """The person; their number stays when they change their name."""
    me: Me = await api.get("/user", into=Me)
    return Account(id=str(me.id), label=f"{me.login} ({me.name})" if me.name else me.login)


@github.tool(
    title="List your repositories", group="Repositories", risk="read", scopes=[METADATA],
    sees="name, description and visibility of repositories",
)  # fmt: skip
async def my_repositories(
    api: Api, owner: Owner | None = None, limit: Limit = 20, cursor: PageNumber | None = None
) -> Page[Repository]:
    """List the repositories that can be used here, the latest changed first."""
    params = {"sort": "pushed", "per_page": limit}
    found = await api.get_page("/user/repos", params=params, cursor=cursor, into=list[WireRepository])
    mine = (one for one in found.items if not owner or _is_of(one.full_name, owner))
    return Page([records.repository(one) for one in mine], found.next)


def _is_of(repository: str, owner: str) -> bool:
    return repository.partition("/")[0].lower() == owner.lower()


@github.tool(
    title="Find issues", group="Issues", risk="read", any_of=[[ISSUES_READ], [ISSUES_WRITE]],
    sees="number, title, state, labels and assignees of issues",
)  # fmt: skip
async def search_issues(
    api: Api, repository: RepositoryName | None = None, owner: Owner | None = None, text: Words = "",
    open_only: bool = True, limit: Limit = 20, cursor: PageNumber | None = None,
) -> Page[Issue]:  # fmt: skip
    """Find issues by words, in one repository or in all of one owner; the latest changed first."""
    if not repository and not owner:
        raise ToolError("Say where to look: a repository, or an owner.", argument="repository")
    state = "open" if open_only else None
    place = {"repo": repository} if repository else {"user": owner}
    found, following = await _search(api, text, limit, cursor, is_="issue", state=state, **place)
    return Page([records.issue(one) for one in found], following)


@github.tool(
    title="List your issues", group="Issues", risk="read", any_of=[[ISSUES_READ], [ISSUES_WRITE]],
    sees="number, title, state, labels and assignees of issues assigned to you",
)  # fmt: skip
async def my_issues(
    api: Api, owner: Owner | None = None, text: Words = "", open_only: bool = True,
    limit: Limit = 20, cursor: PageNumber | None = None,
) -> Page[Issue]:  # fmt: skip
    """List the issues assigned to the user, the latest changed first; perhaps with some words."""
    state = "open" if open_only else None
    found, following = await _search(
        api, text, limit, cursor, is_="issue", state=state, assignee="@me", user=owner
    )
    return Page([records.issue(one) for one in found], following)


@github.tool(
    title="Look at one issue", group="Issues", risk="read", any_of=[[ISSUES_READ], [ISSUES_WRITE]],
    sees="title, text, state, labels, author, assignees and dates of an issue",
)  # fmt: skip
async def get_issue(api: Api, repository: RepositoryName, number: Number) -> IssueDetails:
    """Read one issue with its text."""
    issue: WireIssue = await api.get(_issue_path(api, repository, number), into=WireIssue)
    return records.details(issue, repository)


@github.tool(
    title="Read the comments on an issue", group="Issues", risk="read", any_of=[[ISSUES_READ], [ISSUES_WRITE]],
    sees="author, date and text of the comments on an issue",
)  # fmt: skip
async def read_comments(
    api: Api, repository: RepositoryName, number: Number, limit: Limit = 20, cursor: PageNumber | None = None
) -> Page[Comment]:
    """Read what was written below an issue, the oldest first."""
    path = _issue_path(api, repository, number, "/comments")
    found = await api.get_page(path, params={"per_page": limit}, cursor=cursor, into=list[WireComment])
    return Page([records.comment(one) for one in found.items], found.next)


@github.tool(
    title="List your pull requests", group="Pull requests", risk="read", scopes=[PULLS_READ],
    sees="number, title, state and author of pull requests you made, are assigned to, or are asked to review",
)  # fmt: skip
async def my_pull_requests(
    api: Api, role: Role = "review_requested", owner: Owner | None = None, open_only: bool = True,
    limit: Limit = 20, cursor: PageNumber | None = None,
) -> Page[PullRequest]:  # fmt: skip
    """List the pull requests that wait for the user's review, that they made, or that are assigned to them."""
    state = "open" if open_only else None
    found, following = await _search(
        api, "", limit, cursor, is_="pull-request", state=state, user=owner, **{role: "@me"}
    )
    return Page([records.pull_request(one) for one in found], following)


@github.tool(
    title="Create an issue", group="Issues", risk="write", scopes=[ISSUES_WRITE],
    changes="adds issues in your name; cannot alter or delete any",
)  # fmt: skip
async def create_issue(
    api: Api,
    repository: RepositoryName,
    title: Title,
    text: Markdown = "",
    labels: Annotated[
        list[Annotated[str, msgspec.Meta(min_length=1, max_length=50)]],
        msgspec.Meta(max_length=10, description="Dropped by GitHub where the user may not set labels"),
    ] = [],  # noqa: B006 - msgspec copies it
) -> CreatedIssue:
    """Create an issue in a repository."""
    owner, _, name = repository.partition("/")
    body: dict[str, Any] = {"title": " ".join(title.split())}
    if text.strip():
        body["body"] = _text(text)
    if labels:
        body["labels"] = labels
    path = api.path("/repos/{owner}/{name}/issues", owner=owner, name=name)
    try:
        made: WireIssue = await api.post(path, json=body, into=WireIssue)
    except ProviderError as error:
        raise _refused(error, "GitHub did not take the issue: see its title and labels.") from None
    return CreatedIssue(repository, made.number, made.html_url)


@github.tool(
    title="Comment on an issue", group="Issues", risk="write", scopes=[ISSUES_WRITE],
    changes="adds comments on issues and pull requests in your name; cannot alter or delete any",
)  # fmt: skip
async def add_comment(
    api: Api,
    repository: RepositoryName,
    number: Number,
    text: Annotated[Markdown, msgspec.Meta(min_length=1)],
) -> CreatedComment:
    """Write a comment below an issue or a pull request."""
    path = _issue_path(api, repository, number, "/comments")
    made: WireComment = await api.post(path, json={"body": _text(text)}, into=WireComment)
    return CreatedComment(made.id, made.html_url)


@github.tool(
    title="Close or reopen an issue", group="Issues", risk="write", scopes=[ISSUES_WRITE],
    changes="closes and reopens issues, and changes nothing else",
)  # fmt: skip
async def set_issue_state(
    api: Api,
    repository: RepositoryName,
    number: Number,
    state: Literal["completed", "not_planned", "reopened"],
) -> IssueState:
    """Close an issue as completed or as not planned, or open it again. Pull requests are left alone."""
    path = _issue_path(api, repository, number)
    issue: WireIssue = await api.get(path, into=WireIssue)
    if issue.pull_request:
        raise ToolError("This number is a pull request: they are not closed here.", argument="number")
    body = {"state": "open" if state == "reopened" else "closed", "state_reason": state}
    changed: WireIssue = await api.patch(path, json=body, into=WireIssue)
    return IssueState(repository, number, changed.state, changed.state_reason)
