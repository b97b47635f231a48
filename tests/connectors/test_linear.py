"""Linear: that only stored documents are sent whatever anybody writes, what its refusals mean, and how it is ended."""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import msgspec
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _linear_documents as documents
from connectors import _linear_refusals as refusals
from connectors import linear as module
from core.connector import Api, MissingScope, ToolError
from core.errors import (
    InvalidArguments,
    Missing,
    ProviderError,
    ProviderRateLimited,
    ReconnectRequired,
    TokenEndpointUnavailable,
    TokenRejected,
)
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import descriptions, wire
from tests.connectors import linear_cases as cases
from tests.connectors.fakes import linear as fake
from tests.connectors.fakes.fake import Token, form_of
from tests.connectors.fakes.linear_schema import EVERYTHING
from tests.connectors.graphql_answers import answers
from tests.connectors.record import still_time

LINEAR, CLIENT = cases.SUBJECT, cases.CLIENT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "linear.md"
SCHEMA = descriptions.PROVIDERS / "specs" / "linear" / "schema.graphql"
official = pytest.mark.skipif(
    not SCHEMA.is_file(), reason="Linear's schema (../shared/providers) is not here"
)


@pytest.fixture
def provider() -> fake.Linear:
    made: fake.Linear = LINEAR.provider()
    return made


@cache
def schema() -> GraphQLSchema:
    return build_schema(SCHEMA.read_text(), assume_valid=True)


async def call(provider: fake.Linear, tool: str, **arguments: Any) -> Any:
    with still_time(LINEAR):
        return await wire.run(
            module.linear, wire.in_memory(provider.fake), tool, arguments, fields=LINEAR.fields
        )


def sent(provider: fake.Linear) -> list[dict[str, Any]]:
    return [json.loads(one.content) for one in provider.fake.requests]


# ---- only stored documents -----------------------------------------------------------------------------------

TEXTS: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("search_issues", "text", {}), ("create_issue", "title", {"team": "ENG"}),
    ("create_issue", "description", {"team": "ENG", "title": "x"}), ("add_comment", "text", {"issue_id": "ENG-1"}),
    ("update_issue", "state", {"issue_id": "ENG-1"}), ("my_issues", "cursor", {}), ("get_issue", "issue_id", {}),
    ("list_states", "team", {}), ("create_issue", "team", {"title": "x"}),
)  # fmt: skip
BREAKING = (
    '"', '") { viewer { id } } #', '"""', "\\", "\n", "\r\n", "{}", "$input", "}} mutation X { issueDelete(id: 1) { success } }",
    "🎉", "\u2028", "\u202e", "null", "%00", "../..", "#",
)  # fmt: skip
anything = st.one_of(
    st.text(max_size=200), st.sampled_from(BREAKING), st.lists(st.sampled_from(BREAKING)).map("".join)
)


@settings(deadline=None)
@given(anything, st.sampled_from(TEXTS))
async def test_whatever_is_written_each_request_is_a_stored_document(
    text: str, where: tuple[str, str, dict[str, Any]]
) -> None:
    """Byte for byte; and the text, where it is taken, stands in the variables as it was written."""
    tool, argument, others = where
    provider = LINEAR.provider()
    try:
        await call(provider, tool, **others, **{argument: text})
    except (InvalidArguments, Missing):
        pass
    for body in sent(provider):
        assert set(body) == {"query", "variables"}
        assert body["query"] in documents.ALL
    if argument in ("text", "description") and sent(provider) and text.strip():
        assert text.strip() in _texts(sent(provider)[-1]["variables"])


def _texts(node: Any) -> list[str]:
    if isinstance(node, dict):
        return [text for value in node.values() for text in _texts(value)]
    return [node] if isinstance(node, str) else []


@pytest.mark.parametrize(("tool", "argument", "others"), TEXTS)
@pytest.mark.parametrize("text", ["a\0b", "x" * 1_000_000, "🎉" * 300_000])
async def test_a_nul_and_a_megabyte_are_refused_and_nothing_is_sent(
    provider: fake.Linear, tool: str, argument: str, others: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, tool, **others, **{argument: text})
    assert provider.fake.requests == []


