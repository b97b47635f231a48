"""Row 18: the token goes to the origins a connector declares, whatever a provider, a configuration or a model says.

The provider and the attacker are both on real sockets; the attacker's notes are the witness. Each attack is tried again with
the comparison of origins taken away, and has to succeed then.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import msgspec
import pytest

from core.connector import Api, Connector, OAuth2, Page, Scope
from core.errors import InvalidConfig, ProviderError, ValetkeyError
from core.http import Outbound
from core.secret import Secret
from tests.core.wire import Wire

TOKEN = "canary-token-of-ada"


class Tokens:
    async def access_token(self) -> Secret:
        return Secret(TOKEN)

    async def after_rejection(self, rejected: Secret) -> Secret:
        return rejected


class Item(msgspec.Struct, frozen=True):
    id: str


class Linked(msgspec.Struct, frozen=True):
    items: list[Item]
    next_url: str | None = None


@pytest.fixture
async def provider() -> AsyncIterator[Wire]:
    async with Wire() as wire:
        yield wire


@pytest.fixture
async def attacker() -> AsyncIterator[Wire]:
    """Answers whatever is asked, and keeps what it hears."""
    async with Wire() as wire:
        for method in ("GET", "POST"):
            for path in ("/items", "/v1/items", "/v1"):
                wire.answer(method, path, json={"items": []})
        yield wire


@pytest.fixture
async def http() -> AsyncIterator[Outbound]:
    client = Outbound(development=True)
    yield client
    await client.close()


@pytest.fixture
def no_origin_check(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The mutation: every origin is as good as another."""
    monkeypatch.setattr(Api, "_check", lambda self, url: None)
    yield


def api_of(http: Outbound, **changes: Any) -> Api:
    fields = changes.pop("fields", {})
    connector = Connector(
        slug="acme",
        title="Acme",
        category="other",
        oauth=OAuth2(authorize_url="https://acme.example/a", token_url="https://acme.example/t"),
        scopes=[Scope("read", "Items", "read items")],
        **changes,
    )
    return Api(connector, http, Tokens(), fields=fields, deadline_s=5, development=True)


def heard(wire: Wire) -> list[str]:
    """What a provider saw of tokens."""
    return [seen.headers["authorization"] for seen in wire.seen if "authorization" in seen.headers]


async def follow(http: Outbound, provider: Wire, link: str) -> None:
    """A tool that pages by the link in the provider's answer."""
    provider.answer("GET", "/v1/items", json={"items": [{"id": "1"}], "next_url": link})
    api = api_of(http, api_url=f"{provider.url}/v1")
    first = await api.get("/items", into=Linked)
    await api.get(first.next_url, into=Linked)


async def test_a_next_link_in_the_body_to_another_host_is_not_followed(
    http: Outbound, provider: Wire, attacker: Wire
) -> None:
    with pytest.raises(ProviderError, match="led elsewhere"):
        await follow(http, provider, f"{attacker.url}/items?page=2")
    assert attacker.connections == 0
    assert heard(provider) == [f"Bearer {TOKEN}"]


@pytest.mark.usefixtures("no_origin_check")
async def test_without_the_check_the_attacker_gets_the_token(
    http: Outbound, provider: Wire, attacker: Wire
) -> None:
    await follow(http, provider, f"{attacker.url}/items?page=2")
    assert heard(attacker) == [f"Bearer {TOKEN}"]


@pytest.mark.parametrize(
    "link",
    [
        "{scheme}://{own}@{evil}/items", "{scheme}://{own}:x@{evil}/items", "{scheme}://{evil}#{own}", "{scheme}://{evil}\\@{own}/items",
        "{scheme}://{own}.{evil}/items", "{upper}://{evil}/items", " {scheme}://{evil}/items", "{scheme}://{evil}/items?{own}",
        "//{evil}/items", "\\\\{evil}/items", "{scheme}:\\\\{evil}/items", "{scheme}:/{evil}/items", "https://{own}/items",
        "{scheme}://localhost:{port}/items", "{scheme}://0x7f.1:{port}/items", "{scheme}://{own}\t@{evil}/items", "{scheme}://{evil}\r\n/items",
        "javascript://{own}/%0a", "file://{own}/etc/passwd", "/../../items", "/..%2f..%2fitems", "{scheme}://{own}/v1/../items",
    ],
)  # fmt: skip
async def test_no_spelling_of_a_link_takes_the_token_elsewhere(
    link: str, http: Outbound, provider: Wire, attacker: Wire
) -> None:
    own, evil = f"127.0.0.1:{provider.port}", f"127.0.0.1:{attacker.port}"
    told = link.format(scheme="http", upper="HTTP", own=own, evil=evil, port=attacker.port)
    with pytest.raises(ValetkeyError):
        await follow(http, provider, told)
    assert attacker.connections == 0
    assert all(seen.path.startswith("/v1/") for seen in provider.seen)


