"""Salesforce's tokens: where they go and where not, where people sign in, whose they are and how they end."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from connectors import salesforce as module
from core.connector import Api, MissingScope
from core.errors import (
    InvalidConfig,
    ProviderError,
    ReconnectRequired,
    TokenRejected,
)
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.registrations import Wish
from core.registrations import _check as check_wish
from core.secret import Secret
from tests.connectors import salesforce_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import salesforce as fake
from tests.connectors.fakes.fake import Token

SUBJECT, CLIENT = cases.SUBJECT, cases.CLIENT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "salesforce.md"


@pytest.fixture
def provider() -> fake.Salesforce:
    made: fake.Salesforce = SUBJECT.provider()
    return made


async def call(provider: fake.Salesforce, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.salesforce, http, tool, arguments, fields=SUBJECT.fields)


# ---- where the token goes ------------------------------------------------------------------------------------


async def connected(provider: fake.Salesforce) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset(fake.ALL_SCOPES))
    http = wire.in_memory(provider.fake)
    return await redeem(
        http, module.salesforce, CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )


@pytest.mark.parametrize(
    "address",
    [
        "https://acme.my.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com",
        "https://na139.salesforce.com", "https://acme.secure.force.com",
    ],
)  # fmt: skip
async def test_an_instance_below_salesforces_domains_is_kept(provider: fake.Salesforce, address: str) -> None:
    provider.instance_url = address
    assert (await connected(provider)).fields == {"instance_url": address}


@pytest.mark.parametrize(
    "address",
    [
        "http://acme.my.salesforce.com", "https://salesforce.com.evil.example", "https://evilsalesforce.com",
        "https://acme.my.salesforce.com@evil.example", "https://evil.example/acme.my.salesforce.com",
        "https://evil.example?.salesforce.com", "https://evil.example#.force.com", "https://xforce.com", "",
        "https://acme.my.salesforce.com/path", "https://acme.my.salesforce.com:8443", "https://127.0.0.1",
    ],
)  # fmt: skip
async def test_any_other_instance_fails_the_whole_answer_and_its_tokens_are_given_back(
    provider: fake.Salesforce, address: str
) -> None:
    provider.instance_url = address
    with pytest.raises(ProviderError):
        await connected(provider)
    assert not provider.refresh_tokens
    assert {one.url.host for one in provider.fake.requests} == {"login.salesforce.com"}


async def test_without_an_instance_nothing_is_sent(provider: fake.Salesforce) -> None:
    with pytest.raises(InvalidConfig):
        await wire.run(module.salesforce, wire.in_memory(provider.fake), "search_contacts", {}, fields={})
    assert provider.fake.requests == []


ELSEWHERE = [
    "https://evil.example/services/data/v60.0/query/01g-1",
    "https://acme.my.salesforce.com.evil.example/services/data/v60.0/query/01g-1",
    "https://acme.my.salesforce.com/services/data/v60.0/query/01g-1",
    "//evil.example/services/data/v60.0/query/01g-1",
    "\\\\evil.example/x",
    "/services/oauth2/revoke?token=x",
    "/services/data/v60.0/query/../sobjects/User",
    "/services/data/v60.0/query/01g-1/../../sobjects",
    "/services/data/v60.0/query/01g-1?q=SELECT",
    "/services/data/v60.0/query/01g-1\n",
    "@evil.example",
]


@pytest.mark.parametrize("link", ELSEWHERE)
async def test_a_next_batch_elsewhere_is_not_followed(provider: fake.Salesforce, link: str) -> None:
    body = {"totalSize": 9, "done": False, "records": [], "nextRecordsUrl": link}
    provider.fake.fail(200, body, path="/query")
    with pytest.raises(ProviderError) as refused:
        await call(provider, "search_contacts")
    assert len(provider.fake.requests) == 1 and "evil" not in str(refused.value)


async def test_a_page_is_whole_however_small_the_batches_are(provider: fake.Salesforce) -> None:
    whole = await call(provider, "search_contacts", limit=2)
    provider.batch = 1
    assert await call(provider, "search_contacts", limit=2) == whole
    assert [one.url.path for one in provider.fake.requests[-2:]] == [
        f"{fake.DATA}/query/01g000000000001AAA-1",
        f"{fake.DATA}/query/01g000000000001AAA-2",
    ]


async def test_batches_without_an_end_are_not_followed_for_ever(provider: fake.Salesforce) -> None:
    link = f"{fake.DATA}/query/01g000000000001AAA-1"
    body = {"totalSize": 9, "done": False, "records": [], "nextRecordsUrl": link}
    provider.fake.fail(200, body, path="/query", times=1)
    provider.fake.fail(200, body, path=link, times=500)
    assert await call(provider, "search_contacts") == {"items": [], "next": None}
    assert len(provider.fake.requests) == module.MAX_BATCHES


# ---- where people sign in ------------------------------------------------------------------------------------


class _House:
    development = False


@pytest.mark.parametrize(
    "address", ["https://test.salesforce.com", "https://acme--uat.sandbox.my.salesforce.com"]
)
async def test_a_sandbox_or_an_own_domain_is_a_setting(provider: fake.Salesforce, address: str) -> None:
    config = {"login_url": address}
    check_wish(_House(), module.salesforce, Wish(client_id="x", config=config))  # type: ignore[arg-type]
    client = msgspec.structs.replace(CLIENT, config=module.salesforce.filled(config))
    url = await authorization_url(
        wire.in_memory(provider.fake), module.salesforce, client, scopes=[fake.API], optional_scopes=[],
        state=Secret("s"), verifier=new_verifier(),
    )  # fmt: skip
    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{address}/services/oauth2/authorize?")
    assert query["scope"] == ["refresh_token id api"] and query["code_challenge_method"] == ["S256"]


@pytest.mark.parametrize(
    "address",
    [
        "https://evil.example", "https://login.salesforce.com.evil.example", "http://login.salesforce.com",
        "https://acme.my.site.com", "https://login.salesforce.com/x", "https://a@login.salesforce.com",
    ],
)  # fmt: skip
async def test_the_clients_secret_goes_to_salesforce_only(provider: fake.Salesforce, address: str) -> None:
    config = {"login_url": address}
    with pytest.raises(InvalidConfig):
        check_wish(_House(), module.salesforce, Wish(client_id="x", config=config))  # type: ignore[arg-type]
    client = msgspec.structs.replace(CLIENT, config=module.salesforce.filled(config))
    with pytest.raises(InvalidConfig):
        await redeem(
            wire.in_memory(provider.fake), module.salesforce, client, code=Secret("c"), verifier=new_verifier(),
            now_ms=0,
        )  # fmt: skip
    assert provider.fake.requests == []


# ---- tokens and the account ----------------------------------------------------------------------------------


async def test_a_code_becomes_tokens_without_an_end_that_refresh_and_die_on_revocation(
    provider: fake.Salesforce,
) -> None:
    http = wire.in_memory(provider.fake)
    first = await connected(provider)
    assert first.expires_at is None and first.scopes == ("api", "id", "refresh_token")
    second = await refresh(http, module.salesforce, CLIENT, first, now_ms=0)
    assert second.access_token != first.access_token and second.refresh_token == first.refresh_token
    await revoke(http, module.salesforce, CLIENT, second)
    with pytest.raises(TokenRejected):
        await refresh(http, module.salesforce, CLIENT, second, now_ms=0)
    await revoke(http, module.salesforce, CLIENT, second)  # invalid_token: dead already


async def test_where_the_app_rotates_its_refresh_tokens_the_new_one_is_kept(
    provider: fake.Salesforce,
) -> None:
    provider.rotates = True
    http = wire.in_memory(provider.fake)
    first = await connected(provider)
    second = await refresh(http, module.salesforce, CLIENT, first, now_ms=0)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(TokenRejected):
        await refresh(http, module.salesforce, CLIENT, first, now_ms=0)
    assert (await refresh(http, module.salesforce, CLIENT, second, now_ms=0)).fields == first.fields


async def test_a_session_that_is_over_is_refreshed_once_and_then_it_is_a_reconnect(
    provider: fake.Salesforce,
) -> None:
    provider.fake.tokens[wire.TOKEN].expired = True
    tokens = wire.HeldToken()
    with pytest.raises(ReconnectRequired):
        await wire.run(
            module.salesforce,
            wire.in_memory(provider.fake),
            "my_tasks",
            {},
            fields=SUBJECT.fields,
            tokens=tokens,
        )
    assert tokens.rejections == 1


async def test_a_token_without_the_api_scope_is_no_expired_one(provider: fake.Salesforce) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.ID])
    tokens = wire.HeldToken()
    with pytest.raises(MissingScope) as missing:
        await wire.run(
            module.salesforce,
            wire.in_memory(provider.fake),
            "my_tasks",
            {},
            fields=SUBJECT.fields,
            tokens=tokens,
        )
    assert missing.value.scopes == ["api"] and tokens.rejections == 0


async def test_the_account_is_a_person_in_an_organisation(provider: fake.Salesforce) -> None:
    fields = {"instance_url": fake.INSTANCE}
    api = Api(module.salesforce, wire.in_memory(provider.fake), wire.HeldToken(), fields=fields, deadline_s=5)
    account = await module.account(api)
    assert msgspec.to_builtins(account) == {
        "id": f"{fake.ORGANISATION}:{fake.ADA}",
        "label": "ada@acme.example in acme.my.salesforce.com",
        "fields": {"user_id": fake.ADA},
    }
    assert str(provider.fake.requests[0].url) == f"{fake.INSTANCE}/services/oauth2/userinfo"
