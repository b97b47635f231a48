"""`valetkey workspaces`: make a workspace, list them."""

from __future__ import annotations

import json

import click

from web.cli import environ

EXAMPLES = """\b
Examples:
  valetkey workspaces create Acme
  valetkey workspaces create Acme --json
  valetkey workspaces list
"""


@click.group(epilog=EXAMPLES, short_help="The tenants: make one, list them.")
def command() -> None:
    """Workspaces: the tenants of this installation. Works beside a running server."""


@command.command(epilog=EXAMPLES)
@click.argument("name")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: workspace and key.")
def create(name: str, as_json: bool) -> None:
    """Make a workspace and print its key, which is shown once."""
    from core import workspaces
    from web.installation import with_house

    made, key = with_house(environ(), lambda house: workspaces.create(house, name))
    if as_json:
        click.echo(json.dumps({"workspace": made.id, "key": key.reveal()}))
        return
    click.echo(f"Workspace {made.id} ({made.name}).")
    click.echo(f"Its key, shown this once: {key.reveal()}")
    click.echo("Sign in to its pages: valetkey sign-in-link")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """List the workspaces."""
    from core.house import House
    from core.model import Workspace
    from web.installation import with_house

    async def all_of(house: House) -> list[Workspace]:
        return await house.store.all("workspaces_all", Workspace)

    found = with_house(environ(), all_of)
    if as_json:
        click.echo(json.dumps([{"workspace": one.id, "name": one.name} for one in found]))
        return
    for one in found:
        click.echo(f"{one.id}  {one.name}")
    if not found:
        click.echo("None yet. Make one: valetkey workspaces create NAME")
