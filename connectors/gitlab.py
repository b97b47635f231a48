"""GitLab for one person, at gitlab.com or at an own server: projects, issues, comments, merge requests.

Sources, archived copies read on 2026-11-24 unless a date is given: docs.gitlab.com ("OAuth 2.0 identity provider API", "REST
API", issues, notes, merge requests, projects, quick actions); gitlabhq/gitlabhq (API guard, quick actions) and
doorkeeper-gem/doorkeeper (refresh, revocation); facts collected 2026-11-23.

Facts the code stands on
- The server is the registration's setting `host_url`; everything goes there: /oauth/authorize, token, revoke, and /api/v4.
- An access token lives 2 hours. A refresh ends both old tokens. GitLab's page shows `redirect_uri` with a refresh, too;
  Doorkeeper, which answers it, does not look at it there, so it is not sent.
- A refresh may name fewer scopes; the new tokens have only those, for good (Doorkeeper's code): `api` becomes `read_api`, which
  is "make it read-only". GitLab's page does not mention it.
- Scopes: `read_api` reads everything the person can, `api` also writes; nothing smaller is for issues. `api` includes
  `read_api`, and both open /user.
- Revocation: POST /oauth/revoke with client id and secret; access and refresh token are one row and end together.
- A missing scope is 403 with `error: insufficient_scope` in the body, no WWW-Authenticate, and in `scope` the scopes of which
  *one* would do: the smallest is asked for. What a token may not see is 404.
- A project in a path is its number, or its whole path as one segment (`group%2Fproject`).
- Lists page by `Link`, numbered or by a key (`id_before`, `cursor`); GitLab moves them from one to the other by release, so the
  cursor says which it is.
- Writes take a body, though the API's pages show them with a query: a text does not belong into an address.
- Lines that begin with `/` in a text are commands: see `_gitlab_text.py`.

Not verified against a live server [U]: the narrowed refresh on gitlab.com; that PKCE is enforced for clients with a secret.
Limits: REST only, so whole records travel to us; GitLab's search decides what a word is; no code, pipelines or epics.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any, Literal
from urllib.parse import parse_qs, urlsplit

import msgspec

from connectors import _gitlab_records as records
from connectors._gitlab_records import (
    Comment,
    CreatedComment,
    CreatedIssue,
    Issue,
    IssueDetails,
    IssueState,
    Me,
    MergeRequest,
    Project,
    WireIssue,
    WireMergeRequest,
    WireNote,
    WireProject,
)
from connectors._gitlab_text import inert
from core.connector import (
    Account,
    Api,
    Connector,
    Limit,
    OAuth2,
    Page,
    RateLimit,
    Rfc7009,
    Scope,
    Setting,
    ToolError,
)
from core.errors import ProviderError

READ, ALL = "read_api", "api"
READS = [[READ], [ALL]]
_CURSORS = ("cursor", "id_before", "id_after", "page")


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """The smallest of the scopes GitLab would take, else None. `scope` names alternatives, not all that is needed."""
    if status != 403 or not isinstance(body, dict) or body.get("error") != "insufficient_scope":
        return None
    told = body.get("scope")
    named = told.split() if isinstance(told, str) else []
    return next(([scope] for scope in (READ, ALL) if scope in named), [])


gitlab = Connector(
    slug="gitlab",
    title="GitLab",
    category="project",
    api_url="{host_url}/api/v4",
    oauth=OAuth2(
        authorize_url="{host_url}/oauth/authorize",
        token_url="{host_url}/oauth/token",  # noqa: S106 - an address
        client_auth="client_secret_post",
        rotates_refresh_tokens=True,
        narrowing="refresh_scope",
        revocation=Rfc7009(url="{host_url}/oauth/revoke"),
    ),
    scopes=[
        Scope(
            READ, "Reading", "read everything you can read at GitLab; it offers nothing smaller", wide=True
        ),
        Scope(
            ALL,
            "Reading and writing",
            "read, change and delete everything you can at GitLab; it offers nothing smaller for writing",
            risk="delete",
            wide=True,
        ),
    ],
    settings=[
        Setting(
            "host_url",
            title="Address of your GitLab",
            hint="https://gitlab.com, or your own server's address",
            default="https://gitlab.com",
        )
    ],
    manage_url="{host_url}/-/user_settings/applications",
    cannot=[
        "read or change code",
        "merge, approve or close merge requests",
        "delete anything, or change what others wrote",
        "run GitLab's commands (/close, /assign ...) from what it writes",
        "change settings, members or who may see what",
    ],
    rate_limit=RateLimit(2_000, 60),
    missing_scope=missing_scope,
    request_id_header="x-request-id",
)

ProjectName = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?:[0-9]{1,12}|[A-Za-z0-9_.][A-Za-z0-9_.-]*(?:/[A-Za-z0-9_.][A-Za-z0-9_.-]*)+)(?!\n)$",
        max_length=255,
        description="The project's path, for example acme/website, or its number",
    ),
]
Number = Annotated[
    int, msgspec.Meta(ge=1, le=2_000_000_000, description="The number behind the # in its project")
]
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
Title = Annotated[str, msgspec.Meta(min_length=1, max_length=250, pattern=r"\S")]
Markdown = Annotated[
    str, msgspec.Meta(max_length=20_000, description="Markdown; no line is taken for a command")
]
Cursor = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^(?:cursor|id_before|id_after|page):[A-Za-z0-9_+/=.-]{1,1000}(?!\n)$",
        max_length=1020,
        description="`next` of the page before",
    ),
]
Role = Literal["reviewer", "assignee", "author"]
ROLES = {"reviewer": "reviews_for_me", "assignee": "assigned_to_me", "author": "created_by_me"}


# ---- asking --------------------------------------------------------------------------------------------------


async def _list(
    api: Api, path: str, params: Mapping[str, Any], limit: int, cursor: str | None, into: Any
) -> tuple[list[Any], str | None]:
    """A page, and the cursor of the next."""
    name, _, value = (cursor or "").partition(":")
    asked = {**params, "per_page": limit, **({name: value} if name in _CURSORS else {})}
    found: list[Any] = await api.get(path, params=asked, into=list[into])
    return found, _following(api)


def _following(api: Api) -> str | None:
    """What of GitLab's link to the next page says where that begins. The link itself is not followed."""
    link = api.links.get("next")
    if link is None:
        return None
    query = parse_qs(urlsplit(link).query)
    found = next((f"{name}:{query[name][0]}" for name in _CURSORS if name in query), None)
    if found is None:
        raise ProviderError("GitLab names a next page in a way that is not known")
    return found


