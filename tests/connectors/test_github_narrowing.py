"""GitHub's tokens for a call: each does no more than the call needs, or there is no call. The app's own requests, and a
person's call through the whole house."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors import github
from core import connecting, oauth
from core.connector import ToolError
from core.errors import (
    Missing,
    ProviderError,
    ProviderRateLimited,
    ReconnectRequired,
    ValetkeyError,
)
from core.model import ConnectSession
from core.oauth import TokenSet, revoke
from core.secret import Secret
from tests.connectors import descriptions, wire
from tests.connectors.fakes import github as fake
from tests.connectors.fakes.fake import Token, body_of
from tests.connectors.github_cases import CLIENT, NEW, SITE
from tests.connectors.household import Household, household

WIDE = wire.TOKEN
SCOPED = "/token/scoped"


class Small(wire.HeldToken):
    """As the house has it: a smaller token for each call, made from the wide one."""

    def __init__(self, provider: fake.GitHub, tool: str, arguments: dict[str, Any]) -> None:
        super().__init__()
        self._provider, self._tool = provider, github.github.tools[f"github.{tool}"]
        self._arguments = self._tool.check(arguments)
        self._made: Secret | None = None

    async def access_token(self) -> Secret:
        self._made = self._made or await oauth.narrowed(
            wire.in_memory(self._provider.fake), github.github, CLIENT, TokenSet(Secret(WIDE)),
            scopes=self._tool.wanted_scopes(), tool=self._tool.function_name, arguments=self._arguments,
        )  # fmt: skip
        return self._made


def populated(*installed: str) -> fake.GitHub:
    provider = fake.populated(installed or ("acme",))
    provider.fake.sign_in(WIDE, fake.ADA, fake.APP_SCOPES)
    return provider


@pytest.fixture
def provider() -> fake.GitHub:
    return populated()


async def call(provider: fake.GitHub, tool: str, **arguments: Any) -> Any:
    http, tokens = wire.in_memory(provider.fake), Small(provider, tool, arguments)
    return await wire.run(github.github, http, tool, arguments, tokens=tokens)


def made(provider: fake.GitHub) -> Any:
    """What the smaller token was asked for with, without the wide one."""
    (request,) = [one for one in provider.fake.requests if one.url.path.endswith(SCOPED)]
    body = body_of(request)
    assert body.pop("access_token") == WIDE
    return body


def bearers(provider: fake.GitHub) -> set[tuple[str, str]]:
    """Which token went where."""
    told = ((one.headers.get("authorization", ""), one.url.path) for one in provider.fake.requests)
    return {(header.removeprefix("Bearer "), path) for header, path in told if header.startswith("Bearer ")}


# ---- as small as the call ------------------------------------------------------------------------------------

READ, WRITE = {"metadata": "read", "issues": "read"}, {"metadata": "read", "issues": "write"}
ONE = {"repository": SITE, "number": 1}


@pytest.mark.parametrize(
    ("tool", "arguments", "repositories", "permissions"),
    [
        ("get_issue", ONE, ["website"], READ),
        ("read_comments", ONE, ["website"], READ),
        ("search_issues", {"repository": SITE}, ["website"], READ),
        ("search_issues", {"owner": "acme"}, None, READ),
        ("my_issues", {"owner": "acme"}, None, READ),
        ("my_pull_requests", {"owner": "acme"}, None, {"metadata": "read", "pull_requests": "read"}),
        ("my_repositories", {"owner": "acme"}, None, {"metadata": "read"}),
        ("create_issue", NEW, ["website"], WRITE),
        ("add_comment", {**ONE, "text": "x"}, ["website"], WRITE),
        ("set_issue_state", {**ONE, "state": "completed"}, ["website"], WRITE),
    ],
)
async def test_a_call_is_made_with_a_token_for_that_place_and_that_permission(
    provider: fake.GitHub,
    tool: str,
    arguments: dict[str, Any],
    repositories: list[str] | None,
    permissions: Any,
) -> None:
    await call(provider, tool, **arguments)
    asked = made(provider)
    assert asked.pop("repositories", None) == repositories
    assert asked == {"target": "acme", "permissions": permissions}
    assert all(token.startswith("small-") for token, _ in bearers(provider))


async def test_a_token_made_for_one_repository_opens_no_other(provider: fake.GitHub) -> None:
    provider.put("acme/api", 1, "Login there")
    small = await Small(provider, "get_issue", ONE).access_token()
    arguments = {"repository": "acme/api", "number": 1}
    with pytest.raises(Missing):
        await wire.run(
            github.github,
            wire.in_memory(provider.fake),
            "get_issue",
            arguments,
            tokens=wire.HeldToken(small.reveal()),
        )


async def test_a_token_made_for_reading_writes_nothing(provider: fake.GitHub) -> None:
    small = await Small(provider, "get_issue", ONE).access_token()
    assert provider.fake.tokens[small.reveal()].scopes == {fake.METADATA, fake.ISSUES_READ}


async def test_what_names_no_place_is_about_the_one_owner_there_is(provider: fake.GitHub) -> None:
    found = await call(provider, "my_issues")
    assert {one["repository"] for one in found["items"]} == {SITE}
    assert made(provider) == {"target": "acme", "permissions": READ}
    assert {path for token, path in bearers(provider) if token == WIDE} == {"/user/installations"}


async def test_of_several_owners_none_is_guessed() -> None:
    provider = populated("other", "acme", "ada")
    with pytest.raises(ToolError) as refused:
        await call(provider, "my_issues")
    assert "(acme, ada, other)" in str(refused.value)
    assert refused.value.fields["errors"][0]["path"] == "/owner"
    assert [one.url.path for one in provider.fake.requests] == ["/user/installations"]
    found = await call(provider, "my_issues", owner="ada")
    assert {one["repository"] for one in found["items"]} == {"ada/notes"}


async def test_an_installation_that_is_suspended_is_none(provider: fake.GitHub) -> None:
    installations = [
        {"account": {"login": "acme"}, "suspended_at": "2026-11-01T08:00:00Z"},
        {"account": {"slug": "an-enterprise"}},
        {"account": None},
    ]
    provider.fake.fail(200, {"total_count": 3, "installations": installations}, path="/user/installations")
    with pytest.raises(ToolError) as refused:
        await call(provider, "my_issues")
    assert "not installed" in str(refused.value)


# ---- or none at all ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "error"),
    [
        (401, {"message": "Requires authentication"}, ProviderError),
        (403, {"message": "Forbidden"}, ProviderError),
        (403, {"message": "You have exceeded a secondary rate limit."}, ProviderRateLimited),
        (404, {"message": "Not Found"}, Missing),
        (422, {"message": "Validation Failed"}, Missing),
        (429, {}, ProviderError),
        (500, {}, ProviderError),
        (503, "", ProviderError),
        (200, "", ProviderError),
        (200, '{"token": "smal', ProviderError),
        (200, {"id": 1}, ProviderError),
        (200, {"token": 7}, ProviderError),
        (200, {"token": ""}, ProviderError),
        (200, {"token": "a b"}, ProviderError),
        (200, {"token": "a\r\nx-evil: 1"}, ProviderError),
        (200, {"token": WIDE}, ProviderError),
        (200, [], ProviderError),
        (302, "", ValetkeyError),
    ],
)
async def test_without_a_smaller_token_there_is_no_call(
    provider: fake.GitHub, status: int, body: Any, error: type[ValetkeyError]
) -> None:
    provider.fake.fail(
        status, body, {"location": "https://evil.example/"} if status == 302 else None, path=SCOPED
    )
    with pytest.raises(error) as refused:
        await call(provider, "add_comment", **ONE, text="x")
    assert bearers(provider) == set() and len(provider.comments) == 2
    assert WIDE not in f"{refused.value!r} {refused.value.fields}"


@pytest.mark.parametrize("status", [403, 404, 500, 503])
async def test_without_knowing_the_owner_there_is_no_call(provider: fake.GitHub, status: int) -> None:
    provider.fake.fail(status, {}, path="/user/installations")
    with pytest.raises(ProviderError):
        await call(provider, "my_issues")
    assert bearers(provider) == {(WIDE, "/user/installations")}


@pytest.mark.parametrize("tool", ["get_issue", "my_issues"])
async def test_a_dead_token_is_told_from_a_place_that_is_not_there(provider: fake.GitHub, tool: str) -> None:
    """GitHub answers both with 404; only the first may end the connection."""
    arguments = ONE if tool == "get_issue" else {}
    provider.fake.fail(404, {}, path=SCOPED)
    with pytest.raises(Missing):
        await call(provider, tool, **arguments)
    provider.fake.tokens[WIDE].expired = True
    with pytest.raises(ReconnectRequired):
        await call(provider, tool, **arguments)


async def test_a_place_that_is_not_open_is_named(provider: fake.GitHub) -> None:
    with pytest.raises(Missing) as refused:
        await call(provider, "get_issue", repository="acme/secret", number=7)
    assert "acme/secret" in str(refused.value)
    with pytest.raises(Missing):
        await call(provider, "my_issues", owner="nobody")


async def test_a_permission_the_app_does_not_have_opens_nothing(provider: fake.GitHub) -> None:
    provider.fake.sign_in(WIDE, fake.ADA, [fake.METADATA, fake.ISSUES_READ])
    with pytest.raises(Missing):
        await call(provider, "add_comment", **ONE, text="x")
    assert len(provider.comments) == 2


# ---- the app's own requests ----------------------------------------------------------------------------------


def given(provider: fake.GitHub) -> TokenSet:
    """What a person's sign-in leaves."""
    answer = provider.give(Token(fake.ADA, frozenset(fake.APP_SCOPES)))
    return TokenSet(Secret(answer["access_token"]), Secret(answer["refresh_token"]))


