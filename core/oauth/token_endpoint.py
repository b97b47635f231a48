"""One request to a token or revocation endpoint, and what its answer means (RFC 6749 section 5.2).

    TokenRejected             the code or refresh token is dead: ask the person again
    TokenEndpointUnavailable  5xx, 429, time-out, network: nothing is known, try later
    ProviderError             our registration or the provider is wrong: an admin has to look

Never repeated here: a code is single-use, and so is a refresh token that rotates. The time-out is shorter than the lease
under which a token is refreshed. No body, token or error text of the provider is passed on; only its error code is.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from core.connector import Connector
from core.errors import ProviderError, TokenEndpointUnavailable, TokenRejected
from core.http import Outbound, OutboundError, OutboundFailed, OutboundTimeout
from core.oauth.client_auth import authenticate
from core.oauth.registration import ClientRegistration

TIMEOUT_S = 10.0
MAX_BYTES = 1_000_000
# bad_*: what some providers say in place of invalid_grant, always with status 200
_DEAD = frozenset({"invalid_grant", "bad_refresh_token", "bad_verification_code", "bad_authorization_code"})
_LATER = frozenset({"temporarily_unavailable", "server_error", "slow_down"})
_OUR_CLIENT = frozenset(
    {
        "invalid_client",
        "unauthorized_client",
        "incorrect_client_credentials",
        "incorrect_application_credentials",
    }
)
_ERROR_CODE = re.compile(r"[A-Za-z0-9_.-]{1,64}\Z")


async def post(
    http: Outbound,
    connector: Connector,
    registration: ClientRegistration,
    url: str,
    audience: str,
    params: Mapping[str, str],
) -> httpx.Response:
    """The answer to a request our client makes in its own name. Raises ProviderError, TokenEndpointUnavailable."""
    auth = authenticate(connector, registration, audience)
    body = {**params, **auth.params}
    as_json = connector.oauth.token_body == "json"  # noqa: S105
    request = http.request(
        "POST",
        url,
        headers=auth.headers | {"Accept": "application/json"},
        json=body if as_json else None,
        form=None if as_json else body,
    )
    try:
        response = await http.send(request, timeout_s=TIMEOUT_S, max_bytes=MAX_BYTES)
    except (OutboundTimeout, OutboundFailed) as error:
        raise TokenEndpointUnavailable(str(error)) from error
    except OutboundError as error:
        raise ProviderError(str(error)) from error
    if response.status_code in (408, 425, 429) or response.status_code >= 500:
        raise TokenEndpointUnavailable(
            f"{connector.title}'s token endpoint is not available at the moment.",
            retry_after=_retry_after(response),
            **_witness(connector, response),
        )
    return response


def read(connector: Connector, response: httpx.Response) -> dict[str, Any]:
    """The members of a successful answer. Raises as the module says; an error may come with status 200."""
    answer = _members(response)
    error = _error(answer, response)
    if error or not response.is_success:
        raise refusal(connector, response, error)
    if not answer:
        raise ProviderError(
            f"{connector.title}'s token endpoint answered no JSON.", **_witness(connector, response)
        )
    return answer


def error_code(response: httpx.Response) -> str | None:
    return _code(_error(_members(response), response))


def refusal(connector: Connector, response: httpx.Response, error: Any) -> ProviderError:
    """The error to raise for an answer that is none of success."""
    code, witness = _code(error), _witness(connector, response)
    own = connector.oauth.token_errors.get(error) if isinstance(error, str) else None
    if code in _DEAD or own == "rejected":
        return TokenRejected(
            f"{connector.title} no longer accepts this authorization.", error=code, **witness
        )
    if code in _LATER or own == "later":
        return TokenEndpointUnavailable(f"{connector.title} asks to come back later.", error=code, **witness)
    if code in _OUR_CLIENT or (code is None and response.status_code == 401):
        detail = "does not accept this workspace's client. An admin has to check client id and secret."
        return ProviderError(f"{connector.title} {detail}", error=code, **witness)
    said = f"`{code}`" if code else f"status {response.status_code}"
    return ProviderError(f"{connector.title}'s token endpoint answered {said}.", error=code, **witness)


def _members(response: httpx.Response) -> dict[str, Any]:
    try:
        answer = msgspec.json.decode(response.content)
    except (msgspec.MsgspecError, RecursionError):
        return {}
    return answer if isinstance(answer, dict) else {}


def _error(answer: Mapping[str, Any], response: httpx.Response) -> Any:
    """`error`, or of a refusal that has none a `status` that says the same (HubSpot: BAD_REFRESH_TOKEN)."""
    error, status = answer.get("error"), answer.get("status")
    if error or response.is_success or not isinstance(status, str):
        return error
    return status.lower() if status.lower() in _DEAD else None


def _code(error: Any) -> str | None:
    return error if isinstance(error, str) and _ERROR_CODE.match(error) else None


def _retry_after(response: httpx.Response) -> int | None:
    value = response.headers.get("retry-after", "")
    return int(value) if re.match(r"[0-9]{1,6}\Z", value) else None


def _witness(connector: Connector, response: httpx.Response) -> dict[str, Any]:
    """What helps to find the request in the provider's log."""
    name = connector.request_id_header
    request_id = response.headers.get(name) if name else None
    return {"provider_status": response.status_code, "provider_request_id": request_id and request_id[:200]}
