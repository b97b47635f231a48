"""The policy form: what it saves is the policy, and holds at once."""

from __future__ import annotations

import pytest

from tests.harness.scene import Scene
from tests.web.pages.admin.conftest import Desk


def test_what_is_switched_off_can_be_neither_granted_nor_called(desk: Desk, stage: Scene) -> None:
    stage.connect("u-ada", tools=["find_deals"])
    desk.open("/policy")
    page = desk.walker.submit(
        "/admin/policy", allow="some", connectors=["northwind"], tools=["northwind.move_deal"]
    )
    assert "Saved." in page.words
    kept = stage.workspace.http.get("/v1/policy").json()
    assert kept["connectors"] == ["northwind"] and kept["tools"] == ["northwind.move_deal"]
    assert stage.call("find_deals", "u-ada").json()["code"] == "policy_denied"


def test_a_whole_connector_is_kept_as_a_pattern(desk: Desk, stage: Scene) -> None:
    form = desk.open("/policy").form("/admin/policy")
    northwind = [tool for tool in form.boxes["tools"] if tool.startswith("northwind.")]
    desk.walker.submit(form, allow="some", connectors=["northwind"], tools=northwind)
    assert stage.workspace.http.get("/v1/policy").json()["tools"] == ["northwind.*"]
    again = desk.open("/policy").form("/admin/policy")
    assert sorted(value for name, value in again.fields if name == "tools") == sorted(northwind)


def test_allowing_everything_takes_the_rules_away(desk: Desk, stage: Scene) -> None:
    desk.open("/policy")
    desk.walker.submit("/admin/policy", allow="some", connectors=[], tools=[])
    assert stage.workspace.http.get("/v1/policy").json()["tools"] == []
    desk.open("/policy")
    desk.walker.submit("/admin/policy", allow="all", max_grant_days="30", calls_per_minute="600")
    kept = stage.workspace.http.get("/v1/policy").json()
    assert kept["tools"] is None and kept["connectors"] is None
    assert kept["max_grant_days"] == 30 and kept["calls_per_minute"] == 600


def test_a_limit_of_the_api_that_the_form_does_not_offer_stays(desk: Desk, stage: Scene) -> None:
    stage.workspace.http.put("/v1/policy", json={"max_grant_days": 45})
    desk.open("/policy")
    desk.walker.submit("/admin/policy")
    assert stage.workspace.http.get("/v1/policy").json()["max_grant_days"] == 45


@pytest.mark.parametrize(
    "fields", [{"calls_per_minute": "many"}, {"calls_per_minute": "0"}, {"max_grant_days": "-1"}]
)
def test_what_means_nothing_is_not_saved(desk: Desk, stage: Scene, fields: dict[str, str]) -> None:
    before = stage.workspace.http.get("/v1/policy").json()
    desk.open("/policy")
    page = desk.walker.submit("/admin/policy", **fields)
    assert page.status == 422 and "Not saved." in page.words
    assert stage.workspace.http.get("/v1/policy").json() == before
