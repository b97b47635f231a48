"""`valetkey sign-in-link`: one-time access to the admin pages."""

from __future__ import annotations

import click

from web.cli import environ

EXAMPLES = """\b
Examples:
  valetkey sign-in-link
  valetkey sign-in-link --workspace Acme
"""


@click.command(epilog=EXAMPLES, short_help="Print a link to the admin pages.")
@click.option("--workspace", help="Id or name; needed when there are several.")
@click.option("--port", default=8000, show_default=True, help="Where the service listens, in development.")
def command(workspace: str | None, port: int) -> None:
    """Print a link that signs one browser in as an admin of the workspace, once, within 10 minutes."""
    from core import tickets
    from core.house import House
    from web.installation import with_house
    from web.installation import workspace as chosen

    async def make(house: House) -> str:
        ticket, _ = await tickets.admin(house, (await chosen(house, workspace)).id)
        return f"{house.public_url}/admin/sign-in?ticket={ticket.reveal()}"

    click.echo(with_house(environ(), make, port=port))
