"""The other side of the bench: a bare Litestar handler that asks the same upstream through the same client,
and no more.

No key, no grant, no vault, no audit: what a builder would write with the token in an environment variable.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import msgspec
from litestar import Litestar, post
from litestar.datastructures import State

from core.http import Outbound

URL = os.environ["BENCH_UPSTREAM_URL"]


class Arguments(msgspec.Struct):
    query: str
    limit: int = 10


class Call(msgspec.Struct):
    tool: str
    user: str
    arguments: Arguments


class Contact(msgspec.Struct):
    id: str
    name: str
    email: str


class Contacts(msgspec.Struct):
    items: list[Contact]
    next: str | None = None


class Answer(msgspec.Struct):
    tool: str
    result: Contacts


@post("/v1/tool-calls", status_code=200)
async def call(data: Call, state: State) -> Answer:
    outbound: Outbound = state.outbound
    params = {"q": data.arguments.query, "limit": data.arguments.limit}
    request = outbound.request(
        "GET", f"{URL}/contacts", params=params, headers={"Authorization": f"Bearer {'a' * 40}"}
    )
    response = await outbound.send(request)
    return Answer(data.tool, msgspec.json.decode(response.content, type=Contacts))


@asynccontextmanager
async def lifespan(app: Litestar) -> AsyncIterator[None]:
    app.state.outbound = Outbound(development=True)
    yield
    await app.state.outbound.close()


app = Litestar([call], lifespan=[lifespan], openapi_config=None)
