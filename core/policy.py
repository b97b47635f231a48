"""What may be granted and called at all: the workspace's policy, the registration's limits, the assistant's own list.

Every refusal names its rule, so that the one who may change it knows where to look.
"""

from __future__ import annotations

from core.clock import DAY_MS
from core.connector import Tool
from core.errors import PolicyDenied
from core.model import Assistant, Duration, Policy, Registration

DURATION_MS: dict[Duration, int | None] = {
    "chat": DAY_MS,
    "30d": 30 * DAY_MS,
    "90d": 90 * DAY_MS,
    "unlimited": None,
}


def check_tool(policy: Policy, registration: Registration, assistant: Assistant, tool: Tool) -> None:
    """Raises PolicyDenied with the first rule that forbids the tool; else nothing."""
    rule = refused_by(policy, registration, assistant, tool)
    if rule is not None:
        raise PolicyDenied(
            f"{tool.name} is not allowed here: {_WORDS[rule]}. An admin of the workspace can change that.",
            rule=rule,
        )


_WORDS = {
    "policy.connectors": "the workspace's policy does not list its connector",
    "policy.tools": "the workspace's policy does not list it",
    "registration.enabled_tools": "the connector's registration does not enable it",
    "registration.max_scopes": "it needs more than the registration's scopes",
    "assistant.tools": "the assistant is not registered for it",
}


def refused_by(policy: Policy, registration: Registration, assistant: Assistant, tool: Tool) -> str | None:
    slug = tool.name.partition(".")[0]
    if policy.connectors is not None and slug not in policy.connectors:
        return "policy.connectors"
    if policy.tools is not None and not {tool.name, f"{slug}.*"} & set(policy.tools):
        return "policy.tools"
    if registration.enabled_tools is not None and tool.name not in registration.enabled_tools:
        return "registration.enabled_tools"
    if registration.max_scopes is not None and tool.missing_scopes(registration.max_scopes):
        return "registration.max_scopes"
    if assistant.tools is not None and tool.name not in assistant.tools:
        return "assistant.tools"
    return None


def durations(policy: Policy) -> list[Duration]:
    """The lengths a person may choose from, shortest first; `chat` is always among them."""
    if policy.max_grant_days is None:
        return list(DURATION_MS)
    limit = policy.max_grant_days * DAY_MS
    return [name for name, length in DURATION_MS.items() if length is not None and length <= limit] or [
        "chat"
    ]


def expires_at(policy: Policy, duration: Duration, now_ms: int) -> int | None:
    """When a grant of this duration ends, never later than the policy allows."""
    lengths = [length for length in (DURATION_MS[duration], _limit(policy)) if length is not None]
    return now_ms + min(lengths) if lengths else None


def _limit(policy: Policy) -> int | None:
    return None if policy.max_grant_days is None else policy.max_grant_days * DAY_MS
