"""Notion: what each tool asks and answers, and that only what was chosen is there."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _notion_blocks as blocks
from connectors import notion as module
from core.connector import MissingScope, ToolError
from core.errors import InvalidArguments, Missing, ProviderError
from core.oauth import authorization_url, new_verifier
from core.secret import Secret
from tests.connectors import notion_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import notion as fake
from tests.connectors.fakes.notion import uid

NOTION, REGISTRATION = cases.SUBJECT, cases.CLIENT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "notion.md"


@pytest.fixture
def provider() -> fake.Notion:
    made: fake.Notion = NOTION.provider()
    return made


async def call(provider: fake.Notion, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.notion, http, tool, arguments, fields=NOTION.fields)


def body(provider: fake.Notion) -> Any:
    return json.loads(provider.fake.requests[-1].content)


# ---- what the person chose -----------------------------------------------------------------------------------


async def test_a_page_that_was_not_chosen_looks_like_one_that_is_not_there(provider: fake.Notion) -> None:
    with pytest.raises(Missing) as hidden:
        await call(provider, "get_page", page_id=fake.SECRET)
    with pytest.raises(Missing) as nowhere:
        await call(provider, "get_page", page_id=cases.NOWHERE)
    assert str(hidden.value) == str(nowhere.value)


async def test_what_lies_in_the_trash_is_not_found(provider: fake.Notion) -> None:
    for page in provider.pages.values():
        page["in_trash"] = True
    assert (await call(provider, "search", kind="page"))["items"] == []
    assert (await call(provider, "list_entries", data_source_id=fake.TASKS))["items"] == []


def test_the_consent_page_says_that_unchosen_pages_stay_shut() -> None:
    assert any("do not choose" in one for one in module.notion.cannot)


# ---- capabilities --------------------------------------------------------------------------------------------


async def test_no_scope_is_asked_for_since_the_integration_has_its_capabilities_fixed() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake), module.notion, REGISTRATION, scopes=[fake.READ], optional_scopes=[],
        state=Secret("s"), verifier=new_verifier(),
    )  # fmt: skip
    query = parse_qs(urlsplit(url).query)
    assert url.startswith("https://api.notion.com/v1/oauth/authorize?")
    assert set(query) == {"owner", "response_type", "client_id", "redirect_uri", "state"}
    assert query["owner"] == ["user"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, {"object": "error", "code": "restricted_resource"}, []),
        (404, {"object": "error", "code": "object_not_found"}, None),
        (401, {"object": "error", "code": "unauthorized"}, None),
        (403, {"error": "blocked in front of Notion"}, None),
        (403, [], None),
        (403, None, None),
    ],
)
def test_a_missing_capability_is_told_from_other_refusals(
    status: int, body: Any, expected: list[str] | None
) -> None:
    assert module.missing_scope(status, {}, body) == expected


async def test_a_new_page_needs_no_more_than_the_capability_to_insert(provider: fake.Notion) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.INSERT])
    made = await call(provider, "create_page", title="Plan B", parent_page_id=fake.ROADMAP)
    assert made["url"] == provider.pages[made["id"]]["url"]
    with pytest.raises(MissingScope):
        await call(provider, "get_page", page_id=made["id"])


async def test_comments_come_without_names_where_names_may_not_be_seen(provider: fake.Notion) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.COMMENTS_READ])
    found = await call(provider, "list_comments", page_id=fake.ROADMAP)
    assert [one["author"] for one in found["items"]] == [None, None]


# ---- no more than is shown -----------------------------------------------------------------------------------


async def test_only_the_columns_that_are_shown_are_asked_for(provider: fake.Notion) -> None:
    await call(provider, "list_entries", data_source_id=fake.TASKS, columns=["Status", "Due"])
    asked = provider.fake.requests[-1].url.params.get_list("filter_properties")
    assert asked == ["title", *(unquote(fake.prop_id(name)) for name in ("Status", "Due"))]


async def test_without_names_all_columns_are_asked_for_but_not_more_than_twenty(
    provider: fake.Notion,
) -> None:
    columns = provider.sources[fake.TASKS]["properties"]
    columns |= {
        f"Extra {n}": {"id": f"x{n}", "name": f"Extra {n}", "type": "url", "url": {}} for n in range(30)
    }
    await call(provider, "list_entries", data_source_id=fake.TASKS)
    assert len(provider.fake.requests[-1].url.params.get_list("filter_properties")) == 21


async def test_of_a_changed_page_only_the_changed_property_is_asked_back(provider: fake.Notion) -> None:
    await call(provider, "set_property", page_id=cases.CALL, name="Ready", value=True)
    (asked,) = provider.fake.requests[-1].url.params.get_list("filter_properties")
    assert asked == unquote(fake.prop_id("Ready"))


async def test_what_the_provider_sends_beside_that_is_dropped(provider: fake.Notion) -> None:
    answer = {"object": "page", "id": uid(1), "icon": {"emoji": "90000"}, "created_by": {"id": "90000"}}
    provider.fake.fail(200, answer, path=f"/pages/{uid(1)}")
    assert "90000" not in json.dumps(await call(provider, "get_page", page_id=uid(1)))


async def test_every_call_names_the_version_with_data_sources(provider: fake.Notion) -> None:
    await call(provider, "list_entries", data_source_id=fake.TASKS)
    assert {one.headers["notion-version"] for one in provider.fake.requests} == {"2025-09-03"}


async def test_a_long_page_is_cut_to_what_is_shown(provider: fake.Notion) -> None:
    _many_entries(provider, 50)
    arguments = {"data_source_id": fake.TASKS, "columns": ["Status", "Due", "Who"], "limit": 50}
    shown = len(msgspec.json.encode(await call(provider, "list_entries", **arguments)))
    request = provider.fake.requests[-1]
    selected = len(provider.fake.handle(request).content)
    request.url = request.url.copy_with(query=None)
    whole = len(provider.fake.handle(request).content)
    assert shown * 4 < selected < whole / 2
    line = f"A page of 50 entries: {whole / 1000:.0f} kB from Notion, {shown / 1000:.0f} kB to the assistant."
    assert line in PAGE.read_text()
    assert f"{selected / 1000:.0f} kB with `filter_properties`" in PAGE.read_text()


def _many_entries(provider: fake.Notion, count: int) -> None:
    """Entries with the properties a team's task list has."""
    for number in range(count):
        files = [{"name": "plan.pdf", "type": "file", "file": {"url": "https://files.example/" + "x" * 400}}]
        provider.put(
            uid(0x1000 + number), f"Entry number {number}",
            parent={"type": "data_source_id", "data_source_id": fake.TASKS},
            Status=fake.choice("status", "Open"), Who=fake.people(fake.ADA, fake.BEN),
            Due={"type": "date", "date": {"start": "2026-12-01", "end": None, "time_zone": None}},
            Notes={"type": "rich_text", "rich_text": fake.text("What was said about this. " * 20)},
            Tags={"type": "multi_select", "multi_select": [{"id": t, "name": t, "color": "red"} for t in ("a", "b", "c")]},
            Blocks={"type": "relation", "relation": [{"id": uid(n)} for n in range(8)], "has_more": False},
            Files={"type": "files", "files": files},
            Made={"type": "created_by", "created_by": {"object": "user", "id": fake.ADA}},
        )  # fmt: skip


