"""GitLab: what each tool asks and answers, that a project stays a project, and that nothing is obeyed that is written.

Its account, tokens and server are in `test_gitlab_tokens.py`.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import gitlab as module
from core.connector import Api, MissingScope, ToolError
from core.errors import (
    InvalidArguments,
    Missing,
    ProviderError,
)
from tests.connectors import descriptions, wire
from tests.connectors.fakes import gitlab as fake
from tests.connectors.gitlab_cases import NEW, SUBJECT

DOCS = Path(__file__).parents[2] / "docs" / "connectors"
FIELDS = {"host_url": fake.HOST}


@pytest.fixture
def provider() -> fake.GitLab:
    made: fake.GitLab = SUBJECT.provider()
    return made


async def call(provider: fake.GitLab, tool: str, **arguments: Any) -> Any:
    return await wire.run(module.gitlab, wire.in_memory(provider.fake), tool, arguments, fields=FIELDS)


def asked(provider: fake.GitLab) -> dict[str, str]:
    return dict(provider.fake.requests[-1].url.params)


def sent(provider: fake.GitLab) -> Any:
    return json.loads(provider.fake.requests[-1].content)


# ---- what is asked -------------------------------------------------------------------------------------------


async def test_mine_is_said_in_gitlabs_own_words_for_me(provider: fake.GitLab) -> None:
    await call(provider, "my_issues", text="login")
    assert asked(provider) == {
        "scope": "assigned_to_me", "state": "opened", "search": "login", "in": "title,description", "per_page": "20",
    }  # fmt: skip
    for role, scope in (
        ("reviewer", "reviews_for_me"), ("assignee", "assigned_to_me"), ("author", "created_by_me"),
    ):  # fmt: skip
        await call(provider, "my_merge_requests", role=role, open_only=False)
        assert asked(provider) == {"scope": scope, "state": "all", "per_page": "20"}


async def test_a_search_for_nothing_everywhere_is_no_search(provider: fake.GitLab) -> None:
    with pytest.raises(ToolError):
        await call(provider, "search_issues", text="  ")
    assert provider.fake.requests == []


async def test_a_page_by_number_and_a_page_by_key_are_told_apart() -> None:
    """GitLab's releases move lists from one to the other."""
    for provider in (fake.populated(), fake.populated(by_cursor=True)):
        provider.fake.sign_in(wire.TOKEN, fake.ADA, fake.ALL_SCOPES)
        titles, cursor = [], None
        for _ in range(9):
            found = await call(
                provider, "search_issues", text="login", limit=1, **({"cursor": cursor} if cursor else {})
            )
            titles += [one["title"] for one in found["items"]]
            cursor = found["next"]
            if cursor is None:
                break
        assert titles == ["Login keys", "Login page wording", "Login is slow", "Fix login"]
        assert ("cursor" in asked(provider)) is provider.by_cursor


async def test_the_projects_page_by_key_from_the_start(provider: fake.GitLab) -> None:
    found = await call(provider, "find_projects", limit=1)
    assert found["next"] == "id_before:42" and asked(provider)["pagination"] == "keyset"


@pytest.mark.parametrize(
    "link",
    [
        '<https://evil.example/api/v4/issues?page=2>; rel="next"',
        '<http://gitlab.com/api/v4/issues?page=2>; rel="next"',
        '<https://gitlab.com/api/v4/issues?offset=2>; rel="next"',
    ],
)
async def test_a_next_page_that_is_not_understood_is_not_taken(provider: fake.GitLab, link: str) -> None:
    provider.fake.fail(200, [], {"link": link}, path="/issues")
    with pytest.raises(ProviderError):
        await call(provider, "my_issues")
    assert len(provider.fake.requests) == 1


async def test_only_the_state_of_an_issue_is_changed(provider: fake.GitLab) -> None:
    await call(provider, "set_issue_state", project="41", number=17, state="reopened")
    assert sent(provider) == {"state_event": "reopen"}
    assert provider.issues[41, 17]["state"] == "opened"


async def test_a_text_does_not_travel_in_an_address(provider: fake.GitLab) -> None:
    await call(provider, "add_comment", project="41", number=14, text="a private word")
    await call(provider, "create_issue", project="41", title="a private title", text="a private text")
    assert not any(one.url.query for one in provider.fake.requests)


async def test_an_issue_is_sent_as_a_json_object_of_what_was_said(provider: fake.GitLab) -> None:
    await call(provider, "create_issue", **NEW)
    assert sent(provider) == {
        "title": "Button is grey", "description": "It was *blue*.\n\n\\/close", "due_date": "2026-12-08",
    }  # fmt: skip


