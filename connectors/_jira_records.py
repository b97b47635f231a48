"""Jira's issues, projects and people: what an assistant gets to see of them, what Jira answers, and the way between.

Sources and limits: `connectors/jira.py`. A field nobody asked for is dropped.
"""

from __future__ import annotations

from typing import Any

import msgspec

from connectors import _adf

# ---- what an assistant gets to see ----------------------------------------------------------------------------


class Profile(msgspec.Struct, frozen=True):
    """`email` is empty where the person hides it in their Atlassian profile."""

    id: str
    name: str
    email: str | None
    time_zone: str | None


class Project(msgspec.Struct, frozen=True):
    key: str
    name: str


class Issue(msgspec.Struct, frozen=True):
    key: str
    summary: str | None
    type: str | None
    status: str | None
    assignee: str | None
    due_on: str | None
    url: str | None


class IssueDetails(Issue, frozen=True):
    priority: str | None
    created_at: str | None
    updated_at: str | None
    description: str


class CreatedIssue(msgspec.Struct, frozen=True):
    key: str
    url: str | None


class CreatedComment(msgspec.Struct, frozen=True):
    id: str
    issue: str


class Transition(msgspec.Struct, frozen=True):
    """`id` is what transition_issue takes, `to` the status it leads to."""

    id: str
    name: str
    to: str | None


class Moved(msgspec.Struct, frozen=True):
    issue: str
    transition: str


# ---- what Jira answers ---------------------------------------------------------------------------------------


class Site(msgspec.Struct, frozen=True):
    id: str
    url: str
    name: str
    scopes: list[str]


class Me(msgspec.Struct, frozen=True, rename="camel"):
    account_id: str
    display_name: str
    email_address: str | None = None
    time_zone: str | None = None


class Named(msgspec.Struct, frozen=True):
    name: str | None = None


class Person(msgspec.Struct, frozen=True, rename="camel"):
    display_name: str | None = None


class Fields(msgspec.Struct, frozen=True):
    summary: str | None = None
    issuetype: Named | None = None
    status: Named | None = None
    assignee: Person | None = None
    duedate: str | None = None
    priority: Named | None = None
    created: str | None = None
    updated: str | None = None
    description: Any = None


class WireIssue(msgspec.Struct, frozen=True):
    key: str
    fields: Fields


class FoundIssues(msgspec.Struct, frozen=True, rename="camel"):
    issues: list[WireIssue]
    next_page_token: str | None = None


class FoundProjects(msgspec.Struct, frozen=True, rename="camel"):
    values: list[Project]
    start_at: int = 0
    is_last: bool = True


class WireCreated(msgspec.Struct, frozen=True):
    key: str


class WireComment(msgspec.Struct, frozen=True):
    id: str


class WireTransition(msgspec.Struct, frozen=True):
    id: str
    name: str
    to: Named | None = None


class FoundTransitions(msgspec.Struct, frozen=True):
    transitions: list[WireTransition]


SHORT = ("summary", "issuetype", "status", "assignee", "duedate")
LONG = (*SHORT, "priority", "created", "updated", "description")


def browse_url(site: str | None, key: str) -> str | None:
    """Where a person opens the issue, on the site whose address was kept when the grant was made."""
    return f"{site}/browse/{key}" if site else None


def issue(wire: WireIssue, site: str | None) -> Issue:
    return Issue(**_members(wire, site))


def details(wire: WireIssue, site: str | None) -> IssueDetails:
    fields = wire.fields
    return IssueDetails(
        **_members(wire, site),
        priority=fields.priority.name if fields.priority else None,
        created_at=fields.created,
        updated_at=fields.updated,
        description=_adf.plain(fields.description),
    )


def _members(wire: WireIssue, site: str | None) -> dict[str, Any]:
    fields = wire.fields
    return {
        "key": wire.key,
        "summary": fields.summary,
        "type": fields.issuetype and fields.issuetype.name,
        "status": fields.status and fields.status.name,
        "assignee": fields.assignee and fields.assignee.display_name,
        "due_on": fields.duedate,
        "url": browse_url(site, wire.key),
    }
