"""Ending a grant: here before the request is answered, and at the provider as soon as it answers.

The ending, the audit event, the outbox row and the destruction of kept answers are one transaction. From then on the
credential opens for one thing only: telling the provider.
Source: RFC 7009; SECURITY.md rows 13, 14.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence
from typing import Literal

import msgspec

from core import grants, outbox, sealed
from core.connector import Connector
from core.errors import Missing, UnknownConnector
from core.grants import GrantFilter, entry_for
from core.house import House
from core.model import LIVE_STATUSES, Actor, Grant, Registration, Upstream, system
from core.plain_text import REASON_CHARS, clean
from core.store import Tx

TELL_AT_ONCE_S = 5.0
MAX_AT_ONCE = 200


class _Kept(msgspec.Struct, frozen=True):
    call: str


async def revoke(
    house: House,
    actor: Actor,
    grant_id: str,
    reason: str | None = None,
    *,
    assistant: str | None = None,
    user: str | None = None,
) -> Grant:
    """Revoke and tell the provider, waiting at most TELL_AT_ONCE_S for it; `upstream` of the answer says how far that went.

    Revoking what has ended changes nothing and is no error. Raises Missing.
    """
    row_id = await end(house, actor, grant_id, "revoked", reason, assistant=assistant, user=user)
    if row_id is not None:
        await tell(house, [row_id])
    return await grants.get(house, actor.workspace, grant_id)


async def end(
    house: House,
    actor: Actor,
    grant_id: str,
    status: Literal["revoked", "expired"],
    reason: str | None,
    *,
    assistant: str | None = None,
    user: str | None = None,
    registration: str | None = None,
) -> str | None:
    """End the grant here; the outbox row that is to tell the provider, if there is something to tell. `registration`: only while
    it is made with this client.
    """
    why = clean(reason, REASON_CHARS) if reason else None

    async def job(tx: Tx) -> str | None:
        grant = await tx.one("grant_get", Grant, workspace=actor.workspace, id=grant_id)
        if grant is None or assistant not in (None, grant.assistant) or user not in (None, grant.user):
            raise Missing("There is no such grant.")
        if grant.status not in LIVE_STATUSES or registration not in (None, grant.registration):
            return None
        upstream, note = await _upstream(tx, house, grant)
        await tx.run(
            "grant_end",
            workspace=grant.workspace,
            id=grant.id,
            status=status,
            status_reason=note,
            ended_by=f"{actor.type}:{actor.id}",
            end_reason=why,
            upstream=upstream,
            upstream_at=None,
            now=house.now_ms(),
        )
        row_id = await _hand_over(tx, house, grant, upstream)
        await forget_answers(tx, grant)
        await house.log(tx, entry_for(grant, actor, f"grant.{status}", detail={"reason": why}))
        return row_id

    return await house.write(job)


async def expire(house: House, grant: Grant) -> str | None:
    """End a grant whose time is over; the row of `end`."""
    return await end(
        house, system(grant.workspace, "expiry"), grant.id, "expired", "The agreed time was over."
    )


async def _upstream(tx: Tx, house: House, grant: Grant) -> tuple[Upstream, str | None]:
    """What can be said to the provider, and why not when nothing can."""
    connector = _connector(house, grant)
    if connector is None or connector.oauth.revocation is None:
        return "unsupported", None
    shared = connector.oauth.revocation_scope == "account"
    if shared and await outbox.others_share(tx, grant.registration, grant.account_id, grant.id):
        return "unsupported", "shared_account"
    return "pending", None


def _connector(house: House, grant: Grant) -> Connector | None:
    try:
        return house.registry.connector(grant.connector)
    except UnknownConnector:
        return None


async def _hand_over(tx: Tx, house: House, grant: Grant, upstream: Upstream) -> str | None:
    if upstream != "pending":
        await sealed.destroy(tx, grant.workspace, grant.id, "credential")
        return None
    return await outbox.put(
        tx,
        house,
        workspace=grant.workspace,
        registration=grant.registration,
        grant=grant.id,
        secret_owner=grant.id,
        secret_kind="credential",  # noqa: S106 - a kind, not a password
        settles_grant=True,
    )


async def forget_answers(tx: Tx, grant: Grant) -> None:
    """Kept answers of idempotent calls end with the grant they were read under."""
    for kept in await tx.all("idempotency_calls_of_grant", _Kept, grant=grant.id):
        await sealed.destroy(tx, grant.workspace, kept.call, "answer")
        await tx.run("idempotency_delete", workspace=grant.workspace, call=kept.call)


async def tell(house: House, rows: Sequence[str]) -> None:
    """Tell the providers now; what takes longer than TELL_AT_ONCE_S goes on by itself and is written down when it is done."""
    tasks = [house.in_background(outbox.attempt(house, row_id)) for row_id in rows]
    if tasks:
        await asyncio.wait(tasks, timeout=TELL_AT_ONCE_S)


class Revoked(msgspec.Struct, frozen=True):
    """`revoked`: how many were ended by this; `upstream`: how many are revoked, pending, unsupported at their providers."""

    revoked: int
    upstream: dict[str, int]


async def revoke_many(
    house: House,
    actor: Actor,
    grant_ids: Sequence[str],
    reason: str | None,
    *,
    assistant: str | None = None,
    user: str | None = None,
) -> Revoked:
    """End each; one that is not there or has ended is passed over. The providers are told together at the end."""
    rows: list[str] = []
    ended: list[str] = []
    for grant_id in dict.fromkeys(grant_ids):
        try:
            before = await grants.get(house, actor.workspace, grant_id, assistant=assistant, user=user)
        except Missing:
            continue
        if before.status not in LIVE_STATUSES:
            continue
        row_id = await end(house, actor, grant_id, "revoked", reason, assistant=assistant, user=user)
        ended.append(grant_id)
        if row_id is not None:
            rows.append(row_id)
    await tell(house, rows)
    states = [(await grants.get(house, actor.workspace, grant_id)).upstream for grant_id in ended]
    return Revoked(len(ended), dict(Counter(states)))


async def revoke_matching(house: House, actor: Actor, wanted: GrantFilter, reason: str | None) -> Revoked:
    """End every live grant the filter finds, in steps of MAX_AT_ONCE."""
    total, upstream = 0, Counter[str]()
    cursor = None
    while found := await grants.search(house, actor.workspace, wanted, limit=MAX_AT_ONCE, cursor=cursor):
        cursor = grants.cursor_of(found[-1], "newest")
        done = await revoke_many(house, actor, [grant.id for grant in found], reason)
        total += done.revoked
        upstream.update(done.upstream)
    return Revoked(total, dict(upstream))


async def revoke_of_client(house: House, actor: Actor, registration_id: str, reason: str) -> Revoked:
    """End every live grant made with one of a connector's clients: the client is gone."""
    found = await house.store.all("grants_of_registration", Grant, registration=registration_id)
    return await _end_made_with(house, actor, registration_id, found, reason)


