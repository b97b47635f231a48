"""Todoist: what each tool asks and answers, that adding needs no reading, and that tokens rotate and end."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors import _todoist_filter as filters
from connectors import _todoist_records as records
from connectors import todoist as module
from core.connector import Api, MissingScope, RevocationContext, ToolError
from core.errors import AccountRequired, ConsentRequired, InvalidArguments, ProviderError, TokenRejected
from core.oauth import TokenSet, authorization_url, new_verifier, redeem, refresh, revoke
from core.secret import Secret
from tests.connectors import descriptions, wire
from tests.connectors import todoist_cases as cases
from tests.connectors.fakes import todoist as fake
from tests.connectors.fakes.fake import Token, form_of
from tests.connectors.household import Household, household

TODOIST, REGISTRATION = cases.SUBJECT, cases.CLIENT
PAGE = Path(__file__).parents[2] / "docs" / "connectors" / "todoist.md"
# what Doist's own client may send when it adds a task (@doist/todoist-sdk 11.0.0, AddTaskArgs)
ADD_TASK = {
    "content", "description", "project_id", "section_id", "parent_id", "order", "labels", "priority", "assignee_id",
    "due_string", "due_lang", "due_date", "due_datetime", "deadline_lang", "deadline_date", "is_uncompletable",
    "duration", "duration_unit",
}  # fmt: skip


@pytest.fixture
def provider() -> fake.Todoist:
    made: fake.Todoist = TODOIST.provider()
    return made


async def call(provider: fake.Todoist, tool: str, **arguments: Any) -> Any:
    return await wire.run(module.todoist, wire.in_memory(provider.fake), tool, arguments)


# ---- the least that works ------------------------------------------------------------------------------------


def test_adding_asks_for_adding_alone_and_reading_for_reading_alone() -> None:
    wanted = {tool.function_name: set(tool.wanted_scopes()) for tool in module.todoist.tools.values()}
    assert wanted["create_task"] == {"task:add"}
    assert {name for name, scopes in wanted.items() if scopes == {"data:read"}} == set(cases.READS)
    assert {name for name, scopes in wanted.items() if "data:read_write" in scopes} == {
        "add_comment",
        "close_task",
    }


def test_no_scope_that_deletes_is_known() -> None:
    assert not [name for name in module.todoist.scopes if "delete" in name]


async def test_a_grant_that_may_only_add_adds_and_reads_nothing(provider: fake.Todoist) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.ADD])
    made = await call(provider, "create_task", content="Buy oil")
    assert provider.tasks[made["id"]]["content"] == "Buy oil"
    for tool in cases.READS:
        with pytest.raises(MissingScope):
            await call(provider, tool, **cases.ARGUMENTS[tool])


async def test_scopes_are_parted_by_commas_and_the_challenge_is_sent() -> None:
    url = await authorization_url(
        wire.in_memory(fake.populated().fake), module.todoist, REGISTRATION, scopes=[fake.READ, fake.ADD],
        optional_scopes=[], state=Secret("s"), verifier=new_verifier(),
    )  # fmt: skip
    query = parse_qs(urlsplit(url).query)
    assert url.startswith("https://app.todoist.com/oauth/authorize?")
    assert query["scope"] == ["data:read,task:add"] and query["code_challenge_method"] == ["S256"]


@pytest.mark.parametrize(
    ("status", "body", "expected"),
    [
        (403, {"error_tag": "AUTH_INSUFFICIENT_TOKEN_SCOPE"}, []),
        (403, {"error_tag": "FORBIDDEN"}, None),
        (401, {"error_tag": "AUTH_INSUFFICIENT_TOKEN_SCOPE"}, None),
        (403, "Forbidden", None),
        (403, None, None),
    ],
)
def test_a_missing_scope_is_told_from_other_refusals(
    status: int, body: Any, expected: list[str] | None
) -> None:
    assert module.missing_scope(status, {}, body) == expected


# ---- mine, and what is found ---------------------------------------------------------------------------------


async def test_mine_is_what_is_not_assigned_to_others(provider: fake.Todoist) -> None:
    found = await call(provider, "my_tasks", when=None)
    assert {one["id"] for one in found["items"]} == {"6Xa1", "6Xa2", "6Xa3", "6Xb1"}
    provider.fake.sign_in(wire.TOKEN, fake.BEN, fake.ALL_SCOPES)
    assert "6Xb1" not in {one["id"] for one in (await call(provider, "my_tasks", when=None))["items"]}


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ("overdue", ["6Xa2"]),
        ("today", ["6Xa1", "6Xb2"]),
        ("today_or_overdue", ["6Xa1", "6Xa2", "6Xb2"]),
        ("next_7_days", ["6Xa1", "6Xb1", "6Xb2"]),
        ("no_date", ["6Xa3"]),
    ],
)
async def test_each_day_is_a_filter_of_its_own(
    provider: fake.Todoist, when: str, expected: list[str]
) -> None:
    found = await call(provider, "find_tasks", when=when)
    assert [one["id"] for one in found["items"]] == expected


async def test_every_filter_says_that_its_words_are_english(provider: fake.Todoist) -> None:
    await call(provider, "find_tasks", text="engine")
    await call(provider, "my_tasks")
    assert [one.url.params["lang"] for one in provider.fake.requests] == ["en", "en"]


@pytest.mark.parametrize("text", ["", "   ", "| & !", "()"])
async def test_without_words_or_day_nothing_is_asked(provider: fake.Todoist, text: str) -> None:
    with pytest.raises(ToolError):
        await call(provider, "find_tasks", text=text)
    assert provider.fake.requests == []


async def test_a_closed_task_is_closed_and_nothing_else_has_changed(provider: fake.Todoist) -> None:
    before = json.dumps({id: task for id, task in provider.tasks.items() if id != "6Xa1"})
    await call(provider, "close_task", task_id="6Xa1")
    assert provider.tasks["6Xa1"]["checked"] is True
    assert json.dumps({id: task for id, task in provider.tasks.items() if id != "6Xa1"}) == before


# ---- what is written -----------------------------------------------------------------------------------------


async def test_a_new_task_is_sent_with_the_members_todoist_has(provider: fake.Todoist) -> None:
    made = await call(
        provider, "create_task", content="Buy\n oil ", description=" fine ", due_on="2026-12-01", priority="p1",
        project_id=fake.LOOMS,
    )  # fmt: skip
    sent = json.loads(provider.fake.requests[-1].content)
    assert sent == {
        "content": "Buy oil", "description": "fine", "due_date": "2026-12-01", "priority": 4, "project_id": fake.LOOMS,
    }  # fmt: skip
    assert set(sent) <= ADD_TASK
    assert (await call(provider, "get_task", task_id=made["id"]))["priority"] == "p1"


@given(st.text(max_size=300))
async def test_a_text_is_one_member_of_what_is_sent_whatever_it_holds(text: str) -> None:
    provider = TODOIST.provider()
    try:
        await call(provider, "create_task", content=text)
        await call(provider, "add_comment", task_id="6Xa1", text=text)
    except InvalidArguments:
        assert "\0" in text or not text.strip() or len(text) > 500
        return
    task, comment = (json.loads(one.content) for one in provider.fake.requests)
    assert task == {"content": " ".join(text.split())}
    assert comment == {"task_id": "6Xa1", "content": text.strip()}


@pytest.mark.parametrize("number", range(1, 5))
def test_a_priority_is_sent_as_it_is_shown(number: int) -> None:
    shown = records.shown_priority(number)
    assert shown == f"p{5 - number}" and records.sent_priority(shown) == number  # type: ignore[arg-type]


# ---- no more than is shown -----------------------------------------------------------------------------------


async def test_what_the_provider_sends_beside_that_is_dropped(provider: fake.Todoist) -> None:
    provider.tasks["6Xa1"]["note_count"] = 90000
    assert "90000" not in json.dumps(await call(provider, "get_task", task_id="6Xa1"))
    assert "About the engine" not in json.dumps(await call(provider, "find_tasks", text="Ada"))


async def test_a_long_page_is_cut_to_what_is_shown(provider: fake.Todoist) -> None:
    provider.tasks.clear()
    for number in range(50):
        words = "What was said about this on the phone, and what is to be done. " * 3
        provider.put(
            f"6Xc{number}", f"Task number {number}", due="2026-11-24", description=words, labels=["phone"]
        )
    shown = len(msgspec.json.encode(await call(provider, "my_tasks", limit=50)))
    whole = len(provider.fake.handle(provider.fake.requests[-1]).content)
    assert shown * 3 < whole
    line = f"A page of 50 tasks: {whole / 1000:.0f} kB from Todoist, {shown / 1000:.0f} kB to the assistant."
    assert line in PAGE.read_text()


# ---- hostile arguments ---------------------------------------------------------------------------------------

HOSTILE = ["", ".", "..", "../user", "6Xa1/close", "6Xa1?x=1", "6Xa1#", "6Xa1\n", "６Ｘ", "6X a1", "a" * 65]


@pytest.mark.parametrize("id", HOSTILE)
@pytest.mark.parametrize("tool", ["get_task", "close_task"])
def test_an_id_that_is_none_is_refused(tool: str, id: str) -> None:
    with pytest.raises(InvalidArguments) as refused:
        module.todoist.tools[f"todoist.{tool}"].check({"task_id": id})
    assert refused.value.fields["errors"][0]["path"] == "/task_id"


@given(st.text(max_size=200))
async def test_no_text_finds_more_than_its_words_allow(text: str) -> None:
    provider = TODOIST.provider()
    try:
        found = await call(provider, "find_tasks", text=text, when="no_date")
    except InvalidArguments:
        assert "\0" in text
        return
    kept = [one for one in found["items"] if one["id"] != "6Xa3"]
    assert kept == [] and len(provider.fake.requests) == 1
    assert provider.fake.requests[0].url.params["query"] == filters.query(text, "no_date")


def test_a_text_of_a_megabyte_is_refused() -> None:
    for tool, name in (("find_tasks", "text"), ("create_task", "content"), ("create_task", "description")):
        with pytest.raises(InvalidArguments):
            module.todoist.tools[f"todoist.{tool}"].check({"content": "x", name: "x" * 1_000_000})


# ---- the account and its tokens ------------------------------------------------------------------------------


async def _account(provider: fake.Todoist) -> Any:
    api = Api(module.todoist, wire.in_memory(provider.fake), wire.HeldToken(), fields={}, deadline_s=5)
    assert module.todoist.account_function is not None
    return msgspec.to_builtins(await module.todoist.account_function(api))


async def test_the_account_is_the_person(provider: fake.Todoist) -> None:
    assert await _account(provider) == {"id": fake.ADA, "label": "ada@acme.example", "fields": {}}


async def test_who_may_only_add_is_an_account_without_a_name(provider: fake.Todoist) -> None:
    provider.fake.sign_in(wire.TOKEN, fake.ADA, [fake.ADD])
    account = await _account(provider)
    assert account["id"] == "add-only" and "adding" in account["label"]


async def test_a_refusal_of_another_kind_names_nobody(provider: fake.Todoist) -> None:
    provider.fake.fail(403, {"error_tag": "FORBIDDEN"}, path="/user")
    with pytest.raises(ProviderError):
        await _account(provider)


async def _tokens(provider: fake.Todoist, *scopes: str) -> TokenSet:
    provider.codes["the-code"] = Token(fake.ADA, frozenset(scopes or fake.ALL_SCOPES))
    given = {"code": Secret("the-code"), "verifier": new_verifier(), "now_ms": 0}
    return await redeem(wire.in_memory(provider.fake), module.todoist, REGISTRATION, **given)


async def test_a_code_becomes_tokens_that_rotate(provider: fake.Todoist) -> None:
    http, first = wire.in_memory(provider.fake), await _tokens(provider, fake.READ)
    assert first.scopes == (fake.READ,) and first.expires_at == 3_600_000
    second = await refresh(http, module.todoist, REGISTRATION, first, now_ms=0)
    assert second.refresh_token != first.refresh_token
    with pytest.raises(TokenRejected):
        await refresh(http, module.todoist, REGISTRATION, first, now_ms=0)


async def test_the_client_secret_travels_in_the_form_to_the_token_endpoint(provider: fake.Todoist) -> None:
    await _tokens(provider)
    (request,) = provider.fake.requests
    assert (
        str(request.url) == "https://api.todoist.com/oauth/access_token"
        and "authorization" not in request.headers
    )
    assert form_of(request)["client_secret"] == fake.CLIENT[1] and "code_verifier" in form_of(request)


async def test_both_tokens_end_on_revocation_and_may_end_twice(provider: fake.Todoist) -> None:
    http, tokens = wire.in_memory(provider.fake), await _tokens(provider)
    await revoke(http, module.todoist, REGISTRATION, tokens)
    assert tokens.access_token.reveal() not in provider.fake.tokens and provider.refresh_tokens == {}
    await revoke(http, module.todoist, REGISTRATION, tokens)


async def test_of_an_app_without_refresh_tokens_the_access_token_ends(provider: fake.Todoist) -> None:
    provider.fake.sign_in("long-lived", fake.ADA, [fake.READ])
    await revoke(wire.in_memory(provider.fake), module.todoist, REGISTRATION, TokenSet(Secret("long-lived")))
    assert "long-lived" not in provider.fake.tokens and len(provider.fake.requests) == 1


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 503])
async def test_an_end_that_is_not_confirmed_is_asked_for_again(provider: fake.Todoist, status: int) -> None:
    http, tokens = wire.in_memory(provider.fake), await _tokens(provider)
    provider.fake.fail(status, {"error": "x"}, path="/revoke")
    with pytest.raises(ProviderError) as refused:
        await revoke(http, module.todoist, REGISTRATION, tokens)
    assert tokens.access_token.reveal() not in str(refused.value)


@descriptions.needed
@descriptions.quiet
async def test_revocation_is_asked_as_described(provider: fake.Todoist) -> None:
    tokens = await _tokens(provider)
    context = RevocationContext(http=wire.in_memory(provider.fake), registration=REGISTRATION, tokens=tokens)
    await module.revoke(context)
    sent = [one for one in provider.fake.requests if one.url.path.endswith("/revoke")]
    assert [json.loads(one.content)["token_type_hint"] for one in sent] == ["access_token", "refresh_token"]
    for request in sent:
        descriptions.description("todoist").check(request)


# ---- through the whole of Valetkey ----------------------------------------------------------------------------


@pytest.fixture
async def at_todoist(tmp_path: Path) -> AsyncIterator[Household]:
    async with household(tmp_path, module.todoist, fake.populated(), fake.CLIENT) as one:
        yield one


async def test_a_person_connects_for_adding_alone_adds_and_stops(at_todoist: Household) -> None:
    grant = await at_todoist.connect("ada", fake.ADA, "create_task")
    assert (grant.scopes_granted, grant.account_label) == (("task:add",), "Todoist, adding tasks only")
    assert (await at_todoist.call("ada", "create_task", content="Buy oil"))["id"] in at_todoist.provider.tasks
    with pytest.raises(ConsentRequired) as refused:
        await at_todoist.call("ada", "my_tasks")
    assert refused.value.fields["missing_scopes"] == ["data:read"]
    assert (await at_todoist.stop(grant)).upstream == "revoked"
    assert at_todoist.provider.refresh_tokens == {} == at_todoist.provider.fake.tokens


async def test_who_agrees_to_reading_later_has_a_second_account_by_name(at_todoist: Household) -> None:
    """Nothing says that the two are the same: the assistant names one until the first is stopped."""
    first = await at_todoist.connect("ada", fake.ADA, "create_task")
    second = await at_todoist.connect("ada", fake.ADA, "create_task", "my_tasks")
    assert (second.id != first.id, second.account_label) == (True, "ada@acme.example")
    with pytest.raises(AccountRequired):
        await at_todoist.call("ada", "my_tasks")
    await at_todoist.stop(first)
    assert (await at_todoist.call("ada", "my_tasks"))["items"]


async def test_a_wider_scope_does_for_all_that_was_agreed_to(at_todoist: Household) -> None:
    """Where Todoist names `data:read_write` alone, which includes the others."""
    tools = ("my_tasks", "create_task", "close_task")
    grant = await at_todoist.connect("ada", fake.ADA, *tools, but=[fake.ADD, fake.READ])
    assert set(grant.tools) == {f"todoist.{tool}" for tool in tools}
    assert (await at_todoist.call("ada", "my_tasks"))["items"]


# ---- failing and repeating -----------------------------------------------------------------------------------


async def test_a_reading_is_repeated_when_todoist_asks_to_wait_and_a_write_is_not(
    provider: fake.Todoist,
) -> None:
    wait = {"retry-after": "0"}
    provider.fake.fail(429, {}, wait, path="/tasks/filter")
    assert (await call(provider, "my_tasks"))["items"]
    provider.fake.fail(503, {}, wait, path="/tasks", method="POST")
    with pytest.raises(ProviderError):
        await call(provider, "create_task", content="Buy oil")
    assert "Buy oil" not in {task["content"] for task in provider.tasks.values()}
