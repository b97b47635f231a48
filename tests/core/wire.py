"""A provider on a real socket, as bare as can be: it notes every request and answers as the test says.

`async with Wire() as wire: wire.answer("GET", "/me", json={...})`. Several answers for one route are given in turn, the
last one from then on. `raw` bytes are written as they are; `hang_up` closes without a word; `slow_s` waits first.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec


class Seen(msgspec.Struct, frozen=True):
    """A request as it came over the wire."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    @property
    def path(self) -> str:
        return urlsplit(self.target).path

    @property
    def query(self) -> dict[str, str]:
        return dict(parse_qsl(urlsplit(self.target).query, keep_blank_values=True))

    @property
    def json(self) -> Any:
        return msgspec.json.decode(self.body)


class Reply(msgspec.Struct, frozen=True):
    status: int = 200
    body: bytes = b""
    headers: Sequence[tuple[str, str]] = ()
    raw: bytes | None = None
    hang_up: bool = False
    slow_s: float = 0

    def to_bytes(self) -> bytes:
        lines = [f"HTTP/1.1 {self.status} Whatever", f"Content-Length: {len(self.body)}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        return "\r\n".join(lines).encode() + b"\r\n\r\n" + self.body


class Wire:
    def __init__(self, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> None:
        self.host, self.tls = host, tls
        self.seen: list[Seen] = []
        self.connections = 0
        self._routes: dict[tuple[str, str], list[Reply]] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Wire:
        self._server = await asyncio.start_server(self._serve, self.host, 0, ssl=self.tls)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in list(self._writers):
            writer.close()
        await self._server.wait_closed()

    @property
    def url(self) -> str:
        return f"{'https' if self.tls else 'http'}://{self.host}:{self.port}"

    def answer(
        self,
        method: str,
        path: str,
        status: int = 200,
        *,
        json: Any = None,
        body: bytes = b"",
        headers: Mapping[str, str] | None = None,
        raw: bytes | None = None,
        hang_up: bool = False,
        slow_s: float = 0,
    ) -> None:
        """One more answer of a route."""
        content = body if json is None else msgspec.json.encode(json)
        told = list({"Content-Type": "application/json", **(headers or {})}.items())
        reply = Reply(status, content, told, raw, hang_up, slow_s)
        self._routes.setdefault((method, path), []).append(reply)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._writers.add(writer)
        try:
            while await self._exchange(reader, writer):
                pass
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            self._writers.discard(writer)
            writer.close()

    async def _exchange(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> bool:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        method, target, _ = head[0].split(" ")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in head[1:] if line)
        }
        body = await reader.readexactly(int(headers.get("content-length", 0)))
        seen = Seen(method, target, headers, body)
        self.seen.append(seen)
        reply = self._next(seen)
        await asyncio.sleep(reply.slow_s)
        if reply.hang_up:
            return False
        writer.write(reply.to_bytes() if reply.raw is None else reply.raw)
        await writer.drain()
        return reply.raw is None

    def _next(self, seen: Seen) -> Reply:
        replies = self._routes.get((seen.method, seen.path))
        if not replies:
            return Reply(404, b"{}")
        return replies.pop(0) if len(replies) > 1 else replies[0]
