"""What a successful token answer says (RFC 6749 section 5.1), read with suspicion: any member may be missing, odd or hostile.

The token has to be one that can stand in a header; lifetimes are bounded; a field the connector declared is kept only
when it fits its pattern, and one that does not fit fails the whole answer: a token sent to a wrong host is lost.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

from core.clock import SECOND_MS
from core.connector import Connector, field_matches
from core.connector.oauth import patterns
from core.errors import ProviderError
from core.oauth.token_set import TokenSet
from core.secret import Secret

MAX_TTL_S = 10 * 366 * 24 * 3600
_TOKEN = re.compile(r"[\x21-\x7e]{1,16384}\Z")
_SCOPE = re.compile(r"[\x21-\x7e]{1,500}\Z")


def token_set(connector: Connector, answer: Mapping[str, Any], now_ms: int) -> TokenSet:
    """Raises ProviderError when there is no bearer token in it, or a declared field does not fit."""
    token_type = answer.get("token_type") or "Bearer"
    if not isinstance(token_type, str) or token_type.lower() != "bearer":
        raise ProviderError(f"{connector.title} gave a token of a kind that is not supported.")
    access = _token(answer.get("access_token"))
    if access is None:
        raise ProviderError(f"{connector.title} answered without an access token.")
    return TokenSet(
        access_token=access,
        refresh_token=_token(answer.get("refresh_token")),
        expires_at=_expires_at(answer.get("expires_in"), connector.oauth.access_token_ttl_s, now_ms),
        scopes=_scopes(connector, answer),
        fields=_fields(connector, answer),
    )


def bare_tokens(answer: Mapping[str, Any]) -> TokenSet | None:
    """Just the tokens of an answer that is refused, to revoke them."""
    access, refresh = _token(answer.get("access_token")), _token(answer.get("refresh_token"))
    return TokenSet(access, refresh) if access else None


def _token(value: Any) -> Secret | None:
    return Secret(value) if isinstance(value, str) and _TOKEN.match(value) else None


def _expires_at(value: Any, default_s: int | None, now_ms: int) -> int | None:
    """Milliseconds, or None when the provider does not say: a 401 tells then. Zero and less count as not said."""
    seconds = _seconds(value)
    if seconds is None:
        seconds = float(default_s) if default_s else None
    return None if seconds is None else now_ms + int(min(seconds, MAX_TTL_S) * SECOND_MS)


def _seconds(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        seconds = float(value)
    except (ValueError, OverflowError):
        return None
    return seconds if seconds > 0 and not math.isnan(seconds) else None


def _scopes(connector: Connector, answer: Mapping[str, Any]) -> tuple[str, ...] | None:
    """The scopes the answer names; None when it names none. Separators: blank, comma, or a list (also as `scopes`)."""
    value = answer.get("scope", answer.get("scopes"))
    if isinstance(value, str):
        found = re.split(r"[\s,]+", value)
    elif isinstance(value, list) and all(isinstance(scope, str) for scope in value):
        found = value
    else:
        return None
    kept = tuple(dict.fromkeys(scope for scope in found if _SCOPE.match(scope)))
    # an app whose scopes are fixed answers an empty text and means "those of the app"
    return kept if kept or connector.oauth.scope_mode == "request" else None


def _fields(connector: Connector, answer: Mapping[str, Any]) -> dict[str, str]:
    kept = {}
    for name, allowed in connector.oauth.token_fields.items():
        value = answer.get(name)
        if value is None:
            continue
        text = str(value) if isinstance(value, str | int) and not isinstance(value, bool) else ""
        if not any(field_matches(pattern, text) for pattern in patterns(allowed)):
            raise ProviderError(f"{connector.title} answered with a `{name}` its connector does not allow.")
        kept[name] = text
    return kept
