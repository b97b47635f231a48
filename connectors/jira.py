"""Jira Cloud for one person on one site: issues, projects, comments, transitions.

Sources, archived copies read on 2026-11-24 unless a date is given: developer.atlassian.com (OAuth 2.0
(3LO) apps; Jira scopes; document format); Atlassian's OpenAPI document of the platform API v3,
1001.0.0-SNAPSHOT, copied 2025-12-25; facts collected 2026-11-23.

Facts the code stands on
- Authorize and token at auth.atlassian.com, JSON body; `audience=api.atlassian.com` and `prompt=consent`
  are demanded. Calls go to api.atlassian.com/ex/jira/{cloudId}; the site's own host answers 401 to these
  tokens.
- `offline_access` brings a refresh token. It rotates: the used one is dead at once. It ends after 90 days
  without use, 365 days at most (secondary source).
- The app's access type decides what a consent covers: *resource-level* is the one site the person picks,
  *account-level* every site they have. With several sites in sight nothing is guessed: the person chooses
  one on Valetkey's page, unless the registration names it. The list may name a site twice, once for each
  product. A person's accountId is the same on every site, so one of them is asked who it is.
- A scope that is missing is answered with 401 "Unauthorized; scope does not match", not 403: it must not be
  taken for an expired token.
- Classic scopes are few and broad: write:jira-work includes deleting issues. The granular ones for an
  operation are a list, all of which are needed, and do not include deleting. So reading asks for classic
  read:jira-work, writing for the granular lists; a grant that holds write:jira-work instead will do.
- read:jira-user comes with every request: without it nothing says whose account this is.
- The search needs a restriction; /rest/api/3/search/jql pages by `nextPageToken`; rich text is Atlassian
  Document Format.

Not verified against a live site [U]: PKCE (not documented by Atlassian; it is sent, and unknown parameters
are to be ignored by RFC 6749 section 3.1); asking for classic and granular scopes in one request (the
console offers one URL for each kind); any revocation endpoint (none is documented: the grant has to be
removed at id.atlassian.com, and one site alone cannot be); Retry-After on 429. read:me with
api.atlassian.com/me would be smaller than read:jira-user, but is in none of the documents read. Limits:
Jira Cloud only; text search finds whole words; no custom fields; one site for each grant.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Annotated, Any

import msgspec

from connectors import _adf, _jql
from connectors import _jira_records as records
from connectors._jira_records import (
    CreatedComment,
    CreatedIssue,
    FoundIssues,
    FoundProjects,
    FoundTransitions,
    Issue,
    IssueDetails,
    Me,
    Moved,
    Profile,
    Project,
    Site,
    Transition,
    WireComment,
    WireCreated,
    WireIssue,
)  # fmt: skip
from core.connector import Account, Api, Connector, Limit, OAuth2, Page, Scope, ToolError, field_matches
from core.errors import ProviderError

USER_READ, WORK_READ, WORK_WRITE = "read:jira-user", "read:jira-work", "write:jira-work"
CREATE = [
    "write:issue:jira", "write:comment:jira", "write:comment.property:jira", "write:attachment:jira",
    "read:issue:jira",
]  # fmt: skip
COMMENT = [
    "read:comment:jira", "read:comment.property:jira", "read:group:jira", "read:project:jira",
    "read:project-role:jira", "read:user:jira", "write:comment:jira", "read:avatar:jira",
]  # fmt: skip
TRANSITION = ["write:issue:jira", "write:issue.property:jira"]


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """[] for Atlassian's way of saying that the token lacks a scope (it never says which), else None."""
    message = body.get("message") if isinstance(body, dict) else None
    if status not in (401, 403) or not isinstance(message, str):
        return None
    return [] if "scope does not match" in message.lower() else None


