"""The access token of a call: the one at hand while it is fresh, else one refresh, however many calls wait for it.

Single flight: one task a process, and over processes a lease in the grant's row (owner, end) plus compare-and-swap on the
credential's version. The token endpoint's time-out is shorter than the lease. The fresh path takes no lock. New tokens are kept
before they are used. `invalid_grant` is terminal; everything else is not.
Source: RFC 6749 section 6, RFC 9700 section 4.14; SECURITY.md row 13.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Mapping
from functools import partial
from typing import Any

from core import grants, oauth, outbox, registrations, sealed
from core.clock import SECOND_MS
from core.connector import Connector, Tool
from core.connector.scopes import missing, union
from core.errors import (
    GrantExpired,
    GrantRevoked,
    GrantSuspended,
    ProviderError,
    ReconnectRequired,
    TokenEndpointUnavailable,
    TokenRejected,
    ValetkeyError,
)
from core.grants import Held, entry_for
from core.house import House
from core.ids import new_id
from core.model import LIVE_STATUSES, Actor, Grant
from core.oauth import ClientRegistration, TokenSet
from core.secret import Secret
from core.store import StoreError, Tx
from core.vault import Aad

log = logging.getLogger("valetkey.tokens")
LEASE_MS = 30 * SECOND_MS  # longer than the token endpoint's time-out (core/oauth/token_endpoint.py)
WAIT_S = 25.0
POLL_S = 0.05
KEEP_AGAIN_S = (0.1, 0.4, 1.5)


def check_alive(grant: Grant, now_ms: int) -> None:
    """Raises what a call under a grant that has ended is answered with."""
    status = grant.status_at(now_ms)
    if status == "revoked":
        raise GrantRevoked("The access was stopped. Nothing was read or changed.")
    if status == "expired":
        raise GrantExpired("The time the person agreed to is over.")
    if status == "suspended":
        raise GrantSuspended("An admin has suspended this grant.")
    if status == "needs_reconnect":
        raise ReconnectRequired(
            "The provider no longer accepts the connection. The person has to connect again.",
            reason=grant.status_reason,
        )


class GrantTokens:
    """The token source of one call (`core.connector.TokenSource`)."""

    def __init__(self, house: House, connector: Connector, held: Held) -> None:
        self._house = house
        self._connector = connector
        self._held = held
        self._tokens = held.tokens(house.vault)

    @property
    def tokens(self) -> TokenSet:
        return self._tokens

    @property
    def fields(self) -> dict[str, str]:
        """What URL templates are filled with: the registration's config and what the provider told with the token."""
        return {**self._connector.filled(self._held.config), **self._tokens.fields}

    async def access_token(self) -> Secret:
        if not fresh(self._held, self._tokens, self._house.now_ms()):
            await self._refresh()
        return self._tokens.access_token

    async def after_rejection(self, rejected: Secret) -> Secret:
        """The provider said 401 to `rejected`: another call may have refreshed meanwhile, else refresh now."""
        if self._tokens.access_token == rejected:
            await self._refresh()
        if self._tokens.access_token == rejected:
            # The token endpoint is down: no reason to ask the person again.
            raise TokenEndpointUnavailable(
                "The provider rejects the token, and cannot be asked for a new one now. Try again in a moment."
            )
        return self._tokens.access_token

    async def _refresh(self) -> None:
        self._held = await refreshed(self._house, self._connector, self._held)
        self._tokens = self._held.tokens(self._house.vault)


