"""Sealed values: AES-256-GCM under a data key of their own, which a key of the ring wraps.

Both layers are bound to the row (workspace, owner, kind, version): a value moved to another row, or an older
version put back, does not open. Destroying `wrapped_key` destroys the value.
Body: format byte, 12 bytes random nonce, ciphertext and tag.

Source: NIST SP 800-38D. Limits: random nonces are safe for 2^32 versions under one data key.
"""

from __future__ import annotations

import os
import time

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from core.errors import VaultError
from core.observing import SILENT, Observer
from core.vault.keyring import NONCE_BYTES, TAG_BYTES, KeyRing
from core.vault.ringfile import KEY_BYTES

_FORMAT = b"\x01"
_CANARY = b"This database belongs to this key ring."


class Aad(msgspec.Struct, frozen=True):
    """The row a sealed value belongs to. `owner` is the id of the grant, registration or session."""

    workspace: str
    owner: str
    kind: str  # credential | client_secret | code | verifier | answer | outbox | canary
    version: int

    def encode(self, layer: str) -> bytes:
        """A JSON array: no two different rows or layers have the same bytes."""
        return msgspec.json.encode(
            ["valetkey", 1, layer, self.workspace, self.owner, self.kind, self.version]
        )


class Sealed(msgspec.Struct, frozen=True):
    """Three columns of the store; safe to keep, worthless without the ring."""

    key_id: str
    wrapped_key: bytes
    body: bytes


_CANARY_AAD = Aad(workspace="", owner="", kind="canary", version=1)


class Vault:
    def __init__(self, ring: KeyRing) -> None:
        self.ring = ring
        self.observer: Observer = SILENT

    def seal(self, plaintext: bytes, aad: Aad) -> Sealed:
        """Under a new data key, wrapped by the first key of the ring."""
        began = time.perf_counter()
        sealed = self._seal_with(os.urandom(KEY_BYTES), plaintext, aad)
        self.observer.vault_used("seal", time.perf_counter() - began)
        return sealed

    def open(self, sealed: Sealed, aad: Aad) -> bytes:
        """Raises VaultError when anything does not fit: row, version, a changed byte, an unknown key."""
        began = time.perf_counter()
        opened = _decrypt(self._data_key(sealed, aad), sealed.body, aad)
        self.observer.vault_used("open", time.perf_counter() - began)
        return opened

    def reseal(self, sealed: Sealed, old: Aad, plaintext: bytes, new: Aad) -> Sealed:
        """Seal under the data key of `sealed` (at `old`): its next version, or what must die with it."""
        return self._seal_with(self._data_key(sealed, old), plaintext, new)

    def rewrap(self, sealed: Sealed, aad: Aad) -> Sealed:
        """The same value with its data key wrapped by the first key of the ring. The body is not touched."""
        key_id, wrapped = self.ring.wrap(self._data_key(sealed, aad), aad.encode("key"))
        return Sealed(key_id, wrapped, sealed.body)

    def make_canary(self) -> Sealed:
        """Kept in the database, so that the next start knows that ring and database belong together."""
        return self.seal(_CANARY, _CANARY_AAD)

    def check_canary(self, sealed: Sealed) -> None:
        """Raises VaultError when the ring is not the one this database was sealed with."""
        try:
            fits = self.open(sealed, _CANARY_AAD) == _CANARY
        except VaultError:
            fits = False
        if not fits:
            raise VaultError(
                "The key ring does not open this database. Let VALETKEY_KEYRING name its own ring, "
                f"or restore that file (the database needs key {sealed.key_id[:40]})."
            )

    def _seal_with(self, data_key: bytes, plaintext: bytes, aad: Aad) -> Sealed:
        nonce = os.urandom(NONCE_BYTES)
        body = _FORMAT + nonce + AESGCM(data_key).encrypt(nonce, plaintext, aad.encode("body"))
        key_id, wrapped = self.ring.wrap(data_key, aad.encode("key"))
        return Sealed(key_id, wrapped, body)

    def _data_key(self, sealed: Sealed, aad: Aad) -> bytes:
        return self.ring.unwrap(sealed.key_id, sealed.wrapped_key, aad.encode("key"))


def _decrypt(data_key: bytes, body: bytes, aad: Aad) -> bytes:
    start = len(_FORMAT) + NONCE_BYTES
    if body[:1] != _FORMAT or len(body) < start + TAG_BYTES:
        raise VaultError("A sealed value has an unknown form: it is damaged or from a newer Valetkey.")
    try:
        return AESGCM(data_key).decrypt(body[len(_FORMAT) : start], body[start:], aad.encode("body"))
    except InvalidTag:
        raise VaultError("A sealed value does not open: it is damaged or from another row.") from None
