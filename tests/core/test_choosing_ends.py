"""How a choice ends: confirmed with the new code, or come to nothing, and then the tokens end."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core import (
    choosing,
    confirming,
    connecting,
    granting,
    housekeeping,
    outbox,
    registrations,
    revocation,
    sessions,
)
from core.clock import MINUTE_MS, SECOND_MS
from core.errors import (
    AlreadyConfirmed,
    ChoiceRequired,
    GrantRevoked,
    InvalidCode,
    SessionEnded,
    UserMismatch,
)
from core.model import Actor, Grant
from core.secret import Secret
from tests.core.acme import connector
from tests.core.home import Home, open_home
from tests.core.sites import SITES, asked, choose, ended


@pytest.fixture
def home(home: Home) -> Home:
    """Whose provider covers two sites with one sign-in."""
    home.provider.sites = SITES
    return home


# ---- confirming it -------------------------------------------------------------------------------------------------


async def test_the_first_code_again_is_told_the_same_and_makes_nothing(home: Home) -> None:
    """The answer may have been lost on its way. After the choice it is worth nothing."""
    session, first = await asked(home)
    with pytest.raises(ChoiceRequired) as again:
        await home.confirm(session, first)
    assert [one["id"] for one in again.value.fields["accounts"]] == ["north:ada", "south:ada"]
    code = await choose(home, session)
    with pytest.raises(InvalidCode):
        await home.confirm(session, first)
    assert (await home.confirm(session, code)).status == "active"
    assert home.provider.times("/token") == 1


async def test_without_the_code_nobody_learns_of_the_accounts(home: Home) -> None:
    session, _ = await asked(home)
    with pytest.raises(InvalidCode) as refused:
        await home.confirm(session, "x" * 43)
    assert "accounts" not in refused.value.fields


@pytest.mark.parametrize("chosen", [False, True], ids=["before the choice", "after it"])
async def test_the_user_is_compared_both_times(home: Home, chosen: bool) -> None:
    session, code = await asked(home)
    if chosen:
        code = await choose(home, session)
    with pytest.raises(UserMismatch):
        await home.confirm(session, code, user="mallory")
    assert await ended(home, session) == "failed"
    with pytest.raises(SessionEnded):
        await home.confirm(session, code)
    assert await home.rows("SELECT id FROM grants") == []


async def test_of_fifty_confirms_at_once_one_makes_the_grant(home: Home) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)
    outcomes = await asyncio.gather(*(home.confirm(session, code) for _ in range(50)), return_exceptions=True)
    assert sum(isinstance(one, Grant) for one in outcomes) == 1
    assert all(isinstance(one, (Grant, AlreadyConfirmed)) for one in outcomes)
    assert len(home.provider.access) == 1 and await home.rows("SELECT id FROM outbox") == []


async def test_of_fifty_first_confirms_at_once_none_makes_a_grant_and_one_code_is_redeemed(
    home: Home,
) -> None:
    session = await home.session()
    code = await home.authorize(session)
    outcomes = await asyncio.gather(*(home.confirm(session, code) for _ in range(50)), return_exceptions=True)
    assert all(isinstance(one, (ChoiceRequired, AlreadyConfirmed)) for one in outcomes)
    assert home.provider.times("/token") == 1 and await home.rows("SELECT id FROM grants") == []


async def test_the_new_code_lives_two_minutes(home: Home) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)
    home.later(120 * SECOND_MS)
    with pytest.raises(SessionEnded):
        await home.confirm(session, code)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "expired"


async def test_in_the_portal_the_signed_in_user_confirms_it_too(home: Home) -> None:
    session = await home.session(via="portal")
    person = Actor("user", "u1", home.workspace.id, assistant=home.assistant.id, user="u1")
    code = Secret(await home.authorize(session))
    session = await sessions.find(home.house, session.id)
    with pytest.raises(ChoiceRequired):
        await confirming.confirm_signed_in(home.house, session, person, code)
    code = Secret(await choose(home, session))
    session = await sessions.find(home.house, session.id)
    grant = await confirming.confirm_signed_in(home.house, session, person, code)
    assert grant.account_id == "south:ada"


async def test_in_the_portal_too_somebody_else_ends_it(home: Home) -> None:
    session = await home.session(via="portal")
    person = Actor("user", "u1", home.workspace.id, assistant=home.assistant.id, user="u1")
    code = Secret(await home.authorize(session))
    with pytest.raises(ChoiceRequired):
        await confirming.confirm_signed_in(
            home.house, await sessions.find(home.house, session.id), person, code
        )
    code = Secret(await choose(home, session))
    other = msgspec.structs.replace(person, user="u2", id="u2")
    with pytest.raises(UserMismatch):
        await confirming.confirm_signed_in(
            home.house, await sessions.find(home.house, session.id), other, code
        )
    assert await ended(home, session) == "failed"


async def test_a_stop_is_not_undone_by_a_choice(home: Home) -> None:
    first, _ = await asked(home)
    made = await home.confirm(first, await choose(home, first))
    again = await home.session("add_item")
    code = await home.authorize(again)
    await revocation.revoke(home.house, home.admin, made.id)
    with pytest.raises(GrantRevoked):
        await home.confirm(again, code)
    assert await ended(home, again) == "failed"


# ---- when it comes to nothing --------------------------------------------------------------------------------------


async def test_no_thanks_ends_the_tokens_at_the_provider(home: Home) -> None:
    session, _ = await asked(home)
    denied = await connecting.deny(home.house, session.id, home.browsers[session.id])
    assert denied.status == "denied"
    assert await ended(home, session) == "denied"


async def test_a_choice_nobody_makes_ends_after_ten_minutes_and_the_tokens_with_it(home: Home) -> None:
    session, _ = await asked(home)
    home.later(10 * MINUTE_MS - 1)
    await housekeeping.end_sessions(home.house)
    assert (await sessions.find(home.house, session.id)).choosing
    home.later(1)
    with pytest.raises(SessionEnded):
        await choose(home, session)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "expired"


async def test_without_the_housekeeping_of_sessions_the_row_ends_them_by_itself(home: Home) -> None:
    await asked(home)
    home.later(choosing.HELD_MS - 1)
    await outbox.run_due(home.house)
    assert len(home.provider.access) == 1
    home.later(1)
    await outbox.run_due(home.house)
    assert home.provider.access == {} and await home.rows("SELECT id FROM outbox") == []


async def test_a_process_that_dies_between_redeeming_and_asking_leaves_no_token(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/api/me"] = asyncio.Event()
    dying = asyncio.ensure_future(home.confirm(session, code))
    await home.provider.reached("/api/me")
    [task] = home.house._background
    task.cancel()
    await asyncio.gather(dying, task, return_exceptions=True)
    home.later(confirming.UNOWNED_MS)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "failed"


async def test_a_process_that_dies_after_the_choice_leaves_no_token(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)

    async def dies(*_: Any) -> None:
        raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(granting, "keep", dies)
        with pytest.raises(asyncio.CancelledError):
            await home.confirm(session, code)
    home.later(housekeeping.CONFIRMING_MS)
    await housekeeping.end_sessions(home.house)
    assert await ended(home, session) == "failed"


async def test_tokens_that_were_ended_meanwhile_make_no_grant(home: Home) -> None:
    """However long the process slept between: what the outbox has given up is not kept as if it lived."""
    session, _ = await asked(home)
    code = await choose(home, session)
    assert session.held is not None
    await outbox.attempt(home.house, session.held)
    with pytest.raises(SessionEnded):
        await home.confirm(session, code)
    assert await home.rows("SELECT id FROM grants") == []


async def test_what_was_removed_meanwhile_is_not_connected_and_the_tokens_end(home: Home) -> None:
    session, _ = await asked(home)
    code = await choose(home, session)
    await registrations.delete(home.house, home.admin, "acme")
    with pytest.raises(SessionEnded):
        await home.confirm(session, code)
    assert await ended(home, session) == "failed"


async def test_where_nothing_can_be_told_the_tokens_are_destroyed_here(tmp_path: Any) -> None:
    """Atlassian has no way to end a token, for instance."""
    acme = connector(oauth={"revocation": None}, manage_url="https://acme.example/apps")
    async with open_home(tmp_path, acme) as home:
        home.provider.sites = SITES
        session, _ = await asked(home)
        await connecting.deny(home.house, session.id, home.browsers[session.id])
        await outbox.run_due(home.house)
        assert await home.rows("SELECT owner FROM secrets WHERE kind = 'tokens'") == []
        assert home.provider.times("/revoke") == 0
