"""How Salesforce refuses: a list of errors, each with a code, and what a code means to the one who asked.

Sources and limits: `connectors/salesforce.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from core.connector import ToolError
from core.errors import ProviderError, ProviderRateLimited, ValetkeyError

API = "api"
NO_REST = "not valid for use with the rest api"
DAILY_WAIT_S, MOMENT_S = 900, 10
_ADVICE = {
    "FIELD_CUSTOM_VALIDATION_EXCEPTION": "A rule of your organisation does not allow this change.",
    "REQUIRED_FIELD_MISSING": "Your organisation demands a field that this tool does not fill.",
    "INVALID_CROSS_REFERENCE_KEY": "One of the records named is not there, or cannot be linked.",
    "MALFORMED_ID": "One of the ids is not the id of such a record.",
    "INVALID_OR_NULL_FOR_RESTRICTED_PICKLIST": "Your organisation does not know one of the values.",
    "INSUFFICIENT_ACCESS_OR_READONLY": "Salesforce does not let you change this record.",
    "INSUFFICIENT_ACCESS_ON_CROSS_REFERENCE_ENTITY": "Salesforce does not let you add to this record.",
    "STRING_TOO_LONG": "One of the texts is too long for Salesforce.",
}
_CLOSED = {
    "INVALID_FIELD": "Salesforce hides a field from you that this tool reads. An admin can make it visible.",
    "API_DISABLED_FOR_ORG": "This organisation's edition of Salesforce has no API.",
    "API_CURRENTLY_DISABLED": 'Salesforce lets you use no API. An admin can give you "API Enabled".',
}


def said(body: Any) -> tuple[str, str]:
    """Code and message of Salesforce's error list; empty where it is none."""
    first = body[0] if isinstance(body, list) and body and isinstance(body[0], dict) else {}
    code, message = first.get("errorCode"), first.get("message")
    return code if isinstance(code, str) else "", message if isinstance(message, str) else ""


def missing_scope(status: int, headers: Mapping[str, str], body: Any) -> list[str] | None:
    """`api`, when the token is refused for the lack of it; None for every other refusal."""
    return [API] if status in (401, 403) and NO_REST in said(body)[1].lower() else None


def refusal(status: int, headers: Mapping[str, str], body: Any) -> ValetkeyError | None:
    """What Salesforce says by its error codes, beyond the status."""
    code, message = said(body)
    if code == "REQUEST_LIMIT_EXCEEDED":
        wait = MOMENT_S if "concurrent" in message.lower() else DAILY_WAIT_S
        return ProviderRateLimited(f"Salesforce asks to wait {wait} s", retry_after=wait)
    if code in _ADVICE and status in (400, 403):
        return ToolError(_ADVICE[code])
    return ProviderError(_CLOSED[code], provider_status=status) if code in _CLOSED else None
