"""The key ring file is private, never overwritten, and a running service follows its changes."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path

import pytest

from core.errors import KeyRingError, VaultError
from core.vault import Aad, KeyRing, Vault, ringfile

AAD = Aad("ws_1", "gr_1", "credential", 1)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "ring.json"


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_init_writes_a_private_file_whatever_the_umask(path: Path) -> None:
    previous = os.umask(0)
    try:
        KeyRing.init(path)
        KeyRing.add(path)
    finally:
        os.umask(previous)
    assert mode(path) == 0o600


def test_init_never_overwrites(path: Path) -> None:
    KeyRing.init(path)
    before = path.read_bytes()
    with pytest.raises(KeyRingError, match="keys add"):
        KeyRing.init(path)
    assert path.read_bytes() == before


@pytest.mark.parametrize("bits", [0o640, 0o604, 0o620, 0o601, 0o666])
def test_a_file_others_can_reach_is_refused_with_the_mend(path: Path, bits: int) -> None:
    KeyRing.init(path)
    path.chmod(bits)
    with pytest.raises(KeyRingError, match=f"chmod 600 {path}"):
        KeyRing.load(path)


def test_a_missing_file_says_how_to_make_one(path: Path) -> None:
    with pytest.raises(KeyRingError, match=f"valetkey keys init {path}"):
        KeyRing.load(path)


def test_a_folder_and_a_pipe_are_refused_without_waiting(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe", 0o600)
    for name in ("pipe", "."):
        with pytest.raises(KeyRingError):
            KeyRing.load(tmp_path / name)


DAMAGE = {
    "not json": lambda file: "{",
    "no keys": lambda file: json.dumps(file | {"keys": []}),
    "unknown version": lambda file: json.dumps(file | {"version": 2}),
    "short key": lambda file: json.dumps(file | {"keys": [file["keys"][0] | {"key": "c2hvcnQ="}]}),
    "not base64": lambda file: json.dumps(file | {"keys": [file["keys"][0] | {"key": "!" * 44}]}),
    "one id twice": lambda file: json.dumps(file | {"keys": file["keys"] * 2}),
    "unknown field": lambda file: json.dumps(file | {"more": 1}),
}


@pytest.mark.parametrize("damage", DAMAGE.values(), ids=DAMAGE.keys())
def test_a_damaged_file_is_refused_and_not_quoted(path: Path, damage) -> None:
    KeyRing.init(path)
    content = json.loads(path.read_text())
    path.write_text(damage(content))
    with pytest.raises(KeyRingError) as caught:
        KeyRing.load(path)
    assert content["keys"][0]["key"] not in str(caught.value)


def test_no_key_is_ever_printed(path: Path) -> None:
    ring = KeyRing.init(path)
    key = json.loads(path.read_text())["keys"][0]["key"]
    printed = f"{ring!r} {ring} {ring.members} {ringfile.read(path)}"
    assert key not in printed and ring.first_id in printed


def test_an_added_key_seals_and_the_older_still_open(path: Path) -> None:
    old = Vault(KeyRing.init(path))
    sealed = old.seal(b"x", AAD)
    ring = KeyRing.add(path)
    assert ring.ids == [ring.first_id, sealed.key_id]
    vault = Vault(KeyRing.load(path))
    assert vault.open(sealed, AAD) == b"x"
    assert vault.seal(b"y", AAD).key_id == ring.first_id != sealed.key_id


def test_a_running_ring_seals_with_a_key_that_another_process_added(path: Path) -> None:
    running = Vault(KeyRing.init(path))
    added = KeyRing.add(path)
    assert running.seal(b"x", AAD).key_id == added.first_id


def test_a_running_ring_opens_what_another_process_sealed_with_a_new_key(path: Path) -> None:
    running = Vault(KeyRing.init(path))
    sealed = Vault(KeyRing.add(path)).seal(b"x", AAD)
    assert running.open(sealed, AAD) == b"x"


def test_a_running_ring_outlives_a_file_that_cannot_be_read(path: Path) -> None:
    running = Vault(KeyRing.init(path))
    sealed = running.seal(b"x", AAD)
    path.write_text("damaged")
    assert running.open(running.seal(b"y", AAD), AAD) == b"y"
    path.unlink()
    assert running.open(sealed, AAD) == b"x"


def test_a_retired_key_opens_nothing_any_more(path: Path) -> None:
    sealed = Vault(KeyRing.init(path)).seal(b"x", AAD)
    KeyRing.add(path)
    vault = Vault(KeyRing.retire(path, sealed.key_id))
    assert sealed.key_id not in vault.ring.ids
    with pytest.raises(VaultError, match=sealed.key_id):
        vault.open(sealed, AAD)


def test_the_key_that_seals_and_an_unknown_key_cannot_be_retired(path: Path) -> None:
    ring = KeyRing.init(path)
    before = path.read_bytes()
    for key_id in (ring.first_id, "k_unknown0"):
        with pytest.raises(KeyRingError):
            KeyRing.retire(path, key_id)
    assert path.read_bytes() == before
    assert os.listdir(path.parent) == [path.name]


def test_changes_at_the_same_time_lose_no_key(path: Path) -> None:
    KeyRing.init(path)
    added: list[str] = []

    def add() -> None:
        for _ in range(20):
            try:
                added.append(KeyRing.add(path).first_id)
            except KeyRingError:
                continue

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert added and set(added) <= set(KeyRing.load(path).ids)


def test_a_change_under_way_is_told_apart_from_a_leftover(path: Path) -> None:
    KeyRing.init(path)
    leftover = Path(f"{path}.new")
    leftover.touch()
    with pytest.raises(KeyRingError, match=str(leftover)):
        KeyRing.add(path)


def test_a_symbolic_link_stays_one(path: Path, tmp_path: Path) -> None:
    KeyRing.init(path)
    link = tmp_path / "link.json"
    link.symlink_to(path)
    KeyRing.add(link)
    assert link.is_symlink() and len(KeyRing.load(path).ids) == 2


def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(KeyRingError, match="nowhere"):
        KeyRing.init(tmp_path / "nowhere" / "ring.json")


def test_each_purpose_has_its_own_key(path: Path) -> None:
    ring = KeyRing.init(path)
    first = ring.mac_key(ring.first_id)
    second = KeyRing.add(path)
    assert len(first) == 32
    assert second.mac_key(ring.ids[-1]) == first
    assert second.mac_key(second.first_id) != first
    data_key, aad = os.urandom(32), b"row"
    key_id, wrapped = ring.wrap(data_key, aad)
    assert ring.unwrap(key_id, wrapped, aad) == data_key
    assert first not in path.read_bytes()
