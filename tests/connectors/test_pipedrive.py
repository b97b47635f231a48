"""Pipedrive: what each tool asks and answers, whose account it is, and how a connection begins and ends."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _pipedrive_records as records
from connectors import pipedrive as module
from core.connector import Api, PkceOff
from core.errors import InvalidArguments, ProviderError, ProviderRateLimited, ReconnectRequired, TokenRejected
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import pipedrive_cases as cases
from tests.connectors import wire
from tests.connectors.fakes import pipedrive as fake
from tests.connectors.fakes.fake import Token

PIPEDRIVE, CLIENT = cases.SUBJECT, cases.CLIENT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "pipedrive.md"


@pytest.fixture
def provider() -> fake.Pipedrive:
    made: fake.Pipedrive = PIPEDRIVE.provider()
    return made


async def call(provider: fake.Pipedrive, tool: str, **arguments: Any) -> Any:
    http = wire.in_memory(provider.fake)
    return await wire.run(module.pipedrive, http, tool, arguments, fields=PIPEDRIVE.fields)


async def connected(provider: fake.Pipedrive, user: str = fake.ADA) -> TokenSet:
    provider.codes["the-code"] = Token(user, frozenset(fake.WRITING))
    http = wire.in_memory(provider.fake)
    return await redeem(
        http, module.pipedrive, CLIENT, code=Secret("the-code"), verifier=new_verifier(), now_ms=0
    )


async def account_of(provider: fake.Pipedrive, token: str) -> Any:
    fields = {"api_domain": fake.DOMAIN}
    http = wire.in_memory(provider.fake)
    api = Api(module.pipedrive, http, wire.HeldToken(token), fields=fields, deadline_s=5)
    assert module.pipedrive.account_function is not None
    return await module.pipedrive.account_function(api)


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


# ---- where the calls go --------------------------------------------------------------------------------------


async def test_calls_go_to_the_address_of_the_token_answer(provider: fake.Pipedrive) -> None:
    tokens = await connected(provider)
    assert tokens.fields == {"api_domain": "https://acme.pipedrive.com"}
    await call(provider, "my_deals")
    told, asked = provider.fake.requests
    assert (told.url.host, asked.url.host) == ("oauth.pipedrive.com", "acme.pipedrive.com")


@pytest.mark.parametrize(
    "domain",
    [
        "https://evil.example",
        "https://pipedrive.com",
        "https://acme.pipedrive.com.evil.example",
        "https://evilpipedrive.com",
        "http://acme.pipedrive.com",
        "https://acme.pipedrive.com:8443",
        "https://acme.pipedrive.com@evil.example",
        "https://acme.pipedrive.com/proxy",
        "https://evil.example#.pipedrive.com",
        "//acme.pipedrive.com",
        "",
    ],
)
async def test_an_address_that_is_not_pipedrives_fails_the_whole_answer_and_its_token_is_given_back(
    provider: fake.Pipedrive, monkeypatch: pytest.MonkeyPatch, domain: str
) -> None:
    monkeypatch.setattr(fake, "DOMAIN", domain)
    with pytest.raises(ProviderError):
        await connected(provider)
    assert provider.refresh_tokens == {}


# ---- the account ---------------------------------------------------------------------------------------------


async def test_the_account_is_a_user_in_a_company(provider: fake.Pipedrive) -> None:
    account = await account_of(provider, wire.TOKEN)
    assert msgspec.to_builtins(account) == {
        "id": "3.7", "label": "ada@acme.example in Acme", "fields": {"user_id": "7"},
    }  # fmt: skip


async def test_an_uninstallation_names_the_account_it_ends(provider: fake.Pipedrive) -> None:
    account = await account_of(provider, wire.TOKEN)
    body = {"client_id": "the-client", "company_id": 3, "user_id": 7, "timestamp": "2026-11-24 08:00:00"}
    assert module.pipedrive.uninstalled_function is not None
    assert module.pipedrive.uninstalled_function(body) == account.id
    assert module.uninstalled({**body, "user_id": "7", "company_id": "3"}) == account.id
    assert module.uninstalled({**body, "user_id": 8}) != account.id


@given(
    st.dictionaries(
        st.sampled_from(["client_id", "company_id", "user_id"]),
        st.none()
        | st.booleans()
        | st.floats()
        | st.integers(max_value=0)
        | st.text(max_size=5)
        | st.just({}),
    )
)
def test_an_uninstallation_that_names_nobody_ends_nobodys_grants(body: dict[str, Any]) -> None:
    told = module.uninstalled(body)
    assert told is None or told == f"{body['company_id']}.{body['user_id']}"
    assert told is None or (isinstance(body["client_id"], str) and isinstance(body["user_id"], str))


def test_all_of_an_account_id_is_what_dies_together() -> None:
    assert ":" not in module._account_id(3, 7)
    assert module.pipedrive.oauth.revocation_scope == "account"
    assert module._account_id(1, 23) != module._account_id(12, 3)


# ---- the tokens ----------------------------------------------------------------------------------------------


async def test_no_scope_and_no_challenge_travel_to_the_authorization_address() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake),
        module.pipedrive,
        CLIENT,
        scopes=[fake.SEARCH],
        optional_scopes=[],
        state=Secret("s"),
        verifier=new_verifier(),
    )
    query = parse_qs(urlsplit(url).query, keep_blank_values=True)
    assert url.startswith("https://oauth.pipedrive.com/oauth/authorize?")
    assert set(query) <= {"client_id", "redirect_uri", "state", "response_type"}
    assert isinstance(module.pipedrive.oauth.pkce, PkceOff) and module.pipedrive.oauth.pkce.reason


async def test_the_client_is_known_by_basic_and_its_secret_is_in_no_body(provider: fake.Pipedrive) -> None:
    tokens = await connected(provider)
    http = wire.in_memory(provider.fake)
    await refresh(http, module.pipedrive, CLIENT, tokens, now_ms=0)
    await revoke(http, module.pipedrive, CLIENT, tokens)
    basic = "Basic " + base64.b64encode(b"the-client:the-client-secret").decode()
    assert len(provider.fake.requests) == 3
    for request in provider.fake.requests:
        assert request.headers["authorization"] == basic
        assert request.url.host == "oauth.pipedrive.com" and not request.url.query
        assert not {"client_secret", "client_id", "code_verifier"} & set(parse_qs(request.content.decode()))


async def test_a_code_becomes_tokens_that_refresh_and_name_their_scopes(provider: fake.Pipedrive) -> None:
    first = await connected(provider)
    assert set(first.scopes or ()) == set(fake.WRITING) and first.expires_at == 3_599_000
    second = await refresh(wire.in_memory(provider.fake), module.pipedrive, CLIENT, first, now_ms=0)
    assert second.access_token != first.access_token and second.refresh_token == first.refresh_token
    assert second.fields == first.fields


async def test_revoking_ends_the_users_installation_and_no_other(provider: fake.Pipedrive) -> None:
    http = wire.in_memory(provider.fake)
    ada, again, ben = (
        await connected(provider),
        await connected(provider),
        await connected(provider, fake.BEN),
    )
    await revoke(http, module.pipedrive, CLIENT, ada)
    assert parse_qs(provider.fake.requests[-1].content.decode()) == {
        "token": [ada.refresh_token.reveal() if ada.refresh_token else ""],
        "token_type_hint": ["refresh_token"],
    }
    for ended in (ada, again):
        with pytest.raises(TokenRejected):
            await refresh(http, module.pipedrive, CLIENT, ended, now_ms=0)
    assert (await refresh(http, module.pipedrive, CLIENT, ben, now_ms=0)).access_token
    await revoke(http, module.pipedrive, CLIENT, ada)  # a token that is gone is as good as revoked


async def test_after_an_uninstallation_a_call_asks_to_connect_again(provider: fake.Pipedrive) -> None:
    provider.uninstall(fake.ADA)
    with pytest.raises(ReconnectRequired):
        await call(provider, "my_deals")


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
