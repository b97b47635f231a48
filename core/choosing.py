"""Several accounts behind one token: the person chooses, on our page, in the browser that agreed.

    authorized -> consented, waiting for the choice -> authorized with a new completion code -> completed
                  \\-> denied | failed | expired: the tokens end at the provider

The confirm finds the accounts (`core/confirming.py`), so the tokens exist before there is a grant. They are sealed under the
session, and from the first moment on an outbox row owns them that revokes them when the session has come to nothing: at
its end, or by itself once no choice can be confirmed any more. Source: SECURITY.md rows 1, 4, 14; docs/decisions.md.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core import connecting, outbox, receipts, sealed, sessions
from core.clock import MINUTE_MS, rfc3339
from core.connecting import COMPLETION_MS, Answer
from core.connector import Account, Connector
from core.errors import AccountMismatch, ChoiceRequired, Conflict, InvalidBody, SessionEnded
from core.house import House
from core.ids import new_token, token_hash
from core.model import Assistant, ConnectSession, Grant, Offered
from core.oauth import TokenSet
from core.observing import watched
from core.secret import Secret
from core.sessions import entry
from core.store import Tx
from core.vault import Aad

CHOICE_MS = 10 * MINUTE_MS
HELD_MS = CHOICE_MS + COMPLETION_MS + 2 * MINUTE_MS  # the last confirm has had its time to store the grant


class ChoicePage(msgspec.Struct, frozen=True):
    """What the page shows: between what to choose, for whom."""

    session: ConnectSession
    offered: tuple[Offered, ...]
    assistant: Assistant
    connector: Connector


class Waiting(msgspec.Struct, frozen=True):
    """What waited for the choice: the tokens, and the account that was chosen."""

    tokens: TokenSet
    account: Account


# ---- after the code is redeemed ------------------------------------------------------------------------------------


async def settled(house: House, session: ConnectSession, accounts: Sequence[Account]) -> Account | None:
    """The one account this can be about: the only one, the one the session was made for, or that of the grant it widens.

    None: the person has to choose. Raises AccountMismatch when the session is for an account that is not among them.
    """
    by_id = {account.id: account for account in accounts}
    if len(by_id) == 1:
        return accounts[0]
    if session.account is not None:
        if session.account not in by_id:
            raise AccountMismatch(
                "The sign-in covers several accounts, but not the one this was for. Nothing was changed."
            )
        return by_id[session.account]
    if session.grant is None:
        return None
    widened = await house.store.one("grant_get", Grant, workspace=session.workspace, id=session.grant)
    return by_id.get(widened.account_id) if widened else None


async def put_off(
    house: House,
    session: ConnectSession,
    completion_hash: bytes,
    tokens: TokenSet,
    unowned: str,
    accounts: Sequence[Account],
) -> ConnectSession:
    """Let the tokens wait until the person has chosen; the session as it is then. `unowned`: the row that owned them so far."""
    offered = tuple(Offered(account.id, account.label, account.fields) for account in accounts)

    async def job(tx: Tx) -> None:
        now = house.now_ms()
        held = await outbox.put(
            tx,
            house,
            workspace=session.workspace,
            registration=session.registration,
            grant=None,
            secret_owner=session.id,
            secret_kind="tokens",  # noqa: S106 - a kind, not a password
            after_ms=HELD_MS,
        )
        aad = Aad(session.workspace, session.id, "tokens", 1)
        await sealed.put(tx, house.vault, aad, tokens.to_bytes(), now)
        await outbox.drop(tx, unowned)
        if not await tx.run(
            "session_choosing",
            id=session.id,
            offered=offered,
            held=held,
            completion_hash=completion_hash,
            expires_at=now + CHOICE_MS,
            now=now,
        ):
            raise SessionEnded("The session ended while the provider was answering. Make a new one.")
        await house.log(tx, entry(session, "account.asked", detail={"accounts": len(offered)}))

    await house.write(job)
    return await sessions.find(house, session.id)


def required(house: House, session: ConnectSession) -> ChoiceRequired:
    """What the builder hears: nothing is connected yet, and where the person goes on."""
    return ChoiceRequired(
        "The sign-in covers several accounts. The person chooses one at `connect.url`, where the widget's window goes by "
        "itself; then confirm the new code.",
        accounts=[{"id": one.id, "label": one.label} for one in session.offered or ()],
        connect={
            "id": session.id,
            "url": sessions.connect_url(house, session),
            "expires_at": rfc3339(session.expires_at),
        },
    )


# ---- the person's choice -------------------------------------------------------------------------------------------


async def open_page(house: House, session_id: str, browser: Secret | None) -> ChoicePage:
    """What there is to choose, for the browser that agreed. Raises Missing, WrongBrowser, SessionEnded, Conflict."""
    session = await connecting.page_status(house, session_id, browser)
    connecting.still_open(session)
    if not session.choosing or session.offered is None:
        raise Conflict("There is nothing to choose here, or it was chosen already. Go back to the chat.")
    assistant = await connecting.asking(house, session)
    return ChoicePage(session, session.offered, assistant, house.registry.connector(session.connector))


@watched("connect.choose")
async def choose(house: House, session_id: str, browser: Secret, account_id: str) -> Answer:
    """Take the choice, once; the answer holds a new completion code, to be confirmed as the first was.

    Raises InvalidBody for an account that was not offered, and what `open_page` raises.
    """
    page = await open_page(house, session_id, browser)
    account = next((one for one in page.offered if one.id == account_id), None)
    if account is None:
        raise InvalidBody(
            "Choose one of them, or No thanks.",
            errors=[{"path": "/account", "message": "is not one of those offered"}],
        )
    completion, receipt_id = new_token(), receipts.new_receipt_id()
    agreed = await receipts.get(house, page.session.workspace, page.session.receipt or "")
    text = receipts.body_of_choice(house, receipt_id, agreed, account.label, len(page.offered))

    async def job(tx: Tx) -> None:
        now = house.now_ms()
        if not await tx.run(
            "session_chosen",
            id=session_id,
            browser_hash=token_hash(browser.reveal()),
            chosen=account.id,
            receipt=receipt_id,
            completion_hash=token_hash(completion.reveal()),
            completion_until=now + COMPLETION_MS,
            now=now,
        ):
            raise Conflict("This was chosen already, or its time is over. Go back to the chat.")
        await receipts.insert(tx, house, page.session, receipt_id, text)
        detail: dict[str, str | int] = {"receipt": receipt_id, "accounts": len(page.offered)}
        await house.log(tx, entry(page.session, "account.chosen", detail=detail))

    await house.write(job)
    return Answer(await sessions.find(house, session_id), page.connector, completion)


async def waiting(tx: Tx, house: House, session: ConnectSession) -> Waiting:
    """What the confirm of a chosen account goes on with. The tokens stay where they are until a grant has them."""
    chosen = next((one for one in session.offered or () if one.id == session.chosen), None)
    opened = await sealed.fetch(tx, house.vault, session.workspace, session.id, "tokens")
    if chosen is None or opened is None:
        raise SessionEnded("What the session held is gone. Make a new one.", session_status="failed")
    return Waiting(TokenSet.from_bytes(opened), Account(chosen.id, chosen.label, chosen.fields))
