"""Telling the provider that a token is dead, until it has answered.

A row is written in the transaction that ended the token here; so a crash can delay the telling, never lose it. Retries come after
1, 5, 30 s, 2 min, then doubling to 6 h, jitter +-20 %, for 7 days; then the credential is destroyed in any case.
A row is claimed by moving `next_at` forward: a process that dies while telling is followed by another.
Source: RFC 7009; SECURITY.md row 14.
"""

from __future__ import annotations

import asyncio
import logging
import random
from typing import Literal

import msgspec

from core import oauth, registrations, sealed
from core.clock import DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS
from core.errors import RevocationUnsupported, ValetkeyError
from core.house import House
from core.ids import new_id
from core.model import Actor, Entry, Grant
from core.secret import Secret
from core.store import Reader, Tx
from core.vault import Aad

log = logging.getLogger("valetkey.outbox")

CLAIM_MS = 60 * SECOND_MS
GIVE_UP_MS = 7 * DAY_MS
BATCH_ROWS = 20
Outcome = Literal["revoked", "pending", "unsupported"]


class Telling(msgspec.Struct, frozen=True):
    """One token that a provider has to be told about. The token is in `secrets` under (secret_owner, secret_kind)."""

    id: str
    workspace: str
    registration: str
    grant: str | None
    secret_owner: str
    secret_kind: str
    settles_grant: bool
    attempts: int
    created_at: int
    next_at: int
    last_error: str | None


def delay_ms(attempts: int, spread: float | None = None) -> int:
    """How long to wait after so many failed attempts; `spread` in -1..1 stands in for chance."""
    steps = [SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS]
    base = steps[attempts] if attempts < len(steps) else min(2 * MINUTE_MS * 2 ** (attempts - 3), 6 * HOUR_MS)
    share = random.uniform(-1, 1) if spread is None else spread  # noqa: S311 - jitter, not a secret
    return round(base * (1 + 0.2 * share))


async def put(
    tx: Tx,
    house: House,
    *,
    workspace: str,
    registration: str,
    grant: str | None,
    secret_owner: str | None = None,
    secret_kind: str = "outbox",  # noqa: S107 - a kind, not a password
    settles_grant: bool = False,
    after_ms: int = CLAIM_MS,
) -> str:
    """Add a row. Without `secret_owner` the token lies under the row's own id. The caller may `attempt` it at once: others
    leave it alone for `after_ms`."""
    row_id = new_id("out")
    now = house.now_ms()
    await tx.run(
        "outbox_insert",
        id=row_id,
        workspace=workspace,
        registration=registration,
        grant=grant,
        secret_owner=secret_owner or row_id,
        secret_kind=secret_kind,
        settles_grant=settles_grant,
        now=now,
        next_at=now + after_ms,
    )
    return row_id


async def put_tokens(
    tx: Tx,
    house: House,
    workspace: str,
    registration: str,
    grant: str | None,
    tokens: oauth.TokenSet,
    after_ms: int,
) -> str:
    """Add a row with a token of its own: one that was replaced, or that no grant may have."""
    row_id = await put(
        tx, house, workspace=workspace, registration=registration, grant=grant, after_ms=after_ms
    )
    aad = Aad(workspace, row_id, "outbox", 1)
    await sealed.put(tx, house.vault, aad, tokens.to_bytes(), house.now_ms())
    return row_id


async def drop(tx: Tx, row_id: str) -> bool:
    """Take a row back, with what it kept of the token: the token found its owner. False when it was told of meanwhile."""
    row = await tx.one("outbox_get", Telling, id=row_id)
    if row is None:
        return False
    await tx.run("outbox_delete", id=row_id)
    await sealed.destroy(tx, row.workspace, row.secret_owner, row.secret_kind)
    return True


async def others_share(reader: Reader, registration: str, account_id: str | None, but: str) -> bool:
    """Whether a live grant besides `but` would lose its token with this account's (`revocation_scope="account"`).

    What dies together is named before the first `:` of an account's id: of `portal:person` the portal. Of an account
    nobody has named yet it is not known, so every grant of the registration counts.
    """
    head = (account_id or "").partition(":")[0]
    first, last = (f"{head}:", f"{head};") if account_id else ("", "\U0010ffff")  # `;` comes next after `:`
    found = await reader.one(
        "grants_sharing_account", int, registration=registration, head=head, first=first, last=last, id=but
    )
    return bool(found)


