"""The one outbound client, on real sockets."""

from __future__ import annotations

import asyncio
import gzip
import socket
import zlib
from collections.abc import Sequence
from pathlib import Path

import pytest

from core.http import (
    Outbound,
    OutboundFailed,
    OutboundRefused,
    OutboundTimeout,
    OutboundTooLarge,
    _unpacked,
    _unpacker,
)
from tests.core.wire import Wire


async def test_an_answer_comes_back_whole_whatever_its_status(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/x", 418, json={"a": 1}, headers={"X-Request-Id": "r1"})
    response = await http.send(http.request("GET", f"{wire.url}/x"))
    assert (response.status_code, response.json(), response.headers["x-request-id"]) == (418, {"a": 1}, "r1")


async def test_what_is_sent_is_what_was_given(http: Outbound, wire: Wire) -> None:
    params = {"q": "a&b=c d/é", "n": 2, "on": True, "none": None, "many": ["x", "y"]}
    await http.send(http.request("GET", f"{wire.url}/x?first=1", params=params, headers={"X-One": "1"}))
    await http.send(http.request("POST", f"{wire.url}/x", json={"é": [1, None]}))
    await http.send(http.request("POST", f"{wire.url}/x", form={"a": "b c", "d": "&"}))
    await http.send(
        http.request("PUT", f"{wire.url}/x", content=b"raw", headers={"Content-Type": "text/plain"})
    )
    query, json, form, raw = wire.seen
    assert query.target == "/x?first=1&q=a%26b%3Dc+d/%C3%A9&n=2&on=true&many=x&many=y"
    assert query.headers["x-one"] == "1"
    assert (json.json, json.headers["content-type"]) == ({"é": [1, None]}, "application/json")
    assert (form.body, form.headers["content-type"]) == (b"a=b+c&d=%26", "application/x-www-form-urlencoded")
    assert (raw.body, raw.headers["content-type"]) == (b"raw", "text/plain")


async def test_connections_are_kept_and_used_again(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/x", json={})
    for _ in range(5):
        await http.send(http.request("GET", f"{wire.url}/x"))
    assert (len(wire.seen), wire.connections) == (5, 1)


async def test_no_cookie_is_kept(wire: Wire) -> None:
    """By name: for an address no client keeps cookies."""

    async def here(host: str, port: int) -> Sequence[str]:
        return ["127.0.0.1"]

    wire.answer("GET", "/x", json={}, headers={"Set-Cookie": "session=one; Path=/"})
    client = Outbound(development=True, resolve=here)
    for _ in range(2):
        await client.send(client.request("GET", f"http://localhost:{wire.port}/x"))
    await client.close()
    assert len(wire.seen) == 2 and "cookie" not in wire.seen[1].headers


async def test_no_proxy_and_no_netrc_is_taken_from_the_environment(
    wire: Wire, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login ada password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    wire.answer("GET", "/x", json={})
    client = Outbound(development=True)
    response = await client.send(client.request("GET", f"{wire.url}/x"))
    await client.close()
    assert response.status_code == 200
    assert "authorization" not in wire.seen[0].headers


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_refused_and_not_followed(http: Outbound, wire: Wire, status: int) -> None:
    wire.answer("GET", "/x", status, headers={"Location": f"{wire.url}/secret"})
    wire.answer("GET", "/secret", json={"token": "t"})
    with pytest.raises(OutboundRefused):
        await http.send(http.request("GET", f"{wire.url}/x"))
    assert [seen.path for seen in wire.seen] == ["/x"]


async def test_a_slow_answer_ends_in_a_timeout_and_other_calls_are_not_held_up(
    http: Outbound, wire: Wire
) -> None:
    wire.answer("GET", "/slow", slow_s=5)
    wire.answer("GET", "/quick", json={})
    slow = asyncio.ensure_future(http.send(http.request("GET", f"{wire.url}/slow"), timeout_s=0.3))
    await http.send(http.request("GET", f"{wire.url}/quick"), timeout_s=0.2)
    with pytest.raises(OutboundTimeout):
        await slow


async def test_the_time_is_total_so_a_drip_of_bytes_does_not_stretch_it(http: Outbound) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        try:
            while not writer.is_closing():
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    with pytest.raises(OutboundTimeout):
        await http.send(http.request("GET", f"http://127.0.0.1:{port}/"), timeout_s=0.3)
    assert loop.time() - begun < 2
    server.close()
    await server.wait_closed()


async def test_an_answer_over_the_cap_is_cut_off(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/x", body=b"x" * 1001)
    with pytest.raises(OutboundTooLarge):
        await http.send(http.request("GET", f"{wire.url}/x"), max_bytes=1000)
    assert len((await http.send(http.request("GET", f"{wire.url}/x"), max_bytes=1001)).content) == 1001


@pytest.mark.parametrize(
    "packed", [gzip.compress(b"0" * 5_000_000, mtime=0), zlib.compress(b"0" * 5_000_000)]
)
async def test_the_cap_holds_for_what_is_unpacked(http: Outbound, wire: Wire, packed: bytes) -> None:
    name = "gzip" if packed[:2] == b"\x1f\x8b" else "deflate"
    wire.answer("GET", "/bomb", body=packed, headers={"Content-Encoding": name})
    with pytest.raises(OutboundTooLarge):
        await http.send(http.request("GET", f"{wire.url}/bomb"), max_bytes=100_000)
    whole = await http.send(http.request("GET", f"{wire.url}/bomb"), max_bytes=6_000_000)
    assert whole.content == b"0" * 5_000_000


@pytest.mark.parametrize(
    ("name", "body"), [("br", b"xx"), ("gzip", b"no gzip"), ("gzip", gzip.compress(b"x" * 99, mtime=0)[:-10])]
)
async def test_an_answer_that_cannot_be_unpacked_is_a_failure(
    http: Outbound, wire: Wire, name: str, body: bytes
) -> None:
    wire.answer("GET", "/x", body=body, headers={"Content-Encoding": name})
    with pytest.raises(OutboundFailed):
        await http.send(http.request("GET", f"{wire.url}/x"))


@pytest.mark.parametrize("raw", [b"SSH-2.0-x\r\n", b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc", b""])
async def test_bytes_that_are_no_whole_http_answer_are_a_failure(
    http: Outbound, wire: Wire, raw: bytes
) -> None:
    wire.answer("GET", "/x", raw=raw)
    with pytest.raises(OutboundFailed):
        await http.send(http.request("GET", f"{wire.url}/x"))


def test_unpacking_never_makes_more_than_was_asked_for_at_once() -> None:
    bomb = gzip.compress(b"0" * 50_000_000, mtime=0)
    assert len(_unpacked(_unpacker("gzip"), bomb, 1_000)) == 1_000


async def test_a_user_name_or_a_fragment_in_an_address_is_refused(http: Outbound, wire: Wire) -> None:
    for url in (f"http://ada:secret@127.0.0.1:{wire.port}/x", f"{wire.url}/x#part"):
        with pytest.raises(OutboundRefused, match="not allowed"):
            await http.send(http.request("GET", url))
    assert wire.connections == 0


async def test_nobody_there_is_a_failure(http: Outbound) -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with pytest.raises(OutboundFailed):
        await http.send(http.request("GET", f"http://127.0.0.1:{port}/"))


async def test_a_name_without_an_address_is_a_failure() -> None:
    async def nowhere(host: str, port: int) -> Sequence[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    client = Outbound(resolve=nowhere)
    with pytest.raises(OutboundFailed, match="has no address"):
        await client.send(client.request("GET", "https://nowhere.example/"))
    await client.close()


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
async def test_a_write_is_never_sent_twice_even_when_a_kept_connection_breaks(
    http: Outbound, wire: Wire, method: str
) -> None:
    wire.answer("GET", "/warm", json={})
    wire.answer(method, "/write", hang_up=True)
    await http.send(http.request("GET", f"{wire.url}/warm"))
    with pytest.raises(OutboundFailed):
        await http.send(http.request(method, f"{wire.url}/write", json={"a": 1}))
    assert [seen.method for seen in wire.seen] == ["GET", method]


async def test_a_read_is_sent_once_more_when_a_kept_connection_breaks(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/x", json={"n": 1})
    wire.answer("GET", "/x", hang_up=True)
    wire.answer("GET", "/x", json={"n": 2})
    first = await http.send(http.request("GET", f"{wire.url}/x"))
    second = await http.send(http.request("GET", f"{wire.url}/x"))
    assert (first.json(), second.json(), len(wire.seen)) == ({"n": 1}, {"n": 2}, 3)


async def test_many_at_once_each_get_their_own_answer(http: Outbound, wire: Wire) -> None:
    for number in range(100):
        wire.answer("GET", f"/{number}", json=number, slow_s=0.01)
    requests = [http.request("GET", f"{wire.url}/{number}") for number in range(100)]
    answers = await asyncio.gather(*(http.send(request) for request in requests))
    assert [answer.json() for answer in answers] == list(range(100))


async def test_an_error_names_the_host_and_nothing_else(http: Outbound, wire: Wire) -> None:
    wire.answer("GET", "/people/ada", raw=b"nonsense, and a token: s3cret\r\n\r\n")
    with pytest.raises(OutboundFailed) as caught:
        await http.send(
            http.request("GET", f"{wire.url}/people/ada?token=s3cret", headers={"Authorization": "s3cret"})
        )
    assert "s3cret" not in str(caught.value)
    assert "ada" not in str(caught.value)
