"""Grants: which one a call falls under, looking at them, and making one smaller. Widening needs the person
(`core/connecting.py`); ending stands in `core/revocation.py`.
"""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from core.clock import DAY_MS, rfc3339
from core.errors import InvalidBody, InvalidCursor, Missing
from core.house import House
from core.ids import is_id
from core.model import LIVE_STATUSES, Actor, Entry, Grant, Registration, Tier
from core.oauth import TokenSet
from core.store import Tx
from core.vault import Aad, Sealed, Vault

RECENT_ROWS = 50  # as many as `held_of_user` gives


class Held(Grant, frozen=True, kw_only=True):
    """A grant with what a call needs of it in one read: the sealed credential and the registration's limits."""

    secret_version: int | None
    key_id: str | None
    wrapped_key: bytes | None
    body: bytes | None
    secret_at: int | None
    client_id: str
    enabled_tools: tuple[str, ...] | None
    max_scopes: tuple[str, ...] | None
    config: dict[str, str]
    registration_secret: int
    registration_tier: Tier
    registration_deleted: int | None

    @property
    def aad(self) -> Aad:
        return Aad(self.workspace, self.id, "credential", self.secret_version or 0)

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.key_id or "", self.wrapped_key or b"", self.body or b"")

    def tokens(self, vault: Vault) -> TokenSet:
        """Opens the credential. Raises VaultError when it is destroyed, damaged or another row's."""
        return TokenSet.from_bytes(vault.open(self.sealed, self.aad))

    def as_registration(self) -> Registration:
        return Registration(
            id=self.registration,
            workspace=self.workspace,
            slug=self.connector,
            client_id=self.client_id,
            enabled_tools=self.enabled_tools,
            max_scopes=self.max_scopes,
            config=self.config,
            secret_version=self.registration_secret,
            tier=self.registration_tier,
            created_at=0,
            updated_at=0,
            deleted_at=self.registration_deleted,
        )


class Standing(msgspec.Struct, frozen=True):
    """What there is for an assistant, a user and a connector. `live`: the newest grant of each account that is not over;
    `newest`: the newest of all, which decides when none is live."""

    live: list[Held]
    newest: Held | None


async def standing(
    house: House, workspace: str, assistant: str, user: str, connector: str, account: str | None
) -> Standing:
    whose = {"workspace": workspace, "assistant": assistant, "user": user, "connector": connector}
    rows = await house.store.some("held_of_user", Held, **whose)
    if len(rows) == RECENT_ROWS:  # a live one may be older than so many that have ended
        rows += await house.store.some("held_of_user_live", Held, **whose)
        rows = sorted({row.id: row for row in rows}.values(), key=lambda row: row.id, reverse=True)
    if account is not None:
        rows = [row for row in rows if row.account_id == account]
    newest_of_account: dict[str, Held] = {}
    for row in rows:  # newest first
        newest_of_account.setdefault(row.account_id, row)
    now = house.now_ms()
    live = [row for row in newest_of_account.values() if row.status_at(now) in LIVE_STATUSES]
    return Standing(live, rows[0] if rows else None)


async def held(house: House, workspace: str, grant_id: str) -> Held | None:
    return await house.store.one("held_by_id", Held, workspace=workspace, id=grant_id)


async def get(
    house: House, workspace: str, grant_id: str, *, assistant: str | None = None, user: str | None = None
) -> Grant:
    """Raises Missing; also for a grant of another assistant or user, when those are given."""
    found = None
    if is_id(grant_id, "gr"):
        found = await house.store.one("grant_get", Grant, workspace=workspace, id=grant_id)
    if found is None or assistant not in (None, found.assistant) or user not in (None, found.user):
        raise Missing("There is no such grant.")
    return found


# ---- lists ----------------------------------------------------------------------------------------------------


