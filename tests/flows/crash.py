"""Pulling the plug, and what has to be true after the service has started again."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor

import httpx

from tests.flows.shared import SharedService
from tests.flows.stage import Stage
from tests.harness.waiting import until


def service_of(stage: Stage) -> SharedService:
    assert isinstance(stage.service, SharedService)
    return stage.service


def crash_during(stage: Stage, request: Callable[[], httpx.Response], seen: Callable[[], object]) -> None:
    """Pull the plug while `request` waits, as soon as `seen` says that it has come as far as it should; start again."""
    with ThreadPoolExecutor(1) as pool:
        waiting: Future[httpx.Response] = pool.submit(request)
        until(seen, what="the request on its way")
        service_of(stage).kill()
        with contextlib.suppress(httpx.TransportError):
            waiting.result(20)
            raise AssertionError("the service answered before the plug was pulled")
    service_of(stage).start()


def trail_is_whole(stage: Stage) -> None:
    verdict = service_of(stage).verdict(stage.workspace.id)
    assert verdict.ok and verdict.count > 0, verdict


def every_secret_has_an_owner(stage: Stage) -> None:
    """Each sealed value belongs to an open session, a live grant, a registration, a kept answer or a row of the outbox."""
    sql = """SELECT owner, kind FROM secrets WHERE workspace = ? AND owner NOT IN (
        SELECT id FROM connect_sessions WHERE status IN ('created', 'opened', 'consented', 'authorized')
        UNION SELECT id FROM grants WHERE status IN ('active', 'needs_reconnect', 'suspended')
        UNION SELECT secret_owner FROM outbox UNION SELECT id FROM outbox
        UNION SELECT id FROM registrations UNION SELECT call FROM idempotency)"""
    assert stage.rows(sql, stage.workspace.id) == []
