"""Sealed rows open as themselves and as nothing else, and are gone when they are destroyed."""

from __future__ import annotations

import sqlite3

import pytest

from core import sealed
from core.errors import VaultError
from core.vault import Aad
from tests.core.home import Home

PLAIN = b"what-must-not-be-read"


async def keep(home: Home, owner: str = "gr_1", kind: str = "credential", version: int = 1) -> None:
    aad = Aad(home.workspace.id, owner, kind, version)
    await home.house.write(lambda tx: sealed.put(tx, home.house.vault, aad, PLAIN, home.now))


async def fetched(home: Home, owner: str = "gr_1", kind: str = "credential") -> bytes | None:
    return await sealed.fetch(home.house.store, home.house.vault, home.workspace.id, owner, kind)


async def test_what_was_kept_is_fetched(home: Home) -> None:
    await keep(home)
    assert await fetched(home) == PLAIN
    assert await fetched(home, owner="gr_2") is None and await fetched(home, kind="code") is None
    store, vault = home.house.store, home.house.vault
    assert await sealed.fetch(store, vault, "ws_other", "gr_1", "credential") is None


async def test_nothing_of_it_stands_in_the_file(home: Home) -> None:
    await keep(home)
    with sqlite3.connect(home.house.store.path) as connection:  # type: ignore[attr-defined]
        assert PLAIN not in b"".join(line.encode() for line in connection.iterdump())
    connection.close()


@pytest.mark.parametrize(
    "change",
    [
        "version = 2",
        "body = (SELECT body FROM secrets WHERE owner = 'gr_2')",
        "wrapped_key = (SELECT wrapped_key FROM secrets WHERE owner = 'gr_2')",
        "(body, wrapped_key) = (SELECT body, wrapped_key FROM secrets WHERE owner = 'gr_2')",
        "body = zeroblob(60)",
        "body = x''",
        "key_id = 'k_other'",
    ],
)
async def test_a_row_that_was_changed_or_exchanged_does_not_open(home: Home, change: str) -> None:
    await keep(home)
    await keep(home, owner="gr_2")
    await home.execute(f"UPDATE secrets SET {change} WHERE owner = 'gr_1'")
    with pytest.raises(VaultError) as refused:
        await fetched(home)
    assert PLAIN.decode() not in str(refused.value)


async def test_a_row_given_to_another_owner_or_workspace_does_not_open(home: Home) -> None:
    await keep(home)
    await home.execute("UPDATE secrets SET owner = 'gr_9' WHERE owner = 'gr_1'")
    with pytest.raises(VaultError):
        await fetched(home, owner="gr_9")
    await home.execute("UPDATE secrets SET workspace = 'ws_2' WHERE owner = 'gr_9'")
    with pytest.raises(VaultError):
        await sealed.fetch(home.house.store, home.house.vault, "ws_2", "gr_9", "credential")


async def test_a_new_version_takes_the_place_of_the_old(home: Home) -> None:
    await keep(home)
    await keep(home, version=2)
    rows = await home.rows("SELECT version FROM secrets WHERE owner = 'gr_1'")
    assert rows == [{"version": 2}] and await fetched(home) == PLAIN


async def test_what_is_destroyed_is_gone(home: Home) -> None:
    await keep(home)
    await home.house.write(lambda tx: sealed.destroy(tx, "ws_other", "gr_1", "credential"))
    assert await fetched(home) == PLAIN
    await home.house.write(lambda tx: sealed.destroy(tx, home.workspace.id, "gr_1", "credential"))
    assert await fetched(home) is None
