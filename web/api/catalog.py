"""`GET /v1/catalog`: what this build can connect to."""

from __future__ import annotations

from litestar import Controller, get
from litestar.di import NamedDependency

from core.house import House
from web.auth import CALLER, needs_caller
from web.problems import documented
from web.wire.catalog import ConnectorOut, connector_out
from web.wire.listings import Listing


class Catalog(Controller):
    path = "/v1/catalog"
    tags = ("Catalogue",)
    guards = (needs_caller,)
    dependencies = CALLER

    @get(operation_id="listCatalog", summary="Connectors this build knows", responses=documented())
    async def listed(self, house: NamedDependency[House]) -> Listing[ConnectorOut]:
        """Every connector with its scopes and tools, their plain-language descriptions, risks and JSON schemas."""
        return Listing([connector_out(one) for one in house.registry.connectors.values()])
