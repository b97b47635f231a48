"""Row 17: no address a workspace, a provider or a name server gives makes Valetkey talk to its own network.

A listener on loopback is the witness: nothing may reach it. Each attack is tried again with the defence taken away, and
has to succeed then: otherwise the test would prove nothing.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import pytest

import core.destinations
import core.http
from core.errors import InvalidConfig
from core.http import Outbound, OutboundError, OutboundRefused, check_url
from tests.core.wire import Wire

LITERALS = [
    "127.0.0.1", "[::1]", "[::ffff:127.0.0.1]", "[::ffff:7f00:1]", "0x7f.1", "0x7f000001", "2130706433", "017700000001",
    "0177.0.0.1", "127.1", "127.0.1", "0.0.0.0", "0", "127.0.0.1.", "localhost", "localhost.", "LocalHost", "a.localhost",
    "169.254.169.254", "[fe80::1]", "[fd00:ec2::254]", "[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]",
    "10.0.0.1", "100.100.100.200", "168.63.129.16", "[::]", "[::127.0.0.1]",
]  # fmt: skip


@pytest.fixture
async def inside() -> AsyncIterator[Wire]:
    """A service of our own network that trusts whoever reaches it."""
    async with Wire() as wire:
        wire.answer("GET", "/latest/meta-data", json={"key": "of the cloud"})
        yield wire


@pytest.fixture
def no_address_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mutation: every address is as good as another."""
    monkeypatch.setattr(core.http, "address_fault", lambda text, *, development: None)
    monkeypatch.setattr(core.destinations, "address_fault", lambda text, *, development: None)
    yield


@pytest.fixture
def no_url_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mutation: every URL is as good as another, plain http included, so that the witness can be reached."""
    monkeypatch.setattr(core.http, "url_fault", lambda url, *, development: None)
    yield


async def ask(url: str, resolve: core.http.Resolve | None = None) -> int:
    """The status of the answer, as a client outside development gets it."""
    client = Outbound(resolve=resolve)
    try:
        return (await client.send(client.request("GET", url), timeout_s=2)).status_code
    finally:
        await client.close()


def naming(*answers: Sequence[str]) -> core.http.Resolve:
    """A name server in the attacker's hand: it answers in turn, the last one for ever."""
    left = [list(one) for one in answers]

    async def resolve(host: str, port: int) -> Sequence[str]:
        return left.pop(0) if len(left) > 1 else left[0]

    return resolve


@pytest.mark.parametrize("host", LITERALS)
async def test_a_literal_address_is_refused_in_every_spelling(host: str, inside: Wire) -> None:
    with pytest.raises(OutboundRefused):
        await ask(f"https://{host}:{inside.port}/latest/meta-data")
    assert inside.connections == 0


@pytest.mark.parametrize("host", LITERALS)
def test_a_literal_address_is_refused_where_it_is_written_down(host: str) -> None:
    with pytest.raises(InvalidConfig):
        check_url(f"https://{host}/", development=False, field="config.instance_url")


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "127.1", "localhost", "0.0.0.0"]
)
@pytest.mark.usefixtures("no_url_check")
async def test_behind_the_url_check_the_socket_refuses_too(host: str, inside: Wire) -> None:
    """Two parsers may read one URL differently: what counts is the address of the socket."""
    with pytest.raises(OutboundError):
        await ask(f"http://{host}:{inside.port}/latest/meta-data")
    assert inside.connections == 0


@pytest.mark.parametrize("host", ["127.0.0.1", "[::ffff:127.0.0.1]", "0x7f.1", "localhost", "0.0.0.0"])
@pytest.mark.usefixtures("no_url_check", "no_address_check")
async def test_without_the_defences_each_of_these_reaches_the_inside(host: str, inside: Wire) -> None:
    assert await ask(f"http://{host}:{inside.port}/latest/meta-data") == 200
    assert inside.connections == 1


@pytest.mark.parametrize(
    "addresses",
    [
        ["127.0.0.1"],
        ["::1"],
        ["169.254.169.254"],
        ["8.8.8.8", "127.0.0.1"],
        ["::ffff:127.0.0.1"],
        ["64:ff9b::7f00:1"],
        ["10.0.0.1"],
    ],
)
@pytest.mark.usefixtures("no_url_check")
async def test_a_name_that_means_the_inside_is_refused_even_when_only_one_of_its_addresses_does(
    addresses: list[str], inside: Wire
) -> None:
    with pytest.raises(OutboundRefused):
        await ask(f"http://evil.example:{inside.port}/latest/meta-data", naming(addresses))
    assert inside.connections == 0


