"""`valetkey doctor`: is everything as it must be, and if not, what to do."""

from __future__ import annotations

import asyncio
import json
import sys

import click

from web.cli import environ

EXAMPLES = """\b
Examples:
  valetkey doctor
  valetkey doctor --json
  VALETKEY_CONFIG=/etc/valetkey.toml valetkey doctor
"""


@click.command(epilog=EXAMPLES, short_help="Say what is wrong, and how to mend it.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Look at settings, packages, connectors, key ring, database, audit heads and waiting revocations.

    Prints one line each: what is wrong, and how to mend it. Changes nothing; works with and without a running service.
    Exits with 1 when something is wrong.
    """
    from core.checkup import examine
    from core.clock import Clock

    found = asyncio.run(examine(environ(), Clock().now_ms()))
    if as_json:
        click.echo(
            json.dumps([{"part": one.part, "ok": one.ok, "said": one.said} for one in found], indent=2)
        )
    else:
        for one in found:
            click.echo(f"{'ok   ' if one.ok else 'WRONG'}  {one.part:<14} {one.said}")
    wrong = sum(not one.ok for one in found)
    if wrong:
        click.echo(f"{wrong} to mend." if wrong > 1 else "One thing to mend.", err=True)
        sys.exit(1)
