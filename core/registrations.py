"""Connector registrations: a workspace's own client at a provider, with the tools and scopes its admin allows.

Each registration has a redirect URI of its own, so that an answer meant for one connector can never be taken for another's.
Where a provider fixes the scopes with the client, a workspace may have two of them: a grant is made with the smaller one when
that does for its tools (`smallest`).
Source: RFC 9700 section 4.4 (mix-up), draft-ietf-oauth-security-topics-update (cross-tool account takeover).
"""

from __future__ import annotations

import hmac
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from core import sealed
from core.connector import Connector, templates
from core.connector.scopes import union
from core.errors import Conflict, InvalidBody, InvalidConfig, Missing, Unauthenticated
from core.house import House
from core.http import check_url
from core.ids import derived_id
from core.model import Actor, Entry, Registration, Tier, Workspace
from core.oauth import ClientRegistration
from core.plain_text import REASON_CHARS, clean
from core.secret import Secret
from core.store import Reader, Tx
from core.vault import Aad

MAX_CONFIG_CHARS = 2_000


class ReadClient(msgspec.Struct, frozen=True, kw_only=True):
    """The second client, whose app may only read. `max_scopes`: what the app was given; None: every scope that reads."""

    client_id: str
    client_secret: Secret | None = None
    max_scopes: tuple[str, ...] | None = None


class Wish(msgspec.Struct, frozen=True, kw_only=True):
    """What an admin writes. `client_secret` None keeps the present one. `max_scopes`: where scopes are fixed with the client,
    those the app was given. `read_client` UNSET keeps the present one, None removes it."""

    client_id: str
    client_secret: Secret | None = None
    enabled_tools: tuple[str, ...] | None = None
    max_scopes: tuple[str, ...] | None = None
    config: Mapping[str, str] = {}
    read_client: ReadClient | msgspec.UnsetType | None = msgspec.UNSET


def redirect_uri(house: House, registration_id: str) -> str:
    return f"{house.public_url}/oauth/callback/{registration_id}"


async def redirect_uri_for(house: House, workspace: str, slug: str, tier: Tier = "write") -> str:
    """The redirect URI of the registration, also of one still to be made: the provider's console asks for it before it
    gives a client id."""
    found = await _present(house.store, workspace, slug, tier)
    return redirect_uri(house, found.id if found else await _next_id(house.store, workspace, slug, tier))


async def _present(reader: Reader, workspace: str, slug: str, tier: Tier) -> Registration | None:
    return await reader.one("registration_by_slug", Registration, workspace=workspace, slug=slug, tier=tier)


async def _next_id(reader: Reader, workspace: str, slug: str, tier: Tier) -> str:
    """The same until the registration is made; another one after it was deleted, so that old answers lead nowhere."""
    home = await reader.one("workspace_get", Workspace, id=workspace)
    earlier = await reader.one("registrations_ever", int, workspace=workspace, slug=slug, tier=tier)
    parts = ["registration", workspace, slug, str(earlier or 0), *([] if tier == "write" else [tier])]
    return derived_id("reg", home.created_at if home else 0, *parts)


async def put(house: House, actor: Actor, slug: str, wish: Wish) -> Registration:
    """Make or change the workspace's registration of a connector. Raises UnknownConnector, InvalidBody, InvalidConfig.

    The grants of a read client that was removed are the caller's to end (`core/revocation.py`).
    """
    connector = house.registry.connector(slug)
    _check(house, connector, wish)

    async def job(tx: Tx) -> Registration:
        kept = await _put(tx, house, actor, slug, "write", wish, wish)
        if isinstance(wish.read_client, ReadClient):
            await _put(tx, house, actor, slug, "read", wish.read_client, wish)
        elif wish.read_client is None:
            await _remove_read_client(tx, house, actor, slug)
        else:
            await _keep_read_client(tx, house, actor, slug, wish)
        return kept

    return await house.write(job)


