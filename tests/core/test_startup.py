"""Before it answers: the schema is current, and the key ring is the one of this database."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import startup
from core.errors import NotReady, VaultError
from core.house import House
from core.http import Outbound
from core.registry import Registry
from core.store.sqlite import SqliteStore
from core.store.statements import migrations
from core.vault import KeyRing, Vault


def house(folder: Path, ring: KeyRing) -> House:
    return House(
        store=SqliteStore.open(str(folder / "valetkey.db")),
        vault=Vault(ring),
        outbound=Outbound(),
        registry=Registry({}),
        public_url="https://keys.acme.example",
    )


async def test_a_new_database_is_prepared_once(tmp_path: Path) -> None:
    one = house(tmp_path, KeyRing.generate())
    with pytest.raises(NotReady, match="lacks migrations"):
        await startup.check(one)
    assert await startup.prepare(one) == [number for number, _, _ in migrations()]
    assert await startup.prepare(one) == []
    await startup.check(one)
    await one.close()


async def test_another_key_ring_does_not_start(tmp_path: Path) -> None:
    first = house(tmp_path, KeyRing.generate())
    await startup.prepare(first)
    await first.close()
    other = house(tmp_path, KeyRing.generate())
    for work in (startup.prepare, startup.check):
        with pytest.raises(VaultError, match="does not open this database"):
            await work(other)
    await other.close()


async def test_a_ring_with_a_newer_key_in_front_does(tmp_path: Path) -> None:
    ring = tmp_path / "keyring.json"
    one = house(tmp_path, KeyRing.init(ring))
    await startup.prepare(one)
    await one.close()
    again = house(tmp_path, KeyRing.add(ring))
    await startup.prepare(again)
    await again.close()


async def test_a_database_without_canary_is_not_ready(tmp_path: Path) -> None:
    one = house(tmp_path, KeyRing.generate())
    await one.store.migrate()
    with pytest.raises(NotReady, match="canary"):
        await startup.check(one)
    await one.close()
