"""HubSpot: what each tool asks and answers, that "mine" means mine, and that no argument changes what is
asked."""

from __future__ import annotations

import functools
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import hubspot as module
from core.connector import Api
from core.errors import InvalidArguments, Missing, ProviderError, ReconnectRequired, TokenRejected
from core.oauth import (
    TokenSet,
    authorization_url,
    introspect,
    new_verifier,
    redeem,
    refresh,
    revoke,
)
from core.secret import Secret
from tests.connectors import hubspot_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import hubspot as fake
from tests.connectors.fakes.fake import Token
from tests.connectors.record import still_time

HUBSPOT, REGISTRATION = cases.SUBJECT, cases.CLIENT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "hubspot.md"
FIELDS = HUBSPOT.fields


@pytest.fixture
def provider() -> fake.HubSpot:
    made: fake.HubSpot = HUBSPOT.provider()
    return made


async def call(provider: fake.HubSpot, tool: str, **arguments: Any) -> Any:
    with still_time():
        return await wire.run(
            module.hubspot, wire.in_memory(provider.fake), tool, arguments, fields=HUBSPOT.fields
        )


def sent(provider: fake.HubSpot, path: str) -> list[Any]:
    """The JSON bodies of the requests to a path that ends like this."""
    return [json.loads(one.content) for one in provider.fake.requests if one.url.path.endswith(path)]


# ---- mine is mine --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("tool", ["search_deals", "list_my_tasks"])
async def test_nothing_of_a_colleague_is_found(provider: fake.HubSpot, tool: str) -> None:
    found = await call(provider, tool, open_only=False, limit=100)
    assert found["items"] and "Ben" not in json.dumps(found)


async def test_a_colleagues_deal_looks_like_one_that_is_not_there(provider: fake.HubSpot) -> None:
    with pytest.raises(Missing) as theirs:
        await call(provider, "get_deal", deal_id="710")
    with pytest.raises(Missing) as nowhere:
        await call(provider, "get_deal", deal_id="999")
    assert str(theirs.value) == str(nowhere.value)


async def test_a_colleagues_deal_is_never_written(provider: fake.HubSpot) -> None:
    with pytest.raises(Missing):
        await call(provider, "update_deal", deal_id="710", amount=1)
    assert not [one for one in provider.fake.requests if one.method == "PATCH"]
    assert provider.records["deals"]["710"]["amount"] == "5000"


async def test_mine_is_the_person_who_connected_whoever_the_token_is_said_to_be(
    provider: fake.HubSpot,
) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.ALL_SCOPES)
    found = await call(provider, "search_deals")
    assert [deal["id"] for deal in found["items"]] == ["701", "702"]


async def test_without_a_known_person_nothing_is_asked(provider: fake.HubSpot) -> None:
    with pytest.raises(InvalidArguments):
        await wire.run(module.hubspot, wire.in_memory(provider.fake), "search_deals", {}, fields={})
    assert provider.fake.requests == []


async def test_a_new_task_is_the_persons_own(provider: fake.HubSpot) -> None:
    await call(provider, "create_task", subject="Call", due_on="2026-12-03")
    assert provider.records["tasks"]["601"]["hubspot_owner_id"] == "9001"


# ---- no more than is shown -----------------------------------------------------------------------------------


async def test_only_the_properties_that_are_shown_are_asked_for(provider: fake.HubSpot) -> None:
    await call(provider, "search_contacts")
    await call(provider, "get_contact", contact_id="501")
    assert sent(provider, "/contacts/search")[0]["properties"] == [
        "firstname",
        "lastname",
        "email",
        "company",
    ]
    asked = provider.fake.requests[-1].url.params["properties"].split(",")
    assert asked == ["firstname", "lastname", "email", "company", "phone", "jobtitle"]


async def test_what_the_provider_sends_beside_that_is_dropped(provider: fake.HubSpot) -> None:
    body = {"id": "501", "properties": {"email": "a@acme.example", "salary": "90000"}, "createdAt": "2026"}
    provider.fake.fail(200, body, path="/contacts/501")
    assert "90000" not in json.dumps(await call(provider, "get_contact", contact_id="501"))


