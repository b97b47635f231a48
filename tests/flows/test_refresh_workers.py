"""One refresh also over several server processes: a lease in the grant's row decides, not a lock in a process."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import msgspec
import pytest

from tests.flows.shared import SharedService
from tests.flows.stage import Stage
from tests.flows.stages import NorthwindStage
from tests.harness.northwind import RunningNorthwind
from tests.harness.processes import children

CALLS = 20


@pytest.fixture(scope="module")
def workers() -> int:
    return 2


@pytest.fixture
def short_lived(own_service: SharedService) -> Iterator[NorthwindStage]:
    """A Northwind whose access tokens live for two seconds, until `lasting` says otherwise."""
    provider = RunningNorthwind(token_ttl_s=2)
    stage = NorthwindStage(own_service, provider)
    yield stage
    stage.close()
    provider.close()


def lasting(stage: NorthwindStage) -> None:
    """The tokens it gives from now on outlive the test, however long that takes on a busy machine."""
    inside = stage.provider.inside
    inside.server = msgspec.structs.replace(inside.server, access_ttl_s=600)


def at_once(stage: Stage) -> list[int]:
    """The statuses of many calls at the same time, each over a connection of its own, so that every process gets some."""

    def call(_: int) -> int:
        headers = {"Authorization": f"Bearer {stage.assistant.key}"}
        body = {"tool": stage.tool(stage.read), "user": "u1", "arguments": {}}
        answer = httpx.post(f"{stage.service.url}/v1/tool-calls", json=body, headers=headers, timeout=60)
        return answer.status_code

    with ThreadPoolExecutor(CALLS) as pool:
        return list(pool.map(call, range(CALLS)))


def test_there_are_two_processes(own_service: SharedService) -> None:
    assert own_service.child is not None
    assert len(children(own_service.child.pid)) >= 2


def test_a_rejected_token_is_refreshed_once_by_two_processes(own: Stage) -> None:
    own.grant()
    own.reject_access_tokens()
    own.trouble("token", before_s=0.4)
    assert at_once(own) == [200] * CALLS
    assert own.asked("token") == [200, 200]  # the grant's, and one refresh
    assert own.live_kinds().count("refresh") == 1


def test_an_expired_token_is_refreshed_once_by_two_processes(short_lived: NorthwindStage) -> None:
    stage = short_lived
    stage.grant()
    time.sleep(2)
    lasting(stage)
    for _ in range(2):
        assert at_once(stage) == [200] * CALLS
        assert stage.asked("token") == [200, 200]
    assert stage.assistant.grants()[0]["status"] == "active"
