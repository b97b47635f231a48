"""The wire forms: what goes in and out over HTTP. Nothing is decided here (domain: `core/model.py`).

Request bodies refuse unknown fields: a misspelt field must not be taken for an absent one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Generic, Literal, TypeVar

import msgspec
from msgspec import UNSET, Meta, UnsetType

from core.calls import CallResult, PastCall
from core.clock import parse_rfc3339, rfc3339
from core.connector import Connector, Tool
from core.errors import InvalidCursor
from core.house import House
from core.model import Assistant, AuditEvent, ConnectSession, Grant, KeyRecord, Policy, Registration
from core.registrations import redirect_uri
from core.sessions import connect_url

T = TypeVar("T")

Text = Annotated[str, Meta(max_length=2_000)]
Name = Annotated[
    str, Meta(max_length=10_000, description="Shown to people: cleaned and cut to 80 characters")
]
UserId = Annotated[
    str, Meta(max_length=200, description="The builder's own id of its user", examples=["u_42"])
]
ToolName = Annotated[
    str, Meta(max_length=200, description="`slug.function`", examples=["northwind.find_deals"])
]
Time = Annotated[str, Meta(description="RFC 3339, UTC", examples=["2026-11-23T14:03:00.000Z"])]
Seconds = Annotated[int, Meta(ge=60, le=86_400, description="Seconds")]


class Body(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Root of the request bodies. `examples` stand in the OpenAPI document, and are tried there by the tests."""

    examples: ClassVar[tuple[Mapping[str, Any], ...]] = ()


class Listing(msgspec.Struct, Generic[T], frozen=True):
    """One page of a list. `next`: pass it as `cursor` for the following page; null on the last."""

    items: list[T]
    next: str | None = None


def encode_cursor(value: Any) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(value)).decode().rstrip("=")


def decode_cursor(cursor: str) -> Any:
    """Raises InvalidCursor for anything this service did not make."""
    try:
        text = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        return msgspec.json.decode(text)
    except (binascii.Error, ValueError, msgspec.DecodeError, RecursionError):
        raise InvalidCursor("Start the list again without it.") from None


# ---- the catalogue ----------------------------------------------------------------------------------------------


class ScopeOut(msgspec.Struct, frozen=True):
    name: str
    title: str
    description: str
    risk: Literal["read", "write", "delete"]


class ToolOut(msgspec.Struct, frozen=True, omit_defaults=True):
    """`granted` stands only in lists made for a user."""

    name: str
    title: str
    description: str
    risk: Literal["read", "write", "delete"]
    scopes: list[str]
    any_of: list[list[str]]
    group: str
    sees: str
    changes: str
    input_schema: dict[str, Any]
    output_schema: dict[str, Any]
    granted: bool | UnsetType = UNSET


class ConnectorOut(msgspec.Struct, frozen=True):
    slug: str
    title: str
    category: str
    scope_mode: str
    revocation: Literal["remote", "local_only"]
    manage_url: str | None
    cannot: list[str]
    config: list[str]
    scopes: list[ScopeOut]
    tools: list[ToolOut]


def tool_out(tool: Tool, granted: bool | UnsetType = UNSET) -> ToolOut:
    return ToolOut(
        name=tool.name,
        title=tool.title,
        description=tool.description,
        risk=tool.risk,
        scopes=list(tool.scopes),
        any_of=[list(one) for one in tool.any_of],
        group=tool.group,
        sees=tool.sees,
        changes=tool.changes,
        input_schema=tool.input_schema,
        output_schema=tool.output_schema,
        granted=granted,
    )


def connector_out(connector: Connector) -> ConnectorOut:
    return ConnectorOut(
        slug=connector.slug,
        title=connector.title,
        category=connector.category,
        scope_mode=connector.oauth.scope_mode,
        revocation="remote" if connector.oauth.revocation is not None else "local_only",
        manage_url=connector.manage_url,
        cannot=list(connector.cannot),
        config=list(connector.needed_config()),
        scopes=[ScopeOut(s.name, s.title, s.description, s.risk) for s in connector.scopes.values()],
        tools=[tool_out(tool) for tool in connector.tools.values()],
    )


# ---- registrations ----------------------------------------------------------------------------------------------


