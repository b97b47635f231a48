"""One refresh for everybody who waits, kept before it is used; `invalid_grant` is final, nothing else is."""

from __future__ import annotations

import asyncio
from typing import Any

import msgspec
import pytest

from core import grants, outbox, revocation, tokens
from core.clock import SECOND_MS
from core.errors import GrantRevoked, ReconnectRequired, TokenEndpointUnavailable, ValetkeyError
from core.grants import Held
from core.model import Grant
from core.oauth import TokenSet
from core.secret import Secret
from core.store import StoreError
from core.tokens import GrantTokens, fresh
from tests.core.home import Home


def held(secret_at: int) -> Held:
    values: dict[str, Any] = dict.fromkeys(Held.__struct_fields__)
    return Held(**{**values, "secret_at": secret_at})


def token(expires_at: int | None) -> TokenSet:
    return TokenSet(Secret("a"), Secret("r"), expires_at, None, {}, "Bearer")


@pytest.mark.parametrize(
    ("life_s", "rest_s", "is_fresh"),
    [
        (3600, 31, True),
        (3600, 30, False),
        (3600, 29, False),
        (3600, -1, False),
        (150, 31, True),
        (150, 30, False),
        (100, 21, True),
        (100, 20, False),
        (2, 0.5, True),
        (2, 0.4, False),
        (1, 1, True),
    ],
)
def test_fresh_means_more_than_30_seconds_or_a_fifth_of_its_life(
    life_s: float, rest_s: float, is_fresh: bool
) -> None:
    made = 1_000_000
    ends = made + round(life_s * 1000)
    assert fresh(held(made), token(ends), ends - round(rest_s * 1000)) is is_fresh


def test_a_token_whose_end_is_not_known_is_fresh_until_it_is_rejected() -> None:
    assert fresh(held(0), token(None), 2**60)


async def test_a_fresh_token_is_used_without_asking_anybody(home: Home) -> None:
    await home.grant()
    for _ in range(5):
        await home.call()
    assert home.provider.times("/token") == 1


async def test_twenty_calls_on_an_old_token_make_one_refresh(home: Home) -> None:
    grant = await home.grant()
    home.later(3590 * SECOND_MS)
    results = await asyncio.gather(*(home.call() for _ in range(20)))
    assert len(results) == 20 and home.provider.times("/token") == 2
    present = await home.present(grant)
    assert (present.credential_version, present.lease_owner) == (2, None)


