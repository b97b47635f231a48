"""The reading order in `core/__init__.py` is true: every part stands in it, and imports only from those before it."""

from __future__ import annotations

import ast
from pathlib import Path

import core

ROOT = Path(core.__file__).parent


def told() -> list[str]:
    lines = [line for line in (core.__doc__ or "").splitlines() if line.startswith("    ")]
    return [name.rstrip("/") for line in lines for name in line.strip().split("    ")[0].split("  ") if name]


def files() -> dict[str, list[Path]]:
    """The modules and packages of core, with their files."""
    found: dict[str, list[Path]] = {}
    for path in sorted(ROOT.rglob("*.py")):
        name = path.relative_to(ROOT).parts[0].removesuffix(".py")
        if name != "__init__":
            found.setdefault(name, []).append(path)
    return found


def imported(path: Path) -> set[str]:
    """Parts of core that the file needs when it runs; what stands under TYPE_CHECKING is for readers."""
    tree = ast.parse(path.read_text())
    idle = {
        id(inner)
        for node in ast.walk(tree)
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for inner in ast.walk(node)
    }
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module and id(node) not in idle:
            parts = node.module.split(".")
            if parts[0] == "core":
                names |= {parts[1]} if len(parts) > 1 else {alias.name for alias in node.names}
    return names


def test_every_part_stands_in_the_order_once() -> None:
    assert sorted(told()) == sorted(files())


def test_a_part_imports_only_from_those_before_it() -> None:
    place = {name: index for index, name in enumerate(told())}
    wrong = [
        f"{path.relative_to(ROOT)} imports {other}"
        for name, paths in files().items()
        for path in paths
        for other in sorted(imported(path))
        if place[other] > place[name]
    ]
    assert wrong == []