class ReadClientIn(Body, frozen=True):
    """A second client, whose app may only read, where the provider fixes scopes with the client."""

    examples = ({"client_id": "valetkey-acme-read", "client_secret": "the secret of the second app"},)

    client_id: Annotated[str, Meta(min_length=1, max_length=2_000, examples=["valetkey-acme-read"])]
    client_secret: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None
    max_scopes: list[Text] | None = None


class RegistrationIn(Body, frozen=True):
    examples = (
        {"client_id": "valetkey-acme", "client_secret": "the secret the provider showed once"},
        {
            "client_id": "valetkey-acme",
            "enabled_tools": ["northwind.find_deals", "northwind.move_deal"],
            "config": {"base_url": "https://crm.acme.example"},
        },
    )

    client_id: Annotated[str, Meta(min_length=1, max_length=2_000, examples=["valetkey-acme"])]
    client_secret: Annotated[str, Meta(min_length=1, max_length=20_000)] | None = None
    enabled_tools: list[ToolName] | None = None
    max_scopes: list[Text] | None = None
    config: dict[str, Annotated[str, Meta(max_length=2_000)]] = {}
    read_client: ReadClientIn | UnsetType | None = UNSET


class ReadClientOut(msgspec.Struct, frozen=True):
    """`client_id` null: none is registered yet; `redirect_uri` is what its app at the provider needs."""

    redirect_uri: str
    client_id: str | None = None
    has_secret: bool = False
    max_scopes: list[str] | None = None


class RegistrationOut(msgspec.Struct, frozen=True):
    """The client secret is write-only; `has_secret` says whether there is one. `read_client`: only where the provider fixes
    scopes with the client."""

    id: str
    slug: str
    title: str
    client_id: str
    has_secret: bool
    redirect_uri: str
    enabled_tools: list[str]
    max_scopes: list[str] | None
    config: dict[str, str]
    created_at: Time
    updated_at: Time
    read_client: ReadClientOut | None = None


def read_client_out(uri: str, small: Registration | None) -> ReadClientOut:
    if small is None:
        return ReadClientOut(uri)
    scopes = None if small.max_scopes is None else list(small.max_scopes)
    return ReadClientOut(uri, small.client_id, small.secret_version > 0, scopes)


def registration_out(
    house: House, kept: Registration, read_client: ReadClientOut | None = None
) -> RegistrationOut:
    connector = house.registry.connectors.get(kept.slug)
    tools = list(connector.tools) if connector else []
    return RegistrationOut(
        id=kept.id,
        slug=kept.slug,
        title=connector.title if connector else kept.slug,
        client_id=kept.client_id,
        has_secret=kept.secret_version > 0,
        redirect_uri=redirect_uri(house, kept.id),
        enabled_tools=list(kept.enabled_tools) if kept.enabled_tools is not None else tools,
        max_scopes=list(kept.max_scopes) if kept.max_scopes is not None else None,
        config=kept.config,
        created_at=rfc3339(kept.created_at),
        updated_at=rfc3339(kept.updated_at),
        read_client=read_client,
    )


# ---- assistants -------------------------------------------------------------------------------------------------


class AssistantIn(Body, frozen=True):
    examples = (
        {"name": "Acme Assist", "allowed_origins": ["https://chat.acme.example"]},
        {
            "name": "Acme Assist",
            "description": "Answers questions about your deals",
            "logo_url": "https://acme.example/logo.png",
            "return_urls": ["https://chat.acme.example/connected"],
            "default_return_url": "https://chat.acme.example/connected",
            "tools": ["northwind.find_deals"],
        },
    )

    name: Name
    description: Annotated[str, Meta(max_length=10_000)] | None = None
    logo_url: Text | None = None
    homepage_url: Text | None = None
    allowed_origins: list[Text] = []
    return_urls: list[Text] = []
    default_return_url: Text | None = None
    tools: list[ToolName] | None = None


class AssistantPatch(Body, frozen=True):
    """Only the fields that are present are changed; null empties one that may be empty."""

    examples = ({"name": "Acme Assist 2"}, {"logo_url": None})

    name: Name | UnsetType = UNSET
    description: Annotated[str, Meta(max_length=10000)] | UnsetType | None = UNSET
    logo_url: Text | UnsetType | None = UNSET
    homepage_url: Text | UnsetType | None = UNSET
    allowed_origins: list[Text] | UnsetType = UNSET
    return_urls: list[Text] | UnsetType = UNSET
    default_return_url: Text | UnsetType | None = UNSET
    tools: list[ToolName] | UnsetType | None = UNSET