async def link_header(http: Outbound, provider: Wire, link: str) -> Api:
    provider.answer("GET", "/v1/items", json=[{"id": "1"}], headers={"Link": f'<{link}>; rel="next"'})
    api = api_of(http, api_url=f"{provider.url}/v1")
    await api.get_page("/items", into=list[Item])
    return api


async def test_a_next_link_in_a_header_to_another_host_is_an_error_that_says_so(
    http: Outbound, provider: Wire, attacker: Wire
) -> None:
    with pytest.raises(ProviderError, match="the token was not sent"):
        await link_header(http, provider, f"{attacker.url}/items?page=2")
    assert attacker.connections == 0


async def test_a_next_link_to_the_providers_own_host_works(http: Outbound, provider: Wire) -> None:
    """The counter-check: what is refused above is refused for its host."""
    api = await link_header(http, provider, f"{provider.url}/v1/items?page=2")
    assert await api.get(api.links["next"], into=list[Item]) == [Item("1")]


async def test_a_cursor_of_the_assistant_is_a_value_and_never_a_place(
    http: Outbound, provider: Wire, attacker: Wire
) -> None:
    provider.answer("GET", "/v1/items", json=[])
    api = api_of(http, api_url=f"{provider.url}/v1")
    for cursor in (f"{attacker.url}/items", "2&fields=all", "../admin", "2#x"):
        assert await api.get_page("/items", into=list[Item], cursor=cursor) == Page([], None)
        assert provider.seen[-1].query == {"page": cursor}
    assert attacker.connections == 0


async def test_a_redirect_does_not_take_the_token_along(
    http: Outbound, provider: Wire, attacker: Wire
) -> None:
    for status in (301, 302, 303, 307, 308):
        path = f"/v1/{status}"
        provider.answer("GET", path, status, headers={"Location": f"{attacker.url}/items"})
        with pytest.raises(ProviderError):
            await api_of(http, api_url=f"{provider.url}/v1").get(f"/{status}")
    assert attacker.connections == 0


async def test_a_rejected_token_is_not_tried_elsewhere(
    http: Outbound, provider: Wire, attacker: Wire
) -> None:
    provider.answer(
        "GET", "/v1/items", 401, json={"next_url": attacker.url}, headers={"Location": attacker.url}
    )
    with pytest.raises(ValetkeyError):
        await api_of(http, api_url=f"{provider.url}/v1").get("/items")
    assert attacker.connections == 0


async def test_what_is_compared_is_the_request_that_leaves(provider: Wire, attacker: Wire) -> None:
    """Should building the request ever change the address, the token still stays."""

    class Misreading(Outbound):
        def request(self, method: str, url: str, **content: Any) -> Any:
            return super().request(method, url.replace(str(provider.port), str(attacker.port)), **content)

    client = Misreading(development=True)
    with pytest.raises(ProviderError, match="led elsewhere"):
        await api_of(client, api_url=f"{provider.url}/v1").get("/items")
    await client.close()
    assert attacker.connections == 0


@pytest.mark.parametrize(
    "value", ["evil.example/", "evil.example#", "x.evil.example", "a@b", "a:1", "..", "", "a/b", "a b", "ä"]
)
async def test_a_configured_name_fills_one_label_and_no_more(value: str, http: Outbound) -> None:
    with pytest.raises(InvalidConfig):
        await api_of(http, api_url="https://{tenant}.acme.example/v1", fields={"tenant": value}).get("/items")


@pytest.mark.parametrize(
    "value",
    [
        "https://a.example?x=",
        "https://a.example#",
        "https://u@a.example",
        "https://a.example/../x",
        "javascript:x",
        "a",
    ],
)
async def test_a_configured_address_is_a_plain_one(value: str, http: Outbound) -> None:
    with pytest.raises(InvalidConfig):
        await api_of(http, api_url="{instance_url}/v1", fields={"instance_url": value}).get("/items")
