"""The list of grants, one grant with its story, and its receipt."""

from __future__ import annotations

import hashlib

import pytest

from core.clock import DAY_MS
from tests.harness.scene import Scene
from tests.web.pages.admin.conftest import Desk
from web.pages.admin import grants as controller


def users(desk: Desk, query: str = "") -> list[str]:
    page = desk.open(f"/grants{query}")
    assert page.status == 200, page.words[:300]
    return [str(tag.text) for tag in page.soup.select("tbody .lead a")]


@pytest.fixture
def three(stage: Scene) -> dict[str, dict[str, object]]:
    """ada reads, ben may change a deal, cleo may delete tasks; only ada's was used."""
    made = {
        "u-ada": stage.connect("u-ada", tools=["find_deals"]),
        "u-ben": stage.connect("u-ben", "ben", tools=["find_deals", "move_deal"]),
        "u-cleo": stage.connect("u-cleo", "cleo", tools=["my_tasks", "delete_task"]),
    }
    assert stage.call("find_deals", "u-ada").status_code == 200
    return made


def test_each_filter_narrows_the_list(desk: Desk, stage: Scene, three: dict[str, dict[str, object]]) -> None:
    everybody = ["u-cleo", "u-ben", "u-ada"]
    assert users(desk) == everybody
    assert users(desk, "?user=u-ben") == ["u-ben"]
    assert users(desk, f"?assistant={stage.assistant.id}") == everybody
    assert users(desk, "?connector=northwind") == everybody and users(desk, "?connector=jira") == []
    assert users(desk, "?can=change") == ["u-cleo", "u-ben"]
    assert users(desk, "?can=delete") == ["u-cleo"]
    assert users(desk, "?never_used=yes") == ["u-cleo", "u-ben"]
    assert users(desk, "?scope=deals.write") == ["u-ben"]
    stage.assistant.revoke(str(three["u-ben"]["id"]))
    assert users(desk, "?status=revoked") == ["u-ben"]
    assert users(desk, "?status=active") == ["u-cleo", "u-ada"]


def test_unused_counts_from_the_last_use(desk: Desk, stage: Scene) -> None:
    stage.connect("u-ada", tools=["find_deals"], duration="unlimited")
    desk.valetkey.later(31 * DAY_MS)
    desk.sign_in()
    assert users(desk, "?unused_for_days=30") == ["u-ada"]
    assert users(desk, "?unused_for_days=90") == []


def test_the_list_can_be_put_in_order(desk: Desk, three: dict[str, dict[str, object]]) -> None:
    assert users(desk, "?sort=oldest") == ["u-ada", "u-ben", "u-cleo"]
    assert users(desk, "?sort=last_used")[0] == "u-ada"
    assert users(desk, "?sort=least_used")[-1] == "u-ada"
    heading = desk.open("/grants?sort=last_used").soup.select_one("th[aria-sort]")
    assert heading is not None and heading["aria-sort"] == "descending" and "Last used" in heading.text


@pytest.mark.parametrize("sort", ["newest", "oldest", "last_used", "least_used", "ends_first"])
def test_pages_follow_one_another_without_gap_or_repeat(
    desk: Desk, three: dict[str, dict[str, object]], sort: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "PAGE", 1)
    seen: list[str] = []
    page = desk.open(f"/grants?sort={sort}")
    for _ in range(3):
        seen += [str(tag.text) for tag in page.soup.select("tbody .lead a")]
        following = [tag for tag in page.soup.select(".pager a") if "Next" in tag.text]
        if following:
            page = desk.walker.open(desk.valetkey.url + str(following[0]["href"]))
            assert any("First page" in tag.text for tag in page.soup.select(".pager a"))
    assert sorted(seen) == ["u-ada", "u-ben", "u-cleo"]
    assert not [tag for tag in page.soup.select(".pager a") if "Next" in tag.text]


def test_a_filter_without_a_match_says_so_and_offers_the_way_back(desk: Desk) -> None:
    page = desk.open("/grants?user=nobody")
    assert "No grant matches" in page.words and "user nobody" in page.words and "Clear filters" in page.words


def test_an_empty_workspace_says_what_will_be_here(desk: Desk) -> None:
    assert "Nobody has granted anything yet" in desk.open("/grants").words


