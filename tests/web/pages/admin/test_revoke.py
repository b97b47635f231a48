"""Ending grants: the preview says who is affected, the reason is asked for, and what was shown is what ends."""

from __future__ import annotations

from typing import Any

import pytest

from core import outbox
from core.clock import HOUR_MS
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.harness.walker import Form
from tests.web.pages.admin.conftest import Desk
from web.pages.admin import revoke as controller


@pytest.fixture
def two(stage: Scene) -> list[dict[str, Any]]:
    return [stage.connect("u-ada", tools=["find_deals"]), stage.connect("u-ben", "ben", tools=["find_deals"])]


def test_one_grant_is_revoked_with_a_reason(desk: Desk, stage: Scene, two: list[dict[str, Any]]) -> None:
    path = f"/grants/{two[0]['id']}"
    preview = desk.open(f"{path}/revoke")
    assert (
        "Revoke the access of Acme Assist for u-ada?" in preview.words
        and "Northwind is told" in preview.words
    )
    page = desk.walker.submit(f"{path}/revoke", reason="Left the company")
    assert (
        page.url.endswith(path) and "Left the company" in page.words and "by an administrator" in page.words
    )
    assert "Northwind confirmed that it is over." in page.words
    assert stage.call("find_deals", "u-ada").json()["code"] == "grant_revoked"
    assert stage.call("find_deals", "u-ben").status_code == 200


def test_looking_changes_nothing(desk: Desk, stage: Scene, two: list[dict[str, Any]]) -> None:
    ids = "&".join(f"grant={one['id']}" for one in two)
    desk.open(f"/grants/revoke?{ids}")
    desk.open("/grants/revoke?all=yes")
    desk.open(f"/grants/{two[0]['id']}/revoke")
    assert [one["status"] for one in stage.assistant.grants()] == ["active", "active"]


def test_without_a_reason_nothing_ends(desk: Desk, stage: Scene, two: list[dict[str, Any]]) -> None:
    for path in (f"/grants/{two[0]['id']}/revoke", f"/grants/revoke?grant={two[0]['id']}"):
        desk.open(path)
        page = desk.walker.submit("/revoke", reason=" \u200b ")
        assert page.status == 422 and "Say in a few words why." in page.words
        assert page.soup.select_one('[aria-invalid="true"][aria-describedby~="reason-fault"]')
        assert dict(page.form("/revoke").fields)["reason"] == ""
    assert [one["status"] for one in stage.assistant.grants()] == ["active", "active"]


def test_the_selected_are_revoked_and_no_others(desk: Desk, stage: Scene, two: list[dict[str, Any]]) -> None:
    third = stage.connect("u-cleo", "cleo", tools=["find_deals"])
    desk.open("/grants")
    preview = desk.walker.submit("/admin/grants/revoke", grant=[one["id"] for one in two], all="no")
    assert (
        "Revoke 2 grants of 2 people?" in preview.words
        and "u-ada" in preview.words
        and "u-cleo" not in preview.words
    )
    page = desk.walker.submit("/admin/grants/revoke", reason="Clean-up")
    assert "2 grants revoked" in page.words and "2 grants confirmed by the provider" in page.words
    states = {one["id"]: one["status"] for one in stage.assistant.grants()}
    assert states == {two[0]["id"]: "revoked", two[1]["id"]: "revoked", third["id"]: "active"}
    events = stage.workspace.audit(action="grant.revoked")
    assert len(events) == 2 and all(event["actor"]["type"] == "admin" for event in events)


def test_all_that_match_the_filter_are_previewed(desk: Desk, stage: Scene, two: list[dict[str, Any]]) -> None:
    stage.connect("u-cleo", "cleo", tools=["move_deal"])
    desk.open("/grants?can=change")
    preview = desk.walker.submit("/admin/grants/revoke", all="yes")
    assert "u-cleo" in preview.words and "u-ada" not in preview.words
    desk.walker.submit("/admin/grants/revoke", reason="May change too much")
    assert sorted(one["status"] for one in stage.assistant.grants()) == ["active", "active", "revoked"]


def test_a_grant_made_after_the_preview_is_not_ended_unseen(
    desk: Desk, stage: Scene, two: list[dict[str, Any]]
) -> None:
    desk.open("/grants/revoke?all=yes")
    late = stage.connect("u-cleo", "cleo", tools=["find_deals"])
    desk.walker.submit("/admin/grants/revoke", reason="Clean-up")
    assert stage.assistant.grant(late["id"])["status"] == "active"


def test_more_than_can_be_seen_at_once_is_said(
    desk: Desk, stage: Scene, two: list[dict[str, Any]], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(controller, "MOST_AT_ONCE", 1)
    preview = desk.open("/grants/revoke?all=yes")
    assert "More match." in preview.words
    desk.walker.submit("/admin/grants/revoke", reason="Clean-up")
    assert sorted(one["status"] for one in stage.assistant.grants()) == ["active", "revoked"]


def test_more_than_a_form_may_hold_is_refused(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(controller, "MOST_AT_ONCE", 2)
    csrf = dict(desk.open("/policy").form("/admin/policy").fields)["csrf_token"]
    fields = [("csrf_token", csrf), ("reason", "x"), *(("grant", f"gr_{n}") for n in range(3))]
    page = desk.walker.submit(Form(f"{desk.valetkey.url}/admin/grants/revoke", "post", fields))
    assert (page.status, page.code) == (400, "invalid_request")


def test_a_thousand_ids_fit_the_form(desk: Desk, two: list[dict[str, Any]]) -> None:
    csrf = dict(desk.open("/policy").form("/admin/policy").fields)["csrf_token"]
    ids = [two[0]["id"], *(f"gr_{n:026d}" for n in range(999))]
    fields = [("csrf_token", csrf), ("reason", "x"), *(("grant", one) for one in ids)]
    page = desk.walker.submit(Form(f"{desk.valetkey.url}/admin/grants/revoke", "post", fields))
    assert page.status == 200 and "1 grant revoked" in page.words


def test_what_has_ended_is_not_offered_again(desk: Desk, stage: Scene, two: list[dict[str, Any]]) -> None:
    stage.assistant.revoke(two[0]["id"])
    assert "Nothing to revoke" in desk.open(f"/grants/{two[0]['id']}/revoke").words
    page = desk.open(f"/grants/{two[0]['id']}")
    assert not page.soup.select(f'a[href$="{two[0]["id"]}/revoke"]')


def test_an_end_the_provider_has_not_confirmed_is_shown_until_it_has(
    desk: Desk, stage: Scene, provider: RunningNorthwind, two: list[dict[str, Any]]
) -> None:
    provider.inside.faults.fail("revocation")
    desk.open(f"/grants/{two[0]['id']}/revoke")
    page = desk.walker.submit("/revoke", reason="Clean-up")
    assert "Northwind has not confirmed yet." in page.words
    assert "Provider not confirmed" in desk.open("/grants?upstream=pending").words
    assert "1 Provider not yet confirmed" in desk.open().words
    provider.inside.faults.clear()
    desk.valetkey.later(HOUR_MS)
    desk.valetkey.run(outbox.run_due(desk.valetkey.house))
    assert "Northwind confirmed that it is over." in desk.open(f"/grants/{two[0]['id']}").words
    assert "0 Provider not yet confirmed" in desk.open().words
