"""Assistants: the OAuth clients that builders register, and their keys."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from core import addresses
from core.errors import InvalidBody, InvalidConfig, InvalidReturnUrl, Missing
from core.house import House
from core.http import check_url
from core.ids import new_id, new_key
from core.model import Actor, Assistant, Entry
from core.plain_text import NAME_CHARS, PURPOSE_CHARS, REASON_CHARS, clean
from core.secret import Secret
from core.store import Tx
from core.workspaces import insert_key

MAX_ADDRESSES = 50


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What a builder writes about an assistant; checked and cleaned by `_checked`."""

    name: str
    description: str | None = None
    logo_url: str | None = None
    homepage_url: str | None = None
    allowed_origins: tuple[str, ...] = ()
    return_urls: tuple[str, ...] = ()
    default_return_url: str | None = None
    tools: tuple[str, ...] | None = None


def _checked(house: House, wish: Wish) -> Wish:
    """Raises InvalidBody or InvalidConfig; returns the wish as it may be kept."""
    development = house.development
    name = clean(wish.name, NAME_CHARS)
    if not name:
        raise InvalidBody("An assistant needs a name.", errors=[{"path": "/name", "message": "is empty"}])
    if len(wish.allowed_origins) + len(wish.return_urls) > MAX_ADDRESSES:
        raise InvalidConfig(f"At most {MAX_ADDRESSES} origins and return URLs.", field="allowed_origins")
    for index, origin in enumerate(wish.allowed_origins):
        addresses.check_origin(origin, field=f"allowed_origins/{index}", development=development)
    for index, url in enumerate(wish.return_urls):
        addresses.check_return_url(url, field=f"return_urls/{index}", development=development)
    if wish.default_return_url is not None and wish.default_return_url not in wish.return_urls:
        raise InvalidConfig("default_return_url must be one of return_urls.", field="default_return_url")
    for field in ("logo_url", "homepage_url"):
        if (value := getattr(wish, field)) is not None:
            check_url(value, development=development, field=field)
    return msgspec.structs.replace(
        wish,
        name=name,
        description=clean(wish.description, PURPOSE_CHARS) if wish.description else None,
        tools=None if wish.tools is None else _known_tools(house, wish.tools),
    )


def _known_tools(house: House, tools: Sequence[str]) -> tuple[str, ...]:
    known = {name for connector in house.registry.connectors.values() for name in connector.tools}
    errors = [
        {"path": f"/tools/{index}", "message": f"there is no tool {tool[:80]!r}"}
        for index, tool in enumerate(tools)
        if tool not in known
    ]
    if errors:
        raise InvalidBody("Only tools of the catalogue can be listed.", errors=errors)
    return tuple(dict.fromkeys(tools))


async def create(house: House, actor: Actor, wish: Wish) -> tuple[Assistant, Secret]:
    """The assistant and its first key, which is shown once."""
    wish = _checked(house, wish)
    assistant_id, key = new_id("ast"), new_key("vka")

    async def job(tx: Tx) -> None:
        fields = msgspec.structs.asdict(wish)
        await tx.run(
            "assistant_insert", id=assistant_id, workspace=actor.workspace, now=house.now_ms(), **fields
        )
        await insert_key(tx, house, key, actor.workspace, assistant_id, None)
        await house.log(tx, Entry(actor, "assistant.created", assistant=assistant_id))

    await house.write(job)
    return await get(house, actor.workspace, assistant_id), key


async def get(house: House, workspace: str, assistant_id: str) -> Assistant:
    found = await house.store.one("assistant_get", Assistant, workspace=workspace, id=assistant_id)
    if found is None:
        raise Missing("There is no such assistant.")
    return found


async def listed(house: House, workspace: str, after: str, limit: int) -> list[Assistant]:
    return await house.store.all("assistants_list", Assistant, workspace=workspace, after=after, limit=limit)


async def names(house: House, workspace: str) -> dict[str, str]:
    """Id to name of every assistant there ever was, for lists and trails."""
    rows = await house.store.all("assistants_named", dict, workspace=workspace)
    return {row["id"]: row["name"] for row in rows}


async def update(house: House, actor: Actor, assistant_id: str, wish: Wish) -> Assistant:
    wish = _checked(house, wish)

    async def job(tx: Tx) -> None:
        fields = msgspec.structs.asdict(wish)
        changed = await tx.run(
            "assistant_update", id=assistant_id, workspace=actor.workspace, now=house.now_ms(), **fields
        )
        if not changed:
            raise Missing("There is no such assistant.")
        await house.log(tx, Entry(actor, "assistant.changed", assistant=assistant_id))

    await house.write(job)
    return await get(house, actor.workspace, assistant_id)


async def delete(house: House, actor: Actor, assistant_id: str, reason: str | None = None) -> None:
    """End an assistant: its keys stop at once. Its grants are revoked by the caller (`core/revocation.py`)."""

    async def job(tx: Tx) -> None:
        where = {"workspace": actor.workspace, "now": house.now_ms()}
        if not await tx.run("assistant_delete", id=assistant_id, **where):
            raise Missing("There is no such assistant.")
        await tx.run("keys_revoke_all", assistant=assistant_id, **where)
        detail = {"reason": clean(reason, REASON_CHARS) if reason else None}
        await house.log(tx, Entry(actor, "assistant.deleted", assistant=assistant_id, detail=detail))

    await house.write(job)


async def add_key(
    house: House, actor: Actor, assistant_id: str, expires_in_s: int | None
) -> tuple[str, Secret]:
    """A further key, for rotation with overlap. `(key id, key)`."""
    await get(house, actor.workspace, assistant_id)
    key = new_key("vka")
    expires_at = None if expires_in_s is None else house.now_ms() + expires_in_s * 1000

    async def job(tx: Tx) -> str:
        key_id = await insert_key(tx, house, key, actor.workspace, assistant_id, expires_at)
        await house.log(tx, Entry(actor, "key.created", assistant=assistant_id, detail={"key": key_id}))
        return key_id

    return await house.write(job), key


async def revoke_key(house: House, actor: Actor, assistant_id: str, key_id: str) -> None:
    async def job(tx: Tx) -> None:
        where = {"workspace": actor.workspace, "assistant": assistant_id, "id": key_id}
        if not await tx.run("key_revoke", now=house.now_ms(), **where):
            raise Missing("There is no such key, or it was revoked before.")
        await house.log(tx, Entry(actor, "key.revoked", assistant=assistant_id, detail={"key": key_id}))

    await house.write(job)


def where_to(
    assistant: Assistant, return_url: str | None, origin: str | None
) -> tuple[str | None, str | None]:
    """`(return_url, origin)`, of which exactly one is set, that a connect session of this assistant may use.

    Nothing named: its only origin, else its default return URL. Raises InvalidReturnUrl; exact comparison only.
    """
    if return_url is not None and origin is not None:
        raise InvalidReturnUrl("Name either return_url or origin, not both.")
    if return_url is not None:
        if return_url not in assistant.return_urls:
            raise InvalidReturnUrl("This return_url is not registered, letter for letter, for the assistant.")
        return return_url, None
    if origin is not None:
        if origin not in assistant.allowed_origins:
            raise InvalidReturnUrl("This origin is not registered for the assistant.")
        return None, origin
    if len(assistant.allowed_origins) == 1:
        return None, assistant.allowed_origins[0]
    if assistant.default_return_url is not None:
        return assistant.default_return_url, None
    raise InvalidReturnUrl(
        "Name return_url or origin: the assistant has no single origin and no default return URL."
    )
