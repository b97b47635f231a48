"""Providers that fix the scopes with the client, through the whole of Valetkey: the smallest of two clients, tokens for one
call, and what ends with what."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from connectors import github, notion, pipedrive
from core import registrations, revocation
from core.errors import ConsentRequired, GrantRevoked
from core.model import Grant
from tests.connectors.fakes import github as fake_github
from tests.connectors.fakes import notion as fake_notion
from tests.connectors.fakes import pipedrive as fake_pipedrive
from tests.connectors.household import Household, household
from tests.harness.waiting import until_async


@pytest.fixture
async def at_github(tmp_path: Path) -> AsyncIterator[Household]:
    async with household(tmp_path, github.github, fake_github.populated(), fake_github.CLIENT) as one:
        yield one


@pytest.fixture
async def at_notion(tmp_path: Path) -> AsyncIterator[Household]:
    provider = fake_notion.populated()
    small = ("the-reader", "the-readers-secret")
    provider.clients.add(small)
    async with household(tmp_path, notion.notion, provider, fake_notion.CLIENT, read_client=small) as one:
        yield one


@pytest.fixture
async def at_pipedrive(tmp_path: Path) -> AsyncIterator[Household]:
    provider = fake_pipedrive.populated()
    async with household(tmp_path, pipedrive.pipedrive, provider, fake_pipedrive.CLIENT) as one:
        yield one


async def tier_of(at: Household, grant: Grant) -> str:
    return (await registrations.find(at.house, grant.registration)).tier


# ---- GitHub: a token for one call ------------------------------------------------------------------------------


async def test_githubs_tools_never_carry_the_grants_own_token(at_github: Household) -> None:
    await at_github.connect("ada", fake_github.ADA, "my_issues", "get_issue", "create_issue")
    before = len(at_github.provider.fake.requests)
    found = await at_github.call("ada", "my_issues")
    one = found["items"][0]
    await at_github.call("ada", "get_issue", repository=one["repository"], number=one["number"])
    asked = at_github.provider.fake.requests[before:]
    carried = [
        request.headers["authorization"]
        for request in asked
        if not request.url.path.startswith("/applications/") and request.url.path != "/user/installations"
    ]
    assert len(carried) == 2 and all(one.startswith("Bearer small-") for one in carried)


async def test_githubs_small_tokens_end_with_their_call_and_the_grant_lives_on(at_github: Household) -> None:
    await at_github.connect("ada", fake_github.ADA, "my_issues")
    for _ in range(3):
        await at_github.call("ada", "my_issues")
    live = at_github.provider.fake.tokens
    await until_async(lambda: not [one for one in live if one.startswith("small-")])
    assert [one for one in live if one.startswith("wide-")]


async def test_the_last_grant_of_a_person_ends_githubs_whole_authorization(at_github: Household) -> None:
    first = await at_github.connect("ada", fake_github.ADA, "my_issues")
    second = await at_github.connect("ada-too", fake_github.ADA, "my_issues")
    ends = [f"/applications/{fake_github.CLIENT[0]}/{what}" for what in ("token", "grant")]
    assert (await at_github.stop(first)).upstream == "revoked"
    assert at_github.provider.fake.requests[-1].url.path == ends[0]
    assert (await at_github.call("ada-too", "my_issues"))["items"]
    assert (await at_github.stop(second)).upstream == "revoked"
    deleted = [one.url.path for one in at_github.provider.fake.requests if one.method == "DELETE"]
    assert deleted[-1] == ends[1] or ends[1] in deleted
    with pytest.raises(GrantRevoked):
        await at_github.call("ada-too", "my_issues")


# ---- Notion: the smallest of two clients -----------------------------------------------------------------------


async def test_who_lets_an_assistant_only_read_connects_the_app_that_only_reads(at_notion: Household) -> None:
    reading = await at_notion.connect("ada", fake_notion.ADA, "search")
    assert await tier_of(at_notion, reading) == "read"
    assert (await at_notion.call("ada", "search", text=""))["items"]
    with pytest.raises(ConsentRequired):
        await at_notion.call("ada", "add_comment", page_id="x" * 32, text="x")


async def test_who_agrees_to_writing_moves_to_the_larger_app(at_notion: Household) -> None:
    first = await at_notion.connect("ada", fake_notion.ADA, "search")
    second = await at_notion.connect("ada", fake_notion.ADA, "add_comment")
    assert second.id == first.id and await tier_of(at_notion, second) == "write"


# ---- Pipedrive: the provider says that the app was removed -----------------------------------------------------


async def test_pipedrives_removal_ends_that_persons_grants_and_no_others(at_pipedrive: Household) -> None:
    of_ada = await at_pipedrive.connect("ada", fake_pipedrive.ADA, "my_deals")
    company, _, user = of_ada.account_id.partition(".")
    read = pipedrive.pipedrive.uninstalled_function
    assert read is not None
    told = {"client_id": fake_pipedrive.CLIENT[0], "company_id": int(company), "user_id": int(user)}
    account = read({**told, "timestamp": "2026-11-24T08:00:00Z"})
    registration = await registrations.find(at_pipedrive.house, of_ada.registration)
    assert account == of_ada.account_id
    assert await revocation.uninstalled(at_pipedrive.house, registration, f"{company}.999999") == 0
    assert await revocation.uninstalled(at_pipedrive.house, registration, account) == 1
    with pytest.raises(GrantRevoked):
        await at_pipedrive.call("ada", "my_deals")
