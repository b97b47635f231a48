"""A workspace's own client at a provider, with the secret opened: what every request of this folder is made with."""

from __future__ import annotations

import msgspec

from core.errors import ProviderError
from core.secret import Secret


class ClientRegistration(msgspec.Struct, frozen=True):
    """`client_secret` also holds the private key, PEM or JWK, where the connector says private_key_jwt."""

    id: str
    workspace: str
    slug: str
    client_id: str
    client_secret: Secret | None
    config: dict[str, str]
    redirect_uri: str

    def secret(self) -> Secret:
        """Raises ProviderError when the admin gave none and the provider asks for one."""
        if not self.client_secret:
            raise ProviderError(
                f"The registration of {self.slug} has no client secret. An admin has to put it in."
            )
        return self.client_secret
