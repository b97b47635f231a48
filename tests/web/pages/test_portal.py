"""Who may use my data: reached by a ticket, shows one person's own, and stops it."""

from __future__ import annotations

import hashlib
import json
from urllib.parse import urlsplit

import pytest

from core.clock import HOUR_MS
from core.model import Grant
from core.store import Tx
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.harness.walker import Page, Walker
from tests.web.pages.running import RunningValetkey
from web.pages import mine


def ticket(stage: Scene, user: str = "ada", **fields: str) -> str:
    return stage.assistant.http.post("/v1/portal-sessions", json={"user": user, **fields}).json()["url"]


@pytest.fixture
def home(stage: Scene, walker: Walker) -> Page:
    """Ada's list, with one grant for two tools that was used once."""
    stage.connect("ada", tools=["find_deals", "move_deal"])
    assert stage.call("find_deals", "ada").status_code == 200
    return walker.open(ticket(stage))


def grant_url(home: Page) -> str:
    return home.url + "/grants/" + str(home.soup.select_one("article.grant")["aria-labelledby"])


def test_the_list_names_who_may_do_what_and_until_when(home: Page) -> None:
    assert urlsplit(home.url).path == "/me" and not urlsplit(home.url).query
    for words in (
        "One assistant, one permission",
        "Acme Assist uses Northwind",
        "Find your deals",
        "Last used just now",
    ):
        assert words in home.words


def test_a_ticket_opens_once(stage: Scene, walker: Walker) -> None:
    url = ticket(stage)
    assert walker.open(url).status == 200
    with Walker() as other:
        page = other.open(url)
        assert (page.status, page.code) == (404, "not_found") and "This link has been used" in page.words
        assert other.open(f"{stage.service.url}/me").status == 401


def test_a_ticket_is_not_used_up_by_a_browser_that_looks_ahead(stage: Scene, walker: Walker) -> None:
    url = ticket(stage)
    assert walker.open(url, **{"Sec-Purpose": "prefetch;prerender"}).status == 503
    assert walker.open(url).status == 200


def test_without_a_session_every_page_asks_to_come_from_the_chat(stage: Scene, walker: Walker) -> None:
    for path in ("/me", "/me/stop", "/me/data.json", "/me/grants/gr_x", "/me/receipts/rcp_x"):
        page = walker.open(stage.service.url + path)
        assert (page.status, page.code) == (401, "invalid_credentials"), path


def test_what_it_did_is_told_by_count(home: Page, walker: Walker) -> None:
    page = walker.open(grant_url(home))
    assert "Read 10 items in Deals." in page.words
    assert "You allowed: Find your deals, Move a deal to another stage." in page.words
    assert "1 use" in page.words


def test_nothing_of_another_person_is_to_be_had(stage: Scene, home: Page, walker: Walker) -> None:
    grant, receipt = grant_url(home), home.url + "/receipts/" + stage.assistant.grants()[0]["receipt"]
    with Walker() as ben:
        ben.open(ticket(stage, "ben"))
        for url in (grant, grant + "/stop", receipt, receipt + ".json"):
            assert ben.open(url).status == 404, url
        assert json.loads(ben.open(home.url + "/data.json").text)["grants"] == []


def test_nothing_of_another_assistant_is_to_be_had(stage: Scene, home: Page) -> None:
    report = stage.workspace.assistant("Report Writer")
    with Walker() as ada:
        ada.open(report.http.post("/v1/portal-sessions", json={"user": "ada"}).json()["url"])
        assert ada.open(grant_url(home)).status == 404
    report.close()


def test_a_tool_is_removed_with_one_press(stage: Scene, home: Page, walker: Walker) -> None:
    page = walker.open(grant_url(home))
    form = next(form for form in page.forms if form.action.endswith("/narrow"))
    page = walker.submit(form, remove="northwind.move_deal")
    assert "Removed." in page.words and "You removed: Move a deal to another stage." in page.words
    [grant] = stage.assistant.grants()
    assert grant["tools"] == ["northwind.find_deals"]
    assert (
        stage.call("move_deal", "ada", {"deal_id": "de_1", "stage": "won"}).json()["code"]
        == "consent_required"
    )


