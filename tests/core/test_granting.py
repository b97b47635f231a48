"""What was agreed and given becomes the grant, new or renewed; what was stopped, narrowed or removed meanwhile stays so."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from core import assistants, confirming, grants, outbox, registrations, revocation, sessions
from core.clock import MINUTE_MS, SECOND_MS
from core.errors import (
    AccountMismatch,
    GrantRevoked,
    ProviderError,
    SessionEnded,
    ValetkeyError,
)
from tests.core.acme import connector
from tests.core.home import Home, open_home


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
        await home.confirm(session, code)
    assert await home.present(grant) == grant
    await outbox.run_due(home.house)
    assert set(home.provider.refresh) == {"refresh-1"}


async def test_a_stop_is_not_undone_by_a_consent_given_before(home: Home) -> None:
    grant = await home.grant("find_items")
    session = await home.session("add_item")
    code = await home.authorize(session)
    await revocation.revoke(home.house, home.admin, grant.id)
    with pytest.raises(GrantRevoked):
        await home.confirm(session, code)
    assert (await home.present(grant)).status == "revoked"


async def test_what_was_narrowed_while_the_page_was_open_stays_narrowed(home: Home) -> None:
    grant = await home.grant("find_items", "find_people")
    session = await home.session("add_item")
    code = await home.authorize(session)
    await grants.narrow(home.house, home.admin, grant.id, tools=("acme.find_items",))
    assert set((await home.confirm(session, code)).tools) == {"acme.find_items", "acme.add_item"}


async def test_a_grant_past_its_time_is_not_renewed(home: Home) -> None:
    first = await home.grant("find_items", duration="chat")
    session = await home.session("add_item")
    home.later(24 * 60 * MINUTE_MS)
    again = await home.grant("find_items")
    assert again.id != first.id and (await home.present(first)).status == "expired"
    assert session.grant == first.id


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
    grant = await home.confirm(session, await home.authorize(session))
    assert grant.tools == ("acme.find_items", "acme.get_item")


async def test_a_stop_is_not_undone_by_a_consent_older_than_it(home: Home) -> None:
    first, second = await home.session(), await home.session()
    code, older = await home.authorize(first), await home.authorize(second)
    grant = await home.confirm(first, code)
    home.later(SECOND_MS)
    await revocation.revoke(home.house, home.admin, grant.id)
    with pytest.raises(GrantRevoked):
        await home.confirm(second, older)
    assert [row["status"] for row in await home.rows("SELECT status FROM grants")] == ["revoked"]
    home.later(SECOND_MS)
    assert (await home.grant()).status == "active", "a new consent makes a new grant"
