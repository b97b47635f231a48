"""Which files a new connector has, where they go, and what stands in them at first."""

from __future__ import annotations

import ast
import functools
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import msgspec

from web.cli import Failed
from web.cli.connectors import code, examples
from web.cli.connectors.draft import Draft
from web.cli.connectors.shapes import literal

formatted = code.formatted


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """`folder`: where the module is; `listing`: the file that names built-in connectors."""

    module: str
    folder: Path
    source: Path
    test: Path
    page: Path
    cassettes: Path
    package: str = ""
    root: Path | None = None
    listing: Path | None = None


def package(draft: Draft, into: Path | None) -> Place:
    """A project of its own: for VALETKEY_CONNECTORS_PATH while it is written, installed when it is done."""
    root = into or Path(f"valetkey-connector-{draft.slug.replace('_', '-')}")
    name = f"valetkey_connector_{draft.slug}"
    return Place(
        module=f"{name}.{draft.slug}",
        folder=root / name,
        source=root / name / f"{draft.slug}.py",
        test=root / "tests" / f"test_{draft.slug}.py",
        page=root / "docs" / f"{draft.slug}.md",
        cassettes=root / "cassettes" / draft.slug,
        package=name,
        root=root,
    )


def builtin(draft: Draft, root: Path) -> Place:
    """Raises Failed when `root` is not Valetkey's own repository."""
    listing = root / "connectors/__init__.py"
    if not listing.is_file() or "CONNECTORS" not in listing.read_text():
        raise Failed(f"{root.resolve()} is not Valetkey's own repository: go there, or leave --builtin out")
    return Place(
        module=f"connectors.{draft.slug}",
        folder=root / "connectors",
        source=root / "connectors" / f"{draft.slug}.py",
        test=root / "tests/connectors" / f"test_{draft.slug}.py",
        page=root / "docs/connectors" / f"{draft.slug}.md",
        cassettes=root / "cassettes" / draft.slug,
        listing=listing,
    )


def files(draft: Draft, place: Place) -> dict[Path, str]:
    """The text of every file, by path."""
    told = {
        "draft": draft,
        "today": f"{datetime.now(UTC):%Y-%m-%d}",
        "variable": code.variable(draft),
        "literal": literal,
        "invented": _invented,
        "module": place.module,
        "package": place.package,
        "file": "/".join(place.source.parts[-2:]),
    }
    made = {
        place.source: _filled("connector.py", **told, **_code(draft)),
        place.test: _filled("test.py", **told, **_calls(draft), depth=1 if place.root else 2),
        place.page: _filled("page.md", **told),
    }
    if place.root:
        made |= {
            place.folder / "__init__.py": f'"""{draft.title} for Valetkey."""\n',
            place.root / "pyproject.toml": _filled("pyproject.toml", **told),
            place.root / "README.md": _filled("README.md", **told),
        }
    return made


def _invented(address: str) -> str:
    """What stands beside an address of which nobody has said that it is the provider's."""
    host = urlsplit(address).hostname or ""
    return "  # DRAFT: this address is made up" if host.endswith(".example") else ""


def _code(draft: Draft) -> dict[str, Any]:
    tools = [code.tool(draft, one) for one in draft.tools]
    structs, account = code.structs(draft), code.account(draft)
    used = "\n".join([structs, account, *tools, "Connector OAuth2 Scope"])
    return {
        "structs": structs,
        "account": account,
        "tools": tools,
        "open_places": code.open_places(draft.open),
        "imports": code.imports(used + (" Rfc7009" if draft.revoke_url else "")),
        "manage_url": f"https://{draft.slug.replace('_', '-')}.example/settings/apps",
    }


def _calls(draft: Draft) -> dict[str, Any]:
    answer, id_, label = examples.me(draft)
    calls = [examples.of(draft, tool) for tool in draft.tools]
    return {"calls": calls, "me_answer": repr(answer), "me_id": id_, "me_label": label}


@functools.cache
def _environment() -> Any:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(  # noqa: S701 (Python and Markdown, no page)
        loader=FileSystemLoader(Path(__file__).with_name("templates")),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def _filled(name: str, **told: Any) -> str:
    text: str = _environment().get_template(f"{name}.jinja").render(**told)
    return text.rstrip("\n") + "\n"


def enlist(listing: Path, module: str) -> None:
    """Name the module in `CONNECTORS`, in its order."""
    text = listing.read_text()
    [tuple_] = [
        node.value
        for node in ast.parse(text).body
        if isinstance(node, ast.AnnAssign)
        and isinstance(node.target, ast.Name)
        and node.target.id == "CONNECTORS"
    ]
    assert tuple_ is not None
    named = sorted({*ast.literal_eval(tuple_), module})
    lines = text.splitlines(keepends=True)
    assert tuple_.end_lineno is not None
    before = "".join(lines[: tuple_.lineno - 1]) + lines[tuple_.lineno - 1][: tuple_.col_offset]
    after = lines[tuple_.end_lineno - 1][tuple_.end_col_offset :] + "".join(lines[tuple_.end_lineno :])
    told = code.joined("(", [literal(name) for name in named], ",)" if len(named) == 1 else ")")
    listing.write_text(before + told + after)
