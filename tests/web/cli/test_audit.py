"""`valetkey audit`: verify finds what was changed and says where; export writes every event."""

from __future__ import annotations

import json
import sqlite3

import pytest

from tests.web.cli.test_config import run


def execute(settings: dict[str, str], sql: str) -> None:
    with sqlite3.connect(settings["VALETKEY_DATABASE_URL"].removeprefix("sqlite:///")) as connection:
        connection.execute(sql)
    connection.close()


@pytest.fixture
def workspace(settings: dict[str, str]) -> str:
    """One whose trail has three events."""
    made = json.loads(run("workspaces", "create", "Acme", "--json", **settings).stdout)
    from core import workspaces
    from core.model import Actor, Policy
    from web.installation import with_house

    actor = Actor("admin", "x", made["workspace"])
    for _ in range(2):
        with_house(settings, lambda house: workspaces.put_policy(house, actor, Policy()))
    return str(made["workspace"])


def test_a_whole_trail_is_unbroken(settings: dict[str, str], workspace: str) -> None:
    found = run("audit", "verify", **settings)
    assert (
        found.exit_code == 0 and found.stdout == f"{workspace}: 3 events, unbroken\n" and found.stderr == ""
    )


@pytest.mark.parametrize(
    ("change", "position"),
    [
        ("UPDATE audit_events SET action = 'x' WHERE seq = 2", 2),
        ("DELETE FROM audit_events WHERE seq = 1", 1),
        ("DELETE FROM audit_events WHERE seq = 3", 3),
        ("UPDATE audit_heads SET count = 2", 2),
    ],
)
def test_a_changed_one_is_named_with_its_position_and_exit_code_1(
    settings: dict[str, str], workspace: str, change: str, position: int
) -> None:
    execute(settings, change)
    found = run("audit", "verify", **settings)
    assert found.exit_code == 1 and f"{workspace}: BROKEN at event {position}" in found.stderr
    assert "checkpoint" in found.stderr


def test_every_workspace_is_walked_or_the_one_that_is_named(settings: dict[str, str], workspace: str) -> None:
    other = json.loads(run("workspaces", "create", "Beta", "--json", **settings).stdout)["workspace"]
    execute(settings, f"DELETE FROM audit_events WHERE workspace = '{other}'")
    both = run("audit", "verify", **settings)
    assert both.exit_code == 1 and workspace in both.stdout and other in both.stderr
    assert run("audit", "verify", "--workspace", "Acme", **settings).exit_code == 0
    assert run("audit", "verify", "--workspace", "Beta", **settings).exit_code == 1
    assert run("audit", "verify", "--workspace", "Nothing", **settings).exit_code == 1


def test_the_export_is_json_lines(settings: dict[str, str], workspace: str) -> None:
    found = run("audit", "export", **settings)
    events = [json.loads(line) for line in found.stdout.splitlines()]
    assert [event["seq"] for event in events] == [1, 2, 3] and {event["workspace"] for event in events} == {
        workspace
    }
    run("workspaces", "create", "Beta", **settings)
    assert run("audit", "export", **settings).exit_code == 1
    assert len(run("audit", "export", "--workspace", "Acme", **settings).stdout.splitlines()) == 3
