"""`python -m web.demo.northwind`: Northwind alone, for trying a connector by hand."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Callable

import click
from litestar import Litestar

from core.authserver import Client
from core.ids import new_token
from core.secret import Secret
from web.demo.northwind.app import create_app
from web.demo.northwind.provider import PASSWORD
from web.demo.northwind.seed import PEOPLE
from web.demo.northwind.serve import serving


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True)
@click.option("--port", default=8001, show_default=True)
@click.option("--public-url", help="How browsers and apps reach it.  [default: http://HOST:PORT]")
@click.option("--client-id", default="valetkey", show_default=True)
@click.option("--client-secret", envvar="NORTHWIND_CLIENT_SECRET", help="Made up and printed when left out.")
@click.option("--redirect-uri", multiple=True, required=True, help="Exact; may be given several times.")
@click.option(
    "--app-name", default="Valetkey", show_default=True, help="What the consent page calls the app."
)
@click.option("--token-ttl", default=120, show_default=True, help="Seconds an access token lives.")
@click.option("--rate-per-minute", default=600, show_default=True, help="Requests one token may make.")
def main(
    host: str,
    port: int,
    public_url: str | None,
    client_id: str,
    client_secret: str | None,
    redirect_uri: tuple[str, ...],
    app_name: str,
    token_ttl: int,
    rate_per_minute: int,
) -> None:
    """Run the bundled provider Northwind until Ctrl-C."""
    secret = Secret(client_secret) if client_secret else new_token()
    client = Client.confidential(client_id, secret, name=app_name, redirect_uris=redirect_uri)
    url = public_url or f"http://{host}:{port}"
    try:
        app = create_app(url, [client], token_ttl_s=token_ttl, rate_per_minute=rate_per_minute)
        asyncio.run(
            _run(app, host, port, lambda: _announce(url, client_id, None if client_secret else secret))
        )
    except OSError as error:
        raise click.ClickException(
            f"{host}:{port}: {error.strerror or error}; choose another with --port"
        ) from None


def _announce(url: str, client_id: str, made_up: Secret | None) -> None:
    click.echo(f"Northwind at {url}")
    click.echo(f"  sign in as   {', '.join(person.email for person in PEOPLE)} with {PASSWORD}")
    click.echo(f"  client id    {client_id}")
    if made_up:
        click.echo(f"  client secret  {made_up.reveal()}")


async def _run(app: Litestar, host: str, port: int, announce: Callable[[], None]) -> None:
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with serving(app, host=host, port=port):
        announce()
        await stop.wait()


if __name__ == "__main__":
    main()
