"""A provider's answer: decoded into what the author declared, or turned into the error that says what to do next.

Nothing of a provider's body gets into an error; of its headers only the request id, cleaned, and Retry-After.
Sources: RFC 6750 section 3.1 (insufficient_scope), RFC 9110 section 10.2.3 (Retry-After), RFC 8288 (Link).
"""

from __future__ import annotations

import functools
import math
import re
import time
from collections.abc import Callable, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

import httpx
import msgspec

from core.connector.connector import Connector
from core.errors import Missing, ProviderError, ProviderRateLimited, ReconnectRequired, Refused, ValetkeyError

Rule = Callable[[Any], ValetkeyError | None]

USUAL_RETRY_AFTER_S = 10
MAX_RETRY_AFTER_S = 24 * 3600
_REQUEST_IDS = ("x-request-id", "x-correlation-id", "x-hubspot-correlation-id", "atl-traceid", "request-id")
_UNCLEAN = re.compile(r"[^A-Za-z0-9._:/+=-]")
_LINK = re.compile(r'<([^<>]*)>((?:\s*;\s*[\w*-]+\s*=\s*(?:"[^"]*"|[^\s",;]+))*)')
_REL = re.compile(r';\s*rel\s*=\s*(?:"([^"]*)"|([^\s",;]+))', re.IGNORECASE)
_TELLING = re.compile(r"Expected `[\w| ]+`, got `[\w| ]+`|Object missing required field `\w+`")


class MissingScope(Refused):
    """The provider refused because the token lacks a scope. `scopes`: which, where it said so; may be empty."""

    code = "consent_required"
    title = "The provider asks for more than the user agreed to"

    def __init__(self, detail: str = "", *, scopes: list[str] | None = None) -> None:
        super().__init__(detail)
        self.scopes = scopes or []


def retry_after_s(headers: Mapping[str, str]) -> int | None:
    """Whole seconds to wait, from seconds or an HTTP date; None when the provider says nothing usable."""
    text = headers.get("retry-after", "").strip()
    if not text:
        return None
    try:
        wait = float(text)
    except ValueError:
        try:
            wait = parsedate_to_datetime(text).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    return min(max(0, math.ceil(wait)), MAX_RETRY_AFTER_S) if math.isfinite(wait) else None


def request_id(connector: Connector, headers: Mapping[str, str]) -> str | None:
    """The provider's own name for the request, so that its support can find it."""
    named = (connector.request_id_header,) if connector.request_id_header else _REQUEST_IDS
    found = next((headers[name] for name in named if name in headers), "")
    return _UNCLEAN.sub("", found)[:128] or None


def missing_scopes(connector: Connector, response: httpx.Response) -> list[str] | None:
    """The scopes the provider misses, [] when it does not say which, None when it refused for another reason."""
    if connector.missing_scope is not None:
        return connector.missing_scope(response.status_code, response.headers, json_or_none(response))
    challenge = response.headers.get("www-authenticate", "")
    if "insufficient_scope" not in challenge:
        return None
    named = re.search(r'\bscope="([^"]*)"', challenge)
    return named[1].split() if named else []


def refusal(connector: Connector, response: httpx.Response, rule: Rule | None = None) -> ValetkeyError:
    """The error an answer of 400 and above stands for. `rule` may know better, from the decoded body."""
    scopes = missing_scopes(connector, response)
    if scopes is not None:
        return MissingScope(f"{connector.title} needs a permission that was not given", scopes=scopes)
    better = own_refusal(connector, response) or (rule(json_or_none(response)) if rule else None)
    return better or _by_status(connector, response)


def own_refusal(connector: Connector, response: httpx.Response) -> ValetkeyError | None:
    """What the connector itself reads in the answer, beyond its status."""
    if connector.refusal is None:
        return None
    return connector.refusal(response.status_code, response.headers, json_or_none(response))


def rejects_token(connector: Connector, response: httpx.Response) -> bool:
    """Whether the token is refused, not what was done with it. A missing scope is told apart before."""
    if response.status_code == 401:
        return True
    return response.status_code >= 400 and isinstance(own_refusal(connector, response), ReconnectRequired)


