"""The person's own pages: who may use my data, one permission with all it did, and how it stops."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.clock import DAY_MS, HOUR_MS
from core.errors import BadRequest
from core.model import Assistant, AuditEvent, Grant, Receipt
from core.plain_text import NAME_CHARS
from web.pages.logos import logo_of
from web.pages.mine import Known
from web.pages.text import capital, number, plain
from web.pages.views.activity import Line, lines, who
from web.pages.views.consent import ToolLine
from web.pages.views.ends import tool_line

SOON_MS = 7 * DAY_MS
SHORTER = (
    ("1h", "In 1 hour", HOUR_MS),
    ("1d", "In 1 day", DAY_MS),
    ("7d", "In 7 days", 7 * DAY_MS),
    ("30d", "In 30 days", 30 * DAY_MS),
)


class Frame(msgspec.Struct, frozen=True):
    """What stands on every page of the portal. `back`: where the chat is, when the link that opened this said
    so.
    """

    who: str
    csrf: str
    back: str | None


class Badge(msgspec.Struct, frozen=True):
    kind: str
    icon: str
    text: str


class Pair(msgspec.Struct, frozen=True):
    """An assistant and what it uses."""

    grant: str
    assistant: str
    assistant_logo: str | None
    slug: str
    connector: str
    account: str


class Row(msgspec.Struct, frozen=True):
    pair: Pair
    badge: Badge
    tools: tuple[ToolLine, ...]
    last_used_at: int | None
    expires_at: int | None
    broken: bool
    paused: bool


class EndedRow(msgspec.Struct, frozen=True):
    pair: Pair
    how: str
    at: int
    upstream: str
    upstream_at: int | None
    receipt: str


class ListView(msgspec.Struct, frozen=True):
    summary: str
    live: tuple[Row, ...]
    ended: tuple[EndedRow, ...]
    more: str | None
    notice: str | None


class GrantView(msgspec.Struct, frozen=True):
    pair: Pair
    status: str
    badge: Badge
    tools: tuple[ToolLine, ...]
    activity: tuple[Line, ...]
    older: str | None
    kept_months: int | None
    uses: int
    expires_at: int | None
    shorter: tuple[tuple[str, str], ...]
    purpose: str | None
    opened_from: str | None
    receipt: str
    manage_url: str | None
    ended: EndedRow | None
    notice: str | None


class StopView(msgspec.Struct, frozen=True):
    pair: Pair
    writes: bool
    notice: str | None


class StopAllView(msgspec.Struct, frozen=True):
    pairs: tuple[Pair, ...]
    summary: str


NOTICES = {
    "removed": "Removed. It can no longer do that. To allow it again, the assistant has to ask you.",
    "shortened": "Shortened. It ends by itself then.",
    "reconnected": "Connected again.",
    "stopped": "Stopped. What each provider has said about it stands below.",
    "last": "That is the only thing it may do. To take it away, stop access.",
}


def list_view(
    grants: Sequence[tuple[Grant, Assistant, Known]], now_ms: int, *, more: str | None, notice: str | None
) -> ListView:
    """`grants` newest first; the live ones are shown last used first. `notice`: a key of NOTICES."""
    live = [row for row in grants if row[0].status_at(now_ms) in ("active", "needs_reconnect", "suspended")]
    live.sort(key=lambda row: row[0].last_used_at or row[0].created_at, reverse=True)
    ended = [row for row in grants if row not in live]
    return ListView(
        summary=_summary([(grant, assistant) for grant, assistant, _ in live]),
        live=tuple(_row(*row, now_ms) for row in live),
        ended=tuple(_ended(*row, now_ms) for row in ended),
        more=more,
        notice=NOTICES.get(notice or ""),
    )


def grant_view(
    grant: Grant,
    assistant: Assistant,
    connector: Known,
    events: Sequence[AuditEvent],
    agreed: Sequence[Receipt],
    now_ms: int,
    *,
    manage_url: str | None,
    older: str | None = None,
    kept_months: int | None = None,
    notice: str | None = None,
) -> GrantView:
    status = grant.status_at(now_ms)
    live = status in ("active", "needs_reconnect", "suspended")
    return GrantView(
        pair=_pair(grant, assistant, connector),
        status=status,
        badge=_badge(grant, now_ms),
        tools=_tools(grant, connector),
        activity=lines(events, connector, {one.session: one.id for one in agreed}),
        older=older,
        kept_months=kept_months,
        uses=grant.use_count,
        expires_at=grant.expires_at,
        shorter=_shorter(grant, now_ms) if live else (),
        purpose=grant.purpose,
        opened_from=_opened_from(agreed),
        receipt=grant.receipt,
        manage_url=manage_url,
        ended=None if live else _ended(grant, assistant, connector, now_ms),
        notice=NOTICES.get(notice or ""),
    )


def stop_view(grant: Grant, assistant: Assistant, connector: Known, *, notice: str | None = None) -> StopView:
    writes = any(connector.tools[name].risk != "read" for name in grant.tools if name in connector.tools)
    return StopView(_pair(grant, assistant, connector), writes, NOTICES.get(notice or ""))


def stop_all_view(live: Sequence[tuple[Grant, Assistant, Known]]) -> StopAllView:
    return StopAllView(tuple(_pair(*row) for row in live), _summary([(grant, one) for grant, one, _ in live]))


def _summary(live: Sequence[tuple[Grant, Assistant]]) -> str:
    if not live:
        return "Nobody, at the moment."
    bots = len({assistant.id for _, assistant in live})
    assistants = f"{number(bots).capitalize()} assistant{'s' if bots != 1 else ''}"
    permissions = f"{number(len(live))} permission{'s' if len(live) != 1 else ''}"
    return f"{assistants}, {permissions}. Stopping takes effect at once."


def _pair(grant: Grant, assistant: Assistant, connector: Known) -> Pair:
    name = plain(assistant.name, NAME_CHARS)
    return Pair(grant.id, name, logo_of(assistant), connector.slug, connector.title, grant.account_label)


def _row(grant: Grant, assistant: Assistant, connector: Known, now_ms: int) -> Row:
    status = grant.status_at(now_ms)
    return Row(
        pair=_pair(grant, assistant, connector),
        badge=_badge(grant, now_ms),
        tools=_tools(grant, connector),
        last_used_at=grant.last_used_at,
        expires_at=grant.expires_at,
        broken=status == "needs_reconnect",
        paused=status == "suspended",
    )


def _ended(grant: Grant, assistant: Assistant, connector: Known, now_ms: int) -> EndedRow:
    status = grant.status_at(now_ms)
    by = (grant.ended_by or "system").partition(":")[0]
    how = "ended by itself" if status == "expired" else f"{who(by)} stopped it"
    at = grant.ended_at or grant.expires_at or now_ms
    pair = _pair(grant, assistant, connector)
    return EndedRow(pair, capital(how), at, grant.upstream, grant.upstream_at, grant.receipt)


def _tools(grant: Grant, connector: Known) -> tuple[ToolLine, ...]:
    """A tool that the connector no longer has is not named: it cannot be called either."""
    return tuple(tool_line(tool) for tool in connector.tools.values() if tool.name in grant.tools)


def _badge(grant: Grant, now_ms: int) -> Badge:
    status = grant.status_at(now_ms)
    if status == "active":
        left = None if grant.expires_at is None else grant.expires_at - now_ms
        if left is not None and DAY_MS < left <= SOON_MS:
            return Badge("warn", "clock", f"Ends in {left // DAY_MS} day{'s' if left // DAY_MS != 1 else ''}")
        return Badge("ok", "check", "Active")
    if status == "revoked" and grant.upstream == "pending":
        return Badge("warn", "clock", "Stopped, not yet confirmed")
    return {
        "needs_reconnect": Badge("bad", "plug", "Needs reconnecting"),
        "suspended": Badge("warn", "pause", "Paused"),
        "expired": Badge("", "clock", "Ended"),
        "revoked": Badge("", "stop", "Stopped"),
    }[status]


def sooner(until: str, now_ms: int) -> int:
    """When one of `SHORTER` ends. Raises BadRequest."""
    for value, _, length in SHORTER:
        if value == until:
            return now_ms + length
    raise BadRequest("This is not one of the ends that were offered.")


def _opened_from(agreed: Sequence[Receipt]) -> str | None:
    """The address the newest consent was opened from, as its receipt has it."""
    return msgspec.json.decode(agreed[0].body)["parties"]["assistant"]["origin"] if agreed else None


def _shorter(grant: Grant, now_ms: int) -> tuple[tuple[str, str], ...]:
    """Ends that are earlier than the present one."""
    end = grant.expires_at
    return tuple((value, label) for value, label, length in SHORTER if end is None or now_ms + length < end)
