"""Zoho CRM's tools: that a query says what was given and no more, that "mine" means mine, what refusals mean, and that
nothing found is no error."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _coql
from connectors import zoho_crm as module
from connectors._zoho_crm_records import Details, Outcome, Written
from connectors._zoho_crm_refusals import missing_scope, refusal, written
from core.connector import ToolError
from core.errors import InvalidArguments, Missing, ProviderError, ProviderRateLimited, ReconnectRequired
from tests.connectors import wire
from tests.connectors import zoho_crm_cases as cases
from tests.connectors.fakes import zoho_crm as fake
from tests.connectors.fakes.coql import Comparison, Pair

SUBJECT = cases.SUBJECT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "zoho_crm.md"


@pytest.fixture
def provider() -> fake.ZohoCrm:
    made: fake.ZohoCrm = SUBJECT.provider()
    return made


async def call(provider: fake.ZohoCrm, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.zoho_crm, http, tool, arguments, fields=SUBJECT.fields)


def last_body(provider: fake.ZohoCrm) -> Any:
    return json.loads(provider.fake.requests[-1].content)


# ---- nothing found -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["search_contacts", "search_accounts", "my_deals", "my_tasks"])
async def test_no_content_is_an_empty_page_and_a_lost_body_is_an_error(
    provider: fake.ZohoCrm, tool: str
) -> None:
    provider.fake.fail(204, path="/coql")
    assert await call(provider, tool) == {"items": [], "next": None}
    provider.fake.fail(200, "", path="/coql")
    with pytest.raises(ProviderError):
        await call(provider, tool)


@pytest.mark.parametrize("status", [204, 400, 404])
async def test_a_deal_that_is_gone_is_not_found_however_zoho_says_it(
    provider: fake.ZohoCrm, status: int
) -> None:
    body = {
        "code": "INVALID_DATA",
        "details": {},
        "message": "the id given seems to be invalid",
        "status": "error",
    }
    provider.fake.fail(status, None if status == 204 else body, path=f"/Deals/{cases.DEAL_1}")
    with pytest.raises(Missing):
        await call(provider, "get_deal", deal_id=cases.DEAL_1)


# ---- mine is mine --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("tool", "count"), [("my_deals", 3), ("my_tasks", 2)])
async def test_nothing_of_a_colleague_is_found(provider: fake.ZohoCrm, tool: str, count: int) -> None:
    found = await call(provider, tool, open_only=False, limit=100)
    assert len(found["items"]) == count and "Ben" not in json.dumps(found)


async def test_a_colleagues_deal_can_be_seen_where_zoho_shows_it_but_is_never_written(
    provider: fake.ZohoCrm,
) -> None:
    assert (await call(provider, "get_deal", deal_id=cases.DEAL_10))["yours"] is False
    with pytest.raises(InvalidArguments):
        await call(provider, "update_deal", deal_id=cases.DEAL_10, amount=1)
    assert not [one for one in provider.fake.requests if one.method == "PUT"]


async def test_a_deal_of_which_zoho_does_not_say_the_owner_is_not_written(provider: fake.ZohoCrm) -> None:
    provider.records["Deals"][cases.DEAL_1]["Owner"] = None
    with pytest.raises(InvalidArguments):
        await call(provider, "update_deal", deal_id=cases.DEAL_1, amount=1)
    assert not [one for one in provider.fake.requests if one.method == "PUT"]


async def test_mine_is_the_person_who_connected_whoever_the_token_is_said_to_be(
    provider: fake.ZohoCrm,
) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.ALL_SCOPES)
    assert [one["name"] for one in (await call(provider, "my_deals"))["items"]] == [
        "Engine order",
        "Loom order",
    ]


@pytest.mark.parametrize("tool", ["my_tasks", "my_deals"])
async def test_without_a_known_person_nothing_is_asked(provider: fake.ZohoCrm, tool: str) -> None:
    fields = {name: value for name, value in SUBJECT.fields.items() if name != "user_id"}
    with pytest.raises(InvalidArguments):
        await wire.run(module.zoho_crm, wire.in_memory(provider.fake), tool, {}, fields=fields)
    assert provider.fake.requests == []


async def test_a_new_task_is_the_persons_own(provider: fake.ZohoCrm) -> None:
    made = await call(provider, "create_task", subject=" Call  Ada ", due_on="2026-12-03")
    task = provider.records["Tasks"][made["id"]]
    assert task["Owner"] == {"id": fake.ADA} and task["Subject"] == "Call Ada"
    assert set(task) == {"id", "Owner", "Subject", "Due_Date"}


# ---- no more than is shown -----------------------------------------------------------------------------------


async def test_only_the_fields_that_are_shown_are_asked_for(provider: fake.ZohoCrm) -> None:
    for tool in ("search_contacts", "search_accounts", "my_deals", "my_tasks"):
        await call(provider, tool)
    assert [query.fields for query in provider.queries] == [
        ("Full_Name", "Email", "Phone", "Title", "Account_Name.Account_Name"),
        ("Account_Name", "Website", "Billing_City"),
        ("Deal_Name", "Stage", "Amount", "Closing_Date", "Account_Name.Account_Name"),
        ("Subject", "Status", "Priority", "Due_Date"),
    ]
    await call(provider, "get_deal", deal_id=cases.DEAL_1)
    asked = provider.fake.requests[-1].url.params["fields"]
    assert asked == "Deal_Name,Stage,Amount,Closing_Date,Probability,Next_Step,Description,Owner"


async def test_what_the_provider_sends_beside_that_is_dropped(provider: fake.ZohoCrm) -> None:
    row = {"id": cases.CONTACT_1, "Full_Name": "Ada", "Salary": "90000", "Owner": {"id": "1", "name": "Ben"}}
    provider.fake.fail(200, {"data": [row], "info": {"count": 1, "more_records": False}}, path="/coql")
    found = json.dumps(await call(provider, "search_contacts"))
    assert "Ada" in found and "90000" not in found and "Ben" not in found


async def test_only_the_three_named_members_of_a_deal_can_be_written(provider: fake.ZohoCrm) -> None:
    await call(provider, "update_deal", **cases.CHANGE)
    sent = {"Stage": "Closed Won", "Amount": 1250.5, "Closing_Date": "2026-12-05"}
    assert last_body(provider) == {"data": [sent]}
    with pytest.raises(InvalidArguments):
        await call(provider, "update_deal", deal_id=cases.DEAL_1, owner=fake.BEN)


async def test_what_is_left_out_of_a_change_stays(provider: fake.ZohoCrm) -> None:
    changed = await call(provider, "update_deal", deal_id=cases.DEAL_1, amount=0)
    assert changed == {**cases.PLAIN, "amount": 0} and last_body(provider) == {"data": [{"Amount": 0}]}
    with pytest.raises(InvalidArguments):
        await call(provider, "update_deal", deal_id=cases.DEAL_1)


async def test_a_note_hangs_on_the_contact_it_names(provider: fake.ZohoCrm) -> None:
    made = await call(provider, "add_note", contact_id=cases.CONTACT_1, text=" <b>x</b> ")
    assert provider.records["Notes"][made["id"]] == {
        "id": made["id"],
        "Parent_Id": {"module": {"api_name": "Contacts"}, "id": cases.CONTACT_1},
        "Note_Content": "<b>x</b>",
    }


async def test_a_list_ends_where_zoho_lets_nobody_go_further(provider: fake.ZohoCrm) -> None:
    body = {"data": [{"id": cases.CONTACT_1}], "info": {"count": 1, "more_records": True}}
    provider.fake.fail(200, body, path="/coql", times=2)
    assert (await call(provider, "search_contacts", cursor="9980", limit=10))["next"] == "9990"
    assert (await call(provider, "search_contacts", cursor="9990", limit=10))["next"] is None


# ---- hostile arguments ---------------------------------------------------------------------------------------

HOSTILE = [
    "", ".", "..", "../users", f"{cases.DEAL_1}/Notes", f"{cases.DEAL_1}?fields=Owner", f"{cases.DEAL_1}\n", "1",
    "４１００００００００００００００", "-4100000000000001", "9" * 21,
]  # fmt: skip


@pytest.mark.parametrize("id", HOSTILE)
@pytest.mark.parametrize(("tool", "name"), [("get_deal", "deal_id"), ("add_note", "contact_id")])
def test_an_id_that_is_no_number_is_refused(tool: str, name: str, id: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        module.zoho_crm.tools[f"zoho_crm.{tool}"].check(
            {name: id, **({"text": "x"} if tool == "add_note" else {})}
        )
    assert refused.value.fields["errors"][0]["path"] == f"/{name}"


@given(st.text(max_size=100))
async def test_no_text_changes_what_is_asked(text: str) -> None:
    provider = SUBJECT.provider()
    try:
        await call(provider, "my_deals", text=text)
    except InvalidArguments:
        assert "\0" in text
        return
    (query,) = provider.queries
    assert (query.module, query.limit, query.offset) == ("Deals", 10, 0)
    opened = Pair("and", Comparison("Probability", ">", 0), Comparison("Probability", "<", 100))
    mine = Comparison("Owner", "=", fake.ADA)
    said = " ".join(_coql.clean(text).split())
    if not said:
        assert query.where == Pair("and", mine, opened)
        return
    either = [Comparison(name, "like", said) for name in ("Deal_Name", "Account_Name.Account_Name")]
    assert query.where == Pair("and", Pair("and", mine, Pair("or", *either)), opened)


@pytest.mark.parametrize("tool", ["search_contacts", "search_accounts", "my_deals", "my_tasks"])
@pytest.mark.parametrize("text", ["x" * 1_000_000, "nul\0nul"])
async def test_a_text_that_is_no_search_is_refused(provider: fake.ZohoCrm, tool: str, text: str) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, tool, text=text)
    assert provider.fake.requests == []


@pytest.mark.parametrize("cursor", ["-1", "1 or", "1\n", "10000", "", "0x1", "٣"])
async def test_a_cursor_is_a_number(provider: fake.ZohoCrm, cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, "search_accounts", cursor=cursor)


# ---- what a refusal means ------------------------------------------------------------------------------------


def _whole(code: str, message: str = "x") -> dict[str, Any]:
    return {"code": code, "details": {}, "message": message, "status": "error"}


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (401, _whole("INVALID_TOKEN"), ReconnectRequired),
        (400, _whole("INVALID_TOKEN"), ReconnectRequired),
        (403, _whole("NO_PERMISSION"), ProviderError),
        (400, _whole("AUTHORIZATION_FAILED"), ProviderError),
        (400, _whole("LIMIT_EXCEEDED"), ProviderRateLimited),
        (429, _whole("TOO_MANY_REQUESTS"), None),
        (400, {"data": [_whole("INVALID_DATA")]}, ToolError),
        (400, {"data": [_whole("INVALID_DATA", "the id given seems to be invalid")]}, Missing),
        (207, {"data": [{"code": "SUCCESS"}, _whole("MAPPING_MISMATCH")]}, ToolError),
        (500, _whole("INVALID_DATA"), None),
        (400, _whole("SYNTAX_ERROR"), None),
        (400, {"data": "x"}, None),
        (400, {"code": 5}, None),
        (400, [], None),
        (400, None, None),
    ],
)
def test_a_refusal_is_read_by_its_code(status: int, body: Any, kind: Any) -> None:
    found = refusal(status, {}, body)
    assert type(found) is kind if kind else found is None


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (401, _whole("OAUTH_SCOPE_MISMATCH"), []),
        (403, _whole("OAUTH_SCOPE_MISMATCH"), []),
        (401, _whole("INVALID_TOKEN"), None),
        (403, _whole("NO_PERMISSION"), None),
        (200, _whole("OAUTH_SCOPE_MISMATCH"), None),
        (401, None, None),
    ],
)
def test_a_missing_scope_is_told_from_other_refusals(
    status: int, body: Any, expected: list[str] | None
) -> None:
    assert missing_scope(status, {}, body) == expected


@pytest.mark.parametrize(
    ("outcome", "kind"),
    [
        (Outcome("MAPPING_MISMATCH", "error", "x"), ToolError),
        (Outcome("INVALID_DATA", "error", "the id given seems to be invalid"), Missing),
        (Outcome("SOMETHING_NEW", "error", "x", Details("1")), ProviderError),
        (Outcome("SUCCESS", "success", "x"), ProviderError),
        (None, ProviderError),
    ],
)
def test_a_record_that_failed_is_no_success_whatever_the_status_says(
    outcome: Outcome | None, kind: Any
) -> None:
    with pytest.raises(kind):
        written(Written([outcome] if outcome else []))


async def test_what_the_profile_forbids_is_told_as_that(provider: fake.ZohoCrm) -> None:
    provider.fake.faults.append(("POST", "/coql", fake.error(403, "NO_PERMISSION", "internal-words")))
    with pytest.raises(ProviderError) as refused:
        await call(provider, "search_contacts")
    assert "your profile there lacks the permission" in str(refused.value)
    assert refused.value.fields["provider_status"] == 403 and "internal-words" not in str(refused.value)


async def test_a_search_is_repeated_when_zoho_asks_to_wait_and_a_write_is_not(provider: fake.ZohoCrm) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(429, _whole("TOO_MANY_REQUESTS"), wait, path="/coql")
    assert (await call(provider, "search_contacts", text="byron"))["items"]
    provider.fake.fail(503, {}, wait, path="/Notes")
    with pytest.raises(ProviderError):
        await call(provider, "add_note", contact_id=cases.CONTACT_1, text="x")
    assert provider.records["Notes"] == {}


# ---- bytes saved ---------------------------------------------------------------------------------------------


async def test_a_long_page_is_cut_to_what_is_shown() -> None:
    provider = SUBJECT.provider()
    for number in range(100, 200):
        provider.put("Contacts", f"4100000000000{number:05d}", **_a_whole_contact(number))
    page = await call(provider, "search_contacts", text="long page", limit=100)
    assert len(page["items"]) == 100
    answered = len(provider.fake.handle(provider.fake.requests[0]).content)
    shown = len(json.dumps(page, separators=(",", ":")))
    whole = [row for row in provider.records["Contacts"].values() if row["Full_Name"].startswith("Ms. Long")]
    full = len(json.dumps(whole))
    line = (
        f"A page of 100 contacts: {round(answered / 1000)} kB from Zoho CRM, {round(shown / 1000)} kB to the "
        f"assistant. The whole records would be {round(full / 1000)} kB."
    )
    assert line in re.sub(r"\s+", " ", PAGE.read_text()), line
    assert shown < answered < full / 4


def _a_whole_contact(number: int) -> dict[str, Any]:
    """A contact as Zoho's list of records gives it when no fields are named."""
    owner = {"name": "Ada Byron", "id": fake.ADA, "email": "ada@acme.example"}
    names = {
        "Salutation": "Ms.", "First_Name": "Long", "Last_Name": f"Page {number}", "Full_Name": f"Ms. Long Page {number}",
        "Email": f"long.page.{number}@acme.example", "Secondary_Email": None, "Title": "Head of engines",
        "Department": "Engineering", "Phone": f"+44 20 7946 {number:04d}", "Mobile": f"+44 7700 900{number}",
        "Home_Phone": None, "Other_Phone": None, "Fax": None, "Assistant": None, "Asst_Phone": None, "Skype_ID": None,
        "Twitter": None, "Date_of_Birth": None, "Lead_Source": "Trade Show", "Email_Opt_Out": False,
        "Description": "Met at the exhibition; asked for the price of two engines and of the service contract.",
    }  # fmt: skip
    places = {
        f"{kind}_{name}": value
        for kind in ("Mailing", "Other")
        for name, value in {
            "Street": f"{number} Great Tower Street", "City": "London", "State": None, "Zip": "EC3R 5AQ",
            "Country": "United Kingdom",
        }.items()
    }  # fmt: skip
    times = (
        "Created_Time",
        "Modified_Time",
        "Last_Activity_Time",
        "Change_Log_Time__s",
        "Last_Enriched_Time__s",
    )
    links = {
        "Owner": owner, "Created_By": owner, "Modified_By": owner, "Reporting_To": None, "Vendor_Name": None,
        "Account_Name": {"id": "410000000000000301", "name": "Acme"}, "Record_Image": None, "Tag": [],
        "Layout": {"name": "Standard", "id": "410000000000000095"}, "Record_Status__s": "Available", "Locked__s": False,
    }  # fmt: skip
    machinery = {
        "$currency_symbol": "€", "$field_states": None, "$review_process": {"approve": False, "reject": False, "resubmit": False},
        "$sharing_permission": "full_access", "$process_flow": False, "$locked_for_me": False, "$editable": True,
        "$approval": {"delegate": False, "approve": False, "reject": False, "resubmit": False}, "$in_merge": False,
        "$zia_owner_assignment": "owner_recommendation_unavailable", "$approval_state": "approved", "$orchestration": None,
        "$wizard_connection_path": None, "$pathfinder": None, "$zia_visions": None, "$layout_id": {"display_label": "Standard"},
    }  # fmt: skip
    return names | places | dict.fromkeys(times, "2026-11-20T09:15:00+00:00") | links | machinery