# ---- text in ------------------------------------------------------------------------------------------------


async def test_a_page_is_made_with_its_text_in_one_request(provider: fake.Notion) -> None:
    made = await call(
        provider, "create_page", title="A\nB", parent_page_id=fake.ROADMAP, text="One.\n\nTwo,\ntwo.\n"
    )
    assert [one.method for one in provider.fake.requests] == ["POST"]
    # members of the real request, by Notion's own client: more than the subset beside the project knows
    assert set(body(provider)) <= {"parent", "properties", "children"}
    assert [blocks.line(one) for one in provider.children[made["id"]]] == ["One.", "Two,\ntwo."]
    assert (await call(provider, "get_page", page_id=made["id"]))["title"] == "A B"


async def test_links_and_mentions_in_a_text_stay_text(provider: fake.Notion) -> None:
    hostile = "[x](https://evil.example) @ben <b>\u202e"
    await call(provider, "add_comment", page_id=fake.ROADMAP, text=hostile)
    assert body(provider)["rich_text"] == [{"type": "text", "text": {"content": hostile}}]


async def test_a_page_goes_to_exactly_one_place(provider: fake.Notion) -> None:
    for where in ({}, {"parent_page_id": uid(1), "data_source_id": uid(9)}):
        with pytest.raises(ToolError):
            await call(provider, "create_page", title="Lost", **where)
    assert provider.fake.requests == []


async def test_more_paragraphs_than_notion_takes_are_refused_before_anything_is_sent(
    provider: fake.Notion,
) -> None:
    with pytest.raises(ToolError):
        await call(provider, "create_page", title="Long", parent_page_id=uid(1), text="x\n\n" * 101)
    assert provider.fake.requests == []


# ---- one property, and nothing else --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("Status", "Done", {"status": {"name": "Done"}}),
        ("Ready", True, {"checkbox": True}),
        ("Size", 5, {"number": 5}),
        ("Due", "2026-12-24", {"date": {"start": "2026-12-24"}}),
    ],
)
async def test_one_property_is_written_and_nothing_else(
    provider: fake.Notion, name: str, value: Any, written: dict[str, Any]
) -> None:
    before = json.dumps(provider.pages[cases.LOOM])
    changed = await call(provider, "set_property", page_id=cases.CALL, name=name, value=value)
    assert body(provider) == {"properties": {name: written}}
    assert changed == {"page": cases.CALL, "property": name, "value": value}
    assert json.dumps(provider.pages[cases.LOOM]) == before


