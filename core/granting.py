"""What was agreed becomes a grant: in one transaction the session is completed, the grant stored, and the tokens are its own.

A consent renews the live grant of the same account, or makes a new one. What was ended or removed meanwhile is not brought
back by it. Source: SECURITY.md rows 7, 13; RFC 6749 section 5.1.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from core import outbox, policy, registrations, revocation, sealed, workspaces
from core.connector import Account, Connector, Tool
from core.connector.scopes import union
from core.errors import (
    AccountMismatch,
    Conflict,
    GrantRevoked,
    GrantSuspended,
    ProviderError,
    SessionEnded,
)
from core.house import House
from core.ids import new_id
from core.model import Actor, Assistant, ConnectSession, Duration, Grant, Receipt, Registration
from core.oauth import TokenSet
from core.sessions import entry
from core.store import Reader, Tx
from core.vault import Aad


class Redeemed(msgspec.Struct, frozen=True):
    """What the sign-in brought: the account, its tokens, and the outbox row that owns them until the grant does."""

    account: Account
    tokens: TokenSet
    unowned: str


class Given(msgspec.Struct, frozen=True):
    """What the provider gave of what was agreed to, and what it did not give."""

    tools: tuple[str, ...]
    scopes: tuple[str, ...]
    missing: list[str]


async def keep(house: House, session: ConnectSession, redeemed: Redeemed, actor: Actor) -> Grant:
    """The grant, new or renewed; a token that it replaced is ended at the provider.

    Raises SessionEnded, AccountMismatch, GrantRevoked, GrantSuspended, Conflict, ProviderError: then nothing is kept.
    """
    connector = house.registry.connector(session.connector)
    overdue = await _end_overdue(house, session, redeemed.account)
    grant, replaced = await house.write(lambda tx: _store(tx, house, session, connector, redeemed, actor))
    await revocation.tell(house, [row for row in (overdue, replaced) if row])
    return grant


async def check_still_there(reader: Reader, session: ConnectSession) -> Registration:
    """Raises SessionEnded when connector or assistant was removed since: their grants have been ended, none may follow."""
    where = {"workspace": session.workspace}
    registration = await reader.one("registration_by_id", Registration, id=session.registration, **where)
    if registration is None or registration.deleted_at is not None:
        raise SessionEnded("The workspace has removed this connector. Nothing was connected.")
    if await reader.one("assistant_get", Assistant, id=session.assistant, **where) is None:
        raise SessionEnded("The workspace has removed this assistant. Nothing was connected.")
    return registration


async def _end_overdue(house: House, session: ConnectSession, account: Account) -> str | None:
    """A grant whose time is over is not renewed, also before the housekeeping has come round: it ends, and a new one begins."""
    found = await house.store.one("grant_live", Grant, **_whose(session), account_id=account.id)
    if found is None or found.status_at(house.now_ms()) != "expired":
        return None
    return await revocation.expire(house, found)


def _whose(session: ConnectSession) -> dict[str, str]:
    return {
        "workspace": session.workspace,
        "assistant": session.assistant,
        "user": session.user,
        "connector": session.connector,
    }


# ---- which grant, and what it may do ----------------------------------------------------------------------------


async def _present(tx: Tx, session: ConnectSession, account: Account) -> Grant | None:
    """The live grant this consent renews: the session's own, else the one of the same account.

    Raises AccountMismatch when the session was for one account and the person chose another, GrantRevoked when the grant
    it was to widen was ended meanwhile: a stop is not undone by an older consent.
    """
    if session.account is not None and account.id != session.account:
        raise AccountMismatch(
            f"The person chose {account.label[:80]} at the provider, but this was for another account. Nothing was changed."
        )
    if session.grant is not None:
        own = await tx.one("grant_get", Grant, workspace=session.workspace, id=session.grant)
        if own is not None and own.account_id == account.id:
            if own.status == "revoked":
                raise GrantRevoked("The access was stopped while this was open. Nothing was connected.")
            if own.status != "expired":
                return own
    live = await tx.one("grant_live", Grant, **_whose(session), account_id=account.id)
    if live is None and await _stopped_since(tx, session, account):
        raise GrantRevoked("The access was stopped after this was agreed to. Nothing was connected.")
    return live


async def _stopped_since(tx: Tx, session: ConnectSession, account: Account) -> bool:
    agreed = await tx.one("receipt_get", Receipt, workspace=session.workspace, id=session.receipt)
    since = agreed.created_at if agreed else 0
    return bool(
        await tx.one("grants_stopped_since", int, **_whose(session), account_id=account.id, since=since)
    )


def _given(
    session: ConnectSession,
    connector: Connector,
    registration: Registration,
    tokens: TokenSet,
    present: Grant | None,
) -> Given:
    """Raises ProviderError when it gave nothing of use, Conflict when the grant would lose what it has."""
    scopes = _granted(session, connector, registration, tokens, present)
    agreed = _agreed(session, present)
    known = connector.tools  # a tool that a newer connector no longer has falls away
    tools = tuple(tool for tool in agreed if tool in known and not known[tool].missing_scopes(scopes))
    if registration.tier == "read" and present is not None and present.status == "active":
        _check_nothing_lost(present, tools, known)
    if not tools:
        raise ProviderError(
            "The provider gave none of the permissions that were agreed to. Nothing was connected."
        )
    return Given(tools, scopes, [tool for tool in agreed if tool not in tools])


def _check_nothing_lost(present: Grant, given: tuple[str, ...], known: Mapping[str, Tool]) -> None:
    """Raises Conflict when the client that only reads would take away what was agreed to meanwhile with the larger one."""
    lost = [tool for tool in present.tools if tool in known and tool not in given]
    if lost and any(not known[tool].missing_scopes(present.scopes_granted) for tool in lost):
        raise Conflict("More was agreed to meanwhile than this connection can do. Start again in the chat.")


def _agreed(session: ConnectSession, present: Grant | None) -> tuple[str, ...]:
    """The tools the grant may have now.

    What was only shown as allowed already is taken from the grant as it is, so that what was narrowed meanwhile stays so. A
    connection that is made again was asked for tool by tool: what was left off there is off.
    """
    chosen = tuple(tool for tool in session.tools or () if tool in {one.tool for one in session.asked})
    if present is None or present.status != "active":
        return chosen
    return union([present.tools, chosen])


def _granted(
    session: ConnectSession,
    connector: Connector,
    registration: Registration,
    tokens: TokenSet,
    present: Grant | None,
) -> tuple[str, ...]:
    """What the provider gave. Saying nothing means what was asked for (RFC 6749 section 5.1), and where nothing can be asked
    for, what the client has."""
    answered = tokens.scopes
    if answered is None and connector.oauth.scope_mode == "app_fixed":
        answered = registrations.scopes_of(connector, registration)
    elif answered is None:
        answered = session.scopes_requested or ()
    if connector.oauth.incremental and present is not None:
        return union([present.scopes_granted, answered])
    return tuple(answered)


# ---- the transaction --------------------------------------------------------------------------------------------


async def _store(
    tx: Tx,
    house: House,
    session: ConnectSession,
    connector: Connector,
    redeemed: Redeemed,
    actor: Actor,
) -> tuple[Grant, str | None]:
    """The grant, and the outbox row of a token it replaced."""
    registration = await check_still_there(tx, session)
    present = await _present(tx, session, redeemed.account)
    if present is not None and present.status == "suspended":
        raise GrantSuspended("An admin has suspended this grant. Nothing was changed.")
    given = _given(session, connector, registration, redeemed.tokens, present)
    fields = await _fields(tx, house, session, redeemed, given)
    replaced = None
    if present is None:
        grant_id = await _insert(tx, house, session, redeemed.account, fields)
    else:
        grant_id = present.id
        replaced = await _replaced(tx, house, connector, present, redeemed.tokens, session.registration)
        await tx.run("grant_renew", workspace=session.workspace, id=grant_id, **fields)
    grant = await _own(tx, house, session, grant_id, redeemed)
    await _complete(tx, house, session, grant_id)
    await _trace(tx, house, session, given, present, grant_id, actor)
    return grant, replaced


async def _fields(
    tx: Tx, house: House, session: ConnectSession, redeemed: Redeemed, given: Given
) -> dict[str, object]:
    workspace = await tx.one("workspace_get", workspaces.Workspace, id=session.workspace)
    assert workspace is not None
    duration: Duration = session.duration or "chat"
    return {
        "registration": session.registration,
        "account_label": redeemed.account.label,
        "tools": given.tools,
        "scopes_requested": session.scopes_requested or (),
        "scopes_granted": given.scopes,
        "purpose": session.purpose,
        "receipt": session.receipt,
        "expires_at": policy.expires_at(workspace.policy, duration, house.now_ms()),
        "access_expires_at": redeemed.tokens.expires_at,
    }


async def _insert(
    tx: Tx, house: House, session: ConnectSession, account: Account, fields: dict[str, object]
) -> str:
    grant_id = new_id("gr")
    await tx.run(
        "grant_insert", id=grant_id, **_whose(session), account_id=account.id, now=house.now_ms(), **fields
    )
    return grant_id


async def _replaced(
    tx: Tx, house: House, connector: Connector, present: Grant, tokens: TokenSet, moved_to: str
) -> str | None:
    """Hand the replaced token to the outbox, unless ending it would end the new one as well."""
    opened = await sealed.fetch(tx, house.vault, present.workspace, present.id, "credential")
    if opened is None or connector.oauth.revocation is None:
        return None
    if connector.oauth.revocation_scope == "account" and moved_to == present.registration:
        return None
    old = TokenSet.from_bytes(opened)
    if outbox.token_of(old) == outbox.token_of(tokens):
        return None
    return await outbox.put_tokens(
        tx, house, present.workspace, present.registration, present.id, old, after_ms=outbox.CLAIM_MS
    )


async def _own(tx: Tx, house: House, session: ConnectSession, grant_id: str, redeemed: Redeemed) -> Grant:
    """The tokens pass from the outbox row, which would have ended them, to the grant."""
    if not await outbox.drop(tx, redeemed.unowned):
        raise SessionEnded("It took too long: the tokens were given up. Make a new session.")
    grant = await tx.one("grant_get", Grant, workspace=session.workspace, id=grant_id)
    assert grant is not None
    aad = Aad(session.workspace, grant_id, "credential", grant.credential_version)
    await sealed.put(tx, house.vault, aad, redeemed.tokens.to_bytes(), house.now_ms())
    return grant


async def _complete(tx: Tx, house: House, session: ConnectSession, grant_id: str) -> None:
    await tx.run("receipt_link", workspace=session.workspace, id=session.receipt, grant=grant_id)
    if not await tx.run("session_completed", id=session.id, grant=grant_id, now=house.now_ms()):
        raise SessionEnded(
            "The session ended while the provider was answering. Make a new one.", session_status="failed"
        )


async def _trace(
    tx: Tx,
    house: House,
    session: ConnectSession,
    given: Given,
    present: Grant | None,
    grant_id: str,
    actor: Actor,
) -> None:
    detail = {"tools": list(given.tools), "not_given": given.missing}
    if present is not None:
        detail["added"] = [tool for tool in given.tools if tool not in present.tools]
    done = msgspec.structs.replace(session, grant=grant_id)
    action = "grant.created" if present is None else "grant.widened"
    await house.log(
        tx, entry(done, action, detail=detail), entry(done, "connect_session.completed", actor=actor)
    )
