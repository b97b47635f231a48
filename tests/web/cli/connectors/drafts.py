"""Drafts of connectors, as `valetkey connectors new` writes them: made, loaded, and their own tests run."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from click.testing import Result

from core import registry
from core.connector import Connector, Problem
from tests.harness.service import ROOT, clean_environment
from tests.web.cli.test_config import run

QUAY = Path(__file__).parent / "descriptions/quay.yaml"
EVERY = "listShips,registerShip,getShip,scrap-ship,searchShips"
# What only a person can write, in the words of `check`.
WORDS = ("does not say what it sees", "does not say what it changes", "has no title or description")


def new(*words: str) -> Result:
    return run("connectors", "new", *words, "--no-ask")


def made(root: Path) -> tuple[Connector, list[Problem]]:
    """The connector of a package, and what is wrong with it by the rules."""
    [source] = [path for path in root.glob("valetkey_connector_*/*.py") if path.name != "__init__.py"]
    found, faults = registry.search([str(source.parent)])
    [one] = [connector for connector in found if connector.place.file == str(source.resolve())]
    return one, [fault for fault in faults if fault.file == one.place.file]


def quay(tmp_path: Path, *words: str, operations: str = EVERY) -> Path:
    root = tmp_path / "quay"
    done = new("quay", "--from-openapi", str(QUAY), "--operations", operations, "--into", str(root), *words)
    assert done.exit_code == 0, done.output
    return root


def own_tests(*roots: Path) -> subprocess.CompletedProcess[str]:
    """The generated tests, as their owner would run them."""
    env = {**clean_environment(), "PYTHONPATH": os.pathsep.join(map(str, (ROOT, *roots)))}
    options = ["-q", "-p", "no:cacheprovider", "--import-mode=importlib", f"--rootdir={roots[0].parent}"]
    return subprocess.run(
        [sys.executable, "-m", "pytest", *options, *(str(root / "tests") for root in roots)],
        cwd=roots[0].parent,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
