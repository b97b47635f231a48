"""Linear's issues, teams and comments: what an assistant gets to see of them, what Linear answers, and the way between.

Sources and limits: `connectors/linear.py`. A field nobody asked for is dropped.
"""

from __future__ import annotations

from typing import Any

import msgspec

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Team(msgspec.Struct, frozen=True):
    """`key` is what other tools take, and what the ids of its issues begin with."""

    key: str
    name: str


class State(msgspec.Struct, frozen=True):
    """`name` is what update_issue takes; `type` says what it means: backlog, unstarted, started, completed ..."""

    name: str
    type: str


class Issue(msgspec.Struct, frozen=True):
    """`id` as people know it: ENG-123."""

    id: str
    title: str
    state: str
    state_type: str
    priority: str
    assignee: str | None
    due_on: str | None
    url: str


class Comment(msgspec.Struct, frozen=True):
    """`author` is empty where an integration wrote it."""

    author: str | None
    text: str
    created_at: str


class IssueDetails(Issue, frozen=True):
    """`comments`: at most 20; `more_comments`: there are others."""

    team: str
    description: str
    created_at: str
    updated_at: str
    comments: list[Comment]
    more_comments: bool


class CreatedIssue(msgspec.Struct, frozen=True):
    id: str
    url: str


class CreatedComment(msgspec.Struct, frozen=True):
    id: str
    issue: str
    url: str


# ---- what Linear answers -------------------------------------------------------------------------------------


class Id(msgspec.Struct, frozen=True):
    id: str


class Named(msgspec.Struct, frozen=True):
    name: str


class Organization(msgspec.Struct, frozen=True):
    id: str
    name: str


class Viewer(msgspec.Struct, frozen=True):
    id: str
    name: str
    email: str
    organization: Organization


class Who(msgspec.Struct, frozen=True):
    viewer: Viewer


class PageInfo(msgspec.Struct, frozen=True, rename="camel"):
    has_next_page: bool
    end_cursor: str | None = None

    @property
    def next(self) -> str | None:
        return self.end_cursor if self.has_next_page else None


class TeamPage(msgspec.Struct, frozen=True, rename="camel"):
    nodes: list[Team]
    page_info: PageInfo


class Teams(msgspec.Struct, frozen=True):
    teams: TeamPage


class TeamIds(msgspec.Struct, frozen=True):
    nodes: list[Id]


class FoundTeam(msgspec.Struct, frozen=True):
    teams: TeamIds


class StatePage(msgspec.Struct, frozen=True, rename="camel"):
    nodes: list[State]
    page_info: PageInfo


class States(msgspec.Struct, frozen=True, rename="camel"):
    workflow_states: StatePage


class WireIssue(msgspec.Struct, frozen=True, rename="camel"):
    identifier: str
    title: str
    priority_label: str
    url: str
    state: State
    due_date: str | None = None
    assignee: Named | None = None


class IssuePage(msgspec.Struct, frozen=True, rename="camel"):
    nodes: list[WireIssue]
    page_info: PageInfo


class AssignedIssues(msgspec.Struct, frozen=True, rename="camel"):
    assigned_issues: IssuePage


class MyIssues(msgspec.Struct, frozen=True):
    viewer: AssignedIssues


class Issues(msgspec.Struct, frozen=True):
    issues: IssuePage


class SearchedIssues(msgspec.Struct, frozen=True, rename="camel"):
    search_issues: IssuePage


class Key(msgspec.Struct, frozen=True):
    key: str


class WireComment(msgspec.Struct, frozen=True, rename="camel"):
    body: str
    created_at: str
    user: Named | None = None


class CommentPage(msgspec.Struct, frozen=True, rename="camel"):
    nodes: list[WireComment]
    page_info: PageInfo


class WireDetails(WireIssue, frozen=True, rename="camel", kw_only=True):
    created_at: str
    updated_at: str
    team: Key
    comments: CommentPage
    description: str | None = None


class FoundIssue(msgspec.Struct, frozen=True):
    issue: WireDetails


class StateId(msgspec.Struct, frozen=True):
    id: str
    name: str


class StateIds(msgspec.Struct, frozen=True):
    nodes: list[StateId]


class StatesOfTeam(msgspec.Struct, frozen=True):
    states: StateIds


class Target(msgspec.Struct, frozen=True):
    """The issue a change is for: its real id, and the states of its team."""

    id: str
    team: StatesOfTeam


class FoundTarget(msgspec.Struct, frozen=True):
    issue: Target


class NewIssue(msgspec.Struct, frozen=True):
    identifier: str
    url: str


class MadeIssue(msgspec.Struct, frozen=True):
    success: bool
    issue: NewIssue | None = None


class IssueCreated(msgspec.Struct, frozen=True, rename="camel"):
    issue_create: MadeIssue


class NewComment(msgspec.Struct, frozen=True):
    id: str
    url: str


class MadeComment(msgspec.Struct, frozen=True):
    success: bool
    comment: NewComment | None = None


class CommentCreated(msgspec.Struct, frozen=True, rename="camel"):
    comment_create: MadeComment


class ChangedIssue(msgspec.Struct, frozen=True):
    success: bool
    issue: WireIssue | None = None


class IssueUpdated(msgspec.Struct, frozen=True, rename="camel"):
    issue_update: ChangedIssue


def issue(wire: WireIssue) -> Issue:
    return Issue(**_members(wire))


def details(wire: WireDetails) -> IssueDetails:
    comments = [
        Comment(one.user.name if one.user else None, one.body, one.created_at) for one in wire.comments.nodes
    ]
    return IssueDetails(
        **_members(wire),
        team=wire.team.key,
        description=wire.description or "",
        created_at=wire.created_at,
        updated_at=wire.updated_at,
        comments=comments,
        more_comments=wire.comments.page_info.has_next_page,
    )


def _members(wire: WireIssue) -> dict[str, Any]:
    return {
        "id": wire.identifier,
        "title": wire.title,
        "state": wire.state.name,
        "state_type": wire.state.type,
        "priority": wire.priority_label,
        "assignee": wire.assignee and wire.assignee.name,
        "due_on": wire.due_date,
        "url": wire.url,
    }
