"""The connectors this process knows: the built-in list, installed packages, folders of files.

Every module-level `Connector` counts. Nothing that is wrong stops the search: all problems are told together, each with
file, line and mend. Files of a folder are loaded one by one under names of their own; they do not import each other.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import sys
import traceback
from collections.abc import Iterator, Sequence
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from core.connector import Connector, Problem, Tool
from core.connector.rules import cassette_problems, problems
from core.errors import UnknownConnector, UnknownTool, ValetkeyError

__all__ = ["Registry", "RegistryError", "cassette_problems", "load", "problems", "search"]

GROUP = "valetkey.connectors"
BUILT_IN = "connectors"


class RegistryError(ValetkeyError):
    """One line for each problem: `file:line: what: mend`."""

    title = "A connector cannot be used"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in problems))
        self.problems = tuple(problems)


class Registry:
    """Connectors by slug, tools by name. Fixed once made."""

    def __init__(self, connectors: dict[str, Connector]) -> None:
        self.connectors = connectors
        self._tools: dict[str, Tool] = {}
        for connector in connectors.values():
            for name, tool in connector.tools.items():
                self._tools[name] = self._tools[name.replace(".", "__", 1)] = tool

    def connector(self, slug: str) -> Connector:
        try:
            return self.connectors[slug]
        except KeyError:
            raise UnknownConnector(f"There is no connector `{slug[:100]}` in this build") from None

    def tool(self, name: str) -> Tool:
        """By `hubspot.search_contacts`, or `hubspot__search_contacts` as the model vendors write it."""
        try:
            return self._tools[name]
        except KeyError:
            raise UnknownTool(f"There is no tool `{name[:100]}` in this build") from None


def load(paths: Sequence[str] = (), *, development: bool = False) -> Registry:
    """Every connector that can be found. Raises RegistryError when one of them, or one of the places, is not right."""
    found, faults = search(paths, development=development)
    if faults:
        raise RegistryError(faults)
    return Registry({connector.slug: connector for connector in found})


def search(paths: Sequence[str] = (), *, development: bool = False) -> tuple[list[Connector], list[Problem]]:
    """Every connector that can be loaded, right or not, and everything that is wrong with any of them or their places."""
    found: list[Connector] = []
    faults: list[Problem] = []
    for source in (_built_in(), _installed(), _in_folders(paths)):
        for one in source:
            if isinstance(one, Problem):
                faults.append(one)
            elif not any(one is known for known in found):
                found.append(one)
    faults += [fault for connector in found for fault in problems(connector, development=development)]
    faults += _doubles(found)
    return found, sorted(set(faults))


def _doubles(found: Sequence[Connector]) -> Iterator[Problem]:
    first: dict[str, Connector] = {}
    for connector in found:
        known = first.setdefault(connector.slug, connector)
        if known is not connector:
            where = f"{known.place.file}:{known.place.line}"
            yield connector.place.problem(
                f"the slug {connector.slug!r} is taken by {where}", "choose another slug"
            )


def _of_module(module: ModuleType) -> list[Connector]:
    return [value for value in vars(module).values() if isinstance(value, Connector)]


# ---- the three places ---------------------------------------------------------------------------------------


def _built_in() -> Iterator[Connector | Problem]:
    """By name, not by import: core does not know its connectors, it is told of them (`connectors/__init__.py`)."""
    listing = importlib.import_module(BUILT_IN)
    for name in listing.CONNECTORS:
        yield from _imported(name, str(listing.__file__))


def _imported(name: str, listed_in: str) -> Iterator[Connector | Problem]:
    try:
        module = importlib.import_module(name)
    except (
        Exception,
        SystemExit,
    ) as error:  # somebody else's code runs here, and may raise whatever it likes
        yield _broken(error, listed_in)
        return
    yield from _of_module(module)


def _installed() -> Iterator[Connector | Problem]:
    for entry in entry_points(group=GROUP):
        yield from _entered(entry)


def _entered(entry: EntryPoint) -> Iterator[Connector | Problem]:
    where = f"entry point {GROUP}:{entry.name}"
    try:
        loaded: Any = entry.load()
    except (Exception, SystemExit) as error:  # as above
        yield _broken(error, where)
        return
    found = [loaded] if isinstance(loaded, Connector) else []
    if isinstance(loaded, ModuleType):
        found = _of_module(loaded)
    if not found:
        yield Problem(where, 0, "it names no Connector", "let it name a module that holds one, or the object")
    yield from found


def _in_folders(paths: Sequence[str]) -> Iterator[Connector | Problem]:
    for path in paths:
        folder = Path(path)
        if not folder.is_dir():
            yield Problem(path, 0, "there is no such folder", "correct VALETKEY_CONNECTORS_PATH")
            continue
        for file in sorted(folder.glob("*.py")):
            if not file.name.startswith("_"):
                yield from _in_file(file.resolve())


def _in_file(file: Path) -> Iterator[Connector | Problem]:
    digest = hashlib.sha256(str(file).encode()).hexdigest()[:12]
    name = f"valetkey_connector_{digest}_{file.stem}"
    spec = importlib.util.spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        yield Problem(str(file), 0, "this is no Python file", "remove it, or begin its name with `_`")
        return
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:  # as above
        del sys.modules[name]
        yield _broken(error, str(file))
        return
    found = _of_module(module)
    if not found:
        yield Problem(
            str(file), 1, "there is no Connector in it", "make one, or begin the file's name with `_`"
        )
    yield from found


def _broken(error: BaseException, where: str) -> Problem:
    """The line that failed: of the file itself where it is in the trace, else the last one. Never the trace."""
    file, line = where, 0
    if isinstance(error, SyntaxError) and error.filename:
        file, line = error.filename, error.lineno or 0
    elif frames := traceback.extract_tb(error.__traceback__):
        own = [frame for frame in frames if frame.filename == where] or [
            frame for frame in frames if "importlib" not in frame.filename and frame.filename != __file__
        ]
        if own:
            file, line = own[-1].filename, own[-1].lineno or 0
    said = str(error).split("\n")[0][:200]
    return Problem(file, line, f"it cannot be loaded ({type(error).__name__}: {said})", "mend that line")
