"""Events of the audit trail."""

from __future__ import annotations

from typing import Any

import msgspec

from core.clock import parse_rfc3339, rfc3339
from core.model import AuditEvent
from web.wire.fields import Time


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
