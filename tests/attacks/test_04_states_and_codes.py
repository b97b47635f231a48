"""Row 4: states and completion codes cannot be guessed, replayed, raced or read from the database.

Both are 256 random bits, kept as SHA-256, used once by one conditional UPDATE, and soon over.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from types import SimpleNamespace
from typing import Any

import httpx
import pytest

from core import confirming, connecting, oauth, sealed
from core.clock import DAY_MS, MINUTE_MS, SECOND_MS
from tests.attacks.conftest import Weaken
from tests.attacks.interception import answer_of, changed, parameter
from tests.flows.stage import Stage
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.walker import Page, Walker

AT_ONCE = 50


def at_once(ask: Callable[[], httpx.Response]) -> list[httpx.Response]:
    with ThreadPoolExecutor(AT_ONCE) as pool:
        return list(pool.map(lambda _: ask(), range(AT_ONCE)))


def guesses(true: str, kept: bytes) -> list[str]:
    """What is almost the secret, and what stands of it in the database."""
    twisted = "A" if true[0] != "A" else "B"
    near = [twisted + true[1:], true[:-1], true + "A", true.swapcase(), f" {true}", f"{true}\x00"]
    stored = [kept.hex(), base64.urlsafe_b64encode(kept).decode().rstrip("=")]
    return [*near, *stored, "", "' OR 1=1 --", "%", "A" * 5000]


def bits(secret: str) -> int:
    return len(base64.urlsafe_b64decode(secret + "=" * (-len(secret) % 4))) * 8


def kept_hash(stage: Stage, session: dict[str, Any], column: str) -> bytes:
    [row] = stage.rows(f"SELECT {column} AS kept FROM connect_sessions WHERE id = ?", session["id"])
    return row["kept"]


# ---- guessed and tampered -----------------------------------------------------------------------------------


def test_no_state_but_the_true_one_is_taken(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The mutation: any state is that of the newest session."""
    stage = northwind_stage
    weaken.statement("session_by_state", "state_hash = :state_hash", "1 ORDER BY id DESC LIMIT 1")
    weaken.statement("session_authorized", "AND state_hash = :state_hash")
    session = stage.session("u1", [stage.read])
    answer = answer_of(stage, walker, session)
    state = parameter(answer, "state")
    for guess in guesses(state, kept_hash(stage, session, "state_hash")) if defended else ["A" * 43]:
        page = walker.open(changed(answer, state=guess))
        assert (page.status == 400) is defended, guess
    assert (stage.assistant.session(session["id"])["status"] == "consented") is defended
    if defended:
        assert walker.open(answer).message["code"]