async def _remove_read_client(tx: Tx, house: House, actor: Actor, slug: str) -> None:
    """Its settings stay as they were: its tokens end at the address they came from."""
    where = {"workspace": actor.workspace, "slug": slug, "tier": "read"}
    if await tx.run("registration_delete_tier", now=house.now_ms(), **where):
        await house.log(tx, Entry(actor, "registration.changed", connector=slug, detail={"removed": "read"}))


async def _keep_read_client(tx: Tx, house: House, actor: Actor, slug: str, wish: Wish) -> None:
    """The read client of before, if there is one, with the tools and settings of now: they are decided for the connector,
    whichever client does the work."""
    small = await _present(tx, actor.workspace, slug, "read")
    if small is None:
        return
    if small.client_id == wish.client_id.strip():
        raise InvalidBody("The registration was not changed.", errors=[_SAME_CLIENT])
    await _check_may_move(tx, house, small, ReadClient(client_id=small.client_id), wish)
    await tx.run(
        "registration_limits",
        workspace=actor.workspace,
        slug=slug,
        enabled_tools=wish.enabled_tools,
        config=dict(wish.config),
        now=house.now_ms(),
    )


async def _put(
    tx: Tx, house: House, actor: Actor, slug: str, tier: Tier, client: Wish | ReadClient, limits: Wish
) -> Registration:
    present = await _present(tx, actor.workspace, slug, tier)
    if present is not None:
        await _check_may_move(tx, house, present, client, limits)
    registration_id = present.id if present else await _next_id(tx, actor.workspace, slug, tier)
    version = (present.secret_version if present else 0) + (1 if client.client_secret else 0)
    await tx.run(
        "registration_update" if present else "registration_insert",
        id=registration_id,
        workspace=actor.workspace,
        **({} if present else {"slug": slug, "tier": tier}),
        client_id=client.client_id,
        enabled_tools=limits.enabled_tools,
        max_scopes=client.max_scopes,
        config=dict(limits.config),
        secret_version=version,
        now=house.now_ms(),
    )
    if client.client_secret:
        aad = Aad(actor.workspace, registration_id, "client_secret", version)
        await sealed.put(tx, house.vault, aad, client.client_secret.reveal().encode(), house.now_ms())
    action = "registration.changed" if present else "registration.created"
    detail = {"registration": registration_id, **({} if tier == "write" else {"tier": tier})}
    await house.log(tx, Entry(actor, action, connector=slug, detail=detail))
    kept = await tx.one("registration_by_id", Registration, workspace=actor.workspace, id=registration_id)
    assert kept is not None
    return kept


async def _check_may_move(
    tx: Tx, house: House, present: Registration, client: Wish | ReadClient, limits: Wish
) -> None:
    """Tokens and secret of one client at one address go to no other client and no other address.

    Raises Conflict while grants live by it (or their tokens are still being ended), InvalidBody when the secret of the former
    would be kept.
    """
    connector = house.registry.connector(present.slug)
    another = client.client_id != present.client_id
    if not another and _places(connector, present.config) == _places(connector, limits.config):
        return
    what = "client" if another else "address"
    if await tx.one("registration_in_use", int, id=present.id):
        raise Conflict(
            f"People are connected through this registration: their tokens must not go to another {what}. Delete the "
            "registration, which ends those grants, and register anew."
        )
    if present.secret_version and client.client_secret is None:
        where = "" if present.tier == "write" else "/read_client"
        message = f"is needed again: the one that is kept belongs to the former {what}"
        raise InvalidBody(
            "The registration was not changed.",
            errors=[{"path": f"{where}/client_secret", "message": message}],
        )


def _places(connector: Connector, config: Mapping[str, str]) -> dict[str, str]:
    """What decides where this connector's requests go."""
    filled = connector.filled(config)
    return {name: filled[name] for name in templates.needed(connector.templates()) if filled.get(name)}