async def test_every_stored_document_is_sent_by_some_case() -> None:
    seen: set[str] = set()
    for case in LINEAR.cases():
        provider = LINEAR.provider()
        try:
            await call(provider, case.tool, **case.arguments)
        except (InvalidArguments, Missing):
            pass
        seen |= {body["query"] for body in sent(provider)}
    assert seen == documents.ALL - {documents.WHO}


@official
@pytest.mark.parametrize("document", sorted(documents.ALL))
def test_a_document_is_valid_against_linears_schema(document: str) -> None:
    assert validate(schema(), parse(document)) == []


@official
def test_the_check_finds_a_wrong_document() -> None:
    assert validate(schema(), parse("query X { viewer { id salary } }"))
    assert validate(schema(), parse("query X { issue { id } }"))


@pytest.mark.parametrize(
    ("document", "fields"),
    [
        (documents.WHO, "viewer id name email organization id name"),
        (documents.TEAMS, "teams nodes key name pageInfo hasNextPage endCursor"),
        (
            documents.SEARCH,
            "searchIssues nodes identifier title priorityLabel dueDate url state name type assignee name"
            " pageInfo hasNextPage endCursor",
        ),
        (
            documents.ISSUE,
            "issue identifier title priorityLabel dueDate url state name type assignee name description createdAt"
            " updatedAt team key comments nodes body createdAt user name pageInfo hasNextPage",
        ),
        (documents.CREATE_ISSUE, "issueCreate success issue identifier url"),
        (documents.ADD_COMMENT, "commentCreate success comment id url"),
    ],
)
def test_no_field_is_asked_for_that_is_not_shown_or_needed(document: str, fields: str) -> None:
    assert _selected(parse(document).definitions[0]) == fields.split()


def _selected(node: Any) -> list[str]:
    inner = node.selection_set.selections if node.selection_set else ()
    return [name for one in inner for name in (one.name.value, *_selected(one))]


@official
@pytest.mark.parametrize("document", sorted(documents.ALL))
@settings(deadline=None)
@given(data=st.data())
async def test_whatever_the_schema_allows_as_an_answer_is_decoded(document: str, data: st.DataObject) -> None:
    """Or is a clear provider_error; never a traceback. Empty lists, nulls and odd texts included."""
    tool, arguments = ASKED[document]
    given_ = data.draw(answers(schema(), parse(document)))
    provider = LINEAR.provider()

    def handle(request: httpx.Request) -> httpx.Response:
        body = json.loads(request.content)
        if body["query"] == document:
            return httpx.Response(200, json={"data": given_})
        return provider.fake.handle(request)

    http = wire.through(httpx.MockTransport(handle))
    try:
        if tool == "account":
            await _account(http)
        else:
            await wire.run(module.linear, http, tool, arguments, fields=LINEAR.fields)
    except (ProviderError, ToolError, Missing) as error:
        assert document in MAY_FAIL, error


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    documents.WHO: ("account", {}),
    documents.TEAMS: ("list_teams", {}),
    documents.TEAM: ("create_issue", {"team": "ENG", "title": "x"}),
    documents.STATES: ("list_states", {"team": "ENG"}),
    documents.MY_ISSUES: ("my_issues", {}),
    documents.SEARCH: ("search_issues", {"text": "x"}),
    documents.ISSUES: ("search_issues", {"team": "ENG"}),
    documents.ISSUE: ("get_issue", {"issue_id": "ENG-1"}),
    documents.ISSUE_STATES: ("update_issue", {"issue_id": "ENG-1", "state": "Done"}),
    documents.CREATE_ISSUE: ("create_issue", {"team": "ENG", "title": "x"}),
    documents.ADD_COMMENT: ("add_comment", {"issue_id": "ENG-1", "text": "x"}),
    documents.UPDATE_ISSUE: ("update_issue", {"issue_id": "ENG-1", "priority": "low"}),
}
# Answers after which a tool has to say that it cannot go on: no such team or state, `success: false`, no issue.
MAY_FAIL = (
    documents.TEAM, documents.ISSUE_STATES, documents.CREATE_ISSUE, documents.ADD_COMMENT, documents.UPDATE_ISSUE,
)  # fmt: skip