async def _is_shared(house: House, row: Telling) -> bool:
    """Asked again just before telling: a grant may have been made of the same account since the row was written."""
    account = None
    if row.grant:
        grant = await house.store.one("grant_get", Grant, workspace=row.workspace, id=row.grant)
        account = grant.account_id if grant else None
    return await others_share(house.store, row.registration, account, row.grant or "")


async def attempt(house: House, row_id: str) -> Outcome:
    """Tell the provider now; the outcome, which is also written down."""
    row = await house.store.one("outbox_get", Telling, id=row_id)
    if row is None:
        return "revoked"
    try:
        shared = await _is_shared(house, row)
        if shared and await _ends_the_account(house, row):
            return await _settle(house, row, "unsupported", "shared_account")
        # a token that was only replaced belongs to a grant that lives on
        await _tell(house, row, alone=row.settles_grant and not shared)
    except RevocationUnsupported:
        return await _settle(house, row, "unsupported", None)
    except ValetkeyError as error:
        return await _later(house, row, error)
    return await _settle(house, row, "revoked", None)


async def _ends_the_account(house: House, row: Telling) -> bool:
    registration = await registrations.find(house, row.registration)
    connector = house.registry.connectors.get(registration.slug)
    return connector is not None and connector.oauth.revocation_scope == "account"


async def _tell(house: House, row: Telling, *, alone: bool) -> None:
    opened = await sealed.fetch(house.store, house.vault, row.workspace, row.secret_owner, row.secret_kind)
    if opened is None:
        return
    registration = await registrations.find(house, row.registration)
    connector = house.registry.connector(registration.slug)
    client = await registrations.client(house, registration)
    tokens = oauth.TokenSet.from_bytes(opened)
    with house.observer.step("outbox.tell", connector=connector.slug):
        await oauth.revoke(house.outbound, connector, client, tokens, alone=alone)


async def _later(house: House, row: Telling, error: ValetkeyError) -> Outcome:
    now = house.now_ms()
    if now - row.created_at >= GIVE_UP_MS:
        log.warning("provider never confirmed a revocation: grant %s", row.grant)
        return await _settle(house, row, "unsupported", "never_confirmed")
    next_at = now + delay_ms(row.attempts)
    await house.write(lambda tx: tx.run("outbox_later", id=row.id, next_at=next_at, last_error=error.code))
    return "pending"


async def _settle(house: House, row: Telling, outcome: Outcome, reason: str | None) -> Outcome:
    """The provider is done with this token, one way or the other: destroy it."""

    async def job(tx: Tx) -> None:
        await tx.run("outbox_delete", id=row.id)
        await sealed.destroy(tx, row.workspace, row.secret_owner, row.secret_kind)
        if row.settles_grant and row.grant:
            await tx.run("grant_upstream", id=row.grant, upstream=outcome, now=house.now_ms(), reason=reason)
            actor = Actor("provider", row.registration, row.workspace)
            action = "grant.revoked_upstream" if outcome == "revoked" else "grant.not_revoked_upstream"
            await house.log(tx, Entry(actor, action, outcome=reason or "ok", grant=row.grant))

    await house.write(job)
    house.observer.revocation_settled(outcome, (house.now_ms() - row.created_at) / 1000)
    return outcome


async def run_due(house: House) -> int:
    """Attempt what is due, a few at a time; how many rows there were."""
    due = await house.store.all("outbox_due", Telling, now=house.now_ms(), limit=BATCH_ROWS)

    async def one(row: Telling) -> None:
        until = house.now_ms() + CLAIM_MS
        claimed = await house.write(
            lambda tx: tx.run("outbox_claim", id=row.id, next_at=row.next_at, until=until)
        )
        if claimed:
            await attempt(house, row.id)

    await asyncio.gather(*(one(row) for row in due))
    return len(due)


def token_of(tokens: oauth.TokenSet) -> Secret:
    return tokens.refresh_token or tokens.access_token
