"""Consent receipts: what was shown, what was agreed, by whom, to whom, for how long, and how to take it back.

The fields follow ISO/IEC TS 27560:2023 (header, person, parties, purposes, data, event, notice, retention, withdrawal).
Written once, in the transaction that records the consent; never changed. `grant` is filled in when the grant exists.
"""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from core.clock import rfc3339
from core.connector import Connector
from core.consent import Notice
from core.errors import Missing
from core.house import House
from core.ids import new_id
from core.model import Assistant, ConnectSession, Duration, Receipt, Workspace
from core.store import Tx


def body(
    house: House,
    receipt_id: str,
    session: ConnectSession,
    shown: Notice,
    connector: Connector,
    assistant: Assistant,
    workspace: Workspace,
    tools: tuple[str, ...],
    scopes: tuple[str, ...],
    duration: Duration,
    expires_at: int | None,
) -> bytes:
    """The receipt's JSON text: what is hashed, kept and shown."""
    agreed = [tool for tool in shown.tools if tool.name in tools]
    record: dict[str, Any] = {
        "receipt": receipt_id,
        "schema": "ISO/IEC TS 27560:2023",
        "language": "en",
        "event": {
            "type": "consent given",
            "at": rfc3339(house.now_ms()),
            "session": session.id,
            "method": "form",
        },
        "person": {"user": session.user},
        "parties": {
            "workspace": {"id": workspace.id, "name": workspace.name},
            "assistant": {"id": assistant.id, "name": assistant.name, "origin": shown.origin},
            "provider": {"connector": connector.slug, "name": connector.title},
        },
        "purpose": session.purpose,
        "agreed": [
            {"tool": tool.name, "title": tool.title, "risk": tool.risk, "text": tool.text} for tool in agreed
        ],
        "left_out": [tool.name for tool in shown.tools if tool.name not in tools],
        "scopes_requested": list(scopes),
        "duration": {"chosen": duration, "ends_at": rfc3339(expires_at) if expires_at is not None else None},
        "retention": "Tokens are destroyed when the grant ends; this receipt and the audit trail are kept.",
        "withdrawal": f"{house.public_url}/me",
        "notice": {"version": shown.version, "sha256": shown.hash, "text": shown},
    }
    return msgspec.json.encode(record)


def body_of_choice(
    house: House, receipt_id: str, agreed: Receipt, account_label: str, accounts: int
) -> bytes:
    """The receipt of who agreed and then chose one of several accounts: all of the first, and which account."""
    record: dict[str, Any] = msgspec.json.decode(agreed.body)
    record["receipt"] = receipt_id
    record["event"] |= {"type": "consent given, account chosen", "chosen_at": rfc3339(house.now_ms())}
    record["account"] = {"label": account_label, "chosen_from": accounts}
    record["follows"] = {"receipt": agreed.id, "sha256": agreed.hash}
    return msgspec.json.encode(record)


async def insert(tx: Tx, house: House, session: ConnectSession, receipt_id: str, text: bytes) -> None:
    await tx.run(
        "receipt_insert",
        id=receipt_id,
        workspace=session.workspace,
        session=session.id,
        assistant=session.assistant,
        user=session.user,
        body=text.decode(),
        hash=hashlib.sha256(text).hexdigest(),
        created_at=house.now_ms(),
    )


def new_receipt_id() -> str:
    return new_id("rcp")


async def get(house: House, workspace: str, receipt_id: str) -> Receipt:
    found = await house.store.one("receipt_get", Receipt, workspace=workspace, id=receipt_id)
    if found is None:
        raise Missing("There is no such receipt.")
    return found


async def of_grant(house: House, workspace: str, grant_id: str) -> list[Receipt]:
    """Every receipt of a grant, newest first: the first consent and each later step-up."""
    return await house.store.all("receipts_of_grant", Receipt, workspace=workspace, grant=grant_id)
