"""Every request of every tool, and of the OAuth flows, against the provider's own description, and every scope it
documents against those we ask for.

The descriptions stand beside the project (`descriptions.py`); without them these tests are skipped. What they do
not describe is listed in each cases module, so that a new request cannot slip through.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pytest
from openapi_core.exceptions import OpenAPIError

from core.connector import Api, Rfc7009, Tool
from core.oauth import introspect, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import descriptions, wire
from tests.connectors.cases import Case, Subject
from tests.connectors.descriptions import Description
from tests.connectors.fakes.fake import Token
from tests.connectors.record import outcome
from tests.connectors.subjects import PROOFS, Proof

pytestmark = [descriptions.needed, descriptions.quiet]


def described(proof: Proof, name: str) -> Description:
    return descriptions.description(name, proof.left_out.get(name))


async def requests_of(subject: Subject, case: Case) -> list[httpx.Request]:
    provider = subject.provider()
    case.prepare(provider)
    await outcome(subject, case, wire.in_memory(provider.fake))
    requests: list[httpx.Request] = provider.fake.requests
    return requests


def asking(subject: Subject) -> Iterator[Case]:
    """The cases that send something else than the others: not the same request with another answer."""
    same = {"unauthorized", "missing_scope", "rate_limited", "server_error", "malformed"}
    return (case for case in subject.cases() if case.name not in same)


CASES = [
    pytest.param(proof, name, case, id=f"{name}-{case.tool}__{case.name}".replace(" ", "_"))
    for proof in PROOFS
    for name in proof.descriptions
    for case in asking(proof.subject)
]


@pytest.mark.parametrize(("proof", "name", "case"), CASES)
async def test_a_tool_asks_as_the_provider_describes_it(proof: Proof, name: str, case: Case) -> None:
    requests = await requests_of(proof.subject, case)
    for request in requests:
        if not proof.leaves_out(name, request):
            described(proof, name).check(request, proof.members(name, request))


@pytest.mark.parametrize(("proof", "name", "case"), CASES)
async def test_the_declared_scopes_are_those_the_provider_documents(
    proof: Proof, name: str, case: Case
) -> None:
    connector, known = proof.subject.connector, known_scopes(described(proof, name))
    tool = connector.tools[f"{connector.slug}.{case.tool}"]
    possible = [held for held in ways(tool) if not known or held <= known] or ways(tool)
    for request in await requests_of(proof.subject, case):
        documented = documented_scopes(proof, name, request)
        for held in possible:
            assert any(need <= proof.opens(held) for need in documented), (
                f"{proof.route(request)}: {held} is none of {documented}"
            )


def known_scopes(of: Description) -> set[str]:
    """What a description has words for: a subset may know only one of a provider's alternatives."""
    schemes = of.document.get("components", {}).get("securitySchemes", {}).values()
    flows = [flow for scheme in schemes for flow in scheme.get("flows", {}).values()]
    told = {scope for flow in flows for scope in flow.get("scopes", {})}
    operations = [one for methods in of.document["paths"].values() for one in methods.values()]
    more = [one.get("x-atlassian-oauth2-scopes", []) for one in operations if isinstance(one, dict)]
    return told.union(*(alternative["scopes"] for one in more for alternative in one))


def documented_scopes(proof: Proof, name: str, request: httpx.Request) -> list[set[str]]:
    """The scope sets of which one has to be held whole; one empty set where the description says nothing."""
    if proof.leaves_out(name, request):
        guide = proof.scopes_by_guide.get(proof.route(request), ())
        return [{guide} if isinstance(guide, str) else set(guide)]
    of = described(proof, name)
    operation = of.operation(request)
    assert operation is not None, f"{proof.route(request)} is not described by {name}"
    if "x-atlassian-oauth2-scopes" in operation:
        return [set(one["scopes"]) for one in operation["x-atlassian-oauth2-scopes"]]
    schemes = of.document.get("components", {}).get("securitySchemes", {})
    oauth = {scheme for scheme, about in schemes.items() if about["type"] == "oauth2"}
    asked = operation.get("security") or []
    return [set(one[scheme]) for one in asked for scheme in one if scheme in oauth] or [set()]


