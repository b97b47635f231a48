"""How Zoho CRM refuses: by a code, for the whole request or for one record of it, and what a code means to the one who
asked.

A write can answer with success and hold a record that failed: `written` looks. Sources and limits:
`connectors/zoho_crm.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from connectors._zoho_crm_records import Written
from core.connector import ToolError
from core.errors import Missing, ProviderError, ProviderRateLimited, ReconnectRequired, ValetkeyError

WAIT_S = 60
_GONE = "id given seems to be invalid"
_ADVICE = {
    "INVALID_DATA": "Zoho CRM did not take one of the values; a stage has to be one the deal's pipeline has.",
    "MAPPING_MISMATCH": "The stage is none of the deal's pipeline.",
    "MANDATORY_NOT_FOUND": "Your organisation demands a field that this tool does not fill.",
    "DUPLICATE_DATA": "Zoho CRM has such a record already.",
    "RECORD_IN_BLUEPRINT": "A blueprint of your organisation decides how this record goes on; do it in Zoho CRM.",
    "RECORD_LOCKED": "The record is locked in Zoho CRM.",
    "NOT_ALLOWED": "Zoho CRM does not allow this for this record.",
}
_DENIED = frozenset({"NO_PERMISSION", "AUTHORIZATION_FAILED"})
_SLOWER = frozenset({"TOO_MANY_REQUESTS", "LIMIT_EXCEEDED"})
_TOKEN = frozenset({"INVALID_TOKEN", "AUTHENTICATION_FAILURE"})


def said(body: Any) -> tuple[str, str]:
    """Code and message of a refusal, of the whole or of the first record that failed; empty where it is none."""
    rows = body.get("data") if isinstance(body, dict) else None
    entries = [body, *rows] if isinstance(rows, list) else [body]
    for entry in entries:
        code = entry.get("code") if isinstance(entry, dict) else None
        if isinstance(code, str) and code != "SUCCESS":
            return code, str(entry.get("message") or "")
    return "", ""


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """[] for OAUTH_SCOPE_MISMATCH, which comes with 401 and never says which; None for every other refusal."""
    return [] if status in (401, 403) and said(body)[0] == "OAUTH_SCOPE_MISMATCH" else None


def refusal(status: int, headers: Mapping[str, str], body: Any) -> ValetkeyError | None:
    """What Zoho says by its codes, beyond the status."""
    code, message = said(body)
    if code in _TOKEN:
        return ReconnectRequired("Zoho CRM no longer accepts the connection", reason="token_rejected")
    if code in _SLOWER and status != 429:
        return ProviderRateLimited(f"Zoho CRM asks to wait {WAIT_S} s", retry_after=WAIT_S)
    if code in _DENIED:
        denied = "Zoho CRM does not let you do this: your profile there lacks the permission."
        return ProviderError(denied, provider_status=status)
    if status >= 500:
        return None
    if code == "INVALID_DATA" and _GONE in message.lower():
        return Missing("Zoho CRM has nothing there, or does not show it to this account")
    return ToolError(_ADVICE[code]) if code in _ADVICE else None


def written(answer: Written) -> str:
    """The id of the one record that was written. Raises what its refusal means."""
    outcome = answer.data[0] if answer.data else None
    if outcome is None or outcome.status == "error" or not outcome.details.id:
        told = {"code": outcome.code, "message": outcome.message} if outcome else {}
        raise refusal(400, {}, told) or ProviderError("Zoho CRM did not write the record")
    return outcome.details.id
