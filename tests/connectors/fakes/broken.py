"""A fake provider on a loopback socket whose connections misbehave: it answers, and then something of the answer is missing,
late, or far too much.

`Broken` serves one fake; `way(request, answer)` decides for each request: None is a proper answer. The client side is the
house's own outbound client, whose requests `Rerouted` takes to the socket.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from core.http import Outbound
from tests.connectors.fakes.fake import Fake

Way = Callable[[asyncio.StreamWriter, httpx.Response, "Broken"], Awaitable[None]]
_TLS = ssl.create_default_context()  # never used, and making one takes longer than a test
FLOOD_BYTES = 100_000_000
_CHUNK = b'{"items": [' + b"0," * 30_000
_BOMB = gzip.compress(b'{"items": [' + b"0," * (FLOOD_BYTES // 2), compresslevel=1)


class Broken:
    """`sent_bytes`: how much of a flood was taken. `strikes`: whether a request is the one that goes wrong."""

    def __init__(self, fake: Fake, way: Way, strikes: Callable[[httpx.Request], bool]) -> None:
        self.fake, self._way, self._strikes = fake, way, strikes
        self.sent_bytes = 0
        self._open: set[asyncio.Task[None] | None] = set()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._open.add(asyncio.current_task())
        try:
            while (request := await self._read(reader)) is not None:
                answer = self.fake.handle(request)
                if self._strikes(request):
                    await self._way(writer, answer, self)
                    return
                writer.write(_head(answer) + answer.content)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    async def close(self) -> None:
        """Nothing of it is left running."""
        tasks = [task for task in self._open if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _read(self, reader: asyncio.StreamReader) -> httpx.Request | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except (asyncio.IncompleteReadError, ConnectionError):
            return None
        method, target, _ = head[0].split(" ")
        headers = [
            (name, value.strip()) for name, _, value in (line.partition(":") for line in head[1:] if line)
        ]
        size = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
        return httpx.Request(
            method,
            f"https://{self.fake.host}{target}",
            headers=headers,
            content=await reader.readexactly(size),
        )


def _head(answer: httpx.Response, size: int | None = None) -> bytes:
    """The status line and the headers; `size`: what Content-Length says, where that is not so."""
    told = {**answer.headers, "content-length": str(len(answer.content) if size is None else size)}
    lines = [
        f"HTTP/1.1 {answer.status_code} {answer.reason_phrase}",
        *(f"{name}: {value}" for name, value in told.items()),
    ]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


# ---- ways to go wrong ----------------------------------------------------------------------------------------


async def hangs(writer: asyncio.StreamWriter, answer: httpx.Response, broken: Broken) -> None:
    """It has done what was asked, and says nothing."""
    await asyncio.sleep(30)


async def resets_in_the_body(writer: asyncio.StreamWriter, answer: httpx.Response, broken: Broken) -> None:
    """Half the body, then RST instead of FIN."""
    writer.write(_head(answer, len(answer.content) + 100) + answer.content[: len(answer.content) // 2])
    await writer.drain()
    _reset(writer)


async def resets_before_the_answer(
    writer: asyncio.StreamWriter, answer: httpx.Response, broken: Broken
) -> None:
    _reset(writer)


async def ends_in_the_body(writer: asyncio.StreamWriter, answer: httpx.Response, broken: Broken) -> None:
    """Content-Length promises more than comes."""
    writer.write(_head(answer, len(answer.content) + 100) + answer.content[: len(answer.content) // 2])
    await writer.drain()


async def floods(writer: asyncio.StreamWriter, answer: httpx.Response, broken: Broken) -> None:
    """A body of 100 MB, as fast as it is taken."""
    writer.write(_head(httpx.Response(200, headers={"content-type": "application/json"}), FLOOD_BYTES))
    while broken.sent_bytes < FLOOD_BYTES:
        writer.write(_CHUNK)
        await writer.drain()
        broken.sent_bytes += len(_CHUNK)


async def bombs(writer: asyncio.StreamWriter, answer: httpx.Response, broken: Broken) -> None:
    """The same, packed to a hundredth."""
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    writer.write(_head(httpx.Response(200, headers=headers), len(_BOMB)) + _BOMB)
    await writer.drain()


async def speaks_no_http(writer: asyncio.StreamWriter, answer: httpx.Response, broken: Broken) -> None:
    writer.write(b"220 mail.acme.example ESMTP\r\n\r\n")
    await writer.drain()


def _reset(writer: asyncio.StreamWriter) -> None:
    sock: socket.socket = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


# ---- the client's side ---------------------------------------------------------------------------------------


class Rerouted(httpx.AsyncBaseTransport):
    """Takes a request to a port of this machine over `inner`, whatever host it names; the request itself stays as it is."""

    def __init__(self, inner: httpx.AsyncBaseTransport, port: int) -> None:
        self._inner, self._port = inner, port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        there = httpx.Request(request.method, url, headers=request.headers, content=request.content)
        return await self._inner.handle_async_request(there)

    async def aclose(self) -> None:
        await self._inner.aclose()


@asynccontextmanager
async def broken(
    fake: Fake, way: Way, strikes: Callable[[httpx.Request], bool]
) -> AsyncIterator[tuple[Broken, Outbound]]:
    """A provider that goes wrong, and our client on its way there."""
    provider = Broken(fake, way, strikes)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    wire = Outbound(development=True, ssl_context=_TLS)
    outbound = Outbound(ssl_context=_TLS, transport=Rerouted(wire._transport, port))
    try:
        yield provider, outbound
    finally:
        await outbound.close()
        await wire.close()
        server.close()
        await provider.close()
        await server.wait_closed()
