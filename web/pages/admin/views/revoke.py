"""Before something ends: who is affected and what follows; and afterwards, what the providers have confirmed."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core.connector import Connector
from core.model import Assistant, Grant
from web.pages.admin.frame import Line, Link
from web.pages.admin.views.grants import Names, Row, row
from web.pages.text import plural

SHOWN = 50
MOST_AT_ONCE = 1_000


class Affected(msgspec.Struct, frozen=True):
    """The first `SHOWN` grants as rows; `more` are not shown one by one."""

    sentence: str
    rows: list[Row]
    more: int


class RevokeView(msgspec.Struct, frozen=True):
    title: str
    action: str
    affected: Affected
    ids: list[str]
    providers: list[str]
    capped: str
    back: Link
    keep: str
    go: str
    reason: str
    fault: str


class RevokedView(msgspec.Struct, frozen=True):
    title: str
    lines: list[Line]
    reason: str


class DeleteView(msgspec.Struct, frozen=True):
    title: str
    action: str
    affected: Affected
    lines: list[Line]
    back: Link
    go: str
    reason: str
    fault: str


def affected(grants: Sequence[Grant], names: Names, now_ms: int) -> Affected:
    """`grants` may hold one more than `MOST_AT_ONCE`: then nobody has counted how many there are."""
    known = grants[:MOST_AT_ONCE]
    people, assistants = len({grant.user for grant in known}), len({grant.assistant for grant in known})
    said = f"{plural(len(known), 'grant')} of {plural(people, 'person', 'people')}, {plural(assistants, 'assistant')}"
    if len(grants) > MOST_AT_ONCE:
        said = f"More than {said}"
    rows = [row(grant, names, now_ms) for grant in known[:SHOWN]]
    return Affected(said, rows, max(len(known) - SHOWN, 0))


def provider_lines(grants: Sequence[Grant], names: Names) -> list[str]:
    """What happens at each provider these grants reach into."""
    lines = []
    for slug in dict.fromkeys(grant.connector for grant in grants):
        title, connector = names.connector(slug), names.connectors.get(slug)
        if connector and connector.oauth.revocation is None:
            lines.append(
                f"{title} cannot be told from here: the credential is destroyed, and people can remove the entry there."
            )
        else:
            lines.append(f"{title} is told, again and again until it confirms.")
    return lines


def revoke_view(
    grants: Sequence[Grant],
    names: Names,
    *,
    now_ms: int,
    action: str,
    back: Link,
    capped: bool = False,
    reason: str = "",
    fault: str = "",
) -> RevokeView:
    people = len({grant.user for grant in grants})
    one = len(grants) == 1
    title = (
        f"Revoke the access of {names.assistant(grants[0].assistant)} for {grants[0].user}?"
        if one
        else f"Revoke {plural(len(grants), 'grant')} of {plural(people, 'person', 'people')}?"
    )
    return RevokeView(
        title=title,
        action=action,
        affected=affected(grants, names, now_ms),
        ids=[grant.id for grant in grants],
        providers=provider_lines(grants, names),
        capped=f"More match. These {MOST_AT_ONCE:,} are revoked now; come back for the others."
        if capped
        else "",
        back=back,
        keep="Keep it" if one else "Keep them",
        go="Revoke it" if one else f"Revoke {len(grants):,}",
        reason=reason,
        fault=fault,
    )


def revoked_view(revoked: int, upstream: dict[str, int], reason: str) -> RevokedView:
    """`upstream`: how many grants by what their provider knows."""
    lines = [
        Line(
            "check",
            f"{plural(revoked, 'grant')} ended. Nothing is answered under {'it' if revoked == 1 else 'them'} any more.",
            "ok",
        )
    ]
    if n := upstream.get("revoked"):
        lines.append(Line("check", f"{plural(n, 'grant')} confirmed by the provider.", "ok"))
    if n := upstream.get("pending"):
        lines.append(
            Line(
                "clock",
                f"{plural(n, 'grant')} not confirmed by the provider yet. Valetkey keeps trying.",
                "",
                "/admin/grants?upstream=pending",
                "See them",
            )
        )
    if n := upstream.get("unsupported"):
        lines.append(
            Line(
                "info",
                f"{plural(n, 'grant')} at a provider that cannot be told. The credentials were destroyed here.",
            )
        )
    return RevokedView(f"{plural(revoked, 'grant')} revoked", lines, reason)


def delete_assistant_view(
    assistant: Assistant, grants: Sequence[Grant], names: Names, now_ms: int, fault: str
) -> DeleteView:
    lines = [
        Line("stop", "At once: its keys are refused, and nothing is answered under its grants any more."),
        *(Line("out", text) for text in provider_lines(grants, names)),
        Line("doc", "Receipts and the audit trail stay."),
    ]
    path = f"/admin/assistants/{assistant.id}"
    back = Link(assistant.name, path)
    title = f"Delete {assistant.name}?"
    return DeleteView(
        title, f"{path}/delete", affected(grants, names, now_ms), lines, back, "Delete it", "", fault
    )


def delete_connector_view(
    connector: Connector, grants: Sequence[Grant], names: Names, now_ms: int, fault: str
) -> DeleteView:
    lines = [
        Line("stop", f"At once: no assistant gets anything from {connector.title} any more."),
        *(Line("out", text) for text in provider_lines(grants, names)),
        Line("lock", "The client secret is kept, sealed, until the last of these grants is settled."),
        Line(
            "info", f"The app at {connector.title} stays. To connect again it needs the new redirect address."
        ),
    ]
    path = f"/admin/connectors/{connector.slug}"
    back = Link(connector.title, path)
    title = f"Delete the registration of {connector.title}?"
    return DeleteView(
        title, f"{path}/delete", affected(grants, names, now_ms), lines, back, "Delete it", "", fault
    )
