"""`valetkey connectors list`: what this build can connect to."""

from __future__ import annotations

import json

import click

from web.cli.connectors import known

EXAMPLES = """\b
Examples:
  valetkey connectors list
  valetkey connectors list --json
"""


@click.command("list", epilog=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as GET /v1/catalog has it.")
def command(as_json: bool) -> None:
    """List the connectors of this build, built in and external (VALETKEY_CONNECTORS_PATH, installed packages)."""
    from core import registry

    found = registry.load(known.paths(), development=known.development()).connectors.values()
    if as_json:
        import msgspec

        from web.wire import connector_out

        click.echo(json.dumps(msgspec.to_builtins([connector_out(one) for one in found]), indent=2))
        return
    for one in found:
        revocation = "revokes at the provider" if one.oauth.revocation else "revokes here only"
        click.echo(
            f"{one.slug:<14} {one.title:<18} {one.category:<8} {len(one.tools):>2} tools  {revocation}"
        )