jira = Connector(
    slug="jira",
    title="Jira",
    category="project",
    api_url="https://api.atlassian.com/ex/jira/{cloud_id}",
    oauth=OAuth2(
        authorize_url="https://auth.atlassian.com/authorize",
        token_url="https://auth.atlassian.com/oauth/token",  # noqa: S106 (an address)
        client_auth="client_secret_post",
        token_body="json",  # noqa: S106 (a format)
        authorize_params={"audience": "api.atlassian.com", "prompt": "consent"},
        always_scopes=("offline_access", USER_READ),
        rotates_refresh_tokens=True,
        revocation=None,
    ),
    scopes=[
        Scope("offline_access", "Staying connected", "go on working while you are not looking"),
        Scope(USER_READ, "Your profile", "see who you are, and the profiles of people you can see in Jira"),
        Scope(WORK_READ, "Issues and projects", "find and read issues and projects you can see"),
        Scope(
            WORK_WRITE, "Issues and comments", "create, change and delete issues and comments", risk="delete"
        ),
        Scope("write:issue:jira", "Issues", "create and change issues", risk="write"),
        Scope("write:issue.property:jira", "Issues", "write technical data of issues", risk="write"),
        Scope("write:comment:jira", "Comments", "write and change comments", risk="write"),
        Scope("write:comment.property:jira", "Comments", "write technical data of comments", risk="write"),
        Scope("write:attachment:jira", "Attachments", "add files to issues", risk="write"),
        Scope("read:issue:jira", "Issues", "read issues"),
        Scope("read:comment:jira", "Comments", "read comments"),
        Scope("read:comment.property:jira", "Comments", "read technical data of comments"),
        Scope("read:project:jira", "Projects", "read projects"),
        Scope("read:project-role:jira", "Projects", "read the roles in a project"),
        Scope("read:group:jira", "People", "read the names of groups"),
        Scope("read:user:jira", "People", "read profiles"),
        Scope("read:avatar:jira", "People", "see profile pictures"),
    ],
    manage_url="https://id.atlassian.com/manage-profile/apps",
    cannot=[
        "delete issues, comments or projects",
        "change or remove what is written in an issue or a comment",
        "see or change any site but the one you choose",
        "open Confluence or other Atlassian products",
        "change settings or who may see what in Jira",
    ],
    account_fields=("cloud_id", "site_url"),
    missing_scope=missing_scope,
    request_id_header="atl-traceid",
)

IssueKey = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{1,30}-[0-9]{1,10}(?!\n)$",
        max_length=42,
        description="The issue's key, for example ACME-7",
    ),
]
ProjectKey = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^[A-Za-z][A-Za-z0-9_]{1,30}(?!\n)$",
        max_length=31,
        description="The project's key, for example ACME",
    ),
]
Words = Annotated[str, msgspec.Meta(max_length=200, description="Words to look for; empty: no restriction")]
PlainText = Annotated[
    str, msgspec.Meta(max_length=8000, description="Plain text; a blank line starts a paragraph")
]
PageToken = Annotated[
    str, msgspec.Meta(pattern=r"^[!-~]+(?!\n)$", max_length=2000, description="`next` of the page before")
]
Offset = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{1,9}(?!\n)$", max_length=9, description="`next` of the page before")
]


# ---- asking --------------------------------------------------------------------------------------------------


async def _search(api: Api, clauses: list[str], order: str, limit: int, cursor: str | None) -> Page[Issue]:
    body: dict[str, Any] = {
        "jql": f"{' AND '.join(clauses)} ORDER BY {order}",
        "fields": list(records.SHORT),
        "maxResults": limit,
    }
    if cursor:
        body["nextPageToken"] = cursor
    found: FoundIssues = await api.post("/rest/api/3/search/jql", json=body, reads=True, into=FoundIssues)
    return Page(
        [records.issue(one, api.fields.get("site_url")) for one in found.issues], found.next_page_token
    )


def _document(text: str, argument: str) -> dict[str, Any]:
    document = _adf.document(text)
    if not document["content"]:
        raise ToolError("There is no text to write.", argument=argument)
    return document


def _refused(error: ProviderError, advice: str) -> Exception:
    """A 400 is about what was asked, so it is for the user to mend; everything else stays what it is."""
    return ToolError(advice) if error.fields.get("provider_status") == 400 else error


# ---- the account and the tools -------------------------------------------------------------------------------


def _is_jira(site: Site) -> bool:
    return any(scope.endswith(":jira") or ":jira-" in scope for scope in site.scopes)


def _is_named(site: Site, wanted: str) -> bool:
    """Whether a registration's `site` (a cloud id, an address or a host name) means this one."""
    url = site.url.lower().rstrip("/")
    return wanted.strip().lower().rstrip("/") in (site.id.lower(), url, url.removeprefix("https://"))


