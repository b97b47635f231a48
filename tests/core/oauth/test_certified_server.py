"""The whole life of a token at an OAuth server that is not ours: npm oidc-provider 9, with its own view as the witness."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc.jwk import ECKey

from core import oauth
from core.connector import Connector, OAuth2, Rfc7009
from core.errors import ProviderError, TokenRejected
from core.http import Outbound
from core.oauth import ClientRegistration, TokenSet
from core.secret import Secret
from tests.harness.oidc import OidcProvider
from tests.harness.walker import Walker

REDIRECT = "https://keys.example.com/oauth/callback/reg_1"
KEY = ECKey.generate_key("P-256", {"kid": "k1"})
ODD_SECRET = "s3c:ret%+/&=?~"
CLIENTS: dict[str, tuple[str | None, dict[str, Any]]] = {
    "client_secret_basic": (ODD_SECRET, {}),
    "client_secret_post": (ODD_SECRET, {}),
    "private_key_jwt": (
        json.dumps(KEY.as_dict(private=True)),
        {"jwks": {"keys": [KEY.as_dict(private=False)]}, "token_endpoint_auth_signing_alg": "ES256"},
    ),
    "none": (None, {}),
}


class Client:
    """Valetkey's side, with the connector and registration that fit the provider."""

    def __init__(
        self, http: Outbound, provider: OidcProvider, client_auth: str = "client_secret_basic"
    ) -> None:
        self.http, self.provider = http, provider
        secret, metadata = CLIENTS[client_auth]
        metadata = {**metadata, "token_endpoint_auth_method": client_auth}
        sent = secret if client_auth.startswith("client_secret") else None
        provider.add_client("app", REDIRECT, sent, **metadata)
        held = Secret(secret) if secret else None
        self.registration = ClientRegistration("reg_1", "ws_1", "oidcp", "app", held, {}, REDIRECT)
        self.connector = Connector(
            slug="oidcp",
            title="Test Provider",
            category="other",
            api_url=provider.url,
            oauth=OAuth2(
                authorize_url=f"{provider.url}/auth",
                token_url=f"{provider.url}/token",
                issuer=provider.url,
                client_auth=client_auth,
                revocation=Rfc7009(f"{provider.url}/token/revocation"),
            ),
        )
        self.parts = (self.http, self.connector, self.registration)
        self.verifier = oauth.new_verifier()

    async def code(self, walker: Walker, *scopes: str, give: list[str] | None = None) -> Secret:
        url = await oauth.authorization_url(
            *self.parts, scopes=scopes, optional_scopes=[], state=Secret("state-1"), verifier=self.verifier
        )
        walker.open(url)
        answer = self.provider.consent(walker, "ada", scopes=give).query
        assert answer["state"] == "state-1"
        await oauth.check_answer(*self.parts, answer)
        return Secret(answer["code"])

    async def redeem(self, code: Secret) -> TokenSet:
        return await oauth.redeem(*self.parts, code=code, verifier=self.verifier, now_ms=0)

    async def refresh(self, tokens: TokenSet) -> TokenSet:
        return await oauth.refresh(*self.parts, tokens, now_ms=0)

    def alive(self, kind: str) -> list[str]:
        return [token["value"] for token in self.provider.tokens(kind, alive=True)]


@pytest.mark.parametrize("client_auth", CLIENTS)
async def test_connect_refresh_and_revoke_with_every_client_authentication(
    http: Outbound, oidc_provider: OidcProvider, walker: Walker, client_auth: str
) -> None:
    client = Client(http, oidc_provider, client_auth)
    first = await client.redeem(await client.code(walker, "items.read", "items.write"))
    assert first.scopes == ("items.read", "items.write") and first.expires_at == 3_600_000
    second = await client.refresh(first)
    assert second.refresh_token != first.refresh_token and second.access_token.reveal() in client.alive(
        "AccessToken"
    )
    await oauth.revoke(*client.parts, second)
    assert not client.alive("AccessToken") and not client.alive("RefreshToken")
    await oauth.revoke(*client.parts, second)


async def test_fewer_scopes_are_told(http: Outbound, oidc_provider: OidcProvider, walker: Walker) -> None:
    client = Client(http, oidc_provider)
    tokens = await client.redeem(await client.code(walker, "items.read", "items.write", give=["items.read"]))
    assert tokens.scopes == ("items.read",)


async def test_a_code_works_once_and_with_its_verifier_only(
    http: Outbound, oidc_provider: OidcProvider, walker: Walker
) -> None:
    client = Client(http, oidc_provider)
    code = await client.code(walker, "items.read")
    right, client.verifier = client.verifier, oauth.new_verifier()
    with pytest.raises(TokenRejected):
        await client.redeem(code)
    client.verifier = right
    with Walker() as another:
        code = await client.code(another, "items.read")
    await client.redeem(code)
    with pytest.raises(TokenRejected):
        await client.redeem(code)


async def test_a_refresh_token_that_was_used_or_revoked_is_rejected(
    http: Outbound, oidc_provider: OidcProvider, walker: Walker
) -> None:
    client = Client(http, oidc_provider)
    first = await client.redeem(await client.code(walker, "items.read"))
    await client.refresh(first)
    with pytest.raises(TokenRejected):
        await client.refresh(first)


async def test_a_wrong_secret_is_an_admins_matter(
    http: Outbound, oidc_provider: OidcProvider, walker: Walker
) -> None:
    client = Client(http, oidc_provider)
    tokens = await client.redeem(await client.code(walker, "items.read"))
    wrong = ClientRegistration("reg_1", "ws_1", "oidcp", "app", Secret("wrong"), {}, REDIRECT)
    with pytest.raises(ProviderError, match="An admin has to check") as caught:
        await oauth.refresh(http, client.connector, wrong, tokens, now_ms=0)
    assert not isinstance(caught.value, TokenRejected)
    assert client.alive("RefreshToken")
