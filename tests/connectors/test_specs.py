"""Every request of every tool against the provider's own description, and every scope it documents against
those we ask for.

The descriptions stand beside the project (`../shared/providers`), not in it; without them these tests are
skipped. What they do not describe is listed in NOT_DESCRIBED, so that a new request cannot slip through.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import httpx
import pytest
from openapi_core import OpenAPI
from openapi_core.exceptions import OpenAPIError
from openapi_core.testing import MockRequest

from core.connector import Api, Tool
from core.oauth import introspect, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.cases import Case, Subject
from tests.connectors.fakes.fake import Token
from tests.connectors.hubspot_cases import HUBSPOT
from tests.connectors.jira_cases import JIRA
from tests.connectors.record import outcome
from tests.connectors.test_hubspot import REGISTRATION as HUBSPOT_CLIENT
from tests.connectors.test_jira import REGISTRATION as JIRA_CLIENT

PROVIDERS = Path(__file__).parents[3] / "shared" / "providers"
pytestmark = [
    pytest.mark.skipif(
        not PROVIDERS.is_dir(), reason="the providers' descriptions (../shared/providers) are not here"
    ),
    pytest.mark.filterwarnings("ignore:Unsupported scheme type:UserWarning"),
]
SITE = re.compile(r"/ex/jira/[^/]+")

# Requests the descriptions leave out, and where their form is taken from instead.
NOT_DESCRIBED = {
    "hubspot": {
        "GET /crm/v3/owners/{}": "HubSpot's Owners guide",
        "GET /crm/v3/objects/deals/{}": "as contacts, by HubSpot's guide to CRM objects",
        "POST /crm/v3/objects/companies/search": "as contacts, by HubSpot's guide to CRM objects",
        "GET /crm/v3/pipelines/deals": "HubSpot's Pipelines guide",
        "POST /crm/v3/objects/notes": "HubSpot's Notes guide",
    },
    "jira": {"GET /ex/jira/{}/rest/api/3/project/search": "in the official description"},
    "jira official": {"GET /oauth/token/accessible-resources": "not part of the platform API"},
}
# What a request needs that no description in reach says: by HubSpot's guides.
SCOPES_BY_GUIDE = {
    "GET /crm/v3/owners/{}": "crm.objects.owners.read",
    "GET /crm/v3/objects/deals/{}": "crm.objects.deals.read",
    "POST /crm/v3/objects/companies/search": "crm.objects.companies.read",
    "GET /crm/v3/pipelines/deals": "crm.objects.deals.read",
    "POST /crm/v3/objects/notes": "crm.objects.contacts.write",
}


@dataclass(frozen=True)
class Description:
    name: str
    document: dict[str, Any]
    validator: OpenAPI
    path: Callable[[str], str]

    def operation(self, request: httpx.Request) -> dict[str, Any] | None:
        path = self.path(request.url.path)
        exact = sorted(self.document["paths"].items(), key=lambda entry: entry[0].count("{"))
        for template, methods in exact:
            if re.fullmatch(re.sub(r"\{[^}]+\}", "[^/]+", template), path):
                found: dict[str, Any] | None = methods.get(request.method.lower())
                return found
        return None

    def check(self, request: httpx.Request) -> None:
        """Raises on a request the description does not allow: path, query, headers, body and its required
        members."""
        operation = self.operation(request)
        assert operation is not None, f"{request.method} {request.url.path} is not described by {self.name}"
        known = {one["name"] for one in operation.get("parameters", []) if one.get("in") == "query"}
        assert set(request.url.params) <= known, f"unknown query members {set(request.url.params) - known}"
        self.validator.validate_request(
            MockRequest(
                self.document["servers"][0]["url"],
                request.method.lower(),
                self.path(request.url.path),
                args=dict(request.url.params),
                headers=dict(request.headers),
                data=request.content,
                content_type=request.headers.get("content-type", ""),
            )
        )
        _check_members(operation, request)


def _check_members(operation: dict[str, Any], request: httpx.Request) -> None:
    """No member at the top of a body that the (open) schema does not name."""
    content = operation.get("requestBody", {}).get("content", {})
    named = [media["schema"].get("properties") for media in content.values() if "schema" in media]
    if request.headers.get("content-type") == "application/json" and named and named[0]:
        assert set(json.loads(request.content)) <= set(named[0])


@cache
def description(name: str) -> Description:
    places = {
        "hubspot": "specs-handwritten/hubspot",
        "jira": "specs-handwritten/jira",
        "jira official": "specs/jira",
    }
    document = json.loads((PROVIDERS / places[name] / "openapi.json").read_text())
    path = partial(SITE.sub, "") if name == "jira official" else str
    return Description(name, document, OpenAPI.from_dict(document), path)


def route(request: httpx.Request) -> str:
    """`GET /crm/v3/owners/{}`: a request without its ids."""
    path = SITE.sub("/ex/jira/{}", request.url.path)
    return f"{request.method} {re.sub(r'/([0-9]{2,}|[A-Z]+-[0-9]+)(?=/|$)', '/{}', path)}"


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
    pytest.param(subject, name, case, id=f"{name}-{case.tool}__{case.name}".replace(" ", "_"))
    for subject, name in ((HUBSPOT, "hubspot"), (JIRA, "jira"), (JIRA, "jira official"))
    for case in asking(subject)
]


@pytest.mark.parametrize(("subject", "name", "case"), CASES)
async def test_a_tool_asks_as_the_provider_describes_it(subject: Subject, name: str, case: Case) -> None:
    requests = await requests_of(subject, case)
    assert requests
    for request in requests:
        if route(request) not in NOT_DESCRIBED[name]:
            description(name).check(request)


@pytest.mark.parametrize(("subject", "name", "case"), CASES)
async def test_the_declared_scopes_are_those_the_provider_documents(
    subject: Subject, name: str, case: Case
) -> None:
    tool = subject.connector.tools[f"{subject.connector.slug}.{case.tool}"]
    for request in await requests_of(subject, case):
        documented = documented_scopes(name, request)
        for held in ways(tool):
            if name == "jira" and not tool.scopes and held != {"write:jira-work"}:
                continue  # the hand-written subset knows only the classic scopes; the official one is checked for both
            assert any(need <= held for need in documented), (
                f"{route(request)}: {held} is none of {documented}"
            )


def documented_scopes(name: str, request: httpx.Request) -> list[set[str]]:
    """The scope sets of which one has to be held whole."""
    if route(request) in NOT_DESCRIBED[name]:
        return [{SCOPES_BY_GUIDE[route(request)]}] if name == "hubspot" else [set()]
    operation = description(name).operation(request)
    assert operation is not None
    if name == "jira official":
        return [set(one["scopes"]) for one in operation["x-atlassian-oauth2-scopes"]]
    return [set(one["oauth2"]) for one in operation["security"]]


def ways(tool: Tool) -> list[set[str]]:
    """What a grant may hold for the tool: its scopes, with each of the alternatives."""
    return [{*tool.scopes, *one} for one in tool.any_of or ((),)]


def test_nothing_is_asked_for_that_no_tool_needs() -> None:
    for subject in (HUBSPOT, JIRA):
        needed = {scope for tool in subject.connector.tools.values() for scope in tool.all_scopes()}
        assert set(subject.connector.scopes) == needed | set(subject.connector.oauth.always_scopes)


# ---- the token endpoints -------------------------------------------------------------------------------------


async def test_hubspots_token_endpoints_are_asked_as_described() -> None:
    provider = HUBSPOT.provider()
    http, connector = wire.in_memory(provider.fake), HUBSPOT.connector
    provider.codes["the-code"] = Token(HUBSPOT.user, frozenset(HUBSPOT.scopes))
    first = await redeem(
        http, connector, HUBSPOT_CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )
    await refresh(http, connector, HUBSPOT_CLIENT, first, now_ms=0)
    await introspect(http, connector, HUBSPOT_CLIENT, first)
    await revoke(http, connector, HUBSPOT_CLIENT, first)
    assert len(provider.fake.requests) == 4
    for request in provider.fake.requests:
        description("hubspot").check(request)


async def test_atlassians_token_endpoint_and_site_list_are_asked_as_described() -> None:
    provider = JIRA.provider()
    http, connector = wire.in_memory(provider.fake), JIRA.connector
    provider.codes["the-code"] = Token(JIRA.user, frozenset(JIRA.scopes))
    first = await redeem(
        http, connector, JIRA_CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )
    await refresh(http, connector, JIRA_CLIENT, first, now_ms=0)
    api = Api(connector, http, wire.HeldToken(first.access_token.reveal()), fields={}, deadline_s=5)
    assert connector.account_function is not None
    await connector.account_function(api)
    assert len(provider.fake.requests) == 4
    for request in provider.fake.requests:
        description("jira").check(request)


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
        description("hubspot").check(request_)