def fresh(held: Held, tokens: TokenSet, now_ms: int) -> bool:
    """Whether more than min(30 s, 20 % of its life) is left of the access token; unknown ends count as fresh until a 401."""
    if tokens.expires_at is None:
        return True
    life_ms = tokens.expires_at - (held.secret_at or now_ms)
    return tokens.expires_at - now_ms > min(30 * SECOND_MS, life_ms // 5)


def fewer_scopes(connector: Connector, held: Held) -> tuple[str, ...] | None:
    """What the grant's tools still need, where that is less than it has and the provider lets a refresh give the rest back."""
    if connector.oauth.narrowing != "refresh_scope":
        return None
    tools = [connector.tools[name] for name in held.tools if name in connector.tools]
    if not tools or any(tool.missing_scopes(held.scopes_granted) for tool in tools):
        return None
    needed = [connector.oauth.always_scopes, *(_used(tool, held.scopes_granted) for tool in tools)]
    wanted = tuple(scope for scope in union(needed) if scope in held.scopes_granted)
    return wanted if set(wanted) < set(held.scopes_granted) else None


def _used(tool: Tool, granted: tuple[str, ...]) -> tuple[str, ...]:
    """The scopes of those granted that the tool works with: of alternatives the first that was given whole."""
    given = (one for one in tool.any_of if not missing(one, granted))
    return union([tool.scopes, next(given, ())])


async def refreshed(house: House, connector: Connector, held: Held) -> Held:
    """The grant with a newer credential than `held` has. Raises ReconnectRequired, GrantRevoked ..., ProviderError."""
    task = house.refreshing.get(held.id)
    if task is None or task.done():
        task = house.in_background(
            _refresh(house, connector, held.workspace, held.id, held.credential_version)
        )
        house.refreshing[held.id] = task
        task.add_done_callback(lambda done: _forget(house, held.id, done))
    # Shielded: the one who waits may go away, the refresh may not, or a rotated token would be lost.
    return await asyncio.shield(task)


def _forget(house: House, grant_id: str, done: asyncio.Task[Held]) -> None:
    if house.refreshing.get(grant_id) is done:
        del house.refreshing[grant_id]
    if not done.cancelled():
        done.exception()  # seen: whoever waited has it


async def _refresh(house: House, connector: Connector, workspace: str, grant_id: str, version: int) -> Held:
    owner = new_id("req")
    with house.observer.step("token.lease", connector=connector.slug):
        held = await _lease(house, workspace, grant_id, version, owner)
    if held.credential_version != version:
        return held
    tokens = held.tokens(house.vault)
    if tokens.refresh_token is None:
        raise await _lost(house, held, "no_refresh_token")
    client = await registrations.client(house, held.as_registration())
    fewer = fewer_scopes(connector, held)
    try:
        with house.observer.step("token.refresh", connector=connector.slug):
            renewed, fewer = await _renewed(house, connector, client, tokens, fewer)
    except TokenRejected:
        # A consent that replaced the token while we asked has ended it: then the grant is as good as before.
        present = await _read(house, workspace, grant_id)
        if present.credential_version != version:
            return present
        raise await _lost(house, held, "refresh_token_rejected") from None
    except ValetkeyError as error:
        await house.write(lambda tx: tx.run("grant_release", id=grant_id, owner=owner))
        if isinstance(error, TokenEndpointUnavailable) and _still_valid(tokens, house.now_ms()):
            return held
        raise
    await _keep(house, held, owner, renewed, fewer)
    return await _read(house, workspace, grant_id)


async def _renewed(
    house: House,
    connector: Connector,
    client: ClientRegistration,
    tokens: TokenSet,
    fewer: tuple[str, ...] | None,
) -> tuple[TokenSet, tuple[str, ...] | None]:
    """The new tokens, and the scopes they were narrowed to. Where the provider will not narrow, it is an ordinary refresh: the
    tools that were taken out stay out here."""
    now = house.now_ms()
    try:
        return await oauth.refresh(house.outbound, connector, client, tokens, now_ms=now, scopes=fewer), fewer
    except ProviderError as error:
        if fewer is None or error.fields.get("error") != "invalid_scope":
            raise
        log.warning("%s does not take scopes back; the grant keeps them", connector.slug)
    return await oauth.refresh(house.outbound, connector, client, tokens, now_ms=house.now_ms()), None


def _still_valid(tokens: TokenSet, now_ms: int) -> bool:
    return tokens.expires_at is not None and tokens.expires_at > now_ms


async def _read(house: House, workspace: str, grant_id: str) -> Held:
    held = await grants.held(house, workspace, grant_id)
    if held is None:
        raise GrantRevoked("The access was stopped.")
    check_alive(held, house.now_ms())
    return held


async def _lease(house: House, workspace: str, grant_id: str, version: int, owner: str) -> Held:
    """Wait until this process may refresh, or until somebody else has: then the version differs."""
    loop = asyncio.get_running_loop()
    until = loop.time() + WAIT_S
    while True:
        held = await _read(house, workspace, grant_id)
        if held.credential_version != version:
            return held
        now = house.now_ms()
        terms = {"id": grant_id, "version": version, "owner": owner, "now": now, "until": now + LEASE_MS}
        taken = await house.write(partial(_take_lease, terms=terms))
        if taken:
            return held
        if loop.time() > until:
            raise TokenEndpointUnavailable(
                "Another process is still waiting for the provider. Try again in a moment."
            )
        await asyncio.sleep(POLL_S)


async def _take_lease(tx: Tx, terms: Mapping[str, Any]) -> int:
    return await tx.run("grant_lease", **terms)


async def _keep(
    house: House, held: Held, owner: str, renewed: TokenSet, fewer: tuple[str, ...] | None
) -> None:
    """Store the new tokens under the next version, if the grant still is what it was; else they must not live on."""

    async def job(tx: Tx) -> bool:
        stored = await tx.run(
            "grant_refreshed",
            id=held.id,
            version=held.credential_version,
            owner=owner,
            access_expires_at=renewed.expires_at,
            scopes_granted=held.scopes_granted if fewer is None else renewed.scopes or fewer,
        )
        if not stored:
            await _end_orphan(tx, house, held, renewed)
            return False
        aad = Aad(held.workspace, held.id, "credential", held.credential_version + 1)
        body = house.vault.reseal(held.sealed, held.aad, renewed.to_bytes(), aad)
        await sealed.put_sealed(tx, body, aad, house.now_ms())
        return True

    # The provider may have ended the old refresh token with its answer: while the lease lasts, the database is asked again.
    for pause_s in KEEP_AGAIN_S:
        try:
            await house.write(job)
            return
        except StoreError:
            await asyncio.sleep(pause_s)
    await house.write(job)


async def _end_orphan(tx: Tx, house: House, held: Held, renewed: TokenSet) -> None:
    """The grant ended while the provider was answering: its new token is revoked too (SECURITY.md row 13).

    So is one that descends from an authorization which a newer consent has replaced. Not when another process has stored newer
    tokens: these come from the same authorization, and ending one ends all.
    """
    present = await tx.one("grant_get", Grant, workspace=held.workspace, id=held.id)
    ended = present is None or present.status not in LIVE_STATUSES
    replaced = present is not None and present.receipt != held.receipt
    shared = house.registry.connector(held.connector).oauth.revocation_scope == "account"
    # Another client's tokens are not shared with those of this one.
    moved = present is not None and present.registration != held.registration
    if ended or (replaced and (moved or not shared)):
        await outbox.put_tokens(tx, house, held.workspace, held.registration, held.id, renewed, after_ms=0)


async def _lost(house: House, held: Held, reason: str) -> ReconnectRequired:
    """Mark the grant as needing the person; the error to raise."""

    async def job(tx: Tx) -> None:
        changed = await tx.run(
            "grant_needs_reconnect", id=held.id, version=held.credential_version, reason=reason
        )
        if changed:
            actor = Actor("provider", held.connector, held.workspace)
            await house.log(tx, entry_for(held, actor, "grant.needs_reconnect", outcome=reason))

    await house.write(job)
    return ReconnectRequired(
        "The provider no longer accepts the connection. The person has to connect again.", reason=reason
    )
