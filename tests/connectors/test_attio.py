"""Attio: what each tool asks and answers, that "mine" means mine, and that no argument changes what is asked."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import attio as module
from core.errors import (
    InvalidArguments,
    Missing,
    ProviderError,
    ProviderRateLimited,
)
from tests.connectors import attio_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import attio as fake

ATTIO = cases.SUBJECT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "attio.md"


@pytest.fixture
def provider() -> fake.Attio:
    made: fake.Attio = ATTIO.provider()
    return made


async def call(provider: fake.Attio, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.attio, http, tool, arguments, fields=ATTIO.fields)


def sent(provider: fake.Attio) -> Any:
    """The JSON body of the last request."""
    return json.loads(provider.fake.requests[-1].content)


# ---- mine is mine, though the token is everybody's -----------------------------------------------------------


@pytest.mark.parametrize("tool", ["my_deals", "my_tasks"])
async def test_nothing_of_a_colleague_is_listed(provider: fake.Attio, tool: str) -> None:
    found = await call(provider, tool)
    assert len(found["items"]) == 2 and "Ben" not in json.dumps(found)


async def test_the_search_shows_what_the_member_may_see(provider: fake.Attio) -> None:
    provider.hidden = {fake.company_id(1)}
    found = await call(provider, "search_records", text="acme")
    assert [one["id"] for one in found] == [fake.person_id(1)]
    asked = {"type": "workspace-member", "workspace_member_id": fake.ADA}
    assert sent(provider)["request_as"] == asked


async def test_a_colleagues_task_looks_like_one_that_is_not_there_and_is_not_written(
    provider: fake.Attio,
) -> None:
    with pytest.raises(Missing) as theirs:
        await call(provider, "complete_task", task_id=fake.task_id(4))
    with pytest.raises(Missing) as nowhere:
        await call(provider, "complete_task", task_id=fake.task_id(9))
    assert str(theirs.value) == str(nowhere.value)
    assert not [one for one in provider.fake.requests if one.method == "PATCH"]
    assert not provider.tasks[fake.task_id(4)]["is_completed"]


async def test_a_new_task_is_the_persons_own(provider: fake.Attio) -> None:
    made = await call(provider, "create_task", text="Call")
    assert provider.tasks[made["id"]]["assignees"] == [
        {"referenced_actor_type": "workspace-member", "referenced_actor_id": fake.ADA}
    ]


@pytest.mark.parametrize(
    ("tool", "arguments"),
    [
        ("my_deals", {}),
        ("my_tasks", {}),
        ("search_records", {"text": "x"}),
        ("create_task", {"text": "x"}),
        ("complete_task", {"task_id": fake.task_id(1)}),
    ],
)
async def test_without_a_known_member_nothing_is_asked(
    provider: fake.Attio, tool: str, arguments: dict[str, Any]
) -> None:
    with pytest.raises(InvalidArguments):
        await wire.run(module.attio, wire.in_memory(provider.fake), tool, arguments, fields={})
    assert provider.fake.requests == []


async def test_mine_is_who_connected_whoever_the_token_belongs_to(provider: fake.Attio) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.WRITING)
    assert [one["id"] for one in (await call(provider, "my_deals"))["items"]] == [
        fake.deal_id(1), fake.deal_id(2),
    ]  # fmt: skip


# ---- only what is shown, only what is meant ------------------------------------------------------------------


async def test_an_attribute_of_the_workspaces_own_never_leaves(provider: fake.Attio) -> None:
    found = [
        await call(provider, "find_people"),
        await call(provider, "my_deals"),
        await call(provider, "get_record", kind="people", record_id=fake.person_id(1)),
        await call(provider, "get_record", kind="companies", record_id=fake.company_id(1)),
    ]
    told = json.dumps(found)
    assert "4711" not in told and "latitude" not in told and "avatar" not in told


async def test_a_company_shows_no_deal_fields_even_where_it_has_attributes_of_that_name(
    provider: fake.Attio,
) -> None:
    values = provider.records["companies"][fake.company_id(1)]["values"]
    values["stage"] = [fake.version("text", value="4711")]
    values["email_addresses"] = [fake.email("4711@acme.example")]
    assert "4711" not in json.dumps(
        await call(provider, "get_record", kind="companies", record_id=fake.company_id(1))
    )


async def test_ticking_off_writes_that_and_nothing_else(provider: fake.Attio) -> None:
    await call(provider, "complete_task", task_id=fake.task_id(3), done=False)
    assert sent(provider) == {"data": {"is_completed": False}}
    assert provider.tasks[fake.task_id(3)]["is_completed"] is False


async def test_a_note_is_plain_text_whatever_it_holds(provider: fake.Attio) -> None:
    hostile = "# Not a heading\n[link](https://evil.example) <b>"
    await call(provider, "add_note", kind="deals", record_id=fake.deal_id(1), text=hostile, title=" A\n b ")
    (note,) = provider.notes.values()
    assert (note["format"], note["content"], note["title"]) == ("plaintext", hostile, "A b")


async def test_a_task_hangs_on_a_record_named_whole_or_on_none(provider: fake.Attio) -> None:
    for half in ({"kind": "people"}, {"record_id": fake.person_id(1)}):
        with pytest.raises(InvalidArguments):
            await call(provider, "create_task", text="x", **half)
    assert provider.fake.requests == []
    await call(provider, "create_task", text="x")
    assert sent(provider)["data"]["linked_records"] == [] and sent(provider)["data"]["deadline_at"] is None


# ---- paging and asking ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "whole"),
    [
        ("find_people", [fake.person_id(1), fake.person_id(2), fake.person_id(3)]),
        ("my_deals", [fake.deal_id(1), fake.deal_id(2)]),
        ("my_tasks", [fake.task_id(1), fake.task_id(2)]),
    ],
)
@pytest.mark.parametrize("limit", [1, 2, 3])
async def test_a_list_is_read_to_its_end_and_ends_without_an_empty_page(
    provider: fake.Attio, tool: str, whole: list[str], limit: int
) -> None:
    seen, cursor = [], None
    for _ in range(5):
        page = await call(provider, tool, limit=limit, **({"cursor": cursor} if cursor else {}))
        assert 0 < len(page["items"]) <= limit
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert cursor is None and seen == whole


async def test_records_are_asked_for_by_filter_objects(provider: fake.Attio) -> None:
    await call(provider, "my_deals", stage="Lead")
    assert sent(provider)["filter"] == {
        "$and": [
            {"owner": {"referenced_actor_type": {"$eq": "workspace-member"}}},
            {"owner": {"referenced_actor_id": {"$eq": fake.ADA}}},
            {"stage": "Lead"},
        ]
    }
    await call(provider, "find_people")
    assert "filter" not in sent(provider)


NASTY = st.text(max_size=200) | st.sampled_from(
    ['"}, {"$not": {}', "$or", "' OR 1=1", "%", "*", "a\nb", "🙂", '\\"', "{}", "[]", "\u2028"]
)


@given(NASTY)
async def test_no_text_becomes_a_condition(text: str) -> None:
    provider = ATTIO.provider()
    try:
        await call(provider, "find_people", text=text)
    except InvalidArguments:
        assert "\0" in text
        return
    body = sent(provider)
    assert set(body) - {"filter"} == {"sorts", "limit", "offset"}
    wanted = text.strip()
    ways = [
        {"name": {"full_name": {"$contains": wanted}}},
        {"email_addresses": {"email_address": {"$contains": wanted}}},
    ]
    assert body.get("filter") == ({"$or": ways} if wanted else None)


@given(NASTY)
async def test_no_stage_widens_what_is_ones_own(stage: str) -> None:
    provider = ATTIO.provider()
    try:
        found = await call(provider, "my_deals", stage=stage)
    except InvalidArguments:
        assert "\0" in stage or not 1 <= len(stage) <= 100
        return
    assert {one["id"] for one in found["items"]} <= {fake.deal_id(1), fake.deal_id(2)}
    assert sent(provider)["filter"]["$and"][1] == {"owner": {"referenced_actor_id": {"$eq": fake.ADA}}}


@given(NASTY)
async def test_no_text_changes_for_whom_is_searched(text: str) -> None:
    provider = ATTIO.provider()
    try:
        await call(provider, "search_records", text=text)
    except InvalidArguments:
        assert "\0" in text or not text.strip() or not text
        return
    assert sent(provider) == {
        "query": text.strip(), "objects": ["people", "companies"], "limit": 10,
        "request_as": {"type": "workspace-member", "workspace_member_id": fake.ADA},
    }  # fmt: skip


@given(st.text(max_size=40) | st.just("../../self") | st.just(fake.person_id(1) + "\n"))
def test_an_id_either_is_refused_or_is_a_plain_uuid(id: str) -> None:
    try:
        module.attio.tools["attio.get_record"].check({"kind": "people", "record_id": id})
    except InvalidArguments:
        return
    assert len(id) == 36 and set(id) <= set("0123456789abcdef-")


def test_a_text_of_a_megabyte_and_a_kind_of_the_models_own_are_refused() -> None:
    for tool, arguments in (
        ("find_people", {"text": "x" * 1_000_000}),
        ("create_task", {"text": "x" * 1_000_000}),
        ("get_record", {"kind": "users", "record_id": fake.person_id(1)}),
        ("get_record", {"kind": "../notes", "record_id": fake.person_id(1)}),
    ):
        with pytest.raises(InvalidArguments):
            module.attio.tools[f"attio.{tool}"].check(arguments)


# ---- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, {"type": "auth_error", "code": "unauthorized", "message": "Missing scope."}, []),
        (403, {"type": "auth_error", "message": "Needs task:read-write, note:read and task:read-write."},
         ["task:read-write", "note:read"]),
        (403, {"type": "auth_error"}, []),
        (403, {"type": "billing_error", "message": "task:read"}, None),
        (403, None, None),
        (403, ["auth_error"], None),
        (401, {"type": "auth_error", "message": "Invalid access token."}, None),
    ],
)  # fmt: skip
def test_a_missing_scope_is_told_from_other_refusals(
    status: int, body: Any, expected: list[str] | None
) -> None:
    assert module.missing_scope(status, {}, body) == expected


async def test_a_limit_that_ends_at_a_moment_is_waited_for_as_long(provider: fake.Attio) -> None:
    moment = format_datetime(datetime.now(UTC) + timedelta(seconds=90), usegmt=True)
    provider.fake.fail(429, {"type": "rate_limit_error"}, {"retry-after": moment}, path="/records/search")
    with pytest.raises(ProviderRateLimited) as limited:
        await call(provider, "search_records", text="ada")
    assert 80 <= limited.value.fields["retry_after"] <= 91


async def test_a_query_by_post_is_repeated_and_a_write_is_not(provider: fake.Attio) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(429, {}, wait, path="/records/query")
    assert (await call(provider, "find_people"))["items"]
    provider.fake.fail(503, {}, wait, path="/v2/tasks")
    with pytest.raises(ProviderError):
        await call(provider, "create_task", text="x")
    assert len(provider.tasks) == 4


# ---- bytes ---------------------------------------------------------------------------------------------------


async def test_a_long_page_is_cut_to_what_is_shown(provider: fake.Attio) -> None:
    provider.records["people"].clear()
    for number in range(101):
        provider.put(
            "people", fake.person_id(1000 + number), name=[fake.name(f"Person Number-{number}")],
            email_addresses=[fake.email(f"person{number}@acme.example")],
            job_title=[fake.version("text", value="Analyst")],
            company=[fake.version("record-reference", target_object="companies", target_record_id=fake.company_id(1))],
        )  # fmt: skip
    weights: list[int] = []
    whole = provider.fake.handle

    def weighed(request: Any) -> Any:
        response = whole(request)
        weights.append(len(response.content))
        return response

    provider.fake.handle = weighed  # type: ignore[method-assign]
    page = await call(provider, "find_people", limit=100)
    shown = len(msgspec.json.encode(page))
    assert len(page["items"]) == 100 and shown * 5 < weights[0]
    line = f"A page of 100 people: {weights[0] / 1000:.0f} kB from Attio, {shown / 1000:.0f} kB to the assistant."
    assert line in PAGE.read_text()
