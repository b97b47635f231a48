"""What the documents say is true: versions, links, commands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "tests").glob("*.md")])
FENCE = re.compile(r"^```(?:sh|bash|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def relative(path: Path) -> str:
    return str(path.relative_to(ROOT))


def commands(word: str) -> set[str]:
    """Every command line in the documents that begins with `word`."""
    found: set[str] = set()
    for document in DOCUMENTS:
        for block in FENCE.findall(document.read_text()):
            lines = block.replace("\\\n", " ").splitlines()
            found.update(
                line.strip().removeprefix("$ ")
                for line in lines
                if line.strip().removeprefix("$ ").startswith(word)
            )
    return found


def test_the_changelogs_newest_version_is_that_of_pyproject() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    newest = re.search(r"^## (?:\[)?(\d+\.\d+\.\d+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest, "CHANGELOG.md names no version"
    assert newest[1] == version


@pytest.mark.parametrize("document", DOCUMENTS, ids=relative)
def test_every_relative_link_leads_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text(), flags=re.MULTILINE | re.DOTALL)
    targets = re.findall(r"\]\(([^)\s]+)\)", text) + re.findall(r'(?:src|href)="([^"]+)"', text)
    local = [target.split("#")[0] for target in targets if not re.match(r"[a-z]+:|#", target)]
    assert [target for target in local if not (document.parent / target).exists()] == []


def test_every_make_target_the_documents_name_exists() -> None:
    makefile = (ROOT / "Makefile").read_text()
    words = [shlex.split(line, comments=True) for line in commands("make ")]
    targets = {word for line in words for word in line[1:] if "=" not in word}
    assert {target for target in targets if not re.search(rf"^{target}:", makefile, re.MULTILINE)} == set()


def test_every_valetkey_command_the_documents_name_exists() -> None:
    """Each is asked for its help, so that a renamed command or option is noticed."""
    wrong = []
    for line in sorted(commands("valetkey ")):
        words = shlex.split(line.split("|")[0].split(">")[0], comments=True)[1:]
        names = [word for word in words if re.fullmatch(r"[a-z][a-z-]*", word)]
        options = [word.split("=")[0] for word in words if word.startswith("--")]
        shown = help_of(names)
        wrong += [line for option in options if option not in shown] if shown else [line]
    assert wrong == []


def test_every_threat_of_the_security_page_has_its_attack_and_the_other_way_round() -> None:
    told = {
        int(number)
        for number in re.findall(r"^\| (\d+) \|", (ROOT / "SECURITY.md").read_text(), re.MULTILINE)
    }
    tried = {int(path.name.split("_")[1]) for path in (ROOT / "tests/attacks").glob("test_*.py")}
    assert told == tried


def help_of(names: list[str]) -> str:
    """The help of the longest command that `names` begin with; empty when there is none."""
    for count in range(min(len(names), 2), 0, -1):
        command = [sys.executable, "-m", "web.cli", *names[:count], "--help"]
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode == 0:
            return done.stdout
    return ""
