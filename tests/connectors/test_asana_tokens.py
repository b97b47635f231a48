"""Asana's account is the person, without a workspace; its scopes are always sent, and its tokens end on revocation."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest

from connectors import _asana_records as records
from connectors import asana as module
from core.connector import Api
from core.errors import TokenRejected
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import asana_cases as cases
from tests.connectors import descriptions, wire
from tests.connectors.fakes import asana as fake
from tests.connectors.fakes.fake import Token, form_of

ASANA, CLIENT = cases.SUBJECT, cases.CLIENT


@pytest.fixture
def provider() -> fake.Asana:
    made: fake.Asana = ASANA.provider()
    return made


def asked(provider: fake.Asana) -> list[httpx.QueryParams]:
    return [request.url.params for request in provider.fake.requests]


@pytest.mark.parametrize(
    ("status", "message", "expected"),
    [
        (403, "Missing OAuth scope tasks:read, stories:write", ["tasks:read", "stories:write"]),
        (401, "The token lacks the scope `tasks:write`.", ["tasks:write"]),
        (403, "This scope is not allowed: tasks:delete", []),
        (403, "You do not have access to this task.", None),
        (400, "scope tasks:read", None),
        (401, "Not Authorized", None),
    ],
)
def test_a_missing_scope_is_told_from_other_refusals(status: int, message: str, expected: Any) -> None:
    assert module.missing_scope(status, {}, {"errors": [{"message": message}]}) == expected


@pytest.mark.parametrize("body", [None, [], {}, {"errors": "scope"}, {"errors": [None, 7]}])
def test_a_refusal_of_another_form_is_no_missing_scope(body: Any) -> None:
    assert module.missing_scope(403, {}, body) is None


async def _account(provider: fake.Asana) -> Any:
    api = Api(module.asana, wire.in_memory(provider.fake), wire.HeldToken(), fields={}, deadline_s=5)
    assert module.asana.account_function is not None
    return await module.asana.account_function(api)


async def test_the_account_is_the_person_and_keeps_no_workspace(provider: fake.Asana) -> None:
    account = await _account(provider)
    assert msgspec.to_builtins(account) == {"id": fake.ADA, "label": "ada@acme.example", "fields": {}}
    assert asked(provider)[0]["opt_fields"] == records.ME


@pytest.mark.parametrize("tools", [[], ["create_task"], ["my_tasks", "add_comment"]])
async def test_scopes_are_always_sent_since_none_would_mean_everything(tools: list[str]) -> None:
    chosen = [scope for name in tools for scope in module.asana.tools[f"asana.{name}"].wanted_scopes()]
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.asana,
        CLIENT,
        scopes=chosen,
        optional_scopes=[],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query)
    assert query["scope"] == [" ".join([fake.USERS_READ, *chosen])]
    assert query["code_challenge_method"] == ["S256"] and "default" not in query["scope"][0]


async def _tokens(provider: fake.Asana) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset({fake.TASKS_READ}))
    http = wire.in_memory(provider.fake)
    return await redeem(
        http, module.asana, CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )


async def test_a_code_becomes_tokens_that_refresh_and_die_on_revocation(provider: fake.Asana) -> None:
    http = wire.in_memory(provider.fake)
    first = await _tokens(provider)
    assert first.scopes is None and first.expires_at == 3_600_000 and first.fields == {}
    second = await refresh(http, module.asana, CLIENT, first, now_ms=0)
    assert second.access_token != first.access_token and second.refresh_token == first.refresh_token
    await revoke(http, module.asana, CLIENT, second)
    with pytest.raises(TokenRejected):
        await refresh(http, module.asana, CLIENT, second, now_ms=0)


@descriptions.needed
@descriptions.quiet
async def test_the_token_endpoints_are_asked_as_the_hand_written_description_has_it(
    provider: fake.Asana,
) -> None:
    document = json.loads((descriptions.PROVIDERS / "specs-handwritten/asana/openapi.json").read_text())
    tokens = await _tokens(provider)
    await refresh(wire.in_memory(provider.fake), module.asana, CLIENT, tokens, now_ms=0)
    await revoke(wire.in_memory(provider.fake), module.asana, CLIENT, tokens)
    assert len(provider.fake.requests) == 3
    for request in provider.fake.requests:
        (media,) = document["paths"][request.url.path]["post"]["requestBody"]["content"].items()
        kind, schema = media[0], media[1]["schema"]
        form = form_of(request)
        assert request.headers["content-type"] == kind and set(schema["required"]) <= set(form)
        assert set(form) - set(schema["properties"]) <= {"token_type_hint"}
