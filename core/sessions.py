"""Connect sessions: the builder's request, looking at one, and its end. `core/connecting.py` and `core/choosing.py`
have the person's part, `core/confirming.py` the last step.

    created -> opened -> consented -> authorized -> completed
                   \\-> denied | failed | expired (from any of the open ones)

With several accounts behind the token it is `consented` and `authorized` a second time (`core/choosing.py`).

Every step is one conditional UPDATE, so of many at once exactly one succeeds, and a state, a code or a completion code
works once. The provider's code is kept sealed, not redeemed, until the builder's backend has named the right user:
a link that somebody else opened never becomes a grant.
Sources: RFC 6749 section 4.1, RFC 7636, RFC 9207, RFC 9700 sections 2.1 and 4.7; SECURITY.md rows 1 to 6.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import Literal

import msgspec

from core import addresses, assistants, policy, registrations, sealed, workspaces
from core.clock import MINUTE_MS
from core.connector import Connector
from core.errors import (
    InvalidBody,
    Missing,
    UnknownConnector,
    UnknownTool,
)
from core.house import House
from core.ids import is_id, new_id
from core.model import (
    LIVE_STATUSES,
    Actor,
    Asked,
    Assistant,
    ConnectSession,
    Entry,
    Fault,
    Grant,
    Registration,
    SessionStatus,
    Workspace,
)
from core.observing import watched
from core.plain_text import NAME_CHARS, PURPOSE_CHARS, REASON_CHARS, clean
from core.store import Tx

SESSION_MS = 30 * MINUTE_MS
REUSE_MARGIN_MS = 2 * MINUTE_MS
MAX_USER_CHARS = 200
POLL_S = 0.2


class SessionWish(msgspec.Struct, frozen=True, kw_only=True):
    """What a builder asks for. `account`: the id of a connected account that is to be widened or connected again."""

    user: str
    name: str | None = None
    email: str | None = None
    connector: str
    asked: tuple[Asked, ...]
    purpose: str | None = None
    return_url: str | None = None
    origin: str | None = None
    expires_in_s: int | None = None
    account: str | None = None
    via: Literal["api", "call", "portal"] = "api"


# ---- the builder's request ------------------------------------------------------------------------------------


@watched("connect.create")
async def create(house: House, assistant: Assistant, wish: SessionWish) -> ConnectSession:
    """A session for exactly what was asked.

    Raises UnknownConnector, UnknownTool, InvalidBody, InvalidReturnUrl, PolicyDenied. Nothing is kept then.
    """
    check_user(wish.user)
    connector, registration, workspace = await _what_for(house, assistant, wish.connector)
    asked = _asked(connector, wish.asked)
    for one in asked:
        policy.check_tool(workspace.policy, registration, assistant, connector.tools[one.tool])
    return_url, origin = _way_back(assistant, wish)
    grant = await _present_grant(house, assistant, wish)
    wanted = _wanted(registration, assistant, wish, asked, return_url, origin) if wish.via == "call" else None
    if wanted and (open_one := await _reusable(house, wanted)):
        return open_one
    now = house.now_ms()
    life_ms = (wish.expires_in_s or SESSION_MS // 1000) * 1000
    session = ConnectSession(
        id=new_id("cs"),
        workspace=assistant.workspace,
        assistant=assistant.id,
        user=wish.user,
        connector=connector.slug,
        registration=registration.id,
        via=wish.via,
        status="created",
        asked=asked,
        purpose=clean(wish.purpose, PURPOSE_CHARS) if wish.purpose else None,
        account=wish.account,
        grant=grant.id if grant else None,
        return_url=return_url,
        origin=origin,
        created_at=now,
        expires_at=now + life_ms,
        changed_at=now,
        wanted=wanted,
    )
    return await house.write(lambda tx: _insert(tx, house, session, wish))


def _way_back(assistant: Assistant, wish: SessionWish) -> tuple[str | None, str | None]:
    """Where the result goes. Begun on the person's own page it comes back there: an address is only shown, the first will do."""
    if wish.via == "portal" and assistant.default_return_url is None:
        if assistant.allowed_origins:
            return None, assistant.allowed_origins[0]
        if assistant.return_urls:
            return assistant.return_urls[0], None
    return assistants.where_to(assistant, wish.return_url, wish.origin)


