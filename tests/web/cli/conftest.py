"""`settings`: the environment of an installation with a key ring, in a folder of its own."""

from __future__ import annotations

from pathlib import Path

import pytest

from core.vault import KeyRing


@pytest.fixture
def settings(tmp_path: Path) -> dict[str, str]:
    KeyRing.init(tmp_path / "keyring.json")
    return {
        "VALETKEY_KEYRING": str(tmp_path / "keyring.json"),
        "VALETKEY_DATABASE_URL": f"sqlite:///{tmp_path / 'valetkey.db'}",
        "VALETKEY_PUBLIC_URL": "https://keys.acme.example",
    }
