"""`valetkey keys`: the key ring. The first key seals, all open; rewrapping is online and can be interrupted."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from web.cli import Failed, environ

if TYPE_CHECKING:
    from core.rotation import Rewrapped
    from core.store import Store
    from core.vault import Vault

INIT = """\b
Example:
  valetkey keys init /etc/valetkey/keyring.json
"""
ROTATION = """\b
To change keys while the service runs:
  valetkey keys add
  valetkey keys rewrap
  valetkey keys list
  valetkey keys retire k_5dQ81xYz
"""


def _ring_path(given: str | None) -> str:
    from core import settings

    return given or settings.read_one("keyring", environ())


@asynccontextmanager
async def _store() -> AsyncIterator[Store]:
    """The database of the settings; it has to be there already."""
    from core.store.sqlite import SqliteStore

    store = SqliteStore.open(_database_path())
    try:
        yield store
    finally:
        await store.close()


def _database_path() -> str:
    from core import settings

    path: str = settings.read_one("database_url", environ()).removeprefix("sqlite:///")
    if not Path(path).is_file():
        raise Failed(
            f"There is no database at {path}. Set VALETKEY_DATABASE_URL to the one this ring belongs to."
        )
    return path


@click.group(epilog=ROTATION, short_help="The key ring: make one, change keys.")
def command() -> None:
    """The key ring: make one, change keys, and see what still needs which key."""


@command.command(epilog=INIT)
@click.argument("path", required=False, type=click.Path(dir_okay=False))
def init(path: str | None) -> None:
    """Make a key ring at PATH (default: VALETKEY_KEYRING). Never overwrites one."""
    from core.vault import KeyRing

    where = _ring_path(path)
    ring = KeyRing.init(where)
    click.echo(f"Made {where} with the key {ring.first_id}.")
    click.echo("Keep a copy of it, apart from the database: without it nothing that is sealed can be opened.")
    if path and environ().get("VALETKEY_KEYRING") != path:
        click.echo(f"Next: export VALETKEY_KEYRING={path}")


@command.command(epilog=ROTATION)
def add() -> None:
    """Put a new key first. From now on it seals; a running service takes it up by itself."""
    from core.vault import KeyRing

    where = _ring_path(None)
    ring = KeyRing.add(where)
    click.echo(f"Added {ring.first_id} to {where}; it seals from now on, the older keys still open.")
    click.echo("Keep a copy of the file. Next: valetkey keys rewrap")


@command.command("list")
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
def list_(as_json: bool) -> None:
    """Show the keys, never their values, and how much in the database needs each."""
    from core.vault import KeyRing

    ring = KeyRing.load(_ring_path(None))
    needed = asyncio.run(_needed())
    rows = [
        {
            "id": key.id,
            "made": key.made,
            "seals": key.id == ring.first_id,
            "values": needed and needed[key.id],
        }
        for key in ring.members
    ]
    if as_json:
        click.echo(json.dumps({"items": rows}, indent=2))
        return
    click.echo(f"{'key':<12}{'made':<26}{'use':<8}values")
    for row in rows:
        count = "no database" if row["values"] is None else row["values"]
        click.echo(f"{row['id']:<12}{row['made']:<26}{'seals' if row['seals'] else 'opens':<8}{count}")


async def _needed() -> dict[str, int] | None:
    """None when there is no database yet."""
    from core import rotation

    try:
        async with _store() as store:
            return await rotation.uses(store)
    except Failed:
        return None


@command.command(epilog=ROTATION)
def rewrap() -> None:
    """Move everything in the database onto the first key, beside a running service.

    Can be interrupted and started again; it goes on where it stopped.
    """
    from core.vault import KeyRing, Vault

    result = asyncio.run(_rewrap(Vault(KeyRing.load(_ring_path(None)))))
    click.echo(f"Moved {result.moved} values onto the first key.")
    if result.unopened:
        raise Failed(
            "The ring does not open these, they were left as they are: "
            + "; ".join(result.unopened[:20])
            + (f" and {len(result.unopened) - 20} more" if len(result.unopened) > 20 else "")
            + ". Put the missing key back, or run `valetkey doctor`."
        )


async def _rewrap(vault: Vault) -> Rewrapped:
    from core import rotation

    async with _store() as store:
        needed = await rotation.uses(store)
        rest = sum(needed.values()) - needed[vault.ring.first_id]
        with click.progressbar(length=rest, label="Rewrapping", file=sys.stderr) as bar:
            return await rotation.rewrap(store, vault, bar.update)


@command.command(epilog=ROTATION)
@click.argument("key")
def retire(key: str) -> None:
    """Take KEY out of the ring, when nothing in the database needs it any more.

    Backups of the database from before the rewrap need it as long as you keep them.
    """
    where = _ring_path(None)
    asyncio.run(_retire(where, key))
    click.echo(
        f"Took {key} out of {where}. Older backups of the database still need it: keep a copy for them."
    )


async def _retire(ring_path: str, key_id: str) -> None:
    from core import rotation

    async with _store() as store:
        await rotation.retire(store, ring_path, key_id)
