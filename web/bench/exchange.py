"""One kept HTTP/1.1 connection, with as little work as can be, so that what is measured is the side that is asked.

Source: RFC 9112. Limits: answers with a length or in chunks; no redirects, no compression (none is asked for), no HTTP/2.
"""

from __future__ import annotations

import asyncio
import ssl
from typing import NamedTuple
from urllib.parse import urlsplit

import msgspec

from web.bench import BenchFailed

PATIENCE_S = 60.0
MAX_HEAD_BYTES = 64_000
_CLOSED = (ConnectionError, asyncio.IncompleteReadError)  # as an idle connection may be, at any moment
_FAULTS = (OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError, ValueError)


class Address(msgspec.Struct, frozen=True):
    """Where a service answers: `path` is what stands before its own paths, mostly nothing."""

    host: str
    port: int
    tls: bool
    path: str

    @classmethod
    def of(cls, url: str) -> Address:
        try:
            parts = urlsplit(url)
            port = parts.port
        except ValueError:
            parts, port = urlsplit(""), None
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.username:
            raise BenchFailed(f"{url[:100]} is no address of a service. Write https://keys.example.com.")
        tls = parts.scheme == "https"
        return cls(parts.hostname, port or (443 if tls else 80), tls, parts.path.rstrip("/"))

    @property
    def is_here(self) -> bool:
        return self.host in ("localhost", "127.0.0.1", "::1")


class Answer(NamedTuple):
    status: int
    body: bytes


def request(
    address: Address,
    method: str,
    path: str,
    *,
    key: str | None = None,
    body: bytes | None = None,
    form: bool = False,
) -> bytes:
    """What is sent, head and body. `key` as bearer token."""
    name = f"[{address.host}]" if ":" in address.host else address.host
    lines = [f"{method} {address.path}{path} HTTP/1.1", f"Host: {name}:{address.port}", "Accept: */*"]
    if key is not None:
        lines.append(f"Authorization: Bearer {key}")
    if body is not None:
        kind = "application/x-www-form-urlencoded" if form else "application/json"
        lines += [f"Content-Type: {kind}", f"Content-Length: {len(body)}"]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + (body or b"")


class Connection:
    """Opened at the first request; opened again where the other side has closed it in between. Use as a context manager."""

    def __init__(self, address: Address) -> None:
        self.address = address
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def __aenter__(self) -> Connection:
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._streams is not None:
            self._streams[1].close()
            self._streams = None

    async def ask(self, asked: bytes) -> Answer:
        """Raises BenchFailed when nobody answers."""
        kept = self._streams is not None
        try:
            return await self._exchange(asked)
        except _FAULTS as error:
            await self.__aexit__()
            if not kept or not isinstance(error, _CLOSED):
                raise self._nobody(error) from error
        return await self.ask(asked)

    def _nobody(self, error: Exception) -> BenchFailed:
        where = f"{self.address.host}:{self.address.port}"
        if isinstance(error, asyncio.IncompleteReadError):
            said = "it broke off"
        else:
            said = str(error) if isinstance(error, OSError) else "that is not HTTP"
        return BenchFailed(f"{where} does not answer: {said or 'too slow'}. Is the service running there?")

    async def _exchange(self, asked: bytes) -> Answer:
        async with asyncio.timeout(PATIENCE_S):
            if self._streams is None:
                tls = ssl.create_default_context() if self.address.tls else None
                self._streams = await asyncio.open_connection(
                    self.address.host, self.address.port, ssl=tls, limit=MAX_HEAD_BYTES
                )
            reader, writer = self._streams
            writer.write(asked)
            head = (await reader.readuntil(b"\r\n\r\n")).lower()
            answer = Answer(int(head[9:12]), await _body(reader, head))
            if b"\r\nconnection: close" in head:
                await self.__aexit__()
            return answer


async def _body(reader: asyncio.StreamReader, head: bytes) -> bytes:
    _, found, rest = head.partition(b"\r\ncontent-length:")
    if found:
        return await reader.readexactly(int(rest.split(b"\r\n", 1)[0]))
    if b"\r\ntransfer-encoding: chunked" not in head:
        return b""
    parts = []
    while size := int((await reader.readuntil(b"\r\n")).split(b";")[0], 16):
        parts.append(await reader.readexactly(size))
        await reader.readexactly(2)
    await reader.readuntil(b"\r\n")
    return b"".join(parts)