def _open(sites: list[Site], wanted: str) -> list[Site]:
    """The Jira sites this grant can be for, each once; the registration's alone, where it names one. Raises ToolError."""
    found = {site.id: site for site in sites if _is_jira(site) and (not wanted or _is_named(site, wanted))}
    if not found:
        where = f"the site {wanted}" if wanted else "any Jira site"
        raise ToolError(f"Jira was not opened for {where}. Connect again and choose it on Atlassian's page.")
    if not all(field_matches("*", id) for id in found):
        raise ToolError("Atlassian named a site in a form that cannot be used.")
    return list(found.values())


def _on(site: Site, me: Me) -> Account:
    fields = {"cloud_id": site.id}
    if field_matches("https://*.atlassian.net", site.url):
        fields["site_url"] = site.url.rstrip("/")
    label = f"{me.email_address or me.display_name} in {site.url.removeprefix('https://').rstrip('/')}"
    return Account(id=f"{site.id}:{me.account_id}", label=label, fields=fields)


@jira.account
async def account(api: Api) -> list[Account]:
    """The person, on each site that was opened; a site's id is kept, because every call goes to it."""
    origin = "https://api.atlassian.com"
    listed: list[Site] = await api.get(f"{origin}/oauth/token/accessible-resources", into=list[Site])
    sites = _open(listed, api.fields.get("site", ""))
    me: Me = await api.get(api.path(origin + "/ex/jira/{id}/rest/api/3/myself", id=sites[0].id), into=Me)
    return [_on(site, me) for site in sites]


@jira.tool(
    title="See who you are", group="Your profile", risk="read", scopes=[USER_READ],
    sees="your name, e-mail address and time zone in Jira",
)  # fmt: skip
async def my_profile(api: Api) -> Profile:
    """Tell who the user is in Jira."""
    me: Me = await api.get("/rest/api/3/myself", into=Me)
    return Profile(me.account_id, me.display_name, me.email_address, me.time_zone)


@jira.tool(
    title="Find projects", group="Projects", risk="read", scopes=[WORK_READ],
    sees="key and name of projects you can see",
)  # fmt: skip
async def find_projects(
    api: Api, text: Words = "", limit: Limit = 20, cursor: Offset | None = None
) -> Page[Project]:
    """Find projects whose key or name contains a text; without text all of them."""
    params = {"maxResults": limit, "startAt": int(cursor or 0)}
    if query := text.strip():
        params["query"] = query  # type: ignore[assignment]
    found: FoundProjects = await api.get("/rest/api/3/project/search", params=params, into=FoundProjects)
    following = found.start_at + len(found.values)
    return Page(found.values, None if found.is_last or not found.values else str(following))


@jira.tool(
    title="Find issues", group="Issues", risk="read", scopes=[WORK_READ],
    sees="key, summary, type, status, assignee and due date of issues you can see",
)  # fmt: skip
async def search_issues(
    api: Api, text: Words = "", project: ProjectKey | None = None, open_only: bool = False,
    limit: Limit = 20, cursor: PageToken | None = None,
) -> Page[Issue]:  # fmt: skip
    """Find issues by words, by project, or both; the latest changed first."""
    clauses = [f"project = {_jql.literal(project.upper())}"] if project else []
    if contains := _jql.contains(text):
        clauses.append(contains)
    if not clauses:
        raise ToolError("Say what to look for: a word or a project.", argument="text")
    if open_only:
        clauses.append("statusCategory != Done")
    return await _search(api, clauses, "updated DESC", limit, cursor)


@jira.tool(
    title="List your issues", group="Issues", risk="read", scopes=[WORK_READ],
    sees="key, summary, type, status and due date of issues assigned to you",
)  # fmt: skip
async def my_issues(
    api: Api, text: Words = "", project: ProjectKey | None = None, open_only: bool = True,
    limit: Limit = 20, cursor: PageToken | None = None,
) -> Page[Issue]:  # fmt: skip
    """List the issues assigned to the user, the next due first; perhaps of one project, or with some
    words."""
    clauses = ["assignee = currentUser()"]
    if project:
        clauses.append(f"project = {_jql.literal(project.upper())}")
    if contains := _jql.contains(text):
        clauses.append(contains)
    if open_only:
        clauses.append("statusCategory != Done")
    return await _search(api, clauses, "duedate ASC", limit, cursor)


