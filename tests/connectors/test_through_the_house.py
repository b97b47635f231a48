"""Connectors through the whole of Valetkey: connect, call, refresh, stop, on their fakes; then what only HubSpot and Jira
have."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

from connectors import hubspot, jira
from core import grants, outbox
from core.errors import ChoiceRequired, ConsentRequired, GrantRevoked, ProviderError, ReconnectRequired
from core.oauth import new_verifier, redeem
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.fakes import hubspot as fake_hubspot
from tests.connectors.fakes import jira as fake_jira
from tests.connectors.fakes.fake import Token
from tests.connectors.household import Household, household
from tests.connectors.record import still_time
from tests.connectors.subjects import PROOFS, Proof


@pytest.fixture
async def at_hubspot(tmp_path: Path) -> AsyncIterator[Household]:
    provider = fake_hubspot.populated()
    async with household(tmp_path, hubspot.hubspot, provider, fake_hubspot.CLIENT) as one:
        yield one


@pytest.fixture
async def at_jira(tmp_path: Path) -> AsyncIterator[Household]:
    async with household(tmp_path, jira.jira, fake_jira.populated(), fake_jira.CLIENT) as one:
        yield one


# ---- every connector -----------------------------------------------------------------------------------------


@pytest.fixture(params=PROOFS, ids=lambda proof: proof.slug)
async def at_home(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[tuple[Proof, Household]]:
    """A connector, its registration as an admin makes it, and its fake."""
    proof: Proof = request.param
    connector, client = proof.subject.connector, proof.client
    told = {name: client.config[name] for name in connector.needed_config()}
    known = (client.client_id, client.secret().reveal())
    with still_time(proof.subject):
        async with household(tmp_path, connector, proof.subject.make(), known, config=told) as one:
            yield proof, one


async def test_a_person_connects_and_every_tool_does_what_its_case_says(
    at_home: tuple[Proof, Household],
) -> None:
    """With what the account function found out, not with what the cases know."""
    proof, home = at_home
    tools = [main.tool for main in proof.subject.mains]
    grant = await home.connect("ada", proof.subject.user, *tools)
    assert (grant.status, set(grant.tools)) == ("active", {f"{home.slug}.{tool}" for tool in tools})
    assert len(grant.account_label) > 3
    risks = {tool.function_name: tool.risk for tool in proof.subject.connector.tools.values()}
    for main in sorted(proof.subject.mains, key=lambda main: risks[main.tool] != "read"):
        came = await home.call("ada", main.tool, **main.arguments)
        if risks[main.tool] == "read":
            shown = {"items": main.result["items"]} if _is_page(main.result) else main.result
            assert came == shown, main.tool


def _is_page(result: Any) -> bool:
    return isinstance(result, dict) and set(result) == {"items", "next"}


async def test_a_token_that_died_is_refreshed_or_the_person_is_asked_again(
    at_home: tuple[Proof, Household],
) -> None:
    proof, home = at_home
    main = proof.subject.mains[0]
    await home.connect("ada", proof.subject.user, main.tool)
    home.provider.fake.tokens.clear()
    if await _can_refresh(proof):
        assert await home.call("ada", main.tool, **main.arguments)
        return
    with pytest.raises(ReconnectRequired):
        await home.call("ada", main.tool, **main.arguments)


async def _can_refresh(proof: Proof) -> bool:
    subject, provider = proof.subject, proof.subject.make()
    provider.codes["the-code"] = Token(subject.user, frozenset(subject.scopes))
    given: dict[str, Any] = {"code": Secret("the-code"), "verifier": new_verifier(), "now_ms": 0}
    tokens = await redeem(wire.in_memory(provider.fake), subject.connector, proof.client, **given)
    return tokens.refresh_token is not None


async def test_stopping_tells_the_provider_where_it_can_be_told(at_home: tuple[Proof, Household]) -> None:
    proof, home = at_home
    main = proof.subject.mains[0]
    grant = await home.connect("ada", proof.subject.user, main.tool)
    before = len(home.provider.fake.requests)
    can = proof.subject.connector.oauth.revocation is not None
    assert (await home.stop(grant)).upstream == ("revoked" if can else "unsupported")
    assert (len(home.provider.fake.requests) > before) == can
    with pytest.raises(GrantRevoked):
        await home.call("ada", main.tool, **main.arguments)


async def test_a_tool_that_was_not_chosen_is_not_called(at_home: tuple[Proof, Household]) -> None:
    """Even where the provider's token could do it: `app_fixed` tokens can."""
    proof, home = at_home
    first, *_, last = proof.subject.mains
    await home.connect("ada", proof.subject.user, first.tool)
    before = len(home.provider.fake.requests)
    with pytest.raises(ConsentRequired) as refused:
        await home.call("ada", last.tool, **last.arguments)
    assert refused.value.fields["missing_tools"] == [f"{home.slug}.{last.tool}"]
    assert len(home.provider.fake.requests) == before


