"""`valetkey audit`: verify finds what was changed and says where; export writes every event."""

from __future__ import annotations

import json
import sqlite3
from pathlib import Path

import pytest

from core.clock import parse_rfc3339
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


def history(settings: dict[str, str], workspace: str, *months: str, each: int = 4) -> None:
    """Events written in these months, the clock turned back for it."""
    from core.model import Actor, Entry
    from web.installation import with_house

    async def write(house) -> None:
        for month in months:
            house.clock.offset_ms += parse_rfc3339(f"{month}-15T00:00:00Z") - house.now_ms()
            entries = [Entry(Actor("admin", "x", workspace), "note.written") for _ in range(each)]
            await house.write(lambda tx, entries=entries: house.log(tx, *entries))

    with_house(settings, write)


@pytest.fixture
def old_workspace(settings: dict[str, str]) -> str:
    """Thirteen events: five, four and four in January, February and March of 2020."""
    from core import workspaces
    from core.clock import Clock
    from web.installation import with_house

    async def make(house) -> str:
        house.clock.offset_ms = parse_rfc3339("2020-01-01T00:00:00Z") - Clock().now_ms()
        return (await workspaces.create(house, "Acme"))[0].id

    made = with_house(settings, make)
    history(settings, made, "2020-01", "2020-02", "2020-03")
    return made


def test_the_retention_is_shown_set_and_followed(settings: dict[str, str], old_workspace: str) -> None:
    shown = run("audit", "retention", "Acme", **settings)
    assert shown.stdout == f"{old_workspace} (Acme) keeps its audit events for ever.\n"
    pruned = run("audit", "prune", **settings)
    assert pruned.stdout == f"{old_workspace}: 3 months closed, 0 pruned, 0 events deleted\n"
    set_ = run("audit", "retention", "Acme", "--months", "24", **settings)
    assert set_.exit_code == 0 and "for at least 24 whole months" in set_.stdout
    pruned = run("audit", "prune", "--workspace", "Acme", **settings)
    assert pruned.stdout == f"{old_workspace}: 0 months closed, 3 pruned, 13 events deleted\n"
    lines = run("audit", "retention", **settings).stdout.splitlines()[1:]
    assert [line.split()[:5] for line in lines] == [
        ["2020-01", "pruned", "events", "1", "to"],
        ["2020-02", "pruned", "events", "6", "to"],
        ["2020-03", "pruned", "events", "10", "to"],
    ]
    found = run("audit", "verify", **settings)
    assert found.exit_code == 0 and "17 events, unbroken; events 1 to 13 were pruned" in found.stdout
    assert "for ever" in run("audit", "retention", "--forever", **settings).stdout


def test_a_retention_that_means_nothing_is_refused(settings: dict[str, str], old_workspace: str) -> None:
    for options in (["--months", "0"], ["--months", "x"], ["--months", "3", "--forever"]):
        assert run("audit", "retention", "Acme", *options, **settings).exit_code == 2
    assert run("audit", "retention", "Nobody", "--months", "3", **settings).exit_code == 1


def test_pruning_stops_at_a_broken_trail_and_says_where(settings: dict[str, str], old_workspace: str) -> None:
    execute(settings, "UPDATE audit_events SET action = 'x' WHERE seq = 7")
    found = run("audit", "prune", **settings)
    assert found.exit_code == 1 and "event 7" in found.stderr and "valetkey audit verify" in found.stderr


def test_pruning_waits_for_nobody(settings: dict[str, str], old_workspace: str) -> None:
    run("audit", "prune", **settings)
    execute(settings, "UPDATE audit_turns SET until = 9007199254740991")
    found = run("audit", "prune", **settings)
    assert found.exit_code == 1 and "Another process" in found.stderr


# ---- exports ------------------------------------------------------------------------------------------------------


def nowhere(settings: dict[str, str]) -> dict[str, str]:
    """The key ring, and a database that is not there."""
    return settings | {"VALETKEY_DATABASE_URL": "sqlite:////nonexistent/valetkey.db"}


@pytest.mark.parametrize("form", ["jsonl", "parquet"])
def test_an_export_is_made_lengthened_and_verified_without_the_database(
    settings: dict[str, str], workspace: str, tmp_path: Path, form: str
) -> None:
    out = str(tmp_path / "acme")
    command = ("audit", "export", "Acme", "--out", out, "--format", form, "--resume")
    assert run(*command, **settings).stdout == f"3 events, 1 to 3, in {out}.\n"
    history(settings, workspace, "2031-01")
    assert run(*command, **settings).stdout == f"7 events, 1 to 7, in {out}.\n"
    found = run("audit", "verify", "--file", out, **nowhere(settings))
    assert found.exit_code == 0, found.output
    assert found.stdout == f"{out}: events 1 to 7 of {workspace}, unbroken\n"
    again = run(*command[:-1], **settings)
    assert again.exit_code == 1 and "--resume" in again.stderr


