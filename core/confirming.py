"""The last step of connecting: the right user is named, the code redeemed, the account identified, the grant stored.

Nothing is redeemed before the completion code and the user fit. From the moment tokens exist they have an owner: first an outbox
row that would revoke them, then, in one transaction, the grant; so a crash leaves neither half a grant nor a stray token. Where
the token is good for several accounts it stays with such a row until the person has chosen one (`core/choosing.py`), and the
confirm is made again with the code that the choice gave.
Source: SECURITY.md rows 1, 4, 7; draft-ietf-oauth-security-topics-update (cross-user session fixation).
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Mapping
from contextlib import suppress

import msgspec

from core import (
    choosing,
    oauth,
    outbox,
    policy,
    registrations,
    revocation,
    sealed,
    sessions,
    whose,
    workspaces,
)
from core.choosing import Waiting
from core.clock import MINUTE_MS
from core.connector import Account, Connector, Tool
from core.connector.scopes import union
from core.errors import (
    AccountMismatch,
    AlreadyConfirmed,
    Conflict,
    GrantRevoked,
    GrantSuspended,
    InvalidCode,
    ProviderError,
    SessionEnded,
    UserMismatch,
    ValetkeyError,
    VaultError,
)
from core.house import House
from core.ids import new_id, token_hash
from core.model import Actor, Assistant, ConnectSession, Duration, Fault, Grant, Receipt, Registration
from core.oauth import TokenSet
from core.observing import watched
from core.secret import Secret
from core.sessions import entry, person
from core.store import Reader, StoreError, Tx
from core.vault import Aad

UNOWNED_MS = 2 * MINUTE_MS  # how long tokens may wait for their grant before they are revoked


@watched("connect.confirm")
async def confirm(house: House, assistant: Assistant, session_id: str, user: str, code: str) -> Grant:
    """Make the grant.

    Raises Missing, InvalidCode, UserMismatch, AlreadyConfirmed, SessionEnded, ProviderError, AccountMismatch, GrantRevoked,
    GrantSuspended; ChoiceRequired when the token is good for several accounts: nothing is connected before one is chosen.
    """
    session = await sessions.get(house, assistant, session_id)
    _may_be_confirmed(session)
    presented = token_hash(code)
    if session.completion_hash is None or not hmac.compare_digest(session.completion_hash, presented):
        raise InvalidCode("The completion code is not the one this session gave out.")
    if not _is_for(session, user):
        fault = Fault(
            "user_mismatch", "The code arrived for another user than the one the session was made for."
        )
        await sessions.end(house, session, "failed", fault, actor=assistant_actor(assistant))
        raise UserMismatch("The session was made for another user. It has been ended; nothing was connected.")
    if session.choosing:  # the first code again: the answer to it was lost on its way
        raise choosing.required(house, session)
    return _made(house, await _unhurried(house, session, presented, assistant_actor(assistant)))


def _made(house: House, outcome: Grant | ConnectSession) -> Grant:
    if isinstance(outcome, ConnectSession):
        raise choosing.required(house, outcome)
    return outcome


def _is_for(session: ConnectSession, user: str | None) -> bool:
    return user == session.user


@watched("connect.confirm")
async def confirm_signed_in(house: House, session: ConnectSession, actor: Actor, code: Secret) -> Grant:
    """The portal's way: the person is signed in with us, so being the session's user replaces the builder's word."""
    same_house = (actor.workspace, actor.assistant) == (session.workspace, session.assistant)
    if not same_house or not _is_for(session, actor.user):
        fault = Fault("user_mismatch", "Somebody else is signed in here.")
        await sessions.end(house, session, "failed", fault)
        raise UserMismatch("Somebody else is signed in here. Nothing was connected.")
    return _made(house, await _unhurried(house, session, token_hash(code.reveal()), actor))


async def _unhurried(
    house: House, session: ConnectSession, completion_hash: bytes, actor: Actor
) -> Grant | ConnectSession:
    """To its end, also when the one who asked has hung up: the provider's code works once."""
    return await asyncio.shield(house.in_background(_finish(house, session, completion_hash, actor)))


def assistant_actor(assistant: Assistant) -> Actor:
    return Actor("assistant", assistant.id, assistant.workspace, assistant=assistant.id)


def _may_be_confirmed(session: ConnectSession) -> None:
    if session.status == "completed" or (
        session.status == "authorized" and session.confirming_at is not None
    ):
        raise AlreadyConfirmed(
            "This session was confirmed before. Its grant is in GET /v1/connect-sessions/{id}."
        )
    if session.ended:
        raise SessionEnded(
            f"This session has ended ({session.status}). Make a new one.", session_status=session.status
        )
    if session.status != "authorized" and not session.choosing:
        raise InvalidCode(
            "No completion code was given out yet: the person has not come back from the provider."
        )