def check_user(user: str) -> None:
    if not user or len(user) > MAX_USER_CHARS or not user.isprintable():
        message = f"must be 1 to {MAX_USER_CHARS} printable characters: your own id of the user"
        raise InvalidBody("The user's id is not usable.", errors=[{"path": "/user", "message": message}])


async def _what_for(
    house: House, assistant: Assistant, slug: str
) -> tuple[Connector, Registration, Workspace]:
    connector = house.registry.connector(slug)
    try:
        registration = await registrations.get(house, assistant.workspace, slug)
    except Missing:
        raise UnknownConnector(
            f"{connector.title} is not registered in this workspace. An admin registers it with PUT /v1/connectors/{slug}."
        ) from None
    return connector, registration, await workspaces.get(house, assistant.workspace)


def _asked(connector: Connector, asked: tuple[Asked, ...]) -> tuple[Asked, ...]:
    """Known tools of this connector, each once, cleaned; a tool asked alone is required."""
    if not asked:
        raise InvalidBody("Name at least one tool.", errors=[{"path": "/tools", "message": "is empty"}])
    unique: dict[str, Asked] = {}
    for one in asked:
        name = one.tool.replace("__", ".", 1) if "." not in one.tool else one.tool
        if name not in connector.tools:
            raise UnknownTool(
                f"{connector.title} has no tool {one.tool[:100]!r}. GET /v1/catalog lists them."
            )
        reason = clean(one.reason, REASON_CHARS) if one.reason else None
        unique[name] = Asked(name, one.required or len(asked) == 1, reason)
    if len(unique) == 1:
        return tuple(msgspec.structs.replace(one, required=True) for one in unique.values())
    return tuple(unique.values())


async def tools_held(house: House, session: ConnectSession) -> tuple[str, ...]:
    """The tools of every live grant this session could widen; there may be one that was made after the session."""
    rows = await house.store.some(
        "grants_of_user",
        Grant,
        workspace=session.workspace,
        assistant=session.assistant,
        user=session.user,
        connector=session.connector,
    )
    live = (grant for grant in rows if grant.status_at(house.now_ms()) == "active")
    known = house.registry.connector(session.connector).tools
    return tuple(dict.fromkeys(name for grant in live for name in grant.tools if name in known))


async def _present_grant(house: House, assistant: Assistant, wish: SessionWish) -> Grant | None:
    """The live grant this session would widen: the named account's, or the user's only one."""
    rows = await house.store.some(
        "grants_of_user",
        Grant,
        workspace=assistant.workspace,
        assistant=assistant.id,
        user=wish.user,
        connector=wish.connector,
    )
    live = [grant for grant in rows if grant.status_at(house.now_ms()) in LIVE_STATUSES]
    if wish.account is not None:
        live = [grant for grant in live if grant.account_id == wish.account]
        if not live and not any(grant.account_id == wish.account for grant in rows):
            message = "is not an account this user has connected; leave it out to connect a new one"
            raise InvalidBody("The account is not known.", errors=[{"path": "/account", "message": message}])
    return live[0] if len(live) == 1 else None


def _wanted(
    registration: Registration,
    assistant: Assistant,
    wish: SessionWish,
    asked: tuple[Asked, ...],
    return_url: str | None,
    origin: str | None,
) -> str:
    """The same refused call finds the same session: no row for every refusal."""
    tools = sorted(one.tool for one in asked)
    key = [assistant.id, wish.user, registration.id, wish.account, tools, return_url, origin]
    return hashlib.sha256(msgspec.json.encode(key)).hexdigest()


async def _reusable(house: House, wanted: str) -> ConnectSession | None:
    found = await house.store.one("session_by_wanted", ConnectSession, wanted=wanted)
    if found is None or found.ended or found.expires_at <= house.now_ms() + REUSE_MARGIN_MS:
        return None
    return found


