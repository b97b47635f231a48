"""The overview: its figures are those of the lists they open."""

from __future__ import annotations

from tests.harness.scene import Scene
from tests.harness.walker import Page
from tests.web.pages.admin.conftest import Desk


def tiles(page: Page) -> dict[str, tuple[int, str]]:
    found = {}
    for tile in page.soup.select(".tile"):
        figure, link = tile.select_one(".figure"), tile.select_one("a")
        assert figure is not None and link is not None
        found[link.text] = (int(figure.text.replace(",", "")), str(link["href"]))
    return found


def test_an_empty_workspace_shows_the_first_steps(desk: Desk) -> None:
    page = desk.open()
    assert "First steps" in page.words and "No calls yet" in page.words and "Not used yet" in page.words


def test_each_tile_counts_what_its_list_shows(desk: Desk, stage: Scene) -> None:
    stage.connect("u-ada", tools=["find_deals"])
    stage.call("find_deals", "u-ada")
    stage.connect("u-ben", "ben", tools=["find_deals", "move_deal"])
    stage.connect("u-cleo", "cleo", tools=["delete_task"])
    ended = stage.connect("u-gone", "ada", tools=["move_deal"])
    stage.assistant.revoke(ended["id"])
    page = desk.open()
    shown = tiles(page)
    assert shown["Can change or delete"][0] == 2 and shown["Never used"][0] == 2
    assert "1 of them can delete." in page.words
    for label, (count, href) in shown.items():
        rows = desk.walker.open(desk.valetkey.url + href).soup.select("tbody tr")
        assert len(rows) == count, label


def test_pictures_say_in_words_and_in_a_table_what_they_show(desk: Desk, stage: Scene) -> None:
    stage.connect("u-ada", tools=["find_deals"])
    stage.call("find_deals", "u-ada")
    stage.call("move_deal", "u-ada", {"deal_id": "1", "stage": "won"})
    page = desk.open()
    for picture in page.soup.select('svg[role="img"]'):
        named = picture.get("aria-label") or [
            page.soup.find(id=one) for one in str(picture["aria-labelledby"]).split()
        ]
        assert named and (
            isinstance(named, str) or all(one is not None and one.text.strip() for one in named)
        )
    assert "All active grants went from 0 to 1 in 12 weeks." in page.words
    assert "Northwind: 2 calls, 100% of all" in page.text
    assert "1 call was not answered, 50.0 %" in page.words
    assert len(page.soup.select(".fold table")) == 2
    last = page.soup.select(".fold table")[0].select("tbody tr")[-1]
    assert [cell.text for cell in last.select("td")][1:] == ["1", "0"]


def test_the_period_can_be_chosen(desk: Desk) -> None:
    assert len(desk.open("?weeks=26").soup.select(".fold table")[0].select("tbody tr")) == 27
    assert len(desk.open("?weeks=1000000").soup.select(".fold table")[0].select("tbody tr")) == 13


def test_the_latest_events_lead_to_their_grants(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals"])
    links = [str(tag["href"]) for tag in desk.open().soup.select(".timeline .what a")]
    assert f"/admin/grants/{grant['id']}" in links
