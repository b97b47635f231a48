"""The OpenAPI document at `/schema/openapi.json`: what Litestar says of the handlers, made exact for our wire structs.

A request body shows the examples its struct carries and says that unknown fields are refused. Litestar writes a union as
`oneOf`; in a list it is `anyOf` here, because a tool in a vendor's form is a plain object and may look like ours too.
"""

from __future__ import annotations

import re
from dataclasses import replace

from litestar._openapi.schema_generation import SchemaCreator
from litestar._openapi.schema_generation.plugins.struct import StructSchemaPlugin
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, Reference, Schema, SecurityScheme
from litestar.params import KwargDefinition
from litestar.typing import FieldDefinition

from web.wire.body import Body


class WireSchemas(StructSchemaPlugin):
    def to_openapi_schema(  # type: ignore[override]  # a reference too: `for_plugin` passes on what it gets
        self, field_definition: FieldDefinition, schema_creator: SchemaCreator
    ) -> Schema | Reference:
        if field_definition.is_generic and field_definition.kwarg_definition is None:
            named = KwargDefinition(schema_component_key=_component_name(field_definition))
            return schema_creator.for_field_definition(replace(field_definition, kwarg_definition=named))
        schema = super().to_openapi_schema(field_definition, schema_creator)
        for member in (schema.properties or {}).values():
            items = member.items if isinstance(member, Schema) else None
            if isinstance(items, Schema) and items.one_of:
                items.any_of, items.one_of = items.one_of, None
        if issubclass(field_definition.type_, Body):
            schema.additional_properties = False
            schema.examples = [dict(one) for one in field_definition.type_.examples]
        return schema


def _component_name(generic: FieldDefinition) -> str:
    """Litestar's name, but without the file of `web/wire/`: clients know a component by its name, wherever the form lies."""
    name = re.sub(r"\bweb\.wire\.\w+\.", "web.wire.", str(generic.annotation))
    return re.sub(r"[^a-zA-Z0-9._-]+", "_", name.removeprefix("web.wire."))


def config(version: str) -> OpenAPIConfig:
    return OpenAPIConfig(
        title="Valetkey",
        version=version,
        summary="A valet key for AI assistants: scoped, reviewable, revocable access to a user's CRM and project tools.",
        path="/schema",
        render_plugins=[JsonRenderPlugin()],
        servers=[],
        components=Components(
            security_schemes={
                "key": SecurityScheme(
                    type="http",
                    scheme="bearer",
                    description="A workspace key (vkw_...) or an assistant's key (vka_...)",
                )
            }
        ),
        security=[{"key": []}],
        use_handler_docstrings=True,
    )
