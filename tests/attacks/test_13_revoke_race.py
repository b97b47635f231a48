"""Row 13: a stop that comes while the provider is still answering.

The stop is committed before it is answered and before the provider is told; from then on nothing is delivered by any node,
and no token outlives it: not the one that was stored, and not one that was on its way.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from core import calls, granting, grants, recording, revocation, tokens
from core.authserver import revocation as provider_side
from tests.attacks.conftest import Weaken
from tests.attacks.excess import covers_whatever_lives, refused
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import Assistant, made
from tests.harness.waiting import until
from tests.harness.walker import Walker
from tests.web.pages.running import RunningValetkey

ACTIVE = " AND status = 'active' AND (expires_at IS NULL OR expires_at > :now)"


@pytest.fixture
def arrivals(northwind_stage: NorthwindStage, monkeypatch: pytest.MonkeyPatch) -> list[str | None]:
    """Where requests have arrived at the provider, before it has done anything about them."""
    stage = northwind_stage
    faults, seen = stage.provider.inside.faults, []
    delays = faults.delays
    monkeypatch.setattr(faults, "delays", lambda place: (seen.append(place), delays(place))[1])
    return seen


@pytest.fixture
def meanwhile() -> Iterator[Callable[..., Future[httpx.Response]]]:
    with ThreadPoolExecutor(1) as pool:
        yield pool.submit


def is_refused(answer: httpx.Response) -> bool:
    return (answer.status_code, answer.json().get("code")) == (403, "grant_revoked")


# ---- results ------------------------------------------------------------------------------------------------


def test_a_result_that_comes_after_the_stop_is_withheld(
    northwind_stage: NorthwindStage, arrivals: list[str], meanwhile: Any, defended: bool, weaken: Weaken
) -> None:
    stage = northwind_stage
    weaken.statement("grant_used", ACTIVE)
    grant = stage.grant()
    stage.trouble("api", after_s=1.0)
    arrivals.clear()
    call = meanwhile(stage.call, stage.read)
    until(lambda: "api" in arrivals)
    assert made(stage.assistant.revoke(grant["id"]))["status"] == "revoked"
    late = call.result(20)
    assert stage.asked("api")[-1] == 200  # the provider did answer
    assert is_refused(late) is defended
    assert ("result" in late.json()) is not defended
    outcomes = [event["outcome"] for event in stage.workspace.audit(grant=grant["id"])]
    assert ("withheld" in outcomes) is defended


def test_a_result_of_a_tool_that_was_taken_out_meanwhile_is_withheld(
    northwind_stage: NorthwindStage, arrivals: list[str], meanwhile: Any, defended: bool, weaken: Weaken
) -> None:
    """The grant lives on with fewer tools: what is under way is looked at again like what ended."""
    stage = northwind_stage
    weaken(recording, "deliverable", covers_whatever_lives)
    grant = stage.grant(stage.read, stage.other)
    stage.trouble("api", after_s=1.0)
    arrivals.clear()
    call = meanwhile(stage.call, stage.read)
    until(lambda: "api" in arrivals)
    made(stage.assistant.http.patch(f"/v1/grants/{grant['id']}", json={"tools": stage.names(stage.other)}))
    late = call.result(20)
    assert stage.asked("api")[-1] == 200  # the provider did answer
    assert refused(late) is defended
    assert ("result" in late.json()) is not defended


def test_a_result_kept_for_a_repeated_call_goes_with_the_grant(
    northwind_stage: NorthwindStage, arrivals: list[str], meanwhile: Any, defended: bool, weaken: Weaken
) -> None:
    """What was read once could be had again under its idempotency key, by whoever holds the assistant's key."""
    stage = northwind_stage

    async def keep_all(*_: Any) -> None:
        pass

    weaken(revocation, "forget_answers", keep_all)
    grant = stage.grant()
    made(stage.call(stage.read, idempotency_key="again"))
    kept = stage.rows('SELECT call FROM idempotency WHERE "grant" = ?', grant["id"])
    made(stage.assistant.revoke(grant["id"]))
    left = [
        row for one in kept for row in stage.rows("SELECT kind FROM secrets WHERE owner = ?", one["call"])
    ]
    assert len(kept) == 1 and (left == []) is defended


def test_the_stop_holds_before_the_provider_has_heard_of_it(
    northwind_stage: NorthwindStage, arrivals: list[str], meanwhile: Any, defended: bool, weaken: Weaken
) -> None:
    """The mutation: the provider is told first, and then the grant is ended here."""
    stage = northwind_stage
    end = revocation.end

    async def told_first(*who: Any, **more: Any) -> Any:
        await asyncio.sleep(1.0)
        return await end(*who, **more)

    weaken(revocation, "end", told_first)
    grant = stage.grant()
    stage.trouble("revocation", before_s=1.0)
    arrivals.clear()
    stop = meanwhile(stage.assistant.revoke, grant["id"])
    if defended:
        until(lambda: "revocation" in arrivals)  # it is not answered yet
    else:
        until(lambda: stop.running())
    assert is_refused(stage.call(stage.read)) is defended
    assert made(stop.result(20))["status"] == "revoked"
    assert is_refused(stage.call(stage.read))