def ways(tool: Tool) -> list[set[str]]:
    """What a grant may hold for the tool: its scopes, with each of the alternatives."""
    return [{*tool.scopes, *one} for one in tool.any_of or ((),)]


# ---- what the descriptions leave out -------------------------------------------------------------------------


@pytest.mark.parametrize("proof", [one for one in PROOFS if one.descriptions], ids=lambda one: one.slug)
async def test_nothing_is_listed_as_not_described_that_is(proof: Proof) -> None:
    sent = {
        (proof.route(request), request)
        for case in asking(proof.subject)
        for request in await requests_of(proof.subject, case)
    }
    for name, listed in proof.not_described.items():
        found = {route for route, request in sent if described(proof, name).operation(request)}
        assert not found & set(listed), f"{name} describes {found & set(listed)}"


# ---- the token endpoints -------------------------------------------------------------------------------------


async def flows(proof: Proof) -> list[httpx.Request]:
    """What connecting, refreshing, asking who it is and ending send."""
    subject, provider = proof.subject, proof.subject.provider()
    http, connector = wire.in_memory(provider.fake), subject.connector
    provider.codes["the-code"] = Token(subject.user, frozenset(subject.scopes))
    given: dict[str, Any] = {"code": Secret("the-code"), "verifier": new_verifier(), "now_ms": 0}
    tokens = await redeem(http, connector, proof.client, **given)
    if tokens.refresh_token is not None:
        tokens = await refresh(http, connector, proof.client, tokens, now_ms=0)
    if connector.oauth.introspection_url:
        await introspect(http, connector, proof.client, tokens)
    fields = {**connector.filled(proof.client.config), **tokens.fields}

    async def told() -> Any:
        return await introspect(http, connector, proof.client, tokens)

    held = wire.HeldToken(tokens.access_token.reveal())
    api = Api(connector, http, held, fields=fields, deadline_s=5, introspection=told)
    assert connector.account_function is not None
    await connector.account_function(api)
    if isinstance(connector.oauth.revocation, Rfc7009):
        await revoke(http, connector, proof.client, tokens)
    requests: list[httpx.Request] = provider.fake.requests
    return requests


@pytest.mark.parametrize("proof", [one for one in PROOFS if one.descriptions], ids=lambda one: one.slug)
async def test_the_oauth_endpoints_are_asked_as_described(proof: Proof) -> None:
    """By every description that has them, and by one at least where they are not listed as left out."""
    requests = await flows(proof)
    assert len(requests) >= 2
    for request in requests:
        having = [name for name in proof.descriptions if described(proof, name).operation(request)]
        left_out = any(proof.leaves_out(name, request) for name in proof.descriptions)
        assert having or left_out, f"{proof.route(request)} is not described"
        for name in having:
            described(proof, name).check(request, proof.members(name, request))


# ---- the check itself ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "request_",
    [
        httpx.Request("GET", "https://api.hubapi.com/crm/v3/objects/contacts/1?propertys=x"),
        httpx.Request("GET", "https://api.hubapi.com/crm/v3/objects/contracts/1"),
        httpx.Request("DELETE", "https://api.hubapi.com/crm/v3/objects/contacts/1"),
        httpx.Request("POST", "https://api.hubapi.com/crm/v3/objects/tasks", json={"associations": []}),
        httpx.Request("POST", "https://api.hubapi.com/crm/v3/objects/contacts/search", json={"limit": "ten"}),
        httpx.Request("POST", "https://api.hubapi.com/crm/v3/objects/contacts/search", json={"filters": []}),
    ],
)  # fmt: skip
def test_the_check_finds_a_wrong_request(request_: httpx.Request) -> None:
    with pytest.raises((AssertionError, OpenAPIError)):
        descriptions.description("hubspot").check(request_)