async def end(provider: fake.GitHub, tokens: TokenSet, *, alone: bool) -> None:
    await revoke(wire.in_memory(provider.fake), github.github, CLIENT, tokens, alone=alone)


async def test_the_apps_own_requests_carry_its_secret_in_the_header_and_tokens_in_the_body(
    provider: fake.GitHub,
) -> None:
    first = given(provider)
    await call(provider, "get_issue", **ONE)
    await end(provider, first, alone=True)
    own = [one for one in provider.fake.requests if "/applications/" in one.url.path]
    assert len(own) == 2
    for request in own:
        assert request.headers["authorization"].startswith("Basic ")
        assert WIDE not in str(request.url) and first.access_token.reveal() not in str(request.url)
        assert fake.CLIENT[1] not in f"{request.url} {request.content!r}"


@descriptions.needed
@descriptions.quiet
async def test_the_apps_own_requests_are_as_github_describes_them(provider: fake.GitHub) -> None:
    first = given(provider)
    await call(provider, "my_issues")
    provider.fake.fail(404, {}, path=SCOPED)
    with pytest.raises(Missing):
        await call(provider, "get_issue", **ONE)
    await end(provider, first, alone=False)
    await end(provider, first, alone=True)
    checked = [one for one in provider.fake.requests if _is_own(one)]
    assert {(one.method, one.url.path.rpartition("/")[2]) for one in checked} == {
        ("GET", "installations"), ("POST", "scoped"), ("POST", "token"), ("DELETE", "token"), ("DELETE", "grant"),
    }  # fmt: skip
    for request in checked:
        descriptions.description("github official").check(request)


