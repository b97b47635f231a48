"""How secrets are kept: envelope encryption with a key ring in a file.

    ringfile  the file with the keys, readable by its owner only
    keyring   the keys that wrap data keys; the first seals, all open
    seal      one data key for each sealed value, bound to the row it belongs to

Source: NIST SP 800-38D (AES-GCM), RFC 5869 (HKDF). Limits: the ring is a file of this machine; no KMS.
"""

from core.vault.keyring import KeyRing, RingKey
from core.vault.seal import Aad, Sealed, Vault

__all__ = ["Aad", "KeyRing", "RingKey", "Sealed", "Vault"]
