"""`valetkey connectors catalogue`: a page that tells what each connector can do and what stands behind it, made of the code.

What is not verified is counted in a connector's module docstring: each `[U]` stands for one fact, and a list after `[U]:` for
as many as it has parts.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.cli.connectors import known

if TYPE_CHECKING:
    from core.connector import Connector, Tool

EXAMPLES = """\b
Examples:
  valetkey connectors catalogue
  valetkey connectors catalogue --out docs/connectors/README.md
"""
HEAD = """\
# Connectors

Made from the code by `valetkey connectors catalogue --out docs/connectors/README.md`; what is changed here by hand is lost.

| connector | tools | scopes are | narrowing | ending access at the provider | not verified |
|---|---|---|---|---|---|
"""
TAIL = """
*Asked for*: a person is asked for the scopes of the chosen tools and no others. *Fixed by the app*: the provider gives what the
app was registered with, and Valetkey alone keeps to the chosen tools. *Narrowing*: how a token gets smaller than what was agreed
to. *Not verified*: facts that can be checked with an account of the provider only; the connector's page names them.
"""
_SCOPES = {"request": "asked for", "app_fixed": "fixed by the app", "none": "none: the provider cannot limit"}


@click.command("catalogue", epilog=EXAMPLES)
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write to this file; pages beside it are linked.",
)
def command(out: Path | None) -> None:
    """Print the catalogue of connectors as Markdown: tools, scopes, risks, narrowing, revocation."""
    from core import registry

    found = registry.load(known.paths(), development=known.development()).connectors.values()
    text = page(found, out.parent if out else None)
    if out is None:
        click.echo(text, nl=False)
    else:
        out.write_text(text)


def page(connectors: Iterable[Connector], folder: Path | None = None) -> str:
    """The whole page. `folder`: where it will stand; a connector's own page there (`hubspot.md`) is linked."""
    ordered = sorted(connectors, key=lambda one: (one.category, one.title.lower()))
    rows = [_row(one, folder) for one in ordered]
    return HEAD + "\n".join(rows) + "\n" + TAIL + "".join(_section(one) for one in ordered)


def _row(connector: Connector, folder: Path | None) -> str:
    own = folder is not None and (folder / f"{connector.slug}.md").exists()
    name = f"[{connector.title}]({connector.slug}.md)" if own else connector.title
    cells = (
        name,
        _risks(connector),
        _SCOPES[connector.oauth.scope_mode],
        _narrowing(connector),
        _ending(connector),
        str(unverified(connector)),
    )
    return f"| {' | '.join(cells)} |"


def _risks(connector: Connector) -> str:
    """`6 read, 3 write`."""
    risks = [tool.risk for tool in connector.tools.values()]
    return ", ".join(f"{risks.count(risk)} {risk}" for risk in ("read", "write", "delete") if risk in risks)


def _narrowing(connector: Connector) -> str:
    match connector.oauth.narrowing:
        case None:
            return "no"
        case "refresh_scope":
            return "when a grant is narrowed: a refresh with fewer scopes, for good"
        case "token_exchange":
            return "for each call: token exchange (RFC 8693)"
        case _:
            return "for each call: the provider's own way"


def _ending(connector: Connector) -> str:
    revocation = connector.oauth.revocation
    if revocation is None:
        return "by hand, at the provider's page"
    told = "the provider's own way" if callable(revocation) else "RFC 7009"
    if connector.oauth.revocation_scope == "account":
        told += ", with the last grant of an account"
    return told + ("; removal there is noticed here" if connector.uninstalled_function else "")


def unverified(connector: Connector) -> int:
    """How many facts the connector's module says are not verified."""
    module = sys.modules[connector.account_function.__module__] if connector.account_function else None
    single, _, listed = ((module and module.__doc__) or "").partition("[U]:")
    listed = re.split(r"\.\s+Limits:|\n\n", listed)[0]
    parts = re.sub(r"\([^()]*\)", "", listed).split(";") if listed.strip() else []
    return single.count("[U]") + len(parts)


def _section(connector: Connector) -> str:
    lines = "\n".join(_lines(connector.tools.values()))
    return (
        f"\n## {connector.title}\n\n| tool | risk | scopes | sees or changes |\n|---|---|---|---|\n{lines}\n"
    )


def _lines(tools: Iterable[Tool]) -> Iterator[str]:
    for tool in tools:
        told = tool.sees if tool.risk == "read" else tool.changes
        yield f"| `{tool.name}` | {tool.risk} | {_needed(tool)} | {told} |"


def _needed(tool: Tool) -> str:
    """`a`, `b`, and one of: `c` / `d` + `e`."""
    needed = ", ".join(f"`{scope}`" for scope in tool.scopes)
    alternatives = " / ".join(" + ".join(f"`{scope}`" for scope in one) for one in tool.any_of)
    choice = f"one of: {alternatives}" if len(tool.any_of) > 1 else alternatives
    return ", and ".join(part for part in (needed, choice) if part) or "none"
