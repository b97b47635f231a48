"""The redirect URI of a program on the developer's machine: one port of 127.0.0.1, one answer, then closed.

Source: RFC 8252 section 7.3 (loopback redirection) and 8.3 (only the loopback interface). Another page in the same browser can
send requests here too: what has another `Host`, path or `state` is refused and changes nothing.
"""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from urllib.parse import parse_qsl, urlsplit

from core.secret import Secret

PATH = "/callback"
MAX_LINE = 16_384
SLOW_S = 10.0
_PAGE = (
    "<!doctype html><html lang=en><meta charset=utf-8><title>Valetkey</title>"
    "<body style='font-family:system-ui;margin:3rem auto;max-width:32rem'><p>{words}</p></body></html>"
)
_DONE = "You can close this page. What happens next is in your terminal."
_STRANGE = "This is not the answer that was waited for. Nothing was done with it."


class Loopback:
    """Waits for the browser. `redirect_uri` is what the provider has to know."""

    def __init__(self, host: str, state: Secret) -> None:
        self._host, self._state = host, state
        self._answer: asyncio.Future[dict[str, str]] = asyncio.get_running_loop().create_future()
        self.port = 0

    @property
    def redirect_uri(self) -> str:
        return f"http://{self._host}:{self.port}{PATH}"

    async def answer(self, within_s: float) -> dict[str, str]:
        """The query of the one answer with our state. Raises TimeoutError."""
        return await asyncio.wait_for(asyncio.shield(self._answer), within_s)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with asyncio.timeout(SLOW_S):
                status, words = self._judge(await reader.readuntil(b"\r\n\r\n"))
                writer.write(_response(status, words))
                await writer.drain()
        except (TimeoutError, OSError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # a browser that hung up, or something that is none
        finally:
            writer.close()

    def _judge(self, head: bytes) -> tuple[str, str]:
        lines = head.decode("latin-1").split("\r\n")
        method, _, rest = lines[0].partition(" ")
        target = urlsplit(rest.rpartition(" ")[0])
        hosts = [line.partition(":")[2].strip() for line in lines[1:] if line.lower().startswith("host:")]
        if method != "GET" or target.path != PATH or hosts != [f"{self._host}:{self.port}"]:
            return "404 Not Found", _STRANGE
        pairs = parse_qsl(target.query, keep_blank_values=True)
        query = dict(pairs)
        if len(query) != len(pairs) or self._answer.done() or not self._is_ours(query.get("state", "")):
            return "400 Bad Request", _STRANGE
        self._answer.set_result(query)
        return "200 OK", _DONE

    def _is_ours(self, state: str) -> bool:
        return hmac.compare_digest(state.encode(), self._state.reveal().encode())


def _response(status: str, words: str) -> bytes:
    body = _PAGE.format(words=words).encode()
    head = (
        f"HTTP/1.1 {status}\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n"
        "Cache-Control: no-store\r\nReferrer-Policy: no-referrer\r\nX-Frame-Options: DENY\r\n"
        "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'\r\n"
        "Connection: close\r\n\r\n"
    )
    return head.encode() + body


@asynccontextmanager
async def listening(state: Secret, *, port: int, host: str) -> AsyncIterator[Loopback]:
    """`port` 0 takes any that is free. Raises OSError when the port is taken."""
    waiting = Loopback(host, state)
    server = await asyncio.start_server(waiting.serve, "127.0.0.1", port, limit=MAX_LINE)
    waiting.port = server.sockets[0].getsockname()[1]
    try:
        yield waiting
    finally:
        server.close()  # a browser may hold a spare connection open: that is not waited for
