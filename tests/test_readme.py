"""The five minutes of README.md, as they stand there, against the running demo; the person's part by a walker."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import missing
from tests.harness.ports import free_port
from tests.harness.processes import Child
from tests.harness.service import ROOT, clean_environment
from tests.harness.walker import Walker

SECTION = re.compile(r"^## Your own assistant in five minutes$(.*?)^## ", re.MULTILINE | re.DOTALL)
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)
PLACEHOLDER = re.compile(r"\b([A-Z_]+)=(?:[a-z]+_)?\.\.\.")


class Reader:
    """Somebody who pastes the blocks one after the other and fills in what stands as `...`."""

    def __init__(self, port: int) -> None:
        self.blocks = BLOCK.findall(SECTION.findall((ROOT / "README.md").read_text())[0])
        self.port = port
        self.known: dict[str, str] = {}

    def paste(self) -> list[dict[str, Any]]:
        """The JSON answers of the next block, one for each command."""
        text = self.blocks.pop(0).replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        text = PLACEHOLDER.sub(lambda found: f"{found[1]}={self.known[found[1]]}", text)
        env = {name: value for name, value in os.environ.items() if "proxy" not in name.lower()}
        script = ["bash", "-euc", text.replace("curl -sS", "curl -sS -w '\\n' --noproxy '*'")]
        done = subprocess.run(script, env={**env, **self.known}, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return [json.loads(line) for line in done.stdout.splitlines() if line.strip()]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Child]:
    if shutil.which("curl") is None:
        missing("curl", "apt-get install curl")
    port = free_port(3)
    command = [sys.executable, "-m", "web.cli", "demo", "--port", str(port)]
    child = Child(command, tmp_path / "demo.log", env=clean_environment(), cwd=ROOT)
    child.wait_until(lambda: "Ctrl-C stops everything" in child.output(), within_s=60)
    yield child
    child.stop()


def test_the_five_minutes_go_as_they_are_written(demo: Child) -> None:
    [port] = re.findall(r"127\.0\.0\.1:(\d+)/schema", demo.output())
    reader = Reader(int(port))
    reader.known["WORKSPACE_KEY"] = re.findall(r"vkw_\w+", demo.output())[0]
    [made] = reader.paste()
    reader.known["KEY"] = made["key"]
    [refused] = reader.paste()
    assert (refused["code"], refused["missing_tools"]) == ("consent_required", ["northwind.find_deals"])
    reader.known |= the_persons_part(refused["connect"]["url"])
    [confirmed] = reader.paste()
    reader.known["GRANT"] = confirmed["grant"]["id"]
    answer, stopped = reader.paste()
    assert answer["result"]["items"]
    assert (stopped["status"], stopped["upstream"]) in {("revoked", "revoked"), ("revoked", "pending")}
    assert reader.blocks == []


def the_persons_part(url: str) -> dict[str, str]:
    with Walker() as walker:
        walker.open(url)
        walker.submit("/approve")
        walker.submit("/sign-in", email="ada@northwind.example", password="northwind-demo")
        page = walker.submit("/oauth/authorize", decision="allow")
        assert page.left_to is not None
        assert page.left_to.startswith("https://bot.example/connected?")
        return {"SESSION": page.query["session"], "CODE": page.query["code"]}
