"""`valetkey config`: the settings in force, where each came from, and everything that is wrong with them."""

from __future__ import annotations

import json

import click

from web.cli import environ

EXAMPLES = """\b
Examples:
  valetkey config
  VALETKEY_DEVELOPMENT=1 valetkey config
  VALETKEY_CONFIG=/etc/valetkey.toml valetkey config --json
"""


@click.command(epilog=EXAMPLES, short_help="Print the settings in force.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(as_json: bool) -> None:
    """Print the settings in force, secrets masked, and where each came from.

    Exits with 1 and names every fault when the service would not start with them.
    """
    from core import settings

    lines = settings.load(environ()).masked()
    if as_json:
        shown = {line.variable: {"value": line.value, "source": line.source} for line in lines}
        click.echo(json.dumps(shown, indent=2))
        return
    wide = max(len(line.variable) for line in lines)
    long = max(len(line.value) for line in lines)
    for line in lines:
        click.echo(f"{line.variable:<{wide}}  {line.value or '-':<{long}}  ({line.source})")
