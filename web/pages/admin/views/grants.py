"""The list of grants: rows, filters, order, ready-made views."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Annotated, Literal
from urllib.parse import urlencode

import msgspec

from core.connector import Connector
from core.grants import GrantFilter, Order
from core.model import Grant, GrantStatus, Upstream
from web.pages.admin.frame import Link, Option, State, options
from web.pages.text import plural

STATES: dict[GrantStatus, State] = {
    "active": State("ok", "check", "Active"),
    "needs_reconnect": State("warn", "plug", "Needs reconnecting"),
    "suspended": State("warn", "pause", "Suspended"),
    "expired": State("", "clock", "Expired"),
    "revoked": State("", "stop", "Revoked"),
}
OPEN_STATE = State("warn", "clock", "Provider not confirmed")
KINDS = {"read": "read", "write": "change", "delete": "delete"}
SORTS: dict[Order, str] = {
    "newest": "Newest first",
    "oldest": "Oldest first",
    "last_used": "Latest use first",
    "least_used": "Longest unused first",
    "ends_first": "Ends first",
}


class Query(msgspec.Struct, frozen=True, omit_defaults=True):
    """The filter as it stands in the address: the fields of GET /v1/grants and what the overview's tiles count."""

    user: str | None = None
    assistant: str | None = None
    connector: str | None = None
    status: GrantStatus | None = None
    unused_for_days: Annotated[int, msgspec.Meta(ge=1, le=36_500)] | None = None
    scope: str | None = None
    can: Literal["change", "delete"] | None = None
    never_used: Literal["yes"] | None = None
    upstream: Upstream | None = None
    sort: Order | None = None

    @property
    def order(self) -> Order:
        return self.sort or "newest"

    def filter(self, connectors: Mapping[str, Connector]) -> GrantFilter:
        """What core is asked for: "can change" becomes the tools that can."""
        risks = {"change": ("write", "delete"), "delete": ("delete",)}.get(self.can or "")
        tools = [tool for connector in connectors.values() for tool in connector.tools.values()]
        return GrantFilter(
            user=self.user,
            assistant=self.assistant,
            connector=self.connector,
            status=self.status,
            unused_for_days=self.unused_for_days,
            scope=self.scope,
            upstream=self.upstream,
            never_used=self.never_used is not None,
            any_tool=None if risks is None else tuple(tool.name for tool in tools if tool.risk in risks),
        )

    @property
    def pairs(self) -> dict[str, str]:
        return {
            name: str(value)
            for name, value in msgspec.structs.asdict(self).items()
            if value not in (None, "")
        }

    @property
    def conditions(self) -> dict[str, str]:
        return {name: value for name, value in self.pairs.items() if name != "sort"}

    def href(self, **changes: str) -> str:
        pairs = {name: value for name, value in (self.pairs | changes).items() if value}
        return "/admin/grants" + ("?" + urlencode(pairs) if pairs else "")


class Row(msgspec.Struct, frozen=True):
    """`risks`: how many tools read, change, delete. `open`: the provider has not confirmed the end yet."""

    id: str
    user: str
    account: str
    assistant: str
    connector: str
    slug: str
    risks: list[tuple[str, int]]
    used: int | None
    ends: int | None
    state: State
    open: State | None
    live: bool


class Filter(msgspec.Struct, frozen=True):
    user: str
    assistants: list[Option]
    connectors: list[Option]
    states: list[Option]
    can: list[Option]
    unused: list[Option]
    scopes: list[Option]
    sorts: list[Option]
    set: int
    open: bool
    hidden: list[tuple[str, str]]


class Column(msgspec.Struct, frozen=True):
    label: str
    href: str
    order: Literal["ascending", "descending", ""]


class Columns(msgspec.Struct, frozen=True):
    used: Column
    ends: Column


class View(msgspec.Struct, frozen=True):
    label: str
    href: str
    on: bool


class GrantsView(msgspec.Struct, frozen=True):
    rows: list[Row]
    filter: Filter
    columns: Columns
    views: list[View]
    sentence: str
    shown: str
    first: str
    next: str
    any_live: bool


class Names(msgspec.Struct, frozen=True):
    """What ids are called: assistants by id, connectors by slug."""

    assistants: Mapping[str, str]
    connectors: Mapping[str, Connector]

    def assistant(self, id: str) -> str:
        return self.assistants.get(id, "A deleted assistant")

    def connector(self, slug: str) -> str:
        return self.connectors[slug].title if slug in self.connectors else slug

    def risks(self, tools: Sequence[str]) -> list[tuple[str, int]]:
        known = [self._risk(tool) for tool in tools]
        counts = Counter(KINDS[risk] for risk in known if risk)
        return [(kind, counts[kind]) for kind in KINDS.values() if counts[kind]]

    def _risk(self, name: str) -> str | None:
        connector = self.connectors.get(name.partition(".")[0])
        return connector.tools[name].risk if connector and name in connector.tools else None


