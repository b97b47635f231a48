"""`valetkey workspaces`: make one and see its key once; works on a new database and beside a running server."""

from __future__ import annotations

import json
import sqlite3

import httpx

from core.ids import is_id, parse_key
from tests.harness.service import Service
from tests.web.cli.test_config import run


def test_create_migrates_and_shows_the_key_once(settings: dict[str, str]) -> None:
    made = run("workspaces", "create", "Acme", "--json", **settings)
    assert made.exit_code == 0 and len(made.stdout.splitlines()) == 1
    found = json.loads(made.stdout)
    assert set(found) == {"workspace", "key"} and is_id(found["workspace"], "ws")
    assert (parse_key(found["key"]) or ("",))[0] == "vkw"
    with sqlite3.connect(settings["VALETKEY_DATABASE_URL"].removeprefix("sqlite:///")) as connection:
        assert found["key"] not in "".join(connection.iterdump())
    connection.close()


def test_create_tells_a_person_what_comes_next(settings: dict[str, str]) -> None:
    said = run("workspaces", "create", "Acme ‮Inc", **settings).stdout
    assert "Acme Inc" in said and "vkw_" in said and "valetkey sign-in-link" in said


def test_a_workspace_needs_a_name(settings: dict[str, str]) -> None:
    found = run("workspaces", "create", " ", **settings)
    assert found.exit_code == 1 and "needs a name" in found.stderr


def test_the_list(settings: dict[str, str]) -> None:
    assert "valetkey workspaces create" in run("workspaces", "list", **settings).stdout
    made = json.loads(run("workspaces", "create", "Acme", "--json", **settings).stdout)
    assert run("workspaces", "list", **settings).stdout == f"{made['workspace']}  Acme\n"
    listed = json.loads(run("workspaces", "list", "--json", **settings).stdout)
    assert listed == [{"workspace": made["workspace"], "name": "Acme"}]


def test_it_works_beside_a_running_server(service: Service) -> None:
    made = json.loads(service.cli("workspaces", "create", "Beside", "--json").stdout)
    answer = httpx.get(
        f"{service.url}/v1/policy", headers={"Authorization": f"Bearer {made['key']}"}, trust_env=False
    )
    assert answer.status_code == 200
