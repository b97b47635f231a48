"""Several accounts behind one sign-in, over real sockets: the confirm asks, the person chooses, the second confirm connects."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from core.clock import MINUTE_MS
from tests.flows.conftest import Providers
from tests.flows.crash import every_secret_has_an_owner, trail_is_whole
from tests.flows.shared import ClockedService, SharedService
from tests.flows.stages import SitesStage
from tests.harness.sites import FREIGHT, TRADING, accounts_on, choose
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL, made
from tests.harness.waiting import until
from tests.harness.walker import Walker


@pytest.fixture
def own_sites(own_service: SharedService, providers: Providers) -> Iterator[SitesStage]:
    if own_service.child is None:
        own_service.start()
    one = SitesStage(own_service, providers["northwind"])
    yield one
    one.close()


@pytest.fixture
def clocked_sites(clocked_service: ClockedService, providers: Providers) -> Iterator[SitesStage]:
    one = SitesStage(clocked_service, providers["northwind"])  # type: ignore[arg-type]
    yield one
    one.close()


def test_the_whole_way_with_the_popup(sites_stage: SitesStage, walker: Walker) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    told = stage.asked_to_choose(walker, session)
    assert [one["label"] for one in told["accounts"]] == [
        f"ada@northwind.example in {site}" for site in (TRADING, FREIGHT)
    ]
    assert told["connect"]["id"] == session["id"] and told["connect"]["url"] == session["url"]
    assert stage.assistant.session(session["id"])["status"] == "consented"
    assert walker.http.get(f"{session['url']}/status").json() == {"status": "choose"}
    assert stage.assistant.grants() == [] and len(stage.asked("token")) == 1
    page = choose(walker, session["url"], FREIGHT)
    assert page.status == 200 and page.message_origin == CHAT_ORIGIN
    assert page.message["type"] == "valetkey:authorized" and page.message["session"] == session["id"]
    grant = made(stage.assistant.confirm(session["id"], "u1", page.message["code"]))["grant"]
    assert grant["account"]["label"] == f"ada@northwind.example in {FREIGHT}"
    assert walker.http.get(f"{session['url']}/status").json() == {"status": "connected"}
    assert stage.call(stage.read).json()["result"]["site"] == "freight"
    assert len(stage.asked("token")) == 1 and stage.asked("revocation") == []
    assert FREIGHT in walker.open(session["url"]).words
    every_secret_has_an_owner(stage)
    trail_is_whole(stage)


def test_the_page_asks_between_them_and_chooses_none_beforehand(
    sites_stage: SitesStage, walker: Walker
) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    page = walker.open(session["url"])
    form = page.form("/choose")
    assert [name for name, _ in form.fields] == ["csrf_token"], "nothing is chosen"
    assert list(accounts_on(page).values()) == form.boxes["account"]
    assert "Which Northwind account shall Acme Assist use?" in page.words
    assert page.response.headers["cache-control"] == "no-store"
    nothing = walker.submit("/choose")
    assert (nothing.status, nothing.code) == (422, "invalid_body")
    assert "Choose one of them, or No thanks." in nothing.words
    assert walker.submit("/choose", account=form.boxes["account"][0]).message["code"]


def test_with_a_return_url_the_new_code_goes_there(sites_stage: SitesStage, walker: Walker) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read], return_url=RETURN_URL)
    told = stage.asked_to_choose(walker, session)
    page = choose(walker, told["connect"]["url"], TRADING)
    assert page.response.status_code == 303
    assert page.left_to and page.left_to.startswith(f"{RETURN_URL}?session={session['id']}&code=")
    grant = made(stage.assistant.confirm(session["id"], "u1", page.query["code"]))["grant"]
    assert grant["account"]["label"].endswith(TRADING)


def test_no_thanks_ends_it_and_the_provider_is_told(sites_stage: SitesStage, walker: Walker) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    assert stage.live()
    walker.open(session["url"])
    page = walker.submit("/deny")
    assert page.status == 200 and page.message["type"] == "valetkey:denied"
    assert "what Northwind had given for it is given up" in page.words
    assert stage.assistant.session(session["id"])["status"] == "denied"
    stage.dead()
    until(lambda: stage.rows("SELECT id FROM outbox WHERE workspace = ?", stage.workspace.id) == [])
    every_secret_has_an_owner(stage)
    assert "what Northwind had given for it is given up" in walker.open(session["url"]).words


def test_no_thanks_goes_back_to_the_return_url(sites_stage: SitesStage, walker: Walker) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read], return_url=RETURN_URL)
    stage.asked_to_choose(walker, session)
    walker.open(session["url"])
    assert walker.submit("/deny").query == {"session": session["id"], "error": "access_denied"}
    stage.dead()


def test_a_step_up_is_not_asked_again(sites_stage: SitesStage, walker: Walker) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    code = choose(walker, session["url"], FREIGHT).message["code"]
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    refused = stage.call(stage.other).json()
    more = stage.assistant.session(refused["connect"]["id"]) | {"url": refused["connect"]["url"]}
    widened = made(stage.assistant.confirm(more["id"], "u1", stage.authorize(walker, more)))["grant"]
    assert widened["id"] == grant["id"] and len(widened["tools"]) == 2
    assert stage.call(stage.other).json()["result"]["site"] == "freight"


def test_on_the_persons_own_page_it_is_asked_and_confirmed_there(
    sites_stage: SitesStage, walker: Walker
) -> None:
    """A connection that broke is made again; of its account, as long as the sign-in still covers that."""
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    code = choose(walker, session["url"], FREIGHT).message["code"]
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    walker.open(made(stage.assistant.http.post("/v1/portal-sessions", json={"user": "u1"}))["url"])
    stage.forget()
    stage.reject_access_tokens()
    assert stage.call(stage.read).json()["code"] == "reconnect_required"
    walker.open(f"{stage.service.url}/me/grants/{grant['id']}")
    link = walker.submit("/reconnect", follow=False).response.headers["location"]
    stage.approve(walker, link)
    page = stage.provider.consent(walker, "ada")
    assert page.url == f"{stage.service.url}/me/grants/{grant['id']}?done=reconnected"
    assert FREIGHT in page.words


def test_the_receipt_says_which_account_was_chosen(sites_stage: SitesStage, walker: Walker) -> None:
    stage = sites_stage
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    code = choose(walker, session["url"], FREIGHT).message["code"]
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    walker.open(made(stage.assistant.http.post("/v1/portal-sessions", json={"user": "u1"}))["url"])
    page = walker.open(f"{stage.service.url}/me/receipts/{grant['receipt']}")
    assert f"ada@northwind.example in {FREIGHT}, chosen from two" in page.words


def test_the_service_may_stop_and_start_between_asking_and_choosing(
    own_sites: SitesStage, walker: Walker
) -> None:
    stage, service = own_sites, own_sites.service
    assert isinstance(service, SharedService)
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    service.kill()
    service.start()
    code = choose(walker, session["url"], TRADING).message["code"]
    service.kill()
    service.start()
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert grant["status"] == "active" and stage.call(stage.read).json()["result"]["site"] == "trading"
    every_secret_has_an_owner(stage)
    trail_is_whole(stage)


@pytest.mark.parametrize("chosen", [False, True], ids=["never chosen", "chosen, never confirmed"])
def test_what_nobody_finishes_ends_by_itself_at_the_provider_too(
    clocked_sites: SitesStage, walker: Walker, chosen: bool
) -> None:
    stage: Any = clocked_sites
    session = stage.session("u1", [stage.read])
    stage.asked_to_choose(walker, session)
    if chosen:
        code = choose(walker, session["url"], FREIGHT).message["code"]
    assert len(stage.live()) > 0
    stage.service.later(10 * MINUTE_MS)
    assert stage.assistant.session(session["id"])["status"] == "expired"
    stage.dead()
    if chosen:
        late = stage.assistant.confirm(session["id"], "u1", code)
        assert (late.status_code, late.json()["code"]) == (410, "session_ended")
    page = walker.open(session["url"])
    assert page.code == "expired"
    every_secret_has_an_owner(stage)