def row(grant: Grant, names: Names, now_ms: int) -> Row:
    status = grant.status_at(now_ms)
    return Row(
        id=grant.id,
        user=grant.user,
        account=grant.account_label if grant.account_label != grant.user else "",
        assistant=names.assistant(grant.assistant),
        connector=names.connector(grant.connector),
        slug=grant.connector,
        risks=names.risks(grant.tools),
        used=grant.last_used_at,
        ends=grant.expires_at if grant.ended_at is None else grant.ended_at,
        state=STATES[status],
        open=OPEN_STATE if grant.upstream == "pending" else None,
        live=status not in ("expired", "revoked"),
    )


def grants_view(
    grants: Sequence[Grant], query: Query, names: Names, *, now_ms: int, cursor: str, next: str
) -> GrantsView:
    rows = [row(grant, names, now_ms) for grant in grants]
    order = SORTS[query.order].lower()
    return GrantsView(
        rows=rows,
        filter=filter_view(query, names),
        columns=_columns(query),
        views=_views(query),
        sentence=f"{_said(query, names)}, {order}",
        shown=f"{plural(len(rows), 'grant')} on this page, {order}.",
        first=query.href() if cursor else "",
        next=query.href(cursor=next) if next else "",
        any_live=any(one.live for one in rows),
    )


def filter_view(query: Query, names: Names) -> Filter:
    scopes = {name: scope.title for c in names.connectors.values() for name, scope in c.scopes.items()}
    live = {slug: c.title for slug, c in names.connectors.items()}
    unused = [
        ("", "Used any time"),
        ("7", "Unused 7 days"),
        ("30", "Unused 30 days"),
        ("90", "Unused 90 days"),
    ]
    can = [("", "Can do anything"), ("change", "Can change or delete"), ("delete", "Can delete")]
    chosen = set(query.conditions)
    return Filter(
        user=query.user or "",
        assistants=options([("", "All assistants"), *names.assistants.items()], query.assistant),
        connectors=options([("", "All connectors"), *live.items()], query.connector),
        states=options(
            [("", "All states"), *((status, s.text) for status, s in STATES.items())], query.status
        ),
        can=options(can, query.can),
        unused=options(unused, str(query.unused_for_days or "")),
        scopes=options(
            [("", "All permissions"), *((name, f"{name} ({title})") for name, title in scopes.items())],
            query.scope,
        ),
        sorts=options(SORTS.items(), query.order),
        set=len(chosen),
        open=bool(chosen - {"user"}),
        hidden=list(query.pairs.items()),
    )


def _columns(query: Query) -> Columns:
    now = query.order
    used: Literal["ascending", "descending", ""] = (
        "descending" if now == "last_used" else "ascending" if now == "least_used" else ""
    )
    return Columns(
        used=Column("Last used", query.href(sort="least_used" if now == "last_used" else "last_used"), used),
        ends=Column("Ends", query.href(sort="ends_first"), "ascending" if now == "ends_first" else ""),
    )


READY: tuple[tuple[str, dict[str, str]], ...] = (
    ("All", {}),
    ("Can change or delete", {"status": "active", "can": "change"}),
    ("Unused 30 days", {"unused_for_days": "30"}),
    ("Never used", {"never_used": "yes"}),
    ("Provider not confirmed", {"upstream": "pending"}),
)


def _views(query: Query) -> list[View]:
    return [View(label, Query().href(**wanted), query.conditions == wanted) for label, wanted in READY]


def _said(query: Query, names: Names) -> str:
    """The filter in words, for the table's caption and for an empty list."""
    said = []
    if query.status:
        said.append(f"state {STATES[query.status].text.lower()}")
    said += [f"assistant {names.assistant(query.assistant)}"] if query.assistant else []
    said += [f"connector {names.connector(query.connector)}"] if query.connector else []
    said += [f"user {query.user}"] if query.user else []
    said += [f"can {'delete' if query.can == 'delete' else 'change or delete'}"] if query.can else []
    said += [f"unused for {query.unused_for_days} days"] if query.unused_for_days else []
    said += ["never used"] if query.never_used else []
    said += [f"permission {query.scope}"] if query.scope else []
    said += ["the provider has not confirmed the end"] if query.upstream else []
    return "Grants: " + ", ".join(said) if said else "All grants"


def back_to_grants(query: Query) -> Link:
    return Link("Grants", query.href())