def test_a_row_says_what_may_be_done_by_word_and_count(
    desk: Desk, three: dict[str, dict[str, object]]
) -> None:
    page = desk.open("/grants?user=u-cleo")
    assert "Read 1" in page.words and "Delete 1" in page.words and "Acme Assist" in page.words


def test_the_grant_tells_its_story_from_request_to_now(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals"], purpose="To answer questions about your pipeline.")
    stage.call("find_deals", "u-ada")
    page = desk.open(f"/grants/{grant['id']}")
    told = [" ".join(item.text.split()) for item in page.soup.select(".timeline > li")]
    for words in (
        "asked for 1 tool",
        "u-ada agreed to 1 tool",
        "u-ada gave Acme Assist access",
        "1 call so far",
    ):
        assert any(words in line for line in told), (words, told)
    moments = [str(tag["datetime"]) for tag in page.soup.select(".timeline time")]
    assert moments == sorted(moments, reverse=True)
    for words in (
        "“To answer questions about your pipeline.”",
        "deals.read asked, given, used",
        "Find your deals",
    ):
        assert words in page.words


def test_the_grant_says_what_was_asked_and_not_given(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals", "move_deal"], scopes=["deals.read"])
    page = desk.open(f"/grants/{grant['id']}")
    assert "deals.write asked, not given. Tools that need it stay off" in page.words


def test_advice_takes_away_what_was_never_used(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals", "move_deal"], duration="unlimited")
    stage.call("find_deals", "u-ada")
    assert "never used" not in desk.open(f"/grants/{grant['id']}").words, "nobody can tell on the first day"
    desk.valetkey.later(31 * DAY_MS)
    desk.sign_in()
    assert "One of two tools was never used." in desk.open(f"/grants/{grant['id']}").words
    page = desk.walker.submit(f"/admin/grants/{grant['id']}/narrow")
    assert "Narrowed to what is used." in page.words
    assert stage.assistant.grant(grant["id"])["tools"] == ["northwind.find_deals"]


def test_narrowing_never_widens(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals"])
    csrf = dict(desk.open("/policy").form("/admin/policy").fields)["csrf_token"]
    answer = desk.walker.http.post(
        f"{desk.valetkey.url}/admin/grants/{grant['id']}/narrow",
        data={"csrf_token": csrf, "tools": ["northwind.find_deals", "northwind.move_deal"]},
    )
    assert answer.status_code == 422
    assert stage.assistant.grant(grant["id"])["tools"] == ["northwind.find_deals"]


def test_the_receipt_is_readable_and_its_record_has_its_hash(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals"])
    page = desk.open(f"/receipts/{grant['receipt']}")
    assert "What u-ada agreed to" in page.words and "Find your deals" in page.words
    record = desk.open(f"/receipts/{grant['receipt']}/json").response
    assert record.headers["content-disposition"].startswith("attachment")
    assert hashlib.sha256(record.content).hexdigest() in page.text


def test_the_receipt_says_what_was_told_of_the_provider(desk: Desk, stage: Scene) -> None:
    """Northwind's permission to add a task deletes tasks, too."""
    told = stage.connect("u-ada", tools=["add_task"])["receipt"]
    silent = stage.connect("u-ben", "ben", tools=["find_deals"])["receipt"]
    page = desk.open(f"/receipts/{told}")
    assert "Told about Northwind" in page.words and "it has no smaller choice" in page.words
    assert "Told about Northwind" not in desk.open(f"/receipts/{silent}").words


def test_names_from_outside_cannot_become_markup(desk: Desk, stage: Scene) -> None:
    evil = stage.workspace.assistant('<script>alert(1)</script>"\u202eliah')
    grant = stage.connect("<b>u</b>", tools=["find_deals"], assistant=evil, purpose="<img src=x>")
    for path in ("", "/grants", f"/grants/{grant['id']}", "/assistants", f"/assistants/{evil.id}", "/audit"):
        page = desk.open(path)
        assert (
            "<script>alert" not in page.text and "<b>u</b>" not in page.text and "<img src=x" not in page.text
        )
        assert "\u202e" not in page.text, path
    evil.close()
