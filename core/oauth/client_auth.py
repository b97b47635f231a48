"""How a provider knows our client: RFC 6749 section 2.3.1 (basic, post), RFC 7523 section 2.2 (private_key_jwt), or not."""

from __future__ import annotations

import base64
import time
from typing import Any
from urllib.parse import quote_plus

import msgspec
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey, JWKRegistry, Key, OKPKey, RSAKey

from core.connector import Connector
from core.errors import ProviderError
from core.ids import random_base62
from core.oauth.registration import ClientRegistration
from core.secret import Secret

ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
ASSERTION_TTL_S = 60
_KINDS = (RSAKey, ECKey, OKPKey)
_ALGORITHMS = frozenset(
    {"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "Ed25519", "EdDSA"}
)
_CURVES = {"P-256": "ES256", "P-384": "ES384", "P-521": "ES512"}


class ClientAuth(msgspec.Struct, frozen=True):
    """What is added to a request: headers, and parameters of its body."""

    headers: dict[str, str] = {}
    params: dict[str, str] = {}

    def __repr__(self) -> str:
        return "ClientAuth(***)"


def authenticate(connector: Connector, registration: ClientRegistration, audience: str) -> ClientAuth:
    """`audience`: the provider's issuer where it is known, else its token endpoint. Raises ProviderError."""
    client_id = registration.client_id
    match connector.oauth.client_auth:
        case "none":
            return ClientAuth(params={"client_id": client_id})
        case "client_secret_post":
            return ClientAuth(
                params={"client_id": client_id, "client_secret": registration.secret().reveal()}
            )
        case "private_key_jwt":
            assertion = _assertion(registration, audience)
            return ClientAuth(
                params={
                    "client_id": client_id,
                    "client_assertion_type": ASSERTION_TYPE,
                    "client_assertion": assertion,
                }
            )
        case _:
            return ClientAuth(headers={"Authorization": _basic(client_id, registration.secret())})


def _basic(client_id: str, secret: Secret) -> str:
    """Both halves are form-encoded first, or a colon or a non-ASCII character would change their meaning."""
    pair = f"{quote_plus(client_id, safe='')}:{quote_plus(secret.reveal(), safe='')}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def _assertion(registration: ClientRegistration, audience: str) -> str:
    key = _private_key(registration)
    now = int(time.time())
    claims = {
        "iss": registration.client_id,
        "sub": registration.client_id,
        "aud": audience,
        "iat": now,
        "exp": now + ASSERTION_TTL_S,
        "jti": random_base62(22),
    }
    return _sign(key, claims, registration)


def _sign(key: Key, claims: dict[str, Any], registration: ClientRegistration) -> str:
    header = {"alg": _algorithm(key), "typ": "JWT"} | ({"kid": key.kid} if key.kid else {})
    if header["alg"] not in _ALGORITHMS:
        raise _no_key(registration)
    try:
        return jwt.encode(header, claims, key, algorithms=[header["alg"]])
    except (JoseError, ValueError):
        raise _no_key(registration) from None


def _private_key(registration: ClientRegistration) -> Key:
    text = registration.secret().reveal().strip()
    try:
        key = JWKRegistry.import_key(msgspec.json.decode(text)) if text.startswith("{") else _pem(text)
    except (JoseError, msgspec.MsgspecError, ValueError, TypeError, KeyError):
        raise _no_key(registration) from None
    if not isinstance(key, _KINDS) or not key.is_private:
        raise _no_key(registration)
    return key


def _pem(text: str) -> Key:
    for kind in _KINDS:
        try:
            return kind.import_key(text)
        except (JoseError, ValueError, TypeError):
            continue
    raise ValueError("not a key")


def _no_key(registration: ClientRegistration) -> ProviderError:
    """Says nothing of what is wrong: that could quote the key."""
    return ProviderError(
        f"The client secret of {registration.slug} must be a private key (RSA, EC or Ed25519), as PEM or JWK."
    )


def _algorithm(key: Key) -> str:
    """What the JWK says, else what fits. Where Ed25519 (RFC 9864) is unknown, the JWK has to say EdDSA."""
    if key.alg:
        return str(key.alg)
    if isinstance(key, ECKey):
        return _CURVES.get(key.curve_name, "ES256")
    return "Ed25519" if isinstance(key, OKPKey) else "RS256"
