"""The one outbound HTTP client: built once, closed once, used for everything that leaves the house.

Every connection goes to an address that was checked: a name is resolved once, all its addresses have to be allowed
(`core/destinations.py`), and the socket is opened to one of those. No proxies, cookies, redirects or ambient credentials; total
time and size of the answer are bounded, the size also after decompression. It speaks the httpx 0.28 API through
`httpx-aiohttp`; the transport is called without `httpx.AsyncClient`, whose cookies, auth flow and redirects are not
wanted and cost as much again. httpx and aiohttp are imported for calling only here.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import zlib
from collections.abc import Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import urlencode

import aiohttp
import httpx
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from httpx_aiohttp import AiohttpTransport

from core.destinations import address_fault, check_url, url_fault
from core.errors import ValetkeyError

__all__ = [
    "Outbound",
    "OutboundError",
    "OutboundFailed",
    "OutboundRefused",
    "OutboundTimeout",
    "OutboundTooLarge",
    "check_url",
]

Resolve = Callable[[str, int], Awaitable[Sequence[str]]]
Params = Mapping[str, Any] | Sequence[tuple[str, Any]]

USER_AGENT = "valetkey"
DNS_THREADS = 16
MAX_CONNECTIONS = 2_000
MAX_CONNECTIONS_PER_HOST = 400
KEEPALIVE_S = 30.0
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_SAFE = frozenset({"GET", "HEAD"})
_FRAMING = frozenset({b"content-encoding", b"content-length", b"transfer-encoding"})


class OutboundError(ValetkeyError):
    """No usable answer. The detail names the host, never path, query, headers or body."""

    code = "provider_error"
    status = 502
    title = "The other side could not be asked"


class OutboundRefused(OutboundError):
    """We did not go there, or were sent on: a scheme, an address, a redirect."""


class OutboundTimeout(OutboundError):
    code = "provider_timeout"
    status = 504
    title = "The other side did not answer in time"


class OutboundTooLarge(OutboundError):
    title = "The other side's answer is too large"


class OutboundFailed(OutboundError):
    """No connection, a broken one, bad TLS, or bytes that are no HTTP."""


class _CheckedResolver(AbstractResolver):
    """Resolves a name once and hands out its addresses only when every one of them may be connected to."""

    def __init__(self, resolve: Resolve | None, *, development: bool) -> None:
        self._threads = ThreadPoolExecutor(DNS_THREADS, "valetkey-dns")
        self._resolve = resolve or self._system
        self._development = development

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        addresses = await self._resolve(host, port)
        if not addresses:
            raise OSError(f"no address for {host}")
        for address in addresses:
            _refuse(host, address_fault(address, development=self._development))
        return [_result(host, port, address) for address in addresses]

    async def _system(self, host: str, port: int) -> Sequence[str]:
        """In threads of its own, so that slow name servers hold up nobody but those who wait for them."""
        lookup = functools.partial(socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        found = await asyncio.get_running_loop().run_in_executor(self._threads, lookup)
        return [str(entry[4][0]) for entry in found]

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)


def _result(host: str, port: int, address: str) -> ResolveResult:
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    flags = socket.AI_NUMERICHOST | socket.AI_NUMERICSERV
    return ResolveResult(hostname=host, host=address, port=port, family=family, proto=0, flags=flags)


def _refuse(host: str, fault: str | None) -> None:
    if fault:
        raise OutboundRefused(f"`{host}` cannot be reached from here: {fault}")


class Outbound:
    """The client. `resolve` and `ssl_context` are for tests and private CAs; `transport` replaces the wire altogether."""

    def __init__(
        self,
        *,
        development: bool = False,
        resolve: Resolve | None = None,
        ssl_context: ssl.SSLContext | None = None,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        self.development = development
        self._resolver = _CheckedResolver(resolve, development=development)
        self._ssl = ssl_context or ssl.create_default_context()
        self._transport = transport or AiohttpTransport(
            verify=self._ssl, trust_env=False, client=self._session
        )
        self._checked: dict[bytes, str | None] = {}

    def _session(self) -> aiohttp.ClientSession:
        """Made at the first request, in the event loop that sends it."""
        connector = aiohttp.TCPConnector(
            resolver=self._resolver,
            socket_factory=self._socket,
            use_dns_cache=False,
            ssl=self._ssl,
            limit=MAX_CONNECTIONS,
            limit_per_host=MAX_CONNECTIONS_PER_HOST,
            keepalive_timeout=KEEPALIVE_S,
        )
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), trust_env=False
        )
        # aiohttp sends PUT and DELETE again when a kept connection breaks; a write is never sent twice (test_http.py).
        session._retry_connection = False
        return session

    def _socket(self, info: aiohttp.AddrInfoType) -> socket.socket:
        """The last door: whatever was parsed or resolved before, this is the address that will be connected to."""
        family, kind, proto, _, address = info
        _refuse(str(address[0]), address_fault(str(address[0]), development=self.development))
        made = socket.socket(family, kind, proto)
        made.setblocking(False)
        return made

    def request(
        self,
        method: str,
        url: str,
        *,
        params: Params | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | None = None,
        json: Any = None,
        form: Params | None = None,
    ) -> httpx.Request:
        """A request to send. `params` are added to the URL's own; None values are left out, lists repeat the name."""
        body, kind = _body(content, json, form)
        sent = {"user-agent": USER_AGENT, "accept": "application/json", "accept-encoding": "gzip"}
        if kind:
            sent["content-type"] = kind
        sent.update((name.lower(), value) for name, value in (headers or {}).items())
        query = urlencode(_pairs(params)) if params else ""
        try:
            return httpx.Request(method, _with_query(url, query), headers=sent, content=body)
        except (httpx.InvalidURL, UnicodeError, ValueError) as error:
            raise OutboundRefused("This is not an address that can be asked") from error

    async def send(
        self, request: httpx.Request, *, timeout_s: float = 20.0, max_bytes: int = 8_000_000
    ) -> httpx.Response:
        """The answer, whole, whatever its status short of a redirect. Raises OutboundError."""
        self._check(request)
        host = request.url.host
        try:
            async with asyncio.timeout(timeout_s):
                try:
                    return await self._exchange(request, max_bytes)
                except httpx.TransportError as error:
                    if request.method not in _SAFE or not _was_dropped(error):
                        raise
                    return await self._exchange(request, max_bytes)
        except TimeoutError as error:
            raise OutboundTimeout(f"`{host}` did not answer within {timeout_s:g} s") from error
        except (httpx.TransportError, aiohttp.ClientError, OSError, ValueError) as error:
            raise _failure(host, error) from error

    def _check(self, request: httpx.Request) -> None:
        url = request.url
        if url.userinfo or url.fragment or "#" in str(url):
            raise OutboundRefused("A user name, password or fragment in an address is not allowed")
        key = url.raw_scheme + b"://" + url.netloc
        if key not in self._checked:
            if len(self._checked) > 10_000:
                self._checked.clear()
            self._checked[key] = url_fault(key.decode("ascii"), development=self.development)
        if self._checked[key]:
            raise OutboundRefused(str(self._checked[key]))

    async def _exchange(self, request: httpx.Request, max_bytes: int) -> httpx.Response:
        response = await self._transport.handle_async_request(request)
        try:
            if response.status_code in _REDIRECTS:
                raise OutboundRefused(
                    f"`{request.url.host}` sent us on to another address; that is not followed"
                )
            raw = response.headers.raw
            body = await _read(response, _encoding(raw), max_bytes)
        finally:
            await response.aclose()
        headers = [pair for pair in raw if pair[0].lower() not in _FRAMING]
        return httpx.Response(response.status_code, headers=headers, content=body, request=request)

    async def close(self) -> None:
        await self._transport.aclose()
        await self._resolver.close()


