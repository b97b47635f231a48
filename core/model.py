"""The nouns of Valetkey as data: what the store gives and the rules work on. Wire forms stand in `web/wire/`.

Times are `*_at`, milliseconds UTC. `user` is the builder's own id for its user. Ids are those of `core/ids.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from core.ids import new_id

SessionStatus = Literal[
    "created", "opened", "consented", "authorized", "completed", "denied", "failed", "expired"
]
OPEN_STATUSES: tuple[SessionStatus, ...] = ("created", "opened", "consented", "authorized")
GrantStatus = Literal["active", "needs_reconnect", "suspended", "expired", "revoked"]
LIVE_STATUSES: tuple[GrantStatus, ...] = ("active", "needs_reconnect", "suspended")
Upstream = Literal["none", "pending", "revoked", "unsupported"]
Duration = Literal["chat", "30d", "90d", "unlimited"]
ActorType = Literal["assistant", "admin", "user", "system", "provider"]


class Actor(msgspec.Struct, frozen=True):
    """Who does something, for the audit trail and for what it may reach."""

    type: ActorType
    id: str
    workspace: str
    assistant: str | None = None
    user: str | None = None


def system(workspace: str, part: str = "valetkey") -> Actor:
    return Actor("system", part, workspace)


class Policy(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=False):
    """The workspace's rules. None means: no rule. A tool pattern is a tool's name or `slug.*`."""

    connectors: tuple[str, ...] | None = None
    tools: tuple[str, ...] | None = None
    max_grant_days: int | None = None
    calls_per_minute: int | None = None


class Workspace(msgspec.Struct, frozen=True):
    id: str
    name: str
    policy: Policy
    policy_version: int
    created_at: int


class Assistant(msgspec.Struct, frozen=True):
    """The OAuth client a builder registered. `tools` None: whatever the workspace's registrations enable."""

    id: str
    workspace: str
    name: str
    description: str | None
    logo_url: str | None
    homepage_url: str | None
    allowed_origins: tuple[str, ...]
    return_urls: tuple[str, ...]
    default_return_url: str | None
    tools: tuple[str, ...] | None
    created_at: int
    updated_at: int
    deleted_at: int | None = None


class KeyRecord(msgspec.Struct, frozen=True):
    """A workspace's or an assistant's key, without the key."""

    id: str
    kind: Literal["vkw", "vka"]
    public: str
    workspace: str
    assistant: str | None
    created_at: int
    expires_at: int | None
    revoked_at: int | None
    last_used_at: int | None


Tier = Literal["write", "read"]


class Registration(msgspec.Struct, frozen=True):
    """A workspace's own client at a provider. The client secret is in `secrets`, version `secret_version` (0: there is none).

    `tier`: `write` is the one every registered connector has; where scopes are fixed with the client, a second one may
    stand beside it that only reads. Tools and config are the same for both.
    """

    id: str
    workspace: str
    slug: str
    client_id: str
    enabled_tools: tuple[str, ...] | None
    max_scopes: tuple[str, ...] | None
    config: dict[str, str]
    secret_version: int
    created_at: int
    updated_at: int
    deleted_at: int | None = None
    tier: Tier = "write"


class User(msgspec.Struct, frozen=True):
    workspace: str
    user: str
    id: str
    name: str | None
    email: str | None
    created_at: int


class Asked(msgspec.Struct, frozen=True):
    """One tool a builder asks for; `reason` are the builder's own words."""

    tool: str
    required: bool = False
    reason: str | None = None


class Fault(msgspec.Struct, frozen=True):
    """Why a session ended badly: a problem code and a sentence that is safe to show."""

    code: str
    detail: str


class Offered(msgspec.Struct, frozen=True):
    """One of several accounts behind a token, from which the person chooses. `fields`: as in `core.connector.Account`."""

    id: str
    label: str
    fields: dict[str, str] = {}