@descriptions.needed
@pytest.mark.parametrize(
    ("tool", "arguments", "path"),
    [
        ("create_issue", NEW, "/api/v4/projects/{id}/issues"),
        (
            "add_comment", {"project": "41", "number": 14, "text": "x"},
            "/api/v4/projects/{id}/issues/{issue_iid}/notes",
        ),
    ],
)  # fmt: skip
async def test_a_body_has_the_members_the_description_has_in_the_query(
    provider: fake.GitLab, tool: str, arguments: dict[str, Any], path: str
) -> None:
    await call(provider, tool, **arguments)
    operation = descriptions.description("gitlab").document["paths"][path]["post"]
    known = {one["name"]: one["required"] for one in operation["parameters"] if one["in"] == "query"}
    assert set(sent(provider)) <= set(known)
    assert {name for name, required in known.items() if required} <= set(sent(provider))


# ---- what GitLab would obey ----------------------------------------------------------------------------------


async def test_what_is_written_is_not_obeyed(provider: fake.GitLab) -> None:
    """The fake obeys as GitLab does: a comment could close and assign."""
    text = "Look:\n/close\r\n  /assign @ben\n\r/close"
    await call(provider, "add_comment", project="41", number=14, text=text)
    await call(provider, "create_issue", project="41", title="x", text=text)
    for iid, assignees in ((14, [fake.ADA]), (18, [])):
        assert provider.issues[41, iid]["state"] == "opened"
        assert provider.issues[41, iid]["assignees"] == assignees
    assert provider.notes[-1]["body"] == "Look:\n\\/close\n  \\/assign @ben\n\n\\/close"


async def test_the_fake_does_obey(provider: fake.GitLab) -> None:
    api = Api(module.gitlab, wire.in_memory(provider.fake), wire.HeldToken(), fields=FIELDS, deadline_s=5)
    await api.post("/projects/41/issues/14/notes", json={"body": "x\n\r/close"})
    assert provider.issues[41, 14]["state"] == "closed"


@pytest.mark.parametrize(
    ("tool", "blank"), [("add_comment", {"text": " \n"}), ("create_issue", {"title": " "})]
)
async def test_nothing_is_not_written(provider: fake.GitLab, tool: str, blank: dict[str, Any]) -> None:
    arguments: dict[str, Any] = {
        "project": "41",
        **({"number": 14} if tool == "add_comment" else {}),
        **blank,
    }
    with pytest.raises(InvalidArguments):
        await call(provider, tool, **arguments)
    assert provider.fake.requests == []


# ---- what comes back -----------------------------------------------------------------------------------------


async def test_what_gitlab_sends_beside_what_is_shown_is_dropped(provider: fake.GitLab) -> None:
    provider.issues[41, 14]["description"] = "salary 90000"
    found = json.dumps(await call(provider, "my_issues"))
    assert "90000" not in found and "gravatar" not in found


async def test_gitlabs_own_lines_are_no_comments(provider: fake.GitLab) -> None:
    found = await call(provider, "read_comments", project="41", number=14)
    assert [one["id"] for one in found["items"]] == [301, 303]


async def test_what_is_not_for_everybody_says_so(provider: fake.GitLab) -> None:
    found = await call(provider, "search_issues", text="keys")
    assert [one["confidential"] for one in found["items"]] == [True]
    comments = await call(provider, "read_comments", project="41", number=14)
    assert [one["internal"] for one in comments["items"]] == [False, True]


async def test_a_project_is_named_so_that_the_tools_take_it(provider: fake.GitLab) -> None:
    (found,) = (await call(provider, "search_issues", text="keys"))["items"]
    issue = await call(provider, "get_issue", project=found["project"], number=found["number"])
    assert issue["title"] == "Login keys"


async def test_an_older_server_that_names_no_path_gives_the_number(provider: fake.GitLab) -> None:
    wired = {"iid": 14, "project_id": 41, "title": "x", "state": "opened"}
    provider.fake.fail(200, wired, path="/issues/14")
    assert (await call(provider, "get_issue", project="acme/website", number=14))["project"] == "41"


