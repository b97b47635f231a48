"""The notice: everything the consent page says, from the connector's words and the builder's cleaned ones, with its hash."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec
import pytest

from core import connecting, revocation
from core.connector import Connector
from core.consent import Notice
from core.model import Asked, ConnectSession
from core.sessions import SessionWish, create
from tests.core.acme import connector
from tests.core.home import ORIGIN, Home, open_home


async def noticed(home: Home, session: ConnectSession) -> Notice:
    return (await connecting.open_page(home.house, session.id, None)).notice


async def asked(home: Home, *tools: Asked, **wish: Any) -> Notice:
    session = await create(
        home.house, home.assistant, SessionWish(user="u1", connector="acme", asked=tools, **wish)
    )
    return await noticed(home, session)


async def test_it_says_who_asks_whom_for_what_and_for_how_long(home: Home) -> None:
    notice = await noticed(home, await home.session("find_items", "add_item", purpose="Answer questions"))
    assert (notice.assistant_name, notice.workspace_name) == ("Acme Assist", "Acme Inc")
    assert (notice.connector_title, notice.origin) == ("Acme", ORIGIN.removeprefix("https://"))
    assert [tool.name for tool in notice.tools] == ["acme.find_items", "acme.add_item"]
    assert [one.value for one in notice.durations] == ["chat", "30d", "90d", "unlimited"]
    assert notice.default_duration == "chat" and notice.purpose == "Answer questions"
    assert "delete anything" in notice.cannot and any("password" in one for one in notice.cannot)
    assert not notice.step_up and notice.scope_note is None


async def test_a_tool_is_told_in_the_connectors_words(home: Home) -> None:
    notice = await noticed(home, await home.session("find_items", "add_item"))
    reads, writes = notice.tools
    assert reads.text == "Sees names of items. Cannot change anything."
    assert "Adds an item." in writes.text and "Cannot change" not in writes.text
    assert (reads.risk, writes.risk) == ("read", "write")


async def test_each_tool_can_be_left_out_unless_it_is_required_with_a_reason(home: Home) -> None:
    notice = await asked(
        home, Asked("acme.find_items", required=True, reason="to ‮list\x00 them"), Asked("acme.add_item")
    )
    needed, optional = notice.tools
    assert (needed.required, needed.reason) == (True, "to list them")
    assert (optional.required, optional.reason) == (False, None)


async def test_one_tool_asked_alone_is_required(home: Home) -> None:
    assert [tool.required for tool in (await asked(home, Asked("acme.find_items"))).tools] == [True]


async def test_the_scopes_are_those_of_the_tools_with_what_they_are_for(home: Home) -> None:
    notice = await asked(home, Asked("acme.find_items", required=True, reason="x"), Asked("acme.add_item"))
    scopes = {scope.name: scope for scope in notice.provider_scopes}
    assert set(scopes) == {"items.read", "items.write"}
    assert scopes["items.read"].title == "Find and read your items"
    assert (
        "if switched on" in scopes["items.write"].purpose
        and "if switched on" not in scopes["items.read"].purpose
    )


async def test_what_was_agreed_before_is_shown_as_such(home: Home) -> None:
    await home.grant("find_items")
    notice = await noticed(home, await home.session("add_item"))
    shown = {tool.name: (tool.already, tool.required) for tool in notice.tools}
    assert shown == {"acme.add_item": (False, True), "acme.find_items": (True, False)}
    assert notice.step_up and notice.account_label == "ada@acme.example"


async def test_what_the_provider_withheld_is_asked_for_again(home: Home) -> None:
    await home.grant("find_items", "add_item", scopes=["items.read"])
    notice = await noticed(home, await home.session("add_item"))
    assert {tool.name: tool.already for tool in notice.tools} == {
        "acme.add_item": False,
        "acme.find_items": True,
    }


async def test_a_grant_that_ended_is_no_step_up(home: Home) -> None:
    grant = await home.grant("find_items")
    await revocation.revoke(home.house, home.admin, grant.id)
    notice = await noticed(home, await home.session("add_item"))
    assert not notice.step_up and [tool.name for tool in notice.tools] == ["acme.add_item"]


async def test_the_policy_limits_the_durations_and_says_so(home: Home) -> None:
    await home.policy(max_grant_days=30)
    notice = await noticed(home, await home.session())
    assert [one.value for one in notice.durations] == ["chat", "30d"] and "30 days" in notice.duration_hint


async def test_the_hash_covers_every_word(home: Home) -> None:
    session = await home.session("find_items")
    notice = await noticed(home, session)
    plain = msgspec.structs.replace(notice, hash="")
    assert notice.hash == hashlib.sha256(msgspec.json.encode(plain)).hexdigest()
    assert (await noticed(home, session)).hash == notice.hash
    other = await noticed(home, await home.session("find_items", purpose="Other"))
    assert other.hash != notice.hash


@pytest.mark.parametrize(("mode", "said"), [("app_fixed", "no smaller choice"), ("none", "cannot limit")])
async def test_a_provider_without_a_choice_of_scopes_is_told_as_such(
    tmp_path: Any, mode: str, said: str
) -> None:
    async with open_home(tmp_path, connector(oauth={"scope_mode": mode})) as home:
        note = (await noticed(home, await home.session())).scope_note
        assert note is not None and said in note


def wide(scope: str, **changes: Any) -> Connector:
    """Acme, where the scope is told to be otherwise."""
    one = connector()
    one.scopes[scope] = msgspec.structs.replace(one.scopes[scope], **changes)
    return one


OPENS_ALL = {"wide": True}
DOES_MORE = {"risk": "delete"}


@pytest.mark.parametrize(
    ("acme", "tool"),
    [
        (wide("items.read", **OPENS_ALL), "find_items"),
        (wide("items.read", **DOES_MORE), "find_items"),
        (wide("items.write", **OPENS_ALL), "add_item"),
        (wide("items.write", **DOES_MORE), "add_item"),
    ],
)
async def test_a_scope_that_is_wider_than_its_tool_is_told_with_what_limits_it(
    tmp_path: Any, acme: Connector, tool: str
) -> None:
    async with open_home(tmp_path, acme) as home:
        note = (await asked(home, Asked(f"acme.{tool}"))).scope_note
        assert note is not None and "Acme asks for more" in note and "no smaller choice" in note
        assert "Acme Assist gets only what is switched on above" in note and "refuses the rest" in note
        assert ("changing included" in note) == (acme.scopes["items.read"].risk != "read")
        other = "find_people"
        assert (await asked(home, Asked(f"acme.{other}"))).scope_note is None, (
            "about the tools of this request only"
        )


async def test_what_only_a_choice_would_need_is_told_as_a_possibility(tmp_path: Any) -> None:
    async with open_home(tmp_path, wide("items.write", **OPENS_ALL)) as home:
        needed = Asked("acme.find_items", required=True, reason="x")
        note = (await asked(home, needed, Asked("acme.add_item"))).scope_note
        assert note is not None and "may ask for more" in note


async def test_it_is_told_again_when_it_was_agreed_to_before(tmp_path: Any) -> None:
    async with open_home(tmp_path, wide("items.read", **OPENS_ALL)) as home:
        await home.grant("find_items")
        note = (await asked(home, Asked("acme.find_people"))).scope_note
        assert note is not None and "Acme asks for more" in note
