"""Attio's accounts, one for each member of a workspace, and their tokens, which have no end until they are revoked."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest

from connectors import attio as module
from core.connector import Api
from core.errors import (
    ProviderError,
    ReconnectRequired,
    TokenRejected,
    ValetkeyError,
)
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import attio_cases as cases
from tests.connectors import descriptions, wire
from tests.connectors.fakes import attio as fake
from tests.connectors.fakes.fake import Token

ATTIO, CLIENT = cases.SUBJECT, cases.CLIENT


@pytest.fixture
def provider() -> fake.Attio:
    made: fake.Attio = ATTIO.provider()
    return made


async def call(provider: fake.Attio, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.attio, http, tool, arguments, fields=ATTIO.fields)


async def connected(provider: fake.Attio) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset(fake.WRITING))
    http = wire.in_memory(provider.fake)
    given: dict[str, Any] = {"code": Secret("the-code"), "verifier": new_verifier(), "now_ms": 0}
    return await redeem(http, module.attio, CLIENT, **given)


async def account_of(provider: fake.Attio) -> Any:
    http = wire.in_memory(provider.fake)
    api = Api(module.attio, http, wire.HeldToken(), fields={}, deadline_s=5)
    assert module.attio.account_function is not None
    return await module.attio.account_function(api)


# ---- the account ---------------------------------------------------------------------------------------------


async def test_the_account_is_a_member_of_a_workspace(provider: fake.Attio) -> None:
    assert msgspec.to_builtins(await account_of(provider)) == {
        "id": f"{fake.WORKSPACE}:{fake.ADA}",
        "label": "ada@acme.example in Acme",
        "fields": {"member_id": fake.ADA},
    }


async def test_without_the_scope_for_members_nobody_is_looked_up(provider: fake.Attio) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.RECORDS])
    account = await account_of(provider)
    assert account.label == "a member in Acme" and account.id.endswith(fake.ADA)
    assert [one.url.path for one in provider.fake.requests] == ["/v2/self"]


async def test_two_members_of_one_workspace_are_two_accounts(provider: fake.Attio) -> None:
    ada = await account_of(provider)
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.WRITING)
    assert (await account_of(provider)).id != ada.id


@pytest.mark.parametrize(
    "told",
    [
        {"active": False},
        {"active": True, "workspace_id": "w"},
        {"active": True, "authorized_by_workspace_member_id": "m"},
        {"active": True, "workspace_id": "w", "authorized_by_workspace_member_id": None},
    ],
)
async def test_a_token_that_names_nobody_makes_no_account(provider: fake.Attio, told: dict[str, Any]) -> None:
    provider.fake.fail(200, told, path="/v2/self")
    with pytest.raises(ValetkeyError):
        await account_of(provider)


# ---- the tokens ----------------------------------------------------------------------------------------------


async def test_no_scope_travels_to_the_authorization_address() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.attio,
        CLIENT,
        scopes=[fake.RECORDS],
        optional_scopes=[],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert url.startswith("https://app.attio.com/authorize?") and "scope" not in query
    assert query["response_type"] == ["code"] and query["code_challenge_method"] == ["S256"]


async def test_a_token_has_no_end_and_nothing_to_refresh_it_with(provider: fake.Attio) -> None:
    tokens = await connected(provider)
    assert (tokens.expires_at, tokens.refresh_token, tokens.scopes) == (None, None, None)
    with pytest.raises(TokenRejected):
        await refresh(wire.in_memory(provider.fake), module.attio, CLIENT, tokens, now_ms=0)
    assert len(provider.fake.requests) == 1


async def test_a_token_that_is_refused_means_to_connect_again_and_is_asked_about_once(
    provider: fake.Attio,
) -> None:
    provider.fake.tokens.clear()
    with pytest.raises(ReconnectRequired):
        await call(provider, "my_tasks")
    assert len(provider.fake.requests) == 1


async def test_revoking_sends_the_token_alone_and_takes_no_content_for_an_answer(
    provider: fake.Attio,
) -> None:
    tokens, http = await connected(provider), wire.in_memory(provider.fake)
    await revoke(http, module.attio, CLIENT, tokens)
    request = provider.fake.requests[-1]
    assert str(request.url) == "https://app.attio.com/oauth/revoke" and request.method == "POST"
    assert parse_qs(request.content.decode()) == {"token": [tokens.access_token.reveal()]}
    assert "authorization" not in request.headers
    assert tokens.access_token.reveal() not in provider.fake.tokens
    await revoke(http, module.attio, CLIENT, tokens)  # a token that is gone is as good as revoked


@descriptions.needed
@descriptions.quiet
async def test_revoking_is_asked_as_attio_describes_it(provider: fake.Attio) -> None:
    await revoke(wire.in_memory(provider.fake), module.attio, CLIENT, await connected(provider))
    descriptions.description("attio").check(provider.fake.requests[-1])


@pytest.mark.parametrize("status", [400, 403, 404, 429, 500, 503])
async def test_a_revocation_that_is_not_confirmed_is_tried_again(provider: fake.Attio, status: int) -> None:
    tokens, http = await connected(provider), wire.in_memory(provider.fake)
    provider.fake.fail(status, {"error": "no"}, path="/oauth/revoke")
    with pytest.raises(ProviderError):
        await revoke(http, module.attio, CLIENT, tokens)
    await revoke(http, module.attio, CLIENT, tokens)
    assert tokens.access_token.reveal() not in provider.fake.tokens
