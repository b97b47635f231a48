"""`valetkey audit`: is the trail whole, and take it away."""

from __future__ import annotations

import sys

import click

from web.cli import environ

EXAMPLES = """\b
Examples:
  valetkey audit verify
  valetkey audit export --workspace Acme > audit.jsonl
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """The audit trail: verify its hash chain, export it."""


@command.command(epilog=EXAMPLES)
@click.option("--workspace", help="Id or name; every workspace when left out.")
def verify(workspace: str | None) -> None:
    """Walk the hash chain of each workspace. Exits with 1 and names the position of the first event that does not fit."""
    from core import audit
    from core.audit import Verdict
    from core.house import House
    from web.installation import with_house
    from web.installation import workspace as chosen

    async def walk(house: House) -> list[Verdict]:
        if workspace is not None:
            ids = [(await chosen(house, workspace)).id]
        else:
            ids = await house.store.all("audit_workspaces", str)
        return [await audit.verify(house.store, house.vault.ring, one) for one in ids]

    verdicts = with_house(environ(), walk)
    for verdict in verdicts:
        if verdict.ok:
            events = "1 event" if verdict.count == 1 else f"{verdict.count} events"
            click.echo(f"{verdict.workspace}: {events}, {verdict.what}")
        else:
            click.echo(f"{verdict.workspace}: BROKEN at event {verdict.position}: {verdict.what}", err=True)
    if not all(verdict.ok for verdict in verdicts):
        click.echo("Keep a copy of the database as it is, and compare with your last checkpoint.", err=True)
        sys.exit(1)


@command.command(epilog=EXAMPLES)
@click.option("--workspace", help="Id or name; needed when there are several.")
def export(workspace: str | None) -> None:
    """Write every event as JSON Lines to standard output, oldest first."""
    from core.house import House
    from web.api.audit import lines
    from web.installation import with_house
    from web.installation import workspace as chosen

    async def write(house: House) -> None:
        async for chunk in lines(house, (await chosen(house, workspace)).id):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    with_house(environ(), write)
