"""Jira's accounts, each a person on one site, and the tokens that are good for all sites the person opened."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from connectors import jira as module
from core.connector import Account, Api, ToolError
from core.errors import TokenRejected
from core.oauth import authorization_url, new_verifier, redeem, refresh
from core.secret import Secret
from tests.connectors import jira_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import jira as fake
from tests.connectors.fakes.fake import Token

JIRA, REGISTRATION = cases.SUBJECT, cases.CLIENT


@pytest.fixture
def provider() -> fake.Jira:
    made: fake.Jira = JIRA.provider()
    return made


# ---- the account: one person, one site -----------------------------------------------------------------------


async def _accounts(provider: fake.Jira, **config: str) -> list[Account]:
    provider.fake.sign_in(wire.TOKEN, "a1", fake.ALL_SCOPES)
    api = Api(module.jira, wire.in_memory(provider.fake), wire.HeldToken(), fields=config, deadline_s=5)
    assert module.jira.account_function is not None
    found = await module.jira.account_function(api)
    assert isinstance(found, list)
    return found


async def _account(provider: fake.Jira, **config: str) -> Account:
    [account] = await _accounts(provider, **config)
    return account


async def test_the_account_is_a_person_on_a_site() -> None:
    assert msgspec.to_builtins(await _account(fake.populated())) == {
        "id": f"{fake.ACME}:a1",
        "label": "ada@acme.example in acme.atlassian.net",
        "fields": {"cloud_id": fake.ACME, "site_url": "https://acme.atlassian.net"},
    }


async def test_what_the_account_keeps_is_all_a_tool_needs(provider: fake.Jira) -> None:
    kept = (await _account(provider)).fields
    found = await wire.run(module.jira, wire.in_memory(provider.fake), "my_issues", {}, fields=kept)
    assert found["items"][0]["url"] == "https://acme.atlassian.net/browse/ACME-1"


async def test_of_several_sites_none_is_guessed_all_of_them_are_named() -> None:
    accounts = await _accounts(fake.populated(fake.ACME, fake.OTHER))
    assert msgspec.to_builtins(accounts) == [
        {
            "id": f"{id}:a1",
            "label": f"ada@acme.example in {name}.atlassian.net",
            "fields": {"cloud_id": id, "site_url": f"https://{name}.atlassian.net"},
        }
        for id, name in ((fake.ACME, "acme"), (fake.OTHER, "other"))
    ]


async def test_one_site_is_asked_who_it_is_however_many_there_are() -> None:
    """An accountId is the same on all of them, so nobody waits for one answer after the other."""
    provider = fake.populated(fake.ACME, fake.OTHER)
    await _accounts(provider)
    asked = [one.url.path for one in provider.fake.requests if one.url.path.endswith("/myself")]
    assert asked == [f"/ex/jira/{fake.ACME}/rest/api/3/myself"]


async def test_a_site_that_is_listed_twice_is_one() -> None:
    """Atlassian lists a site once for each of its products."""
    provider = fake.populated()
    site = {"id": fake.ACME, "url": "https://acme.atlassian.net", "name": "acme"}
    listed = [
        {**site, "scopes": [scopes]}
        for scopes in ("read:jira-work", "read:page:confluence", "read:jira-user")
    ]
    provider.fake.fail(200, listed, path="/accessible-resources")
    assert (await _account(provider)).fields["cloud_id"] == fake.ACME


async def test_one_unusable_site_among_several_refuses_them_all() -> None:
    provider = fake.populated()
    sites = [
        {"id": id, "url": f"https://{name}.atlassian.net", "name": name, "scopes": ["read:jira-work"]}
        for id, name in ((fake.ACME, "acme"), ("x/../y", "other"))
    ]
    provider.fake.fail(200, sites, path="/accessible-resources")
    with pytest.raises(ToolError):
        await _accounts(provider)
    assert len(provider.fake.requests) == 1


@pytest.mark.parametrize(
    "site", [fake.OTHER, fake.OTHER.upper(), "https://other.atlassian.net", "https://Other.atlassian.net/", "other.atlassian.net"]
)  # fmt: skip
async def test_a_registration_may_name_the_site(site: str) -> None:
    account = await _account(fake.populated(fake.ACME, fake.OTHER), site=site)
    assert account.fields["cloud_id"] == fake.OTHER


@pytest.mark.parametrize("site", ["third.atlassian.net", "atlassian.net", "o", "other"])
async def test_a_site_that_was_not_opened_is_no_account(site: str) -> None:
    with pytest.raises(ToolError):
        await _account(fake.populated(fake.ACME, fake.OTHER), site=site)


async def test_no_jira_site_is_no_account() -> None:
    provider = fake.populated()
    confluence = [
        {
            "id": fake.ACME,
            "url": "https://acme.atlassian.net",
            "name": "acme",
            "scopes": ["read:page:confluence"],
        }
    ]
    for sites in ([], confluence):
        provider.fake.fail(200, sites, path="/accessible-resources")
        with pytest.raises(ToolError):
            await _account(provider)


@pytest.mark.parametrize("id", ["", "..", "x/../y", "a b", "a?b"])
async def test_a_site_id_that_could_lead_elsewhere_is_refused(id: str) -> None:
    provider = fake.populated()
    site = {"id": id, "url": "https://acme.atlassian.net", "name": "acme", "scopes": ["read:jira-work"]}
    provider.fake.fail(200, [site], path="/accessible-resources")
    with pytest.raises(ToolError):
        await _account(provider)
    assert len(provider.fake.requests) == 1


async def test_a_site_address_of_another_host_makes_no_links() -> None:
    provider = fake.populated()
    site = {"id": fake.ACME, "url": "https://evil.example", "name": "acme", "scopes": ["read:jira-work"]}
    provider.fake.fail(200, [site], path="/accessible-resources")
    assert (await _account(provider)).fields == {"cloud_id": fake.ACME}


# ---- tokens --------------------------------------------------------------------------------------------------


async def test_every_request_asks_to_stay_connected_and_to_know_who_it_is() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.jira,
        REGISTRATION,
        scopes=[fake.WORK_READ],
        optional_scopes=[],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query)
    assert query["scope"] == [f"offline_access {fake.USER_READ} {fake.WORK_READ}"]
    assert query["audience"] == ["api.atlassian.com"] and query["prompt"] == ["consent"]


async def test_a_used_refresh_token_is_dead(provider: fake.Jira) -> None:
    http = wire.in_memory(provider.fake)
    provider.codes["the-code"] = Token("a1", frozenset({fake.WORK_READ, "offline_access"}))
    first = await redeem(
        http, module.jira, REGISTRATION, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )
    second = await refresh(http, module.jira, REGISTRATION, first, now_ms=0)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(TokenRejected):
        await refresh(http, module.jira, REGISTRATION, first, now_ms=0)
    assert provider.fake.requests[0].headers["content-type"] == "application/json"


def test_where_no_revocation_exists_the_person_is_sent_to_where_it_does() -> None:
    assert module.jira.oauth.revocation is None
    assert module.jira.manage_url == "https://id.atlassian.com/manage-profile/apps"
