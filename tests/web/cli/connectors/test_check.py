"""`valetkey connectors` takes its folders from the settings, wherever they stand."""

from __future__ import annotations

from pathlib import Path

from tests.web.cli.test_config import run

BROKEN = "from core.connector import Connector\n"


def test_a_folder_named_in_the_file_is_looked_at(tmp_path: Path) -> None:
    folder, file = tmp_path / "mine", tmp_path / "vk.toml"
    folder.mkdir()
    (folder / "empty.py").write_text(BROKEN)
    file.write_text(f'connectors_path = ["{folder}"]\n')
    found = run("connectors", "check", VALETKEY_CONFIG=str(file))
    assert found.exit_code == 1 and "there is no Connector in it" in found.stderr


def test_a_folder_that_is_not_there_is_told_as_the_setting_it_is() -> None:
    found = run("connectors", "list", VALETKEY_CONNECTORS_PATH="/nowhere")
    assert found.exit_code == 1 and found.stderr.startswith(
        "Error: VALETKEY_CONNECTORS_PATH: there is no folder"
    )


def test_what_is_built_in_is_right() -> None:
    found = run("connectors", "check")
    assert found.exit_code == 0 and found.stdout.splitlines() == ["hubspot: ok", "jira: ok", "northwind: ok"]
