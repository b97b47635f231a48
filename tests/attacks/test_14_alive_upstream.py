"""Row 14: stopped here, alive at the provider.

Whoever holds a token of ours (the provider's log, a copy of the database with its key) must not be able to use it after
the stop, also when the provider was down at that moment, and when our own process died in it.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import outbox
from core.clock import HOUR_MS
from tests.attacks import signed_in
from tests.attacks.conftest import Providers, Weaken
from tests.flows.shared import SharedService
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.waiting import until
from tests.harness.walker import Walker

rfc7009 = importlib.import_module("core.oauth.revoke")


def upstream(stage: NorthwindStage, grant: dict[str, Any]) -> str:
    return stage.assistant.grant(grant["id"])["upstream"]


def waiting(stage: NorthwindStage) -> list[dict[str, Any]]:
    return stage.rows("SELECT id, attempts FROM outbox WHERE workspace = ?", stage.workspace.id)


def works_at_the_provider(stage: NorthwindStage, token: str) -> bool:
    answer = httpx.get(f"{stage.provider.url}/api/v1/me", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code == 200


# ---- the provider is down -----------------------------------------------------------------------------------


def test_a_provider_that_is_down_is_told_again_until_it_answers(
    northwind_stage: NorthwindStage, defended: bool, weaken: Weaken
) -> None:
    """The mutation: one try is all."""
    stage = northwind_stage

    async def leave_it(house: Any, row: outbox.Telling, error: Any) -> str:
        await house.write(lambda tx: outbox.drop(tx, row.id))
        return "pending"

    weaken(outbox, "_later", leave_it)
    grant = stage.grant()
    stolen = stage.provider.tokens[-2]
    assert works_at_the_provider(stage, stolen)
    stage.trouble("revocation", 503, times=2)
    assert made(stage.assistant.revoke(grant["id"]))["upstream"] == "pending"
    assert stage.live_kinds() == ["access", "refresh"]
    if defended:
        until(lambda: upstream(stage, grant) == "revoked", within_s=15)
        assert stage.asked("revocation") == [503, 503, 200]
    else:
        stage.service.later(HOUR_MS)  # type: ignore[attr-defined]
    assert (waiting(stage), stage.live_kinds() == []) == ([], defended)
    assert works_at_the_provider(stage, stolen) is not defended


def test_nobody_is_told_that_the_provider_knows_before_it_does(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """On the grant and on the person's own page. The mutation: sent is taken for done."""
    stage = northwind_stage

    async def done_anyway(house: Any, row: outbox.Telling, error: Any) -> Any:
        return await outbox._settle(house, row, "revoked", None)

    weaken(outbox, "_later", done_anyway)
    grant = stage.grant()
    stage.trouble("revocation", 500)
    told = made(stage.assistant.revoke(grant["id"]))["upstream"]
    signed_in.portal(walker, stage.assistant, "u1")
    page = walker.open(f"{stage.service.url}/me/grants/{grant['id']}")
    assert stage.live() != []
    assert (told == upstream(stage, grant) == "pending") is defended
    assert ("Northwind has not confirmed yet" in page.words) is defended


# ---- what is told -------------------------------------------------------------------------------------------


def test_it_is_the_refresh_token_that_is_ended(
    northwind_stage: NorthwindStage, defended: bool, weaken: Weaken
) -> None:
    """Ending the access token alone leaves what makes the next one."""
    stage = northwind_stage
    weaken(rfc7009, "_tokens", lambda how, tokens: [("access_token", tokens.access_token)])
    grant = stage.grant()
    assert made(stage.assistant.revoke(grant["id"]))["upstream"] == "revoked"
    assert stage.live_kinds() == ([] if defended else ["refresh"])


async def no_row(*_: Any, **__: Any) -> str:
    return "out_nowhere"


async def taken_back(*_: Any) -> bool:
    return True


def test_what_a_newer_consent_replaced_is_ended_too(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    stage = northwind_stage
    weaken(outbox, "put_tokens", no_row)
    weaken(outbox, "drop", taken_back)
    stage.grant()
    session = stage.session("u1", [stage.other])
    code = stage.authorize(walker, session)
    made(stage.assistant.confirm(session["id"], "u1", code))
    if defended:
        until(lambda: stage.live_kinds() == ["access", "refresh"])
    else:
        assert stage.live_kinds() == ["access", "access", "refresh", "refresh"]


# ---- our process dies ---------------------------------------------------------------------------------------


def test_without_its_row_in_the_stops_transaction_nobody_ever_tells(
    northwind_stage: NorthwindStage, defended: bool, weaken: Weaken
) -> None:
    """What a crash between the stop and the row would leave, if they were two transactions."""
    stage = northwind_stage
    grant = stage.grant()
    weaken(outbox, "put", no_row)
    made(stage.assistant.revoke(grant["id"]))
    if not defended:
        stage.service.later(HOUR_MS)  # type: ignore[attr-defined]
    assert (stage.live_kinds() == []) is defended


@pytest.fixture
def own(providers: Providers, tmp_path: Path) -> Iterator[NorthwindStage]:
    """A service of the test's own, to be killed."""
    service = SharedService(tmp_path / "service")
    stage = NorthwindStage(service.start(), providers["northwind"])
    yield stage
    stage.close()
    service.close()


def test_a_service_killed_while_it_tells_the_provider_tells_it_after_its_start(own: NorthwindStage) -> None:
    """kill -9, after the stop is kept and before the provider has heard of it."""
    service: Any = own.service
    grant = own.grant()
    own.trouble("revocation", 503, before_s=1.0)
    with ThreadPoolExecutor(1) as pool:
        stop = pool.submit(own.assistant.revoke, grant["id"])
        until(lambda: waiting(own), what="the row of the outbox")
        service.kill()
        with pytest.raises(httpx.TransportError):
            stop.result(20)
    assert [row["attempts"] for row in waiting(own)] == [0] and own.live() != []
    own.calm()
    # the dead process had claimed the row for a minute, which is over now
    service.execute("UPDATE outbox SET next_at = 0")
    service.start()
    own.dead()
    until(lambda: upstream(own, grant) == "revoked")
    assert own.call(own.read).json()["code"] == "grant_revoked"
    assert waiting(own) == [] and own.rows("SELECT kind FROM secrets WHERE owner = ?", grant["id"]) == []
    assert service.cli("audit", "verify").returncode == 0