async def test_an_option_that_is_not_there_is_never_made(provider: fake.Notion) -> None:
    column = {
        "id": fake.prop_id("Mood"),
        "name": "Mood",
        "type": "select",
        "select": {"options": [{"name": "Good"}]},
    }
    provider.sources[fake.TASKS]["properties"]["Mood"] = column
    provider.pages[cases.CALL]["properties"]["Mood"] = {"id": column["id"], "type": "select", "select": None}
    with pytest.raises(ToolError, match="Good"):
        await call(provider, "set_property", page_id=cases.CALL, name="Mood", value="Better")
    assert not [one for one in provider.fake.requests if one.method == "PATCH"]
    assert (await call(provider, "set_property", page_id=cases.CALL, name="Mood", value="Good"))[
        "value"
    ] == "Good"


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("Ready", "yes"),
        ("Size", True),
        ("Size", "5"),
        ("Due", "tomorrow"),
        ("Due", 5),
        ("Status", 1),
        ("Name", "x"),
        ("None", 1),
    ],
)
async def test_a_value_of_another_kind_is_refused(provider: fake.Notion, name: str, value: Any) -> None:
    with pytest.raises(ToolError):
        await call(provider, "set_property", page_id=cases.CALL, name=name, value=value)
    assert not [one for one in provider.fake.requests if one.method == "PATCH"]


# ---- mine, and hostile arguments -----------------------------------------------------------------------------


async def test_mine_is_the_person_who_connected(provider: fake.Notion) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.ALL_SCOPES)
    await call(provider, "list_entries", data_source_id=fake.TASKS, mine_by="Who", text="x")
    conditions = body(provider)["filter"]["and"]
    assert conditions[0] == {"property": "Who", "people": {"contains": fake.ADA}}


async def test_without_a_known_person_nothing_is_theirs(provider: fake.Notion) -> None:
    arguments = {"data_source_id": fake.TASKS, "mine_by": "Who"}
    with pytest.raises(ToolError):
        await wire.run(module.notion, wire.in_memory(provider.fake), "list_entries", arguments, fields={})


HOSTILE = [
    "",
    "..",
    "../users",
    "1",
    f"{uid(1)}/x",
    f"{uid(1)}?a=b",
    f"{uid(1)}\n",
    uid(1).replace("0", "０"),
    "g" * 32,
]


@pytest.mark.parametrize("id", HOSTILE)
def test_an_id_that_is_none_is_refused(id: str) -> None:
    for tool in ("get_page", "read_page", "list_comments"):
        with pytest.raises(InvalidArguments):
            module.notion.tools[f"notion.{tool}"].check({"page_id": id})


@given(st.text(max_size=200))
async def test_words_are_one_member_of_a_search_whatever_they_hold(text: str) -> None:
    provider = NOTION.provider()
    try:
        await call(provider, "search", text=text, kind="page")
        await call(provider, "list_entries", data_source_id=fake.TASKS, text=text)
    except InvalidArguments:
        assert "\0" in text
        return
    found, listed = (json.loads(one.content) for one in provider.fake.requests if one.method == "POST")
    wanted = text.strip()
    assert found.get("query", "") == wanted and found["filter"] == {"property": "object", "value": "page"}
    told = {"property": "title", "title": {"contains": wanted}}
    assert listed.get("filter") == (told if wanted else None)


def test_a_text_of_a_megabyte_is_refused() -> None:
    for tool, name in (("search", "text"), ("create_page", "text"), ("create_page", "title")):
        with pytest.raises(InvalidArguments):
            module.notion.tools[f"notion.{tool}"].check({"title": "x", name: "x" * 1_000_000})


# ---- failing and repeating -----------------------------------------------------------------------------------


async def test_a_search_is_repeated_when_notion_asks_to_wait_and_a_write_is_not(
    provider: fake.Notion,
) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(429, {}, wait, path="/search")
    assert (await call(provider, "search", text="road"))["items"]
    provider.fake.fail(503, {}, wait, path="/comments")
    with pytest.raises(ProviderError):
        await call(provider, "add_comment", page_id=fake.ROADMAP, text="x")
    assert len(provider.comments) == 2


async def test_a_cursor_counts_only_while_there_is_more(provider: fake.Notion) -> None:
    provider.fake.fail(200, {"results": [], "has_more": False, "next_cursor": "stale"}, path="/search")
    assert (await call(provider, "search"))["next"] is None
