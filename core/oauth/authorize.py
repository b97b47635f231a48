"""The authorization request (RFC 6749 section 4.1.1) with PKCE (RFC 7636), and whose answer came back (RFC 9207)."""

from __future__ import annotations

import hmac
from collections.abc import Mapping, Sequence

from authlib.common.urls import add_params_to_uri  # type: ignore[import-untyped]
from authlib.oauth2.rfc7636 import create_s256_code_challenge  # type: ignore[import-untyped]

from core.connector import Connector, PkceOff
from core.connector.templates import fill
from core.errors import ProviderError
from core.http import Outbound
from core.ids import new_token
from core.oauth.discovery import endpoints
from core.oauth.registration import ClientRegistration
from core.secret import Secret


def new_verifier() -> Secret:
    """A PKCE code verifier: 256 random bits in 43 characters. Source: RFC 7636 section 4.1."""
    return new_token()


def challenge(verifier: Secret) -> str:
    return str(create_s256_code_challenge(verifier.reveal()))


async def authorization_url(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    *,
    scopes: Sequence[str],
    optional_scopes: Sequence[str],
    state: Secret,
    verifier: Secret,
) -> str:
    """Where to send the browser. The connector's `always_scopes` are added to `scopes`.

    `optional_scopes` join `scopes` where the provider knows no such thing. May fetch the provider's metadata.
    """
    where = await endpoints(http, connector, registration.config)
    params = {
        **connector.oauth.authorize_params,
        "response_type": "code",
        "client_id": registration.client_id,
        "redirect_uri": registration.redirect_uri,
        **_scope_params(connector, scopes, optional_scopes),
        "state": state.reveal(),
    }
    if not isinstance(connector.oauth.pkce, PkceOff):
        params |= {"code_challenge": challenge(verifier), "code_challenge_method": "S256"}
    if connector.oauth.resource:
        params["resource"] = fill(connector.oauth.resource, registration.config)
    return str(add_params_to_uri(where.authorize_url, list(params.items())))


def _scope_params(connector: Connector, scopes: Sequence[str], optional: Sequence[str]) -> dict[str, str]:
    oauth = connector.oauth
    if oauth.scope_mode != "request":
        return {}
    asked = dict.fromkeys([*oauth.always_scopes, *scopes])
    extra = [scope for scope in dict.fromkeys(optional) if scope not in asked]
    if oauth.optional_scope_param is None:
        asked |= dict.fromkeys(extra)
        extra = []
    wanted = {"scope": asked, oauth.optional_scope_param: extra}
    return {name: oauth.scope_separator.join(values) for name, values in wanted.items() if name and values}


async def check_answer(
    http: Outbound, connector: Connector, registration: ClientRegistration, query: Mapping[str, str]
) -> None:
    """Raises ProviderError when the answer at the redirect URI is another server's (mix-up, RFC 9207 section 2.4).

    A connector with an issuer demands `iss`, in refusals too. Without one there is nothing to compare it with:
    the redirect URI of its own, which every registration has, is then the defence.
    """
    if connector.oauth.issuer is None:
        return
    expected = fill(connector.oauth.issuer, registration.config)
    if not hmac.compare_digest(query.get("iss", "").encode(), expected.encode()):
        raise ProviderError(
            f"The answer did not come from {connector.title}'s authorization server. Nothing was connected."
        )