def test_no_completion_code_but_the_true_one_is_taken(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    stage = northwind_stage
    weaken(confirming, "hmac", SimpleNamespace(compare_digest=lambda kept, said: True))
    weaken.statement("session_confirming", "AND completion_hash = :completion_hash")
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    for guess in guesses(code, kept_hash(stage, session, "completion_hash")) if defended else ["A" * 43]:
        answer = stage.assistant.confirm(session["id"], "u1", guess)
        assert (answer.is_success is False) is defended, guess
    assert (stage.asked("token") == []) is defended
    if defended:
        assert made(stage.assistant.confirm(session["id"], "u1", code))["grant"]["status"] == "active"


def test_a_state_or_code_of_one_session_is_none_of_another(stage: Stage, walker: Walker) -> None:
    mine, others = (stage.session(user, [stage.read]) for user in ("mallory", "u-victim"))
    own = answer_of(stage, walker, mine)
    with Walker() as victim:
        answer = answer_of(stage, victim, others)
        assert walker.open(changed(own, state=parameter(answer, "state"))).code == "wrong_browser"
        code = walker.open(own).message["code"]
        wrong = stage.assistant.confirm(others["id"], "mallory", code)
        assert (wrong.status_code, wrong.json()["code"]) == (403, "invalid_code")
        assert victim.open(answer).message["code"] != code
    wrong = stage.assistant.confirm(others["id"], "mallory", code)
    assert (wrong.status_code, wrong.json()["code"]) == (403, "invalid_code")
    assert stage.asked("token") == []


def test_each_has_256_bits_and_comes_once(northwind_stage: NorthwindStage) -> None:
    stage, seen = northwind_stage, []
    for _ in range(3):
        with Walker() as walker:
            session = stage.session("u1", [stage.read])
            answer = answer_of(stage, walker, session)
            seen += [parameter(answer, "state"), walker.open(answer).message["code"]]
    assert len(set(seen)) == len(seen)
    assert {bits(secret) for secret in seen} == {256}


def test_who_reads_the_database_finds_neither(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    weaken(connecting, "token_hash", lambda token: token.encode())
    session = stage.session("u1", [stage.read])
    answer = answer_of(stage, walker, session)
    state = parameter(answer, "state")
    assert (found(stage, state) == []) is defended
    code = walker.open(answer).message["code"]
    assert (found(stage, code) == []) is defended
    assert found(stage, parameter(answer, "code")) == []  # the provider's code is sealed


def found(stage: Stage, secret: str) -> list[str]:
    """The files of the installation that hold the secret."""
    files = [path for path in stage.service.folder.rglob("*") if path.is_file()]
    return [path.name for path in files if secret.encode() in path.read_bytes()]


# ---- replayed -----------------------------------------------------------------------------------------------


def test_an_answer_works_once(stage: Stage, walker: Walker, defended: bool, weaken: Weaken) -> None:
    weaken.statement(
        "session_authorized", "status = 'authorized', state_hash = NULL", "status = 'authorized'"
    )
    weaken.statement("session_authorized", "status = 'consented' AND state_hash = :state_hash AND")
    session = stage.session("u1", [stage.read])
    answer = answer_of(stage, walker, session)
    first = walker.open(answer).message["code"]
    again = walker.open(answer)
    assert (again.status == 400 and again.code == "invalid_request") is defended
    assert ('"valetkey:authorized"' in again.text) is not defended
    confirmed = stage.assistant.confirm(session["id"], "u1", first)
    assert (
        confirmed.is_success is defended
    )  # a replay that was taken would have put another code in its place


def test_agreeing_again_ends_the_state_before(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    first = answer_of(stage, walker, session)
    second = answer_of(stage, walker, session)
    assert walker.open(first).status == 400
    assert walker.open(second).message["code"]


def test_a_completion_code_works_once(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    made(stage.assistant.confirm(session["id"], "u1", code))
    again = stage.assistant.confirm(session["id"], "u1", code)
    assert (again.status_code, again.json()["code"]) == (409, "already_confirmed")
    assert stage.asked("token") == [200]


# ---- raced --------------------------------------------------------------------------------------------------


def everybody_looks_before_anybody_writes(weaken: Weaken) -> None:
    """The mutation, for a race that is won for sure: all have found the session before the first takes it."""
    check = oauth.check_answer

    async def slowly(*arguments: Any) -> None:
        await check(*arguments)
        await asyncio.sleep(0.5)

    weaken(oauth, "check_answer", slowly)


def test_of_fifty_answers_at_once_exactly_one_is_taken(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    everybody_looks_before_anybody_writes(weaken)
    weaken.statement("session_authorized", "status = 'consented' AND state_hash = :state_hash AND")
    session = stage.session("u1", [stage.read])
    answer = answer_of(stage, walker, session)
    pages = [Page(response) for response in at_once(lambda: walker.http.get(answer))]
    taken = [page.message["code"] for page in pages if page.status == 200]
    assert (len(taken) == 1) is defended
    assert {page.status for page in pages} <= {200, 400}
    if defended:
        assert made(stage.assistant.confirm(session["id"], "u1", taken[0]))["grant"]["status"] == "active"


def test_of_fifty_confirms_at_once_exactly_one_redeems(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    async def kept(*_: Any) -> None:
        """The mutation, with the statement: what was used stays there."""

    weaken.statement("session_confirming", "completion_hash = NULL, ")
    weaken.statement("session_confirming", "AND completion_hash = :completion_hash")
    weaken(sealed, "destroy", kept)
    weaken(confirming, "_may_be_confirmed", lambda session: None)
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    answers = at_once(lambda: stage.assistant.confirm(session["id"], "u1", code))
    assert (len(stage.asked("token")) == 1) is defended
    if defended:
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(200), statuses.count(409)) == (1, AT_ONCE - 1)


def test_of_fifty_consents_at_once_one_state_is_left(northwind_stage: NorthwindStage, walker: Walker) -> None:
    stage = northwind_stage
    session = stage.session("u1", [stage.read])
    form = walker.open(session["url"]).form("/approve")
    answers = at_once(lambda: walker.http.post(form.action, data=dict(form.fields)))
    states = {parameter(one.headers["location"], "state") for one in answers if one.status_code == 303}
    back = stage.registration["redirect_uri"]
    taken = [walker.open(f"{back}?code=x&state={state}&iss={stage.provider.url}").status for state in states]
    assert taken.count(200) == 1


# ---- too late -----------------------------------------------------------------------------------------------


def test_a_state_is_over_after_ten_minutes_and_a_code_after_two(
    northwind_stage: NorthwindStage, walker: Walker, weak_service: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In the service whose clock can be moved; the mutation: a day for each."""
    clock = weak_service.house.clock
    monkeypatch.setattr(clock, "offset_ms", clock.offset_ms)  # back afterwards: others use the service too
    stage = NorthwindStage(weak_service, northwind_stage.provider)
    for lives, taken in ((None, False), (DAY_MS, True)):
        if lives:
            monkeypatch.setattr(connecting, "CONSENT_MS", lives)
            monkeypatch.setattr(connecting, "COMPLETION_MS", lives)
        answer = answer_of(stage, walker, stage.session("u1", [stage.read]))
        weak_service.later(10 * MINUTE_MS + SECOND_MS)
        assert (walker.open(answer).status == 200) is taken
        session = stage.session("u1", [stage.read])
        code = stage.authorize(walker, session)
        weak_service.later(121 * SECOND_MS)
        assert stage.assistant.confirm(session["id"], "u1", code).is_success is taken
    stage.close()
