"""Where a provider's endpoints are: as the connector declares them, or as the provider's own metadata says.

Metadata (RFC 8414) is fetched at first use when the connector names an issuer, believed only when it is that issuer's
(section 3.3) and only for endpoints on origins the connector already names, and kept for an hour. While a newer copy
cannot be had, the last one stays in use. Limits: `revocation` is always the connector's own word.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any
from weakref import WeakKeyDictionary

import msgspec
from authlib.oauth2.rfc8414 import get_well_known_url  # type: ignore[import-untyped]

from core.connector import Connector, PkceOff
from core.connector.templates import fill, origin
from core.errors import ProviderError, TokenEndpointUnavailable
from core.http import Outbound, OutboundError, OutboundFailed, OutboundTimeout

LIFETIME_S = 3600.0
TIMEOUT_S = 10.0
MAX_BYTES = 256_000


class Endpoints(msgspec.Struct, frozen=True):
    authorize_url: str
    token_url: str
    issuer: str | None


class Metadata(msgspec.Struct, frozen=True):
    """The members of RFC 8414 section 2 that are used here; the others are not looked at."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    code_challenge_methods_supported: list[str] | None = None


_kept: WeakKeyDictionary[Outbound, dict[str, tuple[float, Metadata]]] = WeakKeyDictionary()


async def endpoints(http: Outbound, connector: Connector, fields: Mapping[str, str]) -> Endpoints:
    """Raises TokenEndpointUnavailable when metadata is needed and cannot be had, ProviderError when it is not right.

    `fields`: the registration's config and kept token fields, for places like `{instance_url}`.
    """
    oauth = connector.oauth
    declared = Endpoints(fill(oauth.authorize_url, fields), fill(oauth.token_url, fields), None)
    if oauth.issuer is None:
        return declared
    issuer = fill(oauth.issuer, fields)
    found = await _metadata(http, connector, issuer)
    _check(connector, found, issuer, declared)
    return Endpoints(found.authorization_endpoint, found.token_endpoint, issuer)


async def _metadata(http: Outbound, connector: Connector, issuer: str) -> Metadata:
    kept = _kept.setdefault(http, {})
    made_at, last = kept.get(issuer, (0.0, None))
    if last is not None and time.monotonic() - made_at < LIFETIME_S:
        return last
    try:
        fresh = await _fetch(http, connector, issuer)
    except TokenEndpointUnavailable:
        if last is None:
            raise
        return last
    kept[issuer] = time.monotonic(), fresh
    return fresh


async def _fetch(http: Outbound, connector: Connector, issuer: str) -> Metadata:
    url = get_well_known_url(issuer, external=True)
    try:
        response = await http.send(http.request("GET", url), timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
    except (OutboundTimeout, OutboundFailed) as error:
        raise TokenEndpointUnavailable(
            f"{connector.title} cannot be asked for its endpoints: {error}"
        ) from error
    except OutboundError as error:
        raise ProviderError(f"{connector.title} may not be asked for its endpoints: {error}") from error
    status: Any = response.status_code
    if status == 429 or status >= 500:
        raise TokenEndpointUnavailable(
            f"{connector.title} does not say its endpoints now.", provider_status=status
        )
    try:
        return msgspec.json.decode(response.content, type=Metadata)
    except msgspec.MsgspecError:
        raise ProviderError(
            f"{connector.title} has no authorization server metadata for {issuer}.", provider_status=status
        ) from None


def _check(connector: Connector, found: Metadata, issuer: str, declared: Endpoints) -> None:
    if found.issuer != issuer:
        raise ProviderError(f"{connector.title} answered with the metadata of another issuer than {issuer}.")
    # the declared URLs were checked for https when the connector was loaded, so nothing weaker can be among these
    own = {origin(issuer), origin(declared.authorize_url), origin(declared.token_url)}
    for endpoint in (found.authorization_endpoint, found.token_endpoint):
        if origin(endpoint) is None or origin(endpoint) not in own or "#" in endpoint:
            raise ProviderError(
                f"The metadata of {issuer} names an endpoint on a host its connector does not."
            )
    methods = found.code_challenge_methods_supported
    if methods is not None and "S256" not in methods and not isinstance(connector.oauth.pkce, PkceOff):
        raise ProviderError(
            f"The metadata of {issuer} does not offer PKCE with S256, which its connector needs."
        )
