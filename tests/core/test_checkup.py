"""`valetkey doctor` looks at each part: what is broken is found, said with its mend, and nothing is changed."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from core import checkup, revocation
from core.checkup import Finding, examine
from core.clock import DAY_MS, MINUTE_MS, Clock
from core.vault import KeyRing
from tests.core.home import Home, open_home


class Patient:
    """An installation with a workspace and a grant."""

    def __init__(self, folder: Path, home: Home) -> None:
        self.folder, self.home = folder, home
        self.environ = {
            "VALETKEY_KEYRING": str(folder / "keyring.json"),
            "VALETKEY_DATABASE_URL": f"sqlite:///{folder / 'valetkey.db'}",
            "VALETKEY_PUBLIC_URL": "https://keys.acme.example",
        }

    async def findings(self, later_ms: int = 0) -> dict[str, Finding]:
        found = await examine(self.environ, self.home.now + later_ms)
        return {one.part: one for one in found}

    async def wrong(self, later_ms: int = 0) -> dict[str, str]:
        return {part: one.said for part, one in (await self.findings(later_ms)).items() if not one.ok}

    def execute(self, sql: str) -> None:
        with sqlite3.connect(self.folder / "valetkey.db") as connection:
            connection.execute(sql)
        connection.close()


@pytest.fixture
async def patient(tmp_path: Path) -> AsyncIterator[Patient]:
    async with open_home(tmp_path, ring=KeyRing.init(tmp_path / "keyring.json")) as home:
        yield Patient(tmp_path, home)


async def test_a_healthy_installation_has_every_part_told_and_nothing_wrong(patient: Patient) -> None:
    found = await patient.findings()
    assert list(found) == [
        "settings", "packages", "connectors", "key ring", "database", "sealed values", "audit", "revocations",
    ]  # fmt: skip
    assert all(one.ok and one.said for one in found.values())


async def test_looking_changes_nothing(patient: Patient) -> None:
    before = (
        sorted(path.name for path in patient.folder.iterdir()),
        await patient.home.rows("SELECT * FROM secrets"),
    )
    await patient.findings()
    assert before == (
        sorted(path.name for path in patient.folder.iterdir()), await patient.home.rows("SELECT * FROM secrets")
    )  # fmt: skip


async def test_every_fault_of_the_settings_is_told_and_the_rest_is_looked_at(patient: Patient) -> None:
    patient.environ |= {"VALETKEY_LOG": "xml", "VALETKEY_PUBLIC_URL": "http://keys.acme.example"}
    found = await examine(patient.environ, patient.home.now)
    faults = [one.said for one in found if one.part == "settings"]
    assert len(faults) == 2 and any("VALETKEY_LOG" in one for one in faults)
    assert any("VALETKEY_PUBLIC_URL" in one and "https" in one for one in faults)
    assert {"key ring", "database", "audit"} <= {one.part for one in found if one.ok}


async def test_development_behind_a_public_address_is_found(patient: Patient) -> None:
    patient.environ["VALETKEY_DEVELOPMENT"] = "1"
    assert "VALETKEY_DEVELOPMENT" in (await patient.wrong())["settings"]


async def test_a_key_ring_others_can_read_is_found_with_the_command_that_mends_it(patient: Patient) -> None:
    ring = patient.folder / "keyring.json"
    os.chmod(ring, 0o644)
    assert f"chmod 600 {ring}" in (await patient.wrong())["key ring"]
    os.chmod(ring, 0o600)
    ring.write_text("{}")
    assert "damaged" in (await patient.wrong())["key ring"]
    ring.unlink()
    assert "valetkey keys init" in (await patient.wrong())["key ring"]


async def test_another_installations_key_ring_is_found(patient: Patient) -> None:
    (patient.folder / "keyring.json").unlink()
    KeyRing.init(patient.folder / "keyring.json")
    wrong = await patient.wrong()
    assert "does not open this database" in wrong["sealed values"]
    assert "audit" not in wrong  # a ring of somebody else's proves no trail wrong


async def test_a_key_that_is_missing_from_the_ring_is_named(patient: Patient) -> None:
    patient.execute("UPDATE secrets SET key_id = 'k_gone' WHERE kind = 'client_secret'")
    assert "k_gone" in (await patient.wrong())["sealed values"]


async def test_values_under_an_older_key_are_mentioned_and_no_fault(patient: Patient) -> None:
    KeyRing.add(patient.folder / "keyring.json")
    found = (await patient.findings())["sealed values"]
    assert found.ok and "valetkey keys rewrap" in found.said


async def test_a_database_that_is_not_there_or_none_is_found_and_not_made(patient: Patient) -> None:
    there = patient.environ["VALETKEY_DATABASE_URL"]
    patient.environ["VALETKEY_DATABASE_URL"] = f"sqlite:///{patient.folder / 'other.db'}"
    assert "VALETKEY_DATABASE_URL" in (await patient.wrong())["database"]
    assert not (patient.folder / "other.db").exists()
    (patient.folder / "other.db").write_bytes(b"not a database at all" * 100)
    assert "not a database" in (await patient.wrong())["database"]
    patient.environ["VALETKEY_DATABASE_URL"] = there
    assert await patient.wrong() == {}


async def test_a_damaged_page_is_found(patient: Patient, tmp_path: Path) -> None:
    await patient.home.house.store.query("PRAGMA wal_checkpoint(TRUNCATE)", dict, {})
    content = bytearray((patient.folder / "valetkey.db").read_bytes())
    content[4096 * 3 : 4096 * 9] = b"\xa5" * 4096 * 6
    damaged = patient.folder / "damaged.db"
    damaged.write_bytes(content)
    patient.environ["VALETKEY_DATABASE_URL"] = f"sqlite:///{damaged}"
    assert "restore your last backup" in (await patient.wrong())["database"]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("DELETE FROM migrations WHERE number = 2", "valetkey serve"),
        ("INSERT INTO migrations VALUES (999, 'future', 'then')", "newer than this program"),
    ],
)
async def test_migrations_that_do_not_fit_are_found_and_not_applied(
    patient: Patient, change: str, said: str
) -> None:
    patient.execute(change)
    before = await patient.home.rows("SELECT number FROM migrations")
    assert said in (await patient.wrong())["database"]
    assert await patient.home.rows("SELECT number FROM migrations") == before


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE audit_heads SET count = count - 1",
        "UPDATE audit_heads SET mac = zeroblob(32)",
        "DELETE FROM audit_events WHERE seq = (SELECT max(seq) FROM audit_events)",
        "UPDATE audit_events SET hash = zeroblob(32) WHERE seq = (SELECT max(seq) FROM audit_events)",
        "DELETE FROM audit_heads",
    ],
)
async def test_a_tampered_head_is_found_with_its_workspace(patient: Patient, change: str) -> None:
    patient.execute(change)
    said = (await patient.wrong())["audit"]
    assert "Acme Inc" in said and "valetkey audit verify" in said


async def test_revocations_nobody_tells_are_found(patient: Patient) -> None:
    home = patient.home
    home.provider.fail("/revoke", 503, times=99)
    await revocation.revoke(home.house, home.admin, (await home.grant()).id)
    found = (await patient.findings())["revocations"]
    assert found.ok and found.said.startswith("1 to be told")
    assert "valetkey serve" in (await patient.wrong(20 * MINUTE_MS))["revocations"]
    await home.execute("UPDATE outbox SET next_at = :soon", soon=home.now + 3 * DAY_MS)
    assert "72 hours" in (await patient.wrong(3 * DAY_MS))["revocations"]


async def test_a_connector_that_cannot_be_loaded_is_found_with_its_line(
    patient: Patient, tmp_path: Path
) -> None:
    folder = tmp_path / "connectors"
    folder.mkdir()
    (folder / "odd.py").write_text("\n\nraise RuntimeError('odd')\n")
    patient.environ["VALETKEY_CONNECTORS_PATH"] = str(folder)
    assert "odd.py:3" in (await patient.wrong())["connectors"]


async def test_another_package_with_one_of_our_names_is_found(
    patient: Patient, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = {"core": ["valetkey", "django-core"], "attr": ["attrs"]}
    monkeypatch.setattr(checkup, "packages_distributions", lambda: taken)
    said = (await patient.wrong())["packages"]
    assert "django-core brings `core` too" in said and "environment of its own" in said


async def test_nothing_said_is_secret(patient: Patient) -> None:
    said = " ".join(one.said for one in await examine(patient.environ, Clock().now_ms()))
    assert "client-secret" not in said and patient.home.workspace_key not in said
