"""The store's sealed rows: one value per (owner, kind), opened only with the row's own workspace, owner, kind and version."""

from __future__ import annotations

import msgspec

from core.store import Reader, Tx
from core.vault import Aad, Sealed, Vault


class Row(msgspec.Struct, frozen=True):
    owner: str
    kind: str
    workspace: str
    version: int
    key_id: str
    wrapped_key: bytes
    body: bytes
    created_at: int

    @property
    def aad(self) -> Aad:
        return Aad(self.workspace, self.owner, self.kind, self.version)

    @property
    def sealed(self) -> Sealed:
        return Sealed(self.key_id, self.wrapped_key, self.body)


async def put(tx: Tx, vault: Vault, aad: Aad, plaintext: bytes, now_ms: int) -> None:
    """Seal under a new data key and keep, in place of what was kept there."""
    await put_sealed(tx, vault.seal(plaintext, aad), aad, now_ms)


async def put_sealed(tx: Tx, sealed: Sealed, aad: Aad, now_ms: int) -> None:
    await tx.run(
        "secret_put",
        owner=aad.owner,
        kind=aad.kind,
        workspace=aad.workspace,
        version=aad.version,
        key_id=sealed.key_id,
        wrapped_key=sealed.wrapped_key,
        body=sealed.body,
        created_at=now_ms,
    )


async def fetch(reader: Reader, vault: Vault, workspace: str, owner: str, kind: str) -> bytes | None:
    """The opened value, or None when there is none (never was, or was destroyed). Raises VaultError."""
    row = await reader.one("secret_get", Row, workspace=workspace, owner=owner, kind=kind)
    return None if row is None else vault.open(row.sealed, row.aad)


async def destroy(tx: Tx, workspace: str, owner: str, kind: str) -> None:
    """Without its wrapped data key the value is gone, in this database and in every later backup."""
    await tx.run("secret_destroy", workspace=workspace, owner=owner, kind=kind)
