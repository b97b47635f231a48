"""`valetkey connectors`: what this build can connect to, and whether each connector keeps the kit's promises."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from web.cli import environ

EXAMPLES = """\b
Examples:
  valetkey connectors list
  valetkey connectors check
  valetkey connectors check northwind
  VALETKEY_CONNECTORS_PATH=/etc/valetkey/connectors valetkey connectors check
"""


def _paths() -> tuple[str, ...]:
    from core import settings

    paths: tuple[str, ...] = settings.read_one("connectors_path", environ())
    return paths


def _development() -> bool:
    from core import settings

    return bool(settings.read_one("development", environ()))


@click.group(epilog=EXAMPLES)
def command() -> None:
    """Connectors: list them, check them."""


@command.command("list", epilog=EXAMPLES)
@click.option("--json", "as_json", is_flag=True, help="Print JSON, as GET /v1/catalog has it.")
def list_(as_json: bool) -> None:
    """List the connectors of this build, built in and external (VALETKEY_CONNECTORS_PATH, installed packages)."""
    from core import registry

    found = registry.load(_paths(), development=_development()).connectors.values()
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


@command.command(epilog=EXAMPLES)
@click.argument("slug", required=False)
@click.option(
    "--cassettes",
    type=click.Path(file_okay=False, path_type=Path),
    default=None,
    help="Folder of cassettes to demand; the project's own when run inside it.",
)
def check(slug: str | None, cassettes: Path | None) -> None:
    """Check connectors: scopes, words for people, addresses, types, cassettes. Exits with 1 when something is wrong."""
    from core import registry
    from core.connector import PkceOff

    try:
        known = registry.load(_paths(), development=_development())
    except registry.RegistryError as error:
        for problem in error.problems:
            click.echo(str(problem), err=True)
        sys.exit(1)
    chosen = [known.connector(slug)] if slug else list(known.connectors.values())
    folder = cassettes or (Path("cassettes") if Path("cassettes").is_dir() else None)
    wrong = 0
    for one in chosen:
        found = list(registry.problems(one, development=_development()))
        if folder is not None and (cassettes or (folder / one.slug).is_dir()):
            found += registry.cassette_problems(one, folder)
        for problem in found:
            click.echo(str(problem), err=True)
        wrong += len(found)
        note = f"  (PKCE off: {one.oauth.pkce.reason})" if isinstance(one.oauth.pkce, PkceOff) else ""
        click.echo(f"{one.slug}: {'ok' if not found else f'{len(found)} to mend'}{note}")
    if wrong:
        sys.exit(1)