async def _insert(tx: Tx, house: House, session: ConnectSession, wish: SessionWish) -> ConnectSession:
    if session.wanted:
        rival = await tx.one("session_by_wanted", ConnectSession, wanted=session.wanted)
        if rival and not rival.ended and rival.expires_at > house.now_ms() + REUSE_MARGIN_MS:
            return rival
        await tx.run("session_unwant", wanted=session.wanted)
    fields = msgspec.structs.asdict(session)
    names = (
        "id workspace assistant user connector registration via asked purpose account grant return_url origin "
        "wanted created_at expires_at"
    )
    await tx.run("session_insert", **{name: fields[name] for name in names.split()})
    if wish.via == "api":
        await tx.run(
            "user_put",
            workspace=session.workspace,
            user=session.user,
            id=new_id("usr"),
            name=clean(wish.name, NAME_CHARS) if wish.name else None,
            email=clean(wish.email, NAME_CHARS * 2) if wish.email else None,
            now=session.created_at,
        )
    return session


# ---- looking ---------------------------------------------------------------------------------------------------


def status_at(session: ConnectSession, now_ms: int) -> SessionStatus:
    """The state as it is now: an open session past its end has expired before the housekeeping has said so."""
    if not session.ended and session.expires_at <= now_ms and session.confirming_at is None:
        return "expired"
    return session.status


async def find(house: House, session_id: str) -> ConnectSession:
    """By id alone, for the user's browser. Raises Missing."""
    found = (
        await house.store.one("session_get", ConnectSession, id=session_id)
        if is_id(session_id, "cs")
        else None
    )
    if found is None:
        raise Missing("There is no such connect session.")
    status = status_at(found, house.now_ms())
    return found if status == found.status else msgspec.structs.replace(found, status=status)


async def get(house: House, assistant: Assistant, session_id: str) -> ConnectSession:
    """A session of this assistant; anybody else's is as absent as one that never was."""
    found = await find(house, session_id)
    if (found.workspace, found.assistant) != (assistant.workspace, assistant.id):
        raise Missing("There is no such connect session.")
    return found


async def wait(house: House, assistant: Assistant, session_id: str, wait_s: float) -> ConnectSession:
    """The session, as soon as its status differs from now's or the time is up."""
    first = await get(house, assistant, session_id)
    loop = asyncio.get_running_loop()
    until = loop.time() + wait_s
    current = first
    while not current.ended and current.status == first.status and loop.time() < until:
        await asyncio.sleep(min(POLL_S, max(0.0, until - loop.time())))
        current = await get(house, assistant, session_id)
    return current


# ---- ends -------------------------------------------------------------------------------------------------------


async def end(
    house: House,
    session: ConnectSession,
    status: Literal["denied", "failed", "expired"],
    fault: Fault,
    actor: Actor | None = None,
) -> ConnectSession:
    """End an open session; what was held for it is destroyed. Does nothing to one that has ended."""

    async def job(tx: Tx) -> None:
        await end_in(tx, house, session, status, fault, actor)

    await house.write(job)
    return await find(house, session.id)


async def end_in(
    tx: Tx,
    house: House,
    session: ConnectSession,
    status: Literal["denied", "failed", "expired"],
    fault: Fault,
    actor: Actor | None = None,
) -> None:
    changed = await tx.run("session_end", id=session.id, status=status, error=fault, now=house.now_ms())
    if not changed:
        return
    for kind in ("verifier", "code"):
        await sealed.destroy(tx, session.workspace, session.id, kind)
    present = await tx.one("session_get", ConnectSession, id=session.id)
    if present is not None and present.held is not None:
        # Tokens that waited for a choice end at the provider.
        await tx.run("outbox_now", id=present.held, now=house.now_ms())
    await house.log(tx, entry(session, f"connect_session.{status}", outcome=fault.code, actor=actor))


def person(session: ConnectSession) -> Actor:
    return Actor("user", session.user, session.workspace, assistant=session.assistant, user=session.user)


def entry(
    session: ConnectSession,
    action: str,
    *,
    outcome: str = "ok",
    actor: Actor | None = None,
    detail: Mapping[str, str | int | bool | list[str] | None] | None = None,
) -> Entry:
    return Entry(
        actor or person(session),
        action,
        outcome,
        assistant=session.assistant,
        user=session.user,
        connector=session.connector,
        grant=session.grant,
        detail={"session": session.id, **(detail or {})},
    )


def connect_url(house: House, session: ConnectSession) -> str:
    return f"{house.public_url}/connect/{session.id}"


def shown_origin(session: ConnectSession) -> str:
    """The origin the result goes to: the popup's opener, or the return URL's."""
    return session.origin or addresses.origin_of(session.return_url or "")
