"""`valetkey keys`: make a ring, change keys beside a running service, never print or lose one."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from click.testing import Result

from core import sealed
from core.store.sqlite import SqliteStore
from core.vault import Aad, KeyRing, Vault
from tests.web.cli.test_config import run


@pytest.fixture
def ring(tmp_path: Path) -> Path:
    return tmp_path / "ring.json"


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "vk.db"


async def _fill(database: Path, ring: Path, count: int) -> None:
    store, vault = SqliteStore.open(str(database)), Vault(KeyRing.load(ring))
    await store.migrate()

    async def job(tx) -> None:
        for number in range(count):
            await sealed.put(tx, vault, Aad("ws_1", f"gr_{number:05}", "credential", 1), b"token", 0)

    await store.write(job)
    await store.close()


def fill(database: Path, ring: Path, count: int = 3) -> None:
    asyncio.run(_fill(database, ring, count))


@pytest.fixture
def keys(ring: Path, database: Path):
    def command(*args: str) -> Result:
        found = run("keys", *args, VALETKEY_KEYRING=str(ring), VALETKEY_DATABASE_URL=f"sqlite:///{database}")
        if ring.exists():
            for key in json.loads(ring.read_text())["keys"]:
                assert key["key"] not in found.output
        return found

    return command


def test_init_makes_a_private_ring_and_says_what_is_next(ring: Path) -> None:
    found = run("keys", "init", str(ring))
    assert found.exit_code == 0
    assert ring.stat().st_mode & 0o777 == 0o600
    assert KeyRing.load(ring).first_id in found.output and f"export VALETKEY_KEYRING={ring}" in found.output


def test_init_without_a_path_takes_the_setting(keys, ring: Path) -> None:
    assert keys("init").exit_code == 0 and ring.exists()


def test_init_never_overwrites(keys, ring: Path) -> None:
    keys("init")
    before = ring.read_bytes()
    found = keys("init", str(ring))
    assert found.exit_code == 1 and "keys add" in found.stderr
    assert ring.read_bytes() == before


def test_a_ring_that_is_missing_or_open_to_others_is_told_with_the_mend(keys, ring: Path) -> None:
    assert f"valetkey keys init {ring}" in keys("list").stderr
    keys("init")
    ring.chmod(0o644)
    found = keys("add")
    assert found.exit_code == 1 and f"chmod 600 {ring}" in found.stderr


def test_other_settings_do_not_matter_here(ring: Path) -> None:
    found = run("keys", "init", VALETKEY_KEYRING=str(ring), VALETKEY_LOG="xml")
    assert found.exit_code == 0


def test_list_shows_order_use_and_what_is_needed(keys, ring: Path, database: Path) -> None:
    keys("init")
    assert json.loads(keys("list", "--json").stdout)["items"][0]["values"] is None
    assert "no database" in keys("list").stdout
    fill(database, ring)
    keys("add")
    items = json.loads(keys("list", "--json").stdout)["items"]
    assert [(item["seals"], item["values"]) for item in items] == [(True, 0), (False, 3)]
    assert [item["id"] for item in items] == KeyRing.load(ring).ids
    assert len(keys("list").stdout.splitlines()) == 3


def test_the_whole_rotation(keys, ring: Path, database: Path) -> None:
    keys("init")
    old = KeyRing.load(ring).first_id
    fill(database, ring)
    assert keys("add").exit_code == 0
    early = keys("retire", old)
    assert early.exit_code == 1 and "valetkey keys rewrap" in early.stderr
    rewrapped = keys("rewrap")
    assert rewrapped.exit_code == 0 and "Moved 3 values" in rewrapped.stdout
    assert keys("retire", old).exit_code == 0
    assert old not in KeyRing.load(ring).ids
    assert keys("retire", old).exit_code == 1


def test_the_key_that_seals_stays(keys, ring: Path, database: Path) -> None:
    keys("init")
    fill(database, ring, 0)
    found = keys("retire", KeyRing.load(ring).first_id)
    assert found.exit_code == 1 and "keys add" in found.stderr


@pytest.mark.parametrize("args", [["rewrap"], ["retire", "k_x"]])
def test_without_a_database_nothing_is_made_up(keys, database: Path, args: list[str]) -> None:
    keys("init")
    found = keys(*args)
    assert found.exit_code == 1 and "VALETKEY_DATABASE_URL" in found.stderr
    assert not database.exists()


def test_what_cannot_be_opened_is_named_with_exit_code_1(
    keys, ring: Path, database: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other.json"
    KeyRing.init(other)
    fill(database, other)
    keys("init")
    found = keys("rewrap")
    assert found.exit_code == 1 and "gr_00000 credential" in found.stderr


def test_an_interrupted_rewrap_ends_without_a_traceback_and_goes_on(keys, ring: Path, database: Path) -> None:
    keys("init")
    fill(database, ring, 20_000)
    keys("add")
    env = {name: value for name, value in os.environ.items() if not name.startswith("VALETKEY_")}
    env |= {"VALETKEY_KEYRING": str(ring), "VALETKEY_DATABASE_URL": f"sqlite:///{database}"}
    script = "from core import rotation; rotation.BATCH_ROWS = 20; from web.cli import main; main(['keys', 'rewrap'])"
    child = subprocess.Popen([sys.executable, "-c", script], env=env, stderr=subprocess.PIPE, text=True)
    assert child.stderr is not None
    first = KeyRing.load(ring).first_id
    while not _moved(database, first):
        assert child.poll() is None
        time.sleep(0.02)
    child.send_signal(signal.SIGINT)
    _, said = child.communicate(timeout=10)
    assert child.returncode == 1 and "Traceback" not in said and "Aborted" in said
    moved = _moved(database, first)
    assert 0 < moved < 20_000
    assert f"Moved {20_000 - moved} values" in keys("rewrap").stdout


def _moved(database: Path, first: str) -> int:
    with closing(sqlite3.connect(database)) as connection:
        return connection.execute("SELECT count(*) FROM secrets WHERE key_id = ?", [first]).fetchone()[0]
