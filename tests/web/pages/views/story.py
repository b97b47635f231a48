"""One connector, one assistant and the sessions and grants of one person, as data."""

from __future__ import annotations

from typing import Any

import msgspec

from core.clock import DAY_MS, MINUTE_MS, parse_rfc3339
from core.connector import Api, Connector, OAuth2, Scope
from core.model import Asked, Assistant, AuditEvent, ConnectSession, Grant, Policy, Workspace

NOW = parse_rfc3339("2026-11-23T14:03:00Z")
NORTHWIND = Connector(
    slug="northwind",
    title="Northwind",
    category="crm",
    api_url="https://northwind.example",
    oauth=OAuth2(authorize_url="https://northwind.example/a", token_url="https://northwind.example/t"),
    scopes=[
        Scope("deals.read", "Deals", "read deals"),
        Scope("deals.write", "Deals", "edit deals", risk="write"),
        Scope("people.read", "People", "read people"),
        Scope("company.settings", "Settings", "read company settings"),
    ],
    cannot=["send e-mail in your name"],
    manage_url="https://northwind.example/apps",
)


class Done(msgspec.Struct, frozen=True):
    id: str


@NORTHWIND.tool(
    scopes=["deals.read"], risk="read", sees="title and amount", title="Find your deals", group="Deals"
)
async def find_deals(api: Api, query: str) -> Done:
    """Find deals."""
    raise AssertionError("these tools are shown, never called")


@NORTHWIND.tool(
    scopes=["deals.write"],
    risk="write",
    changes="changes the stage of a deal",
    title="Move a deal",
    group="Deals",
)
async def move_deal(api: Api, deal: str) -> Done:
    """Move a deal."""
    raise AssertionError("these tools are shown, never called")


@NORTHWIND.tool(scopes=["people.read"], risk="read", sees="names", title="Find people", group="People")
async def find_people(api: Api, query: str) -> Done:
    """Find people."""
    raise AssertionError("these tools are shown, never called")


WORKSPACE = Workspace("ws_1", "Acme", Policy(max_grant_days=90), 1, NOW)
ASSISTANT = Assistant(
    id="ast_1",
    workspace="ws_1",
    name="Acme Assist",
    description=None,
    logo_url=None,
    homepage_url=None,
    allowed_origins=("https://assist.acme.example",),
    return_urls=(),
    default_return_url=None,
    tools=None,
    created_at=NOW,
    updated_at=NOW,
)


def a_session(**changes: Any) -> ConnectSession:
    fields: dict[str, Any] = {
        "id": "cs_1",
        "workspace": "ws_1",
        "assistant": "ast_1",
        "user": "ada",
        "connector": "northwind",
        "registration": "reg_1",
        "via": "api",
        "status": "opened",
        "asked": (
            Asked("northwind.find_deals", True, "to list the deals that close this week."),
            Asked("northwind.move_deal"),
            Asked("northwind.find_people"),
        ),
        "purpose": "To answer questions.",
        "account": None,
        "grant": None,
        "return_url": None,
        "origin": "https://assist.acme.example",
        "created_at": NOW,
        "expires_at": NOW + 10 * MINUTE_MS,
        "changed_at": NOW,
    }
    return ConnectSession(**(fields | changes))


def a_grant(**changes: Any) -> Grant:
    fields: dict[str, Any] = dict.fromkeys(Grant.__struct_fields__)
    fields |= {
        "id": "gr_1",
        "workspace": "ws_1",
        "assistant": "ast_1",
        "user": "ada",
        "connector": "northwind",
        "registration": "reg_1",
        "account_id": "1",
        "account_label": "ada@northwind.example",
        "status": "active",
        "tools": ("northwind.find_deals", "northwind.move_deal"),
        "scopes_requested": ("deals.read", "deals.write"),
        "scopes_granted": ("deals.read", "deals.write"),
        "receipt": "rcp_1",
        "created_at": NOW - DAY_MS,
        "expires_at": NOW + DAY_MS,
        "use_count": 0,
        "upstream": "none",
        "credential_version": 1,
    }
    return Grant(**(fields | changes))


def an_event(
    action: str, *, outcome: str = "ok", tool: str | None = None, actor: str = "assistant", **detail: Any
):
    return AuditEvent(
        workspace="ws_1",
        seq=1,
        id="evt_1",
        at=NOW,
        actor_type=actor,
        actor_id="x",
        action=action,
        outcome=outcome,
        assistant="ast_1",
        user="ada",
        connector="northwind",
        grant="gr_1",
        call=None,
        tool=tool,
        detail=detail,
        hash=b"",
    )
