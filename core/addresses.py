"""Return URLs and origins a builder registers, and how what arrives later is compared with them: letter for letter.

Source: RFC 9700 section 4.1.3 (exact matching), RFC 6454 (origins). http only towards this machine, in development.
"""

from __future__ import annotations

import re
from urllib.parse import SplitResult, urlsplit

from core.errors import InvalidConfig

_PLAIN = re.compile(r"[\x21-\x7e]+\Z")
_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})
MAX_URL_CHARS = 2_000


def _split(url: str, field: str, development: bool) -> SplitResult:
    if not _PLAIN.match(url) or "\\" in url or len(url) > MAX_URL_CHARS:
        raise InvalidConfig(
            f"{field}: write a plain absolute URL without spaces, backslashes or non-ASCII characters.",
            field=field,
        )
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise InvalidConfig(f"{field}: this is not a URL.", field=field) from None
    if parts.scheme != "https" and not (development and parts.scheme == "http" and host in _LOOPBACK):
        raise InvalidConfig(
            f"{field}: write it with https (http only to localhost, in development).", field=field
        )
    if not host or "@" in parts.netloc or "#" in url or "*" in parts.netloc:
        raise InvalidConfig(
            f"{field}: a host is needed, without user information, wildcard or fragment.", field=field
        )
    return parts


def check_return_url(url: str, *, field: str, development: bool) -> str:
    """The URL as it is, when it may be registered. Raises InvalidConfig."""
    _split(url, field, development)
    return url


def check_origin(origin: str, *, field: str, development: bool) -> str:
    """`https://host[:port]` and nothing behind it, in the form a browser sends. Raises InvalidConfig."""
    parts = _split(origin, field, development)
    if parts.path or parts.query or "?" in origin:
        raise InvalidConfig(
            f"{field}: an origin is scheme, host and port only, for example https://chat.example.com.",
            field=field,
        )
    if origin != origin_of(origin):
        raise InvalidConfig(
            f"{field}: write the origin as browsers send it: {origin_of(origin)}", field=field
        )
    return origin


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL in the form browsers send: lower case, no default port."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    shown = f"[{host}]" if ":" in host else host
    default = {"https": 443, "http": 80}.get(parts.scheme)
    port = f":{parts.port}" if parts.port and parts.port != default else ""
    return f"{parts.scheme}://{shown}{port}"


def host_of(url: str) -> str:
    return urlsplit(url).netloc