def test_another_node_refuses_from_the_answer_on(
    northwind_stage: NorthwindStage,
    second_node: RunningValetkey,
    monkeypatch: pytest.MonkeyPatch,
    defended: bool,
) -> None:
    """Also where the provider cannot be told yet. The mutation: a node that remembers grants it has seen, as caches do."""
    stage = northwind_stage
    stage.trouble("revocation", 503)
    there = Assistant(second_node.url, stage.assistant.id, stage.assistant.key)
    if not defended:
        remember_grants(monkeypatch)
    grant = stage.grant()
    assert there.call(stage.tool(stage.read), "u1").status_code == 200
    made(stage.assistant.revoke(grant["id"]))
    assert is_refused(there.call(stage.tool(stage.read), "u1")) is defended
    there.close()


@pytest.fixture
def second_node(attacked: Any) -> Iterator[RunningValetkey]:
    """Another service on the same database, with nothing else in common with the first."""
    one = RunningValetkey(attacked.database.parent)
    yield one
    one.close()


def remember_grants(monkeypatch: pytest.MonkeyPatch) -> None:
    standing, seen = grants.standing, {}

    async def remembered(house: Any, *which: Any) -> Any:
        if (id(house), which) not in seen:
            seen[id(house), which] = await standing(house, *which)
        return seen[id(house), which]

    monkeypatch.setattr(calls.grants, "standing", remembered)
    Weaken(monkeypatch, False).statement("grant_used", ACTIVE)


# ---- tokens -------------------------------------------------------------------------------------------------


@pytest.fixture
def refreshing(northwind_stage: NorthwindStage, meanwhile: Any) -> Any:
    """A call whose refresh the provider has done already, and whose answer is still on its way; the grant's id comes with it."""
    stage = northwind_stage
    grant = stage.grant()
    stage.reject_access_tokens()
    stage.trouble("token", after_s=1.0)
    call = meanwhile(stage.call, stage.read)
    until(lambda: any(one.used_at for one in refresh_tokens(stage)), what="the rotation at the provider")
    return grant, call


def refresh_tokens(stage: NorthwindStage) -> list[Any]:
    store = stage.provider.inside.store
    ours = {one.id for one in store.all_authorizations.values() if one.client_id == stage.client}
    return [
        one for one in store.all_tokens.values() if one.kind == "refresh" and one.authorization_id in ours
    ]


def test_a_token_that_comes_after_the_stop_is_not_stored(
    northwind_stage: NorthwindStage, refreshing: Any, defended: bool, weaken: Weaken
) -> None:
    """Two things keep it out: the grant's status, and its lease, which the stop has taken away."""
    stage = northwind_stage
    weaken.statement("grant_refreshed", " AND lease_owner = :owner AND status = 'active'")
    grant, call = refreshing
    made(stage.assistant.revoke(grant["id"]))
    assert is_refused(call.result(20))
    kept = stage.rows("SELECT version FROM secrets WHERE owner = ?", grant["id"])
    assert (kept == []) is defended


def test_a_token_that_comes_after_the_stop_is_ended_at_the_provider(
    northwind_stage: NorthwindStage,
    refreshing: Any,
    monkeypatch: pytest.MonkeyPatch,
    defended: bool,
    weaken: Weaken,
) -> None:
    """At a provider that has forgotten the refresh token it has just replaced, so that ending that one ends nothing."""
    stage = northwind_stage
    end = provider_side._revoke

    async def unknown_when_used(server: Any, client: Any, held: Any) -> None:
        if held.token.used_at is None:
            await end(server, client, held)

    async def dropped(*_: Any) -> None:
        pass

    monkeypatch.setattr(provider_side, "_revoke", unknown_when_used)
    weaken(tokens, "_end_orphan", dropped)
    grant, call = refreshing
    made(stage.assistant.revoke(grant["id"]))
    assert is_refused(call.result(20))
    if defended:
        stage.dead()
        until(lambda: stage.rows("SELECT id FROM outbox WHERE workspace = ?", stage.workspace.id) == [])
    else:
        assert stage.live_kinds() == ["access", "refresh"]  # alive for a month, and nobody knows of them


# ---- consents -----------------------------------------------------------------------------------------------


def test_a_stop_is_not_undone_by_a_consent_that_was_under_way(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The person agreed to one tool more, then stopped it all; the older consent is confirmed after that."""
    stage = northwind_stage

    async def none_is_there(*_: Any) -> None:
        return None

    weaken(granting, "_present", none_is_there)
    grant = stage.grant()
    session = stage.session("u1", [stage.other])
    code = stage.authorize(walker, session)
    made(stage.assistant.revoke(grant["id"]))
    answer = stage.assistant.confirm(session["id"], "u1", code)
    assert is_refused(answer) is defended
    alive = [one["id"] for one in stage.assistant.grants(status="active")]
    assert (alive == []) is defended
    if defended:
        stage.dead()
