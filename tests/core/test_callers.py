"""Callers: nothing that ends or changes what somebody may do is missed, whoever wrote it."""

from __future__ import annotations

import msgspec
import pytest

from core import assistants, workspaces
from core.callers import MOST, Callers
from core.errors import Unauthenticated
from core.model import Policy
from core.workspaces import KeyedAssistant
from tests.core.home import Home

NOT_COUNTED = {("keys", "last_used_at")}  # written down every half minute, and asked by nobody


def test_what_is_kept_is_known_under_its_version_only() -> None:
    callers = Callers[str]()
    callers.put(3, b"one", "ada")
    assert callers.get(3, b"one") == "ada"
    assert (
        callers.get(4, b"one") is None and callers.get(2, b"one") is None and callers.get(3, b"two") is None
    )
    callers.put(4, b"two", "bo")
    assert callers.get(4, b"one") is None, "what was kept before the change is gone"


def test_a_slow_reader_of_an_older_state_brings_nothing_old_back() -> None:
    callers = Callers[str]()
    callers.put(4, b"one", "new")
    callers.put(3, b"one", "old")
    assert callers.get(4, b"one") is None


def test_without_a_count_nothing_is_kept() -> None:
    callers = Callers[str]()
    callers.put(None, b"one", "ada")
    assert callers.get(None, b"one") is None


def test_as_many_as_there_are_do_not_fill_the_memory() -> None:
    callers = Callers[int]()
    for number in range(MOST + 1):
        callers.put(1, number.to_bytes(4, "big"), number)
    assert callers.get(1, MOST.to_bytes(4, "big")) == MOST and callers.get(1, b"\0\0\0\0") is None


async def version(home: Home) -> int:
    [row] = await home.rows("SELECT version FROM authority")
    return int(row["version"])


async def test_every_column_that_says_who_may_ask_is_counted(home: Home) -> None:
    for table in ("keys", "assistants", "workspaces"):
        row, *_ = await home.rows(f"SELECT * FROM {table}")
        for column in row:
            before = await version(home)
            await home.execute(f'UPDATE {table} SET "{column}" = "{column}"')
            assert (await version(home) > before) is ((table, column) not in NOT_COUNTED), (table, column)


@pytest.mark.parametrize("table", ["keys", "assistants", "workspaces"])
async def test_a_row_that_is_gone_is_counted(home: Home, table: str) -> None:
    before = await version(home)
    await home.execute(f"DELETE FROM {table}")
    assert await version(home) > before


async def test_a_key_that_is_known_costs_no_look_at_three_tables(home: Home) -> None:
    """The other half of the promise: else the tests below would hold without anything being kept."""
    first = await workspaces.by_key(home.house, home.assistant_key)
    assert await workspaces.by_key(home.house, home.assistant_key) is first


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE keys SET revoked_at = 1 WHERE kind = 'vka'",
        "UPDATE assistants SET deleted_at = 1",
        "DELETE FROM keys WHERE kind = 'vka'",
    ],
)
async def test_another_process_ends_a_key_and_the_next_request_knows(home: Home, change: str) -> None:
    await workspaces.by_key(home.house, home.assistant_key)
    await home.execute(change)
    with pytest.raises(Unauthenticated):
        await workspaces.by_key(home.house, home.assistant_key)


async def test_another_process_changes_the_rules_and_the_next_request_knows(home: Home) -> None:
    await workspaces.by_key(home.house, home.assistant_key)
    policy = msgspec.json.encode(Policy(calls_per_minute=7)).decode()
    await home.execute("UPDATE workspaces SET policy = :policy", policy=policy)
    found = await workspaces.by_key(home.house, home.assistant_key)
    assert isinstance(found, KeyedAssistant) and found.policy.calls_per_minute == 7


async def test_a_key_that_is_known_ends_at_its_time(home: Home) -> None:
    _, key = await assistants.add_key(home.house, home.admin, home.assistant.id, 60)
    await workspaces.by_key(home.house, key.reveal())
    home.later(60_000)
    with pytest.raises(Unauthenticated):
        await workspaces.by_key(home.house, key.reveal())
