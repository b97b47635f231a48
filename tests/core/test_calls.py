"""A call: which grant it falls under, what it is refused with, and what is written of it."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core import calls, registrations, revocation, sessions
from core.clock import DAY_MS
from core.errors import (
    AccountRequired,
    ConsentRequired,
    GrantExpired,
    GrantRevoked,
    GrantSuspended,
    InvalidArguments,
    InvalidReturnUrl,
    Missing,
    PolicyDenied,
    ProviderTimeout,
    RateLimited,
    ToolFailed,
    UnknownTool,
    ValetkeyError,
)
from core.ids import new_id
from core.registrations import Wish
from tests.core.home import Home


async def refused(
    home: Home, error: type[ValetkeyError], tool: str = "find_items", **fields: Any
) -> dict[str, Any]:
    with pytest.raises(error) as found:
        await home.call(tool, **fields)
    assert type(found.value) is error
    return found.value.fields


async def test_the_result_holds_declared_fields_only(home: Home) -> None:
    grant = await home.grant("find_items")
    result = await home.called("find_items")
    assert msgspec.json.decode(result.result) == {
        "items": [{"id": "1", "name": "Anvil"}, {"id": "2", "name": "Bucket"}]
    }
    assert (result.tool, result.grant, result.truncated, result.next) == (
        "acme.find_items",
        grant.id,
        False,
        None,
    )


async def test_it_is_written_down_with_counts_and_no_values(home: Home) -> None:
    grant = await home.grant("find_items")
    result = await home.called("find_items", arguments={"query": "secret-words"})
    event = (await home.events())[-1]
    assert (event.action, event.call, event.grant, event.user) == ("tool.called", result.id, grant.id, "u1")
    assert event.detail["count"] == 2 and "secret-words" not in str(event) and "Anvil" not in str(event)
    past = await calls.past(home.house, home.workspace.id, home.assistant.id, result.id)
    assert (past.outcome, past.count, past.tool) == ("ok", 2, "acme.find_items")
    for workspace, assistant in ((home.workspace.id, new_id("ast")), ("ws_other", home.assistant.id)):
        with pytest.raises(Missing):
            await calls.past(home.house, workspace, assistant, result.id)


async def test_without_a_grant_consent_is_required_with_one_ready_session(home: Home) -> None:
    first = await refused(home, ConsentRequired)
    assert (first["missing_tools"], first["missing_scopes"]) == (["acme.find_items"], ["items.read"])
    again = await refused(home, ConsentRequired)
    assert first["connect"] == again["connect"]
    assert len(await home.rows("SELECT id FROM connect_sessions")) == 1


async def test_a_user_of_another_assistant_is_as_unknown_as_one_never_seen(home: Home) -> None:
    await home.grant("find_items")
    _, key = await home.new_assistant("Other")
    known = await refused(home, ConsentRequired, key=key)
    never = await refused(home, ConsentRequired, key=key, user="never")
    known.pop("connect"), never.pop("connect")
    assert known == never


async def test_a_tool_that_was_not_chosen_needs_consent_and_others_go_on(home: Home) -> None:
    await home.grant("find_items")
    asked = await refused(home, ConsentRequired, "add_item", arguments={"name": "x"})
    assert asked["missing_scopes"] == ["items.write"]
    assert await refused(home, ConsentRequired, "get_item", arguments={"item_id": "1"})
    assert (await home.call("find_items"))["items"]


async def test_the_newest_grant_says_why_none_is_live(home: Home) -> None:
    grant = await home.grant(duration="chat")
    home.later(DAY_MS)
    assert (await refused(home, GrantExpired))["connect"]
    second = await home.grant()
    await revocation.revoke(home.house, home.admin, second.id)
    assert (await refused(home, GrantRevoked))["connect"]
    assert grant.id != second.id
    third = await home.grant()
    await home.execute("UPDATE grants SET status = 'suspended' WHERE id = :id", id=third.id)
    assert "connect" not in await refused(home, GrantSuspended)


async def test_between_two_accounts_nothing_is_guessed(home: Home) -> None:
    await home.grant(person="ada")
    second = await home.grant(person="ben")
    fields = await refused(home, AccountRequired)
    assert sorted(one["id"] for one in fields["accounts"]) == ["ada", "ben"]
    assert (await home.called(account="ben")).grant == second.id


async def test_each_fault_of_the_arguments_is_told_and_the_provider_is_not_asked(home: Home) -> None:
    await home.grant()
    asked = len(home.provider.asked)
    fields = await refused(home, InvalidArguments, arguments={"limit": "many", "odd": 1})
    assert {one["path"] for one in fields["errors"]} == {"/limit", "/odd"}
    assert len(home.provider.asked) == asked


async def test_unknown_tools_and_connectors_that_are_not_registered(home: Home) -> None:
    await refused(home, UnknownTool, "nothing")
    await registrations.delete(home.house, home.admin, "acme")
    await refused(home, UnknownTool)


async def test_the_policy_is_asked_at_every_call(home: Home) -> None:
    await home.grant("find_items")
    await home.policy(tools=("acme.add_item",))
    assert (await refused(home, PolicyDenied))["rule"] == "policy.tools"
    await home.policy(calls_per_minute=2)
    outcomes = await asyncio.gather(*(home.call() for _ in range(5)), return_exceptions=True)
    assert sum(isinstance(one, RateLimited) for one in outcomes) == 3
    home.later(60_000)
    assert await home.call()


async def test_the_way_back_must_be_registered(home: Home) -> None:
    await refused(home, InvalidReturnUrl, return_url="https://evil.example")


async def test_every_refusal_is_in_the_trail(home: Home) -> None:
    for tool, error in (("find_items", ConsentRequired), ("nothing", UnknownTool)):
        await refused(home, error, tool)
    found = [(event.action, event.outcome) for event in (await home.events())[-2:]]
    assert found == [("tool.refused", "consent_required"), ("tool.refused", "unknown_tool")]


async def test_a_connector_that_breaks_is_a_502_without_its_words(home: Home) -> None:
    await home.grant("get_item")
    fields = await refused(home, ToolFailed, "get_item", arguments={"item_id": "the-inner-words"})
    assert fields["call"].startswith("call_") and "the-inner-words" not in str(fields)
    event = (await home.events())[-1]
    assert (event.outcome, event.call) == ("provider_error", fields["call"]) and "inner" not in str(event)


async def test_a_provider_that_never_answers_is_a_timeout(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEADLINE_S", -0.95)  # the deadline is this and one second
    await home.grant("find_items", "add_item")
    home.provider.slow["/api/items"] = asyncio.Event()
    assert (await refused(home, ProviderTimeout))["retryable"] is True
    fields = await refused(home, ProviderTimeout, "add_item", arguments={"name": "x"})
    assert fields["retryable"] is False
    home.provider.slow.pop("/api/items").set()


async def test_a_removed_connector_is_used_no_more_also_before_its_grants_were_ended(home: Home) -> None:
    await home.grant("find_items")
    asked = home.provider.times("/api/items")
    await registrations.delete(home.house, home.admin, "acme")
    assert "connect" not in await refused(home, GrantRevoked), "there is nothing to connect to"
    await refused(home, UnknownTool, user="u2")
    assert home.provider.times("/api/items") == asked


async def test_registered_anew_the_new_limits_count_and_the_old_session_does_not(home: Home) -> None:
    narrow = Wish(client_id="valetkey", enabled_tools=("acme.find_items",))
    await registrations.put(home.house, home.admin, "acme", narrow)
    grant = await home.grant("find_items")
    early = (await refused(home, ConsentRequired, user="u2"))["connect"]
    await registrations.delete(home.house, home.admin, "acme")
    await revocation.revoke(home.house, home.admin, grant.id)
    await registrations.put(home.house, home.admin, "acme", Wish(client_id="valetkey"))
    fields = await refused(home, GrantRevoked, "get_item", arguments={"item_id": "1"})
    await home.agree(await sessions.find(home.house, fields["connect"]["id"]))
    fresh = (await refused(home, ConsentRequired, user="u2"))["connect"]
    assert fresh["id"] != early["id"]
    await home.agree(await sessions.find(home.house, fresh["id"]))
