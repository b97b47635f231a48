"""What a connector brings beside its code: facts with source and date, recordings, a page that tells how to set it up.

`valetkey connectors check` asks for it; the start does not (`core/registry.py`), since an installed connector need not bring its
tests and documents along. Each fault has file, line and mend.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from core import cassettes, rehearsal
from core.connector import Connector, Problem
from core.connector.rules import cassette_problems
from core.errors import ValetkeyError

DRAFT = re.compile(r"(?:#|<!--) DRAFT:\s*(.*?)\s*(?:-->|$)")
MADE = re.compile(r"# (Made against |A recording of the live provider|Made up, )")
_DATE = re.compile(r"\b20\d\d-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])\b")
_SOURCE = re.compile(r"\b(sources?|facts)\b", re.IGNORECASE)


class Home(msgspec.Struct, frozen=True):
    """Where a connector's recordings and its page belong; no page is asked for beside a file that stands in no project."""

    cassettes: Path
    page: Path | None
    built_in: bool


def home(connector: Connector) -> Home:
    """The nearest folder at or above the connector's file that has a `pyproject.toml`, else the file's own."""
    file = Path(connector.place.file)
    above = [parent for parent in list(file.parents)[:3] if (parent / "pyproject.toml").is_file()]
    folder = above[0] if above else file.parent
    pages = [folder / "docs/connectors" / f"{connector.slug}.md", folder / "docs" / f"{connector.slug}.md"]
    there = [page for page in pages if page.is_file()]
    usual = pages[0] if pages[0].parent.is_dir() else pages[1]
    page = there[0] if there else usual if above else None
    return Home(folder / "cassettes", page, built_in=folder / "connectors" == file.parent)


def missing(connector: Connector, shelf: Path | None = None) -> list[Problem]:
    """Everything that is not there or not right. `shelf`: the folder of recordings to demand, the connector's own without."""
    where = home(connector)
    found = [*fact_problems(connector), *draft_problems(Path(connector.place.file))]
    if where.page is not None:
        found += [*page_problems(connector, where.page), *draft_problems(where.page)]
    folder = shelf or (where.cassettes if _wanted(connector, where) else None)
    if folder:
        found += [*cassette_problems(connector, folder), *recording_problems(connector, folder)]
    return sorted(set(found))


def _wanted(connector: Connector, where: Home) -> bool:
    """From the first recording on, all are asked for: a new connector has none yet. One of this repository has."""
    return where.built_in or any((where.cassettes / connector.slug).glob("*.yaml"))


# ---- facts ---------------------------------------------------------------------------------------------------


def fact_problems(connector: Connector) -> Iterator[Problem]:
    """The docstring of its module says where the facts are from, and when they were read there."""
    file = connector.place.file
    try:
        facts = ast.get_docstring(ast.parse(Path(file).read_text())) or ""
    except (OSError, SyntaxError, ValueError):
        return
    if not facts:
        yield Problem(file, 1, "the module has no docstring", "tell there what it is, its sources and limits")
        return
    if not _SOURCE.search(facts):
        yield Problem(file, 1, "the docstring names no source", 'write "Source: <page or description>" in it')
    if not _DATE.search(facts):
        yield Problem(
            file, 1, "the docstring does not say when its source was read", "write the date, as 2026-11-24"
        )


def draft_problems(file: Path) -> Iterator[Problem]:
    """Places that a draft left open, in code or page: `# DRAFT: ...`, `<!-- DRAFT: ... -->`."""
    if not file.is_file():
        return
    for number, line in enumerate(file.read_text().splitlines(), 1):
        if place := DRAFT.search(line):
            yield Problem(
                str(file),
                number,
                f"a draft: {place[1] or 'something is open'}",
                "see to it, and remove the mark",
            )


# ---- the page ------------------------------------------------------------------------------------------------


def page_problems(connector: Connector, page: Path) -> Iterator[Problem]:
    """The page names each tool, each scope a tool needs, and the redirect URI that has to be entered at the provider."""
    if not page.is_file():
        yield Problem(
            connector.place.file,
            connector.place.line,
            f"there is no page that tells how to set {connector.slug} up",
            f"write {page}: what to click in the provider's console",
        )
        return
    text = page.read_text()
    for tool in connector.tools.values():
        if not re.search(rf"`(?:{connector.slug}\.)?{tool.function_name}`", text):
            yield Problem(
                str(page), 1, f"the page does not name `{tool.name}`", "tell what people read of it"
            )
    needed = {scope for tool in connector.tools.values() for scope in tool.all_scopes()}
    for scope in sorted(needed):
        if scope not in text:
            yield Problem(
                str(page), 1, f"the page does not name the scope `{scope}`", "tell which tools need it"
            )
    if not re.search(r"redirect[ _-]ur[il]|callback", text, re.IGNORECASE):
        yield Problem(
            str(page), 1, "the page does not say where the redirect URI goes", "tell where it is entered"
        )


# ---- recordings ----------------------------------------------------------------------------------------------


def recording_problems(connector: Connector, folder: Path) -> Iterator[Problem]:
    """Each recording is one, says what it is, holds nothing like a secret, and plays again where it can by itself."""
    for path in sorted((folder / connector.slug).glob("*.yaml")):
        text = path.read_text()
        if not MADE.match(text):
            yield Problem(
                str(path),
                1,
                "it does not say what it is",
                "begin it with how it was made: live, or against what",
            )
        try:
            held = cassettes.exchanges_of(text)
        except ValueError as error:
            yield Problem(str(path), 1, str(error), "record it anew")
            continue
        for kind, line in cassettes.suspicious(text):
            yield Problem(
                str(path), line, f"something like a secret ({kind})", "record it anew, or take it out"
            )
        if not held:
            yield Problem(str(path), 1, "there is no request in it", "record it anew")
        yield from _unplayable(connector, path, text)


def _unplayable(connector: Connector, path: Path, text: str) -> Iterator[Problem]:
    call = cassettes.call_of(text)
    if call is None or f"{connector.slug}.{call.tool}" not in connector.tools:
        return
    wanted, got = rehearsal.ENDINGS.get(call.case, ("ok",)), "ok"
    try:
        rehearsal.replay(connector, text)
    except ValetkeyError as error:
        got = error.code
    if got not in wanted:
        yield Problem(
            str(path), 1, f"it does not play again as {call.case!r}: it ends with {got}", "record it anew"
        )