def _is_own(request: httpx.Request) -> bool:
    return request.url.path.startswith(("/applications/", "/user/installations"))


# ---- through the house ---------------------------------------------------------------------------------------


class AtGitHub(Household):
    """An app's authorization request has no scope: what was agreed to is what its tools need."""

    async def agree(self, session: ConnectSession) -> tuple[list[str], str, str, Secret]:
        page = await connecting.open_page(self.house, session.id, None)
        tools = tuple(tool.name for tool in page.notice.tools)
        url = await connecting.approve(
            self.house, session.id, page.browser, tools, page.notice.durations[0].value
        )
        query = parse_qs(urlsplit(url).query)
        return list(fake.APP_SCOPES), query["state"][0], query["redirect_uri"][0], page.browser


@pytest.fixture
async def house(tmp_path: Path) -> AsyncIterator[AtGitHub]:
    async with household(tmp_path, github.github, fake.populated(), fake.CLIENT) as one:
        yield AtGitHub(one.house, one.admin, one.assistant, one.key, one.slug, one.provider)


async def test_a_persons_call_is_made_with_a_small_token_that_ends_with_it(house: AtGitHub) -> None:
    grant = await house.connect("ada", fake.ADA, "get_issue", "my_issues")
    assert (grant.status, grant.account_label) == ("active", "ada (Ada Byron)")
    provider = house.provider
    provider.fake.requests.clear()
    issue = await house.call("ada", "get_issue", **ONE)
    assert issue["title"] == "Fix login"
    await house.house.close(patience_s=5)
    assert {token[:6] for token, _ in bearers(provider)} == {"small-"}
    assert provider.ended == ["token"]
    assert [token[:5] for token in provider.fake.tokens] == ["wide-"]


async def test_stopping_the_last_grant_of_a_person_ends_all_at_github(house: AtGitHub) -> None:
    first = await house.connect("ada", fake.ADA, "my_issues")
    second = await house.connect("bea", fake.ADA, "my_issues")
    await house.stop(first)
    assert house.provider.ended == ["token"] and len(house.provider.fake.tokens) == 1
    await house.stop(second)
    assert house.provider.ended == ["token", "grant"] and house.provider.fake.tokens == {}


async def test_an_expired_token_is_refreshed_before_a_small_one_is_made(house: AtGitHub) -> None:
    await house.connect("ada", fake.ADA, "my_issues")
    for token in house.provider.fake.tokens.values():
        token.expired = True
    found = await house.call("ada", "my_issues", owner="acme")
    assert json.dumps(found).count("Fix login") == 1
