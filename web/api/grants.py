"""`/v1/grants`: for a workspace every grant, for an assistant its own."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody, QueryParameter
from msgspec import UNSET

from core import grants, narrowing, registrations, revocation
from core.clock import parse_rfc3339
from core.errors import InvalidBody, Missing, Refused
from core.grants import GrantFilter
from core.house import House
from core.model import Grant
from core.workspaces import KeyedWorkspace
from web.api.paging import DEFAULT_LIMIT, Cursor, Limit
from web.auth import ADMIN, CALLER, Caller, needs_admin, needs_caller
from web.problems import documented
from web.wire.grants import GrantOut, NarrowIn, RevokedOut, RevokeIn, Stopped, grant_out, stopped_out
from web.wire.listings import Listing, decode_cursor, encode_cursor

Status = Literal["active", "needs_reconnect", "suspended", "expired", "revoked"]


class Grants(Controller):
    path = "/v1/grants"
    tags = ("Grants",)
    guards = (needs_caller,)
    dependencies = CALLER | ADMIN

    @get(operation_id="listGrants", summary="Grants, newest first", responses=documented())
    async def listed(
        self,
        caller: NamedDependency[Caller],
        house: NamedDependency[House],
        user: Annotated[str | None, QueryParameter(max_length=200)] = None,
        assistant: Annotated[str | None, QueryParameter(name="assistant", max_length=100)] = None,
        connector: Annotated[str | None, QueryParameter(max_length=100)] = None,
        status: Annotated[Status | None, QueryParameter(description="The state as it is now")] = None,
        unused_for_days: Annotated[int | None, QueryParameter(ge=0, le=36_500)] = None,
        with_scope: Annotated[str | None, QueryParameter(name="scope", max_length=500)] = None,
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Listing[GrantOut]:
        """Each parameter narrows the list. An assistant sees its own grants only."""
        only = caller.assistant
        if only is not None and assistant not in (None, only):
            return Listing([])
        wanted = GrantFilter(user, only or assistant, connector, status, unused_for_days, with_scope)
        behind = None if cursor is None else grants.check_cursor(decode_cursor(cursor), "newest")
        rows = await grants.search(house, caller.workspace, wanted, limit=limit + 1, cursor=behind)
        following = encode_cursor(grants.cursor_of(rows[limit - 1], "newest")) if len(rows) > limit else None
        return Listing([await shown(house, row) for row in rows[:limit]], following)

    @get("/{grant_id:str}", operation_id="getGrant", summary="One grant", responses=documented(Missing))
    async def one(
        self, grant_id: FromPath[str], caller: NamedDependency[Caller], house: NamedDependency[House]
    ) -> GrantOut:
        """The grant as it is now; what the provider was asked for and what it gave."""
        found = await grants.get(house, caller.workspace, grant_id, assistant=caller.assistant)
        return await shown(house, found)

    @patch(
        "/{grant_id:str}",
        operation_id="narrowGrant",
        summary="Fewer tools, an earlier end",
        responses=documented(Missing),
    )
    async def narrow(
        self,
        grant_id: FromPath[str],
        data: JSONBody[NarrowIn],
        caller: NamedDependency[Caller],
        house: NamedDependency[House],
    ) -> GrantOut:
        """Narrowing only: more tools or a longer time need the person's consent."""
        narrowed = await narrowing.narrow(
            house,
            caller.actor,
            grant_id,
            tools=None if data.tools is None else tuple(data.tools),
            expires_at=_moment(data.expires_at),
            assistant=caller.assistant,
        )
        return await shown(house, narrowed)

    @delete(
        "/{grant_id:str}",
        operation_id="revokeGrant",
        summary="Revoke a grant",
        status_code=200,
        responses=documented(Missing),
    )
    async def revoke(
        self, grant_id: FromPath[str], caller: NamedDependency[Caller], house: NamedDependency[House]
    ) -> Stopped:
        """Ended here before this is answered. `upstream` says whether the provider has confirmed it."""
        ended = await revocation.revoke(house, caller.actor, grant_id, assistant=caller.assistant)
        return stopped_out(house, ended, await _manage_url(house, ended))

    @post(
        "/revoke",
        operation_id="revokeGrants",
        summary="Revoke many grants",
        status_code=200,
        guards=[needs_admin],
        responses=documented(Refused),
    )
    async def revoke_many(
        self, data: JSONBody[RevokeIn], admin: NamedDependency[KeyedWorkspace], house: NamedDependency[House]
    ) -> RevokedOut:
        """By id or by filter. Ids of other workspaces, or of nothing, are passed over."""
        if (data.grants is UNSET) == (data.filter is UNSET):
            raise InvalidBody(
                "Send either `grants` or `filter`.", errors=[{"path": "", "message": "one of the two"}]
            )
        if data.grants is not UNSET:
            done = await revocation.revoke_many(house, admin.actor, data.grants, data.reason)
        else:
            wanted = GrantFilter(**msgspec.structs.asdict(data.filter))  # type: ignore[arg-type]
            done = await revocation.revoke_matching(house, admin.actor, wanted, data.reason)
        return RevokedOut(done.revoked, done.upstream)


def _moment(text: str | None) -> int | None:
    if text is None:
        return None
    try:
        return parse_rfc3339(text)
    except ValueError as error:
        message = f"is not an RFC 3339 time ({error})"
        raise InvalidBody(
            "The end was not changed.", errors=[{"path": "/expires_at", "message": message}]
        ) from None


async def _manage_url(house: House, grant: Grant) -> str | None:
    return await registrations.manage_url(house, grant.connector, grant.registration)


async def shown(house: House, grant: Grant) -> GrantOut:
    """The grant as the API tells it."""
    return grant_out(house, grant, await _manage_url(house, grant))