async def uninstalled(house: House, registration: Registration, account_id: str) -> int:
    """The person removed our app at the provider: end the account's grants. How many there were.

    The provider is told like after any stop, though it has ended them itself: a notice may come late, and what was connected
    since must not live on there. What dies together stands before the first `:` of an account's id (`core.connector.Account`).
    """
    found = await house.store.all("grants_of_registration", Grant, registration=registration.id)
    head = account_id.partition(":")[0]
    theirs = [
        grant
        for grant in found
        if account_id == grant.account_id or account_id == head == grant.account_id.partition(":")[0]
    ]
    actor = Actor("provider", registration.id, registration.workspace)
    reason = "The app was removed at the provider."
    return (await _end_made_with(house, actor, registration.id, theirs, reason)).revoked


async def _end_made_with(
    house: House, actor: Actor, registration_id: str, found: Sequence[Grant], reason: str
) -> Revoked:
    """End those that still are of this client when they are ended: one that has moved to another client meanwhile lives on."""
    rows = [
        await end(house, actor, grant.id, "revoked", reason, registration=registration_id) for grant in found
    ]
    await tell(house, [row for row in rows if row])
    present = [await grants.get(house, grant.workspace, grant.id) for grant in found]
    ended = [one for one in present if one.registration == registration_id and one.status == "revoked"]
    return Revoked(len(ended), dict(Counter(one.upstream for one in ended)))
