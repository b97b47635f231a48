"""Ids and keys.

Id: `<kind>_<26 characters>`: a UUIDv7 (RFC 9562 section 5.7) in lower-case Crockford base32, so ids sort by time of making.
Key: `<kind>_<22 characters id>_<43 characters secret>_<6 characters checksum>` in base62; the checksum is CRC-32 of all before
the last `_`, base62, padded to 6, so that a secret scanner can recognise and check one. Only SHA-256 of the key is stored:
256 random bits need no slow hash.
"""

from __future__ import annotations

import hashlib
import os
import re
import secrets
import threading
import time
import zlib

from core.secret import Secret

_BASE32 = "0123456789abcdefghjkmnpqrstvwxyz"
_BASE62 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_PAIRS = [
    one + two for one in _BASE32 for two in _BASE32
]  # ten bits at a time: an id is made several times a call
ID_KINDS = frozenset(
    {"ws", "ast", "usr", "cs", "gr", "call", "evt", "rcp", "rev", "reg", "key", "out", "req"}
)
_ID = re.compile(r"([a-z]{2,4})_([0-7][0-9a-hjkmnp-tv-z]{25})\Z")
_KEY = re.compile(r"(vk[awp])_([0-9A-Za-z]{22})_([0-9A-Za-z]{43})_([0-9A-Za-z]{6})\Z")

_lock = threading.Lock()
_last = 0


def _uuid7() -> int:
    """128 bits: 48 of milliseconds, 12 counting up within one, 62 random. Strictly increasing within a process."""
    global _last
    with _lock:
        stamp = (time.time_ns() // 1_000_000) << 12
        _last = max(stamp, _last + 1)
        stamp = _last
    ms, count = stamp >> 12, stamp & 0xFFF
    return ms << 80 | 0x7 << 76 | count << 64 | 0b10 << 62 | int.from_bytes(os.urandom(8)) >> 2


def new_id(kind: str) -> str:
    """A fresh id, for example `gr_01jdd8m4...`; later ids of a process sort after earlier ones."""
    if kind not in ID_KINDS:
        raise ValueError(f"unknown id kind {kind!r}")
    number = _uuid7()
    return f"{kind}_" + "".join([_PAIRS[number >> shift & 1023] for shift in range(120, -1, -10)])


def derived_id(kind: str, at_ms: int, *parts: str) -> str:
    """The id that follows from its parts, for a thing that is named before it exists. Anybody who knows the parts can make it.
    A UUIDv8 (RFC 9562 section 5.8) laid out as the others are."""
    if kind not in ID_KINDS:
        raise ValueError(f"unknown id kind {kind!r}")
    digest = int.from_bytes(hashlib.sha256("\n".join(parts).encode()).digest()[:10], "big")
    number = at_ms << 80 | 0x8 << 76 | (digest >> 64 & 0xFFF) << 64 | 0b10 << 62 | digest & (1 << 62) - 1
    return f"{kind}_" + "".join(_BASE32[number >> shift & 31] for shift in range(125, -1, -5))


def counterpart(kind: str, of: str) -> str:
    """The id of another kind with the same number as `of`: for a thing that each of the others has exactly one of."""
    if kind not in ID_KINDS:
        raise ValueError(f"unknown id kind {kind!r}")
    return f"{kind}_{of.partition('_')[2]}"


def is_id(text: str, kind: str) -> bool:
    match = _ID.match(text)
    return match is not None and match[1] == kind


def id_time_ms(text: str) -> int:
    """The millisecond an id was made. Raises ValueError when it is no id."""
    match = _ID.match(text)
    if match is None:
        raise ValueError("not an id")
    number = 0
    for char in match[2]:
        number = number << 5 | _BASE32.index(char)
    return number >> 80


def _base62(number: int, width: int) -> str:
    out = ""
    while number:
        number, digit = divmod(number, 62)
        out = _BASE62[digit] + out
    return out.rjust(width, "0")


def random_base62(chars: int) -> str:
    return "".join(secrets.choice(_BASE62) for _ in range(chars))


def checksum(text: str) -> str:
    return _base62(zlib.crc32(text.encode()), 6)


def new_key(kind: str) -> Secret:
    """A fresh key: `vkw` for a workspace, `vka` for an assistant. Shown once, stored as `key_hash`."""
    body = f"{kind}_{random_base62(22)}_{random_base62(43)}"
    return Secret(f"{body}_{checksum(body)}")


def parse_key(text: str) -> tuple[str, str] | None:
    """`(kind, key id)` when the text has the form of a key and its checksum is right, else None. It need not exist."""
    match = _KEY.match(text)
    if match is None or checksum(text.rpartition("_")[0]) != match[4]:
        return None
    return match[1], match[2]


def key_hash(text: str) -> bytes:
    return hashlib.sha256(text.encode()).digest()


def new_token() -> Secret:
    """256 random bits for a state, a completion code, a cookie or a ticket; URL-safe, 43 characters."""
    return Secret(secrets.token_urlsafe(32))


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
