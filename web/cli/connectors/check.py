"""`valetkey connectors check`: whether each connector keeps the kit's promises, and brings what it should."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.cli.connectors import known

if TYPE_CHECKING:
    from core.connector import Connector, Problem

EXAMPLES = """\b
Examples:
  valetkey connectors check
  valetkey connectors check northwind
  VALETKEY_CONNECTORS_PATH=/etc/valetkey/connectors valetkey connectors check
"""


@click.command("check", epilog=EXAMPLES)
@click.argument("slug", required=False)
@click.option(
    "--cassettes",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of cassettes to demand [default: the connector's own, from its first cassette on].",
)
def command(slug: str | None, cassettes: Path | None) -> None:
    """Check connectors: scopes, words for people, addresses, types, sources, cassettes, setup page, what a draft left open.

    Each fault is told with file, line and mend, then each connector with how many there are. Exits with 1 when there is one.
    """
    found, faults = known.search()
    chosen = [one for one in found if slug in (None, one.slug)]
    if slug and not chosen:
        known.one(slug)  # says what is wrong, or that there is none
    # what belongs to no connector (a file that cannot be loaded) counts, and stands under no name
    stray = [] if slug else [fault for fault in faults if not any(known.of(fault, one) for one in chosen)]
    reports = [_report(one, faults, cassettes) for one in chosen]
    for fault in [*stray, *(fault for lacking, _ in reports for fault in lacking)]:
        click.echo(str(fault))
    for _, count in reports:
        click.echo(count)
    if stray or any(lacking for lacking, _ in reports):
        sys.exit(1)


def _report(connector: Connector, faults: list[Problem], shelf: Path | None) -> tuple[list[Problem], str]:
    """Its faults in the order of the lines, and a line for itself."""
    from core import evidence
    from core.connector import PkceOff

    own = [fault for fault in faults if known.of(fault, connector)]
    lacking = sorted({*own, *evidence.missing(connector, shelf)})
    pkce = connector.oauth.pkce
    note = f"  (PKCE off: {pkce.reason})" if isinstance(pkce, PkceOff) else ""
    return lacking, f"{connector.slug}: {f'{len(lacking)} to mend' if lacking else 'ok'}{note}"