# ---- ids and cursors -----------------------------------------------------------------------------------------

HOSTILE = [
    "",
    "ENG",
    "ENG-",
    "-1",
    "ENG-1\n",
    "ENG-１",
    "ENG-1 OR",
    'ENG-1"',
    "ENG_-x",
    "1-1",
    "A" * 40 + "-1",
    "ENG-1/..",
]


@pytest.mark.parametrize("id", HOSTILE)
@pytest.mark.parametrize("tool", ["get_issue", "add_comment", "update_issue"])
def test_what_is_no_issue_id_is_refused(tool: str, id: str) -> None:
    more = {"text": "x"} if tool == "add_comment" else {}
    with pytest.raises(InvalidArguments):
        module.linear.tools[f"linear.{tool}"].check({"issue_id": id, **more})


@pytest.mark.parametrize("cursor", ["", "a b", "x\n", "é", "9" * 501])
def test_a_cursor_linear_cannot_have_given_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        module.linear.tools["linear.my_issues"].check({"cursor": cursor})


# ---- what is done --------------------------------------------------------------------------------------------


async def test_mine_is_the_viewers_and_open_unless_asked_otherwise(provider: fake.Linear) -> None:
    assert [one["id"] for one in (await call(provider, "my_issues"))["items"]] == ["ENG-1", "ENG-2"]
    assert sent(provider)[0]["variables"]["filter"] == {
        "state": {"type": {"nin": ["completed", "canceled", "duplicate"]}}
    }
    found = await call(provider, "my_issues", open_only=False)
    assert [one["id"] for one in found["items"]] == ["ENG-1", "ENG-2", "ENG-4"]


async def test_a_search_for_nothing_is_not_a_search_for_everything(provider: fake.Linear) -> None:
    with pytest.raises(ToolError):
        await call(provider, "search_issues", text="  ")
    assert provider.fake.requests == []


async def test_a_new_issue_is_assigned_to_the_person_only_when_asked(provider: fake.Linear) -> None:
    await call(provider, "create_issue", team="OPS", title="A")
    await call(provider, "create_issue", team="OPS", title="B", for_me=True)
    assert [provider.issues[id]["assignee"] for id in ("OPS-2", "OPS-3")] == [None, fake.USERS[fake.ADA]]


async def test_an_unknown_team_is_told_before_anything_is_written(provider: fake.Linear) -> None:
    before = set(provider.issues)
    with pytest.raises(ToolError) as refused:
        await call(provider, "create_issue", team="NONE", title="A")
    assert "list_teams" in str(refused.value) and set(provider.issues) == before


async def test_a_change_names_three_members_at_most_and_the_issue_by_its_real_id(
    provider: fake.Linear,
) -> None:
    await call(
        provider, "update_issue", issue_id="eng-1", state=" DONE ", priority="none", due_on="2026-12-09"
    )
    assert sent(provider)[-1]["variables"] == {
        "id": "i-eng-1", "input": {"priority": 0, "dueDate": "2026-12-09", "stateId": "s-eng-3"},
    }  # fmt: skip
    with pytest.raises(InvalidArguments):
        await call(provider, "update_issue", issue_id="ENG-1", title="Mine now")
    with pytest.raises(ToolError):
        await call(provider, "update_issue", issue_id="ENG-1")


async def test_a_state_is_looked_for_in_the_issues_own_team(provider: fake.Linear) -> None:
    await call(provider, "update_issue", issue_id="OPS-1", state="Done")
    assert provider.issues["OPS-1"]["state"]["id"] == "s-ops-3"


