"""`valetkey serve`: migrate, check, serve. Refuses to start on a weak or wrong setting, saying which and how to mend it."""

from __future__ import annotations

import asyncio
import os
import socket
from ipaddress import ip_address

import click

from web.cli import Failed, environ

EXAMPLES = """\b
Examples:
  valetkey serve
  valetkey serve --host 0.0.0.0 --port 8080 --workers 2
  VALETKEY_DEVELOPMENT=1 valetkey serve
"""

GRACE_S = 30  # how long calls in flight may take after SIGTERM


@click.command(epilog=EXAMPLES)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", default=8000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--workers", default=1, show_default=True, type=click.IntRange(1, 64), help="Server processes.")
def command(host: str, port: int, workers: int) -> None:
    """Apply migrations, check everything, and serve.

    Put a proxy that speaks TLS in front: browsers and builders must reach it as VALETKEY_PUBLIC_URL.
    """
    from core import settings
    from web import logs

    config = settings.load(environ(), port=port)
    if config.development and not _loopback(host):
        raise Failed(
            f"VALETKEY_DEVELOPMENT is on, and {host} can be reached from outside.\n"
            "Listen on 127.0.0.1, or switch development off and set VALETKEY_PUBLIC_URL to an https address."
        )
    _free(host, port)
    logs.configure(config.log)
    link = asyncio.run(_prepare(config))
    # The workers read the same settings; what was only a default is made explicit for them.
    os.environ["VALETKEY_PUBLIC_URL"] = config.public_url
    click.echo(f"Valetkey serves {config.public_url} on {host}:{port}.")
    if link:
        click.echo(f"Admin sign-in, once, within 10 minutes: {link}")
    else:
        click.echo("There is no workspace yet. Make one: valetkey workspaces create NAME")
    _serve_counting(host, port, workers)


def _free(host: str, port: int) -> None:
    """The workers share their port, so a second service would be let in, and each get some of the requests."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            said = (
                os.strerror(error.errno) if isinstance(error.errno, int) and error.errno > 0 else str(error)
            )
            raise Failed(
                f"{host}:{port} cannot be listened on: {said}.\n"
                "End what is there, or choose with --host and --port."
            ) from None


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False


async def _prepare(config: object) -> str | None:
    """Migrate and check in the parent, so that a fault is told once and before any worker starts. The first sign-in link."""
    from core import startup, tickets
    from core.model import Workspace
    from core.settings import Settings
    from web.app import build_house

    assert isinstance(config, Settings)
    house = build_house(config)
    try:
        await startup.prepare(house)
        spaces = await house.store.all("workspaces_all", Workspace)
        if not spaces:
            return None
        ticket, _ = await tickets.admin(house, spaces[0].id)
        return f"{config.public_url}/admin/sign-in?ticket={ticket.reveal()}"
    finally:
        await house.close()


def _serve_counting(host: str, port: int, workers: int) -> None:
    """Serve with a place where the workers' numbers come together for `/metrics`; without, if there is no room for it."""
    from web.app import METRICS_FOLDER
    from web.cells import Folder

    try:
        folder = Folder()
    except OSError as error:
        click.echo(f"/metrics will tell of one worker only: no folder for their numbers ({error}).", err=True)
        return _serve(host, port, workers)
    os.environ[METRICS_FOLDER] = str(folder.path)
    try:
        _serve(host, port, workers)
    finally:
        folder.remove()


def _serve(host: str, port: int, workers: int) -> None:
    from granian import Granian
    from granian.constants import Interfaces, Loops

    server = Granian(
        "web.app:worker",
        address=host,
        port=port,
        interface=Interfaces.ASGI,
        factory=True,
        workers=workers,
        loop=Loops.asyncio,
        respawn_failed_workers=True,
        workers_kill_timeout=GRACE_S,
        log_enabled=False,
        websockets=False,
    )
    try:
        server.serve()
    except KeyboardInterrupt:
        pass
