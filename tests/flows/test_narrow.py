"""Making a grant smaller takes effect at once; making it larger takes the person."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from tests.flows.stage import Stage, only
from tests.harness.tenant import made


def narrow(stage: Stage, grant: dict[str, Any], **changes: Any) -> httpx.Response:
    return stage.assistant.http.patch(f"/v1/grants/{grant['id']}", json=changes)


def in_days(days: float) -> str:
    return (datetime.now(UTC) + timedelta(days=days)).isoformat().replace("+00:00", "Z")


def test_a_tool_taken_out_needs_consent_again_and_the_rest_works(stage: Stage) -> None:
    grant = stage.grant(stage.read, stage.other)
    narrowed = made(narrow(stage, grant, tools=stage.names(stage.read)))
    assert (narrowed["id"], narrowed["tools"]) == (grant["id"], stage.names(stage.read))
    refused = stage.call(stage.other)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_required")
    assert refused.json()["missing_tools"] == stage.names(stage.other)
    assert stage.call(stage.read).status_code == 200
    [event] = stage.workspace.audit(action="grant.narrowed")
    assert event["detail"]["removed"] == stage.names(stage.other)
    assert event["actor"]["type"] == "assistant"


def test_an_earlier_end_is_taken(stage: Stage) -> None:
    grant = stage.grant(duration="30d")
    narrowed = made(narrow(stage, grant, expires_at=in_days(1)))
    ends = datetime.fromisoformat(narrowed["expires_at"])
    assert abs(ends - datetime.now(UTC) - timedelta(days=1)) < timedelta(minutes=1)


@only("northwind")
def test_an_unlimited_grant_can_be_given_an_end(stage: Stage) -> None:
    grant = stage.grant(duration="unlimited")
    assert made(narrow(stage, grant, expires_at=in_days(400)))["expires_at"]


@pytest.mark.parametrize(
    ("path", "changes"),
    [
        ("/tools", lambda stage: {"tools": stage.names(stage.read, stage.other)}),
        ("/tools", lambda stage: {"tools": ["nobody.nothing"]}),
        ("/tools", lambda stage: {"tools": []}),
        ("/expires_at", lambda stage: {"expires_at": in_days(31)}),
        ("/expires_at", lambda stage: {"expires_at": in_days(-1)}),
        ("/expires_at", lambda stage: {"expires_at": "tomorrow"}),
        ("", lambda stage: {"status": "active"}),
    ],
)
def test_widening_and_nonsense_are_refused_and_change_nothing(
    northwind_stage: Stage, path: str, changes: Any
) -> None:
    stage = northwind_stage
    grant = stage.grant(duration="30d")
    refused = narrow(stage, grant, **changes(stage))
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_body")
    if path:
        assert [error["path"] for error in refused.json()["errors"]] == [path]
    assert stage.assistant.grant(grant["id"]) == grant


@only("northwind")
def test_another_assistant_cannot_narrow_and_an_admin_can(stage: Stage) -> None:
    grant = stage.grant(stage.read, stage.other)
    other = stage.workspace.assistant("Other")
    changes = {"tools": stage.names(stage.read)}
    assert other.http.patch(f"/v1/grants/{grant['id']}", json=changes).status_code == 404
    assert made(stage.workspace.http.patch(f"/v1/grants/{grant['id']}", json=changes))[
        "tools"
    ] == stage.names(stage.read)
    other.close()


@only("northwind")
def test_an_ended_grant_cannot_be_narrowed(stage: Stage) -> None:
    grant = stage.grant(stage.read, stage.other)
    made(stage.assistant.revoke(grant["id"]))
    assert narrow(stage, grant, tools=stage.names(stage.read)).status_code == 422