@pytest.mark.parametrize(
    ("tool", "field", "arguments"),
    [
        ("create_issue", "issueCreate", {"team": "ENG", "title": "x"}),
        ("add_comment", "commentCreate", {"issue_id": "ENG-1", "text": "x"}),
        ("update_issue", "issueUpdate", {"issue_id": "ENG-1", "priority": "low"}),
    ],
)
async def test_a_change_that_linear_did_not_make_is_no_success(
    tool: str, field: str, arguments: dict[str, Any]
) -> None:
    provider = LINEAR.provider()

    def handle(request: httpx.Request) -> httpx.Response:
        if json.loads(request.content)["query"].startswith("mutation"):
            return httpx.Response(200, json={"data": {field: {"success": False}}})
        return provider.fake.handle(request)

    with pytest.raises(ProviderError):
        http = wire.through(httpx.MockTransport(handle))
        await wire.run(module.linear, http, tool, arguments, fields=LINEAR.fields)


async def test_data_beside_errors_is_not_delivered(provider: fake.Linear) -> None:
    error = fake.failure("Something broke", "internal error", 500)
    provider.fake.fail(200, {"data": {"teams": {"nodes": []}}, "errors": [error]}, path="/graphql")
    with pytest.raises(ProviderError):
        await call(provider, "list_teams")


# ---- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [200, 400, 403])
@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (fake.RATE_LIMITED, ProviderRateLimited),
        (fake.UNAUTHENTICATED, ReconnectRequired),
        (fake.lacking("write"), MissingScope),
        (fake.failure("Entity not found: Issue", "invalid input", 400, code="INPUT_ERROR"), Missing),
        (fake.failure("Argument Validation Error", "invalid input", 400), ToolError),
        (fake.failure("Usage limit", "usage limit exceeded", 400), ToolError),
        (fake.failure("Cannot query", "graphql error", 400, code="GRAPHQL_VALIDATION_FAILED"), ProviderError),
        (fake.failure("You may not", "forbidden", 403), ProviderError),
        ({"message": "bare"}, ProviderError),
    ],
)
async def test_a_refusal_means_the_same_whatever_its_status(
    status: int, error: dict[str, Any], kind: type[Exception]
) -> None:
    provider = LINEAR.provider()
    provider.fake.fail(status, {"errors": [error], "data": None}, fake.RATE_HEADERS, path="/graphql", times=2)
    with pytest.raises(kind) as refused:
        await call(provider, "list_teams")
    assert type(refused.value) is kind and error["message"] not in str(refused.value)


@pytest.mark.parametrize(
    "body", [None, [], {"errors": {}}, {"errors": ["x", 7]}, {"errors": [{"extensions": 1}]}]
)
def test_what_is_no_errors_array_says_nothing(body: Any) -> None:
    assert refusals.refusal(400, {}, body) is None


def test_a_type_alone_is_enough_and_so_is_a_code() -> None:
    for extensions in (
        {"type": "ratelimited"},
        {"code": "RATELIMITED"},
        {"code": "***", "type": "ratelimited"},
    ):
        error = {"message": "", "extensions": extensions}
        assert isinstance(refusals.refusal(200, {}, {"errors": [error]}), ProviderRateLimited)


NOW = fake.RESET_MS - 120_000


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        (fake.RATE_HEADERS, 120),  # complexity has points left: its later reset does not count
        ({"x-ratelimit-requests-reset": str(NOW + 5_001)}, 6),
        ({"x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": str(NOW + 9_000),
          "x-ratelimit-endpoint-requests-remaining": "-1", "x-ratelimit-endpoint-requests-reset": str(NOW + 30_000)}, 30),
        ({"x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": str(NOW - 9_000)}, 1),
        ({"x-ratelimit-requests-reset": str(NOW * 10)}, 24 * 3600),
        ({"x-ratelimit-requests-reset": "soon"}, 10),
        ({"x-ratelimit-requests-reset": "nan", "x-ratelimit-complexity-reset": "inf"}, 10),
        ({"x-ratelimit-requests-remaining": "7", "x-ratelimit-requests-reset": str(NOW + 9_000)}, 10),
        ({}, 10),
    ],
)  # fmt: skip
def test_the_wait_is_until_the_last_used_up_limit_is_reset(headers: dict[str, str], wait: int) -> None:
    with still_time(LINEAR):
        told = refusals.refusal(400, headers, {"errors": [fake.RATE_LIMITED]})
    assert isinstance(told, ProviderRateLimited) and told.fields["retry_after"] == wait


