"""Every named statement is valid on the schema the migrations make, and the program names no other."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import pytest

from core.store.statements import load, migrations

ROOT = Path(__file__).resolve().parents[3]
# `await tx.one("name", ...)`, also with the name on a line of its own
NAMED = re.compile(r"\.(?:one|some|all|run|run_many)\(\s*(\"\w+\"(?:\s*if\s+\w+\s+else\s+\"\w+\")?)")


@pytest.fixture(scope="module")
def empty() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:")
    for _, _, sql in migrations():
        connection.executescript(sql)
    return connection


@pytest.mark.parametrize("name", load())
def test_it_is_valid_on_the_schema(empty: sqlite3.Connection, name: str) -> None:
    sql = load()[name]
    values = dict.fromkeys(re.findall(r"(?<!:):([a-z_0-9]+)", sql))
    empty.execute(f"EXPLAIN {sql}", values)


def test_it_is_in_the_subset_both_engines_have() -> None:
    foreign = re.compile(r"INSERT OR|REPLACE INTO|AUTOINCREMENT|GLOB|datetime\(|strftime|rowid|IFNULL", re.I)
    assert [name for name, sql in load().items() if foreign.search(sql)] == []


def program() -> list[str]:
    """Our own Python files; `one` and `all` mean something else in the authorization server."""
    files = [*(ROOT / "core").rglob("*.py"), *(ROOT / "web").rglob("*.py")]
    return [path.read_text() for path in files if "authserver" not in path.parts]


def test_every_name_the_program_uses_is_there_and_every_one_there_is_used() -> None:
    used = {
        name for text in program() for found in NAMED.findall(text) for name in re.findall(r'"(\w+)"', found)
    }
    assert len(used) > 60 and used - set(load()) == set()
    named = set(re.findall(r'"(\w+)"', "\n".join(program())))
    assert set(load()) - named == set()


def test_the_migrations_are_numbered_without_a_gap() -> None:
    assert [number for number, _, _ in migrations()] == list(range(1, len(migrations()) + 1))


def test_every_tenants_table_names_its_workspace(empty: sqlite3.Connection) -> None:
    tables = [row[0] for row in empty.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    without = {
        table
        for table in tables
        if "workspace" not in {row[1] for row in empty.execute(f"PRAGMA table_info({table})")}
    }
    assert without <= {"authority", "workspaces", "migrations", "sqlite_sequence"}