class KeyOut(msgspec.Struct, frozen=True):
    id: str
    created_at: Time
    expires_at: Time | None
    revoked_at: Time | None
    last_used_at: Time | None


class AssistantOut(msgspec.Struct, frozen=True):
    """`keys` stands where one assistant is asked for; `key` only in the answer that made it, and nowhere again."""

    id: str
    name: str
    description: str | None
    logo_url: str | None
    homepage_url: str | None
    allowed_origins: list[str]
    return_urls: list[str]
    default_return_url: str | None
    tools: list[str] | None
    created_at: Time
    keys: list[KeyOut] | UnsetType = UNSET
    key: str | UnsetType = UNSET


class KeyIn(Body, frozen=True):
    examples = ({}, {"expires_in": 7_776_000})

    expires_in: Annotated[int, Meta(ge=60, le=10 * 366 * 86_400, description="Seconds")] | None = None


class NewKey(msgspec.Struct, frozen=True):
    id: str
    key: str
    expires_at: Time | None


def when(ms: int | None) -> str | None:
    return None if ms is None else rfc3339(ms)


def key_out(key: KeyRecord) -> KeyOut:
    return KeyOut(
        key.id, rfc3339(key.created_at), when(key.expires_at), when(key.revoked_at), when(key.last_used_at)
    )


def assistant_out(
    kept: Assistant, *, key: str | UnsetType = UNSET, keys: list[KeyRecord] | UnsetType = UNSET
) -> AssistantOut:
    return AssistantOut(
        id=kept.id,
        name=kept.name,
        description=kept.description,
        logo_url=kept.logo_url,
        homepage_url=kept.homepage_url,
        allowed_origins=list(kept.allowed_origins),
        return_urls=list(kept.return_urls),
        default_return_url=kept.default_return_url,
        tools=list(kept.tools) if kept.tools is not None else None,
        created_at=rfc3339(kept.created_at),
        keys=UNSET if keys is UNSET else [key_out(one) for one in keys],
        key=key,
    )


# ---- connect sessions -------------------------------------------------------------------------------------------


class UserIn(Body, frozen=True):
    examples = ({"id": "u_42", "name": "Ada Lindholm", "email": "ada@acme.example"},)

    id: UserId
    name: Annotated[str, Meta(max_length=1_000)] | None = None
    email: Annotated[str, Meta(max_length=1_000)] | None = None


class AskedIn(Body, frozen=True):
    examples = (
        {"tool": "northwind.find_deals", "required": True, "reason": "to list what closes this week"},
    )

    tool: ToolName
    required: bool = False
    reason: Annotated[str, Meta(max_length=2_000)] | None = None


class SessionIn(Body, frozen=True):
    examples = (
        {"user": {"id": "u_42"}, "connector": "northwind", "tools": ["northwind.find_deals"]},
        {
            "user": {"id": "u_42", "name": "Ada Lindholm", "email": "ada@acme.example"},
            "connector": "northwind",
            "tools": [
                {"tool": "northwind.find_deals", "required": True, "reason": "to list what closes this week"},
                "northwind.move_deal",
            ],
            "purpose": "Answer questions about your deals",
            "return_url": "https://chat.acme.example/connected",
        },
    )

    user: UserIn
    connector: Annotated[str, Meta(max_length=100, examples=["northwind"])]
    tools: Annotated[list[ToolName | AskedIn], Meta(min_length=1, max_length=100)]
    purpose: Annotated[str, Meta(max_length=5_000)] | None = None
    return_url: Text | None = None
    origin: Text | None = None
    expires_in: Seconds | None = None
    account: Annotated[str, Meta(max_length=500)] | None = None


class FaultOut(msgspec.Struct, frozen=True):
    code: str
    detail: str


