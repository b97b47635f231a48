"""The last step: the right user, the right code, once; and no token without an owner at any moment."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core import assistants, confirming, grants, outbox, registrations, revocation, sessions
from core.clock import MINUTE_MS, SECOND_MS
from core.errors import (
    AccountMismatch,
    AlreadyConfirmed,
    GrantRevoked,
    InvalidCode,
    Missing,
    ProviderError,
    SessionEnded,
    UserMismatch,
    ValetkeyError,
)
from core.model import Actor, ConnectSession, Grant
from core.secret import Secret
from core.store import StoreError
from tests.core.acme import connector
from tests.core.home import Home, open_home


async def confirm(home: Home, session: ConnectSession, code: str, user: str = "u1") -> Grant:
    return await confirming.confirm(home.house, home.assistant, session.id, user, code)


async def test_the_grant_is_made_with_all_that_was_agreed(home: Home) -> None:
    session = await home.session("find_items", "add_item", purpose="Answer questions")
    grant = await confirm(home, session, await home.authorize(session, duration="90d"))
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
            await confirm(home, session, wrong)
    assert home.provider.asked == []
    assert (await confirm(home, session, code)).status == "active"


async def test_nothing_is_redeemed_for_another_user_and_it_is_over(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    with pytest.raises(UserMismatch):
        await confirm(home, session, code, user="mallory")
    with pytest.raises(SessionEnded):
        await confirm(home, session, code)
    assert home.provider.asked == []
    assert await home.rows("SELECT owner FROM secrets WHERE owner = :id", id=session.id) == []


async def test_a_user_is_only_compared_after_the_code(home: Home) -> None:
    """Whoever has no code cannot end anybody's session."""
    session = await home.session()
    code = await home.authorize(session)
    with pytest.raises(InvalidCode):
        await confirm(home, session, "x" * 43, user="mallory")
    assert (await confirm(home, session, code)).status == "active"


