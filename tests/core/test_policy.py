"""What may be granted at all: each rule is named when it refuses, and no duration outlives the policy."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.clock import DAY_MS
from core.errors import PolicyDenied
from core.model import Assistant, Policy, Registration
from core.policy import DURATION_MS, check_tool, durations, expires_at, refused_by
from tests.core.acme import connector

TOOL = connector().tools["acme.add_item"]
REGISTRATION = Registration("reg_1", "ws_1", "acme", "c", None, None, {}, 0, created_at=0, updated_at=0)
ASSISTANT = Assistant("ast_1", "ws_1", "A", None, None, None, (), (), None, None, created_at=0, updated_at=0)


def rule(policy: Policy = Policy(), registered: dict[str, Any] | None = None, **assistant: Any) -> str | None:  # noqa: B008
    return refused_by(
        policy,
        msgspec.structs.replace(REGISTRATION, **(registered or {})),
        msgspec.structs.replace(ASSISTANT, **assistant),
        TOOL,
    )


def test_without_rules_everything_may_be_granted() -> None:
    assert rule() is None
    check_tool(Policy(), REGISTRATION, ASSISTANT, TOOL)


@pytest.mark.parametrize(
    ("policy", "said"),
    [
        (Policy(connectors=("other",)), "policy.connectors"),
        (Policy(connectors=()), "policy.connectors"),
        (Policy(connectors=("acme",)), None),
        (Policy(tools=("acme.find_items",)), "policy.tools"),
        (Policy(tools=("acme.*",)), None),
        (Policy(tools=("acme.add_item",)), None),
        (Policy(tools=("ac*", "*", "acme.add_*")), "policy.tools"),
        (Policy(tools=()), "policy.tools"),
    ],
)
def test_the_policys_lists(policy: Policy, said: str | None) -> None:
    assert rule(policy) == said


@pytest.mark.parametrize(
    ("registered", "said"),
    [
        ({"enabled_tools": ("acme.find_items",)}, "registration.enabled_tools"),
        ({"enabled_tools": ("acme.add_item",)}, None),
        ({"enabled_tools": ()}, "registration.enabled_tools"),
        ({"max_scopes": ("items.read",)}, "registration.max_scopes"),
        ({"max_scopes": ("items.write",)}, None),
    ],
)
def test_the_registrations_limits(registered: dict[str, Any], said: str | None) -> None:
    assert rule(registered=registered) == said


def test_the_assistants_own_list() -> None:
    assert rule(tools=("acme.find_items",)) == "assistant.tools"
    assert rule(tools=("acme.add_item",)) is None


def test_the_refusal_names_the_rule_for_the_one_who_may_change_it() -> None:
    with pytest.raises(PolicyDenied) as refused:
        check_tool(Policy(tools=()), REGISTRATION, ASSISTANT, TOOL)
    assert refused.value.fields == {"rule": "policy.tools"} and "acme.add_item" in refused.value.detail


@given(st.none() | st.integers(1, 36_500), st.sampled_from(list(DURATION_MS)), st.integers(0, 2**42))
def test_no_grant_outlives_the_policy(days: int | None, duration: Any, now: int) -> None:
    policy = Policy(max_grant_days=days)
    offered = durations(policy)
    assert "chat" in offered and offered[0] == "chat"
    ends = expires_at(policy, duration, now)
    length = DURATION_MS[duration]
    if days is not None:
        assert "unlimited" not in offered and ends is not None and ends <= now + days * DAY_MS
    else:
        assert offered == list(DURATION_MS) and ends == (None if length is None else now + length)
    if ends is not None and length is not None:
        assert now < ends <= now + length


def test_a_policy_of_thirty_days_offers_thirty_days() -> None:
    assert durations(Policy(max_grant_days=30)) == ["chat", "30d"]
    assert durations(Policy(max_grant_days=29)) == ["chat"]
    assert durations(Policy(max_grant_days=90)) == ["chat", "30d", "90d"]