async def test_a_long_page_is_cut_to_a_sixth(provider: fake.GitLab) -> None:
    """The figures stand in the setup page."""
    for number in range(100, 200):
        text = f"What happens, how to see it, what should happen instead ({number}). " * 8
        provider.put(
            41,
            number,
            f"Something is wrong with part {number}",
            description=text,
            assignees=[fake.ADA],
            labels=["bug"],
        )
    found = await call(provider, "search_issues", text="something", limit=100)
    assert len(found["items"]) == 100
    raw = len(provider.fake.handle(provider.fake.requests[-1]).content)
    kept = len(msgspec.json.encode(found))
    assert kept * 6 < raw
    told = f"A page of 100 issues: {raw / 1000:.0f} kB from GitLab, {kept / 1000:.0f} kB to the assistant."
    assert told in (DOCS / "gitlab.md").read_text(), told


# ---- hostile arguments ---------------------------------------------------------------------------------------

NO_PROJECT = [
    "", "acme", "acme/", "/website", "acme//website", "acme/../secret", "../secret", "41/issues/1", "41/../43",
    "acme/web site", "acme/website?x=1", "acme/website#", "acme/website\n", "41\n", "acme%2Fwebsite", "acme/..",
    "４１", "-1", "acmé/website", "acme/website/issues/14/..", ".", "./.", "9" * 13,
]  # fmt: skip


@pytest.mark.parametrize("project", NO_PROJECT)
async def test_a_project_that_is_none_is_refused_or_stays_one_segment(
    provider: fake.GitLab, project: str
) -> None:
    try:
        await call(provider, "get_issue", project=project, number=14)
    except InvalidArguments:
        assert provider.fake.requests == []
        return
    except Missing:
        pass
    assert provider.fake.requests[0].url.raw_path.decode().count("/") == 6, "a step was added to the path"


@given(st.text(max_size=20) | st.from_regex(r"([a-z.]{1,3}/){1,3}[a-z.]{1,3}.{0,3}", fullmatch=True))
async def test_a_project_either_is_refused_or_stays_one_path_segment(project: str) -> None:
    provider = SUBJECT.provider()
    try:
        await call(provider, "add_comment", project=project, number=14, text="x")
    except InvalidArguments:
        assert provider.fake.requests == []
        return
    except Missing:
        pass
    (request,) = provider.fake.requests
    segment = project.replace("/", "%2F")
    assert request.url.raw_path.decode() == f"/api/v4/projects/{segment}/issues/14/notes"


@given(st.text(max_size=200))
async def test_no_text_changes_anything_but_what_is_looked_for(text: str) -> None:
    provider = SUBJECT.provider()
    try:
        await call(provider, "my_issues", text=text)
    except InvalidArguments:
        assert "\0" in text
        return
    params = asked(provider)
    assert params.pop("search", "") == text.strip()
    assert params.pop("in", "title,description") == "title,description"
    assert params == {"scope": "assigned_to_me", "state": "opened", "per_page": "20"}


@pytest.mark.parametrize(
    "cursor",
    [
        "",
        "2",
        "page:",
        "page:2&scope=all",
        "scope:all",
        "per_page:1000",
        "page:2\n",
        "page: 2",
        "cursor:é",
        "Page:2",
    ],
)
def test_a_cursor_this_connector_did_not_give_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        module.gitlab.tools["gitlab.my_issues"].check({"cursor": cursor})


# ---- scopes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, {"error": "insufficient_scope", "scope": "api"}, ["api"]),
        (403, {"error": "insufficient_scope", "scope": "api read_api"}, ["read_api"]),
        (403, {"error": "insufficient_scope", "scope": "read_user read_api api"}, ["read_api"]),
        (403, {"error": "insufficient_scope", "scope": "ai_workflows"}, []),
        (403, {"error": "insufficient_scope"}, []),
        (403, {"error": "insufficient_scope", "scope": ["api"]}, []),
        (403, {"message": "403 Forbidden"}, None),
        (403, {"error": "insufficient_granular_scope"}, None),
        (401, {"error": "insufficient_scope", "scope": "api"}, None),
        (403, "insufficient_scope", None),
        (403, None, None),
    ],
)
def test_of_the_scopes_that_would_do_the_smallest_is_missing(status: int, body: Any, expected: Any) -> None:
    assert module.missing_scope(status, {}, body) == expected


async def test_a_grant_made_read_only_cannot_write(provider: fake.GitLab) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.READ])
    assert (await call(provider, "my_issues"))["items"]
    with pytest.raises(MissingScope) as refused:
        await call(provider, "add_comment", project="41", number=14, text="x")
    assert refused.value.scopes == [fake.ALL]


def test_reading_asks_for_the_scope_that_only_reads() -> None:
    for tool in module.gitlab.tools.values():
        assert tool.wanted_scopes() == ((fake.READ,) if tool.risk == "read" else (fake.ALL,))
        assert tool.missing_scopes([fake.ALL]) == []
