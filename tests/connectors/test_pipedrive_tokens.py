"""Pipedrive's accounts and tokens: where their calls go, whom a removal ends, and how they are made, refreshed and ended."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import pipedrive as module
from core.connector import Api, PkceOff
from core.errors import ProviderError, ReconnectRequired, TokenRejected
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import pipedrive_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import pipedrive as fake
from tests.connectors.fakes.fake import Token

PIPEDRIVE, CLIENT = cases.SUBJECT, cases.CLIENT


@pytest.fixture
def provider() -> fake.Pipedrive:
    made: fake.Pipedrive = PIPEDRIVE.provider()
    return made


async def call(provider: fake.Pipedrive, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.pipedrive, http, tool, arguments, fields=PIPEDRIVE.fields)


async def connected(provider: fake.Pipedrive, user: str = fake.ADA) -> TokenSet:
    provider.codes["the-code"] = Token(user, frozenset(fake.WRITING))
    http = wire.in_memory(provider.fake)
    return await redeem(
        http, module.pipedrive, CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )


async def account_of(provider: fake.Pipedrive, token: str) -> Any:
    fields = {"api_domain": fake.DOMAIN}
    http = wire.in_memory(provider.fake)
    api = Api(module.pipedrive, http, wire.HeldToken(token), fields=fields, deadline_s=5)
    assert module.pipedrive.account_function is not None
    return await module.pipedrive.account_function(api)


# ---- where the calls go --------------------------------------------------------------------------------------


async def test_calls_go_to_the_address_of_the_token_answer(provider: fake.Pipedrive) -> None:
    tokens = await connected(provider)
    assert tokens.fields == {"api_domain": "https://acme.pipedrive.com"}
    await call(provider, "my_deals")
    told, asked = provider.fake.requests
    assert (told.url.host, asked.url.host) == ("oauth.pipedrive.com", "acme.pipedrive.com")


@pytest.mark.parametrize(
    "domain",
    [
        "https://evil.example",
        "https://pipedrive.com",
        "https://acme.pipedrive.com.evil.example",
        "https://evilpipedrive.com",
        "http://acme.pipedrive.com",
        "https://acme.pipedrive.com:8443",
        "https://acme.pipedrive.com@evil.example",
        "https://acme.pipedrive.com/proxy",
        "https://evil.example#.pipedrive.com",
        "//acme.pipedrive.com",
        "",
    ],
)
async def test_an_address_that_is_not_pipedrives_fails_the_whole_answer_and_its_token_is_given_back(
    provider: fake.Pipedrive, monkeypatch: pytest.MonkeyPatch, domain: str
) -> None:
    monkeypatch.setattr(fake, "DOMAIN", domain)
    with pytest.raises(ProviderError):
        await connected(provider)
    assert provider.refresh_tokens == {}


# ---- the account ---------------------------------------------------------------------------------------------


async def test_the_account_is_a_user_in_a_company(provider: fake.Pipedrive) -> None:
    account = await account_of(provider, wire.TOKEN)
    assert msgspec.to_builtins(account) == {
        "id": "3.7", "label": "ada@acme.example in Acme", "fields": {"user_id": "7"},
    }  # fmt: skip


async def test_an_uninstallation_names_the_account_it_ends(provider: fake.Pipedrive) -> None:
    account = await account_of(provider, wire.TOKEN)
    body = {"client_id": "the-client", "company_id": 3, "user_id": 7, "timestamp": "2026-11-24 08:00:00"}
    assert module.pipedrive.uninstalled_function is not None
    assert module.pipedrive.uninstalled_function(body) == account.id
    assert module.uninstalled({**body, "user_id": "7", "company_id": "3"}) == account.id
    assert module.uninstalled({**body, "user_id": 8}) != account.id


@given(
    st.dictionaries(
        st.sampled_from(["client_id", "company_id", "user_id"]),
        st.none()
        | st.booleans()
        | st.floats()
        | st.integers(max_value=0)
        | st.text(max_size=5)
        | st.just({}),
    )
)
def test_an_uninstallation_that_names_nobody_ends_nobodys_grants(body: dict[str, Any]) -> None:
    told = module.uninstalled(body)
    assert told is None or told == f"{body['company_id']}.{body['user_id']}"
    assert told is None or (isinstance(body["client_id"], str) and isinstance(body["user_id"], str))


def test_all_of_an_account_id_is_what_dies_together() -> None:
    assert ":" not in module._account_id(3, 7)
    assert module.pipedrive.oauth.revocation_scope == "account"
    assert module._account_id(1, 23) != module._account_id(12, 3)


# ---- the tokens ----------------------------------------------------------------------------------------------


async def test_no_scope_and_no_challenge_travel_to_the_authorization_address() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.pipedrive,
        CLIENT,
        scopes=[fake.SEARCH],
        optional_scopes=[],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert url.startswith("https://oauth.pipedrive.com/oauth/authorize?")
    assert set(query) <= {"client_id", "redirect_uri", "state", "response_type"}
    assert isinstance(module.pipedrive.oauth.pkce, PkceOff) and module.pipedrive.oauth.pkce.reason


async def test_the_client_is_known_by_basic_and_its_secret_is_in_no_body(provider: fake.Pipedrive) -> None:
    tokens = await connected(provider)
    http = wire.in_memory(provider.fake)
    await refresh(http, module.pipedrive, CLIENT, tokens, now_ms=0)
    await revoke(http, module.pipedrive, CLIENT, tokens)
    basic = "Basic " + base64.b64encode(b"the-client:the-client-secret").decode()
    assert len(provider.fake.requests) == 3
    for request in provider.fake.requests:
        assert request.headers["authorization"] == basic
        assert request.url.host == "oauth.pipedrive.com" and not request.url.query
        assert not {"client_secret", "client_id", "code_verifier"} & set(parse_qs(request.content.decode()))


async def test_a_code_becomes_tokens_that_refresh_and_name_their_scopes(provider: fake.Pipedrive) -> None:
    first = await connected(provider)
    assert set(first.scopes or ()) == set(fake.WRITING) and first.expires_at == 3_599_000
    second = await refresh(wire.in_memory(provider.fake), module.pipedrive, CLIENT, first, now_ms=0)
    assert second.access_token != first.access_token and second.refresh_token == first.refresh_token
    assert second.fields == first.fields


async def test_revoking_ends_the_users_installation_and_no_other(provider: fake.Pipedrive) -> None:
    http = wire.in_memory(provider.fake)
    ada, again, ben = (
        await connected(provider),
        await connected(provider),
        await connected(provider, fake.BEN),
    )
    await revoke(http, module.pipedrive, CLIENT, ada)
    assert parse_qs(provider.fake.requests[-1].content.decode()) == {
        "token": [ada.refresh_token.reveal() if ada.refresh_token else ""],
        "token_type_hint": ["refresh_token"],
    }
    for ended in (ada, again):
        with pytest.raises(TokenRejected):
            await refresh(http, module.pipedrive, CLIENT, ended, now_ms=0)
    assert (await refresh(http, module.pipedrive, CLIENT, ben, now_ms=0)).access_token
    await revoke(http, module.pipedrive, CLIENT, ada)  # a token that is gone is as good as revoked


async def test_after_an_uninstallation_a_call_asks_to_connect_again(provider: fake.Pipedrive) -> None:
    provider.uninstall(fake.ADA)
    with pytest.raises(ReconnectRequired):
        await call(provider, "my_deals")