async def test_two_processes_refresh_once(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each process has its own `refreshing`; the lease in the row stands between them."""
    grant = await home.grant()
    connector = home.house.registry.connector("acme")
    home.later(3590 * SECOND_MS)
    row = await grants.held(home.house, home.workspace.id, grant.id)
    assert row is not None
    run = tokens._refresh
    both = await asyncio.gather(
        *(run(home.house, connector, row.workspace, row.id, row.credential_version) for _ in range(5))
    )
    assert {one.credential_version for one in both} == {2} and home.provider.times("/token") == 2


async def test_a_lease_of_a_process_that_died_ends_by_itself(home: Home) -> None:
    grant = await home.grant()
    home.later(3590 * SECOND_MS)
    await home.execute("UPDATE grants SET lease_owner = 'req_dead', lease_until = :until", until=home.now + 5)
    home.later(5)
    await home.call()
    assert (await home.present(grant)).credential_version == 2


async def test_a_401_refreshes_once_and_the_call_goes_on(home: Home) -> None:
    await home.grant()
    home.provider.access.clear()
    assert (await home.call())["items"]
    assert home.provider.times("/token") == 2


async def test_invalid_grant_is_final_and_said_once(home: Home) -> None:
    grant = await home.grant()
    home.provider.access.clear()
    home.provider.refresh.clear()
    for _ in range(3):
        with pytest.raises(ReconnectRequired) as refused:
            await home.call()
        assert refused.value.fields["reason"] == "refresh_token_rejected" and refused.value.fields["connect"]
    assert home.provider.times("/token") == 2
    assert (await home.present(grant)).status == "needs_reconnect"
    assert (await home.actions()).count("grant.needs_reconnect") == 1


@pytest.mark.parametrize("status", [500, 502, 503, 429])
async def test_a_provider_in_trouble_is_no_revocation(home: Home, status: int) -> None:
    grant = await home.grant()
    home.later(3601 * SECOND_MS)
    home.provider.fail("/token", status, times=1)
    with pytest.raises(ValetkeyError) as refused:
        await home.call()
    assert refused.value.code in ("provider_error", "provider_rate_limited")
    assert (await home.present(grant)).status == "active"
    assert (await home.call())["items"]


async def test_a_token_that_still_works_is_used_while_the_endpoint_is_down(home: Home) -> None:
    await home.grant()
    home.later(3590 * SECOND_MS)
    home.provider.fail("/token", 503, times=1)
    assert (await home.call())["items"]


async def test_a_rejected_token_and_a_dead_endpoint_do_not_bother_the_person(home: Home) -> None:
    grant = await home.grant()
    home.provider.access.clear()
    home.provider.fail("/token", 503, times=2)
    with pytest.raises(TokenEndpointUnavailable):
        await home.call()
    assert (await home.present(grant)).status == "active"


async def test_a_refresh_that_arrives_after_the_stop_is_not_kept_and_its_token_dies(home: Home) -> None:
    grant = await home.grant()
    home.later(3601 * SECOND_MS)
    home.provider.slow["/token"] = asyncio.Event()
    calling = asyncio.ensure_future(home.call())
    await asyncio.sleep(0)
    async with asyncio.timeout(5):
        while home.provider.times("/token") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    home.provider.fail("/revoke", 503)  # the first telling fails, so the refresh still succeeds there
    await revocation.revoke(home.house, home.admin, grant.id)
    home.provider.slow.pop("/token").set()
    with pytest.raises(GrantRevoked):
        await calling
    await outbox.run_due(home.house)
    home.later(60 * SECOND_MS)
    await outbox.run_due(home.house)
    assert home.provider.access == {} and home.provider.refresh == {}
    assert await home.rows("SELECT owner FROM secrets WHERE kind IN ('credential', 'outbox')") == []


async def test_one_who_goes_away_does_not_lose_the_rotated_token(home: Home) -> None:
    grant = await home.grant()
    home.later(3601 * SECOND_MS)
    home.provider.slow["/token"] = asyncio.Event()
    calling = asyncio.ensure_future(home.call())
    async with asyncio.timeout(5):
        while home.provider.times("/token") < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.002)
    calling.cancel()
    home.provider.slow.pop("/token").set()
    await asyncio.wait(home.house._background, timeout=5)
    assert (await home.present(grant)).credential_version == 2
    assert (await home.call())["items"]


async def test_the_alive_check_says_what_ended(home: Home) -> None:
    grant = await home.grant()
    for status, code in (
        ("revoked", "grant_revoked"), ("expired", "grant_expired"), ("suspended", "grant_suspended"),
        ("needs_reconnect", "reconnect_required"),
    ):  # fmt: skip
        changed: Grant = msgspec.structs.replace(grant, status=status)
        with pytest.raises(ValetkeyError) as refused:
            tokens.check_alive(changed, home.now)
        assert refused.value.code == code
    tokens.check_alive(grant, home.now)


async def test_templates_know_the_registration_and_what_came_with_the_token(home: Home) -> None:
    grant = await home.grant()
    row = await grants.held(home.house, home.workspace.id, grant.id)
    assert row is not None
    row = msgspec.structs.replace(row, config={"base_url": "https://x.example"})
    assert (
        GrantTokens(home.house, home.house.registry.connector("acme"), row).fields["base_url"]
        == "https://x.example"
    )


async def test_a_rotated_token_is_kept_at_the_next_try_when_the_database_is_busy(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The provider has ended the old one with its answer: what is not kept now is lost for good."""
    await home.grant()
    home.later(3600 * SECOND_MS)
    home.provider.slow["/token"] = asyncio.Event()
    home.provider.asked.clear()
    calling = asyncio.ensure_future(home.call())
    await home.provider.reached("/token")
    kept, refused = home.house.store.write, 0

    async def busy(job: Any) -> Any:
        nonlocal refused
        refused += 1
        if refused <= 2:
            raise StoreError("database is locked")
        return await kept(job)

    monkeypatch.setattr(home.house.store, "write", busy)
    home.provider.slow["/token"].set()
    assert (await calling)["items"]
    assert refused > 2 and home.provider.times("/token") == 1
