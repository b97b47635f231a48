"""`valetkey doctor`: a line each, what is wrong and how to mend it, exit code 1."""

from __future__ import annotations

import json

from tests.web.cli.test_config import run


def test_all_is_well(settings: dict[str, str]) -> None:
    assert run("workspaces", "create", "Acme", **settings).exit_code == 0
    found = run("doctor", **settings)
    assert found.exit_code == 0 and found.stderr == ""
    lines = found.stdout.splitlines()
    assert len(lines) == 8 and all(line.startswith("ok ") for line in lines)


def test_what_is_wrong_is_told_with_its_mend_and_exit_code_1(settings: dict[str, str]) -> None:
    settings["VALETKEY_KEYRING"] += ".not"
    found = run("doctor", **settings)
    wrong = [line for line in found.stdout.splitlines() if line.startswith("WRONG")]
    assert found.exit_code == 1 and "2 to mend." in found.stderr
    assert len(wrong) == 2 and "valetkey keys init" in wrong[0] and "valetkey serve" in wrong[1]


def test_as_json(settings: dict[str, str]) -> None:
    found = run("doctor", "--json", **settings)
    parts = {one["part"]: one["ok"] for one in json.loads(found.stdout)}
    assert found.exit_code == 1 and parts["key ring"] is True and parts["database"] is False