class SessionOut(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    url: str
    status: str
    expires_at: Time
    grant: str | None = None
    error: FaultOut | None = None


def session_out(house: House, session: ConnectSession) -> SessionOut:
    completed = session.status == "completed"
    fault = session.error if session.status in ("denied", "failed", "expired") else None
    return SessionOut(
        id=session.id,
        url=connect_url(house, session),
        status=session.status,
        expires_at=rfc3339(session.expires_at),
        grant=session.grant if completed else None,
        error=FaultOut(fault.code, fault.detail) if fault else None,
    )


class ConfirmIn(Body, frozen=True):
    examples = ({"user": "u_42", "code": "J2fH0wqgRmZ4xq5c3pTtQm1oVw8n7sYk9bDaXeUiLrE"},)

    user: UserId
    code: Annotated[str, Meta(max_length=500)]


# ---- grants -----------------------------------------------------------------------------------------------------


class AccountOut(msgspec.Struct, frozen=True):
    id: str
    label: str


class ScopesOut(msgspec.Struct, frozen=True):
    requested: list[str]
    granted: list[str]


class GrantOut(msgspec.Struct, frozen=True):
    """`upstream`: how far the provider knows of the end; `manage_url`: the provider's own page, where one can also end it."""

    id: str
    status: Literal["active", "needs_reconnect", "suspended", "expired", "revoked"]
    status_reason: str | None
    assistant: str
    user: str
    connector: str
    account: AccountOut
    tools: list[str]
    scopes: ScopesOut
    purpose: str | None
    created_at: Time
    expires_at: Time | None
    last_used_at: Time | None
    use_count: int
    receipt: str
    ended_at: Time | None
    end_reason: str | None
    upstream: Literal["none", "pending", "revoked", "unsupported"]
    manage_url: str | None


class GrantAnswer(msgspec.Struct, frozen=True):
    grant: GrantOut


class NarrowIn(Body, frozen=True):
    """Fewer tools, an earlier end, or both."""

    examples = ({"tools": ["northwind.find_deals"]}, {"expires_at": "2026-12-01T00:00:00Z"})

    tools: list[ToolName] | None = None
    expires_at: Time | None = None


class Stopped(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    status: str
    upstream: Literal["revoked", "pending", "unsupported", "none"]
    manage_url: str | None = None


def grant_out(house: House, grant: Grant, manage_url: str | None) -> GrantOut:
    return GrantOut(
        id=grant.id,
        status=grant.status_at(house.now_ms()),
        status_reason=grant.status_reason,
        assistant=grant.assistant,
        user=grant.user,
        connector=grant.connector,
        account=AccountOut(grant.account_id, grant.account_label),
        tools=list(grant.tools),
        scopes=ScopesOut(list(grant.scopes_requested), list(grant.scopes_granted)),
        purpose=grant.purpose,
        created_at=rfc3339(grant.created_at),
        expires_at=when(grant.expires_at),
        last_used_at=when(grant.last_used_at),
        use_count=grant.use_count,
        receipt=grant.receipt,
        ended_at=when(grant.ended_at),
        end_reason=grant.end_reason,
        upstream=grant.upstream,
        manage_url=manage_url,
    )


def stopped_out(house: House, grant: Grant, manage_url: str | None) -> Stopped:
    return Stopped(grant.id, grant.status_at(house.now_ms()), grant.upstream, manage_url)


class FilterIn(Body, frozen=True):
    examples = ({"unused_for_days": 90}, {"user": "u_42", "status": "active"})

    user: UserId | None = None
    assistant: Text | None = None
    connector: Text | None = None
    status: Literal["active", "needs_reconnect", "suspended", "expired", "revoked"] | None = None
    unused_for_days: Annotated[int, Meta(ge=0, le=36_500)] | None = None
    scope: Text | None = None


class RevokeIn(Body, frozen=True):
    """Either `grants`, ids, or `filter`; an empty filter means every grant of the workspace."""

    examples = (
        {"grants": ["gr_01jdd8m4c3e9wv1n7h5k2q0z8a"], "reason": "The laptop was lost"},
        {"filter": {"unused_for_days": 90}, "reason": "Not used for three months"},
    )

    grants: Annotated[list[Text], Meta(max_length=1_000)] | UnsetType = UNSET
    filter: FilterIn | UnsetType = UNSET
    reason: Annotated[str, Meta(max_length=2_000)] | None = None


class RevokedOut(msgspec.Struct, frozen=True):
    revoked: int
    upstream: dict[str, int]


# ---- tool calls -------------------------------------------------------------------------------------------------


class CallIn(Body, frozen=True):
    examples = (
        {"tool": "northwind.find_deals", "user": "u_42", "arguments": {"stage": "proposal"}},
        {
            "tool": "northwind.add_task",
            "user": "u_42",
            "arguments": {"title": "Call Contoso", "project_id": "pr_1"},
            "idempotency_key": "7f0c2f2e-chat-turn-12",
        },
    )

    tool: ToolName
    user: UserId
    arguments: dict[str, Any] = {}
    account: Annotated[str, Meta(max_length=500)] | None = None
    idempotency_key: Annotated[str, Meta(min_length=1, max_length=200)] | None = None
    return_url: Text | None = None
    origin: Text | None = None


class CallOut(msgspec.Struct, frozen=True):
    """`result` holds what the provider answered, cut to the tool's declared fields: content from outside, never instructions."""

    id: str
    tool: str
    grant: str
    result: Any
    truncated: bool
    next: str | None


class PastCallOut(msgspec.Struct, frozen=True):
    id: str
    tool: str | None
    user: str | None
    grant: str | None
    outcome: str
    at: Time
    count: int | None


def call_out(done: CallResult) -> CallOut:
    return CallOut(done.id, done.tool, done.grant, done.result, done.truncated, done.next)


def past_call_out(past: PastCall) -> PastCallOut:
    return PastCallOut(past.id, past.tool, past.user, past.grant, past.outcome, rfc3339(past.at), past.count)


# ---- the rest ---------------------------------------------------------------------------------------------------


class PortalIn(Body, frozen=True):
    examples = ({"user": "u_42"}, {"user": "u_42", "return_url": "https://chat.acme.example/connected"})

    user: UserId
    return_url: Text | None = None


class PortalOut(msgspec.Struct, frozen=True):
    url: str
    expires_at: Time


class PolicyBody(Body, frozen=True):
    """The whole policy; null means no rule. A tool pattern is a tool's name or `slug.*`."""

    examples = (
        {
            "connectors": ["northwind"],
            "tools": ["northwind.*"],
            "max_grant_days": 90,
            "calls_per_minute": None,
        },
        {"connectors": None, "tools": None, "max_grant_days": None, "calls_per_minute": None},
    )

    connectors: list[Text] | None = None
    tools: list[Text] | None = None
    max_grant_days: Annotated[int, Meta(ge=1, le=36_500)] | None = None
    calls_per_minute: Annotated[int, Meta(ge=1, le=1_000_000)] | None = None


def policy_in(body: PolicyBody) -> Policy:
    return msgspec.convert(msgspec.structs.asdict(body), Policy)


def policy_out(policy: Policy) -> PolicyBody:
    return msgspec.convert(msgspec.structs.asdict(policy), PolicyBody)


class ActorOut(msgspec.Struct, frozen=True):
    type: str
    id: str


class EventOut(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    seq: int
    at: Time
    workspace: str
    actor: ActorOut
    action: str
    outcome: str
    hash: str
    assistant: str | None = None
    user: str | None = None
    connector: str | None = None
    grant: str | None = None
    call: str | None = None
    tool: str | None = None
    detail: dict[str, Any] = {}


def event_out(event: AuditEvent) -> EventOut:
    return EventOut(
        id=event.id,
        seq=event.seq,
        at=rfc3339(event.at),
        workspace=event.workspace,
        actor=ActorOut(event.actor_type, event.actor_id),
        action=event.action,
        outcome=event.outcome,
        hash=event.hash.hex(),
        assistant=event.assistant,
        user=event.user,
        connector=event.connector,
        grant=event.grant,
        call=event.call,
        tool=event.tool,
        detail=dict(event.detail),
    )


def event_in(wire: EventOut) -> AuditEvent:
    """What `event_out` was made of. Raises ValueError for a time or a hash that is none."""
    return AuditEvent(
        workspace=wire.workspace,
        seq=wire.seq,
        id=wire.id,
        at=parse_rfc3339(wire.at),
        actor_type=wire.actor.type,
        actor_id=wire.actor.id,
        action=wire.action,
        outcome=wire.outcome,
        assistant=wire.assistant,
        user=wire.user,
        connector=wire.connector,
        grant=wire.grant,
        call=wire.call,
        tool=wire.tool,
        detail=wire.detail,
        hash=bytes.fromhex(wire.hash),
    )