async def _finish(
    house: House, session: ConnectSession, completion_hash: bytes, actor: Actor
) -> Grant | ConnectSession:
    """The grant, or the session that now waits for the person to choose an account."""
    taken = await _take(house, session, completion_hash)
    unowned = session.held or ""
    try:
        await _check_still_there(house.store, session)
        if isinstance(taken, Waiting):
            tokens, account = taken.tokens, taken.account
        else:
            connector, client = await _who_asks(house, session)
            with house.observer.step("connect.redeem", connector=connector.slug):
                tokens = await oauth.redeem(
                    house.outbound,
                    connector,
                    client,
                    code=taken.code,
                    verifier=taken.verifier,
                    now_ms=house.now_ms(),
                )
            unowned = await _hold(house, session, connector, client, tokens)
            accounts = await whose.accounts(house, connector, client, tokens)
            one = await choosing.settled(house, session, accounts)
            if one is None:
                return await choosing.put_off(house, session, completion_hash, tokens, unowned, accounts)
            account = one
        tokens = msgspec.structs.replace(tokens, fields={**tokens.fields, **account.fields})
        return await _keep(house, session, account, tokens, unowned, actor)
    except ValetkeyError as error:
        await _failed(house, session, unowned, error)
        raise _told(error) from error


async def _who_asks(house: House, session: ConnectSession) -> tuple[Connector, oauth.ClientRegistration]:
    registration = await registrations.find(house, session.registration)
    return house.registry.connector(session.connector), await registrations.client(house, registration)


async def _keep(
    house: House, session: ConnectSession, account: Account, tokens: TokenSet, unowned: str, actor: Actor
) -> Grant:
    connector = house.registry.connector(session.connector)
    overdue = await _end_overdue(house, session, account)
    grant, replaced = await house.write(
        lambda tx: _store(tx, house, session, connector, account, tokens, unowned, actor)
    )
    await revocation.tell(house, [row for row in (overdue, replaced) if row])
    return grant


async def _check_still_there(reader: Reader, session: ConnectSession) -> None:
    """Raises SessionEnded when connector or assistant was removed since: their grants have been ended, none may follow."""
    where = {"workspace": session.workspace}
    registration = await reader.one("registration_by_id", Registration, id=session.registration, **where)
    if registration is None or registration.deleted_at is not None:
        raise SessionEnded("The workspace has removed this connector. Nothing was connected.")
    if await reader.one("assistant_get", Assistant, id=session.assistant, **where) is None:
        raise SessionEnded("The workspace has removed this assistant. Nothing was connected.")


class Redeemable(msgspec.Struct, frozen=True):
    """The provider's code, and the verifier without which it is worth nothing."""

    code: Secret
    verifier: Secret


async def _take(house: House, session: ConnectSession, completion_hash: bytes) -> Redeemable | Waiting:
    """Use the completion code up, and take out what it stands for: a code, or tokens that wait for their account."""

    async def job(tx: Tx) -> Redeemable | Waiting:
        now = house.now_ms()
        confirming = await tx.run(
            "session_confirming", id=session.id, completion_hash=completion_hash, now=now
        )
        present = await tx.one("session_get", ConnectSession, id=session.id) or session
        if not confirming:
            _may_be_confirmed(present)
            if present.choosing:  # another request with the same code was faster
                raise choosing.required(house, present)
            raise SessionEnded("The session ended meanwhile. Make a new one.", session_status="expired")
        if present.chosen is not None:
            return await choosing.waiting(tx, house, present)
        return Redeemable(
            await _take_out(tx, house, session, "code"), await _take_out(tx, house, session, "verifier")
        )

    return await house.write(job)


async def _take_out(tx: Tx, house: House, session: ConnectSession, kind: str) -> Secret:
    """What was sealed for the session; it exists nowhere else afterwards."""
    opened = await sealed.fetch(tx, house.vault, session.workspace, session.id, kind)
    if opened is None:
        raise SessionEnded("The session's code is gone. Make a new one.", session_status="failed")
    await sealed.destroy(tx, session.workspace, session.id, kind)
    return Secret(opened.decode())


async def _hold(
    house: House,
    session: ConnectSession,
    connector: Connector,
    client: oauth.ClientRegistration,
    tokens: TokenSet,
) -> str:
    """Give fresh tokens an owner at once: an outbox row that revokes them unless a grant takes them over.

    When the database does not take it, they are revoked here and now: nobody would know of them later.
    """
    try:
        return await house.write(
            lambda tx: outbox.put_tokens(
                tx, house, session.workspace, session.registration, None, tokens, after_ms=UNOWNED_MS
            )
        )
    except StoreError:
        with suppress(ValetkeyError):
            await oauth.revoke(house.outbound, connector, client, tokens)
        raise


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


# ---- one transaction: session completed, grant stored, tokens owned ---------------------------------------------


