"""A consent receipt as a readable page. Source of the fields: core/receipts.py (ISO/IEC TS 27560:2023)."""

from __future__ import annotations

from typing import Any

import msgspec

from core.clock import parse_rfc3339
from core.model import Receipt

DURATIONS = {
    "chat": "This chat, 24 hours at most",
    "30d": "30 days",
    "90d": "90 days",
    "unlimited": "Until it is stopped",
}


class Agreed(msgspec.Struct, frozen=True):
    tool: str
    title: str
    risk: str
    text: str


class ReceiptView(msgspec.Struct, frozen=True):
    id: str
    hash: str
    at: int
    person: str
    workspace: str
    assistant: str
    origin: str
    provider: str
    purpose: str | None
    agreed: tuple[Agreed, ...]
    left_out: tuple[str, ...]
    scopes: tuple[str, ...]
    duration: str
    ends_at: int | None
    cannot: tuple[str, ...]
    scope_note: str | None
    retention: str
    withdrawal: str
    notice_version: str
    notice_hash: str
    grant: str | None
    session: str
    account: str | None = None
    chosen_from: int | None = None


def receipt_view(receipt: Receipt) -> ReceiptView:
    """The record as it was written; nothing is looked up, so that it says for ever what it said then."""
    record: dict[str, Any] = msgspec.json.decode(receipt.body)
    parties, notice = record["parties"], record["notice"]
    account = record.get("account") or {}
    ends_at = record["duration"]["ends_at"]
    return ReceiptView(
        id=receipt.id,
        hash=receipt.hash,
        at=parse_rfc3339(record["event"]["at"]),
        person=record["person"]["user"],
        workspace=parties["workspace"]["name"],
        assistant=parties["assistant"]["name"],
        origin=parties["assistant"]["origin"],
        provider=parties["provider"]["name"],
        purpose=record["purpose"],
        agreed=tuple(msgspec.convert(one, Agreed) for one in record["agreed"]),
        left_out=_titles(notice["text"], record["left_out"]),
        scopes=tuple(record["scopes_requested"]),
        duration=DURATIONS[record["duration"]["chosen"]],
        ends_at=parse_rfc3339(ends_at) if ends_at else None,
        cannot=tuple(notice["text"]["cannot"]),
        scope_note=notice["text"].get("scope_note"),
        retention=record["retention"],
        withdrawal=record["withdrawal"],
        notice_version=notice["version"],
        notice_hash=notice["sha256"],
        grant=receipt.grant,
        session=receipt.session,
        account=account.get("label"),
        chosen_from=account.get("chosen_from"),
    )


def _titles(shown: dict[str, Any], names: list[str]) -> tuple[str, ...]:
    titles = {tool["name"]: tool["title"] for group in shown["groups"] for tool in group["tools"]}
    return tuple(titles.get(name, name) for name in names)
