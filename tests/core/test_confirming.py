"""The last step: the right user, the right code, once; and no token without an owner at any moment."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core import confirming, outbox, sessions
from core.clock import SECOND_MS
from core.errors import (
    AlreadyConfirmed,
    InvalidCode,
    Missing,
    ProviderError,
    SessionEnded,
    UserMismatch,
)
from core.model import Actor, Grant
from core.secret import Secret
from core.store import StoreError
from tests.core.home import Home


async def test_the_grant_is_made_with_all_that_was_agreed(home: Home) -> None:
    session = await home.session("find_items", "add_item", purpose="Answer questions")
    grant = await home.confirm(session, await home.authorize(session, duration="90d"))
    assert (grant.status, grant.user, grant.account_id, grant.account_label) == (
        "active", "u1", "ada", "ada@acme.example",
    )  # fmt: skip
    assert grant.tools == ("acme.find_items", "acme.add_item") and grant.purpose == "Answer questions"
    assert grant.scopes_requested == grant.scopes_granted == ("items.read", "items.write")
    assert grant.credential_version == 1 and grant.use_count == 0
    assert (await sessions.find(home.house, session.id)).status == "completed"
    assert (await home.actions())[-2:] == ["grant.created", "connect_session.completed"]
    assert await home.rows("SELECT id FROM outbox") == []


async def test_nothing_is_redeemed_for_a_wrong_code(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    for wrong in ("", code + "x", code[:-1], "x" * 43):
        with pytest.raises(InvalidCode):
            await home.confirm(session, wrong)
    assert home.provider.asked == []
    assert (await home.confirm(session, code)).status == "active"


async def test_nothing_is_redeemed_for_another_user_and_it_is_over(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    with pytest.raises(UserMismatch):
        await home.confirm(session, code, user="mallory")
    with pytest.raises(SessionEnded):
        await home.confirm(session, code)
    assert home.provider.asked == []
    assert await home.rows("SELECT owner FROM secrets WHERE owner = :id", id=session.id) == []


async def test_a_user_is_only_compared_after_the_code(home: Home) -> None:
    """Whoever has no code cannot end anybody's session."""
    session = await home.session()
    code = await home.authorize(session)
    with pytest.raises(InvalidCode):
        await home.confirm(session, "x" * 43, user="mallory")
    assert (await home.confirm(session, code)).status == "active"


async def test_of_fifty_at_once_one_succeeds(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    outcomes = await asyncio.gather(*(home.confirm(session, code) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(one, Grant) for one in outcomes) == 1
    assert all(isinstance(one, (Grant, AlreadyConfirmed)) for one in outcomes)
    assert home.provider.times("/token") == 1


async def test_a_code_lives_two_minutes(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.later(120 * SECOND_MS)
    with pytest.raises(SessionEnded):
        await home.confirm(session, code)


async def test_another_assistant_has_no_such_session(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    other, _ = await home.new_assistant("Other")
    with pytest.raises(Missing):
        await confirming.confirm(home.house, other, session.id, "u1", code)


async def test_one_who_hangs_up_does_not_stop_it(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/token"] = asyncio.Event()
    asking = asyncio.ensure_future(home.confirm(session, code))
    await home.provider.reached("/token")
    asking.cancel()
    home.provider.slow.pop("/token").set()
    await asyncio.wait(home.house._background, timeout=5)
    assert (await sessions.find(home.house, session.id)).status == "completed"


@pytest.mark.parametrize("path", ["/token", "/api/me"])
async def test_a_provider_that_fails_ends_it_and_leaves_no_token_without_an_owner(
    home: Home, path: str
) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.fail(path, 503, times=9)
    with pytest.raises(ProviderError):
        await home.confirm(session, code)
    ended = await sessions.find(home.house, session.id)
    assert ended.status == "failed" and ended.error is not None
    assert await home.rows("SELECT id FROM grants") == []
    await outbox.run_due(home.house)
    assert home.provider.access == {} and home.provider.refresh == {}
    assert await home.rows("SELECT owner FROM secrets WHERE kind IN ('outbox', 'credential')") == []


async def test_tokens_of_a_process_that_dies_between_are_revoked_by_the_next(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/api/me"] = asyncio.Event()
    dying = asyncio.ensure_future(home.confirm(session, code))
    await home.provider.reached("/api/me")
    for task in list(home.house._background):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert len(home.provider.refresh) == 1
    home.later(confirming.UNOWNED_MS)
    await outbox.run_due(home.house)
    assert home.provider.refresh == {} and home.provider.access == {}


async def test_in_the_portal_the_signed_in_user_takes_the_builders_place(home: Home) -> None:
    session = await home.session(via="portal")
    code = Secret(await home.authorize(session))
    session = await sessions.find(home.house, session.id)
    person = Actor("user", "u1", home.workspace.id, assistant=home.assistant.id, user="u1")
    grant = await confirming.confirm_signed_in(home.house, session, person, code)
    assert grant.user == "u1"
    second = await home.session("add_item", via="portal")
    code = Secret(await home.authorize(second))
    with pytest.raises(UserMismatch):
        other = msgspec.structs.replace(person, user="u2", id="u2")
        await confirming.confirm_signed_in(home.house, second, other, code)
    assert (await sessions.find(home.house, second.id)).status == "failed"


async def test_tokens_the_database_does_not_take_are_revoked_and_it_is_said_whose_fault_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/token"] = asyncio.Event()
    asking = asyncio.ensure_future(home.confirm(session, code))
    await home.provider.reached("/token")
    kept, refused = home.house.store.write, 0

    async def full(job: Any) -> Any:
        nonlocal refused
        refused += 1
        if refused == 1:
            raise StoreError("disk is full")
        return await kept(job)

    monkeypatch.setattr(home.house.store, "write", full)
    home.provider.slow["/token"].set()
    with pytest.raises(StoreError):
        await asking
    assert home.provider.refresh == {} and home.provider.access == {}
    assert (await sessions.find(home.house, session.id)).status == "failed"
