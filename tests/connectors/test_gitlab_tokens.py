"""GitLab's account and tokens, and that it may be anybody's server: everything goes there and nowhere else."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from connectors import gitlab as module
from core import registrations
from core.connector import Api
from core.errors import ConsentRequired, InvalidConfig, ProviderError, TokenRejected
from core.http import Outbound
from core.oauth import ClientRegistration, TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.fakes import gitlab as fake
from tests.connectors.fakes.fake import Token
from tests.connectors.fakes.server import served
from tests.connectors.gitlab_cases import CLIENT, SUBJECT, WEB
from tests.connectors.household import Household, household


@pytest.fixture
def provider() -> fake.GitLab:
    made: fake.GitLab = SUBJECT.provider()
    return made


# ---- the account and its tokens ------------------------------------------------------------------------------


async def _account(provider: fake.GitLab, host_url: str = fake.HOST) -> Any:
    api = Api(
        module.gitlab,
        wire.in_memory(provider.fake),
        wire.HeldToken(),
        fields={"host_url": host_url},
        deadline_s=5,
    )
    assert module.gitlab.account_function is not None
    return await module.gitlab.account_function(api)


async def test_the_account_is_a_person_at_a_server(provider: fake.GitLab) -> None:
    provider.fake.fail(200, {"id": 7, "username": "ada"}, path="/lab/api/v4/user")
    here, there = await _account(provider), await _account(provider, "https://git.acme.example/lab")
    assert (here.id, here.label) == ("7@gitlab.com", "ada (Ada Byron) at gitlab.com")
    assert (there.id, there.label) == ("7@git.acme.example/lab", "ada at git.acme.example/lab")
    assert str(provider.fake.requests[-1].url) == "https://git.acme.example/lab/api/v4/user"


async def redeemed(provider: fake.GitLab, client: ClientRegistration = CLIENT) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset(fake.ALL_SCOPES))
    return await redeem(
        wire.in_memory(provider.fake), module.gitlab, client, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )  # fmt: skip


async def test_a_refresh_ends_both_old_tokens(provider: fake.GitLab) -> None:
    http = wire.in_memory(provider.fake)
    first = await redeemed(provider)
    assert first.expires_at == 7_200_000 and first.scopes == (fake.ALL, fake.READ)
    second = await refresh(http, module.gitlab, CLIENT, first, now_ms=0)
    assert (
        second.refresh_token != first.refresh_token
        and first.access_token.reveal() not in provider.fake.tokens
    )
    with pytest.raises(TokenRejected):
        await refresh(http, module.gitlab, CLIENT, first, now_ms=0)


async def test_a_refresh_that_names_less_gives_less_for_good(provider: fake.GitLab) -> None:
    """What `narrowing="refresh_scope"` promises: "make it read-only" at GitLab itself."""
    assert module.gitlab.oauth.narrowing == "refresh_scope"
    smaller = copy.copy(module.gitlab)
    smaller.oauth = msgspec.structs.replace(module.gitlab.oauth, refresh_params={"scope": fake.READ})
    http = wire.in_memory(provider.fake)
    narrowed = await refresh(http, smaller, CLIENT, await redeemed(provider), now_ms=0)
    assert narrowed.scopes == (fake.READ,)
    again = await refresh(http, module.gitlab, CLIENT, narrowed, now_ms=0)
    assert again.scopes == (fake.READ,)
    wider = copy.copy(module.gitlab)
    wider.oauth = msgspec.structs.replace(module.gitlab.oauth, refresh_params={"scope": fake.ALL})
    with pytest.raises(ProviderError) as refused:
        await refresh(http, wider, CLIENT, again, now_ms=0)
    assert refused.value.fields["error"] == "invalid_scope"


async def test_an_end_ends_access_and_refresh_token_as_the_client(provider: fake.GitLab) -> None:
    http = wire.in_memory(provider.fake)
    first, other = await redeemed(provider), await redeemed(provider)
    await revoke(http, module.gitlab, CLIENT, first)
    form = parse_qs(provider.fake.requests[-1].content.decode())
    assert (form["client_id"], form["client_secret"]) == ([fake.CLIENT[0]], [fake.CLIENT[1]])
    assert first.access_token.reveal() not in provider.fake.tokens
    with pytest.raises(TokenRejected):
        await refresh(http, module.gitlab, CLIENT, first, now_ms=0)
    assert other.access_token.reveal() in provider.fake.tokens
    await revoke(http, module.gitlab, CLIENT, first)


# ---- anybody's server ----------------------------------------------------------------------------------------


def test_without_a_setting_it_is_gitlab_com() -> None:
    assert module.gitlab.needed_config() == () and module.gitlab.filled({}) == {
        "host_url": "https://gitlab.com"
    }


async def test_everything_goes_to_the_server_that_was_set(provider: fake.GitLab) -> None:
    own = msgspec.structs.replace(
        CLIENT, config=module.gitlab.filled({"host_url": "https://git.acme.example"})
    )
    url = await authorization_url(
        wire.in_memory(provider.fake), module.gitlab, own, scopes=[fake.READ], optional_scopes=[], state=Secret("s"),
        verifier=new_verifier(),
    )  # fmt: skip
    query = parse_qs(urlsplit(url).query)
    assert url.startswith("https://git.acme.example/oauth/authorize?")
    assert (query["scope"], query["code_challenge_method"]) == ([fake.READ], ["S256"])
    tokens = await redeemed(provider, own)
    await refresh(wire.in_memory(provider.fake), module.gitlab, own, tokens, now_ms=0)
    await revoke(wire.in_memory(provider.fake), module.gitlab, own, tokens)
    await wire.run(module.gitlab, wire.in_memory(provider.fake), "my_issues", {}, fields=own.config)
    assert {one.url.host for one in provider.fake.requests} == {"git.acme.example"}


async def test_a_link_to_gitlab_com_is_another_host_for_an_own_server(provider: fake.GitLab) -> None:
    provider.fake.fail(200, [], {"link": f'<{fake.HOST}/api/v4/issues?page=2>; rel="next"'}, path="/issues")
    fields = {"host_url": "https://git.acme.example"}
    with pytest.raises(ProviderError):
        await wire.run(module.gitlab, wire.in_memory(provider.fake), "my_issues", {}, fields=fields)


async def test_a_projects_path_is_one_segment_on_the_wire_too(provider: fake.GitLab) -> None:
    """The client that is used outside of tests must not decode it."""
    http = Outbound(development=True)
    try:
        with served(provider.fake) as port:
            fields = {"host_url": f"http://127.0.0.1:{port}"}
            api = Api(module.gitlab, http, wire.HeldToken(), fields=fields, deadline_s=5, development=True)
            tool = module.gitlab.tools["gitlab.get_issue"]
            issue = await tool.run(api, tool.check({"project": "acme/team/api", "number": 14}))
    finally:
        await http.close()
    assert issue.title == "Login keys"
    assert provider.fake.requests[0].url.raw_path == b"/api/v4/projects/acme%2Fteam%2Fapi/issues/14"


# ---- through the house ---------------------------------------------------------------------------------------


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[Household]:
    async with household(tmp_path, module.gitlab, fake.populated(), fake.CLIENT) as one:
        yield one


async def test_a_person_connects_reads_and_writes_only_what_they_agreed_to(house: Household) -> None:
    grant = await house.connect("ada", fake.ADA, "my_issues", "get_issue")
    assert (grant.status, grant.account_label) == ("active", "ada (Ada Byron) at gitlab.com")
    found = await house.call("ada", "my_issues")
    assert found["items"][0]["url"] == f"{WEB}/-/issues/15"
    with pytest.raises(ConsentRequired):
        await house.call("ada", "add_comment", project="41", number=14, text="x")
    assert (await house.stop(grant)).status == "revoked"
    assert house.provider.rows == []


@pytest.mark.parametrize(
    "address", ["http://git.acme.example", "https://10.0.0.1", "https://u:p@git.acme.example", "git"]
)
async def test_an_address_no_token_may_go_to_cannot_be_set(house: Household, address: str) -> None:
    wish = registrations.Wish(client_id="x", client_secret=Secret("y"), config={"host_url": address})
    with pytest.raises(InvalidConfig):
        await registrations.put(house.house, house.admin, "gitlab", wish)