def pause_s(connector: Connector, response: httpx.Response) -> int | None:
    """How long the provider wants us to wait; None when that is not all it wants, or it does not say."""
    if response.status_code in (429, 503):
        return retry_after_s(response.headers)
    own = own_refusal(connector, response) if response.status_code >= 400 else None
    return own.fields.get("retry_after") if isinstance(own, ProviderRateLimited) else None


def _by_status(connector: Connector, response: httpx.Response) -> ValetkeyError:
    status = response.status_code
    if status == 401:
        detail = f"{connector.title} no longer accepts the connection"
        return ReconnectRequired(detail, reason="token_rejected")
    if status == 404:
        return Missing(f"{connector.title} has nothing there, or does not show it to this account")
    if status == 429:
        wait = retry_after_s(response.headers)
        wait = USUAL_RETRY_AFTER_S if wait is None else wait
        return ProviderRateLimited(f"{connector.title} asks to wait {wait} s", retry_after=wait)
    return provider_error(connector, response, f"{connector.title} answered with status {status}")


def provider_error(connector: Connector, response: httpx.Response, detail: str) -> ProviderError:
    status, name = response.status_code, request_id(connector, response.headers)
    return ProviderError(detail, provider_status=status, provider_request_id=name)


def json_or_none(response: httpx.Response) -> Any:
    try:
        return msgspec.json.decode(response.content)
    except (msgspec.DecodeError, RecursionError):
        return None


@functools.lru_cache(maxsize=2_000)
def _decoder(into: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(into)


def decoded(connector: Connector, response: httpx.Response, into: Any) -> Any:
    """The body as `into`; what that does not name is dropped. Without `into`: the JSON, or None when it is none.

    204 is decoded as null: `into=Found | None`, where a provider says so that it has nothing. Raises ProviderError on HTML,
    half a JSON, no body at all, or another shape.
    """
    if into is None:
        return json_or_none(response)
    try:
        return _decoder(into).decode(b"null" if response.status_code == 204 else response.content)
    except msgspec.ValidationError as error:
        told = _TELLING.match(str(error))
        detail = f"{connector.title} answered in another form than expected"
        raise provider_error(connector, response, f"{detail} ({told[0]})" if told else detail) from None
    except (msgspec.DecodeError, RecursionError, UnicodeError):
        detail = f"{connector.title} answered with something that is no whole JSON"
        raise provider_error(connector, response, detail) from None


def links(response: httpx.Response) -> dict[str, str]:
    """Targets of the Link header by relation."""
    found: dict[str, str] = {}
    for target, parameters in _LINK.findall(response.headers.get("link", "")):
        relation = _REL.search(parameters)
        for name in (relation[1] or relation[2] or "").lower().split() if relation else ():
            found.setdefault(name, target)
    return found


def graphql_rule(connector: Connector) -> Rule:
    """What an `errors` array of GraphQL means: the connector's own reading first, then the usual codes."""

    def rule(body: Any) -> ValetkeyError | None:
        errors = body.get("errors") if isinstance(body, dict) else None
        if not errors:
            return None
        told = [error for error in errors if isinstance(error, dict)] if isinstance(errors, list) else []
        own = connector.graphql_errors(told) if connector.graphql_errors else None
        return own or _usual_graphql_error(connector, told)

    return rule


def _usual_graphql_error(connector: Connector, errors: list[dict[str, Any]]) -> ValetkeyError:
    codes = " ".join(_graphql_code(error) for error in errors).upper()
    if "RATELIMIT" in codes.replace("_", ""):
        return ProviderRateLimited(f"{connector.title} asks to slow down", retry_after=USUAL_RETRY_AFTER_S)
    if "NOT_FOUND" in codes:
        return Missing(f"{connector.title} has nothing there, or does not show it to this account")
    return ProviderError(f"{connector.title} refused the query", provider_status=200)


def _graphql_code(error: dict[str, Any]) -> str:
    extensions = error.get("extensions")
    code = extensions.get("code") if isinstance(extensions, dict) else None
    return str(code or error.get("type") or "")
