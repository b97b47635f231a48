"""GitHub: what each tool asks and answers, and that no argument changes what is asked.

Its refusals are in `test_github_refusals.py`, the tokens in `test_github_tokens.py`, those of single calls in
`test_github_narrowing.py`.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import github, github_oauth
from core.connector import Api, Connector, ToolError
from core.errors import InvalidArguments, Missing, ProviderError
from core.oauth import authorization_url, new_verifier
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.cases import Subject
from tests.connectors.fakes import github as fake
from tests.connectors.fakes.github_search import parse
from tests.connectors.github_cases import CLIENT, SITE
from tests.connectors.github_cases import SUBJECT as APP
from tests.connectors.github_oauth_cases import SUBJECT as OAUTH

DOCS = Path(__file__).parents[2] / "docs" / "connectors"
both = pytest.mark.parametrize("subject", [APP, OAUTH], ids=["app", "oauth"])


@pytest.fixture
def provider() -> fake.GitHub:
    made: fake.GitHub = APP.provider()
    return made


async def call(provider: fake.GitHub, tool: str, **arguments: Any) -> Any:
    return await wire.run(github.github, wire.in_memory(provider.fake), tool, arguments)


def asked(provider: fake.GitHub) -> dict[str, str]:
    return dict(provider.fake.requests[-1].url.params)


# ---- what is asked -------------------------------------------------------------------------------------------


async def test_mine_is_said_in_githubs_own_word_for_me(provider: fake.GitHub) -> None:
    await call(provider, "my_issues", owner="acme", text="login")
    assert asked(provider)["q"] == '"login" is:issue state:open assignee:@me user:acme'
    await call(provider, "my_pull_requests", role="author", open_only=False)
    assert asked(provider)["q"] == "is:pull-request author:@me"
    await call(provider, "my_pull_requests")
    assert asked(provider)["q"] == "is:pull-request state:open review-requested:@me"


async def test_every_search_says_which_kind_it_wants(provider: fake.GitHub) -> None:
    """Without it GitHub answers 422."""
    for tool in ("my_issues", "search_issues", "my_pull_requests"):
        await call(provider, tool, owner="acme")
        assert parse(asked(provider)["q"]).get("is") in ("issue", "pull-request")


async def test_a_search_everywhere_is_no_search(provider: fake.GitHub) -> None:
    with pytest.raises(ToolError):
        await call(provider, "search_issues", text="login")
    assert provider.fake.requests == []


async def test_a_repository_goes_before_an_owner(provider: fake.GitHub) -> None:
    await call(provider, "search_issues", repository=SITE, owner="other")
    assert asked(provider)["q"] == f"is:issue state:open repo:{SITE}"


async def test_every_call_names_the_version_of_the_api_it_was_written_for(provider: fake.GitHub) -> None:
    await call(provider, "my_repositories")
    headers = provider.fake.requests[-1].headers
    assert headers["x-github-api-version"] == "2022-11-28"
    assert headers["accept"] == "application/vnd.github+json" and headers["user-agent"] == "valetkey"


async def test_the_next_page_is_the_number_in_githubs_link(provider: fake.GitHub) -> None:
    first = await call(provider, "search_issues", repository=SITE, text="login", limit=1)
    second = await call(
        provider, "search_issues", repository=SITE, text="login", limit=1, cursor=first["next"]
    )
    assert first["items"] != second["items"] and asked(provider)["page"] == "2"


async def test_a_next_page_at_another_host_is_not_taken(provider: fake.GitHub) -> None:
    link = {"link": '<https://evil.example/search/issues?page=2>; rel="next"'}
    provider.fake.fail(200, {"items": []}, link, path="/search/issues")
    with pytest.raises(ProviderError):
        await call(provider, "my_issues", owner="acme")
    assert {one.url.host for one in provider.fake.requests} == {"api.github.com"}


async def test_only_the_state_of_an_issue_is_changed(provider: fake.GitHub) -> None:
    await call(provider, "set_issue_state", repository=SITE, number=4, state="reopened")
    sent = json.loads(provider.fake.requests[-1].content)
    assert sent == {"state": "open", "state_reason": "reopened"}
    assert provider.issues[SITE, 4]["title"] == "Old login"


async def test_a_pull_request_is_never_closed(provider: fake.GitHub) -> None:
    with pytest.raises(ToolError):
        await call(provider, "set_issue_state", repository=SITE, number=5, state="completed")
    assert [one.method for one in provider.fake.requests] == ["GET"]


async def test_what_is_written_is_written_as_it_is(provider: fake.GitHub) -> None:
    text = '**bold** <b>"quoted"</b>\n@ben `code`'
    await call(provider, "add_comment", repository=SITE, number=1, text=text)
    await call(provider, "create_issue", repository=SITE, title="  A  \n title ", text=text)
    assert provider.comments[-1]["body"] == text
    made = provider.issues[SITE, 6]
    assert (made["title"], made["body"], made["user"]) == ("A title", text, fake.ADA)


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("add_comment", {"number": 1, "text": " \n "}),
        ("add_comment", {"number": 1, "text": ""}),
        ("create_issue", {"title": " "}),
    ],
)
async def test_nothing_is_not_written(provider: fake.GitHub, tool: str, arguments: dict[str, Any]) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, tool, repository=SITE, **arguments)
    assert provider.fake.requests == []


# ---- what comes back -----------------------------------------------------------------------------------------


async def test_what_github_sends_beside_what_is_shown_is_dropped(provider: fake.GitHub) -> None:
    provider.issues[SITE, 1]["body"] = "salary 90000"
    found = json.dumps(await call(provider, "search_issues", repository=SITE))
    assert "90000" not in found and "node_id" not in found and "avatar" not in found


async def test_who_has_left_github_is_nobody(provider: fake.GitHub) -> None:
    gone = {
        "number": 1,
        "title": "x",
        "state": "open",
        "html_url": "u",
        "user": None,
        "assignees": None,
        "labels": ["a", {}],
    }
    provider.fake.fail(200, gone, path="/issues/1")
    issue = await call(provider, "get_issue", repository=SITE, number=1)
    assert (issue["author"], issue["assignees"], issue["labels"]) == (None, [], ["a"])


async def test_a_pull_request_says_that_it_is_one(provider: fake.GitHub) -> None:
    issue = await call(provider, "get_issue", repository="acme/api", number=6)
    assert (issue["kind"], issue["state"]) == ("pull request", "merged")


@both
async def test_a_long_page_is_cut_to_a_tenth(subject: Subject) -> None:
    """The figures stand in the setup page."""
    provider = subject.provider()
    for number in range(10, 110):
        text = f"What happens, how to see it, what should happen instead ({number}). " * 8
        provider.put(
            SITE,
            number,
            f"Something is wrong with part {number}",
            body=text,
            assignees=[fake.ADA],
            labels=["bug"],
        )
    arguments = {"repository": SITE, "text": "something", "limit": 100}
    found = await wire.run(subject.connector, wire.in_memory(provider.fake), "search_issues", arguments)
    assert len(found["items"]) == 100
    raw = len(provider.fake.handle(provider.fake.requests[-1]).content)
    kept = len(msgspec.json.encode(found))
    assert kept * 10 < raw
    told = f"A page of 100 issues: {raw / 1000:.0f} kB from GitHub, {kept / 1000:.0f} kB to the assistant."
    assert told in (DOCS / f"{subject.connector.slug}.md").read_text(), told


# ---- hostile arguments ---------------------------------------------------------------------------------------

NO_REPOSITORY = [
    "", "acme", "acme/", "/website", "acme/website/issues", "acme/..", "acme/.", "../website", "acme/web site",
    "acme/website?x=1", "acme/website#", "acme/website\n", "acme/..\n", "acme website", "-acme/website", "acmé/website",
    "acme/website repo:acme/secret", 'acme/"x"', "acme%2Fwebsite",
]  # fmt: skip


@pytest.mark.parametrize("repository", NO_REPOSITORY)
@pytest.mark.parametrize("tool", ["get_issue", "search_issues"])
def test_a_repository_that_is_none_is_refused(tool: str, repository: str) -> None:
    arguments = {"repository": repository} | ({"number": 1} if tool == "get_issue" else {})
    with pytest.raises(InvalidArguments) as refused:
        github.github.tools[f"github.{tool}"].check(arguments)
    assert refused.value.fields["errors"][0]["path"] == "/repository"


@pytest.mark.parametrize("owner", ["", "acme/x", "a b", "acme is:pr", "@me", "-a", "a\n", "a:b", "é"])
def test_an_owner_that_is_none_is_refused(owner: str) -> None:
    with pytest.raises(InvalidArguments):
        github.github.tools["github.my_issues"].check({"owner": owner})


@given(st.text(max_size=20) | st.from_regex(r"[a-z]{1,4}/[a-z.]{1,4}.{0,3}", fullmatch=True))
async def test_a_repository_either_is_refused_or_stays_two_path_segments(repository: str) -> None:
    provider = APP.provider()
    try:
        await call(provider, "get_issue", repository=repository, number=1)
    except InvalidArguments:
        assert provider.fake.requests == []
        return
    except Missing:
        pass
    (request,) = provider.fake.requests
    assert request.url.raw_path.decode() == f"/repos/{repository}/issues/1"
    assert re.fullmatch(r"[A-Za-z0-9_-]+/[A-Za-z0-9._-]+", repository)


@given(st.text(max_size=200), st.sampled_from(["search_issues", "my_issues"]))
async def test_no_text_changes_the_search_around_it(text: str, tool: str) -> None:
    provider = APP.provider()
    try:
        await call(provider, tool, owner="acme", text=text)
    except InvalidArguments:
        assert provider.fake.requests == []
        return
    qualifiers = dict(parse(asked(provider)["q"]).qualifiers)
    mine = {"assignee": "@me"} if tool == "my_issues" else {}
    assert qualifiers == {"is": "issue", "state": "open", "user": "acme", **mine}


@pytest.mark.parametrize("cursor", ["", "x", "1&q=x", "-1", "1\n", "１", "1" * 7])
def test_a_cursor_github_cannot_have_given_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        github.github.tools["github.my_issues"].check({"cursor": cursor})


# ---- the account and what is asked for -----------------------------------------------------------------------


@both
async def test_the_account_is_a_person_by_number(subject: Subject) -> None:
    provider = subject.provider()
    provider.fake.sign_in("of-ben", fake.BEN, subject.scopes)
    found = []
    for token in (wire.TOKEN, "of-ben"):
        api = Api(
            subject.connector, wire.in_memory(provider.fake), wire.HeldToken(token), fields={}, deadline_s=5
        )
        assert subject.connector.account_function is not None
        account = await subject.connector.account_function(api)
        found.append((account.id, account.label, account.fields))
    assert found == [("7", "ada (Ada Byron)", {}), ("8", "ben", {})]


async def _request(connector: Connector, *scopes: str) -> dict[str, list[str]]:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake), connector, CLIENT, scopes=scopes, optional_scopes=[],
        state=Secret("s"), verifier=new_verifier(),
    )  # fmt: skip
    assert url.startswith("https://github.com/login/oauth/authorize?")
    return parse_qs(urlsplit(url).query)


async def test_an_app_is_asked_for_no_scope_and_an_oauth_app_always_is() -> None:
    by_app = await _request(github.github, fake.ISSUES_READ)
    assert "scope" not in by_app and by_app["code_challenge_method"] == ["S256"]
    assert (await _request(github_oauth.github_oauth, fake.REPO))["scope"] == ["repo"]


# ---- the fallback --------------------------------------------------------------------------------------------


def test_the_fallback_has_the_same_tools_down_to_the_function() -> None:
    assert {tool.function_name: tool.function for tool in github.github.tools.values()} == {
        tool.function_name: tool.function for tool in github_oauth.github_oauth.tools.values()
    }


def test_the_fallback_says_what_it_is_wherever_it_is_chosen() -> None:
    assert "wider" in github_oauth.github_oauth.title
    assert "GitHub App" in github_oauth.github_oauth.cannot[0]
    assert {scope.risk for scope in github_oauth.github_oauth.scope_list} == {"delete"}
    assert "wider" in (DOCS / "github_oauth.md").read_text().splitlines()[2]


def test_no_tool_of_the_app_needs_more_than_issues_and_names() -> None:
    needed = {scope for tool in github.github.tools.values() for scope in tool.all_scopes()}
    assert needed == set(fake.APP_SCOPES)
    assert not any("contents" in scope or "admin" in scope for scope in needed)