def _path(api: Api, project: str, rest: str = "", **values: Any) -> str:
    """Below a project, whose whole path is one segment."""
    return api.path("/projects/{project}" + rest, project=project, **values)


def _refused(error: ProviderError, advice: str) -> Exception:
    """A 400 or 422 is about what was asked, so it is for the user to mend; everything else stays what it is."""
    return ToolError(advice) if error.fields.get("provider_status") in (400, 422) else error


def _state(open_only: bool) -> str:
    return "opened" if open_only else "all"


# ---- the account and the tools -------------------------------------------------------------------------------


@gitlab.account
async def account(api: Api) -> Account:
    """The person at this server; their number stays when they change their name."""
    me: Me = await api.get("/user", into=Me)
    host = api.fields["host_url"].partition("://")[2].rstrip("/")
    label = f"{me.username} ({me.name})" if me.name else me.username
    return Account(id=f"{me.id}@{host}", label=f"{label} at {host}")


@gitlab.tool(
    title="Find projects", group="Projects", risk="read", any_of=READS,
    sees="name, path and description of projects you are a member of",
)  # fmt: skip
async def find_projects(
    api: Api, text: Words = "", limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Project]:
    """Find the user's projects by name or path, the newest first; without words all of them."""
    params: dict[str, Any] = {
        "membership": True, "simple": True, "archived": False, "pagination": "keyset", "order_by": "id", "sort": "desc",
    }  # fmt: skip
    if text.strip():
        params |= {"search": text.strip(), "search_namespaces": True}
    found, following = await _list(api, "/projects", params, limit, cursor, WireProject)
    return Page([records.project(one) for one in found], following)


@gitlab.tool(
    title="Find issues", group="Issues", risk="read", any_of=READS,
    sees="number, title, state, labels, assignees and due date of issues you can see",
)  # fmt: skip
async def search_issues(
    api: Api, text: Words = "", project: ProjectName | None = None, open_only: bool = True,
    limit: Limit = 20, cursor: Cursor | None = None,
) -> Page[Issue]:  # fmt: skip
    """Find issues by words, by project, or both; the newest first."""
    words = text.strip()
    if not words and not project:
        raise ToolError("Say what to look for: a word or a project.", argument="text")
    params: dict[str, Any] = {"scope": "all", "state": _state(open_only)}
    if words:
        params |= {"search": words, "in": "title,description"}
    path = _path(api, project, "/issues") if project else "/issues"
    found, following = await _list(api, path, params, limit, cursor, WireIssue)
    return Page([records.issue(one) for one in found], following)