async def test_only_the_three_named_members_of_a_deal_can_be_written(provider: fake.HubSpot) -> None:
    await call(provider, "update_deal", deal_id="701", stage="closedwon", amount=1e6, closes_on="2026-12-05")
    changed = json.loads(provider.fake.requests[-1].content)
    assert changed == {
        "properties": {"dealstage": "closedwon", "amount": "1000000", "closedate": "2026-12-05T00:00:00Z"}
    }
    with pytest.raises(InvalidArguments):
        await call(provider, "update_deal", deal_id="701", hubspot_owner_id="9002")


async def test_what_is_left_out_of_a_change_stays(provider: fake.HubSpot) -> None:
    changed = await call(provider, "update_deal", deal_id="701", amount=7)
    assert changed == {**changed, "amount": "7", "stage": "contractsent", "closes_on": "2026-12-01"}
    with pytest.raises(InvalidArguments):
        await call(provider, "update_deal", deal_id="701")


async def test_text_for_a_field_shown_as_html_stays_text(provider: fake.HubSpot) -> None:
    hostile = '<img src=x onerror="x()">\n& more'
    await call(provider, "add_note", contact_id="501", text=hostile)
    await call(provider, "create_task", subject="<b>", due_on="2026-12-03", text=hostile)
    escaped = "&lt;img src=x onerror=&quot;x()&quot;&gt;<br>&amp; more"
    assert provider.records["notes"]["601"]["hs_note_body"] == escaped
    assert provider.records["tasks"]["602"]["hs_task_body"] == escaped


async def test_a_note_and_a_task_hang_on_the_contact_they_name(provider: fake.HubSpot) -> None:
    await call(provider, "add_note", contact_id="501", text="x")
    await call(provider, "create_task", subject="x", due_on="2026-12-03", contact_id="502")
    assert provider.associations == [("601", "501", 202), ("602", "502", 204)]


def test_no_sensitive_scope_is_ever_asked_for() -> None:
    assert not [name for name in module.hubspot.scopes if "sensitive" in name]


async def test_a_long_page_is_cut_to_what_is_shown(provider: fake.HubSpot) -> None:
    """The figures the setup page prints; whole records are those of a portal without properties of its own."""
    provider.records["contacts"].clear()
    for number in range(1000, 1100):
        provider.put("contacts", str(number), **_a_whole_contact(number))
    page = await call(provider, "search_contacts", limit=100)
    assert len(page["items"]) == 100
    answered = len(provider.fake.handle(provider.fake.requests[0]).content)
    shown = len(json.dumps(page, separators=(",", ":")))
    names = list(_a_whole_contact(0))
    full = len(json.dumps([provider._wire("contacts", id, names) for id in provider.records["contacts"]]))
    line = (
        f"A page of 100 contacts: {answered / 1000:.0f} kB from HubSpot, {shown / 1000:.0f} kB to the assistant. "
        f"The whole records would be {full / 1000:.0f} kB."
    )
    assert line in PAGE.read_text(), line
    assert shown < answered < full / 3


