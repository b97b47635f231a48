"""Pipedrive: what each tool asks and answers, and that no argument changes what is asked."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _pipedrive_records as records
from connectors import pipedrive as module
from core.errors import InvalidArguments, ProviderError, ProviderRateLimited
from tests.connectors import pipedrive_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import pipedrive as fake

PIPEDRIVE = cases.SUBJECT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "pipedrive.md"


@pytest.fixture
def provider() -> fake.Pipedrive:
    made: fake.Pipedrive = PIPEDRIVE.provider()
    return made


async def call(provider: fake.Pipedrive, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.pipedrive, http, tool, arguments, fields=PIPEDRIVE.fields)


# ---- mine, and no more than is shown -------------------------------------------------------------------------


@pytest.mark.parametrize(("tool", "arguments"), [("my_deals", {"status": None}), ("my_activities", {})])
async def test_nothing_of_a_colleague_is_listed(
    provider: fake.Pipedrive, tool: str, arguments: dict[str, Any]
) -> None:
    found = await call(provider, tool, **arguments)
    assert len(found["items"]) >= 2 and "Ben" not in json.dumps(found)


async def test_without_a_known_person_nothing_is_asked(provider: fake.Pipedrive) -> None:
    for tool in ("my_deals", "my_activities"):
        with pytest.raises(InvalidArguments):
            await wire.run(
                module.pipedrive,
                wire.in_memory(provider.fake),
                tool,
                {},
                fields={"api_domain": fake.DOMAIN},
            )
    assert provider.fake.requests == []


async def test_no_custom_field_and_nothing_else_unnamed_leaves(provider: fake.Pipedrive) -> None:
    provider.records["deals"][701] |= {"custom_fields": {"a" * 40: "4711-secret"}, "lost_reason": "4711"}
    found = json.dumps([await call(provider, "my_deals"), await call(provider, "get_deal", deal_id=701)])
    assert "4711" not in found and "custom" not in found


async def test_people_are_not_found_by_what_their_notes_say(provider: fake.Pipedrive) -> None:
    assert (await call(provider, "find_people", text="looms"))["items"] == []
    assert provider.fake.requests[-1].url.params["fields"] == "name,email,phone"


async def test_a_change_writes_stage_and_status_and_nothing_else(provider: fake.Pipedrive) -> None:
    await call(provider, "update_deal", deal_id=701, status="lost")
    assert json.loads(provider.fake.requests[-1].content) == {"status": "lost"}
    for more in ({}, {"owner_id": 8}, {"value": 1}, {"status": "deleted"}, {"title": "x"}):
        with pytest.raises(InvalidArguments):
            await call(provider, "update_deal", deal_id=701, **more)
    assert len(provider.fake.requests) == 1


async def test_a_new_activity_is_the_persons_own(provider: fake.Pipedrive) -> None:
    made = await call(provider, "create_activity", subject=" Call\n Grace ", due_on="2026-12-03", type="call")
    kept = provider.records["activities"][made["id"]]
    assert (kept["owner_id"], kept["subject"], kept["type"]) == (7, "Call Grace", "call")


async def test_a_note_hangs_on_one_thing(provider: fake.Pipedrive) -> None:
    for targets in ({}, {"deal_id": 701, "person_id": 501}):
        with pytest.raises(InvalidArguments):
            await call(provider, "add_note", text="x", **targets)
        with pytest.raises(InvalidArguments):
            await call(provider, "list_notes", **targets)
    assert provider.fake.requests == []
    made = await call(provider, "add_note", text="x", person_id=502)
    assert provider.records["notes"][made["id"]]["person_id"] == 502


async def test_text_for_a_field_shown_as_html_stays_text_and_comes_back_as_it_was(
    provider: fake.Pipedrive,
) -> None:
    hostile = '<img src=x onerror="x()">\n& more'
    made = await call(provider, "add_note", text=hostile, deal_id=702)
    kept = provider.records["notes"][made["id"]]["content"]
    assert kept == "&lt;img src=x onerror=&quot;x()&quot;&gt;<br>&amp; more"
    assert (await call(provider, "list_notes", deal_id=702))["items"][0]["text"] == hostile


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("", ""),
        ("one<br/>two", "one\ntwo"),
        ("<p>a</p>\n\n<p> b&nbsp;c </p>", "a\nb c"),
        ("<style>p{}</style><script>alert(1)</script>seen", "seen"),
        ('<a href="https://x.example">link</a>', "link"),
        ("1 < 2 & 3", "1 < 2 & 3"),
        ("<b>never closed", "never closed"),
    ],
)
def test_a_note_is_read_as_a_person_sees_it(markup: str, text: str) -> None:
    assert records.plain(markup) == text


@given(st.text(max_size=300))
def test_any_note_can_be_read(markup: str) -> None:
    assert "\n\n" not in records.plain(markup)


def test_no_scope_reaches_mail_settings_or_users() -> None:
    assert not [
        name for name in module.pipedrive.scopes if name.startswith(("mail", "admin", "users", "recents"))
    ]


# ---- paging, of both kinds -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("tool", "arguments", "whole"),
    [
        ("find_people", {"text": "example"}, [501, 502]),
        ("find_deals", {"text": "en"}, [701, 703, 710]),
        ("my_deals", {"status": None}, [701, 702, 703]),
        ("list_deal_stages", {}, [1, 2]),
        ("list_notes", {"deal_id": 701}, [802, 801]),
        ("my_activities", {}, [901, 902]),
    ],
)
async def test_a_list_is_read_to_its_end_and_ends(
    provider: fake.Pipedrive, tool: str, arguments: dict[str, Any], whole: list[int]
) -> None:
    provider.records["deals"][703]["title"] = "Old engine"
    seen, cursor = [], None
    for _ in range(10):
        page = await call(provider, tool, limit=1, **arguments, **({"cursor": cursor} if cursor else {}))
        seen += [item["id"] for item in page["items"]]
        cursor = page["next"]
        if cursor is None:
            break
    assert cursor is None and seen == whole


async def test_version_two_pages_by_cursor_and_version_one_by_start(provider: fake.Pipedrive) -> None:
    await call(provider, "my_deals", limit=1, cursor=fake.cursor_of(1))
    await call(provider, "list_notes", deal_id=701, limit=1, cursor="1")
    second, first = (dict(request.url.params) for request in provider.fake.requests)
    assert second["cursor"] == fake.cursor_of(1) and "start" not in second
    assert first["start"] == "1" and "cursor" not in first


async def test_null_in_place_of_a_list_is_an_empty_one(provider: fake.Pipedrive) -> None:
    for path, tool, arguments in (
        ("/notes", "list_notes", {"deal_id": 701}),
        ("/v2/deals", "my_deals", {}),
        ("/deals/search", "find_deals", {"text": "xy"}),
    ):
        provider.fake.fail(200, {"success": True, "data": None, "additional_data": None}, path=path)
        assert await call(provider, tool, **arguments) == {"items": [], "next": None}


@pytest.mark.parametrize(
    ("told", "following"),
    [
        ({"more_items_in_collection": True, "next_start": 20}, "20"),
        ({"more_items_in_collection": False, "next_start": 20}, None),
        ({"more_items_in_collection": True}, None),
        ({}, None),
        (None, None),
    ],
)
async def test_an_old_list_goes_on_only_where_it_says_so(
    provider: fake.Pipedrive, told: Any, following: str | None
) -> None:
    body = {"data": [{"id": 1, "content": "x"}], "additional_data": {"pagination": told}}
    provider.fake.fail(200, body, path="/notes")
    assert (await call(provider, "list_notes", deal_id=701))["next"] == following


@pytest.mark.parametrize("cursor", ["", " ", "a b", "x\n", "é", "x" * 1001])
def test_a_cursor_that_is_none_is_refused(cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        module.pipedrive.tools["pipedrive.my_deals"].check({"cursor": cursor})
    with pytest.raises(InvalidArguments):
        module.pipedrive.tools["pipedrive.list_notes"].check({"deal_id": 1, "cursor": cursor})


# ---- hostile arguments ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", ["a", " a ", "\n\ta", "  "])
async def test_a_term_pipedrive_would_refuse_is_not_sent(provider: fake.Pipedrive, text: str) -> None:
    for tool in ("find_people", "find_deals"):
        with pytest.raises(InvalidArguments):
            await call(provider, tool, text=text)
    assert provider.fake.requests == []


def test_a_text_of_a_megabyte_is_refused() -> None:
    for tool, arguments in (("find_deals", {}), ("add_note", {"deal_id": 1})):
        with pytest.raises(InvalidArguments):
            module.pipedrive.tools[f"pipedrive.{tool}"].check({"text": "x" * 1_000_000, **arguments})


NASTY = st.text(max_size=200) | st.sampled_from(
    ["a&status=won", "x\nowner_id=8", "'; --", "../../v1/users", "%00%26", "🙂🙂", "a#b?c=d", "term=x&term=y"]
)


@given(NASTY)
async def test_no_text_changes_what_else_is_asked(text: str) -> None:
    provider = PIPEDRIVE.provider()
    try:
        await call(provider, "find_deals", text=text, status="open", limit=7)
    except InvalidArguments:
        assert "\0" in text or len(" ".join(text.split())) < 2
        return
    (request,) = provider.fake.requests
    assert request.url.path == "/api/v2/deals/search"
    assert parse_qs(request.url.query.decode(), keep_blank_values=True, strict_parsing=True) == {
        "term": [" ".join(text.split())], "status": ["open"], "limit": ["7"],
    }  # fmt: skip


@given(st.text(max_size=30) | st.integers() | st.floats() | st.booleans() | st.none())
def test_an_id_is_a_positive_number_or_refused(id: Any) -> None:
    try:
        checked = module.pipedrive.tools["pipedrive.get_deal"].check({"deal_id": id})["deal_id"]
    except InvalidArguments:
        return
    assert type(checked) is int and checked >= 1


# ---- refusals ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, {"success": False, "error": "Scope and URL mismatch", "errorCode": 403}, []),
        (403, {"error": "You do not have permission to do this"}, None),
        (403, None, None),
        (403, {"error": ["Scope and URL mismatch"]}, None),
        (401, {"error": "Scope and URL mismatch"}, None),
    ],
)
def test_a_missing_scope_is_told_from_other_refusals(
    status: int, body: Any, expected: list[str] | None
) -> None:
    assert module.missing_scope(status, {}, body) == expected


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"x-ratelimit-reset": "2"}, 2),
        ({"x-ratelimit-reset": "0"}, 1),
        ({"x-ratelimit-reset": "86400"}, 60),
        ({"x-ratelimit-reset": "soon"}, 10),
        ({"x-ratelimit-reset": "2", "retry-after": "7200"}, 7200),
        ({}, 10),
    ],
)
async def test_a_limit_says_when_to_come_back(
    provider: fake.Pipedrive, headers: dict[str, str], wait: int
) -> None:
    provider.fake.fail(429, {"success": False, "error": "Request over limit"}, headers, path="/deals/search")
    with pytest.raises(ProviderRateLimited) as limited:
        await call(provider, "find_deals", text="engine")
    assert limited.value.fields["retry_after"] == wait


async def test_a_search_is_repeated_when_pipedrive_asks_to_wait_and_a_write_is_not(
    provider: fake.Pipedrive,
) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(429, {}, wait, path="/deals/search")
    assert (await call(provider, "find_deals", text="engine"))["items"]
    provider.fake.fail(503, {}, wait, path="/notes")
    with pytest.raises(ProviderError):
        await call(provider, "add_note", deal_id=701, text="x")
    assert len(provider.records["notes"]) == 3


# ---- bytes ---------------------------------------------------------------------------------------------------


async def test_a_long_page_is_cut_to_what_is_shown(provider: fake.Pipedrive) -> None:
    provider.records["deals"].clear()
    for number in range(100):
        custom = {f"{key:040x}": f"A note of the sales team, number {key}" for key in range(6)}
        provider.put(
            "deals", 1000 + number, title=f"Engine order number {number}", value=1200 + number, stage_id=2,
            person_id=501, org_id=301, expected_close_date="2026-12-01", custom_fields=custom,
        )  # fmt: skip
    kept: list[int] = []
    whole = provider.fake.handle

    def weighed(request: Any) -> Any:
        response = whole(request)
        kept.append(len(response.content))
        return response

    provider.fake.handle = weighed  # type: ignore[method-assign]
    shown = len(msgspec.json.encode(await call(provider, "my_deals", limit=100)))
    assert shown * 5 < kept[0]
    line = f"A page of 100 deals: {kept[0] / 1000:.0f} kB from Pipedrive, {shown / 1000:.0f} kB to the assistant."
    assert line in PAGE.read_text()
