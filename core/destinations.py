"""Where Valetkey may connect to: https, and addresses of the public internet. Loopback only in development.

Sources: RFC 6890 and the IANA special-purpose registries (as Python's `ipaddress` has them), RFC 4291, RFC 6052 (NAT64), RFC 3056
(6to4), WHATWG URL section 3.5 (a host that ends in a number is an IPv4 literal, however it is spelt).
Names are not resolved here: the client does that at every connection (`core/http.py`).
"""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from core.errors import InvalidConfig

MAX_URL_CHARS = 8_000
_PRINTABLE = re.compile(r"[\x21-\x7e]+\Z")
_NAME = re.compile(r"(?:[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?\.)*[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\Z")
_NUMBER = re.compile(r"(?:0x[0-9a-f]*|[0-9]+)\Z")
_UNICAST = ipaddress.ip_network("2000::/3")
_REFUSED = tuple(
    ipaddress.ip_network(network)
    for network in (
        "168.63.129.16/32",  # a cloud's metadata service on an address that looks public
        "192.0.0.0/24",  # protocol assignments, and another cloud's metadata; Pythons differ on it
        "192.88.99.0/24",  # 6to4 relays, deprecated by RFC 7526
        "2001::/32",  # Teredo: an IPv4 address in disguise
        "2002::/16",  # 6to4: the same
        "3fff::/20",  # documentation, RFC 9637; older Pythons do not know it
    )
)


def address_fault(text: str, *, development: bool) -> str | None:
    """Why an IP address may not be connected to, or None. Every address of every connection passes here."""
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return "it is not an IP address"
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if address.is_loopback:
        return None if development else "it is this machine"
    if not address.is_global or address.is_multicast or address.is_reserved:
        return "it is not an address of the public internet"
    if address.version == 6 and address not in _UNICAST:
        return "it is not an address of the public internet"
    if any(address.version == network.version and address in network for network in _REFUSED):
        return "it is an address of the infrastructure"
    return None


def host_fault(host: str, *, development: bool) -> str | None:
    """Why a host, as it stands in a URL, may not be connected to, or None. A name that is one is not looked up here."""
    if host.startswith("[") or ":" in host:
        return (
            "it is not an IP address"
            if "%" in host
            else address_fault(host.strip("[]"), development=development)
        )
    bare = host.lower().removesuffix(".")
    if _NUMBER.match(bare.rpartition(".")[2]):
        canonical = bare.count(".") == 3 and all(
            re.match(r"(?:0|[1-9][0-9]{0,2})\Z", part) for part in bare.split(".")
        )
        return (
            address_fault(bare, development=development) if canonical else "it is an IP address in disguise"
        )
    if not _NAME.match(bare) or len(bare) > 253:
        return "it is not a host name"
    if is_local_name(bare) and not development:
        return "it is this machine"
    return None


def is_local_name(host: str) -> bool:
    return host == "localhost" or host.endswith(".localhost")


def url_fault(url: str, *, development: bool) -> str | None:
    """Why a URL may not be used, as a sentence for the person who wrote it, or None."""
    if not _PRINTABLE.match(url) or "\\" in url or len(url) > MAX_URL_CHARS:
        return "write a plain absolute URL without spaces, backslashes or non-ASCII characters"
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return "this is not a URL"
    if "@" in parts.netloc:
        return "a user name or password in a URL is not allowed"
    if "#" in url:
        return "a fragment (#...) is not allowed"
    if not host or port == 0 or (parts.netloc.endswith(":")):
        return "a host is needed, with a port that exists if with any"
    return _scheme_fault(parts.scheme, host, development) or _named(
        host, host_fault(host, development=development)
    )


def _named(host: str, fault: str | None) -> str | None:
    return fault and f"`{host}` cannot be reached from here: {fault}"


def _scheme_fault(scheme: str, host: str, development: bool) -> str | None:
    if scheme == "https":
        return None
    if scheme == "http" and development and is_loopback_host(host):
        return None
    return "https is needed (http only to this machine, in development)"


def is_loopback_host(host: str) -> bool:
    """Whether a host of a URL is this machine by its very spelling."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return is_local_name(host.lower().removesuffix("."))


def check_url(url: str, *, development: bool, field: str = "url") -> str:
    """The URL as it is, when it may be kept as a provider's address. Raises InvalidConfig naming `field`."""
    fault = url_fault(url, development=development)
    if fault:
        raise InvalidConfig(f"{field}: {fault}.", field=field)
    return url
