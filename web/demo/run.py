"""`valetkey demo`: the service, the bundled provider Northwind and the bundled chat Acme Assist, one command, nothing else.

Northwind and the chat are served by this process; the service is a child. The chat gets an assistant key and knows Valetkey by
its public API only. Registering and the bit of history of two people go through the same API and pages anybody uses. On
SIGINT and SIGTERM everything ends in reverse order, and nothing stays on the disk.
"""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path

import click
from litestar import Litestar

from core.authserver import Client
from core.ids import new_token
from web.demo import northwind
from web.demo.assist.app import Settings
from web.demo.assist.app import create_app as create_chat
from web.demo.history import make_history
from web.demo.installation import Admin, DemoFailed, Installation

Say = Callable[[str], None]
PARTS = ("the service", "Northwind", "the chat")
CLIENT_ID = "valetkey-demo"


def check_ports(first: int) -> None:
    """Raises DemoFailed naming the first of the three ports that is taken, and the mend."""
    for port, part in zip(range(first, first + 3), PARTS, strict=True):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind(("127.0.0.1", port))
            except OSError as error:
                raise DemoFailed(
                    f"Port {port}, for {part}, cannot be used: {error.strerror}.\n"
                    f"Stop the program that has it, or take three other ports: valetkey demo --port {first + 1000}"
                ) from None


async def run(port: int, say: Say) -> None:
    """Until SIGINT or SIGTERM. Raises DemoFailed."""
    check_ports(port)
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    demo = asyncio.create_task(_demo(port, say))
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({demo, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()
    if not demo.done():
        say("\nStopping ...")
        demo.cancel()
    try:
        await demo
    except asyncio.CancelledError:
        say("Stopped. Nothing was left on this machine.")


async def _demo(port: int, say: Say) -> None:
    installation = Installation(port)
    async with AsyncExitStack() as parts:
        parts.callback(installation.remove)
        workspace = await installation.prepare("Acme")
        service = await parts.enter_async_context(installation.serving())
        provider_url, chat_url = f"http://127.0.0.1:{port + 1}", f"http://127.0.0.1:{port + 2}"
        async with Admin(installation.url, workspace["key"]) as admin:
            await _serve_northwind(parts, admin, provider_url)
            key = await _register_assistant(admin, chat_url)
        await _serve_chat(parts, installation.url, key, chat_url)
        await make_history(installation.url, key, f"{chat_url}/connected")
        link = await installation.command("sign-in-link", "--workspace", workspace["workspace"])
        say(_welcome(chat_url, provider_url, link, workspace["key"], installation))
        await service.wait()
        raise DemoFailed(f"The service ended by itself. The end of its log:\n{installation.last_words()}")


async def _serve_northwind(parts: AsyncExitStack, admin: Admin, url: str) -> None:
    """Register the connector, and start the provider with the redirect URI that this gave."""
    secret = new_token()
    registration = await admin.send(
        "PUT",
        "/v1/connectors/northwind",
        {"client_id": CLIENT_ID, "client_secret": secret.reveal(), "config": {"base_url": url}},
    )
    client = Client.confidential(
        CLIENT_ID, secret, name="Valetkey", redirect_uris=(registration["redirect_uri"],)
    )
    await _serve(parts, northwind.create_app(url, (client,)), url)


async def _register_assistant(admin: Admin, chat_url: str) -> str:
    answer = await admin.send(
        "POST",
        "/v1/assistants",
        {
            "name": "Acme Assist",
            "description": "Answers questions about your customers and keeps your tasks",
            "homepage_url": chat_url,
            "logo_url": f"{chat_url}/static/icon.svg",
            "allowed_origins": [chat_url],
            "return_urls": [f"{chat_url}/connected", f"{chat_url}/"],
            "default_return_url": f"{chat_url}/connected",
        },
    )
    key: str = answer["key"]
    return key


async def _serve_chat(parts: AsyncExitStack, valetkey_url: str, key: str, chat_url: str) -> None:
    own = {"ACME_URL": chat_url, "VALETKEY_URL": valetkey_url, "VALETKEY_KEY": key}
    await _serve(parts, create_chat(Settings.load({**os.environ, **own})), chat_url)


async def _serve(parts: AsyncExitStack, app: Litestar, url: str) -> None:
    """`app` answers at `url` until the parts end. The port was free at the start, but may have been taken since."""
    port = int(url.rpartition(":")[2])
    try:
        await parts.enter_async_context(northwind.serving(app, port=port))
    except OSError as error:
        raise DemoFailed(f"Nothing can be served at {url}: {error}") from error


def _welcome(chat_url: str, provider_url: str, link: str, key: str, installation: Installation) -> str:
    heading, chat, admin, provider = (
        click.style(text, bold=True)
        for text in ("Valetkey is running. Three pages to open:", "The chat", "The admin", "Northwind")
    )
    started = Path(sys.argv[0])
    # as it was started here: `.venv/bin/valetkey` is on nobody's PATH
    program = started if started.name == "valetkey" else "valetkey"
    return f"""
{heading}

  1. {chat}       {chat_url}
     Say "show my open deals" and follow the card. At Northwind you are ada@northwind.example,
     password {northwind.PASSWORD}. "What can you see?" leads to everything you allowed, and to Stop.

  2. {admin}      {link.strip()}
     Works once, for ten minutes. Another one, in a second terminal:
     VALETKEY_CONFIG={installation.config} {program} sign-in-link

  3. {provider}      {provider_url}
     The provider of this story, with the same password; Connected apps shows its side.

An assistant of your own, in five minutes: README.md, with this workspace key (it is gone with the demo)
     {key}
The API is described at {installation.url}/schema
Ctrl-C stops everything.
"""
