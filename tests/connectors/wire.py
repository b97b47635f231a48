"""How the tests run a tool: against a fake in memory, against a fake on a socket while recording, or
against a cassette.

Cassettes are made by vcrpy on httpx's own transport (`record.py`). Before anything is written the address
is put back to the provider's and everything that could be a secret is taken out, of headers and of bodies.
"""

from __future__ import annotations

import json
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import httpx
import msgspec
import vcr
from vcr.request import Request as Recorded

from core import scrubbing
from core.connector import Api, Connector
from core.connector.api import TokenSource
from core.errors import ReconnectRequired
from core.http import Outbound
from core.scrubbing import without_secrets
from core.secret import Secret
from tests.connectors.fakes.fake import Fake

_TLS = ssl.create_default_context()  # making one takes longer than a test
CASSETTES = Path(__file__).parents[2] / "cassettes"
TOKEN = "a-token-that-must-not-be-written-down"
HEADER = """\
# Made against a fake written from the provider's specification (tests/connectors/fakes), not a recording of the live provider.
# Made by: python -m tests.connectors.record
"""
_KEPT_HEADERS = scrubbing.KEPT_HEADERS


class HeldToken:
    """One token, that cannot be refreshed. `rejections`: how often the provider did not take it."""

    def __init__(self, token: str = TOKEN) -> None:
        self.token, self.rejections = Secret(token), 0

    async def access_token(self) -> Secret:
        return self.token

    async def after_rejection(self, rejected: Secret) -> Secret:
        self.rejections += 1
        raise ReconnectRequired("The refresh token was rejected", reason="refresh_token_rejected")


class Loopback(httpx.AsyncHTTPTransport):
    """Takes every request to a port of this machine, whatever host it names."""

    def __init__(self, port: int) -> None:
        super().__init__(verify=_TLS)
        self._port = port

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        request.url = request.url.copy_with(scheme="http", host="127.0.0.1", port=self._port)
        return await super().handle_async_request(request)


def in_memory(fake: Fake) -> Outbound:
    return through(httpx.MockTransport(fake.handle))


def on_the_wire() -> Outbound:
    """On httpx's own transport: what vcrpy can answer for."""
    return through(httpx.AsyncHTTPTransport(verify=_TLS))


def through(transport: httpx.AsyncBaseTransport) -> Outbound:
    return Outbound(ssl_context=_TLS, transport=transport)


async def run(
    connector: Connector,
    http: Outbound,
    tool: str,
    arguments: dict[str, Any],
    *,
    fields: dict[str, str] | None = None,
    tokens: TokenSource | None = None,
    deadline_s: float = 5,
) -> Any:
    """What the tool returns, after its arguments were checked, in the form the answer has: dicts and lists."""
    found = connector.tools[f"{connector.slug}.{tool}"]
    checked = found.check(arguments)
    api = Api(connector, http, tokens or HeldToken(), fields=fields or {}, deadline_s=deadline_s)
    return plain(await found.run(api, checked))


def plain(value: Any) -> Any:
    return json.loads(msgspec.json.encode(value))


def path_of(connector: str, tool: str, case: str) -> Path:
    return CASSETTES / connector / f"{tool}__{case}.yaml"


# ---- cassettes -----------------------------------------------------------------------------------------------


def _is_kept(header: str) -> bool:
    return header.lower() in _KEPT_HEADERS or header.lower().startswith("x-ratelimit-")


def _clean_request(host: str) -> Any:
    def clean(request: Recorded) -> Recorded:
        parts = urlsplit(request.uri)
        uri = urlunsplit(("https", host, parts.path, parts.query, ""))
        headers = {name: value for name, value in request.headers.items() if _is_kept(name)}
        return Recorded(request.method, uri, without_secrets(_text(request.body)), headers)

    return clean


def _clean_response(response: dict[str, Any]) -> dict[str, Any]:
    headers = {name: value for name, value in response["headers"].items() if _is_kept(name)}
    body = without_secrets(_text(response["body"]["string"]))
    return {**response, "headers": headers, "body": {"string": body.encode()}}


def _text(body: Any) -> str:
    return body.decode() if isinstance(body, bytes) else str(body or "")


def _same_body(one: Recorded, other: Recorded) -> None:
    assert _text(one.body) == _text(other.body)


def _recorder(host: str) -> vcr.VCR:
    recorder = vcr.VCR(
        before_record_request=_clean_request(host),
        before_record_response=_clean_response,
        match_on=("method", "scheme", "host", "port", "path", "query", "exact_body"),
        decode_compressed_response=True,
    )
    recorder.register_matcher("exact_body", _same_body)
    return recorder


@contextmanager
def recording(path: Path, host: str) -> Iterator[None]:
    """What goes over httpx's transport in the block is written to `path`, over what was there."""
    path.unlink(missing_ok=True)
    with _recorder(host).use_cassette(str(path), record_mode="all"):
        yield
    path.write_text(HEADER + path.read_text())


@contextmanager
def replaying(path: Path, host: str) -> Iterator[Any]:
    """Every request in the block is answered from the cassette; one that is not in it fails. Nothing is
    sent."""
    with _recorder(host).use_cassette(str(path), record_mode="none") as cassette:
        yield cassette
