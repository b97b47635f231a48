"""What is installed is what was meant: three packages, their data, locks that tie nobody to one index."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
import zipfile
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
LOCKS = ["requirements.lock", "requirements-dev.lock"]
OURS = {"core", "connectors", "web"}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    folder = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    [built] = folder.glob("*.whl")
    return zipfile.ZipFile(built)


def locked(lock: str) -> dict[str, int]:
    """Every pinned package of a lock with the number of its hashes."""
    pins: dict[str, int] = {}
    for block in re.split(r"\n(?=\S)", (ROOT / lock).read_text()):
        if match := re.match(r"([A-Za-z0-9._-]+)==", block):
            pins[canonicalize_name(match[1])] = block.count("--hash=sha256:")
    return pins


def test_the_wheel_holds_exactly_the_three_packages(wheel: zipfile.ZipFile) -> None:
    tops = {name.split("/")[0] for name in wheel.namelist()}
    assert {top for top in tops if not top.endswith(".dist-info")} == OURS


def test_the_wheel_holds_every_file_of_the_packages_that_git_knows(wheel: zipfile.ZipFile) -> None:
    """Templates, styles, SQL and demo data included; nothing that only lies about."""
    listed = subprocess.run(
        ["git", "ls-files", *sorted(OURS)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    packed = {name for name in wheel.namelist() if name.split("/")[0] in OURS}
    tracked = {name for name in listed.stdout.splitlines() if (ROOT / name).is_file()}
    assert tracked - packed == set()


def test_the_wheel_holds_the_setup_page_of_every_connector(wheel: zipfile.ZipFile) -> None:
    """Beside the connectors' files, where `core.evidence.home` looks for the page of one that stands in no project."""
    pages = {page.name: page.read_bytes() for page in (ROOT / "docs/connectors").glob("*.md")}
    assert len(pages) > 12
    assert {name: wheel.read(f"connectors/docs/{name}") for name in pages} == pages


def test_the_wheel_brings_the_command(wheel: zipfile.ZipFile) -> None:
    [scripts] = [name for name in wheel.namelist() if name.endswith("entry_points.txt")]
    assert "valetkey = web.cli:main" in wheel.read(scripts).decode()


def test_no_locked_dependency_takes_one_of_our_names() -> None:
    """`core`, `connectors` and `web` are plain names: whoever else brought one would overwrite ours."""
    clashes = []
    for lock in LOCKS:
        for name in locked(lock):
            try:
                files = metadata.distribution(name).files or []
            except metadata.PackageNotFoundError:
                continue  # for another platform
            clashes += [
                f"{name}: {top}"
                for top in {file.parts[0] for file in files}
                if top.removesuffix(".py") in OURS
            ]
    assert clashes == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_names_no_address(lock: str) -> None:
    text = (ROOT / lock).read_text()
    assert re.search(r"https?:|file:|://|--(extra-)?index-url|--find-links|--trusted-host", text) is None


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_has_hashes_for_every_platform(lock: str) -> None:
    """A single hash would be that of one machine's own wheel; aiohttp has many."""
    pins = locked(lock)
    assert pins["aiohttp"] > 20
    assert [name for name, hashes in pins.items() if hashes == 0] == []


@pytest.mark.parametrize("lock", LOCKS)
def test_a_lock_satisfies_pyproject(lock: str) -> None:
    wanted = list(PROJECT["project"]["dependencies"])
    if "dev" in lock:
        wanted += PROJECT["dependency-groups"]["dev"]
        wanted += [one for group in PROJECT["project"]["optional-dependencies"].values() for one in group]
    text = (ROOT / lock).read_text()
    for requirement in map(Requirement, wanted):
        pinned = re.search(rf"^{re.escape(canonicalize_name(requirement.name))}==(\S+)", text, re.MULTILINE)
        assert pinned, f"{requirement.name} is not in {lock}: make lock"
        assert requirement.specifier.contains(pinned[1]), (
            f"{requirement} is not met by {pinned[1]} in {lock}: make lock"
        )


def test_both_locks_agree() -> None:
    pins = [
        set(re.findall(r"^[A-Za-z0-9._-]+==\S+", (ROOT / lock).read_text(), re.MULTILINE)) for lock in LOCKS
    ]
    assert pins[0] - pins[1] == set()


def test_npm_packages_are_locked_without_addresses() -> None:
    assert '"resolved"' not in (ROOT / "tests/node/package-lock.json").read_text()
    assert not (ROOT / "uv.lock").exists()
