"""`/v1/connectors`: a workspace's registrations, its own clients at the providers."""

from __future__ import annotations

from litestar import Controller, delete, get, put
from litestar.di import NamedDependency
from litestar.params import FromPath, JSONBody
from msgspec import UnsetType

from core import registrations, revocation
from core.errors import Conflict, InvalidConfig, Missing, Refused, UnknownConnector
from core.grants import GrantFilter
from core.house import House
from core.model import Registration
from core.registrations import ReadClient, Wish
from core.secret import Secret
from core.workspaces import KeyedWorkspace
from web.api.paging import DEFAULT_LIMIT, Cursor, Limit, after_id, listing
from web.auth import ADMIN, needs_admin
from web.problems import documented
from web.wire.grants import RevokedOut
from web.wire.listings import Listing
from web.wire.registrations import (
    ReadClientIn,
    RegistrationIn,
    RegistrationOut,
    read_client_out,
    registration_out,
)


class Connectors(Controller):
    path = "/v1/connectors"
    tags = ("Connector registrations",)
    guards = (needs_admin,)
    dependencies = ADMIN

    @put(
        "/{slug:str}",
        operation_id="putConnector",
        summary="Register a connector",
        responses=documented(Refused, UnknownConnector, InvalidConfig, Conflict),
    )
    async def write(
        self,
        slug: FromPath[str],
        data: JSONBody[RegistrationIn],
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
    ) -> RegistrationOut:
        """Make or change the workspace's own client at a provider. Enter the `redirect_uri` of the answer at the provider.

        Leaving `enabled_tools` out (or null) switches on every tool of the connector, those that change and delete included, and
        those a later version brings: name them to have fewer. It is what the registration has from then on, also when it had
        fewer before. (The admin's page for a new registration begins with the tools that only read.)

        Leaving `client_secret` out keeps the present one; it is never shown again. Where the provider fixes scopes with the
        client, `read_client` is a second one that may only read: a grant is made with it when its tools need no more.
        Leaving it out keeps the present one; null removes it and revokes what was granted with it.
        """
        wish = Wish(
            client_id=data.client_id,
            client_secret=Secret(data.client_secret) if data.client_secret else None,
            enabled_tools=None if data.enabled_tools is None else tuple(data.enabled_tools),
            max_scopes=None if data.max_scopes is None else tuple(data.max_scopes),
            config=data.config,
            read_client=_read_client(data.read_client),
        )
        before = await registrations.read_client(house, admin.id, slug)
        kept = await registrations.put(house, admin.actor, slug, wish)
        if before is not None and wish.read_client is None:
            reason = "The connector's client for reading was removed."
            await revocation.revoke_of_client(house, admin.actor, before.id, reason)
        return await _shown(house, kept)

    @get(operation_id="listConnectors", summary="Registered connectors", responses=documented(Refused))
    async def listed(
        self,
        admin: NamedDependency[KeyedWorkspace],
        house: NamedDependency[House],
        limit: Limit = DEFAULT_LIMIT,
        cursor: Cursor = None,
    ) -> Listing[RegistrationOut]:
        """The workspace's registrations, by id."""
        rows = await registrations.listed(house, admin.id, after_id(cursor), limit + 1)
        page = listing(rows, limit, lambda row: row, lambda row: row.id)
        return Listing([await _shown(house, row) for row in page.items], page.next)

    @get(
        "/{slug:str}",
        operation_id="getConnector",
        summary="One registration",
        responses=documented(Refused, Missing, UnknownConnector),
    )
    async def one(
        self, slug: FromPath[str], admin: NamedDependency[KeyedWorkspace], house: NamedDependency[House]
    ) -> RegistrationOut:
        """The registration, without its secret."""
        return await _shown(house, await registrations.get(house, admin.id, slug))

    @delete(
        "/{slug:str}",
        operation_id="deleteConnector",
        summary="Remove a registration",
        status_code=200,
        responses=documented(Refused, Missing, UnknownConnector),
    )
    async def remove(
        self, slug: FromPath[str], admin: NamedDependency[KeyedWorkspace], house: NamedDependency[House]
    ) -> RevokedOut:
        """Remove the registration and revoke every grant made with it."""
        await registrations.delete(house, admin.actor, slug)
        wanted = GrantFilter(connector=slug)
        done = await revocation.revoke_matching(house, admin.actor, wanted, "The connector was removed.")
        return RevokedOut(done.revoked, done.upstream)


def _read_client(data: ReadClientIn | UnsetType | None) -> ReadClient | UnsetType | None:
    if not isinstance(data, ReadClientIn):
        return data
    return ReadClient(
        client_id=data.client_id,
        client_secret=Secret(data.client_secret) if data.client_secret else None,
        max_scopes=None if data.max_scopes is None else tuple(data.max_scopes),
    )


async def _shown(house: House, kept: Registration) -> RegistrationOut:
    connector = house.registry.connectors.get(kept.slug)
    if connector is None or connector.oauth.scope_mode != "app_fixed":
        return registration_out(house, kept)
    uri = await registrations.redirect_uri_for(house, kept.workspace, kept.slug, "read")
    small = await registrations.read_client(house, kept.workspace, kept.slug)
    return registration_out(house, kept, read_client_out(uri, small))