# ---- HubSpot -------------------------------------------------------------------------------------------------


async def test_hubspot_is_asked_for_the_chosen_tools_scopes_and_no_others(at_hubspot: Household) -> None:
    scopes, *_ = await at_hubspot.agree(await at_hubspot.session("ada", "search_deals"))
    assert scopes == ["oauth", "crm.objects.deals.read", "crm.objects.owners.read"]


async def test_a_person_connects_hubspot_and_sees_their_own_deals(at_hubspot: Household) -> None:
    grant = await at_hubspot.connect("ada", fake_hubspot.ADA, "search_deals")
    assert (grant.status, grant.account_label) == ("active", "ada@acme.example in acme.example")
    found = await at_hubspot.call("ada", "search_deals", text="engine")
    assert [deal["name"] for deal in found["items"]] == ["Engine order"]


async def test_two_people_of_one_hubspot_account_see_each_their_own(at_hubspot: Household) -> None:
    await at_hubspot.connect("ada", fake_hubspot.ADA, "search_deals")
    await at_hubspot.connect("ben", fake_hubspot.BEN, "search_deals")
    of_ada = await at_hubspot.call("ada", "search_deals")
    of_ben = await at_hubspot.call("ben", "search_deals")
    assert {one["id"] for one in of_ada["items"]} == {"701", "702"}
    assert {one["id"] for one in of_ben["items"]} == {"710"}


async def test_a_scope_hubspot_did_not_give_leaves_its_tool_out(at_hubspot: Household) -> None:
    tools = ("search_deals", "search_companies")
    grant = await at_hubspot.connect("ada", fake_hubspot.ADA, *tools, but=[fake_hubspot.COMPANIES_READ])
    assert grant.tools == ("hubspot.search_deals",)
    with pytest.raises(ConsentRequired) as refused:
        await at_hubspot.call("ada", "search_companies")
    assert refused.value.fields["missing_scopes"] == [fake_hubspot.COMPANIES_READ]


async def test_a_step_up_keeps_the_grant_and_adds_the_tool(at_hubspot: Household) -> None:
    first = await at_hubspot.connect("ada", fake_hubspot.ADA, "search_deals")
    second = await at_hubspot.connect("ada", fake_hubspot.ADA, "update_deal")
    assert second.id == first.id and set(second.tools) == {"hubspot.search_deals", "hubspot.update_deal"}
    changed = await at_hubspot.call("ada", "update_deal", deal_id="701", amount=5)
    assert changed["amount"] == "5"


async def test_stopping_one_person_leaves_the_token_that_their_hubspot_account_shares(
    at_hubspot: Household,
) -> None:
    of_ada = await at_hubspot.connect("ada", fake_hubspot.ADA, "search_deals")
    of_ben = await at_hubspot.connect("ben", fake_hubspot.BEN, "search_deals")
    assert (await at_hubspot.stop(of_ada)).upstream == "unsupported"
    assert not [one for one in at_hubspot.provider.fake.requests if one.url.path.endswith("/revoke")]
    with pytest.raises(GrantRevoked):
        await at_hubspot.call("ada", "search_deals")
    assert (await at_hubspot.call("ben", "search_deals"))["items"]
    assert (await at_hubspot.stop(of_ben)).upstream == "revoked"


async def test_a_failed_attempt_does_not_end_what_others_of_the_account_have(at_hubspot: Household) -> None:
    await at_hubspot.connect("ben", fake_hubspot.BEN, "search_deals")
    everything = [fake_hubspot.DEALS_READ, fake_hubspot.OWNERS_READ]
    with pytest.raises(ProviderError):
        await at_hubspot.connect("ada", fake_hubspot.ADA, "search_deals", but=everything)
    at_hubspot.house.clock.offset_ms += 3_600_000
    await outbox.run_due(at_hubspot.house)
    assert not [one for one in at_hubspot.provider.fake.requests if one.url.path.endswith("/revoke")]


