"""Linear: whatever anybody writes, each request is a stored document, valid against Linear's schema."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import httpx
import pytest
from graphql import GraphQLSchema, build_schema, parse, validate
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _linear_documents as documents
from connectors import linear as module
from core.connector import Api, ToolError
from core.errors import (
    InvalidArguments,
    Missing,
    ProviderError,
)
from tests.connectors import descriptions, wire
from tests.connectors import linear_cases as cases
from tests.connectors.fakes import linear as fake
from tests.connectors.graphql_answers import answers
from tests.connectors.record import still_time

LINEAR = cases.SUBJECT
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


async def _account(http: Any, token: str = wire.TOKEN) -> Any:
    api = Api(module.linear, http, wire.HeldToken(token), fields={}, deadline_s=5)
    assert module.linear.account_function is not None
    return await module.linear.account_function(api)


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