def _check(house: House, connector: Connector, wish: Wish) -> None:
    errors = [
        {"path": f"/enabled_tools/{index}", "message": f"{connector.title} has no tool {tool[:80]!r}"}
        for index, tool in enumerate(wish.enabled_tools or ())
        if tool not in connector.tools
    ] + _client_faults(connector, wish, "")
    if isinstance(wish.read_client, ReadClient):
        errors += _client_faults(connector, wish.read_client, "/read_client")
        errors += _read_faults(connector, wish.read_client, wish.client_id)
    if errors:
        raise InvalidBody("The registration was not changed.", errors=errors)
    _check_config(house, connector, wish.config)


def _client_faults(connector: Connector, client: Wish | ReadClient, where: str) -> list[dict[str, str]]:
    empty = [] if client.client_id.strip() else [{"path": f"{where}/client_id", "message": "is empty"}]
    return empty + [
        {"path": f"{where}/max_scopes/{index}", "message": f"{connector.title} has no scope {scope[:80]!r}"}
        for index, scope in enumerate(client.max_scopes or ())
        if scope not in connector.scopes
    ]


_SAME_CLIENT = {
    "path": "/read_client/client_id",
    "message": "is the other client's: this has to be an app of its own that may only read",
}


def _read_faults(connector: Connector, client: ReadClient, larger: str) -> list[dict[str, str]]:
    if client.client_id.strip() == larger.strip():
        return [_SAME_CLIENT]
    if connector.oauth.scope_mode != "app_fixed":
        message = (
            f"{connector.title} takes scopes with every request: one client does for reading and writing"
        )
        return [{"path": "/read_client", "message": message}]
    return [
        {"path": f"/read_client/max_scopes/{index}", "message": f"{scope[:80]!r} does more than read"}
        for index, scope in enumerate(client.max_scopes or ())
        if scope in connector.scopes and connector.scopes[scope].risk != "read"
    ]


def _check_config(house: House, connector: Connector, config: Mapping[str, str]) -> None:
    """Whatever looks like an address is checked as one: it will be called with a token in hand."""
    for name, value in config.items():
        if len(value) > MAX_CONFIG_CHARS or not value.isprintable():
            raise InvalidConfig(
                f"config.{name} is too long or has control characters.", field=f"config/{name}"
            )
        if name.endswith("_url") or "://" in value:
            check_url(value, development=house.development, field=f"config/{name}")
    for name, value in config.items():
        if not connector.may_be_set(name, value):
            raise InvalidConfig(
                f"config.{name} cannot be set to this: {connector.title} tells it by itself.",
                field=f"config/{name}",
            )
    for setting in connector.settings:
        chosen = config.get(setting.name)
        if chosen and not setting.fits(chosen):
            raise InvalidConfig(
                f"config.{setting.name} is none of {', '.join(setting.choices or setting.allowed)}.",
                field=f"config/{setting.name}",
            )
    missing = [name for name in connector.needed_config() if not config.get(name)]
    if missing:
        raise InvalidConfig(
            f"{connector.title} needs config.{missing[0]}: see its setup page.", field=f"config/{missing[0]}"
        )


async def get(house: House, workspace: str, slug: str) -> Registration:
    """Raises Missing when the workspace has not registered the connector."""
    house.registry.connector(slug)
    found = await _present(house.store, workspace, slug, "write")
    if found is None:
        raise Missing("This connector is not registered in the workspace.")
    return found


async def read_client(house: House, workspace: str, slug: str) -> Registration | None:
    """The second client, that only reads, where there is one."""
    return await _present(house.store, workspace, slug, "read")


async def smallest(house: House, connector: Connector, workspace: str, tools: Sequence[str]) -> Registration:
    """The registration whose client can do the least of those that do for these tools. Raises Missing."""
    small = None
    if connector.oauth.scope_mode == "app_fixed":
        small = await read_client(house, workspace, connector.slug)
    if small is not None:
        given = scopes_of(connector, small)
        if not any(connector.tools[name].missing_scopes(given) for name in tools):
            return small
    return await get(house, workspace, connector.slug)


