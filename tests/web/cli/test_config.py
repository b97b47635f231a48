"""`valetkey config` tells what is in force and everything that is wrong; the program starts without what is heavy."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from web.cli import main

CLEAN = {
    f"VALETKEY_{name}": None
    for name in ("CONFIG", "DATABASE_URL", "KEYRING", "PUBLIC_URL", "CONNECTORS_PATH", "DEVELOPMENT", "LOG")
}


def run(*args: str, **env: str) -> Result:
    return CliRunner().invoke(main, args, env=CLEAN | env, prog_name="valetkey")


def test_every_setting_with_its_source(tmp_path: Path) -> None:
    file = tmp_path / "vk.toml"
    file.write_text('log = "text"\n')
    found = run("config", VALETKEY_PUBLIC_URL="https://keys.example.com", VALETKEY_CONFIG=str(file))
    assert found.exit_code == 0, found.output
    lines = dict(line.split(maxsplit=1) for line in found.output.splitlines())
    assert lines["VALETKEY_PUBLIC_URL"].split() == ["https://keys.example.com", "(environment)"]
    assert lines["VALETKEY_LOG"].split() == ["text", f"({file})"]
    assert lines["VALETKEY_KEYRING"].split()[-1] == "(default)"


def test_as_json() -> None:
    found = run("config", "--json", VALETKEY_DEVELOPMENT="1")
    assert json.loads(found.stdout)["VALETKEY_DEVELOPMENT"] == {"value": "1", "source": "environment"}


def test_faults_are_all_told_on_standard_error_with_exit_code_1() -> None:
    found = run("config", VALETKEY_LOG="xml", VALETKEY_KEYRINGS="x")
    assert found.exit_code == 1 and found.stdout == ""
    for said in (
        "VALETKEY_PUBLIC_URL",
        "VALETKEY_LOG",
        "VALETKEY_KEYRINGS",
        "Did you mean VALETKEY_KEYRING?",
    ):
        assert said in found.stderr


def test_wrong_usage_exits_with_2() -> None:
    for args in (["konfig"], ["config", "--nope"], ["keys", "init", "a", "b"], ["keys", "retire"]):
        found = run(*args)
        assert found.exit_code == 2 and "Try 'valetkey" in found.stderr


def commands(command: click.Command, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    found = [path]
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            inner = command.get_command(context, name)
            assert inner is not None
            found += commands(inner, (*path, name))
    return found


@pytest.mark.parametrize("path", commands(main), ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...]) -> None:
    found = run(*path, "--help")
    assert found.exit_code == 0
    assert len(found.output.splitlines()) > 3 and found.output.startswith("Usage: valetkey")
    assert run(*path, "-h").output == found.output


def test_the_help_needs_nothing_heavy() -> None:
    heavy = [
        "litestar",
        "httpx",
        "aiohttp",
        "cryptography",
        "jinja2",
        "authlib",
        "granian",
        "sqlite3",
        "asyncio",
    ]
    script = (
        "import sys; from web.cli import main; main(['--help'], standalone_mode=False)\n"
        f"print([name for name in {heavy[:-1]!r} if name in sys.modules], file=sys.stderr)"
    )
    found = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert found.stderr.strip() == "[]"
    assert "keys" in found.stdout
