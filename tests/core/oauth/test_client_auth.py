"""Every way a provider can know our client, as the provider would check it."""

from __future__ import annotations

import base64
import json
from urllib.parse import unquote_plus

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, rsa
from hypothesis import given
from hypothesis import strategies as st
from joserfc import jwt
from joserfc.jwk import ECKey, JWKRegistry, OctKey, OKPKey, RSAKey

from core.connector import Connector
from core.errors import ProviderError
from core.oauth.client_auth import ASSERTION_TYPE, authenticate
from core.secret import Secret
from tests.core.oauth.provider import Provider, registration

AUDIENCE = "https://acme.example"


def connector(client_auth: str) -> Connector:
    return Provider().connector(client_auth=client_auth)


@given(st.text(min_size=1, max_size=40).filter(lambda text: text.isprintable()))
def test_basic_survives_any_character(secret: str) -> None:
    found = authenticate(connector("client_secret_basic"), registration(secret), AUDIENCE)
    pair = base64.b64decode(found.headers["Authorization"].removeprefix("Basic ")).decode("ascii")
    client_id, _, received = pair.partition(":")
    assert (unquote_plus(client_id), unquote_plus(received)) == ("client-1", secret)
    assert not found.params


def test_post_puts_both_into_the_body() -> None:
    found = authenticate(connector("client_secret_post"), registration(), AUDIENCE)
    assert found.params == {"client_id": "client-1", "client_secret": "s3cret"} and not found.headers


def test_a_public_client_sends_its_id_only() -> None:
    found = authenticate(connector("none"), registration(None), AUDIENCE)
    assert found.params == {"client_id": "client-1"} and not found.headers


@pytest.mark.parametrize("way", ["client_secret_basic", "client_secret_post", "private_key_jwt"])
def test_a_missing_secret_names_the_registration(way: str) -> None:
    with pytest.raises(ProviderError, match="acme has no client secret"):
        authenticate(connector(way), registration(None), AUDIENCE)


def test_nothing_of_it_is_printed() -> None:
    assert "s3cret" not in repr(authenticate(connector("client_secret_post"), registration(), AUDIENCE))


def pem(key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    ).decode()


KEYS = {
    "RS256": lambda: pem(rsa.generate_private_key(65537, 2048)),
    "ES256": lambda: pem(ec.generate_private_key(ec.SECP256R1())),
    "ES384": lambda: pem(ec.generate_private_key(ec.SECP384R1())),
    "Ed25519": lambda: pem(ed25519.Ed25519PrivateKey.generate()),
    "PS256": lambda: json.dumps(
        RSAKey.generate_key(2048, {"alg": "PS256", "kid": "k7"}).as_dict(private=True)
    ),
    "ES512": lambda: json.dumps(ECKey.generate_key("P-521").as_dict(private=True)),
}


@pytest.mark.parametrize("alg", KEYS)
def test_an_assertion_is_signed_for_this_provider_for_a_minute(alg: str) -> None:
    secret = KEYS[alg]()
    params = authenticate(connector("private_key_jwt"), registration(secret), AUDIENCE).params
    key = JWKRegistry.import_key(json.loads(secret)) if secret.startswith("{") else _loaded(secret)
    token = jwt.decode(params["client_assertion"], key, algorithms=[alg])
    assert token.header["alg"] == alg and token.header.get("kid") == key.kid
    claims = token.claims
    assert (claims["iss"], claims["sub"], claims["aud"]) == ("client-1", "client-1", AUDIENCE)
    assert claims["exp"] - claims["iat"] == 60
    assert params["client_assertion_type"] == ASSERTION_TYPE and params["client_id"] == "client-1"


def _loaded(text: str) -> RSAKey | ECKey | OKPKey:
    kinds = {rsa.RSAPrivateKey: RSAKey, ec.EllipticCurvePrivateKey: ECKey, ed25519.Ed25519PrivateKey: OKPKey}
    raw = serialization.load_pem_private_key(text.encode(), None)
    return next(key for kind, key in kinds.items() if isinstance(raw, kind)).import_key(text)


def test_no_assertion_is_used_twice() -> None:
    secret = KEYS["ES256"]()
    first, second = (
        authenticate(connector("private_key_jwt"), registration(secret), AUDIENCE).params["client_assertion"]
        for _ in range(2)
    )
    assert first != second


NO_KEYS = {
    "a password": "hunter2hunter2",
    "a public key": json.dumps(ECKey.generate_key("P-256").as_dict(private=False)),
    "a shared secret": json.dumps(OctKey.import_key("hunter2hunter2hunter2").as_dict(private=True)),
    "an unknown kind": '{"kty": "hunter2"}',
    "an algorithm of another kind": json.dumps(
        ECKey.generate_key("P-256", {"alg": "none"}).as_dict(private=True)
    ),
    "broken JSON": '{"kty": "RSA", hunter2',
    "broken PEM": "-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----",
}


@pytest.mark.parametrize("secret", NO_KEYS.values(), ids=NO_KEYS.keys())
def test_what_is_no_private_key_is_refused_and_not_quoted(secret: str) -> None:
    with pytest.raises(ProviderError, match="must be a private key") as caught:
        authenticate(connector("private_key_jwt"), registration(secret), AUDIENCE)
    assert "hunter2" not in str(caught.value) and Secret(secret).reveal() not in str(caught.value)