async def manage_url(house: House, slug: str, registration_id: str) -> str | None:
    """The provider's own page on connected apps, where the registration says enough to find it."""
    connector = house.registry.connectors.get(slug)
    url = connector.manage_url if connector else None
    if connector is None or url is None or "{" not in url:
        return url
    registration = await find(house, registration_id)
    try:
        return templates.fill(url, connector.filled(registration.config))
    except InvalidConfig:
        return None


def scopes_of(connector: Connector, registration: Registration) -> tuple[str, ...]:
    """What a client whose scopes are fixed was given: as its admin says it, else what the console's steps tell to give."""
    if registration.max_scopes is not None:
        return registration.max_scopes
    enabled = connector.tools if registration.enabled_tools is None else registration.enabled_tools
    return to_give(connector, enabled, registration.tier)


def to_give(connector: Connector, tools: Iterable[str], tier: Tier) -> tuple[str, ...]:
    """What an app has to be given at the provider for these tools; the one that only reads, for those that need no more."""
    wanted = [connector.tools[name] for name in tools if name in connector.tools]
    always = connector.oauth.always_scopes
    if tier == "write":
        return union([always, *(tool.wanted_scopes() for tool in wanted)])
    reading = [scope.name for scope in connector.scopes.values() if scope.risk == "read"]
    able = [tool for tool in wanted if not tool.missing_scopes(reading)]
    return union([[one for one in always if one in reading], *(tool.wanted_scopes(reading) for tool in able)])


async def listed(house: House, workspace: str, after: str, limit: int) -> list[Registration]:
    return await house.store.all(
        "registrations_list", Registration, workspace=workspace, after=after, limit=limit
    )


async def delete(house: House, actor: Actor, slug: str, reason: str | None = None) -> None:
    """End a registration. Its secret stays until the last token it made is revoked: telling the provider needs it."""

    async def job(tx: Tx) -> None:
        if not await tx.run("registration_delete", workspace=actor.workspace, slug=slug, now=house.now_ms()):
            raise Missing("This connector is not registered in the workspace.")
        detail = {"reason": clean(reason, REASON_CHARS) if reason else None}
        await house.log(tx, Entry(actor, "registration.deleted", connector=slug, detail=detail))

    await house.write(job)


async def client(
    house: House, registration: Registration, reader: Reader | None = None
) -> ClientRegistration:
    """The registration with its opened secret, for a request to the provider."""
    secret = None
    if registration.secret_version:
        opened = await sealed.fetch(
            reader or house.store, house.vault, registration.workspace, registration.id, "client_secret"
        )
        secret = Secret(opened.decode()) if opened is not None else None
    return ClientRegistration(
        id=registration.id,
        workspace=registration.workspace,
        slug=registration.slug,
        client_id=registration.client_id,
        client_secret=secret,
        config=house.registry.connector(registration.slug).filled(registration.config),
        redirect_uri=redirect_uri(house, registration.id),
    )


async def proved(house: House, registration_id: str, client_id: str, secret: Secret) -> Registration:
    """The live registration whose client proves itself, as a provider does that tells us something.

    Raises Unauthenticated; for a registration that is not there too, so that nothing can be learnt of one.
    """
    found = await house.store.one("registration_find", Registration, id=registration_id)
    own = None
    if found is not None and found.deleted_at is None and found.slug in house.registry.connectors:
        own = (await client(house, found)).client_secret
    given = f"{client_id}\n{secret.reveal()}"
    expected = f"{found.client_id}\n{own.reveal()}" if found and own else None
    if found is None or expected is None or not hmac.compare_digest(given.encode(), expected.encode()):
        raise Unauthenticated()
    return found


async def find(house: House, registration_id: str) -> Registration:
    """By id alone, for the callback; also one that was deleted since."""
    found = await house.store.one("registration_find", Registration, id=registration_id)
    if found is None:
        raise Missing("There is no such registration.")
    return found
