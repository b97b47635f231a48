"""docs/connectors/northwind.md, "Try it from the command line": its commands as they stand, on ports that are free."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.harness.ports import free_port
from tests.harness.service import ROOT, clean_environment
from tests.harness.waiting import until
from tests.harness.walker import Walker
from tests.web.cli.connectors.person import ADDRESS

PAGE = (ROOT / "docs/connectors/northwind.md").read_text()
SECTION = PAGE.partition("## Try it from the command line\n")[2].partition("\n## ")[0]
NORTHWIND, TRY = (
    re.sub(r"^\$ ", "", block, flags=re.MULTILINE)
    for block in re.findall(r"^```console\n(.*?)^```", SECTION, re.MULTILINE | re.DOTALL)
)
PERSON, PASSWORD = re.findall(r"Sign in as `(\S+)` with `(\S+)`", SECTION)[0]


@contextmanager
def typed(commands: str, folder: Path, name: str) -> Iterator[subprocess.Popen[bytes]]:
    """Pasted into a terminal; what is printed stands in `name`.out and `name`.err."""
    *before, last = commands.replace("\\\n", "").strip().splitlines()
    programs = f'valetkey() {{ exec "{sys.executable}" -m web.cli "$@"; }}\npython() {{ exec "{sys.executable}" "$@"; }}\n'
    script = programs + "\n".join([*before, last])
    with (folder / f"{name}.out").open("wb") as out, (folder / f"{name}.err").open("wb") as err:
        env = {**clean_environment(), "BROWSER": "true", "PYTHONUNBUFFERED": "1"}
        child = subprocess.Popen(
            ["bash", "-euc", script], cwd=ROOT, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err
        )
        try:
            yield child
        finally:
            child.kill()
            child.wait(10)


@pytest.fixture
def ports() -> dict[str, str]:
    return {"8001": str(free_port()), "8765": str(free_port())}


def test_the_commands_of_the_page_print_two_contacts(tmp_path: Path, ports: dict[str, str]) -> None:
    def here(commands: str) -> str:
        return re.sub(r"\b(8001|8765)\b", lambda found: ports[found[1]], commands)

    with typed(here(NORTHWIND), tmp_path, "northwind"):
        until(lambda: "Northwind at" in (tmp_path / "northwind.out").read_text(), within_s=20)
        with typed(here(TRY), tmp_path, "try") as child, Walker() as person:
            said = tmp_path / "try.err"
            until(lambda: ADDRESS.search(said.read_text()) or child.poll() is not None, within_s=20)
            address = ADDRESS.search(said.read_text())
            assert address, said.read_text()
            person.open(address[0])
            person.submit("/sign-in", email=PERSON, password=PASSWORD)
            person.submit("/oauth/authorize", decision="allow")
            assert child.wait(20) == 0, said.read_text()
    assert len(json.loads((tmp_path / "try.out").read_text())["items"]) == 2
    assert f"Signed in as {PERSON}" in said.read_text() and "The tokens are ended" in said.read_text()