async def test_a_dead_token_told_with_400_is_refreshed_once(provider: fake.Linear) -> None:
    provider.fake.fail(400, {"errors": [fake.UNAUTHENTICATED]}, path="/graphql")
    tokens = wire.HeldToken()
    http = wire.in_memory(provider.fake)
    with pytest.raises(ReconnectRequired):
        await wire.run(module.linear, http, "list_teams", {}, fields=LINEAR.fields, tokens=tokens)
    assert tokens.rejections == 1


async def test_a_missing_scope_never_names_a_wider_one_than_the_tool_needs(provider: fake.Linear) -> None:
    """Linear may say `write` where issues:create does: the tool's own scopes are asked for then."""
    provider.fake.fail(400, {"errors": [fake.lacking("write")]}, path="/graphql")
    with pytest.raises(MissingScope) as refused:
        await call(provider, "create_issue", team="ENG", title="x")
    assert refused.value.scopes == []
    assert module.linear.tools["linear.create_issue"].wanted_scopes() == (fake.READ, fake.CREATE_ISSUES)


def test_only_a_change_of_an_issue_asks_for_write_and_nothing_for_admin() -> None:
    asking = [name for name, tool in module.linear.tools.items() if fake.WRITE in tool.wanted_scopes()]
    assert asking == ["linear.update_issue"] and "admin" not in module.linear.scopes
    for name in ("create_issue", "add_comment"):
        assert module.linear.tools[f"linear.{name}"].missing_scopes([fake.READ, fake.WRITE]) == []


async def test_a_query_is_repeated_after_a_short_wait_and_a_mutation_is_not(provider: fake.Linear) -> None:
    """Linear's own rate limits are waited for as a 429 is; one that lasts an hour is not."""
    provider.fake.fail(503, {}, {"retry-after": "0"}, path="/graphql")
    assert (await call(provider, "list_teams"))["items"]
    provider.fake.fail(503, {}, {"retry-after": "0"}, path="/graphql")
    with pytest.raises(ProviderError):
        await call(provider, "add_comment", issue_id="ENG-1", text="x")
    assert len(provider.comments) == 1


# ---- the account and its tokens ------------------------------------------------------------------------------


async def _account(http: Any, token: str = wire.TOKEN) -> Any:
    api = Api(module.linear, http, wire.HeldToken(token), fields={}, deadline_s=5)
    assert module.linear.account_function is not None
    return await module.linear.account_function(api)


async def test_the_account_is_a_person_in_a_workspace(provider: fake.Linear) -> None:
    account = await _account(wire.in_memory(provider.fake))
    assert msgspec.to_builtins(account) == {
        "id": "o-acme:u-ada", "label": "ada@acme.example in Acme", "fields": {"user_id": "u-ada"},
    }  # fmt: skip
    assert sent(provider) == [{"query": documents.WHO, "variables": {}}]


async def test_scopes_are_parted_by_commas_and_the_person_picks_the_workspace_each_time() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.linear,
        CLIENT,
        scopes=[fake.CREATE_ISSUES],
        optional_scopes=[fake.CREATE_COMMENTS],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query)
    assert url.startswith("https://linear.app/oauth/authorize?")
    assert query["scope"] == ["read,issues:create,comments:create"]
    assert (query["prompt"], query["actor"], query["code_challenge_method"]) == (
        ["consent"],
        ["user"],
        ["S256"],
    )