@gitlab.tool(
    title="List your issues", group="Issues", risk="read", any_of=READS,
    sees="number, title, state, labels and due date of issues assigned to you",
)  # fmt: skip
async def my_issues(
    api: Api, text: Words = "", open_only: bool = True, limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Issue]:
    """List the issues assigned to the user, the newest first; perhaps with some words."""
    params: dict[str, Any] = {"scope": "assigned_to_me", "state": _state(open_only)}
    if text.strip():
        params |= {"search": text.strip(), "in": "title,description"}
    found, following = await _list(api, "/issues", params, limit, cursor, WireIssue)
    return Page([records.issue(one) for one in found], following)


@gitlab.tool(
    title="Look at one issue", group="Issues", risk="read", any_of=READS,
    sees="title, text, state, labels, author, assignees and dates of an issue",
)  # fmt: skip
async def get_issue(api: Api, project: ProjectName, number: Number) -> IssueDetails:
    """Read one issue with its text."""
    path = _path(api, project, "/issues/{number}", number=number)
    issue: WireIssue = await api.get(path, into=WireIssue)
    return records.details(issue)


@gitlab.tool(
    title="Read the comments on an issue", group="Issues", risk="read", any_of=READS,
    sees="author, date and text of the comments on an issue",
)  # fmt: skip
async def read_comments(
    api: Api, project: ProjectName, number: Number, limit: Limit = 20, cursor: Cursor | None = None
) -> Page[Comment]:
    """Read what was written below an issue, the oldest first."""
    path = _path(api, project, "/issues/{number}/notes", number=number)
    params = {"sort": "asc", "order_by": "created_at", "activity_filter": "only_comments"}
    found, following = await _list(api, path, params, limit, cursor, WireNote)
    return Page([records.comment(one) for one in found if not one.system], following)


@gitlab.tool(
    title="List your merge requests", group="Merge requests", risk="read", any_of=READS,
    sees="number, title, state and author of merge requests you made, are assigned to, or are asked to review",
)  # fmt: skip
async def my_merge_requests(
    api: Api, role: Role = "reviewer", open_only: bool = True, limit: Limit = 20, cursor: Cursor | None = None
) -> Page[MergeRequest]:
    """List the merge requests that wait for the user's review, that they made, or that are assigned to them."""
    params = {"scope": ROLES[role], "state": _state(open_only)}
    found, following = await _list(api, "/merge_requests", params, limit, cursor, WireMergeRequest)
    return Page([records.merge_request(one) for one in found], following)


@gitlab.tool(
    title="Create an issue", group="Issues", risk="write", scopes=[ALL],
    changes="adds issues in your name; cannot alter or delete any",
)  # fmt: skip
async def create_issue(
    api: Api, project: ProjectName, title: Title, text: Markdown = "", due_on: date | None = None
) -> CreatedIssue:
    """Create an issue in a project."""
    body: dict[str, Any] = {"title": " ".join(title.split())}
    if text.strip():
        body["description"] = inert(text)
    if due_on:
        body["due_date"] = due_on.isoformat()
    try:
        made: WireIssue = await api.post(_path(api, project, "/issues"), json=body, into=WireIssue)
    except ProviderError as error:
        raise _refused(error, "GitLab did not take the issue: see its title and date.") from None
    return CreatedIssue(records.project_of(made), made.iid, made.web_url)


@gitlab.tool(
    title="Comment on an issue", group="Issues", risk="write", scopes=[ALL],
    changes="adds comments on issues in your name; cannot alter or delete any",
)  # fmt: skip
async def add_comment(
    api: Api, project: ProjectName, number: Number, text: Annotated[Markdown, msgspec.Meta(min_length=1)]
) -> CreatedComment:
    """Write a comment below an issue."""
    if not text.strip():
        raise ToolError("There is no text to write.", argument="text")
    path = _path(api, project, "/issues/{number}/notes", number=number)
    made: WireNote = await api.post(path, json={"body": inert(text)}, into=WireNote)
    return CreatedComment(made.id, project, number)


@gitlab.tool(
    title="Close or reopen an issue", group="Issues", risk="write", scopes=[ALL],
    changes="closes and reopens issues, and changes nothing else",
)  # fmt: skip
async def set_issue_state(
    api: Api, project: ProjectName, number: Number, state: Literal["closed", "reopened"]
) -> IssueState:
    """Close an issue, or open it again."""
    path = _path(api, project, "/issues/{number}", number=number)
    body = {"state_event": "close" if state == "closed" else "reopen"}
    changed: WireIssue = await api.put(path, json=body, into=WireIssue)
    return IssueState(records.project_of(changed), changed.iid, changed.state)