def test_a_changed_export_is_named_with_its_position_and_exit_code_1(
    settings: dict[str, str], workspace: str, tmp_path: Path
) -> None:
    out = tmp_path / "acme.jsonl"
    run("audit", "export", "--out", str(out), **settings)
    out.write_text(out.read_text().replace('"seq":2', '"seq":3', 1))
    found = run("audit", "verify", "--file", str(out), **nowhere(settings))
    assert found.exit_code == 1 and "BROKEN at event 2" in found.stderr


def test_a_checkpoint_shows_that_the_trail_or_an_export_still_contains_it(
    settings: dict[str, str], workspace: str, tmp_path: Path
) -> None:
    kept, out = tmp_path / "checkpoint.json", str(tmp_path / "acme.jsonl")
    kept.write_text(run("audit", "checkpoint", "Acme", **settings).stdout)
    assert json.loads(kept.read_text())["count"] == 3
    history(settings, workspace, "2031-01")
    found = run("audit", "verify", "--checkpoint", str(kept), **settings)
    assert found.stdout == f"{workspace}: 7 events, unbroken; contains the checkpoint at event 3\n"
    run("audit", "export", "--out", out, **settings)
    bare = nowhere(settings) | {"VALETKEY_KEYRING": "/nonexistent/ring.json"}
    found = run("audit", "verify", "--file", out, "--checkpoint", str(kept), **bare)
    assert "the checkpoint vouches for those up to 3" in found.stdout and found.exit_code == 0
    found = run("audit", "verify", "--file", out, **bare)
    assert found.exit_code == 1 and "nothing vouches" in found.stderr


def test_a_trail_rebuilt_from_an_older_copy_does_not_contain_the_checkpoint(
    settings: dict[str, str], workspace: str, tmp_path: Path
) -> None:
    """The older copy is whole by itself; only the checkpoint knows of more."""
    database = Path(settings["VALETKEY_DATABASE_URL"].removeprefix("sqlite:///"))
    older, kept = database.read_bytes(), tmp_path / "checkpoint.json"
    history(settings, workspace, "2031-01")
    kept.write_text(run("audit", "checkpoint", **settings).stdout)
    database.write_bytes(older)
    for beside in database.parent.glob(f"{database.name}-*"):
        beside.unlink()
    assert run("audit", "verify", **settings).exit_code == 0
    found = run("audit", "verify", "--checkpoint", str(kept), **settings)
    assert found.exit_code == 1 and "BROKEN at event 4" in found.stderr and "event 7" in found.stderr
    history(settings, workspace, "2031-02", each=6)
    found = run("audit", "verify", "--checkpoint", str(kept), **settings)
    assert found.exit_code == 1 and "event 7 is not the one of the checkpoint" in found.stderr


def test_a_checkpoint_of_a_pruned_event_is_to_be_compared_with_an_export(
    settings: dict[str, str], old_workspace: str, tmp_path: Path
) -> None:
    kept = tmp_path / "checkpoint.json"
    checkpoint = json.loads(run("audit", "checkpoint", **settings).stdout)
    run("audit", "retention", "Acme", "--months", "1", **settings)
    run("audit", "prune", **settings)
    kept.write_text(json.dumps(checkpoint | {"count": checkpoint["count"] - 1}))
    found = run("audit", "verify", "--checkpoint", str(kept), **settings)
    assert found.exit_code == 1 and "was pruned" in found.stderr
    kept.write_text(json.dumps(checkpoint))  # of the last event of a month, whose hash stays
    assert run("audit", "verify", "--checkpoint", str(kept), **settings).exit_code == 0


def test_wrong_ways_to_ask_for_an_export_are_refused(
    settings: dict[str, str], workspace: str, tmp_path: Path
) -> None:
    out = str(tmp_path / "x")
    for options in (
        ["--format", "parquet"],
        ["--month", "2031-01"],
        ["--resume"],
        ["--out", out, "--month", "November"],
        ["--out", out, "--month", "2031-01", "--after", "evt_x"],
        ["--out", out, "--format", "xml"],
    ):
        assert run("audit", "export", "Acme", *options, **settings).exit_code == 2, options
    found = run("audit", "export", "--out", str(tmp_path / "no" / "x"), **settings)
    assert found.exit_code == 1 and "no folder" in found.stderr
