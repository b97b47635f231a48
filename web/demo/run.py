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
from collections.abc import Callable
from contextlib import AsyncExitStack

import click

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
        CLIENT_ID, secret, name="Valetkey", redirect_uris=[registration["redirect_uri"]]
    )
    app = northwind.create_app(url, [client])
    await parts.enter_async_context(northwind.serving(app, port=int(url.rpartition(":")[2])))


async def _register_assistant(admin: Admin, chat_url: str) -> str:
    answer = await admin.send(
        "POST",
        "/v1/assistants",
        {
            "name": "Acme Assist",
            "description": "Answers questions about your customers and keeps your tasks",
            "homepage_url": chat_url,
            "allowed_origins": [chat_url],
            "return_urls": [f"{chat_url}/connected", f"{chat_url}/"],
            "default_return_url": f"{chat_url}/connected",
        },
    )
    key: str = answer["key"]
    return key


async def _serve_chat(parts: AsyncExitStack, valetkey_url: str, key: str, chat_url: str) -> None:
    app = create_chat(
        Settings.load({**os.environ, "ACME_URL": chat_url, "VALETKEY_URL": valetkey_url, "VALETKEY_KEY": key})
    )
    await parts.enter_async_context(northwind.serving(app, port=int(chat_url.rpartition(":")[2])))


def _welcome(chat_url: str, provider_url: str, link: str, key: str, installation: Installation) -> str:
    bold = lambda text: click.style(text, bold=True)  # noqa: E731
    return f"""
{bold("Valetkey is running. Three pages to open:")}

  {bold("1. The chat")}       {chat_url}
     Say "show my open deals" and follow the card. Northwind wants to know who you are:
     ada@northwind.example with the password {northwind.PASSWORD}
  {bold("2. What you allowed")}  is behind "What can you see?" in the chat: every use, and Stop
  {bold("3. The admin")}      {link.strip()}
     Works once, for ten minutes. Another one:
     VALETKEY_CONFIG={installation.config} valetkey sign-in-link

An assistant of your own, in five minutes: README.md, with this workspace key (it is gone with the demo)
     {key}
Northwind, the CRM of this story, is at {provider_url}; the API is described at {installation.url}/schema
Ctrl-C stops everything.
"""