def _was_dropped(error: httpx.TransportError) -> bool:
    """Whether a connection broke that had stood: usually one kept too long. A GET may then be sent once more."""
    cause = error.__cause__
    if isinstance(cause, aiohttp.ClientConnectorError):
        return False
    return isinstance(cause, (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError))


def _failure(host: str, error: Exception) -> OutboundError:
    """httpx-aiohttp calls a dropped connection a timeout; its cause says what it was."""
    cause = error.__cause__
    timed_out = isinstance(error, httpx.TimeoutException) and not isinstance(cause, aiohttp.ClientError)
    if timed_out or isinstance(cause, TimeoutError):
        return OutboundTimeout(f"`{host}` did not answer in time")
    if isinstance(cause, aiohttp.ClientConnectorDNSError):
        return OutboundFailed(f"`{host}` has no address")
    if isinstance(cause, (aiohttp.ClientSSLError, ssl.SSLError)):
        return OutboundFailed(f"`{host}` has no certificate we can trust")
    if isinstance(cause, aiohttp.ClientConnectorError):
        return OutboundFailed(f"`{host}` takes no connection")
    return OutboundFailed(f"`{host}` broke off, or did not speak HTTP")


def _encoding(headers: Sequence[tuple[bytes, bytes]]) -> str:
    found = (value for name, value in headers if name.lower() == b"content-encoding")
    return next(found, b"").decode("latin-1").strip().lower()


async def _read(response: httpx.Response, encoding: str, max_bytes: int) -> bytes:
    """The body, unpacked. Raises OutboundTooLarge before more than `max_bytes` of it are in memory."""
    packed = _unpacker(encoding)
    parts: list[bytes] = []
    size = 0
    async for chunk in response.stream:  # type: ignore[union-attr]
        part = _unpacked(packed, chunk, max_bytes - size + 1) if packed else chunk
        size += len(part)
        if size > max_bytes:
            raise OutboundTooLarge(f"The answer has more than {max_bytes} bytes")
        parts.append(part)
    if packed and parts and not packed.eof:
        raise OutboundFailed("The answer is packed and incomplete")
    return b"".join(parts)


def _unpacker(encoding: str) -> Any:
    """Something for gzip and zlib, or None for what is not packed."""
    if encoding in ("", "identity"):
        return None
    if encoding not in ("gzip", "x-gzip", "deflate"):
        raise OutboundFailed("The answer is packed in a way we did not ask for")
    return zlib.decompressobj(zlib.MAX_WBITS | 32)


def _unpacked(packed: Any, chunk: bytes, limit: int) -> bytes:
    """At most `limit` bytes at once, so that a small bomb stays small."""
    try:
        return packed.decompress(chunk, limit)
    except zlib.error:
        raise OutboundFailed("The answer is packed and broken") from None


def _body(content: bytes | None, json: Any, form: Params | None) -> tuple[bytes | None, str | None]:
    if form is not None:
        return urlencode(_pairs(form)).encode(), "application/x-www-form-urlencoded"
    if json is not None:
        return msgspec.json.encode(json), "application/json"
    return content, None


def _pairs(params: Params) -> list[tuple[str, str]]:
    pairs: list[tuple[str, str]] = []
    for name, value in params.items() if isinstance(params, Mapping) else params:
        values = value if isinstance(value, (list, tuple)) else [value]
        pairs.extend((name, _text(one)) for one in values if one is not None)
    return pairs


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _with_query(url: str, query: str) -> str:
    if not query:
        return url
    head, mark, fragment = url.partition("#")
    return f"{head}{'&' if '?' in head else '?'}{query}{mark}{fragment}"
