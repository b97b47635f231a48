"""Linear: what each tool asks and answers, which ids and cursors are none, and what its refusals mean."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest

from connectors import _linear_refusals as refusals
from connectors import linear as module
from core.connector import Api, MissingScope, ToolError
from core.errors import (
    InvalidArguments,
    Missing,
    ProviderError,
    ProviderRateLimited,
    ReconnectRequired,
)
from tests.connectors import linear_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import linear as fake
from tests.connectors.fakes.linear_schema import EVERYTHING
from tests.connectors.record import still_time

LINEAR = cases.SUBJECT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "linear.md"


@pytest.fixture
def provider() -> fake.Linear:
    made: fake.Linear = LINEAR.provider()
    return made


async def call(provider: fake.Linear, tool: str, **arguments: Any) -> Any:
    with still_time(LINEAR):
        return await wire.run(
            module.linear, wire.in_memory(provider.fake), tool, arguments, fields=LINEAR.fields
        )


def sent(provider: fake.Linear) -> list[dict[str, Any]]:
    return [json.loads(one.content) for one in provider.fake.requests]


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
