"""Northwind's connector against the bundled provider: every case live and from its cassette, and what its
docstring says of OAuth.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from connectors.northwind import northwind as connector
from core.connector import Api
from core.errors import InvalidArguments, ReconnectRequired
from core.http import Outbound
from core.ids import token_hash
from core.oauth import (
    ClientRegistration,
    TokenSet,
    authorization_url,
    check_answer,
    introspect,
    new_verifier,
    redeem,
    refresh,
    revoke,
)
from core.registry import cassette_problems, problems
from core.secret import Secret
from tests.connectors import wire
from tests.connectors.northwind_answers import MAINS
from tests.connectors.northwind_cases import Case, cases, outcome
from tests.connectors.northwind_provider import BASE_URL, HOST, NOW_MS, provider, sign_in
from tests.harness.ports import free_port
from tests.web.demo.person import Person
from web.demo.northwind import Northwind, create_app, serving
from web.demo.northwind.records import Deal, Task

CASES = list(cases())
NAMES = [f"{case.tool}__{case.name}" for case in CASES]
CALLBACK = "http://127.0.0.1:9/oauth/callback/reg_1"
CLIENT_ID, SECRET = "an id with: signs", "a secret/with+signs &%"


def test_the_connector_has_no_faults_and_every_cassette() -> None:
    assert problems(connector, development=False) == []
    assert cassette_problems(connector, wire.CASSETTES) == []
    assert {path.stem for path in (wire.CASSETTES / "northwind").glob("*.yaml")} == set(NAMES)


@pytest.mark.parametrize("case", CASES, ids=NAMES)
async def test_a_cassette_replays_without_network(case: Case) -> None:
    with wire.replaying(wire.path_of("northwind", case.tool, case.name), HOST) as cassette:
        assert await outcome(case, wire.on_the_wire()) == case.expected
    assert cassette.all_played


@pytest.mark.parametrize("case", CASES, ids=NAMES)
async def test_the_running_provider_still_answers_as_recorded(case: Case) -> None:
    app = provider()
    case.prepare(app.state.northwind)
    assert await outcome(case, wire.through(httpx.ASGITransport(app))) == case.expected


def test_no_cassette_holds_a_token() -> None:
    for path in (wire.CASSETTES / "northwind").glob("*.yaml"):
        text = path.read_text().lower()
        assert wire.TOKEN not in text and "authorization:" not in text and "cookie" not in text, path.name


# ---- no more than is shown ----------------------------------------------------------------------------------


class Asked(httpx.AsyncBaseTransport):
    """Takes requests to the application and keeps what was asked."""

    def __init__(self) -> None:
        self.app = provider()
        self.inside: Northwind = self.app.state.northwind
        self.requests: list[httpx.Request] = []
        self._transport = httpx.ASGITransport(self.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        return await self._transport.handle_async_request(request)

    async def run(self, tool: str, **arguments: Any) -> Any:
        return await wire.run(connector, wire.through(self), tool, arguments, fields={"base_url": BASE_URL})


@pytest.mark.parametrize("main", MAINS, ids=lambda main: main.tool)
async def test_a_tool_asks_only_for_the_fields_it_returns(main: Any) -> None:
    asked = Asked()
    result = await asked.run(main.tool, **main.arguments)
    shown = result["items"][0] if main.is_page else result
    if main.tool == "delete_task":
        return
    fields = parse_qs(urlsplit(str(asked.requests[-1].url)).query)["fields"][0].split(",")
    assert set(fields) == set(shown)
    private = {"phone", "mobile", "birthday", "home_city", "margin_percent", "credit_limit", "budget"}
    assert not private & set(fields)


async def test_a_tool_works_with_its_own_scopes_alone() -> None:
    for main in MAINS:
        asked = Asked()
        sign_in(asked.inside, connector.tools[f"northwind.{main.tool}"].scopes)
        assert await asked.run(main.tool, **main.arguments) == main.result, main.tool


@pytest.mark.parametrize("tool", ["get_deal", "move_deal", "add_note"])
async def test_a_colleagues_deal_is_neither_shown_nor_touched(tool: str) -> None:
    asked = Asked()
    theirs = next(
        each
        for each in asked.inside.book.records.values()
        if isinstance(each, Deal) and each.owner_id == "us_ben"
    )
    before = json.dumps(repr(theirs))
    more = {"move_deal": {"stage": "won"}, "add_note": {"text": "x"}}.get(tool, {})
    with pytest.raises(Exception, match="nothing there"):
        await asked.run(tool, deal_id=theirs.id, **more)
    assert json.dumps(repr(theirs)) == before


async def test_find_deals_answers_own_deals_only() -> None:
    asked = Asked()
    found = await asked.run("find_deals", open_only=False, limit=100)
    owners = {asked.inside.book.records[each["id"]].owner_id for each in found["items"]}
    assert owners == {"us_ada"} and len(found["items"]) == 40


@pytest.mark.parametrize("tool", ["complete_task", "delete_task"])
async def test_a_colleagues_task_stays_as_it_is(tool: str) -> None:
    asked = Asked()
    person = asked.inside.book.people["us_ada"]
    theirs = next(
        each
        for each in asked.inside.book.all(Task, person)
        if each.owner_id != "us_ada" and each.status == "open"
    )
    with pytest.raises(Exception, match="nothing there"):
        await asked.run(tool, task_id=theirs.id)
    assert asked.inside.book.records[theirs.id].status == "open"  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "arguments",
    [
        {"deal_id": "../me"},
        {"deal_id": "de_1/../../me"},
        {"deal_id": "de_1\n"},
        {"deal_id": "pe_1118"},
        {"deal_id": ""},
    ],
)
async def test_an_id_leads_nowhere_else(arguments: dict[str, Any]) -> None:
    asked = Asked()
    with pytest.raises(InvalidArguments):
        await asked.run("get_deal", **arguments)
    assert asked.requests == []


async def test_words_stay_words() -> None:
    asked = Asked()
    await asked.run("find_contacts", query="x&owner=us_cleo&fields=birthday", company="a=b&c")
    asked_for = parse_qs(urlsplit(str(asked.requests[0].url)).query)
    assert asked_for["q"] == ["x&owner=us_cleo&fields=birthday"] and "owner" not in asked_for


async def test_a_made_up_cursor_is_the_askers_mistake() -> None:
    with pytest.raises(InvalidArguments) as refused:
        await Asked().run("find_deals", cursor="made-up")
    assert refused.value.fields["errors"][0]["path"] == "/cursor"


async def test_a_write_that_had_to_be_repeated_is_done_once() -> None:
    asked = Asked()
    before = len(asked.inside.book.records)
    keys = []

    async def twice(request: httpx.Request) -> httpx.Response:
        keys.append(request.headers["idempotency-key"])
        answer = await httpx.ASGITransport(asked.app).handle_async_request(request)
        return answer if len(keys) == 2 else httpx.Response(503, headers={"retry-after": "0"})

    http = wire.through(httpx.MockTransport(twice))
    task = {"project_id": "pr_1332", "title": "Once"}
    await wire.run(connector, http, "add_task", task, fields={"base_url": BASE_URL})
    assert len(keys) == 2 and keys[0] == keys[1]
    assert len(asked.inside.book.records) == before + 1


# ---- OAuth, over sockets ------------------------------------------------------------------------------------


class Connected:
    """A Northwind on a port, our client, and Ada's browser."""

    def __init__(self, base_url: str, inside: Northwind, http: Outbound) -> None:
        self.inside, self.http, self.person = inside, http, Person(base_url)
        self.registration = ClientRegistration(
            id="reg_1",
            workspace="ws_1",
            slug="northwind",
            client_id=CLIENT_ID,
            client_secret=Secret(SECRET),
            config={"base_url": base_url},
            redirect_uri=CALLBACK,
        )

    async def connect(self, *scopes: str, ticked: list[str] | None = None) -> TokenSet:
        verifier, state = new_verifier(), new_verifier()
        given = {"scopes": scopes, "optional_scopes": (), "state": state, "verifier": verifier}
        url = await authorization_url(self.http, connector, self.registration, **given)  # type: ignore[arg-type]
        response = await self.person.answer(url, scopes=ticked)
        query = {
            name: values[0] for name, values in parse_qs(urlsplit(response.headers["location"]).query).items()
        }
        assert query["state"] == state.reveal()
        await check_answer(self.http, connector, self.registration, query)
        code = Secret(query["code"])
        return await redeem(
            self.http, connector, self.registration, code=code, verifier=verifier, now_ms=NOW_MS
        )

    def api(self, tokens: TokenSet) -> Api:
        held = wire.HeldToken(tokens.access_token.reveal())
        fields = self.registration.config
        return Api(connector, self.http, held, fields=fields, deadline_s=5, development=True)