class ConnectSession(msgspec.Struct, frozen=True):
    """One attempt to obtain a grant. Hashes are SHA-256 of tokens that exist only outside. `via` tells who confirms:
    `api` and `call` are confirmed by the builder's backend, `portal` by the same signed-in user.

    `offered`: the accounts the person chooses from, until that is over; `chosen` the id of the one; `held` the outbox row
    that ends the tokens which wait meanwhile (`core/choosing.py`)."""

    id: str
    workspace: str
    assistant: str
    user: str
    connector: str
    registration: str
    via: Literal["api", "call", "portal"]
    status: SessionStatus
    asked: tuple[Asked, ...]
    purpose: str | None
    account: str | None
    grant: str | None
    return_url: str | None
    origin: str | None
    created_at: int
    expires_at: int
    changed_at: int
    wanted: str | None = None
    browser_hash: bytes | None = None
    state_hash: bytes | None = None
    tools: tuple[str, ...] | None = None
    duration: Duration | None = None
    scopes_requested: tuple[str, ...] | None = None
    receipt: str | None = None
    completion_hash: bytes | None = None
    completion_until: int | None = None
    confirming_at: int | None = None
    error: Fault | None = None
    offered: tuple[Offered, ...] | None = None
    chosen: str | None = None
    held: str | None = None

    @property
    def ended(self) -> bool:
        return self.status not in OPEN_STATUSES

    @property
    def choosing(self) -> bool:
        """Whether it waits for the person to choose one of several accounts."""
        return self.status == "consented" and self.offered is not None


class Grant(msgspec.Struct, frozen=True):
    """A user's permission. `credential_version` names the sealed credential's version; `access_expires_at` is when its access
    token ends (None: the provider did not say)."""

    id: str
    workspace: str
    assistant: str
    user: str
    connector: str
    registration: str
    account_id: str
    account_label: str
    status: GrantStatus
    status_reason: str | None
    tools: tuple[str, ...]
    scopes_requested: tuple[str, ...]
    scopes_granted: tuple[str, ...]
    purpose: str | None
    receipt: str
    created_at: int
    expires_at: int | None
    last_used_at: int | None
    use_count: int
    ended_at: int | None
    ended_by: str | None
    end_reason: str | None
    upstream: Upstream
    upstream_at: int | None
    credential_version: int
    access_expires_at: int | None
    lease_owner: str | None
    lease_until: int | None

    def status_at(self, now_ms: int) -> GrantStatus:
        """The state as it is now: a grant past its end is expired before the housekeeping has said so."""
        if self.status in LIVE_STATUSES and self.expires_at is not None and self.expires_at <= now_ms:
            return "expired"
        return self.status


class Receipt(msgspec.Struct, frozen=True):
    """What the person was shown and agreed to; never changed after it is written. `hash` is SHA-256 of `body`'s JSON text."""

    id: str
    workspace: str
    session: str
    assistant: str
    user: str
    grant: str | None
    body: msgspec.Raw
    hash: str
    created_at: int


class Entry(msgspec.Struct, frozen=True):
    """What somebody did, before it is written down. `detail`: counts, names and ids, never values that were read."""

    actor: Actor
    action: str
    outcome: str = "ok"
    assistant: str | None = None
    user: str | None = None
    connector: str | None = None
    grant: str | None = None
    call: str | None = None
    tool: str | None = None
    detail: Mapping[str, str | int | bool | list[str] | None] = {}
    id: str = msgspec.field(default_factory=lambda: new_id("evt"))


class AuditEvent(msgspec.Struct, frozen=True):
    """A written entry: `hash` covers it and the hash before it."""

    workspace: str
    seq: int
    id: str
    at: int
    actor_type: str
    actor_id: str
    action: str
    outcome: str
    assistant: str | None
    user: str | None
    connector: str | None
    grant: str | None
    call: str | None
    tool: str | None
    detail: Mapping[str, str | int | bool | list[str] | None]
    hash: bytes
