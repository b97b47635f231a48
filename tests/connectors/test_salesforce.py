"""Salesforce's tools: that a query says exactly what was given, that "mine" means mine, and what refusals mean."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import salesforce as module
from connectors._salesforce_refusals import refusal
from core.connector import ToolError
from core.errors import (
    InvalidArguments,
    Missing,
    ProviderError,
    ProviderRateLimited,
)
from tests.connectors import salesforce_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import salesforce as fake
from tests.connectors.fakes.soql import ANY, Condition

SUBJECT = cases.SUBJECT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "salesforce.md"


@pytest.fixture
def provider() -> fake.Salesforce:
    made: fake.Salesforce = SUBJECT.provider()
    return made


async def call(provider: fake.Salesforce, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.salesforce, http, tool, arguments, fields=SUBJECT.fields)


# ---- mine is mine --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["my_opportunities", "my_tasks"])
async def test_nothing_of_a_colleague_is_found(provider: fake.Salesforce, tool: str) -> None:
    found = await call(provider, tool, open_only=False, limit=100)
    assert len(found["items"]) == 3 and "Ben" not in json.dumps(found)


async def test_a_colleagues_opportunity_can_be_seen_where_salesforce_shows_it_but_is_never_written(
    provider: fake.Salesforce,
) -> None:
    assert (await call(provider, "get_opportunity", opportunity_id=cases.DEAL_4))["yours"] is False
    with pytest.raises(InvalidArguments):
        await call(provider, "update_opportunity", opportunity_id=cases.DEAL_4, amount=1)
    assert not [one for one in provider.fake.requests if one.method == "PATCH"]


async def test_mine_is_the_person_who_connected_whoever_the_token_is_said_to_be(
    provider: fake.Salesforce,
) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.ALL_SCOPES)
    assert [one["name"] for one in (await call(provider, "my_opportunities"))["items"]] == [
        "Engine order",
        "Loom order",
    ]


async def test_without_a_known_person_nothing_is_asked(provider: fake.Salesforce) -> None:
    fields = {"instance_url": fake.INSTANCE}
    with pytest.raises(InvalidArguments):
        await wire.run(module.salesforce, wire.in_memory(provider.fake), "my_tasks", {}, fields=fields)
    assert provider.fake.requests == []


# ---- no more than is shown -----------------------------------------------------------------------------------


async def test_only_the_fields_that_are_shown_are_asked_for(provider: fake.Salesforce) -> None:
    for tool in ("search_contacts", "search_accounts", "my_opportunities", "my_tasks"):
        await call(provider, tool)
    assert [query.fields for query in provider.queries] == [
        ("Id", "Name", "Email", "Phone", "Title", "Account.Name"),
        ("Id", "Name", "Website", "BillingCity"),
        ("Id", "Name", "StageName", "Amount", "CloseDate", "Account.Name"),
        ("Id", "Subject", "Status", "Priority", "ActivityDate", "Who.Name", "What.Name"),
    ]
    await call(provider, "get_opportunity", opportunity_id=cases.DEAL_1)
    asked = provider.fake.requests[-1].url.params["fields"]
    assert asked == "Name,StageName,Amount,CloseDate,Probability,NextStep,Description,OwnerId"


async def test_what_the_provider_sends_beside_that_is_dropped(provider: fake.Salesforce) -> None:
    row = {"attributes": {"type": "Contact"}, "Id": cases.CONTACT_1, "Name": "Ada", "Salary__c": "90000"}
    provider.fake.fail(200, {"totalSize": 1, "done": True, "records": [row]}, path="/query")
    assert "90000" not in json.dumps(await call(provider, "search_contacts"))


async def test_only_the_three_named_members_of_an_opportunity_can_be_written(
    provider: fake.Salesforce,
) -> None:
    await call(provider, "update_opportunity", **cases.CHANGE)
    sent = json.loads(provider.fake.requests[-1].content)
    assert sent == {"StageName": "Closed Won", "Amount": 1250.5, "CloseDate": "2026-12-05"}
    with pytest.raises(InvalidArguments):
        await call(provider, "update_opportunity", opportunity_id=cases.DEAL_1, owner_id=fake.BEN)


async def test_what_is_left_out_of_a_change_stays(provider: fake.Salesforce) -> None:
    changed = await call(provider, "update_opportunity", opportunity_id=cases.DEAL_1, amount=0)
    assert changed == {**cases.PLAIN, "amount": 0}
    assert json.loads(provider.fake.requests[-1].content) == {"Amount": 0}
    with pytest.raises(InvalidArguments):
        await call(provider, "update_opportunity", opportunity_id=cases.DEAL_1)


async def test_a_stage_is_one_that_is_there_and_the_refusal_names_those(provider: fake.Salesforce) -> None:
    with pytest.raises(ToolError) as refused:
        await call(provider, "update_opportunity", opportunity_id=cases.DEAL_1, stage="Won!")
    assert "Prospecting, Proposal/Price Quote, Closed Won" in str(refused.value)
    await call(provider, "update_opportunity", opportunity_id=cases.DEAL_1, stage=" proposal/price quote ")
    assert json.loads(provider.fake.requests[-1].content) == {"StageName": "Proposal"}


async def test_a_new_task_and_a_note_are_the_persons_own(provider: fake.Salesforce) -> None:
    task = await call(provider, "create_task", subject=" Call  Ada ", due_on="2026-12-03")
    note = await call(provider, "add_note", record_id=cases.DEAL_1, text=" <b>x</b> ")
    made = provider.records["Task"][task["id"]]
    assert made["OwnerId"] == fake.ADA and made["Subject"] == "Call Ada" and "WhoId" not in made
    assert provider.records["Note"][note["id"]]["Body"] == "<b>x</b>"


def test_no_broader_scope_is_ever_asked_for() -> None:
    assert set(module.salesforce.scopes) == {"api", "id", "refresh_token"}


# ---- lists have an end ---------------------------------------------------------------------------------------


async def test_a_list_ends_where_salesforce_lets_nobody_go_further(provider: fake.Salesforce) -> None:
    for number in range(100, 2200):
        provider.put("Account", number, Name=f"Company {number}")
    page = await call(provider, "search_accounts", limit=100, cursor="1900")
    assert page["next"] == "2000"
    assert (await call(provider, "search_accounts", limit=100, cursor="2000"))["next"] is None
    with pytest.raises(InvalidArguments):
        await call(provider, "search_accounts", cursor="2001")


@pytest.mark.parametrize("cursor", ["-1", "1 OR", "1\n", "10000", "", "0x1", "٣"])
async def test_a_cursor_is_a_number(provider: fake.Salesforce, cursor: str) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, "search_accounts", cursor=cursor)


# ---- hostile arguments ---------------------------------------------------------------------------------------

HOSTILE = [
    "", ".", "..", "../User/005000000000001AAA", f"{cases.DEAL_1}?fields=OwnerId", f"{cases.DEAL_1}\n", "006",
    f"{cases.DEAL_1}/Tasks", "006000000000001' OR Name != '", "００６000000000001AAA", "x" * 19,
]  # fmt: skip


@pytest.mark.parametrize("id", HOSTILE)
@pytest.mark.parametrize(("tool", "name"), [("get_opportunity", "opportunity_id"), ("add_note", "record_id")])
def test_an_id_that_is_none_is_refused(tool: str, name: str, id: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        module.salesforce.tools[f"salesforce.{tool}"].check(
            {name: id, "text": "x"} if tool == "add_note" else {name: id}
        )
    assert refused.value.fields["errors"][0]["path"] == f"/{name}"


@pytest.mark.parametrize("id", [fake.ADA, fake.id_of("Task", 1), "00D000000000001AAA"])
async def test_a_note_hangs_on_contacts_accounts_and_opportunities_only(
    provider: fake.Salesforce, id: str
) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, "add_note", record_id=id, text="x")


@given(st.text(max_size=100))
async def test_no_text_changes_what_is_asked(text: str) -> None:
    provider = SUBJECT.provider()
    try:
        await call(provider, "my_opportunities", text=text)
    except InvalidArguments:
        assert "\0" in text
        return
    (query,) = provider.queries
    mine, *rest = query.where
    assert mine == (Condition("OwnerId", "=", fake.ADA),) and rest[-1] == (
        Condition("IsClosed", "=", "false"),
    )
    assert (query.kind, query.limit, query.offset) == ("Opportunity", 11, 0)
    said = [one.value for one in rest[0]] if text.strip() else []
    assert said == ([(ANY, *text.strip(), ANY)] * 2 if text.strip() else []) and len(rest) == 1 + bool(said)


@pytest.mark.parametrize("tool", ["search_contacts", "search_accounts", "my_opportunities", "my_tasks"])
@pytest.mark.parametrize("text", ["x" * 1_000_000, "nul\0nul"])
async def test_a_text_that_is_no_search_is_refused(provider: fake.Salesforce, tool: str, text: str) -> None:
    with pytest.raises(InvalidArguments):
        await call(provider, tool, text=text)
    assert provider.fake.requests == []


async def test_wildcards_find_themselves_only(provider: fake.Salesforce) -> None:
    assert (await call(provider, "search_contacts", text="%"))["items"] == [cases.OBRIEN]
    assert (await call(provider, "search_contacts", text="_"))["items"] == [cases.OBRIEN]
    assert (await call(provider, "search_contacts", text="A_a"))["items"] == []


# ---- what a refusal means ------------------------------------------------------------------------------------


async def test_the_daily_limit_is_a_rate_limit_though_it_comes_as_403(provider: fake.Salesforce) -> None:
    body = [{"message": "TotalRequests Limit exceeded.", "errorCode": "REQUEST_LIMIT_EXCEEDED"}]
    provider.fake.fail(403, body, path="/query")
    with pytest.raises(ProviderRateLimited) as limited:
        await call(provider, "search_contacts")
    assert limited.value.fields["retry_after"] == 900 and len(provider.fake.requests) == 1


@pytest.mark.parametrize(
    ("status", "body", "kind"),
    [
        (403, [{"errorCode": "REQUEST_LIMIT_EXCEEDED", "message": "Concurrent limit"}], ProviderRateLimited),
        (400, [{"errorCode": "FIELD_CUSTOM_VALIDATION_EXCEPTION", "message": "x"}], ToolError),
        (403, [{"errorCode": "INSUFFICIENT_ACCESS_OR_READONLY", "message": "x"}], ToolError),
        (400, [{"errorCode": "INVALID_FIELD", "message": "x"}], ProviderError),
        (403, [{"errorCode": "API_CURRENTLY_DISABLED", "message": "x"}], ProviderError),
        (400, [{"errorCode": "MALFORMED_QUERY", "message": "x"}], None),
        (500, [{"errorCode": "MALFORMED_ID", "message": "x"}], None),
        (403, [], None),
        (403, [1], None),
        (403, None, None),
        (403, {"errorCode": "REQUEST_LIMIT_EXCEEDED"}, None),
        (403, [{"errorCode": ["REQUEST_LIMIT_EXCEEDED"]}], None),
    ],
)
def test_a_refusal_is_read_by_its_code(status: int, body: Any, kind: Any) -> None:
    found = refusal(status, {}, body)
    assert type(found) is kind if kind else found is None
    assert found is None or found.detail != "x"


async def test_a_rule_of_the_organisation_is_told_without_its_words(provider: fake.Salesforce) -> None:
    with pytest.raises(ToolError) as refused:
        await call(provider, "update_opportunity", opportunity_id=cases.DEAL_1, amount=13)
    assert "rule of your organisation" in str(refused.value) and "Thirteen" not in str(refused.value)


async def test_a_search_is_repeated_when_salesforce_asks_to_wait_and_a_write_is_not(
    provider: fake.Salesforce,
) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(503, "", wait, path="/query")
    assert (await call(provider, "search_contacts", text="byron"))["items"]
    provider.fake.fail(503, "", wait, path="/sobjects/Note")
    with pytest.raises(ProviderError):
        await call(provider, "add_note", record_id=cases.DEAL_1, text="x")
    assert provider.records["Note"] == {}


async def test_an_opportunity_that_is_gone_is_not_found(provider: fake.Salesforce) -> None:
    with pytest.raises(Missing):
        await call(provider, "get_opportunity", opportunity_id=cases.DEAL_9)


# ---- bytes saved ---------------------------------------------------------------------------------------------


async def test_a_long_page_is_cut_to_what_is_shown() -> None:
    provider = SUBJECT.provider()
    for number in range(100, 200):
        provider.put("Contact", number, **_a_whole_contact(number))
    page = await call(provider, "search_contacts", text="long page", limit=100)
    assert len(page["items"]) == 100
    answered = len(provider.fake.handle(provider.fake.requests[0]).content)
    shown = len(json.dumps(page, separators=(",", ":")))
    whole = [row for id, row in provider.records["Contact"].items() if id >= fake.id_of("Contact", 100)]
    full = len(json.dumps(whole))
    line = (
        f"A page of 100 contacts: {round(answered / 1000)} kB from Salesforce, {round(shown / 1000)} kB to the "
        f"assistant. The whole records would be {round(full / 1000)} kB."
    )
    assert line in re.sub(r"\s+", " ", PAGE.read_text()), line
    assert shown < answered < full / 4


def _a_whole_contact(number: int) -> dict[str, Any]:
    """The standard fields of a contact, as an organisation without custom fields has them."""
    address = {
        "city": "London",
        "country": "United Kingdom",
        "geocodeAccuracy": None,
        "latitude": 51.5,
        "longitude": -0.1,
    }
    street = {"street": f"{number} Great Tower Street", "postalCode": "EC3R 5AQ", "state": None}
    texts = {
        "LastName": f"Page {number}", "FirstName": "Long", "Salutation": "Ms.", "Name": f"Long Page {number}",
        "Email": f"long.page.{number}@acme.example", "Title": "Head of engines", "Department": "Engineering",
        "Phone": f"+44 20 7946 {number:04d}", "MobilePhone": f"+44 7700 900{number}", "Fax": None, "HomePhone": None,
        "Description": "Met at the exhibition; asked for the price of two engines and of the service contract.",
        "LeadSource": "Trade Show", "AssistantName": None, "AssistantPhone": None, "Birthdate": None,
    }  # fmt: skip
    places = {
        f"{kind}{name}": value
        for kind in ("Mailing", "Other")
        for name, value in {
            "Street": street["street"], "City": "London", "State": None, "PostalCode": "EC3R 5AQ", "Country": "UK",
            "Latitude": 51.5, "Longitude": -0.1, "GeocodeAccuracy": None, "Address": address | street,
        }.items()
    }  # fmt: skip
    names = ("CreatedDate", "LastModifiedDate", "SystemModstamp", "LastViewedDate", "LastReferencedDate")
    times = dict.fromkeys(names, "2026-11-20T09:15:00.000+0000")
    links = {
        "OwnerId": fake.ADA, "CreatedById": fake.ADA, "LastModifiedById": fake.ADA, "AccountId": cases.ACCOUNT_1,
        "ReportsToId": None, "MasterRecordId": None, "PhotoUrl": f"/services/images/photo/{number}", "Jigsaw": None,
        "JigsawContactId": None, "IndividualId": None, "CleanStatus": "Pending", "IsDeleted": False,
        "IsEmailBounced": False, "EmailBouncedReason": None, "EmailBouncedDate": None, "LastActivityDate": None,
        "LastCURequestDate": None, "LastCUUpdateDate": None, "HasOptedOutOfEmail": False, "DoNotCall": False,
    }  # fmt: skip
    attributes = {"attributes": {"type": "Contact", "url": f"{fake.DATA}/sobjects/Contact/{number}"}}
    return attributes | texts | places | times | links