@pytest.fixture
async def connected() -> AsyncIterator[Connected]:
    from core.authserver import Client

    port = free_port()
    base_url = f"http://127.0.0.1:{port}"
    client = Client.confidential(CLIENT_ID, Secret(SECRET), name="Valetkey", redirect_uris=(CALLBACK,))
    app, http = create_app(base_url, [client], now=lambda: NOW_MS), Outbound(development=True)
    async with serving(app, port=port):
        found = Connected(base_url, app.state.northwind, http)
        yield found
        await found.person.close()
        await http.close()


async def test_connect_read_refresh_and_revoke(connected: Connected) -> None:
    tokens = await connected.connect("deals.read")
    assert tokens.scopes == ("deals.read",) and tokens.expires_at == NOW_MS + 120_000
    assert connector.account_function
    account = await connector.account_function(connected.api(tokens))
    assert (account.id, account.label) == ("us_ada", "ada@northwind.example in Northwind Trading")
    found = await connector.tools["northwind.find_deals"].run(connected.api(tokens), {"limit": 3})
    assert len(found.items) == 3
    fresh = await refresh(connected.http, connector, connected.registration, tokens, now_ms=NOW_MS)
    assert fresh.refresh_token and fresh.refresh_token != tokens.refresh_token
    about = await introspect(connected.http, connector, connected.registration, fresh)
    assert about["active"] is True and about["sub"] == "us_ada"
    await revoke(connected.http, connector, connected.registration, fresh)
    assert connected.inside.store.live(NOW_MS) == []
    with pytest.raises(ReconnectRequired):
        await connector.tools["northwind.find_deals"].run(connected.api(fresh), {"limit": 3})


async def test_what_the_person_unticked_is_not_among_the_scopes(connected: Connected) -> None:
    tokens = await connected.connect("deals.read", "deals.write", ticked=["deals.read"])
    assert tokens.scopes == ("deals.read",)


async def test_two_connections_are_independent_of_each_other(connected: Connected) -> None:
    first, second = await connected.connect("deals.read"), await connected.connect("deals.read", "tasks.read")
    await revoke(connected.http, connector, connected.registration, first)
    live = {held.token.token_hash for held in connected.inside.store.live(NOW_MS)}
    assert live == {token_hash(each.reveal()) for each in (second.access_token, second.refresh_token) if each}


async def test_the_manage_url_is_where_the_app_can_be_removed(connected: Connected) -> None:
    await connected.connect("deals.read")
    page = await connected.person.open(f"{connected.registration.config['base_url']}/settings/apps")
    assert page.status_code == 200 and "Valetkey" in page.text
