"""Imports only go down: `web` -> `connectors` -> `core`; pyproject.toml has the rules (tool.importlinter)."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
REACHABLE = ("core.connector", "core.errors", "connectors")


def imported(path: Path) -> set[str]:
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names.add(node.module)
    return names


def test_imports_only_go_down() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [lint, "--no-logo", "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


def test_a_connector_needs_nothing_of_ours_but_the_kit_and_the_errors() -> None:
    """All an author has to learn, and all a hostile connector is handed."""
    strangers = [
        f"{path.name}: {name}"
        for path in sorted((ROOT / "connectors").rglob("*.py"))
        for name in sorted(imported(path))
        if name.split(".")[0] in ("core", "connectors", "web") and not name.startswith(REACHABLE)
    ]
    assert strangers == []


def test_only_the_one_outbound_client_opens_connections() -> None:
    """An address check that another module could go around would be none. Source: SECURITY.md row 17."""
    clients = {"aiohttp", "requests", "urllib.request", "urllib3", "http.client", "httpx_aiohttp"}
    found = {
        str(path.relative_to(ROOT))
        for folder in ("core", "connectors", "web")
        for path in (ROOT / folder).rglob("*.py")
        if imported(path) & clients or re.search(r"httpx\.(Async)?Client\(", path.read_text())
    }
    demo = {path for path in found if path.startswith("web/demo/")}  # programs of their own, not the service
    assert found - demo == {"core/http.py"}
