"""The key ring: 256-bit keys in a file. The first key seals, every key opens.

A ring key is never used itself: HKDF-SHA256 (RFC 5869) gives one subkey that wraps data keys and one that
authenticates the head of the audit chain.

A running service notices a changed file before it seals, and when it meets a key id it does not know, so that
`valetkey keys add` and `valetkey keys rewrap` need no restart.
"""

from __future__ import annotations

import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from core.clock import Clock, rfc3339
from core.errors import KeyRingError, VaultError
from core.ids import random_base62
from core.vault import ringfile
from core.vault.ringfile import KEY_BYTES, Entry, Stamp

NONCE_BYTES = 12
TAG_BYTES = 16


class RingKey:
    """One key of the ring as its two subkeys. Prints its id only."""

    __slots__ = ("_mac", "_wrap", "id", "made")

    def __init__(self, entry: Entry) -> None:
        self.id = entry.id
        self.made = entry.made
        self._wrap = AESGCM(_derive(entry.raw(), b"valetkey ring 1: wrap"))
        self._mac = _derive(entry.raw(), b"valetkey ring 1: mac")

    def wrap(self, data_key: bytes, aad: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._wrap.encrypt(nonce, data_key, aad)

    def unwrap(self, wrapped: bytes, aad: bytes) -> bytes:
        if len(wrapped) != NONCE_BYTES + KEY_BYTES + TAG_BYTES:
            raise VaultError("A wrapped key has the wrong length: the row is damaged.")
        try:
            return self._wrap.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], aad)
        except InvalidTag:
            raise VaultError(f"Key {self.id} does not open this: damaged, or from another row.") from None

    def mac_key(self) -> bytes:
        return self._mac

    def __repr__(self) -> str:
        return f"RingKey({self.id!r})"


class KeyRing:
    """The keys in order. `load`, `init`, `add` and `retire` work on the file."""

    def __init__(self, entries: list[Entry], path: Path | None = None, stamp: Stamp | None = None) -> None:
        self._keys = {entry.id: RingKey(entry) for entry in entries}
        self._path = path
        self._stamp = stamp

    @classmethod
    def generate(cls) -> KeyRing:
        """A ring of one key that lives in memory only: what it seals cannot be opened after a restart."""
        return cls([_new_entry()])

    @classmethod
    def load(cls, path: str | Path) -> KeyRing:
        """Raises KeyRingError when the file is missing, can be reached by others, or is no key ring."""
        where = Path(path)
        entries, stamp = ringfile.read(where)
        return cls(entries, where, stamp)

    @classmethod
    def init(cls, path: str | Path) -> KeyRing:
        """Make the file with one new key. Raises KeyRingError when there is a file already."""
        ringfile.create(Path(path), [_new_entry()])
        return cls.load(path)

    @classmethod
    def add(cls, path: str | Path) -> KeyRing:
        """Put a new key first: from now on it seals; the older keys still open."""
        ringfile.change(Path(path), lambda entries: [_new_entry(), *entries])
        return cls.load(path)

    @classmethod
    def retire(cls, path: str | Path, key_id: str) -> KeyRing:
        """Take a key out of the file. What it sealed is lost: the caller has checked that nothing is left."""
        ringfile.change(Path(path), lambda entries: _without(entries, key_id))
        return cls.load(path)

    @property
    def ids(self) -> list[str]:
        """Key ids in the order of the file."""
        return list(self._keys)

    @property
    def first_id(self) -> str:
        """The id of the key that seals now; looks at the file, so that an added key is used at once."""
        return self._first().id

    @property
    def members(self) -> list[RingKey]:
        return list(self._keys.values())

    def wrap(self, data_key: bytes, aad: bytes) -> tuple[str, bytes]:
        """`(key id, wrapped key)`, by the first key."""
        first = self._first()
        return first.id, first.wrap(data_key, aad)

    def unwrap(self, key_id: str, wrapped: bytes, aad: bytes) -> bytes:
        """Raises VaultError when the key is not in the ring or does not open it for this `aad`."""
        return self._find(key_id).unwrap(wrapped, aad)

    def mac_key(self, key_id: str) -> bytes:
        """32 bytes for HMAC-SHA256, derived from the ring key and used for nothing else."""
        return self._find(key_id).mac_key()

    def _first(self) -> RingKey:
        self._refresh()
        return next(iter(self._keys.values()))

    def _find(self, key_id: str) -> RingKey:
        if key_id not in self._keys:
            self._refresh()
        if key_id not in self._keys:
            raise VaultError(f"Key {key_id[:40]} is not in the key ring. Put it back to open what it sealed.")
        return self._keys[key_id]

    def _refresh(self) -> None:
        """Read the file again when it has changed. While it cannot be read, the loaded keys stay in use."""
        if self._path is None:
            return
        try:
            if ringfile.stamp(self._path) != self._stamp:
                entries, self._stamp = ringfile.read(self._path)
                self._keys = {entry.id: RingKey(entry) for entry in entries}
        except (OSError, KeyRingError):
            return

    def __repr__(self) -> str:
        return f"KeyRing({self.ids!r})"


def _derive(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=purpose).derive(key)


def _new_entry() -> Entry:
    return Entry.of(f"k_{random_base62(8)}", rfc3339(Clock().now_ms()), os.urandom(KEY_BYTES))


def _without(entries: list[Entry], key_id: str) -> list[Entry]:
    rest = [entry for entry in entries if entry.id != key_id]
    if len(rest) == len(entries):
        raise KeyRingError(f"There is no key {key_id}; the ring holds {', '.join(e.id for e in entries)}.")
    if entries[0].id == key_id:
        raise KeyRingError(
            f"{key_id} is the key that seals. First run: valetkey keys add, valetkey keys rewrap"
        )
    return rest
