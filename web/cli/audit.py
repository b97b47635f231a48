"""`valetkey audit`: is the trail whole, how long it is kept, and take it away."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Literal

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
  valetkey audit export Acme --out acme.jsonl
  valetkey audit retention Acme --months 24
"""
EXPORTS = """\b
Examples:
  valetkey audit export Acme --out acme.jsonl
  valetkey audit export Acme --out acme.jsonl --resume          every night: what happened since
  valetkey audit export Acme --out acme-2026-11 --format parquet --month 2026-11
  valetkey audit export Acme | jq .action
"""
CHECKING = """\b
Examples:
  valetkey audit verify
  valetkey audit checkpoint Acme > acme-checkpoint.json         keep it on another machine
  valetkey audit verify --checkpoint acme-checkpoint.json
  valetkey audit verify --file acme.jsonl
"""
KEEPING = """\b
Examples:
  valetkey audit retention Acme                 what is kept, month by month
  valetkey audit retention Acme --months 24
  valetkey audit retention Acme --forever
"""
_PATH = click.Path(path_type=Path)


@click.group(epilog=EXAMPLES)
def command() -> None:
    """The audit trail: verify its hash chain, export it, say how long it is kept."""


@command.command(epilog=CHECKING)
@click.option("--workspace", help="Id or name; every workspace when left out.")
@click.option("--file", "file", type=_PATH, help="An export to verify, instead of the database.")
@click.option(
    "--checkpoint", type=_PATH, help="A checkpoint that was kept: the trail, or the export, must contain it."
)
def verify(workspace: str | None, file: Path | None, checkpoint: Path | None) -> None:
    """Walk the hash chain of each workspace, or of an export. Exits with 1 and names the first event that does not fit.

    An export is verified without database and service: with the key ring, or with a checkpoint alone.
    """
    if file is not None:
        return _verify_file(file, checkpoint)
    from core import audit
    from core.audit import Verdict
    from web.exports.check import read_checkpoint
    from web.installation import with_house
    from web.installation import workspace as chosen

    kept = read_checkpoint(checkpoint) if checkpoint else None

    async def walk(house: House) -> list[Verdict]:
        if kept is not None:
            return [await audit.verify_since(house.store, house.vault.ring, kept)]
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


def _verify_file(file: Path, checkpoint: Path | None) -> None:
    from core import settings
    from core.audit import Broken
    from core.vault import KeyRing
    from web.exports.check import check, read_checkpoint

    where = Path(settings.read_one("keyring", environ()))
    ring = KeyRing.load(where) if where.exists() else None
    try:
        found = check(file, ring, read_checkpoint(checkpoint) if checkpoint else None)
    except Broken as broken:
        click.echo(f"{file}: BROKEN at event {broken.position}: {broken.what}", err=True)
        sys.exit(1)
    manifest = found.manifest
    said = (
        "" if found.vouched == manifest.last else f"; the checkpoint vouches for those up to {found.vouched}"
    )
    click.echo(f"{file}: events {manifest.first} to {manifest.last} of {manifest.workspace}, unbroken{said}")


@command.command(epilog=EXPORTS)
@click.argument("workspace", required=False)
@click.option("--workspace", "named", help="The same as WORKSPACE.")
@click.option("--format", "form", type=click.Choice(["jsonl", "parquet"]), help="Default: jsonl.")
@click.option("--out", type=_PATH, help="File (Parquet: folder) to write; standard output when left out.")
@click.option("--after", metavar="EVENT_ID", help="Only what comes after this event.")
@click.option("--month", metavar="YYYY-MM", help="Only a month that is over.")
@click.option("--resume", is_flag=True, help="Go on with OUT: an interrupted export, or what happened since.")
def export(
    workspace: str | None,
    named: str | None,
    form: Literal["jsonl", "parquet"] | None,
    out: Path | None,
    after: str | None,
    month: str | None,
    resume: bool,
) -> None:
    """Write the events of WORKSPACE (id or name; needed when there are several), oldest first.

    With --out the chain is verified while it is written, and a signed manifest beside the file lets it be verified later without
    the service: valetkey audit verify --file. To standard output go the events as they are, as JSON Lines.
    """
    if out is None:
        if form == "parquet" or after or month or resume:
            raise click.UsageError("Say where to write: --out")
        return _to_stdout(workspace or named)
    if after and month:
        raise click.UsageError("Say --after or --month, not both.")
    from core.months import is_month
    from web.exports.manifest import Manifest
    from web.exports.run import Wish
    from web.exports.run import export as run
    from web.installation import with_house
    from web.installation import workspace as chosen

    if month and not is_month(month):
        raise click.UsageError("A month is written as 2026-11.")

    async def write(house: House) -> Manifest:
        wish = Wish((await chosen(house, workspace or named)).id, form, month, after)
        with click.progressbar(length=0, label="Exporting", file=sys.stderr, show_pos=True) as bar:
            return await run(house, wish, out, resume=resume, told=bar.update)

    try:
        made = with_house(environ(), write)
    except OSError as error:
        raise Failed(
            f"{out} cannot be written: {error.strerror}. What is there can be gone on with: --resume"
        ) from None
    click.echo(f"{made.count} events, {made.first} to {made.last}, in {out}.")


def _to_stdout(workspace: str | None) -> None:
    from web.api.audit import lines
    from web.installation import with_house
    from web.installation import workspace as chosen

    async def write(house: House) -> None:
        async for chunk in lines(house, (await chosen(house, workspace)).id):
            sys.stdout.buffer.write(chunk)
        sys.stdout.buffer.flush()

    with_house(environ(), write)


@command.command(epilog=CHECKING)
@click.argument("workspace", required=False)
def checkpoint(workspace: str | None) -> None:
    """Print the signed head of WORKSPACE as JSON, to be kept on another machine: a later trail must contain it."""
    import msgspec

    from core import audit
    from core.audit import Checkpoint
    from web.installation import with_house
    from web.installation import workspace as chosen

    async def read(house: House) -> Checkpoint:
        one = await chosen(house, workspace)
        return await audit.checkpoint(house.store, house.vault.ring, one.id, house.now_ms())

    click.echo(msgspec.json.encode(with_house(environ(), read)).decode())


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
