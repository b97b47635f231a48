"""`valetkey bench`: what calls take, of this machine or of an installation that is there."""

from __future__ import annotations

import asyncio
import json
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from web.cli import Failed

if TYPE_CHECKING:
    from web.bench.report import Report

EXAMPLES = """\b
Examples:
  valetkey bench
  valetkey bench --workers 2 --connections 32
  valetkey bench --url https://keys.example.com --key-file assistant.key \\
      --user u_4711 --tool hubspot.search_contacts --arguments '{"query": "a"}' --connections 4
"""


@click.command(epilog=EXAMPLES, short_help="Measure this machine, or an installation.")
@click.option("--url", help="Of a running installation. Without: one of its own, with the bundled provider.")
@click.option(
    "--key-file", type=click.Path(exists=True, dir_okay=False), help="File with an assistant's key (vka_...)."
)
@click.option("--key-env", help="Name of an environment variable with it.")
@click.option("--user", help="Your own id of a user who has given a grant.")
@click.option("--tool", help="A tool that only reads, as hubspot.search_contacts.")
@click.option("--arguments", default="{}", show_default=True, help="The tool's arguments, as JSON.")
@click.option("--connections", default=16, show_default=True, type=click.IntRange(1, 1000))
@click.option(
    "--seconds", default=10.0, show_default=True, type=click.FloatRange(0.1, 3600), help="For each line."
)
@click.option("--workers", type=click.IntRange(1, 64), help="Of the installation of its own.  [default: 1]")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def command(
    url: str | None,
    key_file: str | None,
    key_env: str | None,
    user: str | None,
    tool: str | None,
    arguments: str,
    connections: int,
    seconds: float,
    workers: int | None,
    as_json: bool,
) -> None:
    """Measure calls a second, their time and what Valetkey adds to it, with one connection and with many.

    Without --url it starts service and provider in a temporary folder and asks the provider straight and through Valetkey, in
    turns. With --url it calls one reading tool of an installation: the calls reach the provider, count against its limits, and
    stand in the audit trail. The key is never taken from the command line, where others could read it.
    """
    from web.bench import BenchFailed

    if url is None and any((key_file, key_env, user, tool, arguments != "{}")):
        raise click.UsageError("--key-file, --key-env, --user, --tool and --arguments go with --url.")
    if url is not None and workers is not None:
        raise click.UsageError("--workers is for the installation of its own: it does not go with --url.")
    try:
        if url is None:
            report = _own(connections, seconds, workers or 1, as_json)
        else:
            report = _of(url, _key(key_file, key_env), user, tool, arguments, connections, seconds)
    except BenchFailed as failed:
        raise Failed(str(failed)) from None
    _print(report, as_json)


def _print(report: Report, as_json: bool) -> None:
    import msgspec

    from web.bench.report import table

    click.echo(msgspec.json.encode(report).decode() if as_json else table(report))


def _own(connections: int, seconds: float, workers: int, quiet: bool) -> Report:
    from web.bench import loopback

    if not quiet:
        click.echo("Starting a service and a provider in a temporary folder ...", err=True)
    return asyncio.run(loopback.measure(connections=connections, seconds=seconds, workers=workers))


def _of(
    url: str,
    key: str,
    user: str | None,
    tool: str | None,
    arguments: str,
    connections: int,
    seconds: float,
) -> Report:
    from web.bench import installed

    if not user or not tool:
        raise click.UsageError("--url needs --user and --tool.")
    return asyncio.run(
        installed.measure(installed.Wish(url, key, user, tool, _arguments(arguments), connections, seconds))
    )


def _arguments(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError as error:
        raise click.UsageError(f"--arguments is not JSON: {error}.") from None
    if not isinstance(found, dict):
        raise click.UsageError('--arguments must be a JSON object, as {"query": "a"}.')
    return found


def _key(key_file: str | None, key_env: str | None) -> str:
    if (key_file is None) == (key_env is None):
        raise click.UsageError("--url needs the assistant's key: either --key-file or --key-env.")
    key = Path(key_file).read_text() if key_file else os.environ.get(key_env or "", "")
    key = key.strip()
    if not key or not key.isascii() or not key.isprintable() or " " in key:
        raise Failed(f"There is no key in {key_file or key_env}. An assistant's key begins with vka_.")
    return key
