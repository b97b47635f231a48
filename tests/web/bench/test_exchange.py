"""What comes back is read whole in each form it may have, and whoever does not answer is named."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest

from web.bench import BenchFailed
from web.bench.exchange import Address, Connection, request


@asynccontextmanager
async def answering(*answers: bytes, close: bool = False) -> AsyncIterator[tuple[Address, list[bytes]]]:
    """A server that gives these, one a request, and what it was asked; `close`: it hangs up after each."""
    left, asked = list(answers), list[bytes]()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while left:
                asked.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(left.pop(0))
                await writer.drain()
                if close:
                    break
        except asyncio.IncompleteReadError:
            pass
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        yield Address.of(f"http://127.0.0.1:{port}/keys/"), asked


PLAIN = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
CHUNKED = b"HTTP/1.1 403 No\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nhel\r\n2\r\nlo\r\n0\r\n\r\n"
EMPTY = b"HTTP/1.1 204 No Content\r\n\r\n"


async def test_answers_with_a_length_in_chunks_and_with_nothing() -> None:
    async with answering(PLAIN, CHUNKED, EMPTY, PLAIN) as (address, asked), Connection(address) as connection:
        sent = request(address, "GET", "/v1/tools", key="vka_x")
        found = [await connection.ask(sent) for _ in range(4)]
    assert found == [(200, b"hello"), (403, b"hello"), (204, b""), (200, b"hello")]
    assert asked[0].startswith(b"GET /keys/v1/tools HTTP/1.1\r\nHost: 127.0.0.1:")
    assert b"\r\nAuthorization: Bearer vka_x\r\n" in asked[0]


async def test_a_connection_that_was_closed_in_between_is_opened_again() -> None:
    async with answering(PLAIN, PLAIN, PLAIN, close=True) as (address, _), Connection(address) as connection:
        found = [await connection.ask(request(address, "GET", "/")) for _ in range(3)]
    assert [one.status for one in found] == [200, 200, 200]


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (b"", "it broke off"),
        (b"SSH-2.0-server with a banner\r\n\r\n", "that is not HTTP"),
        (b"x" * 70_000, "HTTP"),
    ],
    ids=["nothing", "another protocol", "no end"],
)
async def test_what_is_no_answer_is_told(answer: bytes, said: str) -> None:
    async with answering(answer, close=True) as (address, _), Connection(address) as connection:
        with pytest.raises(BenchFailed, match=said):
            await connection.ask(request(address, "GET", "/"))


async def test_nobody_there() -> None:
    async with answering() as (address, _):
        pass
    async with Connection(address) as connection:
        with pytest.raises(BenchFailed, match=rf"127\.0\.0\.1:{address.port} does not answer"):
            await connection.ask(request(address, "GET", "/"))


@pytest.mark.parametrize(
    "url", ["keys.example.com", "ftp://x", "http://", "https://a:b@x", "http://x:99999", "x"]
)
def test_no_address(url: str) -> None:
    with pytest.raises(BenchFailed, match="no address of a service"):
        Address.of(url)


def test_addresses() -> None:
    make: Callable[[str], Address] = Address.of
    assert make("https://keys.example.com") == Address("keys.example.com", 443, True, "")
    assert make("http://[::1]:8000/a/") == Address("::1", 8000, False, "/a")
    assert b"Host: [::1]:8000\r\n" in request(make("http://[::1]:8000"), "GET", "/")
