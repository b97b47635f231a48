"""The trail as a page: found, verified, taken away whole."""

from __future__ import annotations

import json

import pytest

from core import retention
from core.clock import DAY_MS
from core.model import system
from core.store import Tx
from tests.harness.scene import Scene
from tests.web.pages.admin.conftest import Desk
from web.pages.admin import audit as controller


def actions(desk: Desk, query: str = "") -> list[str]:
    return [str(tag.text) for tag in desk.open(f"/audit{query}").soup.select("tbody .lead code")]


def test_events_are_told_newest_first_and_found_by_what_who_and_grant(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals"])
    stage.call("find_deals", "u-ada")
    stage.call("move_deal", "u-ada", {"deal_id": "1", "stage": "won"})
    assert actions(desk)[0] == "tool.refused"
    assert actions(desk, "?action=tool.called") == ["tool.called"]
    assert set(actions(desk, f"?grant={grant['id']}")) >= {"grant.created", "tool.called"}
    assert "tool.refused" in actions(desk, "?user=u-ada")
    assert set(actions(desk, f"?actor={stage.assistant.id}")) <= {
        "tool.called",
        "tool.refused",
        "connect_session.completed",
    }
    page = desk.open("/audit?action=tool.called")
    assert "Acme Assist used “Find your deals” for u-ada" in page.words
    assert "No event matches" in desk.open("/audit?action=no.such").words


def test_pages_go_back_to_the_first_event(desk: Desk, stage: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "PAGE", 2)
    seen: list[str] = []
    page = desk.open("/audit")
    while True:
        seen += [str(tag.text) for tag in page.soup.select("tbody .lead code")]
        older = [tag for tag in page.soup.select(".pager a") if "Older" in tag.text]
        if not older:
            break
        page = desk.walker.open(desk.valetkey.url + str(older[0]["href"]))
    assert seen == [event["action"] for event in reversed(stage.workspace.audit())]


def test_an_unbroken_chain_is_said_to_be_so(desk: Desk) -> None:
    desk.open("/audit")
    assert "The chain is unbroken." in desk.walker.submit("/admin/audit/verify").words


def test_a_changed_event_is_found_with_its_position(desk: Desk, stage: Scene) -> None:
    async def tamper(tx: Tx) -> None:
        await tx.query(
            "UPDATE audit_events SET action = 'nothing.happened' WHERE workspace = :w AND seq = 2 RETURNING seq",
            int,
            {"w": stage.workspace.id},
        )

    desk.valetkey.run(desk.valetkey.house.write(tamper))
    desk.open("/audit")
    page = desk.walker.submit("/admin/audit/verify")
    assert "The audit trail was changed." in page.words and "At position 2" in page.words


def test_the_export_is_the_whole_trail_as_json_lines(desk: Desk, stage: Scene) -> None:
    answer = desk.open("/audit/export").response
    assert answer.headers["content-disposition"] == 'attachment; filename="audit.jsonl"'
    lines = [json.loads(line) for line in answer.text.splitlines()]
    assert [line["id"] for line in lines] == [event["id"] for event in stage.workspace.audit()]


def test_how_long_it_is_kept_is_said_with_the_signed_months(desk: Desk, stage: Scene) -> None:
    house, workspace = desk.valetkey.house, stage.workspace.id
    assert "Events are kept for ever." in desk.open("/audit").words
    grant = stage.connect("u-ada", tools=["find_deals"])
    assert "kept" not in desk.open(f"/grants/{grant['id']}").soup.select_one("[aria-labelledby=story]").text
    desk.valetkey.run(retention.put_rule(house, system(workspace), 1))
    house.clock.offset_ms += 100 * DAY_MS
    try:
        desk.valetkey.run(retention.keep(house, workspace))
        desk.sign_in()
        page = desk.open("/audit")
        assert "Events are kept for at least 1 whole month" in page.words
        assert "1 signed month" in page.words and "Pruned" in page.words
        assert "were pruned, as the retention says" in page.words
        assert actions(desk)[-1] == "audit.pruned"
        assert "is kept for at least 1 month" in desk.open(f"/grants/{grant['id']}").words
        desk.open("/audit")
        assert "were pruned and are signed for" in desk.walker.submit("/admin/audit/verify").words
    finally:
        house.clock.offset_ms -= 100 * DAY_MS
