"""The last step of connecting: the right user is named, the code redeemed, the account identified, the grant stored.

Nothing is redeemed before the completion code and the user fit. From the moment tokens exist they have an owner: first an outbox
row that would revoke them, then, in one transaction, the grant (`core/granting.py`); so a crash leaves neither half a grant
nor a stray token. Where the token is good for several accounts it stays with such a row until the person has chosen one
(`core/choosing.py`), and the confirm is made again with the code that the choice gave.
Source: SECURITY.md rows 1, 4; draft-ietf-oauth-security-topics-update (cross-user session fixation).
"""

from __future__ import annotations

import asyncio
import hmac
from contextlib import suppress

import msgspec

from core import choosing, granting, oauth, outbox, registrations, sealed, sessions, whose
from core.choosing import Waiting
from core.clock import MINUTE_MS
from core.connector import Connector
from core.errors import (
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
from core.granting import Redeemed
from core.house import House
from core.ids import token_hash
from core.model import Actor, Assistant, ConnectSession, Fault, Grant
from core.oauth import TokenSet
from core.observing import watched
from core.secret import Secret
from core.sessions import person
from core.store import StoreError, Tx

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
        await granting.check_still_there(house.store, session)
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
        return await granting.keep(house, session, Redeemed(account, tokens, unowned), actor)
    except ValetkeyError as error:
        await _failed(house, session, unowned, error)
        raise _told(error) from error


async def _who_asks(house: House, session: ConnectSession) -> tuple[Connector, oauth.ClientRegistration]:
    registration = await registrations.find(house, session.registration)
    return house.registry.connector(session.connector), await registrations.client(house, registration)


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
