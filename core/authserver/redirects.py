"""Redirect URIs: what may be registered, and when one that is sent is the registered one.

Source: RFC 9700 section 2.1 and 4.1.3 (compare as strings), RFC 8252 section 7.3 (loopback IP literals: any
port) and 8.3 (`localhost` is not one of them), RFC 6749 section 3.1.2 (absolute, no fragment).
"""

from __future__ import annotations

from urllib.parse import urlsplit

_LOOPBACK_LITERALS = frozenset({"127.0.0.1", "::1"})
_LOOPBACK = _LOOPBACK_LITERALS | {"localhost"}


def check_registered(uri: str) -> None:
    """Raise ValueError when no client should be registered with this URI."""
    parts = urlsplit(uri)
    if any(ord(char) <= 0x20 or ord(char) == 0x7F for char in uri) or "\\" in uri:
        raise ValueError("a redirect URI has no spaces, control characters or backslashes")
    if "#" in uri or parts.username is not None:
        raise ValueError("a redirect URI has no fragment and no user name")
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme == "http" and parts.hostname in _LOOPBACK:
        return
    if "." in parts.scheme and not parts.netloc:
        return  # private-use scheme of a native app, RFC 8252 section 7.1: reversed domain name
    raise ValueError("a redirect URI is https, http on a loopback host, or a private-use scheme with a dot")


def matches(sent: str, registered: tuple[str, ...], *, loopback_ports: bool) -> bool:
    """Whether `sent` is registered, letter for letter; with `loopback_ports` the port of a loopback literal
    may differ.
    """
    if sent in registered:
        return True
    return loopback_ports and any(_same_but_port(sent, uri) for uri in registered)


def _same_but_port(sent: str, registered: str) -> bool:
    try:
        parts = urlsplit(sent)
        port = parts.port
    except ValueError:
        return False
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK_LITERALS or port is None:
        return False
    host = f"[{parts.hostname}]" if ":" in parts.hostname else parts.hostname
    rest = sent.removeprefix(f"http://{host}:{port}")
    if rest == sent or (rest and rest[0] not in "/?"):
        return False
    own = urlsplit(registered)
    return (
        own.scheme == "http"
        and own.hostname == parts.hostname
        and rest == registered.removeprefix(f"http://{own.netloc}")
    )
