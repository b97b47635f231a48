"""Grants: lists without gaps or repeats, narrowing that never widens, and which grant a call falls under."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from core import grants, revocation
from core.clock import DAY_MS, HOUR_MS
from core.errors import GrantRevoked, InvalidBody, InvalidCursor, Missing
from core.grants import GrantFilter, Order, check_cursor, cursor_of
from core.ids import new_id
from core.model import LIVE_STATUSES, Grant
from tests.core.home import Home, open_home
from web.wire.listings import decode_cursor, encode_cursor

ORDERS: tuple[Order, ...] = ("newest", "oldest", "last_used", "least_used", "ends_first")
TIMES = (None, 1_000, 2_000, 3_000)


class Crowd:
    """A home with eighty grants whose times repeat, in a loop of its own, for property tests."""

    def __init__(self, folder: Path) -> None:
        self.loop = asyncio.new_event_loop()
        self._home = open_home(folder)
        self.home = self.run(self._home.__aenter__())
        self.run(self._fill())

    def run(self, work: Any) -> Any:
        return self.loop.run_until_complete(work)

    def close(self) -> None:
        self.run(self._home.__aexit__(None, None, None))
        self.loop.close()

    async def _fill(self) -> None:
        home = self.home
        first = await home.grant("find_items", "add_item")
        now = home.now
        for number in range(79):
            row = msgspec.structs.replace(
                first,
                id=new_id("gr"),
                user=f"u{number % 7}",
                account_id=f"a{number}",
                status=("active", "needs_reconnect", "suspended", "expired", "revoked")[number % 5],
                last_used_at=TIMES[number % 4],
                created_at=now - number * DAY_MS,
                expires_at=(None, now + DAY_MS, now - DAY_MS, now + HOUR_MS)[number % 4],
                scopes_granted=(("items.read",), ("items.write", "items.read"), ("items_read",))[number % 3],
                tools=(("acme.find_items",), ("acme.find_items", "acme.add_item"))[number % 2],
                upstream=("none", "pending", "revoked", "unsupported")[number % 4],
            )
            columns = row.__struct_fields__
            quoted, named = ", ".join(f'"{c}"' for c in columns), ", ".join(f":{c}" for c in columns)
            values = msgspec.structs.asdict(row)
            await home.house.write(
                lambda tx, values=values, sql=f"INSERT INTO grants ({quoted}) VALUES ({named}) RETURNING id": (
                    tx.query(sql, str, values)
                )
            )
        self.all: list[Grant] = await grants.search(home.house, home.workspace.id, GrantFilter(), limit=200)
        assert len(self.all) == 80

    def search(self, wanted: GrantFilter, **how: Any) -> list[Grant]:
        found: list[Grant] = self.run(grants.search(self.home.house, self.home.workspace.id, wanted, **how))
        return found


@pytest.fixture(scope="module")
def crowd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crowd]:
    one = Crowd(tmp_path_factory.mktemp("crowd"))
    yield one
    one.close()


FILTERS = st.builds(
    GrantFilter,
    user=st.none() | st.sampled_from(["u1", "u3", "nobody"]),
    connector=st.none() | st.sampled_from(["acme", "other"]),
    status=st.none() | st.sampled_from(["active", "needs_reconnect", "suspended", "expired", "revoked"]),
    unused_for_days=st.none() | st.integers(0, 90),
    scope=st.none() | st.sampled_from(["items.read", "items_read", "items", "%", '"', "items.write"]),
    upstream=st.none() | st.sampled_from(["none", "pending", "revoked", "unsupported"]),
    never_used=st.booleans(),
    any_tool=st.none()
    | st.lists(st.sampled_from(["acme.add_item", "acme.find_items", "x"]), max_size=2).map(tuple),
)


def fits(grant: Grant, wanted: GrantFilter, now: int) -> bool:
    """The same said in Python."""
    live = grant.status in LIVE_STATUSES
    last = grant.last_used_at if grant.last_used_at is not None else grant.created_at
    return all(
        (
            wanted.user in (None, grant.user),
            wanted.connector in (None, grant.connector),
            wanted.upstream in (None, grant.upstream),
            wanted.status in (None, grant.status_at(now)),
            wanted.scope is None or wanted.scope in grant.scopes_granted,
            wanted.unused_for_days is None or (live and last <= now - wanted.unused_for_days * DAY_MS),
            not wanted.never_used or (live and grant.last_used_at is None),
            wanted.any_tool is None or bool(set(wanted.any_tool) & set(grant.tools)),
        )
    )


def rank(grant: Grant, order: Order) -> tuple[Any, str]:
    return cursor_of(grant, order)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(wanted=FILTERS, order=st.sampled_from(ORDERS), limit=st.integers(1, 30))
def test_pages_hold_each_grant_that_fits_once_and_in_order(
    crowd: Crowd, wanted: GrantFilter, order: Order, limit: int
) -> None:
    seen: list[Grant] = []
    cursor = None
    while page := crowd.search(wanted, limit=limit, cursor=cursor, order=order):
        assert len(page) <= limit
        seen += page
        # the cursor goes through a URL between the pages
        cursor = check_cursor(decode_cursor(encode_cursor(cursor_of(page[-1], order))), order)
    expected = [one for one in crowd.all if fits(one, wanted, crowd.home.now)]
    down = order in ("newest", "last_used")
    assert seen == sorted(expected, key=lambda one: rank(one, order), reverse=down)
    assert crowd.run(grants.count(crowd.home.house, crowd.home.workspace.id, wanted)) == len(seen)


def test_a_grant_that_comes_while_somebody_reads_makes_no_gap_and_no_repeat(crowd: Crowd) -> None:
    first = crowd.search(GrantFilter(), limit=10)
    fresh = crowd.run(crowd.home.grant(user="late"))
    second = crowd.search(GrantFilter(), limit=10, cursor=cursor_of(first[-1], "newest"))
    assert [one.id for one in first + second] == [one.id for one in crowd.all[:20]]
    crowd.run(crowd.home.execute("DELETE FROM grants WHERE id = :id", id=fresh.id))


def test_nothing_of_another_workspace_is_found(crowd: Crowd) -> None:
    assert crowd.run(grants.search(crowd.home.house, "ws_other", GrantFilter(), limit=200)) == []


@pytest.mark.parametrize(
    ("cursor", "order"),
    [
        ("x", "newest"), ([], "newest"), (["a"], "newest"), (["a", "b", "c"], "newest"), ([1, "b"], "newest"),
        (["a", "b"], "last_used"), ([True, "b"], "last_used"), ([1.5, "b"], "ends_first"), ([1, 2], "least_used"),
        ({"a": 1}, "oldest"), (None, "newest"),
    ],
)  # fmt: skip
def test_a_cursor_of_another_list_or_order_is_refused(cursor: Any, order: Order) -> None:
    with pytest.raises(InvalidCursor):
        check_cursor(cursor, order)


@pytest.mark.parametrize("order", ORDERS)
def test_a_page_reads_an_index_and_sorts_nothing(crowd: Crowd, order: Order) -> None:
    plans: list[str] = []
    store = crowd.home.house.store
    query = store.query

    async def explained(sql: str, into: Any, params: Any) -> Any:
        plans.extend(row["detail"] for row in await query(f"EXPLAIN QUERY PLAN {sql}", dict, params))
        return await query(sql, into, params)

    store.query = explained  # type: ignore[method-assign]
    try:
        first = crowd.search(GrantFilter(), limit=5, order=order)
        crowd.search(GrantFilter(), limit=5, order=order, cursor=cursor_of(first[-1], order))
    finally:
        store.query = query  # type: ignore[method-assign]
    assert plans and all("USING" in plan and "TEMP B-TREE" not in plan for plan in plans)


# ---- smaller ------------------------------------------------------------------------------------------------------


async def test_narrowing_takes_tools_away_in_the_grants_order(home: Home) -> None:
    grant = await home.grant("find_items", "get_item", "add_item")
    fewer = await grants.narrow(home.house, home.admin, grant.id, tools=("acme.add_item", "acme.find_items"))
    assert fewer.tools == tuple(tool for tool in grant.tools if tool != "acme.get_item")
    assert await home.present(grant) == fewer
    [event] = await home.events(action="grant.narrowed")
    assert event.detail["removed"] == ["acme.get_item"]


async def test_narrowing_to_what_it_is_changes_nothing_and_is_not_told(home: Home) -> None:
    grant = await home.grant()
    assert await grants.narrow(home.house, home.admin, grant.id, tools=grant.tools) == grant
    assert await home.events(action="grant.narrowed") == []


@pytest.mark.parametrize("tools", [("acme.find_items", "acme.add_item"), (), ("acme.nothing",)])
async def test_tools_are_never_added(home: Home, tools: tuple[str, ...]) -> None:
    grant = await home.grant()
    with pytest.raises(InvalidBody):
        await grants.narrow(home.house, home.admin, grant.id, tools=tools)
    assert await home.present(grant) == grant


async def test_the_end_comes_earlier_never_later_and_never_in_the_past(home: Home) -> None:
    grant = await home.grant(duration="30d")
    assert grant.expires_at is not None
    for end in (grant.expires_at + 1, home.now, home.now - 1):
        with pytest.raises(InvalidBody):
            await grants.narrow(home.house, home.admin, grant.id, expires_at=end)
    sooner = await grants.narrow(home.house, home.admin, grant.id, expires_at=home.now + 1)
    assert sooner.expires_at == home.now + 1
    home.later(1)
    assert (await home.present(grant)).status_at(home.now) == "expired"


async def test_a_grant_without_end_can_be_given_one(home: Home) -> None:
    grant = await home.grant(duration="unlimited")
    assert grant.expires_at is None
    ends = await grants.narrow(home.house, home.admin, grant.id, expires_at=home.now + DAY_MS)
    assert ends.expires_at == home.now + DAY_MS


async def test_what_has_ended_is_not_narrowed(home: Home) -> None:
    grant = await home.grant()
    await revocation.revoke(home.house, home.admin, grant.id)
    with pytest.raises(InvalidBody):
        await grants.narrow(home.house, home.admin, grant.id, expires_at=home.now + 1)


async def test_somebody_elses_grant_is_absent(home: Home) -> None:
    grant = await home.grant()
    other, _ = await home.new_assistant("Other")
    for limits in ({"assistant": other.id}, {"user": "u2"}):
        with pytest.raises(Missing):
            await grants.get(home.house, home.workspace.id, grant.id, **limits)
        with pytest.raises(Missing):
            await grants.narrow(home.house, home.admin, grant.id, tools=grant.tools, **limits)
    for workspace, grant_id in (
        ("ws_other", grant.id),
        (home.workspace.id, new_id("gr")),
        (home.workspace.id, "x"),
    ):
        with pytest.raises(Missing):
            await grants.get(home.house, workspace, grant_id)


# ---- which grant a call falls under -------------------------------------------------------------------------------


async def standing(home: Home, user: str = "u1", account: str | None = None) -> grants.Standing:
    return await grants.standing(home.house, home.workspace.id, home.assistant.id, user, "acme", account)


async def test_there_may_be_none_one_or_several_live(home: Home) -> None:
    assert await standing(home) == grants.Standing([], None)
    first = await home.grant(person="ada")
    assert [one.id for one in (await standing(home)).live] == [first.id]
    second = await home.grant(person="ben")
    assert {one.id for one in (await standing(home)).live} == {first.id, second.id}
    assert [one.id for one in (await standing(home, account="ben")).live] == [second.id]
    assert (await standing(home, account="nobody")).newest is None
    assert (await standing(home, user="u2")).newest is None


async def test_a_live_grant_counts_before_one_that_ended_and_the_newest_when_none_lives(home: Home) -> None:
    first = await home.grant()
    await revocation.revoke(home.house, home.admin, first.id)
    ended = await standing(home)
    assert ended.live == [] and ended.newest is not None and ended.newest.id == first.id
    second = await home.grant()
    assert [one.id for one in (await standing(home)).live] == [second.id]


async def test_what_is_held_opens_only_as_its_own_row(home: Home) -> None:
    first, second = await home.grant(user="u1"), await home.grant(user="u2", person="ben")
    held = await grants.held(home.house, home.workspace.id, first.id)
    other = await grants.held(home.house, home.workspace.id, second.id)
    assert held is not None and other is not None
    assert held.tokens(home.house.vault).access_token.reveal() in home.provider.access
    swapped = msgspec.structs.replace(held, wrapped_key=other.wrapped_key, body=other.body)
    with pytest.raises(Exception, match="does not open"):
        swapped.tokens(home.house.vault)


async def test_a_live_grant_is_found_behind_however_many_that_have_ended(home: Home) -> None:
    kept = await home.grant(person="ada")
    for _ in range(grants.RECENT_ROWS):
        ended = await home.grant(person="ben")
        await revocation.end(home.house, home.admin, ended.id, "revoked", None)
        home.later(1)
    assert (await home.called()).grant == kept.id
    await revocation.end(home.house, home.admin, kept.id, "revoked", None)
    with pytest.raises(GrantRevoked):
        await home.call()
