"""The commands of docs/operate/audit.md, in their order, as they stand there."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest

from tests.web.cli.test_audit import old_workspace
from tests.web.cli.test_config import run

__all__ = ["old_workspace"]
DOCUMENT = Path(__file__).resolve().parents[3] / "docs/operate/audit.md"
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.MULTILINE | re.DOTALL)


def commands() -> list[str]:
    return [
        line for block in BLOCK.findall(DOCUMENT.read_text()) for line in block.splitlines() if line.strip()
    ]


def test_every_command_does_what_the_document_says(
    settings: dict[str, str], old_workspace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    done = []
    for line in commands():
        words = shlex.split(line, comments=True)
        into = words.index(">") if ">" in words else len(words)
        found = run(*words[1:into], **settings)
        assert words[0] == "valetkey" and found.exit_code == 0, f"{line}: {found.output}"
        if into < len(words):
            Path(words[-1]).write_text(found.stdout)
        done.append((words[2], found.stdout))
    said = [text for name, text in done if name == "prune"]
    assert said == [f"{old_workspace}: 0 months closed, 3 pruned, 13 events deleted\n"]
    assert {path.name for path in tmp_path.iterdir()} >= {
        "acme.jsonl",
        "acme.jsonl.manifest.json",
        "acme-2020-02",
    }