class GrantFilter(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Each field that is set narrows the list. `status` is the state as it is now. `unused_for_days`: live and not used since;
    `never_used`: live and not used at all. `any_tool`: has one of these tools at least."""

    user: str | None = None
    assistant: str | None = None
    connector: str | None = None
    status: Literal["active", "needs_reconnect", "suspended", "expired", "revoked"] | None = None
    unused_for_days: int | None = None
    scope: str | None = None
    upstream: Literal["none", "pending", "revoked", "unsupported"] | None = None
    never_used: bool = False
    any_tool: tuple[str, ...] | None = None


Order = Literal["newest", "oldest", "last_used", "least_used", "ends_first"]

# What a list may be sorted by: the expression, and whether it runs downwards. The id decides between equals.
# The expressions are those of the indexes in store/migrations/0002_lists.sql.
_ORDERS: dict[Order, tuple[str, bool]] = {
    "newest": ("id", True),
    "oldest": ("id", False),
    "last_used": ("COALESCE(last_used_at, 0)", True),
    "least_used": ("COALESCE(last_used_at, 0)", False),
    "ends_first": ("COALESCE(expires_at, 9007199254740991)", False),
}
_LIVE = "status IN ('active', 'needs_reconnect', 'suspended')"


def _conditions(workspace: str, wanted: GrantFilter, now: int) -> tuple[list[str], dict[str, Any]]:
    conditions = ["workspace = :workspace"]
    params: dict[str, Any] = {"workspace": workspace, "now": now}
    for field in ("user", "assistant", "connector", "upstream"):
        if (value := getattr(wanted, field)) is not None:
            conditions.append(f'"{field}" = :{field}')
            params[field] = value
    if wanted.status is not None:
        params["status"] = wanted.status
        over = f"({_LIVE} AND expires_at <= :now)"
        if wanted.status == "expired":
            conditions.append(f"(status = :status OR {over})")
        else:
            conditions.append(
                f"status = :status AND NOT {over.replace('expires_at', 'COALESCE(expires_at, :now + 1)')}"
            )
    if wanted.unused_for_days is not None:
        conditions.append(f"{_LIVE} AND COALESCE(last_used_at, created_at) <= :since")
        params["since"] = now - wanted.unused_for_days * DAY_MS
    if wanted.scope is not None:
        # Scopes are kept as a JSON list of strings: a quoted scope is found as text, in both engines.
        conditions.append("(scopes_granted LIKE :scope ESCAPE '\\')")
        params["scope"] = "%" + _like(msgspec.json.encode(wanted.scope).decode()) + "%"
    if wanted.never_used:
        conditions.append(f"{_LIVE} AND last_used_at IS NULL")
    if wanted.any_tool is not None:
        tools = {f"tool_{index}": tool for index, tool in enumerate(wanted.any_tool)}
        likes = [f"tools LIKE :{name} ESCAPE '\\'" for name in tools] or ["1 = 0"]
        conditions.append(f"({' OR '.join(likes)})")
        params |= {
            name: "%" + _like(msgspec.json.encode(tool).decode()) + "%" for name, tool in tools.items()
        }
    return conditions, params


def _like(text: str) -> str:
    return text.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


async def search(
    house: House,
    workspace: str,
    wanted: GrantFilter,
    *,
    limit: int,
    cursor: tuple[Any, str] | None = None,
    order: Order = "newest",
) -> list[Grant]:
    """At most `limit` grants behind the cursor: the sort value and id of the last one seen (`cursor_of`)."""
    conditions, params = _conditions(workspace, wanted, house.now_ms())
    expression, down = _ORDERS[order]
    if cursor is not None:
        conditions.append(f"({expression}, id) {'<' if down else '>'} (:value, :last)")
        # Follows from it, and lets an index begin there.
        conditions.append(f"{expression} {'<=' if down else '>='} :value")
        params |= {"value": cursor[0], "last": cursor[1]}
    way = "DESC" if down else "ASC"
    by = f"id {way}" if expression == "id" else f"{expression} {way}, id {way}"
    sql = (
        f"SELECT * FROM grants WHERE {' AND '.join(conditions)} "  # noqa: S608 - fixed pieces, bound values
        f"ORDER BY {by} LIMIT :limit"
    )
    return await house.store.query(sql, Grant, {**params, "limit": limit})


def cursor_of(grant: Grant, order: Order) -> tuple[Any, str]:
    values = {
        "newest": grant.id,
        "oldest": grant.id,
        "last_used": grant.last_used_at or 0,
        "least_used": grant.last_used_at or 0,
        "ends_first": grant.expires_at if grant.expires_at is not None else 9007199254740991,
    }
    return values[order], grant.id


def check_cursor(cursor: Any, order: Order) -> tuple[Any, str]:
    """The cursor of `cursor_of` after its way through a URL. Raises InvalidCursor."""
    kind = str if order in ("newest", "oldest") else int
    if not (
        isinstance(cursor, list) and len(cursor) == 2 and type(cursor[0]) is kind and type(cursor[1]) is str
    ):
        raise InvalidCursor("This cursor belongs to another list or order. Start again without it.")
    return cursor[0], cursor[1]


async def count(house: House, workspace: str, wanted: GrantFilter) -> int:
    conditions, params = _conditions(workspace, wanted, house.now_ms())
    sql = f"SELECT count(*) FROM grants WHERE {' AND '.join(conditions)}"  # noqa: S608
    return (await house.store.query(sql, int, params))[0]


# ---- smaller --------------------------------------------------------------------------------------------------


async def narrow(
    house: House,
    actor: Actor,
    grant_id: str,
    *,
    tools: tuple[str, ...] | None = None,
    expires_at: int | None = None,
    assistant: str | None = None,
    user: str | None = None,
) -> Grant:
    """Fewer tools, an earlier end, or both. Raises InvalidBody for anything that would widen, Missing."""

    async def job(tx: Tx) -> Grant:
        grant = await tx.one("grant_get", Grant, workspace=actor.workspace, id=grant_id)
        if grant is None or assistant not in (None, grant.assistant) or user not in (None, grant.user):
            raise Missing("There is no such grant.")
        now = house.now_ms()
        if grant.status_at(now) not in LIVE_STATUSES:
            raise InvalidBody("The grant has ended; there is nothing left to narrow.", errors=[])
        fewer = _fewer(grant, tools)
        ends = _earlier(grant, expires_at, now)
        if fewer == grant.tools and ends == grant.expires_at:
            return grant
        await tx.run("grant_narrow", workspace=actor.workspace, id=grant_id, tools=fewer, expires_at=ends)
        removed = [tool for tool in grant.tools if tool not in fewer]
        detail = {"removed": removed, "ends_at": rfc3339(ends) if ends is not None else None}
        await house.log(tx, entry_for(grant, actor, "grant.narrowed", detail=detail))
        return msgspec.structs.replace(grant, tools=fewer, expires_at=ends)

    return await house.write(job)


def _fewer(grant: Grant, tools: tuple[str, ...] | None) -> tuple[str, ...]:
    if tools is None:
        return grant.tools
    unknown = [tool for tool in tools if tool not in grant.tools]
    if unknown:
        raise InvalidBody(
            "A grant can only be made smaller here; more needs the person's consent.",
            errors=[{"path": "/tools", "message": f"{unknown[0][:80]!r} is not part of the grant"}],
        )
    if not tools:
        raise InvalidBody(
            "A grant without tools is no grant: revoke it instead.",
            errors=[{"path": "/tools", "message": "is empty"}],
        )
    return tuple(tool for tool in grant.tools if tool in tools)


def _earlier(grant: Grant, expires_at: int | None, now: int) -> int | None:
    if expires_at is None:
        return grant.expires_at
    if expires_at <= now:
        message = "lies in the past: revoke the grant instead"
    elif grant.expires_at is not None and expires_at > grant.expires_at:
        message = "is later than the present end: a longer time needs the person's consent"
    else:
        return expires_at
    raise InvalidBody("The end was not changed.", errors=[{"path": "/expires_at", "message": message}])


def entry_for(
    grant: Grant,
    actor: Actor,
    action: str,
    *,
    outcome: str = "ok",
    detail: dict[str, Any] | None = None,
    **more: str,
) -> Entry:
    """What somebody did to a grant or under it; `more`: other fields of the entry."""
    return Entry(
        actor,
        action,
        outcome,
        assistant=grant.assistant,
        user=grant.user,
        connector=grant.connector,
        grant=grant.id,
        detail=detail or {},
        **more,
    )
