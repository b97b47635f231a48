"""Jira: what each tool asks and answers, and that no argument changes what is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import jira as module
from core.connector import MissingScope, ToolError
from core.errors import InvalidArguments, ProviderError
from tests.connectors import jira_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import jira as fake
from tests.connectors.fakes.jql import parse

JIRA = cases.SUBJECT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "jira.md"


@pytest.fixture
def provider() -> fake.Jira:
    made: fake.Jira = JIRA.provider()
    return made


async def call(provider: fake.Jira, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.jira, http, tool, arguments, fields=JIRA.fields)


def body(provider: fake.Jira) -> Any:
    return json.loads(provider.fake.requests[-1].content)


# ---- no more than is shown -----------------------------------------------------------------------------------


async def test_only_the_fields_that_are_shown_are_asked_for(provider: fake.Jira) -> None:
    await call(provider, "search_issues", text="login")
    assert body(provider)["fields"] == ["summary", "issuetype", "status", "assignee", "duedate"]
    await call(provider, "get_issue", issue_key="ACME-1")
    assert "comment" not in provider.fake.requests[-1].url.params["fields"]


async def test_what_the_provider_sends_beside_that_is_dropped(provider: fake.Jira) -> None:
    answer = {"key": "ACME-1", "fields": {"summary": "x", "customfield_1": "salary 90000"}}
    provider.fake.fail(200, answer, path="/issue/ACME-1")
    assert "90000" not in json.dumps(await call(provider, "get_issue", issue_key="ACME-1"))


async def test_ones_own_issues_are_asked_for_by_the_provider_own_word_for_me(provider: fake.Jira) -> None:
    found = await call(provider, "my_issues", open_only=False)
    assert {one["assignee"] for one in found["items"]} == {"Ada Byron"}
    clauses, _ = parse(body(provider)["jql"])
    assert clauses[0].field == "assignee" and clauses[0].value == "currentUser()"


async def test_a_moved_issue_has_moved(provider: fake.Jira) -> None:
    await call(provider, "transition_issue", issue_key="acme-1", transition_id="21")
    assert provider.issues["ACME-1"]["status"]["name"] == "Done"


async def test_a_long_page_is_cut_to_what_is_shown(provider: fake.Jira) -> None:
    """The figures the setup page prints; whole issues are those of a site with twenty fields of its own."""
    for number in range(1000, 1100):
        provider.put(
            f"ACME-{number}", f"The form is blank after signing in by link, case {number}", **_a_whole_issue()
        )
    page = await call(provider, "search_issues", text="blank", limit=100)
    assert len(page["items"]) == 100
    answered = len(provider.fake.handle(provider.fake.requests[0]).content)
    shown = len(json.dumps(page, separators=(",", ":")))
    whole = [provider._wire(key, list(issue)) for key, issue in provider.issues.items() if len(key) == 9]
    full = len(json.dumps(whole))
    line = (
        f"A page of 100 issues: {answered / 1000:.0f} kB from Jira, {shown / 1000:.0f} kB to the assistant. "
        f"Whole issues would be {full / 1000:.0f} kB."
    )
    assert line in PAGE.read_text(), line
    assert shown < answered < full / 3


API = "https://api.atlassian.com/ex/jira/11111111-aaaa-bbbb-cccc-222222222222/rest/api/3"


def _a_whole_issue() -> dict[str, Any]:
    """The fields Jira gives when none are named, comments left out."""
    icon = (
        "https://acme.atlassian.net/rest/api/3/universal_avatar/view/type/issuetype/avatar/10318?size=medium"
    )
    faces = {
        f"{size}x{size}": f"https://avatar.example/a1/ada-byron?size={size}&s={size}"
        for size in (48, 24, 16, 32)
    }
    person = {
        "self": f"{API}/user?accountId=a1",
        **fake.USERS["a1"],
        "avatarUrls": faces,
        "accountType": "atlassian",
    }
    category = {
        "self": f"{API}/statuscategory/4",
        "id": 4,
        "key": "indeterminate",
        "colorName": "yellow",
        "name": "In Progress",
    }
    status = {
        "self": f"{API}/status/3",
        "description": "",
        "iconUrl": icon,
        "name": "In Progress",
        "id": "3",
        "statusCategory": category,
    }
    words = "Steps: open the mail, press the link, wait. Expected: the form. Seen: a blank page, and nothing in the console. "
    paragraph = {"type": "paragraph", "content": [{"type": "text", "text": words * 3}]}
    parent = {
        "id": "10001",
        "key": "ACME-1",
        "self": f"{API}/issue/10001",
        "fields": {"summary": "Login", "status": status},
    }
    empty = {"progress": 0, "total": 0}
    return {
        "issuetype": {"self": f"{API}/issuetype/10002", "id": "10002", "name": "Bug", "iconUrl": icon, "subtask": False,
                      "description": "A problem or error.", "avatarId": 10303, "entityId": "e1", "hierarchyLevel": 0},
        "priority": {"self": f"{API}/priority/3", "iconUrl": icon, "name": "Medium", "id": "3"},
        "project": {"self": f"{API}/project/10000", "id": "10000", "key": "ACME", "name": "Acme website", "avatarUrls": faces,
                    "projectTypeKey": "software", "simplified": False},
        "status": "In Progress", "assignee": person, "reporter": person, "creator": person, "duedate": "2026-12-01",
        "statusCategory": category, "parent": parent, "labels": ["login", "regression"], "components": [], "versions": [],
        "fixVersions": [{"self": f"{API}/version/10010", "id": "10010", "name": "2.4", "archived": False, "released": False}],
        "description": {"type": "doc", "version": 1, "content": [paragraph]}, "progress": empty, "aggregateprogress": empty,
        "votes": {"self": f"{API}/issue/ACME-1/votes", "votes": 0, "hasVoted": False}, "resolution": None, "environment": None,
        "watches": {"self": f"{API}/issue/ACME-1/watchers", "watchCount": 2, "isWatching": False}, "timetracking": {},
        "issuelinks": [], "subtasks": [], "attachment": [], "timespent": None, "timeestimate": None, "workratio": -1,
        **{f"customfield_{10000 + number}": None if number % 3 else f"0|i000{number}:" for number in range(20)},
    }  # fmt: skip


# ---- hostile arguments ---------------------------------------------------------------------------------------

KEYS = [
    "",
    ".",
    "..",
    "../x",
    "ACME-1/comment",
    "ACME-1?a=b",
    "ACME-1#",
    "ACME-1\n",
    "ACME 1",
    "ACME-１",
    "-1",
    "ACME",
]


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("tool", ["get_issue", "list_transitions"])
def test_a_key_that_is_none_is_refused(tool: str, key: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        module.jira.tools[f"jira.{tool}"].check({"issue_key": key})
    assert refused.value.fields["errors"][0]["path"] == "/issue_key"


@given(st.text(max_size=20) | st.from_regex(r"[A-Za-z]{1,4}-[0-9]{1,3}.{0,3}", fullmatch=True))
async def test_a_key_either_is_refused_or_stays_one_path_segment(key: str) -> None:
    provider = JIRA.provider()
    try:
        await call(provider, "add_comment", issue_key=key, text="x")
    except InvalidArguments:
        assert provider.fake.requests == []
        return
    except Exception as error:
        assert getattr(error, "code", "") == "not_found"
    expected = f"/ex/jira/{fake.ACME}/rest/api/3/issue/{key.upper()}/comment"
    assert provider.fake.requests[0].url.raw_path == expected.encode()


@given(st.text(max_size=200))
async def test_no_text_changes_the_query_around_it(text: str) -> None:
    provider = JIRA.provider()
    try:
        await call(provider, "my_issues", text=text, project="ACME")
    except InvalidArguments:
        assert "\0" in text
        return
    clauses, order = parse(body(provider)["jql"])
    fields = [clause.field for clause in clauses if clause.field != "text"]
    assert fields == ["assignee", "project", "statuscategory"] and order == "duedate ASC"


@pytest.mark.parametrize("text", ["", "   ", '"', "*", "🎉", "--"])
async def test_a_search_for_nothing_is_not_a_search_for_everything(provider: fake.Jira, text: str) -> None:
    with pytest.raises(ToolError):
        await call(provider, "search_issues", text=text)
    assert provider.fake.requests == []


@pytest.mark.parametrize("cursor", ["", "a b", "x\n", "é", "9" * 2001])
def test_a_cursor_jira_cannot_have_given_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        module.jira.tools["jira.search_issues"].check({"text": "x", "cursor": cursor})


@pytest.mark.parametrize("tool", ["create_issue", "add_comment"])
async def test_blank_text_is_not_written(provider: fake.Jira, tool: str) -> None:
    arguments = (
        {"issue_key": "ACME-1", "text": " \n "}
        if tool == "add_comment"
        else {"project": "ACME", "summary": " "}
    )
    with pytest.raises(InvalidArguments):
        await call(provider, tool, **arguments)
    assert provider.fake.requests == []


async def test_markup_in_a_comment_stays_text(provider: fake.Jira) -> None:
    hostile = "[~accountid:b2] {macro} <script>"
    await call(provider, "add_comment", issue_key="ACME-1", text=hostile)
    (paragraph,) = provider.comments[0][1]["content"]
    assert paragraph["content"] == [{"type": "text", "text": hostile}]


# ---- scopes --------------------------------------------------------------------------------------------------


async def test_a_missing_scope_said_with_401_is_not_taken_for_an_expired_token(provider: fake.Jira) -> None:
    provider.fake.sign_in(wire.TOKEN, "a1", [fake.USER_READ])
    tokens = wire.HeldToken()
    http = wire.in_memory(provider.fake)
    with pytest.raises(MissingScope):
        await wire.run(module.jira, http, "my_issues", {}, fields=JIRA.fields, tokens=tokens)
    assert tokens.rejections == 0


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, {"message": "Unauthorized; scope does not match"}, []),
        (403, {"message": "Scope does not match"}, []),
        (401, {"message": "Unauthorized"}, None),
        (400, {"message": "scope does not match"}, None),
        (401, {"message": 7}, None),
        (401, None, None),
    ],
)
def test_a_missing_scope_is_told_from_other_refusals(status: int, body: Any, expected: Any) -> None:
    assert module.missing_scope(status, {}, body) == expected


def test_writing_never_asks_for_the_scope_that_can_delete() -> None:
    for tool in module.jira.tools.values():
        assert fake.WORK_WRITE not in tool.wanted_scopes()
        assert not any(scope.startswith(("delete:", "manage:")) for scope in tool.all_scopes())


def test_the_broad_scope_still_opens_the_writing_tools() -> None:
    for name in ("create_issue", "add_comment", "transition_issue"):
        assert module.jira.tools[f"jira.{name}"].missing_scopes([fake.WORK_WRITE]) == []


# ---- repeating -----------------------------------------------------------------------------------------------


async def test_a_write_is_not_repeated_and_a_search_is(provider: fake.Jira) -> None:
    provider.fake.fail(429, {}, {"retry-after": "0"}, path="/search/jql")
    assert (await call(provider, "my_issues"))["items"]
    provider.fake.fail(503, {}, {"retry-after": "0"}, path="/comment")
    with pytest.raises(ProviderError):
        await call(provider, "add_comment", issue_key="ACME-1", text="x")
    assert provider.comments == []
