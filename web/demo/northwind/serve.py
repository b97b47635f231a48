"""Northwind on a port, inside the running event loop: for `python -m web.demo.northwind`, the demo and
tests.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from granian.constants import Interfaces
from granian.server.embed import Server
from litestar import Litestar


@asynccontextmanager
async def serving(app: Litestar, *, host: str = "127.0.0.1", port: int) -> AsyncIterator[None]:
    """`app` answers at `host:port` while the block runs. Raises OSError when the port is taken."""
    _refuse_taken(host, port)
    server = Server(app, host, port, interface=Interfaces.ASGI, log_enabled=False, websockets=False)
    task = asyncio.create_task(server.serve())
    try:
        await _until_open(task, host, port)
        yield
    finally:
        server.stop()
        await asyncio.wait([task], timeout=5)


def _refuse_taken(host: str, port: int) -> None:
    """The server itself would share a taken port without a word (SO_REUSEPORT), and half of the requests would go astray."""
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        probe.bind((host, port))


async def _until_open(task: asyncio.Task[None], host: str, port: int) -> None:
    for _ in range(200):
        if task.done():
            task.result()
            raise OSError(f"the server at {host}:{port} ended before it answered")
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            await asyncio.sleep(0.02)
            continue
        writer.close()
        return
    raise OSError(f"nothing answers at {host}:{port}")