async def test_of_fifty_at_once_one_succeeds(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    outcomes = await asyncio.gather(
        *(confirm(home, session, code) for _ in range(50)), return_exceptions=True
    )
    assert sum(isinstance(one, Grant) for one in outcomes) == 1
    assert all(isinstance(one, (Grant, AlreadyConfirmed)) for one in outcomes)
    assert home.provider.times("/token") == 1


async def test_a_code_lives_two_minutes(home: Home) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.later(120 * SECOND_MS)
    with pytest.raises(SessionEnded):
        await confirm(home, session, code)


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
    asking = asyncio.ensure_future(confirm(home, session, code))
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
        await confirm(home, session, code)
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
    dying = asyncio.ensure_future(confirm(home, session, code))
    await home.provider.reached("/api/me")
    for task in list(home.house._background):
        task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert len(home.provider.refresh) == 1
    home.later(confirming.UNOWNED_MS)
    await outbox.run_due(home.house)
    assert home.provider.refresh == {} and home.provider.access == {}


async def test_fewer_scopes_leave_their_tools_off(home: Home) -> None:
    grant = await home.grant("find_items", "add_item", scopes=["items.read"])
    assert grant.tools == ("acme.find_items",) and grant.scopes_granted == ("items.read",)
    [event] = await home.events(action="grant.created")
    assert event.detail["not_given"] == ["acme.add_item"]


async def test_more_scopes_are_kept_in_mind_and_give_no_tool(home: Home) -> None:
    grant = await home.grant("find_items", scopes=["items.read", "items.write", "people.read"])
    assert grant.tools == ("acme.find_items",) and "items.write" in grant.scopes_granted
    with pytest.raises(ValetkeyError) as refused:
        await home.call("add_item", arguments={"name": "x"})
    assert refused.value.code == "consent_required"


async def test_no_scope_at_all_connects_nothing(home: Home) -> None:
    with pytest.raises(ProviderError):
        await home.grant("add_item", scopes=["items.read"])
    assert await home.rows("SELECT id FROM grants") == []


async def test_a_step_up_keeps_the_grant_and_ends_the_replaced_token(home: Home) -> None:
    first = await home.grant("find_items")
    second = await home.grant("add_item")
    assert second.id == first.id and second.credential_version == 2
    assert set(second.tools) == {"acme.find_items", "acme.add_item"}
    assert set(home.provider.refresh) == {"refresh-2"}
    assert "grant.widened" in await home.actions()


async def test_a_token_is_not_ended_where_that_ends_the_new_one_too(tmp_path: Any) -> None:
    async with open_home(tmp_path, connector(oauth={"revocation_scope": "account"})) as home:
        await home.grant("find_items")
        await home.grant("add_item")
        assert home.provider.times("/revoke") == 0


async def test_a_session_for_one_account_takes_no_other(home: Home) -> None:
    grant = await home.grant("find_items", person="ada")
    session = await home.session("add_item", account="ada")
    code = await home.authorize(session, "ben")
    with pytest.raises(AccountMismatch):
        await confirm(home, session, code)
    assert await home.present(grant) == grant
    await outbox.run_due(home.house)
    assert set(home.provider.refresh) == {"refresh-1"}


async def test_a_stop_is_not_undone_by_a_consent_given_before(home: Home) -> None:
    grant = await home.grant("find_items")
    session = await home.session("add_item")
    code = await home.authorize(session)
    await revocation.revoke(home.house, home.admin, grant.id)
    with pytest.raises(GrantRevoked):
        await confirm(home, session, code)
    assert (await home.present(grant)).status == "revoked"


async def test_what_was_narrowed_while_the_page_was_open_stays_narrowed(home: Home) -> None:
    grant = await home.grant("find_items", "find_people")
    session = await home.session("add_item")
    code = await home.authorize(session)
    await grants.narrow(home.house, home.admin, grant.id, tools=("acme.find_items",))
    assert set((await confirm(home, session, code)).tools) == {"acme.find_items", "acme.add_item"}


async def test_a_grant_past_its_time_is_not_renewed(home: Home) -> None:
    first = await home.grant("find_items", duration="chat")
    session = await home.session("add_item")
    home.later(24 * 60 * MINUTE_MS)
    again = await home.grant("find_items")
    assert again.id != first.id and (await home.present(first)).status == "expired"
    assert session.grant == first.id


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


async def test_nothing_is_connected_to_what_was_removed_meanwhile(home: Home) -> None:
    """Its grants were ended then; a confirm that comes later must not make another."""
    session = await home.session()
    code = await home.authorize(session)
    await registrations.delete(home.house, home.admin, "acme")
    with pytest.raises(SessionEnded):
        await confirming.confirm(home.house, home.assistant, session.id, "u1", code)
    assert home.provider.times("/token") == 0
    assert (await sessions.find(home.house, session.id)).status == "failed"


@pytest.mark.parametrize("what", ["connector", "assistant"])
async def test_nothing_is_connected_to_what_is_removed_while_the_provider_answers(
    home: Home, what: str
) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/token"] = asyncio.Event()
    asking = asyncio.ensure_future(confirming.confirm(home.house, home.assistant, session.id, "u1", code))
    await home.provider.reached("/token")
    if what == "connector":
        await registrations.delete(home.house, home.admin, "acme")
    else:
        await assistants.delete(home.house, home.admin, home.assistant.id)
    home.provider.slow["/token"].set()
    with pytest.raises(SessionEnded):
        await asking
    assert await home.rows("SELECT id FROM grants") == []
    await outbox.run_due(home.house)
    assert home.provider.refresh == {}, "the token nobody may have was revoked"


async def test_a_tool_that_a_newer_connector_no_longer_has_falls_away(home: Home) -> None:
    await home.grant("find_items", "find_people")
    del home.house.registry.connectors["acme"].tools["acme.find_people"]
    session = await home.session("get_item")
    grant = await confirm(home, session, await home.authorize(session))
    assert grant.tools == ("acme.find_items", "acme.get_item")


async def test_tokens_the_database_does_not_take_are_revoked_and_it_is_said_whose_fault_it_was(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = await home.session()
    code = await home.authorize(session)
    home.provider.slow["/token"] = asyncio.Event()
    asking = asyncio.ensure_future(confirm(home, session, code))
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


async def test_a_stop_is_not_undone_by_a_consent_older_than_it(home: Home) -> None:
    first, second = await home.session(), await home.session()
    code, older = await home.authorize(first), await home.authorize(second)
    grant = await confirm(home, first, code)
    home.later(SECOND_MS)
    await revocation.revoke(home.house, home.admin, grant.id)
    with pytest.raises(GrantRevoked):
        await confirm(home, second, older)
    assert [row["status"] for row in await home.rows("SELECT status FROM grants")] == ["revoked"]
    home.later(SECOND_MS)
    assert (await home.grant()).status == "active", "a new consent makes a new grant"
