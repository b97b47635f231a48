"""What Linear's refusals mean: its `errors` array, whatever the status, and its rate limits.

Sources: linear.app/developers (Rate limiting), the published SDK's packages/sdk/src/error.ts, both read on 2026-11-24; [S]: code
that quotes Linear's answers, of 2026.
- An error says what it is in `extensions.code` and `extensions.type`. Linear's page has it under status 200; recorded were
  400 for rate limits, unknown ids and invalid input, and 401 for a dead token [S].
- A rate limit has no Retry-After but X-RateLimit-{Requests,Complexity,Endpoint-Requests}-{Remaining,Reset}, the reset
  in epoch milliseconds. How much is allowed differs between Linear's own pages, so nothing counts by it.
- A missing scope is FORBIDDEN with "Invalid scope: `write` required" [S]. The scope it names is not passed on: it may be
  wider than the one the tool needs.
Nothing of an error's text reaches anybody: messages are only compared.
"""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from typing import Any

from core.connector import MissingScope, ToolError
from core.errors import Missing, ProviderRateLimited, ReconnectRequired, ValetkeyError

USUAL_WAIT_S, MAX_WAIT_S = 10, 24 * 3600
_LIMITS = ("endpoint-requests", "requests", "complexity")


def refusal(status: int, headers: Mapping[str, str], body: Any) -> ValetkeyError | None:
    """The first error of an `errors` array that says something, whatever the status."""
    errors = body.get("errors") if isinstance(body, dict) else None
    told = [one for one in errors if isinstance(one, dict)] if isinstance(errors, list) else []
    return next(filter(None, (_meaning(one, headers) for one in told)), None)


def _meaning(error: dict[str, Any], headers: Mapping[str, str]) -> ValetkeyError | None:
    kinds, message = _kinds(error), str(error.get("message") or "")
    if "RATELIMITED" in kinds:
        wait = _wait_s(headers)
        return ProviderRateLimited(f"Linear asks to wait {wait} s", retry_after=wait)
    if "AUTHENTICATION_ERROR" in kinds:
        return ReconnectRequired("Linear no longer accepts the connection", reason="token_rejected")
    if "FORBIDDEN" in kinds and message.startswith("Invalid scope"):
        return MissingScope("Linear needs a permission that was not given")
    if message.startswith("Entity not found"):
        return Missing("Linear has nothing there, or does not show it to this account")
    if kinds & {"INVALID_INPUT", "INPUT_ERROR", "USER_ERROR"}:
        return ToolError("Linear did not accept this: a value in it is not possible there.")
    if kinds & {"USAGE_LIMIT_EXCEEDED", "FEATURE_NOT_ACCESSIBLE"}:
        return ToolError("The plan of this Linear workspace does not allow it.")
    return None


def _kinds(error: dict[str, Any]) -> set[str]:
    """`code` and `type` as one vocabulary: "invalid input" and INVALID_INPUT are the same."""
    extensions = error.get("extensions")
    told = extensions if isinstance(extensions, dict) else {}
    return {str(told.get(name) or "").upper().replace(" ", "_") for name in ("code", "type")}


def _wait_s(headers: Mapping[str, str]) -> int:
    """Until the last of the limits that are used up is reset; 10 s where none says so."""
    resets = [
        reset
        for name in _LIMITS
        if (reset := _number(headers.get(f"x-ratelimit-{name}-reset"))) is not None
        and (_number(headers.get(f"x-ratelimit-{name}-remaining")) or 0) <= 0
    ]
    if not resets:
        return USUAL_WAIT_S
    return min(max(1, math.ceil((max(resets) - _now_ms()) / 1000)), MAX_WAIT_S)


def _number(text: str | None) -> float | None:
    try:
        number = float(text or "")
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _now_ms() -> int:
    return int(time.time() * 1000)
