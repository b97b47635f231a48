"""An installation opened for one command: migrated, used, closed; and a workspace found by id, by name, or alone."""

from __future__ import annotations

from pathlib import Path

import pytest

from core import workspaces
from core.errors import Missing, SettingsError
from core.house import House
from core.store import StoreError
from core.vault import KeyRing
from web.installation import with_house, workspace


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    KeyRing.init(tmp_path / "keyring.json")
    return {
        "VALETKEY_KEYRING": str(tmp_path / "keyring.json"),
        "VALETKEY_DATABASE_URL": f"sqlite:///{tmp_path / 'valetkey.db'}",
        "VALETKEY_DEVELOPMENT": "1",
    }


def test_it_is_migrated_used_and_closed(environ: dict[str, str]) -> None:
    houses: list[House] = []

    async def work(house: House) -> str:
        houses.append(house)
        return (await workspaces.create(house, "Acme"))[0].name

    assert with_house(environ, work, port=8123) == "Acme"
    assert houses[0].public_url == "http://127.0.0.1:8123"

    async def late(house: House) -> None:
        with pytest.raises(StoreError):
            await workspaces.create(houses[0], "Late")

    with_house(environ, late)


def test_wrong_settings_open_nothing(environ: dict[str, str], tmp_path: Path) -> None:
    async def work(house: House) -> None:
        raise AssertionError("not reached")

    with pytest.raises(SettingsError):
        with_house({**environ, "VALETKEY_LOG": "xml"}, work)
    assert not (tmp_path / "valetkey.db").exists()


def test_a_workspace_is_found_by_id_by_name_or_alone(environ: dict[str, str]) -> None:
    async def work(house: House) -> None:
        with pytest.raises(Missing, match="workspaces create"):
            await workspace(house, None)
        first, _ = await workspaces.create(house, "Acme")
        assert (await workspace(house, None)).id == first.id
        second, _ = await workspaces.create(house, "Beta")
        assert (await workspace(house, second.id)).id == second.id
        assert (await workspace(house, "Acme")).id == first.id
        await workspaces.create(house, "Acme")
        for unclear in (None, "Acme", "Nothing"):
            with pytest.raises(Missing) as refused:
                await workspace(house, unclear)
            assert first.id in refused.value.detail and "--workspace" in refused.value.detail

    with_house(environ, work)
