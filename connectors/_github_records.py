"""GitHub's repositories, issues and pull requests: what an assistant gets to see of them, what GitHub answers, and the way
between.

Sources and limits: `connectors/github.py`. GitHub cannot be asked for single fields: what is not named here is dropped.
"""

from __future__ import annotations

import msgspec

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Repository(msgspec.Struct, frozen=True):
    """`name` is what the other tools call `repository`."""

    name: str
    description: str | None
    private: bool
    archived: bool
    url: str


class Issue(msgspec.Struct, frozen=True):
    repository: str
    number: int
    title: str
    state: str
    assignees: list[str]
    labels: list[str]
    updated_at: str | None
    url: str


class IssueDetails(Issue, frozen=True):
    """`kind`: GitHub counts pull requests as issues, so a number may be either."""

    kind: str
    author: str | None
    created_at: str | None
    closed_at: str | None
    comments: int
    text: str


class Comment(msgspec.Struct, frozen=True):
    id: int
    author: str | None
    created_at: str | None
    text: str


class PullRequest(msgspec.Struct, frozen=True):
    repository: str
    number: int
    title: str
    state: str
    draft: bool
    author: str | None
    updated_at: str | None
    url: str


class CreatedIssue(msgspec.Struct, frozen=True):
    repository: str
    number: int
    url: str


class CreatedComment(msgspec.Struct, frozen=True):
    id: int
    url: str


class IssueState(msgspec.Struct, frozen=True):
    repository: str
    number: int
    state: str
    reason: str | None


# ---- what GitHub answers -------------------------------------------------------------------------------------


class User(msgspec.Struct, frozen=True):
    login: str


class Me(msgspec.Struct, frozen=True):
    id: int
    login: str
    name: str | None = None


class Label(msgspec.Struct, frozen=True):
    name: str | None = None


class WireRepository(msgspec.Struct, frozen=True):
    full_name: str
    html_url: str
    private: bool
    description: str | None = None
    archived: bool = False


class OfPullRequest(msgspec.Struct, frozen=True):
    """There on pull requests only."""

    merged_at: str | None = None


class WireIssue(msgspec.Struct, frozen=True):
    number: int
    title: str
    state: str
    html_url: str
    created_at: str | None = None
    updated_at: str | None = None
    repository_url: str = ""
    state_reason: str | None = None
    body: str | None = None
    user: User | None = None
    assignees: list[User] | None = None
    labels: list[Label | str] = []
    comments: int = 0
    closed_at: str | None = None
    draft: bool | None = None
    pull_request: OfPullRequest | None = None


class FoundIssues(msgspec.Struct, frozen=True):
    items: list[WireIssue]


class WireComment(msgspec.Struct, frozen=True):
    id: int
    html_url: str
    created_at: str | None = None
    user: User | None = None
    body: str | None = None


class Installation(msgspec.Struct, frozen=True):
    """Where the app is installed: at a person or an organization. An enterprise has no login, and no repositories."""

    account: OwnerOfInstallation | None = None
    suspended_at: str | None = None


class OwnerOfInstallation(msgspec.Struct, frozen=True):
    login: str | None = None


class Installations(msgspec.Struct, frozen=True):
    installations: list[Installation]


# ---- the way between -----------------------------------------------------------------------------------------


def repository(wire: WireRepository) -> Repository:
    return Repository(wire.full_name, wire.description, wire.private, wire.archived, wire.html_url)


def repository_of(wire: WireIssue) -> str:
    """`owner/name`, the last two steps of the address GitHub gives for it."""
    return "/".join(wire.repository_url.rsplit("/", 2)[-2:])


def _labels(wire: WireIssue) -> list[str]:
    names = (label if isinstance(label, str) else label.name for label in wire.labels)
    return [name for name in names if name]


def _login(user: User | None) -> str | None:
    """None for who has left GitHub."""
    return user.login if user else None


def _state(wire: WireIssue) -> str:
    return "merged" if wire.pull_request and wire.pull_request.merged_at else wire.state


def issue(wire: WireIssue) -> Issue:
    return Issue(
        repository_of(wire),
        wire.number,
        wire.title,
        wire.state,
        [user.login for user in wire.assignees or ()],
        _labels(wire),
        wire.updated_at,
        wire.html_url,
    )


def details(wire: WireIssue, repository: str) -> IssueDetails:
    return IssueDetails(
        repository=repository,
        number=wire.number,
        title=wire.title,
        state=_state(wire),
        assignees=[user.login for user in wire.assignees or ()],
        labels=_labels(wire),
        updated_at=wire.updated_at,
        url=wire.html_url,
        kind="pull request" if wire.pull_request else "issue",
        author=_login(wire.user),
        created_at=wire.created_at,
        closed_at=wire.closed_at,
        comments=wire.comments,
        text=wire.body or "",
    )


def comment(wire: WireComment) -> Comment:
    return Comment(wire.id, _login(wire.user), wire.created_at, wire.body or "")


def pull_request(wire: WireIssue) -> PullRequest:
    return PullRequest(
        repository_of(wire),
        wire.number,
        wire.title,
        _state(wire),
        bool(wire.draft),
        _login(wire.user),
        wire.updated_at,
        wire.html_url,
    )
