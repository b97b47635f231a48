"""How a browser becomes somebody: single-use tickets (the portal's from the builder, the admin's from the command line) and the
sessions they turn into. Only hashes are kept.

A portal session sees the grants of the assistant that made its ticket and of nobody else's user; an admin session its workspace.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from core import assistants
from core.clock import HOUR_MS, MINUTE_MS
from core.errors import Missing
from core.house import House
from core.ids import new_id, new_token, token_hash
from core.model import Actor, Assistant, Entry
from core.secret import Secret
from core.store import Tx

Kind = Literal["portal", "admin"]
TICKET_MS = {"portal": 5 * MINUTE_MS, "admin": 10 * MINUTE_MS}
SESSION_MS = {"portal": HOUR_MS, "admin": 12 * HOUR_MS}


class Ticket(msgspec.Struct, frozen=True):
    kind: Kind
    workspace: str
    assistant: str | None
    user: str | None
    return_url: str | None
    expires_at: int


class BrowserSession(msgspec.Struct, frozen=True):
    """A signed-in browser. `id` names it in the audit trail."""

    kind: Kind
    id: str
    workspace: str
    assistant: str | None
    user: str | None
    return_url: str | None
    created_at: int
    expires_at: int

    @property
    def actor(self) -> Actor:
        if self.kind == "portal":
            return Actor("user", self.user or "", self.workspace, assistant=self.assistant, user=self.user)
        return Actor("admin", self.id, self.workspace)


async def portal(house: House, assistant: Assistant, user: str, return_url: str | None) -> tuple[Secret, int]:
    """A ticket to the user's own page, and when it ends. Raises InvalidReturnUrl."""
    if return_url is not None:
        assistants.where_to(assistant, return_url, None)
    ticket = Ticket(
        "portal", assistant.workspace, assistant.id, user, return_url, house.now_ms() + TICKET_MS["portal"]
    )
    return await _issue(house, ticket), ticket.expires_at


async def admin(house: House, workspace: str) -> tuple[Secret, int]:
    ticket = Ticket("admin", workspace, None, None, None, house.now_ms() + TICKET_MS["admin"])
    return await _issue(house, ticket), ticket.expires_at


async def _issue(house: House, ticket: Ticket) -> Secret:
    token = new_token()

    async def job(tx: Tx) -> None:
        await tx.run("ticket_insert", hash=token_hash(token.reveal()), **msgspec.structs.asdict(ticket))

    await house.write(job)
    return token


async def peek(house: House, kind: Kind, token: str) -> bool:
    """Whether the ticket would be taken; does not use it, so a link scanner locks nobody out."""
    found = await house.store.one("ticket_get", Ticket, hash=token_hash(token), kind=kind)
    return found is not None and found.expires_at > house.now_ms()


async def take(house: House, kind: Kind, token: str) -> tuple[Secret, BrowserSession]:
    """Use the ticket up: the browser's new session and its cookie value. Raises Missing for a used, expired or unknown one."""
    cookie, now = new_token(), house.now_ms()

    async def job(tx: Tx) -> BrowserSession:
        ticket = await tx.one("ticket_take", Ticket, hash=token_hash(token), kind=kind)
        if ticket is None or ticket.expires_at <= now:
            raise Missing("This link was used before or is too old. Ask for a new one.")
        session = BrowserSession(
            kind,
            new_id("req").replace("req_", "brs_"),
            ticket.workspace,
            ticket.assistant,
            ticket.user,
            ticket.return_url,
            now,
            now + SESSION_MS[kind],
        )
        fields = msgspec.structs.asdict(session)
        await tx.run("browser_session_insert", hash=token_hash(cookie.reveal()), **fields)
        await house.log(tx, Entry(session.actor, f"{kind}.signed_in"))
        return session

    return cookie, await house.write(job)


async def session(house: House, kind: Kind, cookie: str | None) -> BrowserSession | None:
    """Who this browser is, or None."""
    if not cookie:
        return None
    return await house.store.one(
        "browser_session_get", BrowserSession, hash=token_hash(cookie), kind=kind, now=house.now_ms()
    )


async def sign_out(house: House, cookie: str) -> None:
    async def job(tx: Tx) -> None:
        await tx.run("browser_session_delete", hash=token_hash(cookie))

    await house.write(job)