def test_removing_the_last_tool_is_stopping(stage: Scene, walker: Walker) -> None:
    stage.connect("ada", tools=["find_deals"])
    page = walker.open(grant_url(walker.open(ticket(stage))))
    form = next(form for form in page.forms if form.action.endswith("/narrow"))
    page = walker.submit(form, remove="northwind.find_deals")
    assert page.url.endswith("/stop?done=last") and "only thing it may do" in page.words
    assert stage.assistant.grants()[0]["status"] == "active"


def test_the_end_can_be_made_earlier_and_not_later(stage: Scene, home: Page, walker: Walker) -> None:
    page = walker.open(grant_url(home))
    before = stage.assistant.grants()[0]["expires_at"]
    form = next(form for form in page.forms if "until" in form.choices)
    assert form.choices["until"] == ["1h"]
    assert "Shortened." in walker.submit(form, until="1h").words
    assert stage.assistant.grants()[0]["expires_at"] < before
    walker.open(grant_url(home))
    assert walker.submit(form, until="30d").status == 422


def test_stopping_takes_two_presses_and_holds_at_once(
    stage: Scene, home: Page, walker: Walker, provider: RunningNorthwind
) -> None:
    grant = stage.assistant.grants()[0]["id"]
    question = walker.open(f"{grant_url(home)}/stop")
    assert "Stop Acme Assist from using your Northwind?" in question.words
    page = walker.submit("/stop")
    assert page.url.endswith(grant)
    assert "Northwind confirmed" in page.words and "The key is destroyed" in page.words
    assert stage.call("find_deals", "ada").json()["code"] == "grant_revoked"
    assert stage.assistant.grant(grant)["upstream"] == "revoked"


def test_a_provider_that_does_not_answer_is_not_said_to_have_confirmed(
    stage: Scene, home: Page, walker: Walker, provider: RunningNorthwind
) -> None:
    provider.inside.faults.fail("revocation")
    try:
        walker.open(f"{grant_url(home)}/stop")
        page = walker.submit("/stop")
        assert "Northwind has not confirmed yet" in page.words and "The key is locked" in page.words
        assert (
            page.soup.find("a", string="Connected apps at Northwind")["href"]
            == f"{provider.url}/settings/apps"
        )
        assert stage.call("find_deals", "ada").json()["code"] == "grant_revoked"
    finally:
        provider.inside.faults.clear()


def test_stopping_twice_is_no_error(stage: Scene, home: Page, walker: Walker) -> None:
    walker.open(f"{grant_url(home)}/stop")
    form = walker.page.form("/stop")
    walker.submit(form)
    walker.open(grant_url(home))
    assert walker.submit(form).status == 200
    assert walker.open(f"{grant_url(home)}/stop").url == grant_url(home)


def test_everything_stops_with_one_confirm(stage: Scene, walker: Walker) -> None:
    for login in ("ada", "ben"):
        stage.connect("ada", login=login, tools=["find_deals"])
    walker.open(ticket(stage))
    question = walker.open(f"{stage.service.url}/me/stop")
    assert "ada@northwind.example" in question.words and "ben@northwind.example" in question.words
    page = walker.submit("/stop")
    assert "Nobody may use your data" in page.words
    assert {grant["status"] for grant in stage.assistant.grants()} == {"revoked"}


def test_the_receipt_reads_well_and_its_hash_is_that_of_its_json(
    stage: Scene, home: Page, walker: Walker
) -> None:
    id = stage.assistant.grants()[0]["receipt"]
    page = walker.open(f"{home.url}/receipts/{id}")
    assert "Receipt of what you agreed to" in page.words and "Find your deals" in page.words
    answer = walker.http.get(f"{home.url}/receipts/{id}.json")
    assert "attachment" in answer.headers["content-disposition"]
    assert hashlib.sha256(answer.content).hexdigest() in page.text
    assert answer.json()["person"] == {"user": "ada"}


def test_the_receipt_keeps_what_was_said_of_a_provider_that_offers_nothing_smaller(
    stage: Scene, walker: Walker
) -> None:
    """Northwind's permission to add a task deletes tasks, too."""
    grant = stage.connect("ada", tools=["add_task"])
    walker.open(ticket(stage))
    page = walker.open(f"{stage.service.url}/me/receipts/{grant['receipt']}")
    said = page.soup.select_one("section[aria-labelledby=r6]")
    assert (
        said is not None
        and "It was said of Northwind" in said.text
        and "it has no smaller choice" in said.text
    )


