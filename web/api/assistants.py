"""`/v1/assistants`: the OAuth clients that builders register, and their keys."""

from __future__ import annotations

import msgspec
from litestar import Controller, delete, get, patch, post
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UNSET

from core import assistants, revocation, workspaces
from core.assistants import Wish
from core.errors import InvalidBody, InvalidConfig, Missing, Refused
from core.grants import GrantFilter
from core.house import House
from core.model import Assistant
from core.workspaces import KeyedWorkspace
from web.api.paging import DEFAULT_LIMIT, Cursor, Limit, after_id, listing
from web.auth import ADMIN, needs_admin
from web.problems import documented
from web.wire.assistants import AssistantIn, AssistantOut, AssistantPatch, KeyIn, NewKey, assistant_out
from web.wire.fields import when
from web.wire.grants import RevokedOut
from web.wire.listings import Listing


def wish_of(data: JSONBody[AssistantIn]) -> Wish:
    return Wish(
        name=data.name,
        description=data.description,
        logo_url=data.logo_url,
        homepage_url=data.homepage_url,
        allowed_origins=tuple(data.allowed_origins),
        return_urls=tuple(data.return_urls),
        default_return_url=data.default_return_url,
        tools=None if data.tools is None else tuple(data.tools),
    )


def patched(present: Assistant, data: JSONBody[AssistantPatch]) -> AssistantIn:
    """The present assistant with the fields that were sent."""
    fields = {name: getattr(present, name) for name in AssistantIn.__struct_fields__}
    sent = {name: value for name, value in msgspec.structs.asdict(data).items() if value is not UNSET}
    return msgspec.convert(msgspec.to_builtins({**fields, **sent}), AssistantIn)


class Assistants(Controller):
    path = "/v1/assistants"
    tags = ("Assistants",)
    guards = (needs_admin,)
    dependencies = ADMIN

    @post(
        operation_id="createAssistant",
        summary="Register an assistant",
        responses=documented(Refused, InvalidConfig),
    )
    async def create(
        self,
        data: JSONBody[AssistantIn],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> AssistantOut:
        """The answer holds the assistant's first key, once."""
        kept, key = await assistants.create(house, admin.actor, wish_of(data))
        return assistant_out(kept, key=key.reveal())

    @get(operation_id="listAssistants", summary="Assistants of the workspace", responses=documented(Refused))
    async def listed(
        self,
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Listing[AssistantOut]:
        """Oldest first."""
        rows = await assistants.listed(house, admin.id, after_id(cursor), limit + 1)
        return listing(rows, limit, assistant_out, lambda row: row.id)

    @get(
        "/{assistant_id:str}",
        operation_id="getAssistant",
        summary="One assistant, with its keys' state",
        responses=documented(Refused, Missing),
    )
    async def one(
        self,
        assistant_id: FromPath[str],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> AssistantOut:
        """Keys are listed with their last use; the keys themselves cannot be read."""
        kept = await assistants.get(house, admin.id, assistant_id)
        return assistant_out(kept, keys=await workspaces.keys_of(house, admin.id, assistant_id))

    @patch(
        "/{assistant_id:str}",
        operation_id="updateAssistant",
        summary="Change an assistant",
        responses=documented(Refused, Missing, InvalidConfig),
    )
    async def update(
        self,
        assistant_id: FromPath[str],
        data: JSONBody[AssistantPatch],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> AssistantOut:
        """Only the fields that are sent are changed."""
        present = await assistants.get(house, admin.id, assistant_id)
        try:
            wish = wish_of(patched(present, data))
        except msgspec.ValidationError as error:
            raise InvalidBody(str(error)) from None
        return assistant_out(await assistants.update(house, admin.actor, assistant_id, wish))

    @delete(
        "/{assistant_id:str}",
        operation_id="deleteAssistant",
        summary="Remove an assistant",
        status_code=200,
        responses=documented(Refused, Missing),
    )
    async def remove(
        self,
        assistant_id: FromPath[str],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> RevokedOut:
        """Its keys stop at once and its grants are revoked."""
        await assistants.delete(house, admin.actor, assistant_id)
        wanted = GrantFilter(assistant=assistant_id)
        done = await revocation.revoke_matching(house, admin.actor, wanted, "The assistant was removed.")
        return RevokedOut(done.revoked, done.upstream)

    @post(
        "/{assistant_id:str}/keys",
        operation_id="createAssistantKey",
        summary="A further key",
        responses=documented(Refused, Missing),
    )
    async def add_key(
        self,
        assistant_id: FromPath[str],
        data: JSONBody[KeyIn],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> NewKey:
        """Several keys may be valid at once, so that they can be changed without a gap. Shown once."""
        key_id, key = await assistants.add_key(house, admin.actor, assistant_id, data.expires_in)
        ends = None if data.expires_in is None else house.now_ms() + data.expires_in * 1000
        return NewKey(key_id, key.reveal(), when(ends))

    @delete(
        "/{assistant_id:str}/keys/{key_id:str}",
        operation_id="revokeAssistantKey",
        summary="Revoke a key",
        status_code=204,
        responses=documented(Refused, Missing),
    )
    async def revoke_key(
        self,
        assistant_id: FromPath[str],
        key_id: FromPath[str],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> None:
        """From the answer on, the key opens nothing."""
        await assistants.revoke_key(house, admin.actor, assistant_id, key_id)