async def _store(
    tx: Tx,
    house: House,
    session: ConnectSession,
    connector: Connector,
    account: Account,
    tokens: TokenSet,
    unowned: str,
    actor: Actor,
) -> tuple[Grant, str | None]:
    """The grant, and the outbox row of a token it replaced."""
    await _check_still_there(tx, session)
    present = await _present(tx, house, session, account)
    if present is not None and present.status == "suspended":
        raise GrantSuspended("An admin has suspended this grant. Nothing was changed.")
    registration = await tx.one(
        "registration_by_id", Registration, workspace=session.workspace, id=session.registration
    )
    assert registration is not None
    scopes = _granted(session, connector, registration, tokens, present)
    agreed = _agreed(session, present)
    known = connector.tools  # a tool that a newer connector no longer has falls away
    given = tuple(tool for tool in agreed if tool in known and not known[tool].missing_scopes(scopes))
    if registration.tier == "read" and present is not None and present.status == "active":
        _check_nothing_lost(present, given, known)
    if not given:
        raise ProviderError(
            "The provider gave none of the permissions that were agreed to. Nothing was connected."
        )
    replaced = None
    grant_id = present.id if present else new_id("gr")
    fields = await _grant_fields(tx, house, session, account, tokens, given, scopes)
    if present:
        replaced = await _replaced(tx, house, connector, present, tokens, session.registration)
        await tx.run("grant_renew", workspace=session.workspace, id=grant_id, **fields)
    else:
        await _insert(tx, house, session, account, grant_id, fields)
    if not await outbox.drop(tx, unowned):
        raise SessionEnded("It took too long: the tokens were given up. Make a new session.")
    grant = await tx.one("grant_get", Grant, workspace=session.workspace, id=grant_id)
    assert grant is not None
    aad = Aad(session.workspace, grant_id, "credential", grant.credential_version)
    await sealed.put(tx, house.vault, aad, tokens.to_bytes(), house.now_ms())
    await tx.run("receipt_link", workspace=session.workspace, id=session.receipt, grant=grant_id)
    if not await tx.run("session_completed", id=session.id, grant=grant_id, now=house.now_ms()):
        raise SessionEnded(
            "The session ended while the provider was answering. Make a new one.", session_status="failed"
        )
    action = "grant.widened" if present else "grant.created"
    detail = {"tools": list(given), "not_given": [tool for tool in agreed if tool not in given]}
    if present:
        detail["added"] = [tool for tool in given if tool not in present.tools]
    done = msgspec.structs.replace(session, grant=grant_id)
    await house.log(
        tx, entry(done, action, detail=detail), entry(done, "connect_session.completed", actor=actor)
    )
    return grant, replaced


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


async def _present(tx: Tx, house: House, session: ConnectSession, account: Account) -> Grant | None:
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


async def _grant_fields(
    tx: Tx,
    house: House,
    session: ConnectSession,
    account: Account,
    tokens: TokenSet,
    tools: tuple[str, ...],
    scopes: tuple[str, ...],
) -> dict[str, object]:
    workspace = await tx.one("workspace_get", workspaces.Workspace, id=session.workspace)
    assert workspace is not None
    duration: Duration = session.duration or "chat"
    return {
        "registration": session.registration,
        "account_label": account.label,
        "tools": tools,
        "scopes_requested": session.scopes_requested or (),
        "scopes_granted": scopes,
        "purpose": session.purpose,
        "receipt": session.receipt,
        "expires_at": policy.expires_at(workspace.policy, duration, house.now_ms()),
        "access_expires_at": tokens.expires_at,
    }


async def _insert(
    tx: Tx, house: House, session: ConnectSession, account: Account, grant_id: str, fields: dict[str, object]
) -> None:
    await tx.run(
        "grant_insert",
        id=grant_id,
        workspace=session.workspace,
        assistant=session.assistant,
        user=session.user,
        connector=session.connector,
        account_id=account.id,
        now=house.now_ms(),
        **fields,
    )


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


# ---- when it does not work --------------------------------------------------------------------------------------


async def _failed(house: House, session: ConnectSession, unowned: str, error: ValetkeyError) -> None:
    """End the session; tokens that exist already are revoked as soon as the outbox runs."""
    fault = Fault(error.code, error.detail)

    async def job(tx: Tx) -> None:
        await sessions.end_in(tx, house, session, "failed", fault, person(session))
        if unowned:
            await tx.run("outbox_now", id=unowned, now=house.now_ms())

    await house.write(job)


def _told(error: ValetkeyError) -> ValetkeyError:
    """What the builder hears: a fault of the provider is a 502, whatever it was on its way; one of ours is not."""
    if isinstance(error, (SessionEnded, Conflict, GrantRevoked, GrantSuspended, StoreError, VaultError)):
        return error
    return ProviderError(error.detail, **{k: v for k, v in error.fields.items() if k.startswith("provider_")})