@pytest.mark.parametrize("scope", ["read issues:create", "read,issues:create", ["read", "issues:create"]])
async def test_the_granted_scopes_are_read_in_each_form_linear_gives_them(scope: Any) -> None:
    body = {
        "access_token": "at",
        "refresh_token": "rt",
        "token_type": "Bearer",
        "expires_in": 86399,
        "scope": scope,
    }
    http = wire.through(httpx.MockTransport(lambda request: httpx.Response(200, json=body)))
    tokens = await redeem(http, module.linear, CLIENT, code=Secret("c"), verifier=new_verifier(), now_ms=0)
    assert tokens.scopes == ("read", "issues:create") and tokens.expires_at == 86_399_000


async def test_a_used_refresh_token_is_dead(provider: fake.Linear) -> None:
    http = wire.in_memory(provider.fake)
    first = await _tokens(provider)
    second = await refresh(http, module.linear, CLIENT, first, now_ms=0)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(TokenRejected):
        await refresh(http, module.linear, CLIENT, first, now_ms=0)
    form = form_of(provider.fake.requests[0])
    assert form["client_secret"] == fake.CLIENT[1] and form["code_verifier"]


async def _tokens(provider: fake.Linear) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset({fake.READ}))
    http = wire.in_memory(provider.fake)
    return await redeem(
        http, module.linear, CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )


async def test_ending_it_kills_both_tokens_each_in_linears_own_way(provider: fake.Linear) -> None:
    tokens = await _tokens(provider)
    provider.fake.requests.clear()
    await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, tokens)
    assert provider.refresh_tokens == {} and tokens.access_token.reveal() not in provider.fake.tokens
    first, second = provider.fake.requests
    assert form_of(first) == {"refresh_token": "rt-1"} and "authorization" not in first.headers
    assert second.headers["authorization"] == "Bearer at-1" and second.content == b""


async def test_what_is_dead_already_is_a_success_and_can_be_told_again(provider: fake.Linear) -> None:
    tokens = await _tokens(provider)
    for _ in range(2):
        await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, tokens)


async def test_without_a_refresh_token_the_access_token_is_ended(provider: fake.Linear) -> None:
    await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, TokenSet(Secret(wire.TOKEN)))
    assert wire.TOKEN not in provider.fake.tokens


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (500, {}, TokenEndpointUnavailable),
        (503, "<html>", TokenEndpointUnavailable),
        (429, {}, TokenEndpointUnavailable),
        (400, {"errors": [fake.RATE_LIMITED]}, TokenEndpointUnavailable),
        (404, {}, ProviderError),
        (403, {}, ProviderError),
    ],
)
async def test_what_is_no_confirmation_is_tried_again(
    provider: fake.Linear, status: int, body: Any, kind: type[Exception]
) -> None:
    tokens = await _tokens(provider)
    provider.fake.fail(status, body, path="/oauth/revoke")
    with pytest.raises(kind) as refused:
        await revoke(wire.in_memory(provider.fake), module.linear, CLIENT, tokens)
    assert type(refused.value) is kind and "at-1" not in str(refused.value)
    assert provider.refresh_tokens


# ---- bytes ---------------------------------------------------------------------------------------------------


async def test_a_long_page_is_cut_to_what_the_docs_print(provider: fake.Linear) -> None:
    """Compared with the members Linear's own SDK asks for of each issue."""
    text = "The form stays blank after signing in with a link that was sent more than an hour ago. " * 12
    for number in range(100, 150):
        title = f"Login page number {number} is blank after signing in"
        provider.put(f"ENG-{number}", title, assignee=fake.USERS[fake.ADA], description=text, priority=2)
    api = Api(module.linear, wire.in_memory(provider.fake), wire.HeldToken(), fields={}, deadline_s=5)
    await api.graphql(EVERYTHING, {"first": 50})
    raw = len(provider.fake.handle(provider.fake.requests[-1]).content)
    shown = len(json.dumps(await call(provider, "search_issues", text="number", limit=50)))
    line = re.search(
        r"A page of 50 issues: (\d+) kB from Linear, (\d+) kB to the assistant\.", PAGE.read_text()
    )
    assert line, "the page does not print the figure"
    assert (round(raw / 1000), round(shown / 1000)) == (int(line[1]), int(line[2]))
    assert shown < raw / 4
