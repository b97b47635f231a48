"""Notion's accounts, one for each person in a workspace, and their tokens: they rotate, and both end together."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from connectors import notion as module
from core.connector import Api, RevocationContext
from core.errors import ProviderError, TokenRejected
from core.oauth import TokenSet, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import descriptions, wire
from tests.connectors import notion_cases as cases
from tests.connectors.fakes import notion as fake
from tests.connectors.fakes.fake import Token

NOTION, REGISTRATION = cases.SUBJECT, cases.CLIENT


@pytest.fixture
def provider() -> fake.Notion:
    made: fake.Notion = NOTION.provider()
    return made


async def _account(provider: fake.Notion, fields: dict[str, str] | None = None) -> Any:
    api = Api(
        module.notion, wire.in_memory(provider.fake), wire.HeldToken(), fields=fields or {}, deadline_s=5
    )
    assert module.notion.account_function is not None
    return msgspec.to_builtins(await module.notion.account_function(api))


async def test_the_account_is_a_person_in_a_workspace(provider: fake.Notion) -> None:
    assert await _account(provider) == {
        "id": f"{fake.WORKSPACE}:{fake.ADA}",
        "label": "ada@acme.example in Acme",
        "fields": {"user_id": fake.ADA},
    }


async def test_two_people_of_a_workspace_are_two_accounts(provider: fake.Notion) -> None:
    first = await _account(provider)
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.ALL_SCOPES)
    assert (await _account(provider))["id"] != first["id"]


async def test_without_the_user_capability_the_account_has_its_id_all_the_same(provider: fake.Notion) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.READ])
    account = await _account(provider)
    assert (account["id"], account["label"]) == (f"{fake.WORKSPACE}:{fake.ADA}", "You in Acme")


async def test_the_workspace_is_taken_from_the_token_answer_where_the_bot_does_not_say(
    provider: fake.Notion,
) -> None:
    told = {"object": "user", "id": fake.BOT, "bot": {"owner": {"type": "user", "user": {"id": fake.ADA}}}}
    provider.fake.fail(200, told, path="/users/me")
    assert (await _account(provider, {"workspace_id": "w1"}))["id"] == f"w1:{fake.ADA}"


async def _tokens(provider: fake.Notion) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset(fake.ALL_SCOPES))
    http = wire.in_memory(provider.fake)
    given = {"code": Secret("the-code"), "verifier": new_verifier(), "now_ms": 0}
    return await redeem(http, module.notion, REGISTRATION, **given)


async def test_a_code_becomes_tokens_that_rotate(provider: fake.Notion) -> None:
    """By Basic and JSON, and without a member that Notion would refuse: the fake does."""
    http, first = wire.in_memory(provider.fake), await _tokens(provider)
    assert (
        first.expires_at is None and first.scopes is None and first.fields == {"workspace_id": fake.WORKSPACE}
    )
    second = await refresh(http, module.notion, REGISTRATION, first, now_ms=0)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(TokenRejected):
        await refresh(http, module.notion, REGISTRATION, first, now_ms=0)


async def test_both_tokens_end_on_revocation_and_may_end_twice(provider: fake.Notion) -> None:
    http, tokens = wire.in_memory(provider.fake), await _tokens(provider)
    await revoke(http, module.notion, REGISTRATION, tokens)
    assert tokens.access_token.reveal() not in provider.fake.tokens and provider.refresh_tokens == {}
    await revoke(http, module.notion, REGISTRATION, tokens)


@pytest.mark.parametrize(
    ("status", "told"),
    [(503, {}), (401, {"error": "invalid_client"}), (400, {"code": "validation_error"}), (403, "no")],
)
async def test_an_end_that_is_not_confirmed_is_asked_for_again(
    provider: fake.Notion, status: int, told: Any
) -> None:
    http, tokens = wire.in_memory(provider.fake), await _tokens(provider)
    provider.fake.fail(status, told, path="/revoke")
    with pytest.raises(ProviderError) as refused:
        await revoke(http, module.notion, REGISTRATION, tokens)
    assert tokens.access_token.reveal() not in str(refused.value)


@descriptions.needed
@descriptions.quiet
async def test_revocation_is_asked_as_described(provider: fake.Notion) -> None:
    tokens = await _tokens(provider)
    context = RevocationContext(http=wire.in_memory(provider.fake), registration=REGISTRATION, tokens=tokens)
    await module.revoke(context)
    sent = [one for one in provider.fake.requests if one.url.path.endswith("/revoke")]
    assert len(sent) == 2
    for request in sent:
        descriptions.description("notion").check(request)
        assert set(json.loads(request.content)) == {"token"}
