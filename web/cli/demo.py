"""`valetkey demo`: all of it on this machine, with no account anywhere."""

from __future__ import annotations

import asyncio

import click

from web.cli import Failed

EXAMPLES = """\b
Examples:
  valetkey demo
  valetkey demo --port 8100        8100, 8101 and 8102
"""


@click.command(epilog=EXAMPLES, short_help="Look at all of it on this machine.")
@click.option(
    "--port",
    type=click.IntRange(1, 65533),
    default=8000,
    show_default=True,
    envvar="VALETKEY_DEMO_PORT",
    show_envvar=True,
    help="Of the service; Northwind and the chat take the next two.",
)
def command(port: int) -> None:
    """Run the service, a provider (Northwind) and a chat that uses both (Acme Assist); print what to open.

    Everything is in memory or in a temporary folder and is gone afterwards. With OPENAI_BASE_URL and OPENAI_API_KEY set
    (and OPENAI_MODEL, if you like) a real model drives the chat's tools.
    """
    click.echo("Starting Valetkey, Northwind and Acme Assist ...")
    from web.demo.installation import DemoFailed
    from web.demo.run import run

    try:
        asyncio.run(run(port, click.echo))
    except DemoFailed as failed:
        raise Failed(str(failed)) from None
