"""Zoho's tokens: which data centre they belong to, the limits on them, whose they are and how they end."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from connectors import zoho_crm as module
from core.connector import Api, MissingScope, ToolError
from core.errors import (
    InvalidConfig,
    ProviderError,
    ReconnectRequired,
    TokenEndpointUnavailable,
    TokenRejected,
)
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.registrations import Wish
from core.registrations import _check as check_wish
from core.secret import Secret
from tests.connectors import descriptions, wire
from tests.connectors import zoho_crm_cases as cases
from tests.connectors.fakes import zoho_crm as fake
from tests.connectors.fakes.fake import Token

SUBJECT, CLIENT = cases.SUBJECT, cases.CLIENT


@pytest.fixture
def provider() -> fake.ZohoCrm:
    made: fake.ZohoCrm = SUBJECT.provider()
    return made


async def connected(provider: fake.ZohoCrm, client: Any = CLIENT) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset(fake.ALL_SCOPES))
    http = wire.in_memory(provider.fake)
    return await redeem(
        http, module.zoho_crm, client, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )


# ---- data centres --------------------------------------------------------------------------------------------


class _House:
    development = False


@pytest.mark.parametrize(("name", "hosts"), module.DATA_CENTRES.items())
async def test_a_data_centre_is_chosen_from_the_list(
    provider: fake.ZohoCrm, name: str, hosts: tuple[str, str]
) -> None:
    config = {"data_centre": name}
    check_wish(_House(), module.zoho_crm, Wish(client_id="x", config=config))  # type: ignore[arg-type]
    client = msgspec.structs.replace(CLIENT, config=module.zoho_crm.filled(config))
    url = await authorization_url(
        wire.in_memory(provider.fake), module.zoho_crm, client, scopes=[fake.COQL, fake.DEALS_READ],
        optional_scopes=[], state=Secret("s"), verifier=new_verifier(),
    )  # fmt: skip
    query = parse_qs(urlsplit(url).query)
    assert url.startswith(f"{hosts[0]}/oauth/v2/auth?")
    assert query["scope"] == ["ZohoCRM.users.READ,ZohoCRM.coql.READ,ZohoCRM.modules.deals.READ"]
    assert (query["access_type"], query["prompt"]) == (["offline"], ["consent"])


@pytest.mark.parametrize(
    "config",
    [
        {}, {"data_centre": ""}, {"data_centre": "moon"}, {"data_centre": "https://evil.example"},
        {"data_centre": "moon", "accounts_url": "https://evil.example", "api_domain": "https://evil.example"},
    ],
)  # fmt: skip
async def test_nothing_else_can_be_a_data_centre(provider: fake.ZohoCrm, config: dict[str, str]) -> None:
    with pytest.raises(InvalidConfig):
        check_wish(_House(), module.zoho_crm, Wish(client_id="x", config=config))  # type: ignore[arg-type]
    client = msgspec.structs.replace(CLIENT, config=module.zoho_crm.filled(config))
    with pytest.raises(InvalidConfig):
        await connected(provider, client)
    assert provider.fake.requests == []


def test_the_addresses_of_a_data_centre_cannot_be_set_past_the_list() -> None:
    evil = {"accounts_url": "https://evil.example", "api_domain": "https://evil.example"}
    filled = module.zoho_crm.filled({"data_centre": "eu", **evil})
    assert (filled["accounts_url"], filled["api_domain"]) == module.DATA_CENTRES["eu"]


@pytest.mark.parametrize(
    "domain",
    [
        "https://evil.example", "http://www.zohoapis.eu", "https://www.zohoapis.eu.evil.example",
        "https://sandbox.zohoapis.eu", "https://www.zohoapis.eu@evil.example", "https://www.zohoapis.eu/x",
    ],
)  # fmt: skip
async def test_an_api_domain_that_is_not_listed_fails_the_answer_and_its_tokens_are_given_back(
    provider: fake.ZohoCrm, domain: str
) -> None:
    provider.api_domain = domain
    with pytest.raises(ProviderError):
        await connected(provider)
    assert not provider.refresh_tokens
    assert {one.url.host for one in provider.fake.requests} == {fake.ACCOUNTS}


async def test_a_person_of_another_data_centre_is_told_so(provider: fake.ZohoCrm) -> None:
    provider.api_domain = "https://www.zohoapis.com"
    tokens = await connected(provider)
    fields = {**CLIENT.config, **tokens.fields}
    with pytest.raises(ToolError) as refused:
        await _account(provider, fields)
    assert "another data centre" in str(refused.value)
    assert not [one for one in provider.fake.requests if one.url.path.startswith("/crm/")]


async def test_a_code_of_another_data_centre_is_dead_and_not_just_unlucky(provider: fake.ZohoCrm) -> None:
    client = msgspec.structs.replace(CLIENT, config=module.zoho_crm.filled({"data_centre": "in"}))
    with pytest.raises(TokenRejected):
        await connected(provider, client)


# ---- tokens --------------------------------------------------------------------------------------------------


async def test_a_code_becomes_tokens_that_refresh_and_die_on_revocation(provider: fake.ZohoCrm) -> None:
    http = wire.in_memory(provider.fake)
    first = await connected(provider)
    assert first.expires_at == 3_600_000 and first.scopes == tuple(sorted(fake.ALL_SCOPES))
    assert first.fields == {"api_domain": "https://www.zohoapis.eu"}
    second = await refresh(http, module.zoho_crm, CLIENT, first, now_ms=0)
    assert second.access_token != first.access_token and second.refresh_token == first.refresh_token
    await revoke(http, module.zoho_crm, CLIENT, second)
    assert second.access_token.reveal() not in provider.fake.tokens
    with pytest.raises(TokenRejected) as dead:
        await refresh(http, module.zoho_crm, CLIENT, second, now_ms=0)
    assert dead.value.fields["error"] == "invalid_code"
    await revoke(http, module.zoho_crm, CLIENT, second)  # invalid_code: dead already


async def test_too_many_refreshes_are_later_and_not_the_end(provider: fake.ZohoCrm) -> None:
    http = wire.in_memory(provider.fake)
    tokens = await connected(provider)
    for _ in range(fake.MAX_ACCESS_TOKENS - 1):
        tokens = await refresh(http, module.zoho_crm, CLIENT, tokens, now_ms=0)
    with pytest.raises(TokenEndpointUnavailable):
        await refresh(http, module.zoho_crm, CLIENT, tokens, now_ms=0)
    provider.minted.clear()  # ten minutes later
    assert (
        await refresh(http, module.zoho_crm, CLIENT, tokens, now_ms=0)
    ).refresh_token == tokens.refresh_token


async def test_the_21st_consent_of_a_person_ends_the_first_and_that_is_terminal(
    provider: fake.ZohoCrm,
) -> None:
    http = wire.in_memory(provider.fake)
    first = await connected(provider)
    others = [await connected(provider) for _ in range(fake.MAX_REFRESH_TOKENS)]
    with pytest.raises(TokenRejected):
        await refresh(http, module.zoho_crm, CLIENT, first, now_ms=0)
    assert await refresh(http, module.zoho_crm, CLIENT, others[0], now_ms=0)


@pytest.mark.parametrize(
    "answer",
    [
        httpx.Response(200, json={"error": "general_error"}), httpx.Response(200, json={"status": "failure"}),
        httpx.Response(500, json={"status": "success"}), httpx.Response(200, text="<html>"), httpx.Response(200),
        httpx.Response(400, json=[]), httpx.Response(503),
    ],
)  # fmt: skip
async def test_an_end_that_zoho_does_not_confirm_is_tried_again(
    provider: fake.ZohoCrm, answer: httpx.Response
) -> None:
    tokens = await connected(provider)
    provider.fake.faults.append(("POST", "/revoke", answer))
    with pytest.raises(ProviderError):
        await revoke(wire.in_memory(provider.fake), module.zoho_crm, CLIENT, tokens)
    await revoke(wire.in_memory(provider.fake), module.zoho_crm, CLIENT, tokens)
    assert not provider.refresh_tokens


async def test_without_a_refresh_token_the_access_token_is_ended(provider: fake.ZohoCrm) -> None:
    tokens = await connected(provider)
    bare = msgspec.structs.replace(tokens, refresh_token=None)
    await revoke(wire.in_memory(provider.fake), module.zoho_crm, CLIENT, bare)
    assert tokens.access_token.reveal() not in provider.fake.tokens


@descriptions.needed
@descriptions.quiet
async def test_revoking_is_asked_as_described(provider: fake.ZohoCrm) -> None:
    tokens = await connected(provider)
    await revoke(wire.in_memory(provider.fake), module.zoho_crm, CLIENT, tokens)
    descriptions.description("zoho_crm").check(provider.fake.requests[-1])


async def test_the_token_travels_as_zoho_wants_it(provider: fake.ZohoCrm) -> None:
    await wire.run(module.zoho_crm, wire.in_memory(provider.fake), "my_tasks", {}, fields=SUBJECT.fields)
    assert provider.fake.requests[0].headers["authorization"] == f"Zoho-oauthtoken {wire.TOKEN}"


async def test_an_expired_token_is_refreshed_once_and_then_it_is_a_reconnect(provider: fake.ZohoCrm) -> None:
    provider.fake.tokens[wire.TOKEN].expired = True
    tokens = wire.HeldToken()
    with pytest.raises(ReconnectRequired):
        await wire.run(
            module.zoho_crm,
            wire.in_memory(provider.fake),
            "my_tasks",
            {},
            fields=SUBJECT.fields,
            tokens=tokens,
        )
    assert tokens.rejections == 1


@pytest.mark.parametrize("kept", [fake.COQL, fake.TASKS_READ])
async def test_a_missing_scope_is_no_expired_token(provider: fake.ZohoCrm, kept: str) -> None:
    """A refresh for it would only use up one of ten."""
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [kept])
    tokens = wire.HeldToken()
    with pytest.raises(MissingScope) as missing:
        await wire.run(
            module.zoho_crm,
            wire.in_memory(provider.fake),
            "my_tasks",
            {},
            fields=SUBJECT.fields,
            tokens=tokens,
        )
    assert missing.value.scopes == [] and tokens.rejections == 0


# ---- the account ---------------------------------------------------------------------------------------------


async def _account(provider: fake.ZohoCrm, fields: dict[str, str], token: str = wire.TOKEN) -> Any:
    http = wire.in_memory(provider.fake)
    return await module.account(
        Api(module.zoho_crm, http, wire.HeldToken(token), fields=fields, deadline_s=5)
    )


async def test_the_account_is_a_person_in_a_data_centre(provider: fake.ZohoCrm) -> None:
    account = await _account(provider, CLIENT.config)
    assert msgspec.to_builtins(account) == {
        "id": f"eu:{fake.ADA}",
        "label": "ada@acme.example in Zoho CRM (eu)",
        "fields": {"user_id": fake.ADA},
    }


async def test_somebody_without_a_crm_is_told_so(provider: fake.ZohoCrm) -> None:
    provider.fake.fail(200, {"users": []}, path="/users")
    with pytest.raises(ToolError):
        await _account(provider, CLIENT.config)


def test_scopes_are_for_one_module_and_one_verb() -> None:
    for name in module.zoho_crm.scopes:
        assert name.rsplit(".", 1)[1] in ("READ", "CREATE", "UPDATE"), name
        assert name.count(".") == (3 if ".modules." in name else 2)
