"""A span says which route, how long and how it ended, and nothing a secret could hide in."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.harness.collector import Collector
from tests.harness.service import Service
from tests.harness.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


@pytest.fixture
def collector(tmp_path: Path) -> Iterator[Collector]:
    with Collector(tmp_path / "spans.otlp") as one:
        yield one


@pytest.fixture
def service_env(collector: Collector) -> dict[str, str]:
    return collector.env


def test_a_request_leaves_a_span_of_its_route_without_what_was_in_the_address(
    collector: Collector, service: Service
) -> None:
    canary = "canary-state-5d41402abc4b2a76"
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "Authorization": f"Bearer {canary}"}
    httpx.get(f"{service.url}/oauth/callback/reg_{canary}?state={canary}&code={canary}", headers=headers)
    httpx.get(f"{service.url}/v1/catalog", headers=headers)
    until(lambda: b"/v1/catalog" in collector.sent())
    sent = collector.sent()
    assert bytes.fromhex(TRACE) in sent
    assert b"/oauth/callback/{registration" in sent
    assert canary.encode() not in sent


def test_what_was_not_sent_yet_is_sent_at_the_end(collector: Collector, tmp_path: Path) -> None:
    env = {**collector.env, "OTEL_BSP_SCHEDULE_DELAY": "600000"}
    service = Service(tmp_path / "service", env=env).start()
    httpx.get(f"{service.url}/v1/catalog")
    assert service.stop() == 0
    assert b"/v1/catalog" in collector.sent()
    service.close()