async def test_a_revocation_that_waited_is_given_up_when_somebody_else_of_the_account_connected_meanwhile(
    at_hubspot: Household,
) -> None:
    of_ada = await at_hubspot.connect("ada", fake_hubspot.ADA, "search_deals")
    at_hubspot.provider.fake.fail(503, {}, path="/revoke")
    assert (await at_hubspot.stop(of_ada)).upstream == "pending"
    await at_hubspot.connect("ben", fake_hubspot.BEN, "search_deals")
    at_hubspot.house.clock.offset_ms += 3_600_000
    await outbox.run_due(at_hubspot.house)
    ended = await grants.get(at_hubspot.house, at_hubspot.admin.workspace, of_ada.id)
    assert ended.upstream == "unsupported"
    assert len([one for one in at_hubspot.provider.fake.requests if one.url.path.endswith("/revoke")]) == 1


# ---- Jira ----------------------------------------------------------------------------------------------------


async def test_a_person_connects_jira_and_works_on_one_site(at_jira: Household) -> None:
    grant = await at_jira.connect("ada", "a1", "my_issues", "add_comment")
    assert grant.account_label == "ada@acme.example in acme.atlassian.net"
    found = await at_jira.call("ada", "my_issues")
    assert [one["key"] for one in found["items"]] == ["ACME-1", "ACME-2"]
    assert await at_jira.call("ada", "add_comment", issue_key="ACME-1", text="x") == {
        "id": "1",
        "issue": "ACME-1",
    }


async def test_a_refreshed_jira_token_still_knows_its_site(at_jira: Household) -> None:
    await at_jira.connect("ada", "a1", "my_issues")
    at_jira.house.clock.offset_ms += 2 * 3_600_000
    assert (await at_jira.call("ada", "my_issues"))["items"]
    refreshed = [one for one in at_jira.provider.fake.requests if one.url.path == "/oauth/token"]
    assert len(refreshed) == 2


async def test_of_several_jira_sites_the_chosen_one_is_used_and_no_other(tmp_path: Path) -> None:
    provider = fake_jira.populated(fake_jira.ACME, fake_jira.OTHER)
    async with household(tmp_path, jira.jira, provider, fake_jira.CLIENT) as one:
        grant = await one.connect("ada", "a1", "my_issues", account="other.atlassian.net")
        assert grant.account_id == f"{fake_jira.OTHER}:a1"
        assert grant.account_label == "ada@acme.example in other.atlassian.net"
        provider.fake.requests.clear()
        found = await one.call("ada", "my_issues")
        assert found["items"][0]["url"] == "https://other.atlassian.net/browse/ACME-1"
        one.house.clock.offset_ms += 2 * 3_600_000
        await one.call("ada", "my_issues")
        paths = {request.url.path.split("/rest/")[0] for request in provider.fake.requests}
        assert paths == {f"/ex/jira/{fake_jira.OTHER}", "/oauth/token"}


async def test_several_jira_sites_make_no_grant_before_one_is_chosen(tmp_path: Path) -> None:
    provider = fake_jira.populated(fake_jira.ACME, fake_jira.OTHER)
    async with household(tmp_path, jira.jira, provider, fake_jira.CLIENT) as one:
        with pytest.raises(ChoiceRequired) as several:
            await one.connect("ada", "a1", "my_issues")
        assert [account["id"] for account in several.value.fields["accounts"]] == [
            f"{site}:a1" for site in (fake_jira.ACME, fake_jira.OTHER)
        ]
        with pytest.raises(ConsentRequired):
            await one.call("ada", "my_issues")


async def test_a_jira_registration_for_one_site_asks_nobody(tmp_path: Path) -> None:
    provider = fake_jira.populated(fake_jira.ACME, fake_jira.OTHER)
    site = "other.atlassian.net"
    async with household(tmp_path, jira.jira, provider, fake_jira.CLIENT, config={"site": site}) as one:
        grant = await one.connect("ada", "a1", "my_issues")
        assert grant.account_id == f"{fake_jira.OTHER}:a1"


async def test_stopping_jira_says_that_atlassian_cannot_be_told(at_jira: Household) -> None:
    grant = await at_jira.connect("ada", "a1", "my_issues")
    assert (await at_jira.stop(grant)).upstream == "unsupported"
    with pytest.raises(GrantRevoked):
        await at_jira.call("ada", "my_issues")
