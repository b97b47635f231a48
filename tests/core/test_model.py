"""The nouns: what is over is over before the housekeeping said so, and a policy knows its own fields only."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from core.model import LIVE_STATUSES, OPEN_STATUSES, ConnectSession, Entry, Policy, system
from tests.core.home import Home


@pytest.mark.parametrize("status", ["active", "needs_reconnect", "suspended", "expired", "revoked"])
async def test_a_live_grant_past_its_end_is_expired(home: Home, status: Any) -> None:
    grant = msgspec.structs.replace(await home.grant(), status=status, expires_at=1_000)
    assert grant.status_at(999) == status
    assert grant.status_at(1_000) == ("expired" if status in LIVE_STATUSES else status)
    endless = msgspec.structs.replace(grant, expires_at=None)
    assert endless.status_at(2**60) == status


async def test_a_session_has_ended_when_no_step_is_left(home: Home) -> None:
    session = await home.session()
    for status in (
        "created",
        "opened",
        "consented",
        "authorized",
        "completed",
        "denied",
        "failed",
        "expired",
    ):
        replaced: ConnectSession = msgspec.structs.replace(session, status=status)
        assert replaced.ended == (status not in OPEN_STATUSES)


def test_a_policy_refuses_a_rule_it_does_not_know() -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.json.decode(b'{"max_grant_day": 3}', type=Policy)
    assert msgspec.json.decode(msgspec.json.encode(Policy()), type=Policy) == Policy()


def test_every_entry_is_another_event() -> None:
    one, other = Entry(system("ws_1"), "x"), Entry(system("ws_1"), "x")
    assert one.id != other.id and one.actor.type == "system"


async def test_nothing_of_the_model_can_be_changed_in_place(home: Home) -> None:
    with pytest.raises(AttributeError):
        home.assistant.name = "Other"  # type: ignore[misc]
