"""A grant that is narrowed gives scopes back at the provider; a call's own token does for that call and ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from core import calls, narrowing, revocation
from core.connector import NarrowContext, RevocationContext
from core.errors import Missing, ProviderError, ReconnectRequired, ToolFailed, ValetkeyError
from core.secret import Secret
from tests.core.acme import Acme, Consent, connector
from tests.core.home import Home, open_home
from tests.harness.waiting import until_async

READ, WRITE = "acme.find_items", "acme.add_item"


# ---- for good --------------------------------------------------------------------------------------------------


@pytest.fixture
async def giving_back(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_home(tmp_path, connector(oauth={"narrowing": "refresh_scope"})) as one:
        yield one


async def test_what_the_tools_no_longer_need_is_given_back_at_the_provider(giving_back: Home) -> None:
    home = giving_back
    grant = await home.grant("find_items", "add_item")
    assert grant.scopes_granted == ("items.read", "items.write")
    narrowed = await narrowing.narrow(home.house, home.actor, grant.id, tools=(READ,))
    assert narrowed.scopes_granted == ("items.read",)
    assert {one.scopes for one in home.provider.access.values()} >= {("items.read",)}
    assert [one.scopes for one in home.provider.refresh.values()] == [("items.read",)]
    assert (await home.call())["items"]


async def test_a_provider_that_is_down_is_asked_again_with_the_next_refresh(giving_back: Home) -> None:
    home = giving_back
    grant = await home.grant("find_items", "add_item")
    home.provider.fail("/token", 503)
    narrowed = await narrowing.narrow(home.house, home.actor, grant.id, tools=(READ,))
    assert narrowed.tools == (READ,) and narrowed.scopes_granted == grant.scopes_granted
    home.later(3_600_000)
    assert (await home.call())["items"]
    assert (await home.present(grant)).scopes_granted == ("items.read",)


async def test_a_provider_that_says_it_kept_them_all_is_believed(giving_back: Home) -> None:
    home = giving_back
    grant = await home.grant("find_items", "add_item")
    answer = home.provider._token
    home.provider._token = lambda form: answer({k: v for k, v in form.items() if k != "scope"})  # type: ignore[method-assign]
    narrowed = await narrowing.narrow(home.house, home.actor, grant.id, tools=(READ,))
    assert narrowed.tools == (READ,) and narrowed.scopes_granted == ("items.read", "items.write")


async def test_a_provider_that_refuses_the_smaller_scope_refreshes_all_the_same(giving_back: Home) -> None:
    home = giving_back
    grant = await home.grant("find_items", "add_item")
    answer, refused = home.provider._token, httpx.Response(400, json={"error": "invalid_scope"})
    home.provider._token = lambda form: refused if "scope" in form else answer(form)  # type: ignore[method-assign]
    await narrowing.narrow(home.house, home.actor, grant.id, tools=(READ,))
    home.later(3_600_000)
    assert (await home.call())["items"]
    present = await home.present(grant)
    assert (present.status, present.scopes_granted) == ("active", grant.scopes_granted)


async def test_an_ordinary_refresh_names_no_scopes(giving_back: Home) -> None:
    home = giving_back
    grant = await home.grant("find_items", "add_item")
    home.later(3_600_000)
    await home.call()
    assert (await home.present(grant)).scopes_granted == grant.scopes_granted


async def test_an_earlier_end_alone_asks_the_provider_for_nothing(giving_back: Home) -> None:
    home = giving_back
    grant = await home.grant("find_items", "add_item")
    asked = home.provider.times("/token")
    await narrowing.narrow(home.house, home.actor, grant.id, expires_at=home.now + 60_000)
    assert home.provider.times("/token") == asked


async def test_a_provider_that_cannot_take_back_is_not_asked(home: Home) -> None:
    grant = await home.grant("find_items", "add_item")
    asked = home.provider.times("/token")
    narrowed = await narrowing.narrow(home.house, home.actor, grant.id, tools=(READ,))
    assert narrowed.tools == (READ,) and home.provider.times("/token") == asked


# ---- for one call ----------------------------------------------------------------------------------------------


class Maker:
    """Makes small tokens at Acme, and ends what it is told to end. `trouble` is raised instead, once each."""

    def __init__(self) -> None:
        self.provider: Acme
        self.contexts: list[NarrowContext] = []
        self.ended: list[str] = []
        self.alone: list[bool] = []
        self.trouble: list[ValetkeyError | KeyError] = []
        self.down = False
        self.slow_s = 0.0

    async def narrow(self, context: NarrowContext) -> Secret:
        self.contexts.append(context)
        await asyncio.sleep(self.slow_s)
        if self.trouble:
            raise self.trouble.pop(0)
        made = f"small-{len(self.contexts)}"
        person = self.provider.access[context.tokens.access_token.reveal()].person
        self.provider.access[made] = Consent(person, context.scopes)
        return Secret(made)

    async def revoke(self, context: RevocationContext) -> None:
        if self.down:
            raise ProviderError("down")
        token = context.tokens.refresh_token or context.tokens.access_token
        self.ended.append(token.reveal())
        self.alone.append(context.alone)
        self.provider.access.pop(token.reveal(), None)


@pytest.fixture
def maker() -> Maker:
    return Maker()


@pytest.fixture
async def small(tmp_path: Path, maker: Maker) -> AsyncIterator[Home]:
    own: dict[str, Any] = {"narrowing": maker.narrow, "revocation": maker.revoke}
    async with open_home(tmp_path, connector(oauth=own)) as one:
        maker.provider = one.provider
        yield one


async def test_a_call_goes_with_a_token_for_its_tool_and_arguments_that_ends_with_it(
    small: Home, maker: Maker
) -> None:
    await small.grant("get_item", "add_item")
    assert (await small.call("get_item", arguments={"item_id": "1"}))["name"] == "Anvil"
    [context] = maker.contexts
    assert (context.tool, context.arguments, context.scopes) == (
        "get_item",
        {"item_id": "1"},
        ("items.read",),
    )
    await until_async(lambda: maker.ended == ["small-1"])
    assert maker.alone == [False]


async def test_the_grants_own_token_lives_on(small: Home, maker: Maker) -> None:
    await small.grant()
    for _ in range(3):
        assert (await small.call())["items"]
    await until_async(lambda: sorted(maker.ended) == ["small-1", "small-2", "small-3"])
    assert "access-1" in small.provider.access


async def test_where_no_small_token_can_be_had_the_call_fails(small: Home, maker: Maker) -> None:
    await small.grant()
    asked = small.provider.times("/api/items")
    maker.trouble = [ProviderError("no"), Missing("none"), KeyError("a secret of the author")]
    for expected in (ProviderError, Missing, ToolFailed):
        with pytest.raises(expected) as refused:
            await small.call()
        assert "secret" not in str(refused.value)
    assert small.provider.times("/api/items") == asked


async def test_a_token_the_provider_no_longer_takes_is_refreshed_once_for_it(
    small: Home, maker: Maker
) -> None:
    await small.grant()
    maker.trouble = [ReconnectRequired("expired")]
    assert (await small.call())["items"]
    assert small.provider.times("/token") == 2
    maker.trouble = [ReconnectRequired("expired"), ReconnectRequired("still")]
    with pytest.raises(ReconnectRequired):
        await small.call()


async def test_a_small_token_that_is_rejected_is_made_anew_after_a_refresh(small: Home, maker: Maker) -> None:
    await small.grant()
    small.provider.fail("/api/items", 401)
    assert (await small.call())["items"]
    assert len(maker.contexts) == 2 and small.provider.times("/token") == 2
    await until_async(lambda: sorted(maker.ended) == ["small-1", "small-2"])


async def test_a_token_that_comes_after_its_call_was_given_up_is_ended_too(
    small: Home, maker: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(calls, "DEADLINE_S", -0.9)
    await small.grant()
    maker.slow_s = 0.3
    with pytest.raises(ValetkeyError):
        await small.call()
    await until_async(lambda: maker.ended == ["small-1"])


async def test_a_call_does_not_fail_when_its_token_cannot_be_ended(small: Home, maker: Maker) -> None:
    await small.grant()
    maker.down = True
    assert (await small.call())["items"]
    maker.down = False


# ---- who else is there when a grant ends ------------------------------------------------------------------------


async def test_the_last_grant_of_an_account_is_told_that_it_is_alone(small: Home, maker: Maker) -> None:
    first, second = await small.grant(user="u1"), await small.grant(user="u2")
    await revocation.revoke(small.house, small.admin, first.id)
    await revocation.revoke(small.house, small.admin, second.id)
    assert maker.alone == [False, True]


async def test_a_replaced_token_is_never_alone(small: Home, maker: Maker) -> None:
    await small.grant("find_items")
    await small.grant("add_item")
    await until_async(lambda: len(maker.ended) == 1)
    assert maker.alone == [False]
