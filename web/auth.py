"""Who is calling: guards that run before anything of the request is read, and what they found, for the handlers.

    class ToolCalls(Controller):
        guards = (needs_assistant,)                     # 401 or 403 otherwise
        dependencies = ASSISTANT
        async def call(self, assistant: NamedDependency[KeyedAssistant], ...)

Source: RFC 6750 section 2.1. A key in a query string is never looked at.
"""

from __future__ import annotations

from typing import Any

import msgspec
from litestar import Request
from litestar.connection import ASGIConnection
from litestar.di import NamedDependency, Provide
from litestar.handlers import BaseRouteHandler

from core import workspaces
from core.errors import Refused, Unauthenticated
from core.house import House
from core.model import Actor
from core.workspaces import KeyedAssistant, KeyedWorkspace


class Caller(msgspec.Struct, frozen=True):
    """Where both a workspace and an assistant may ask. `assistant`: the one it is held to; None for a workspace."""

    actor: Actor
    workspace: str
    assistant: str | None


_SEND = "Send one header: Authorization: Bearer <key>."


def bearer(connection: ASGIConnection[Any, Any, Any, Any]) -> str:
    """Raises Unauthenticated when there is no single, plain bearer token."""
    values = [value for name, value in connection.scope["headers"] if name.lower() == b"authorization"]
    scheme, _, token = values[0].decode("latin-1").partition(" ") if len(values) == 1 else ("", "", "")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthenticated(_SEND)
    return token.strip()


async def needs_caller(connection: ASGIConnection[Any, Any, Any, Any], _: BaseRouteHandler) -> None:
    """A workspace or an assistant."""
    house: House = connection.app.state.house
    connection.scope["state"]["caller"] = await workspaces.by_key(house, bearer(connection))


async def needs_admin(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """A workspace's own key (`vkw_...`)."""
    await needs_caller(connection, handler)
    if not isinstance(connection.scope["state"]["caller"], KeyedWorkspace):
        raise Refused("This needs a workspace key (vkw_...); an assistant's key cannot do it.")


async def needs_assistant(connection: ASGIConnection[Any, Any, Any, Any], handler: BaseRouteHandler) -> None:
    """An assistant's key (`vka_...`)."""
    await needs_caller(connection, handler)
    if not isinstance(connection.scope["state"]["caller"], KeyedAssistant):
        raise Refused("This needs an assistant's key (vka_...); a workspace key cannot act for an assistant.")


async def assistant_first(request: Request[Any, Any, Any]) -> None:
    """`needs_assistant` as a `before_request`, for the one route where it shows: Litestar copies the handler for every
    guard, which is a fiftieth of a tool call."""
    await needs_assistant(request, request.route_handler)


# Each asks for `house` too, though it needs it not: two dependencies of one rank are resolved in a task group, which costs a
# fifth of a tool call; in a row they cost nothing.
def _found(request: Request[Any, Any, Any], house: NamedDependency[House]) -> Caller:
    actor = request.scope["state"]["caller"].actor
    return Caller(actor, actor.workspace, actor.assistant)


def _admin(request: Request[Any, Any, Any], house: NamedDependency[House]) -> KeyedWorkspace:
    return request.scope["state"]["caller"]


def _assistant(request: Request[Any, Any, Any], house: NamedDependency[House]) -> KeyedAssistant:
    return request.scope["state"]["caller"]


# Given to controllers one by one: a name that is provided everywhere could be nobody's query parameter.
CALLER = {"caller": Provide(_found, sync_to_thread=False)}
ADMIN = {"admin": Provide(_admin, sync_to_thread=False)}
ASSISTANT = {"assistant": Provide(_assistant, sync_to_thread=False)}