def _a_whole_contact(number: int) -> dict[str, str]:
    """The properties that HubSpot itself fills or offers, as a contact that came through a form has them."""
    moment = "2026-11-20T08:15:30.125Z"
    counted = ("num_associated_deals", "num_contacted_notes", "num_notes", "num_unique_conversion_events",
               "hs_analytics_num_visits", "hs_analytics_num_page_views", "hs_analytics_num_event_completions",
               "hs_email_delivered", "hs_email_open", "hs_email_click", "hs_time_in_lead", "hs_predictivecontactscore_v2",
               "hs_count_is_worked", "hs_count_is_unworked", "hs_sa_first_engagement_object_type")  # fmt: skip
    dated = ("createdate", "lastmodifieddate", "first_conversion_date", "recent_conversion_date", "notes_last_updated",
             "notes_last_contacted", "hs_analytics_first_timestamp", "hs_analytics_last_timestamp", "hs_email_first_open_date",
             "hs_analytics_first_visit_timestamp", "hs_lifecyclestage_lead_date", "hs_date_entered_lead",
             "hs_first_engagement_date", "hs_latest_source_timestamp", "hubspot_owner_assigneddate")  # fmt: skip
    said = {
        "firstname": "Grace", "lastname": f"Hopper {number}", "email": f"grace.{number}@navy.example", "company": "Navy",
        "phone": "+1 202 555 0143", "mobilephone": "+1 202 555 0144", "jobtitle": "Rear admiral", "website": "navy.example",
        "address": "1200 Navy Pentagon", "city": "Washington", "state": "District of Columbia", "zip": "20350-1200",
        "country": "United States", "lifecyclestage": "lead", "hs_lead_status": "IN_PROGRESS", "hubspot_owner_id": "9001",
        "industry": "Defense", "annualrevenue": "1000000", "numemployees": "1000", "hs_language": "en", "salutation": "Dr.",
        "hs_email_domain": "navy.example", "hs_analytics_source": "ORGANIC_SEARCH", "hs_latest_source": "DIRECT_TRAFFIC",
        "hs_analytics_source_data_1": "google", "hs_analytics_source_data_2": "compilers for ships",
        "hs_analytics_first_url": "https://acme.example/engines?utm_source=newsletter&utm_campaign=autumn",
        "hs_analytics_last_url": "https://acme.example/looms/order/thank-you", "first_conversion_event_name": "Order form",
        "recent_conversion_event_name": "Newsletter: autumn edition", "hs_calculated_phone_number": "+12025550143",
        "hs_full_name_or_email": f"Grace Hopper {number}", "hs_searchable_calculated_phone_number": "2025550143",
        "ip_city": "washington", "ip_country": "united states", "ip_state_code": "dc", "hs_timezone": "us_slash_eastern",
        "message": "We would like to order three engines and two looms, to be delivered to the yard before the end of March.",
    }  # fmt: skip
    return said | dict.fromkeys(counted, "12") | dict.fromkeys(dated, moment)


# ---- hostile arguments ---------------------------------------------------------------------------------------

HOSTILE = [
    "",
    ".",
    "..",
    "../owners",
    "701/associations",
    "701?x=1",
    "701#",
    "701\n",
    "７０１",
    "0x1",
    "-1",
    "1 1",
    "9" * 21,
]


@pytest.mark.parametrize("id", HOSTILE)
@pytest.mark.parametrize(("tool", "name"), [("get_contact", "contact_id"), ("get_deal", "deal_id")])
def test_an_id_that_is_no_number_is_refused(tool: str, name: str, id: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        module.hubspot.tools[f"hubspot.{tool}"].check({name: id})
    assert refused.value.fields["errors"][0]["path"] == f"/{name}"


@given(st.text(max_size=30))
def test_an_id_either_is_refused_or_stays_one_plain_path_segment(id: str) -> None:
    tool = module.hubspot.tools["hubspot.get_contact"]
    try:
        checked = tool.check({"contact_id": id})["contact_id"]
    except InvalidArguments:
        return
    assert checked == id and id.isascii() and id.isdigit()


@given(st.text(max_size=200))
async def test_no_text_changes_the_filter_that_keeps_to_ones_own(text: str) -> None:
    provider = HUBSPOT.provider()
    try:
        await call(provider, "search_deals", text=text)
    except InvalidArguments:
        assert "\0" in text
        return
    body = sent(provider, "/deals/search")[0]
    assert set(body) <= {"properties", "limit", "filterGroups", "sorts", "query"}
    assert body.get("query", "") == text.strip()
    assert body["filterGroups"][0]["filters"][0] == {
        "propertyName": "hubspot_owner_id", "operator": "EQ", "value": "9001",
    }  # fmt: skip


# ---- failing and repeating -----------------------------------------------------------------------------------


async def test_a_search_is_repeated_when_hubspot_asks_to_wait_and_a_write_is_not(
    provider: fake.HubSpot,
) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(429, {}, wait, path="/contacts/search")
    assert (await call(provider, "search_contacts", text="ada"))["items"]
    provider.fake.fail(503, {}, wait, path="/objects/notes")
    with pytest.raises(ProviderError):
        await call(provider, "add_note", contact_id="501", text="x")
    assert provider.records["notes"] == {}


async def test_a_refusal_names_hubspots_own_request_and_nothing_of_its_body(provider: fake.HubSpot) -> None:
    headers = {"x-hubspot-correlation-id": "abc-123"}
    provider.fake.fail(500, {"message": "internal-words"}, headers, path="/contacts/search")
    with pytest.raises(ProviderError) as refused:
        await call(provider, "search_contacts")
    assert refused.value.fields["provider_request_id"] == "abc-123"
    assert "internal-words" not in f"{refused.value} {refused.value.fields}"


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, {"context": {"missingScopes": ["a", 1]}}, ["a"]),
        (403, {"category": "MISSING_SCOPES"}, []),
        (403, {"category": "BANNED"}, None),
        (403, None, None),
        (403, {"context": []}, None),
        (401, {"category": "EXPIRED_AUTHENTICATION"}, None),
    ],
)
def test_a_missing_scope_is_told_from_other_refusals(
    status: int, body: Any, expected: list[str] | None
) -> None:
    assert module.missing_scope(status, {}, body) == expected