async def test_a_name_with_one_address_inside_is_not_tried_at_its_others() -> None:
    """Such a name is in an attacker's hand; its public half is no reason to talk to it."""
    tried: list[object] = []

    class Watched(Outbound):
        def _socket(self, info: Any) -> Any:
            tried.append(info)
            raise OSError("not in a test")

    client = Watched(resolve=naming(["8.8.8.8", "127.0.0.1"]))
    with pytest.raises(OutboundRefused):
        await client.send(client.request("GET", "https://evil.example/"), timeout_s=2)
    await client.close()
    assert tried == []


@pytest.mark.usefixtures("no_url_check", "no_address_check")
async def test_without_the_address_check_the_name_leads_inside(inside: Wire) -> None:
    assert await ask(f"http://evil.example:{inside.port}/latest/meta-data", naming(["127.0.0.1"])) == 200


@pytest.mark.usefixtures("no_url_check")
async def test_rebinding_the_address_that_was_checked_is_the_one_that_is_connected_to(
    inside: Wire, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The name means a public address when it is checked and the inside when asked again: it is not asked again."""
    asked: list[str] = []
    turn = naming(["203.0.113.7"], ["127.0.0.1"])

    async def rebinding(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return await turn(host, port)

    real = core.http.address_fault

    def only_the_first(text: str, *, development: bool) -> str | None:
        return None if text == "203.0.113.7" else real(text, development=development)

    monkeypatch.setattr(core.http, "address_fault", only_the_first)
    with pytest.raises(OutboundError):
        await ask(f"http://evil.example:{inside.port}/latest/meta-data", rebinding)
    assert (asked, inside.connections) == (["evil.example"], 0)


@pytest.mark.usefixtures("no_url_check")
async def test_rebinding_between_two_calls_is_checked_again(inside: Wire) -> None:
    """A new connection resolves anew, and what it finds is judged anew."""
    client = Outbound(resolve=naming([], ["127.0.0.1"]))
    for _ in range(2):
        with pytest.raises(OutboundError):
            await client.send(client.request("GET", f"http://evil.example:{inside.port}/"), timeout_s=2)
    await client.close()
    assert inside.connections == 0


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize(
    "target",
    ["http://127.0.0.1:{port}/latest/meta-data", "//127.0.0.1:{port}/latest/meta-data", "/latest/meta-data"],
)
async def test_a_redirect_to_the_inside_is_not_followed(status: int, target: str, inside: Wire) -> None:
    """Development, so that the first hop is allowed: it is the second that must not happen."""
    location = target.format(port=inside.port)
    async with Wire() as outside:
        outside.answer("GET", "/x", status, headers={"Location": location})
        outside.answer("GET", "/latest/meta-data", json={})
        client = Outbound(development=True)
        with pytest.raises(OutboundRefused):
            await client.send(client.request("GET", f"{outside.url}/x"))
        await client.close()
        assert [seen.path for seen in outside.seen] == ["/x"]
    assert inside.connections == 0


async def test_userinfo_and_fragments_hide_nothing(inside: Wire) -> None:
    for url in (
        f"https://acme.example@127.0.0.1:{inside.port}/",
        f"https://127.0.0.1:{inside.port}#@acme.example/",
    ):
        with pytest.raises(OutboundRefused):
            await ask(url)
    assert inside.connections == 0


async def test_plain_http_is_refused_before_anything_is_resolved(inside: Wire) -> None:
    asked: list[str] = []

    async def resolve(host: str, port: int) -> Sequence[str]:
        asked.append(host)
        return ["127.0.0.1"]

    with pytest.raises(OutboundRefused):
        await ask(f"http://acme.example:{inside.port}/", resolve)
    assert asked == []


async def test_a_giant_answer_and_a_silent_one_end() -> None:
    async def flood(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        try:
            while b"/silent" not in head:
                writer.write(b"x" * 65536)
                await writer.drain()
            await reader.read()
        except ConnectionError:
            pass
        writer.close()

    server = await asyncio.start_server(flood, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    client = Outbound(development=True)
    for path in ("/flood", "/silent"):
        with pytest.raises(OutboundError):
            await client.send(client.request("GET", url + path), timeout_s=0.5, max_bytes=1_000_000)
    await client.close()
    server.close()
    await server.wait_closed()
