"""Asana: what is asked and answered, in which workspace, and what a search without a paid plan is."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors import _asana_records as records
from connectors import asana as module
from core.connector import ToolError
from core.errors import InvalidArguments, ProviderError, ValetkeyError
from tests.connectors import asana_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import asana as fake
from tests.connectors.record import still_time

ASANA = cases.SUBJECT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "asana.md"


@pytest.fixture
def provider() -> fake.Asana:
    made: fake.Asana = ASANA.provider()
    return made


async def call(provider: fake.Asana, tool: str, **arguments: Any) -> Any:
    with still_time(ASANA):
        return await wire.run(module.asana, wire.in_memory(provider.fake), tool, arguments, fields={})


def asked(provider: fake.Asana) -> list[httpx.QueryParams]:
    return [request.url.params for request in provider.fake.requests]


# ---- only what is shown, and the workspace that was said -----------------------------------------------------


async def test_every_call_names_its_fields_and_none_that_is_not_shown() -> None:
    named = {
        records.WORKSPACE, records.PROJECT, records.TASK, records.TASK_FOUND, records.TASK_DETAILS, records.STORY,
    }  # fmt: skip
    seen = set()
    for case in ASANA.cases():
        provider = ASANA.provider()
        case.prepare(provider)
        try:
            await call(provider, case.tool, **case.arguments)
        except ValetkeyError:
            pass  # how a case ends is looked at elsewhere
        for params in asked(provider):
            assert params["opt_fields"] in named
            seen.add(params["opt_fields"])
    assert seen == named


async def test_what_the_provider_sends_beside_that_is_dropped(provider: fake.Asana) -> None:
    whole = {**provider.tasks["101"], "html_notes": "<body>secret-html</body>", "salary": 1}
    provider.fake.fail(200, {"data": whole}, path="/tasks/101")
    shown = json.dumps(await call(provider, "get_task", task_id="101"))
    assert not any(word in shown for word in ("secret-html", "salary", "custom_fields", "followers"))


WITH_WORKSPACE = ["list_projects", "my_tasks", "search_tasks", "create_task"]


def test_a_workspace_is_never_guessed() -> None:
    for name in WITH_WORKSPACE:
        schema = module.asana.tools[f"asana.{name}"].input_schema
        assert "workspace" in schema["required"] and "default" not in schema["properties"]["workspace"]
    needing = {
        name for name, tool in module.asana.tools.items() if "workspace" in tool.input_schema["properties"]
    }
    assert needing == {f"asana.{name}" for name in WITH_WORKSPACE}


async def test_each_workspace_has_its_own_tasks(provider: fake.Asana) -> None:
    home = await call(provider, "my_tasks", workspace=fake.HOME)
    assert [one["id"] for one in home["items"]] == ["201"]
    assert asked(provider)[-1]["workspace"] == fake.HOME and len(provider.fake.requests) == 1


async def test_mine_is_the_persons_and_open_unless_asked_otherwise(provider: fake.Asana) -> None:
    assert [one["id"] for one in (await call(provider, "my_tasks", **cases.IN_ACME))["items"]] == [
        "101",
        "102",
    ]
    assert (asked(provider)[0]["assignee"], asked(provider)[0]["completed_since"]) == ("me", fake.NOW)
    every = await call(provider, "my_tasks", **cases.IN_ACME, open_only=False)
    assert [one["id"] for one in every["items"]] == ["101", "102", "104"]
    assert "completed_since" not in asked(provider)[1]


async def test_an_archived_project_is_not_listed(provider: fake.Asana) -> None:
    found = await call(provider, "list_projects", **cases.IN_ACME)
    assert [one["id"] for one in found["items"]] == ["301", "302"]


# ---- searching with and without a paid plan ------------------------------------------------------------------


async def test_a_search_covers_the_workspace_and_says_so(provider: fake.Asana) -> None:
    found = await call(provider, "search_tasks", **cases.IN_ACME, text="wording")
    assert [one["id"] for one in found["items"]] == ["103"]
    assert (found["searched"], found["note"]) == ("workspace", None)


async def test_without_a_paid_plan_only_ones_own_titles_are_looked_at_and_it_is_said(
    provider: fake.Asana,
) -> None:
    provider.premium = False
    found = await call(provider, "search_tasks", **cases.IN_ACME, text="login")
    assert [one["id"] for one in found["items"]] == ["101", "102", "104"]  # 103 is Ben's
    assert found["searched"] == "your own tasks" and "paid plans" in found["note"]
    for words, ids in (("LOGIN slow", ["102"]), ("blank", [])):  # every word; not the description
        found = await call(provider, "search_tasks", **cases.IN_ACME, text=words)
        assert [one["id"] for one in found["items"]] == ids


async def test_the_next_page_of_ones_own_tasks_does_not_search_again(provider: fake.Asana) -> None:
    provider.premium = False
    first = await call(provider, "search_tasks", **cases.IN_ACME, text="login", limit=2)
    second = await call(
        provider, "search_tasks", **cases.IN_ACME, text="login", limit=2, cursor=first["next"]
    )
    assert [one["id"] for one in first["items"] + second["items"]] == ["101", "102", "104"]
    paths = [request.url.path.rpartition("/1.0")[2] for request in provider.fake.requests]
    assert paths == ["/workspaces/11/tasks/search", "/tasks", "/tasks"] and second["next"] is None


async def test_looking_through_ones_own_tasks_ends_after_a_few_pages_and_can_go_on(
    provider: fake.Asana,
) -> None:
    provider.premium = False
    for number in range(400, 420):
        provider.task(str(number), f"Task {number}", assignee=fake._compact(fake.USERS[fake.ADA]))
    found = await call(provider, "search_tasks", **cases.IN_ACME, text="419", limit=2)
    assert found["items"] == [] and found["next"] == "mine:offset-10"
    assert len(provider.fake.requests) == 1 + module.PAGES_LOOKED_THROUGH
    while not found["items"]:
        found = await call(
            provider, "search_tasks", **cases.IN_ACME, text="419", limit=2, cursor=found["next"]
        )
    assert found["items"][0]["id"] == "419"


@pytest.mark.parametrize("status", [400, 403, 500])
async def test_only_402_is_answered_by_looking_elsewhere(provider: fake.Asana, status: int) -> None:
    provider.fake.fail(status, {"errors": [{"message": "x"}]}, path="/tasks/search")
    with pytest.raises(ProviderError):
        await call(provider, "search_tasks", **cases.IN_ACME, text="login")
    assert len(provider.fake.requests) == 1


async def test_the_pages_of_a_search_hold_each_task_once(provider: fake.Asana) -> None:
    seen: list[str] = []
    cursor = None
    while True:
        more: dict[str, Any] = {"cursor": cursor} if cursor else {}
        found = await call(provider, "search_tasks", **cases.IN_ACME, text="login", limit=1, **more)
        seen += [one["id"] for one in found["items"]]
        if (cursor := found["next"]) is None:
            break
    assert seen == ["104", "103", "102", "101"]


# ---- hostile arguments ---------------------------------------------------------------------------------------


@settings(deadline=None)
@given(st.text(max_size=200))
async def test_no_text_changes_what_else_is_asked(text: str) -> None:
    provider = ASANA.provider()
    try:
        await call(provider, "search_tasks", **cases.IN_ACME, text=text)
    except InvalidArguments:
        assert "\0" in text or not text.strip()
        return
    (params,) = asked(provider)
    assert params["text"] == text.strip()
    assert dict(params) | {"text": ""} == {
        "text": "", "opt_fields": records.TASK_FOUND, "limit": "20", "sort_by": "created_at",
    }  # fmt: skip


MARKUP = '<a data-asana-gid="702"/> <b>x</b> & &amp; @Ben "quoted" \\ \r\n 🎉'


async def test_text_is_written_letter_for_letter_and_never_as_html(provider: fake.Asana) -> None:
    await call(provider, "add_comment", task_id="101", text=MARKUP)
    made = await call(provider, "create_task", **cases.IN_ACME, name="<b>&amp;", notes=MARKUP)
    assert provider.stories[0]["text"] == MARKUP.strip()
    assert provider.tasks[made["id"]]["notes"] == MARKUP.strip() and made["name"] == "<b>&amp;"
    assert not any("html" in request.content.decode() for request in provider.fake.requests)


@settings(deadline=None)
@given(st.text(max_size=200))
async def test_whatever_is_written_is_one_member_of_the_body(text: str) -> None:
    provider = ASANA.provider()
    try:
        await call(provider, "add_comment", task_id="101", text=text)
    except InvalidArguments:
        assert "\0" in text or not text.strip()
        return
    assert json.loads(provider.fake.requests[0].content) == {"data": {"text": text.strip()}}


@pytest.mark.parametrize("text", ["x" * 1_000_000, "a\0b", " \n "])
@pytest.mark.parametrize(
    ("tool", "name", "others"),
    [("add_comment", "text", {"task_id": "101"}), ("search_tasks", "text", cases.IN_ACME)],
)
async def test_a_megabyte_a_nul_and_nothing_are_refused(
    provider: fake.Asana, tool: str, name: str, others: dict[str, Any], text: str
) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, tool, **others, **{name: text})
    assert provider.fake.requests == []


HOSTILE = [
    "",
    ".",
    "..",
    "me",
    "101/stories",
    "101?x=1",
    "101#",
    "101\n",
    "１０１",
    "-1",
    "1 1",
    "9" * 26,
    "external:x",
]


@pytest.mark.parametrize("id", HOSTILE)
@pytest.mark.parametrize(
    ("tool", "name"),
    [
        ("get_task", "task_id"),
        ("project_tasks", "project"),
        ("my_tasks", "workspace"),
        ("update_task", "task_id"),
    ],
)
def test_an_id_that_is_no_number_is_refused(tool: str, name: str, id: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        module.asana.tools[f"asana.{tool}"].check({name: id})
    assert refused.value.fields["errors"][0]["path"] == f"/{name}"


@pytest.mark.parametrize(
    "cursor", ["", "mine:", "mine:a b", "2026-11-24", "2026-11-24T08:00:00Z\n", "x", "MINE:1"]
)
def test_a_cursor_no_search_gave_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        module.asana.tools["asana.search_tasks"].check({**cases.IN_ACME, "text": "x", "cursor": cursor})


# ---- writing -------------------------------------------------------------------------------------------------


async def test_a_new_task_is_the_persons_unless_said_otherwise(provider: fake.Asana) -> None:
    mine = await call(provider, "create_task", **cases.IN_ACME, name="A")
    nobodys = await call(provider, "create_task", **cases.IN_ACME, name="B", for_me=False)
    assert (mine["assignee"], nobodys["assignee"]) == ("Ada Byron", None)


async def test_a_task_is_not_put_into_a_project_of_another_workspace(provider: fake.Asana) -> None:
    before = set(provider.tasks)
    with pytest.raises(ToolError):
        await call(provider, "create_task", workspace=fake.HOME, name="A", project="301")
    assert set(provider.tasks) == before


async def test_a_change_names_two_members_at_most(provider: fake.Asana) -> None:
    await call(provider, "update_task", task_id="104", completed=False)
    assert json.loads(provider.fake.requests[0].content) == {"data": {"completed": False}}
    with pytest.raises(InvalidArguments):
        await call(provider, "update_task", task_id="101", name="Mine now")
    with pytest.raises(ToolError):
        await call(provider, "update_task", task_id="101")
    assert len(provider.fake.requests) == 1


def test_nothing_can_be_deleted() -> None:
    assert not [name for name in module.asana.scopes if name.endswith(":delete")]
    assert {tool.risk for tool in module.asana.tools.values()} == {"read", "write"}


async def test_a_read_is_repeated_when_asana_asks_to_wait_and_a_write_is_not(provider: fake.Asana) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(429, {"errors": [{"message": "slow"}]}, wait, path="/tasks")
    assert (await call(provider, "my_tasks", **cases.IN_ACME))["items"]
    provider.fake.fail(503, {}, wait, path="/stories")
    with pytest.raises(ProviderError):
        await call(provider, "add_comment", task_id="101", text="x")
    assert provider.stories == []


# ---- bytes ---------------------------------------------------------------------------------------------------


async def test_a_long_page_is_cut_to_what_the_docs_print(provider: fake.Asana) -> None:
    """Compared with whole records, as Asana gives a single task."""
    text, ada = (
        "The form stays blank after signing in with a link. " * 20,
        fake._compact(fake.USERS[fake.ADA]),
    )
    for number in range(500, 550):
        project = [fake._compact(provider.projects["302"])]
        provider.task(
            str(number),
            f"Page {number} is blank after signing in",
            assignee=ada,
            projects=project,
            notes=text,
        )
    whole = [one for one in provider.tasks.values() if int(one["gid"]) >= 500]
    raw = len(json.dumps({"data": whole, "next_page": None}))
    shown = len(json.dumps(await call(provider, "project_tasks", project="302", limit=50)))
    line = re.search(
        r"A page of 50 tasks: (\d+) kB from Asana, (\d+) kB to the assistant\.", PAGE.read_text()
    )
    assert line, "the page does not print the figure"
    assert (round(raw / 1000), round(shown / 1000)) == (int(line[1]), int(line[2]))
    assert shown < raw / 10