# ---- the account and its tokens ------------------------------------------------------------------------------


async def _account(provider: fake.HubSpot, token: str = wire.TOKEN) -> Any:
    http = wire.in_memory(provider.fake)
    asked = functools.partial(introspect, http, module.hubspot, REGISTRATION, TokenSet(Secret(token)))
    api = Api(module.hubspot, http, wire.HeldToken(token), fields={}, deadline_s=5, introspection=asked)
    assert module.hubspot.account_function is not None
    return await module.hubspot.account_function(api)


async def test_the_account_is_a_person_in_a_hubspot_account(provider: fake.HubSpot) -> None:
    account = await _account(provider)
    assert msgspec.to_builtins(account) == {
        "id": "4242:77",
        "label": "ada@acme.example in acme.example",
        "fields": {"user_id": "77"},
    }


async def test_two_people_of_one_hubspot_account_are_two_accounts(provider: fake.HubSpot) -> None:
    provider.fake.sign_in("of-ben", fake.BEN, fake.ALL_SCOPES)
    assert (await _account(provider)).id != (await _account(provider, "of-ben")).id


async def test_a_token_that_is_not_active_names_nobody(provider: fake.HubSpot) -> None:
    provider.fake.tokens[wire.TOKEN].expired = True
    with pytest.raises(ProviderError):
        await _account(provider)


async def test_the_client_secret_travels_in_the_body_and_the_token_not_in_the_url(
    provider: fake.HubSpot,
) -> None:
    await _account(provider)
    (request,) = provider.fake.requests
    assert request.method == "POST" and not request.url.query and "authorization" not in request.headers
    assert parse_qs(request.content.decode())["client_secret"] == [fake.CLIENT[1]]


async def test_a_code_becomes_tokens_that_refresh_and_die_on_revocation(provider: fake.HubSpot) -> None:
    http = wire.in_memory(provider.fake)
    provider.codes["the-code"] = Token(fake.ADA, frozenset({"oauth", fake.DEALS_READ}))
    first = await redeem(
        http, module.hubspot, REGISTRATION, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )
    assert first.scopes == (fake.DEALS_READ, "oauth") and first.expires_at == 1_800_000
    second = await refresh(http, module.hubspot, REGISTRATION, first, now_ms=0)
    assert second.access_token != first.access_token and second.refresh_token == first.refresh_token
    await revoke(http, module.hubspot, REGISTRATION, second)
    with pytest.raises(TokenRejected):
        await refresh(http, module.hubspot, REGISTRATION, second, now_ms=0)


async def test_everything_chosen_travels_in_scope_since_a_hubspot_scope_is_of_one_kind() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.hubspot,
        REGISTRATION,
        scopes=[fake.DEALS_READ],
        optional_scopes=[fake.COMPANIES_READ],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query)
    assert url.startswith("https://app.hubspot.com/oauth/authorize?")
    assert (
        query["scope"] == [f"oauth {fake.DEALS_READ} {fake.COMPANIES_READ}"] and "optional_scope" not in query
    )
    assert query["code_challenge_method"] == ["S256"]


async def test_an_expired_token_is_given_back_once(provider: fake.HubSpot) -> None:
    provider.fake.tokens[wire.TOKEN].expired = True
    tokens = wire.HeldToken()
    with pytest.raises(ReconnectRequired):
        await wire.run(
            module.hubspot, wire.in_memory(provider.fake), "search_contacts", {}, fields=FIELDS, tokens=tokens
        )
    assert tokens.rejections == 1
