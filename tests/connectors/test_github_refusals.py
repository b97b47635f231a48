"""GitHub's refusals: limits, missing permissions and closed doors are told apart, though most of them are a 403."""

from __future__ import annotations

from typing import Any

import pytest

from connectors import _github_tokens, github
from core.connector import ToolError
from core.errors import Missing, ProviderError, ProviderRateLimited
from tests.connectors import wire
from tests.connectors.fakes import github as fake
from tests.connectors.github_cases import SITE
from tests.connectors.github_cases import SUBJECT as APP


@pytest.fixture
def provider() -> fake.GitHub:
    made: fake.GitHub = APP.provider()
    return made


async def call(provider: fake.GitHub, tool: str, **arguments: Any) -> Any:
    return await wire.run(github.github, wire.in_memory(provider.fake), tool, arguments)


async def test_githubs_limits_are_rate_limits_although_they_are_403(
    provider: fake.GitHub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_github_tokens, "_now_s", lambda: 1_790_000_000)
    spent = {"x-ratelimit-remaining": "0", "x-ratelimit-reset": "1790000090"}
    secondary = {"message": "You have exceeded a secondary rate limit."}
    for status, body, headers, wait in (
        (403, {}, {"retry-after": "90"}, 90),
        (403, {"message": "API rate limit exceeded"}, spent, 90),
        (429, {}, spent, 90),
        (403, secondary, {}, 60),
        (403, {}, {**spent, "x-ratelimit-reset": "1"}, 1),
        (403, {}, {**spent, "x-ratelimit-reset": "9999999999"}, 3600),
    ):
        provider.fake.fail(status, body, headers, path="/user/repos", times=3)
        with pytest.raises(ProviderRateLimited) as limited:
            await call(provider, "my_repositories")
        assert limited.value.fields["retry_after"] == wait
        provider.fake.faults.clear()


async def test_a_read_is_repeated_after_a_short_wait_and_a_write_is_not(provider: fake.GitHub) -> None:
    provider.fake.fail(403, {}, {"retry-after": "0"}, path="/user/repos")
    assert (await call(provider, "my_repositories"))["items"]
    provider.fake.fail(403, {}, {"retry-after": "0"}, path="/comments", method="POST")
    said = len(provider.comments)
    with pytest.raises(ProviderRateLimited):
        await call(provider, "add_comment", repository=SITE, number=1, text="x")
    assert len(provider.comments) == said


async def test_a_403_that_is_neither_is_a_refusal_of_githubs(provider: fake.GitHub) -> None:
    body = {"message": "Repository was archived so is read-only."}
    provider.fake.fail(403, body, {"x-ratelimit-remaining": "4999"}, path="/comments")
    with pytest.raises(ProviderError) as refused:
        await call(provider, "add_comment", repository=SITE, number=1, text="x")
    assert refused.value.fields["provider_status"] == 403 and "archived" not in str(refused.value)


async def test_single_sign_on_is_told_to_the_person(provider: fake.GitHub) -> None:
    headers = {"x-github-sso": "required; url=https://github.com/orgs/acme/sso?authorization_request=x"}
    provider.fake.fail(
        403, {"message": "Resource protected by organization SAML enforcement."}, headers, path="/1"
    )
    with pytest.raises(ToolError) as told:
        await call(provider, "get_issue", repository=SITE, number=1)
    assert "sign-on" in str(told.value) and "authorization_request" not in str(told.value)


async def test_a_closed_tracker_is_nothing_there(provider: fake.GitHub) -> None:
    provider.fake.fail(410, {"message": "Issues are disabled for this repo"}, path="/issues")
    with pytest.raises(Missing):
        await call(provider, "create_issue", repository=SITE, title="x")


async def test_what_is_hidden_looks_like_what_is_not_there(provider: fake.GitHub) -> None:
    told = []
    for repository, number in (("acme/secret", 7), ("acme/nothing", 7)):
        with pytest.raises(Missing) as missing:
            await call(provider, "get_issue", repository=repository, number=number)
        told.append(str(missing.value))
    assert told[0] == told[1] and "or does not show it" in told[0]


@pytest.mark.parametrize(
    ("status", "headers", "message", "expected"),
    [
        (403, {"x-accepted-github-permissions": "issues=write"}, True, ["issues:write"]),
        (403, {"x-accepted-github-permissions": "issues=write; pull_requests=write"}, True, ["issues:write"]),
        (
            403,
            {"x-accepted-github-permissions": "issues=write,contents=read"},
            True,
            ["issues:write", "contents:read"],
        ),
        (403, {}, True, []),
        (403, {"x-accepted-github-permissions": "issues=write"}, False, None),
        (404, {"x-accepted-github-permissions": "issues=write"}, True, None),
    ],
)
def test_a_missing_permission_is_told_from_other_refusals(
    status: int, headers: dict[str, str], message: bool, expected: list[str] | None
) -> None:
    body = {"message": "Resource not accessible by integration"} if message else {"message": 7}
    assert _github_tokens.missing_permission(status, headers, body) == expected
    assert _github_tokens.missing_permission(status, headers, None) is None


@pytest.mark.parametrize(
    ("status", "accepted", "held", "expected"),
    [
        (403, "repo", "read:user", ["repo"]),
        (403, "public_repo, repo", "", ["public_repo"]),
        (403, "public_repo", "repo", None),
        (403, "repo", "repo, gist", None),
        (403, "", "repo", None),
        (404, "repo", "", None),
    ],
)
def test_a_missing_oauth_scope_is_told_from_other_refusals(
    status: int, accepted: str, held: str, expected: list[str] | None
) -> None:
    headers = {"x-accepted-oauth-scopes": accepted, "x-oauth-scopes": held}
    assert _github_tokens.missing_oauth_scope(status, headers, None) == expected
