"""Ending a grant: at once here, once, with its kept answers, and the provider is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from core import confirming, grants, registrations, revocation
from core.clock import DAY_MS
from core.errors import GrantRevoked, Missing
from core.grants import GrantFilter
from core.ids import new_id
from core.secret import Secret
from tests.core.acme import connector
from tests.core.home import Home, open_home
from tests.harness.waiting import until_async


async def test_it_ends_here_and_there_and_says_who_and_why(home: Home) -> None:
    grant = await home.grant()
    ended = await revocation.revoke(home.house, home.admin, grant.id, "the ‮laptop\nwas lost")
    assert (ended.status, ended.upstream, ended.ended_at) == ("revoked", "revoked", home.now)
    assert (ended.ended_by, ended.end_reason) == ("admin:the-admin", "the laptop was lost")
    assert home.provider.refresh == {} and home.provider.access == {}
    assert [event.action for event in await home.events(grant=grant.id)][-2:] == [
        "grant.revoked", "grant.revoked_upstream",
    ]  # fmt: skip
    with pytest.raises(GrantRevoked):
        await home.call()


async def test_twice_is_no_error_and_changes_nothing(home: Home) -> None:
    grant = await home.grant()
    first = await revocation.revoke(home.house, home.admin, grant.id)
    home.later(1_000)
    assert await revocation.revoke(home.house, home.admin, grant.id, "again") == first
    assert (await home.actions()).count("grant.revoked") == 1 and home.provider.times("/revoke") == 1


async def test_of_twenty_at_once_one_ends_it(home: Home) -> None:
    grant = await home.grant()
    await asyncio.gather(*(revocation.revoke(home.house, home.admin, grant.id) for _ in range(20)))
    assert (await home.actions()).count("grant.revoked") == 1 and home.provider.times("/revoke") == 1


async def test_somebody_elses_grant_is_absent_and_lives_on(home: Home) -> None:
    grant = await home.grant()
    other, _ = await home.new_assistant("Other")
    for limits in ({"assistant": other.id}, {"user": "u2"}):
        with pytest.raises(Missing):
            await revocation.revoke(home.house, home.admin, grant.id, **limits)
    with pytest.raises(Missing):
        await revocation.revoke(home.house, home.admin, new_id("gr"))
    assert (await home.present(grant)).status == "active"


async def test_a_slow_provider_does_not_hold_up_the_answer(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(revocation, "TELL_AT_ONCE_S", 0.05)
    grant = await home.grant()
    home.provider.slow["/revoke"] = asyncio.Event()
    ended = await revocation.revoke(home.house, home.admin, grant.id)
    assert (ended.status, ended.upstream) == ("revoked", "pending")
    home.provider.slow.pop("/revoke").set()
    await asyncio.wait(home.house._background, timeout=5)
    assert (await home.present(grant)).upstream == "revoked"


async def test_a_result_that_arrives_after_the_stop_is_withheld(home: Home) -> None:
    grant = await home.grant()
    home.provider.slow["/api/items"] = asyncio.Event()
    calling = asyncio.ensure_future(home.call())
    await home.provider.reached("/api/items")
    home.provider.fail("/revoke", 503)  # the provider goes on answering: only we know
    await revocation.revoke(home.house, home.admin, grant.id)
    home.provider.slow.pop("/api/items").set()
    with pytest.raises(GrantRevoked):
        await calling
    assert [event.action for event in await home.events(outcome="withheld")] == ["tool.refused"]


async def test_kept_answers_go_with_the_grant(home: Home) -> None:
    grant = await home.grant("add_item")
    await home.call("add_item", arguments={"name": "Crate"}, idempotency_key="k1")
    await revocation.revoke(home.house, home.admin, grant.id)
    assert await home.rows("SELECT key FROM idempotency") == []
    assert await home.rows("SELECT owner FROM secrets WHERE kind = 'answer'") == []


async def test_many_are_ended_and_counted_and_what_is_not_ours_is_passed_over(home: Home) -> None:
    made = [(await home.grant(user=f"u{n}", person=f"p{n}")).id for n in range(3)]
    await revocation.revoke(home.house, home.admin, made[0])
    ids = [*made, made[1], new_id("gr"), "nonsense"]
    done = await revocation.revoke_many(home.house, home.admin, ids, "spring cleaning")
    assert done == revocation.Revoked(2, {"revoked": 2})


@pytest.mark.parametrize(
    ("wanted", "count"), [(GrantFilter(user="u1"), 1), (GrantFilter(), 5), (GrantFilter(status="revoked"), 0)]
)
async def test_a_filter_ends_all_it_finds_in_steps(
    home: Home, monkeypatch: pytest.MonkeyPatch, wanted: GrantFilter, count: int
) -> None:
    monkeypatch.setattr(revocation, "MAX_AT_ONCE", 2)
    for n in range(5):
        await home.grant(user=f"u{n}", person=f"p{n}")
    done = await revocation.revoke_matching(home.house, home.admin, wanted, None)
    assert done.revoked == count == sum(done.upstream.values())
    live = await grants.count(home.house, home.workspace.id, GrantFilter(status="active"))
    assert live == 5 - count


async def test_an_expired_grant_ends_like_a_revoked_one(home: Home) -> None:
    grant = await home.grant(duration="chat")
    home.later(DAY_MS)
    row: Any = await revocation.expire(home.house, grant)
    await revocation.tell(home.house, [row])
    present = await home.present(grant)
    assert (present.status, present.upstream, present.ended_by) == ("expired", "revoked", "system:expiry")
    assert home.provider.refresh == {} and await revocation.expire(home.house, grant) is None


# ---- ended at the provider --------------------------------------------------------------------------------------


async def test_an_app_that_was_removed_there_ends_the_accounts_grants_here_and_nobody_elses(
    home: Home,
) -> None:
    first = await home.grant(user="u1", person="ada")
    second = await home.grant(user="u2", person="ada")
    other = await home.grant(user="u3", person="ben")
    assert await revocation.uninstalled(home.house, home.registration, "ada") == 2
    for grant in (first, second):
        ended = await home.present(grant)
        assert (ended.status, ended.upstream) == ("revoked", "revoked")
    assert (await home.present(other)).status == "active"
    kept = await home.rows("SELECT owner FROM secrets WHERE kind = 'credential'")
    assert [row["owner"] for row in kept] == [other.id]
    assert await revocation.uninstalled(home.house, home.registration, "ada") == 0


async def test_what_stands_before_the_colon_names_all_of_an_account(home: Home) -> None:
    await home.grant(user="u1", person="7:ada")
    await home.grant(user="u2", person="7:ben")
    await home.grant(user="u3", person="77:cy")
    assert await revocation.uninstalled(home.house, home.registration, "7:ada") == 1
    assert await revocation.uninstalled(home.house, home.registration, "7") == 1


async def test_a_notice_that_comes_late_leaves_no_token_of_what_was_connected_since(home: Home) -> None:
    await home.grant()
    await revocation.uninstalled(home.house, home.registration, "ada")
    home.later(60_000)
    again = await home.grant()
    await revocation.uninstalled(home.house, home.registration, "ada")  # the same notice, delivered twice
    assert (await home.present(again)).upstream == "revoked" and home.provider.refresh == {}


async def test_a_grant_that_moved_to_another_client_does_not_end_with_the_first(
    fixed: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The step-up completes between the look at the small client's grants and their end."""
    grant = await fixed.grant("find_items", scopes=())
    small = await registrations.read_client(fixed.house, fixed.workspace.id, "acme")
    assert small is not None
    session = await fixed.session("add_item")
    code = await fixed.authorize(session, scopes=())
    end = revocation.end

    async def after_the_step_up(*who: Any, **more: Any) -> Any:
        monkeypatch.setattr(revocation, "end", end)
        await confirming.confirm(fixed.house, fixed.assistant, session.id, "u1", code)
        return await end(*who, **more)

    monkeypatch.setattr(revocation, "end", after_the_step_up)
    assert await revocation.uninstalled(fixed.house, small, "ada") == 0
    assert (await fixed.present(grant)).status == "active"


async def test_a_client_whose_token_was_replaced_by_another_clients_is_told(tmp_path: Path) -> None:
    """Though at this provider the end of one token is the end of all the account's: of one client's, not of two."""
    own = {"scope_mode": "app_fixed", "revocation_scope": "account"}
    async with open_home(tmp_path, connector(oauth=own)) as home:
        await with_small_client(home)
        await home.grant("find_items", scopes=())
        grant = await home.grant("add_item", scopes=())
        await until_async(lambda: list(home.provider.refresh) == ["refresh-2"])
        assert (await revocation.revoke(home.house, home.admin, grant.id)).upstream == "revoked"
        assert home.provider.refresh == {}


@pytest.fixture
async def fixed(tmp_path: Path) -> AsyncIterator[Home]:
    async with open_home(tmp_path, connector(oauth={"scope_mode": "app_fixed"})) as one:
        await with_small_client(one)
        yield one


async def with_small_client(home: Home) -> None:
    small = registrations.ReadClient(client_id="small", client_secret=Secret("small-secret"))
    wish = registrations.Wish(client_id="valetkey", read_client=small)
    home.registration = await registrations.put(home.house, home.admin, "acme", wish)
