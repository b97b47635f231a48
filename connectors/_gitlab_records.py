"""GitLab's projects, issues and merge requests: what an assistant gets to see of them, what GitLab answers, and the way between.

Sources and limits: `connectors/gitlab.py`. REST cannot be asked for single fields: what is not named here is dropped.
"""

from __future__ import annotations

from typing import Any

import msgspec

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Project(msgspec.Struct, frozen=True):
    """`project` is what the other tools take."""

    project: str
    name: str
    description: str | None
    url: str | None


class Issue(msgspec.Struct, frozen=True):
    """`number` is what stands behind the #; `confidential`: only members with enough rights may see it."""

    project: str
    number: int
    title: str
    state: str
    assignees: list[str]
    labels: list[str]
    due_on: str | None
    confidential: bool
    url: str | None


class IssueDetails(Issue, frozen=True):
    author: str | None
    created_at: str | None
    updated_at: str | None
    closed_at: str | None
    text: str


class Comment(msgspec.Struct, frozen=True):
    """`internal`: shown at GitLab to members with enough rights only."""

    id: int
    author: str | None
    created_at: str | None
    internal: bool
    text: str


class MergeRequest(msgspec.Struct, frozen=True):
    project: str
    number: int
    title: str
    state: str
    draft: bool
    author: str | None
    url: str | None


class CreatedIssue(msgspec.Struct, frozen=True):
    project: str
    number: int
    url: str | None


class CreatedComment(msgspec.Struct, frozen=True):
    id: int
    project: str
    number: int


class IssueState(msgspec.Struct, frozen=True):
    project: str
    number: int
    state: str


# ---- what GitLab answers -------------------------------------------------------------------------------------


class User(msgspec.Struct, frozen=True):
    username: str | None = None


class Me(msgspec.Struct, frozen=True):
    id: int
    username: str
    name: str | None = None


class WireProject(msgspec.Struct, frozen=True):
    id: int
    name: str
    path_with_namespace: str | None = None
    description: str | None = None
    web_url: str | None = None


class References(msgspec.Struct, frozen=True):
    """`full`: `group/project#7`, or with `!` for a merge request."""

    full: str = ""


class WireIssue(msgspec.Struct, frozen=True):
    iid: int
    project_id: int
    title: str
    state: str
    references: References | None = None
    description: str | None = None
    author: User | None = None
    assignees: list[User] = []
    labels: list[str] = []
    due_date: Any = None
    confidential: bool = False
    created_at: str | None = None
    updated_at: str | None = None
    closed_at: str | None = None
    web_url: str | None = None


class WireMergeRequest(msgspec.Struct, frozen=True):
    iid: int
    project_id: int
    title: str
    state: str
    references: References | None = None
    draft: bool = False
    author: User | None = None
    web_url: str | None = None


class WireNote(msgspec.Struct, frozen=True):
    """`system`: GitLab's own line in the history of an issue."""

    id: int
    body: str = ""
    author: User | None = None
    created_at: str | None = None
    system: bool = False
    internal: bool = False


# ---- the way between -----------------------------------------------------------------------------------------


def project(wire: WireProject) -> Project:
    return Project(wire.path_with_namespace or str(wire.id), wire.name, wire.description, wire.web_url)


def project_of(wire: WireIssue | WireMergeRequest) -> str:
    """Its project's path, else its number: both are what the tools take."""
    full = wire.references.full if wire.references else ""
    return full.rstrip("0123456789").rstrip("#!") or str(wire.project_id)


def _login(user: User | None) -> str | None:
    return user.username if user else None


def _members(wire: WireIssue) -> dict[str, Any]:
    return {
        "project": project_of(wire),
        "number": wire.iid,
        "title": wire.title,
        "state": wire.state,
        "assignees": [user.username for user in wire.assignees if user.username],
        "labels": wire.labels,
        "due_on": wire.due_date if isinstance(wire.due_date, str) else None,
        "confidential": wire.confidential,
        "url": wire.web_url,
    }


def issue(wire: WireIssue) -> Issue:
    return Issue(**_members(wire))


def details(wire: WireIssue) -> IssueDetails:
    return IssueDetails(
        **_members(wire),
        author=_login(wire.author),
        created_at=wire.created_at,
        updated_at=wire.updated_at,
        closed_at=wire.closed_at,
        text=wire.description or "",
    )


def comment(wire: WireNote) -> Comment:
    return Comment(wire.id, _login(wire.author), wire.created_at, wire.internal, wire.body)


def merge_request(wire: WireMergeRequest) -> MergeRequest:
    login = _login(wire.author)
    return MergeRequest(project_of(wire), wire.iid, wire.title, wire.state, wire.draft, login, wire.web_url)