def test_all_my_data_is_one_json_document_without_a_token(
    stage: Scene, home: Page, walker: Walker, provider: RunningNorthwind
) -> None:
    answer = walker.http.get(f"{home.url}/data.json")
    data = answer.json()
    assert answer.headers["cache-control"] == "no-store"
    assert [grant["user"] for grant in data["grants"]] == ["ada"]
    assert len(data["receipts"]) == 1
    assert "tool.called" in [event["action"] for event in data["activity"]]
    assert not any(token in answer.text for token in provider.tokens)


def test_a_broken_connection_is_made_again_from_here(
    stage: Scene, home: Page, walker: Walker, valetkey: RunningValetkey, provider: RunningNorthwind
) -> None:
    [grant] = stage.assistant.grants()
    page = walker.submit(broken(stage, walker, valetkey, grant["id"]).form("/reconnect"))
    assert "What you allowed stays the same" in page.words
    walker.submit("/approve")
    page = provider.consent(walker, "ada")
    assert "Connected again." in page.words, (page.status, page.code, page.words)
    assert stage.assistant.grant(grant["id"])["status"] == "active"
    assert stage.call("find_deals", "ada").status_code == 200


def broken(stage: Scene, walker: Walker, valetkey: RunningValetkey, grant: str) -> Page:
    """The grant's page after the provider has refused a refresh."""

    async def job(tx: Tx) -> None:
        held = await tx.one("grant_get", Grant, workspace=stage.workspace.id, id=grant)
        assert held is not None
        reason = "refresh_token_rejected"
        await tx.run("grant_needs_reconnect", id=grant, version=held.credential_version, reason=reason)

    valetkey.run(valetkey.house.write(job))
    page = walker.open(f"{valetkey.url}/me/grants/{grant}")
    assert "Northwind ended the connection" in page.words
    return page


def test_forms_need_their_token_and_our_origin(stage: Scene, home: Page, walker: Walker) -> None:
    grant = grant_url(home)
    for path in ("/stop", "/narrow", "/reconnect"):
        assert walker.http.post(grant + path, data={}).status_code == 403
    token = dict(home.forms[0].fields)["csrf_token"]
    for path in (grant + "/stop", home.url + "/stop", home.url + "/sign-out"):
        answer = walker.http.post(
            path, data={"csrf_token": token}, headers={"Origin": "https://evil.example"}
        )
        assert answer.status_code == 403
    assert stage.assistant.grants()[0]["status"] == "active"


def test_signing_out_ends_the_session_and_not_only_the_cookie(
    stage: Scene, home: Page, walker: Walker
) -> None:
    kept = dict(walker.http.cookies)
    walker.submit("/sign-out")
    with Walker() as other:
        other.http.cookies.update(kept)
        assert other.open(home.url).status == 401


def test_a_session_ends_by_itself(
    stage: Scene, home: Page, walker: Walker, valetkey: RunningValetkey
) -> None:
    valetkey.later(2 * HOUR_MS)
    try:
        assert walker.open(home.url).status == 401
    finally:
        valetkey.later(-2 * HOUR_MS)


def test_long_lists_go_on_on_the_next_page(
    stage: Scene, walker: Walker, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(3):
        stage.connect("ada", tools=["find_deals"])
        stage.assistant.revoke(stage.assistant.grants()[0]["id"])
    monkeypatch.setattr(mine, "PAGE_ROWS", 2)
    first = walker.open(ticket(stage))
    more = first.soup.find("a", string="Show older ones")
    second = walker.open(stage.service.url + str(more["href"]))
    assert [len(page.soup.select(".rows > li")) for page in (first, second)] == [2, 1]
    assert walker.open(f"{stage.service.url}/me?before=nonsense").status == 400


def test_the_way_back_to_the_chat_is_the_registered_one(stage: Scene, walker: Walker) -> None:
    page = walker.open(ticket(stage, return_url="https://chat.acme.example/connected"))
    link = page.soup.find("a", string="Back to the chat")
    assert link["href"] == "https://chat.acme.example/connected"
