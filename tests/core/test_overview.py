"""The admin's figures: counted rightly, over time, and not again and again where counting takes long."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from core import grants, ids, overview, registry, startup, workspaces
from core.clock import DAY_MS, parse_rfc3339
from core.grants import GrantFilter
from core.house import House
from core.http import Outbound
from core.model import Actor, Entry
from core.overview import WEEK_MS, Figures
from core.store import Tx
from core.store.sqlite import SqliteStore
from core.vault import KeyRing, Vault

NOW = parse_rfc3339("2026-11-23T14:03:00Z")
GRANT = (
    'INSERT INTO grants (id, workspace, assistant, "user", connector, registration, account_id, account_label, status, tools, '
    "scopes_requested, scopes_granted, receipt, created_at, expires_at, last_used_at, ended_at, upstream, credential_version) "
    "VALUES (:id, :workspace, :assistant, 'u', 'northwind', :registration, :id, 'a', :status, :tools, '[]', '[]', 'rcp_1', "
    ":created_at, :expires_at, :last_used_at, :ended_at, :upstream, 1) RETURNING id"
)


class Books:
    """A house at `NOW` with one workspace, into which grants and events are written as data."""

    def __init__(self, house: House, workspace: str, assistant: str, registration: str) -> None:
        self.house, self.workspace = house, workspace
        self._fixed = {"workspace": workspace, "assistant": assistant, "registration": registration}

    async def grant(self, *tools: str, made: int = 1, used: int | None = None, **fields: Any) -> str:
        """`made` and `used`: days ago. `ended_at`, `expires_at`: in days from now."""
        row = {"status": "active", "ended_at": None, "expires_at": None, "upstream": "none", **fields}
        for name in ("ended_at", "expires_at"):
            row[name] = None if row[name] is None else NOW + row[name] * DAY_MS
        used_at = None if used is None else NOW - used * DAY_MS
        times = {"created_at": NOW - made * DAY_MS, "last_used_at": used_at}
        names = [f"northwind.{tool}" for tool in tools or ("find_deals",)]
        params = {
            "id": ids.new_id("gr"),
            "tools": str(names).replace("'", '"'),
            **self._fixed,
            **row,
            **times,
        }
        return (await self.house.write(lambda tx: tx.query(GRANT, str, params)))[0]

    async def event(
        self, action: str, outcome: str = "ok", tool: str = "northwind.find_deals", **fields: Any
    ) -> None:
        entry = Entry(Actor("assistant", "ast", self.workspace), action, outcome, tool=tool, **fields)
        await self.house.write(lambda tx: self.house.log(tx, entry))

    async def figures(self, weeks: int = 12) -> Figures:
        return await overview.figures(self.house, self.workspace, weeks)

    async def found(self, **wanted: Any) -> int:
        return len(await grants.search(self.house, self.workspace, GrantFilter(**wanted), limit=200))


@pytest.fixture
async def books(tmp_path: Path) -> AsyncIterator[Books]:
    KeyRing.init(tmp_path / "keyring.json")
    house = House(
        store=SqliteStore.open(str(tmp_path / "valetkey.db")),
        vault=Vault(KeyRing.load(tmp_path / "keyring.json")),
        outbound=Outbound(development=True),
        registry=registry.load(development=True),
        public_url="http://127.0.0.1:8000",
        development=True,
    )
    house.clock.now_ms = lambda: NOW  # type: ignore[method-assign]
    await startup.prepare(house)
    workspace, _ = await workspaces.create(house, "Acme")
    assistant, registration = ids.new_id("ast"), ids.new_id("reg")

    async def job(tx: Tx) -> None:
        fields = dict.fromkeys(("description", "logo_url", "homepage_url", "default_return_url", "tools"))
        lists = {"allowed_origins": [], "return_urls": []}
        where = {"workspace": workspace.id, "now": NOW}
        await tx.run("assistant_insert", id=assistant, name="Acme Assist", **where, **fields, **lists)
        registered = {"slug": "northwind", "client_id": "c", "config": {}, "secret_version": 0}
        none = {"enabled_tools": None, "max_scopes": None}
        await tx.run("registration_insert", id=registration, tier="write", **where, **registered, **none)

    await house.write(job)
    yield Books(house, workspace.id, assistant, registration)
    await house.close()


async def test_figures_are_those_of_the_lists_they_lead_to(books: Books) -> None:
    await books.grant("find_deals", made=60, used=1)
    await books.grant("find_deals", "move_deal", made=60, used=45)
    await books.grant("delete_task", made=100)
    await books.grant("move_deal", status="suspended", used=0)
    await books.grant("move_deal", status="needs_reconnect", used=0)
    await books.grant("move_deal", status="revoked", ended_at=-1, upstream="pending")
    await books.grant("move_deal", made=40, expires_at=-1)
    found = await books.figures()
    changing = tuple(
        tool.name
        for tool in books.house.registry.connectors["northwind"].tools.values()
        if tool.risk != "read"
    )
    assert found.risky == 2 == await books.found(status="active", any_tool=changing)
    assert found.deleting == 1 == await books.found(status="active", any_tool=("northwind.delete_task",))
    assert found.open == 1 == await books.found(upstream="pending")
    assert found.reconnect == 1 == await books.found(status="needs_reconnect")
    assert (found.unused, found.unused_90, found.never) == (2, 1, 1)
    assert found.open_by_connector == {"northwind": 1}


async def test_a_tool_whose_name_holds_another_is_not_taken_for_it(books: Books) -> None:
    await books.grant("find_deals_x")
    assert await books.found(any_tool=("northwind.find_deals",)) == 0
    assert await books.found(any_tool=("northwind.find%",)) == 0
    assert await books.found(any_tool=()) == 0


async def test_growth_counts_who_was_there_at_each_moment(books: Books) -> None:
    await books.grant(made=100)
    await books.grant("move_deal", made=20)
    await books.grant(made=10, status="revoked", ended_at=-8)
    await books.grant(made=30, expires_at=-15)
    await books.grant(made=200, status="expired", ended_at=-150)
    points = (await books.figures(4)).points
    assert [point.at for point in points] == [NOW - (4 - week) * WEEK_MS for week in range(5)]
    assert [point.all for point in points] == [2, 2, 2, 2, 2]
    assert [point.risky for point in points] == [0, 0, 1, 1, 1]
    assert (await books.figures(1)).points[0].all == 2


async def test_a_grant_made_this_moment_is_in_the_last_point(books: Books) -> None:
    await books.grant(made=0)
    assert (await books.figures()).points[-1].all == 1


async def test_calls_are_counted_by_connector_and_by_why_they_were_not_answered(books: Books) -> None:
    await books.event("tool.called")
    await books.event("tool.called", tool="jira.my_issues")
    await books.event("tool.refused", "consent_required")
    await books.event("tool.refused", "policy_denied")
    await books.event("tool.failed", "provider_timeout")
    await books.event("tool.refused", "invalid_arguments")
    await books.event("grant.created")
    found = await books.figures()
    assert found.calls == {"northwind": 5, "jira": 1}
    assert found.unanswered == {"consent": 1, "policy": 1, "provider": 1, "other": 1}
    assert found.failing == {"northwind": 1} and not found.capped


async def test_only_the_last_thirty_days_of_calls_count(books: Books) -> None:
    for age in (90, 31, 29, 2, 0):
        books.house.clock.now_ms = lambda age=age: NOW - age * DAY_MS  # type: ignore[method-assign]
        await books.event("tool.called")
    books.house.clock.now_ms = lambda: NOW  # type: ignore[method-assign]
    assert (await books.figures()).calls == {"northwind": 3}


async def test_a_very_long_trail_is_counted_from_its_end(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "MOST_EVENTS", 2)
    for _ in range(5):
        await books.event("tool.called")
    found = await books.figures()
    assert found.capped and found.calls == {"northwind": 3}


async def test_the_use_of_each_tool_of_a_grant_is_known(books: Books) -> None:
    grant = await books.grant("find_deals", "move_deal")
    await books.event("tool.called", grant=grant)
    await books.event("tool.called", grant=grant)
    await books.event("tool.refused", "policy_denied", tool="northwind.move_deal", grant=grant)
    uses = await overview.uses(books.house, books.workspace, grant)
    assert [(use.tool, use.calls, use.last_at) for use in uses] == [("northwind.find_deals", 2, NOW)]


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """How often figures were counted."""
    times: list[str] = []
    count: Callable[..., Any] = overview._counted

    async def counting(house: House, workspace: str, weeks: int) -> Figures:
        times.append(workspace)
        return await count(house, workspace, weeks)

    monkeypatch.setattr(overview, "_counted", counting)
    return times


async def test_quick_figures_are_always_fresh(books: Books, counted: list[str]) -> None:
    await books.figures()
    await books.grant()
    assert (await books.figures()).points[-1].all == 1 and len(counted) == 2


async def test_slow_figures_are_counted_once_for_everybody_and_then_behind_the_scenes(
    books: Books, counted: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "SLOW_S", 0.0)
    monkeypatch.setattr(overview, "REST", 10_000_000)
    await asyncio.gather(*(books.figures() for _ in range(5)))
    await books.grant()
    assert (await books.figures()).points[-1].all == 0 and len(counted) == 1
    for kept in books.house.figures.values():
        kept.stale_at = 0.0
    assert (await books.figures()).points[-1].all == 0, "nobody waits for the new count"
    await asyncio.gather(*(kept.task for kept in books.house.figures.values() if kept.task))
    assert (await books.figures()).points[-1].all == 1 and len(counted) == 2
