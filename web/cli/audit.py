"""`valetkey audit`: is the trail whole, how long it is kept, and take it away."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from web.cli import Failed, environ

if TYPE_CHECKING:
    from core.house import House
    from core.model import Workspace
    from core.retention import Rule
    from core.segments import Segment

EXAMPLES = """\b
Examples:
  valetkey audit verify
  valetkey audit export --workspace Acme > audit.jsonl
  valetkey audit retention Acme --months 24
"""
KEEPING = """\b
Examples:
  valetkey audit retention Acme                 what is kept, month by month
  valetkey audit retention Acme --months 24
  valetkey audit retention Acme --forever
"""


@click.group(epilog=EXAMPLES)
def command() -> None:
    """The audit trail: verify its hash chain, export it, say how long it is kept."""


@command.command(epilog=EXAMPLES)
@click.option("--workspace", help="Id or name; every workspace when left out.")
def verify(workspace: str | None) -> None:
    """Walk the hash chain of each workspace. Exits with 1 and names the position of the first event that does not fit."""
    from core import audit
    from core.audit import Verdict
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
    from web.api.audit import lines
    from web.installation import with_house
    from web.installation import workspace as chosen

    async def write(house: House) -> None:
        async for chunk in lines(house, (await chosen(house, workspace)).id):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    with_house(environ(), write)


@command.command(epilog=KEEPING)
@click.argument("workspace", required=False)
@click.option("--months", type=click.IntRange(1, 1_200), help="Keep every event for so many whole months.")
@click.option("--forever", is_flag=True, help="Keep everything.")
def retention(workspace: str | None, months: int | None, forever: bool) -> None:
    """How long WORKSPACE (id or name; needed when there are several) keeps its events; without options, what it is now.

    The service prunes once an hour, whole months of UTC, and says so in the trail. Export first what you want to keep.
    """
    from core import retention, segments
    from core.model import Actor
    from web.installation import with_house
    from web.installation import workspace as chosen

    if months is not None and forever:
        raise click.UsageError("Say --months N or --forever, not both.")

    async def work(house: House) -> tuple[Workspace, Rule | None, Sequence[Segment]]:
        one = await chosen(house, workspace)
        if months is not None or forever:
            await retention.put_rule(house, Actor("system", "cli", one.id), months)
        rule = await retention.rule_of(house.store, house.vault.ring, one.id)
        return one, rule, await segments.of(house.store, one.id)

    one, rule, known = with_house(environ(), work)
    click.echo(f"{one.id} ({one.name}) keeps its audit events {_how_long(rule)}.")
    for segment in known:
        events = f"{segment.first_seq} to {segment.last_seq}"
        click.echo(f"{segment.month}  {segment.state:<8}  events {events}  {segment.hash.hex()}")


def _how_long(rule: Rule | None) -> str:
    if rule is None:
        return "for ever"
    return f"for at least {rule.months} whole month{'s' if rule.months != 1 else ''}"


@command.command(epilog=KEEPING)
@click.option("--workspace", help="Id or name; every workspace when left out.")
def prune(workspace: str | None) -> None:
    """Close the months that are over and prune what the retention lets go, now instead of within the hour.

    Works beside a running service, and can be interrupted: the next run goes on.
    """
    from core import retention
    from core.retention import Done
    from web.installation import with_house
    from web.installation import workspace as chosen

    async def work(house: House) -> list[tuple[str, Done | None]]:
        if workspace is not None:
            ids = [(await chosen(house, workspace)).id]
        else:
            ids = await house.store.all("audit_trails", str)
        return [(one, await retention.keep(house, one)) for one in ids]

    rounds = with_house(environ(), work)
    for one, done in rounds:
        if done is not None:
            click.echo(
                f"{one}: {done.closed} months closed, {done.pruned} pruned, {done.deleted} events deleted"
            )
    if busy := [one for one, done in rounds if done is None]:
        raise Failed(
            f"Another process is at {', '.join(busy)}, or died there within the last ten minutes. Try again later."
        )
