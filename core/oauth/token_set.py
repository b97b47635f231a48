"""What a token answer leaves behind, as it is sealed into the vault."""

from __future__ import annotations

import msgspec

from core.errors import VaultError
from core.secret import Secret


class TokenSet(msgspec.Struct, frozen=True):
    """`scopes`: what the provider said it gave, None when it said nothing. `fields`: the kept `token_fields`."""

    access_token: Secret
    refresh_token: Secret | None = None
    expires_at: int | None = None
    scopes: tuple[str, ...] | None = None
    fields: dict[str, str] = {}
    token_type: str = "Bearer"  # noqa: S105

    def to_bytes(self) -> bytes:
        """In clear, to be sealed at once."""
        refresh = self.refresh_token.reveal() if self.refresh_token else None
        return msgspec.json.encode(
            _Plain(
                access_token=self.access_token.reveal(),
                refresh_token=refresh,
                expires_at=self.expires_at,
                scopes=self.scopes,
                fields=self.fields,
                token_type=self.token_type,
            )
        )

    @classmethod
    def from_bytes(cls, body: bytes) -> TokenSet:
        """Raises VaultError when the bytes are none that `to_bytes` wrote."""
        try:
            plain = msgspec.json.decode(body, type=_Plain)
        except msgspec.MsgspecError:
            raise VaultError("A credential is damaged or from a newer Valetkey.") from None
        return cls(
            access_token=Secret(plain.access_token),
            refresh_token=Secret(plain.refresh_token) if plain.refresh_token else None,
            expires_at=plain.expires_at,
            scopes=plain.scopes,
            fields=plain.fields,
            token_type=plain.token_type,
        )


class _Plain(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    access_token: str
    refresh_token: str | None = None
    expires_at: int | None = None
    scopes: tuple[str, ...] | None = None
    fields: dict[str, str] = {}
    token_type: str = "Bearer"  # noqa: S105

    def __repr__(self) -> str:
        return "_Plain(***)"
