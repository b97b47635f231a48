"""Workspaces and who speaks for them: making one, its policy, and the keys of workspaces and assistants."""

from __future__ import annotations

import hmac

import msgspec

from core.errors import InvalidBody, Missing, Unauthenticated
from core.house import House
from core.ids import key_hash, new_id, new_key, parse_key
from core.model import Actor, Assistant, Entry, KeyRecord, Policy, Workspace
from core.plain_text import NAME_CHARS, clean
from core.secret import Secret
from core.store import Tx


class KeyedWorkspace(Workspace, frozen=True, kw_only=True):
    """A workspace with the key that was presented for it."""

    key_id: str
    key_hash: bytes
    key_expires_at: int | None

    @property
    def actor(self) -> Actor:
        return Actor("admin", self.key_id, self.id)


class KeyedAssistant(Assistant, frozen=True, kw_only=True):
    """An assistant with the key that was presented for it, and the rules of its workspace."""

    key_id: str
    key_hash: bytes
    key_expires_at: int | None
    policy: Policy
    workspace_name: str

    @property
    def actor(self) -> Actor:
        return Actor("assistant", self.id, self.workspace, assistant=self.id)


async def create(house: House, name: str) -> tuple[Workspace, Secret]:
    """A workspace and its first key, which is shown once and cannot be had again."""
    shown = clean(name, NAME_CHARS)
    if not shown:
        raise InvalidBody("A workspace needs a name.", errors=[{"path": "/name", "message": "is empty"}])
    workspace = Workspace(new_id("ws"), shown, Policy(), 1, house.now_ms())
    key = new_key("vkw")

    async def job(tx: Tx) -> None:
        await tx.run(
            "workspace_insert", id=workspace.id, name=shown, policy=Policy(), created_at=workspace.created_at
        )
        await insert_key(tx, house, key, workspace.id, None, None)
        await house.log(tx, Entry(Actor("system", "cli", workspace.id), "workspace.created"))

    await house.write(job)
    return workspace, key


async def insert_key(
    tx: Tx, house: House, key: Secret, workspace: str, assistant: str | None, expires_at: int | None
) -> str:
    """Keep what a key is recognised by; the key's id."""
    kind, public = parse_key(key.reveal()) or ("", "")
    key_id = new_id("key")
    await tx.run(
        "key_insert",
        id=key_id,
        kind=kind,
        public=public,
        hash=key_hash(key.reveal()),
        workspace=workspace,
        assistant=assistant,
        created_at=house.now_ms(),
        expires_at=expires_at,
    )
    return key_id


async def by_key(house: House, text: str) -> KeyedWorkspace | KeyedAssistant:
    """Who presents this key. Raises Unauthenticated for a malformed, unknown, expired or revoked one, and never says which."""
    digest = key_hash(text)
    # Read before the caller is: what is kept under a version is never older than it.
    version = await house.store.one("authority", int)
    found = house.callers.get(version, digest)
    if found is None:
        found = await _by_key(house, text, digest)
        house.callers.put(version, digest, found)
    now = house.now_ms()
    if found.key_expires_at is not None and found.key_expires_at <= now:
        raise Unauthenticated()
    house.keys_used[found.key_id] = now
    return found


async def _by_key(house: House, text: str, digest: bytes) -> KeyedWorkspace | KeyedAssistant:
    parsed = parse_key(text)
    if parsed is None:
        raise Unauthenticated()
    kind, public = parsed
    found: KeyedWorkspace | KeyedAssistant | None
    if kind == "vkw":
        found = await house.store.one("workspace_by_key", KeyedWorkspace, public=public)
    else:
        found = await house.store.one("assistant_by_key", KeyedAssistant, public=public)
    if found is None or not hmac.compare_digest(found.key_hash, digest):
        raise Unauthenticated()
    return found


async def note_key_use(house: House) -> None:
    """Write down when keys were last used; in bunches, because no call should wait for it."""
    used, house.keys_used = house.keys_used, {}
    if not used:
        return

    async def job(tx: Tx) -> None:
        await tx.run_many("key_touch", [{"id": key, "at": at} for key, at in used.items()])

    await house.write(job)


async def get(house: House, workspace: str) -> Workspace:
    found = await house.store.one("workspace_get", Workspace, id=workspace)
    if found is None:
        raise Missing("There is no such workspace.")
    return found


async def put_policy(house: House, actor: Actor, policy: Policy) -> Workspace:
    """Replace the workspace's policy, whole. Raises InvalidBody for a rule that means nothing."""
    check_policy(house, policy)

    async def job(tx: Tx) -> None:
        await tx.run("policy_put", id=actor.workspace, policy=policy)
        changed = msgspec.json.encode(policy).decode()
        await house.log(tx, Entry(actor, "policy.changed", detail={"policy": changed}))

    await house.write(job)
    return await get(house, actor.workspace)


def check_policy(house: House, policy: Policy) -> None:
    errors = []
    for index, slug in enumerate(policy.connectors or ()):
        if slug not in house.registry.connectors:
            errors.append({"path": f"/connectors/{index}", "message": f"there is no connector {slug[:40]!r}"})
    for index, pattern in enumerate(policy.tools or ()):
        slug, _, name = pattern.partition(".")
        connector = house.registry.connectors.get(slug)
        if connector is None or (name != "*" and pattern not in connector.tools):
            message = f"there is no tool {pattern[:80]!r}; write slug.tool or slug.*"
            errors.append({"path": f"/tools/{index}", "message": message})
    for field in ("max_grant_days", "calls_per_minute"):
        value = getattr(policy, field)
        if value is not None and not 1 <= value <= 1_000_000:
            errors.append({"path": f"/{field}", "message": "must be 1 or more, or null for no rule"})
    if errors:
        raise InvalidBody("The policy was not changed.", errors=errors)


async def keys_of(house: House, workspace: str, assistant: str) -> list[KeyRecord]:
    return await house.store.all("keys_of_assistant", KeyRecord, workspace=workspace, assistant=assistant)