@jira.tool(
    title="Look at one issue", group="Issues", risk="read", scopes=[WORK_READ],
    sees="summary, description, type, status, priority, assignee and dates of an issue",
)  # fmt: skip
async def get_issue(api: Api, issue_key: IssueKey) -> IssueDetails:
    """Read one issue with its description as plain text."""
    path = api.path("/rest/api/3/issue/{key}", key=issue_key.upper())
    issue: WireIssue = await api.get(path, params={"fields": ",".join(records.LONG)}, into=WireIssue)
    return records.details(issue, api.fields.get("site_url"))


@jira.tool(
    title="Create an issue", group="Issues", risk="write", any_of=[CREATE, [WORK_WRITE]],
    changes="adds issues to projects you can write to; cannot alter or delete any",
)  # fmt: skip
async def create_issue(
    api: Api,
    project: ProjectKey,
    summary: Annotated[str, msgspec.Meta(min_length=1, max_length=250, pattern=r"\S")],
    issue_type: Annotated[str, msgspec.Meta(min_length=1, max_length=60, description="Its name")] = "Task",
    description: PlainText = "",
    due_on: date | None = None,
) -> CreatedIssue:
    """Create an issue in a project."""
    fields: dict[str, Any] = {
        "project": {"key": project.upper()},
        "summary": " ".join(summary.split()),
        "issuetype": {"name": issue_type},
    }
    if description.strip():
        fields["description"] = _document(description, "description")
    if due_on:
        fields["duedate"] = due_on.isoformat()
    try:
        made: WireCreated = await api.post("/rest/api/3/issue", json={"fields": fields}, into=WireCreated)
    except ProviderError as error:
        advice = f"Jira did not take the issue: see whether the project {project.upper()} has the type {issue_type}."
        raise _refused(error, advice) from None
    return CreatedIssue(made.key, records.browse_url(api.fields.get("site_url"), made.key))


@jira.tool(
    title="Comment on an issue", group="Comments", risk="write", any_of=[COMMENT, [WORK_WRITE]],
    changes="adds comments in your name; cannot alter or delete any",
)  # fmt: skip
async def add_comment(
    api: Api, issue_key: IssueKey, text: Annotated[PlainText, msgspec.Meta(min_length=1)]
) -> CreatedComment:
    """Write a comment, as plain text, below an issue."""
    path = api.path("/rest/api/3/issue/{key}/comment", key=issue_key.upper())
    made: WireComment = await api.post(path, json={"body": _document(text, "text")}, into=WireComment)
    return CreatedComment(made.id, issue_key.upper())


@jira.tool(
    title="See where an issue can go", group="Issues", risk="read", scopes=[WORK_READ],
    sees="the steps an issue can take next in its workflow",
)  # fmt: skip
async def list_transitions(api: Api, issue_key: IssueKey) -> list[Transition]:
    """List the transitions an issue can take now, with the ids that transition_issue takes."""
    path = api.path("/rest/api/3/issue/{key}/transitions", key=issue_key.upper())
    found: FoundTransitions = await api.get(path, into=FoundTransitions)
    return [Transition(one.id, one.name, one.to.name if one.to else None) for one in found.transitions]


@jira.tool(
    title="Move an issue", group="Issues", risk="write", any_of=[TRANSITION, [WORK_WRITE]],
    changes="moves an issue along the steps its workflow allows, and changes nothing else",
)  # fmt: skip
async def transition_issue(
    api: Api,
    issue_key: IssueKey,
    transition_id: Annotated[
        str, msgspec.Meta(pattern=r"^[0-9]{1,10}(?!\n)$", max_length=10, description="From list_transitions")
    ],
) -> Moved:
    """Take an issue through a transition, for example to Done."""
    path = api.path("/rest/api/3/issue/{key}/transitions", key=issue_key.upper())
    try:
        await api.post(path, json={"transition": {"id": transition_id}})
    except ProviderError as error:
        raise _refused(
            error, "The issue cannot take this step now: list_transitions says which it can."
        ) from None
    return Moved(issue_key.upper(), transition_id)
