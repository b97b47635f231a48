"""`valetkey connectors list`: what this build can connect to."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

import click

from web.cli.connectors import known

if TYPE_CHECKING:
    from core.connector import Connector

EXAMPLES = """\b
Examples:
  valetkey connectors list
  valetkey connectors list --json
"""


@click.command("list", epilog=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as GET /v1/catalog has it.")
def command(as_json: bool) -> None:
    """List the connectors of this build, built in and external (VALETKEY_CONNECTORS_PATH, installed packages).

    Those that are not right are told at the end, with what is wrong, and the exit code is 1.
    """
    every, faults = known.search()
    found = [one for one in every if not any(known.of(fault, one) for fault in faults)]
    _show(found, as_json)
    if faults:
        told = "\n".join(f"  {fault}" for fault in faults)
        click.echo(f"Not loaded, and no start before it is mended:\n{told}", err=True)
        sys.exit(1)


def _show(found: list[Connector], as_json: bool) -> None:
    if as_json:
        import msgspec

        from web.wire.catalog import connector_out

        click.echo(json.dumps(msgspec.to_builtins([connector_out(one) for one in found]), indent=2))
        return
    rows = [_row(one) for one in found]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        click.echo("  ".join(f"{cell:<{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())


def _row(one: Connector) -> tuple[str, ...]:
    ending = "revokes at the provider" if one.oauth.revocation else "ended by hand at the provider"
    count = f"{len(one.tools)} tool{'' if len(one.tools) == 1 else 's'}"
    return one.slug, one.title, one.category, count, ending
