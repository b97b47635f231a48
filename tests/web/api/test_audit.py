"""`/v1/audit`: the trail, its export, its signed head."""

from __future__ import annotations

import json
from typing import Any

import httpx

from core.ids import is_id
from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.answers import TIME, fields, listed, pages, problem

ALWAYS = {"id", "seq", "at", "workspace", "actor", "action", "outcome", "hash"}
SOMETIMES = {"assistant", "user", "connector", "grant", "call", "tool", "detail"}


def test_an_event_has_the_fixed_fields(site: Scene, admin: httpx.Client, grant: dict[str, Any]) -> None:
    call = made(site.call("find_deals"))
    events = listed(admin.get("/v1/audit"))
    for number, event in enumerate(events, 1):
        assert set(event) >= ALWAYS and set(event) <= ALWAYS | SOMETIMES
        assert event["seq"] == number and event["workspace"] == site.workspace.id
        assert is_id(event["id"], "evt") and TIME.match(event["at"]) and len(event["hash"]) == 64
        fields(event["actor"], "type", "id")
    last = events[-1]
    assert (last["action"], last["outcome"], last["call"]) == ("tool.called", "ok", call["id"])
    assert (last["grant"], last["tool"]) == (grant["id"], "northwind.find_deals")
    assert (last["assistant"], last["user"], last["connector"]) == (site.assistant.id, "u1", "northwind")
    assert last["actor"] == {"type": "assistant", "id": site.assistant.id}


def test_it_is_filtered(site: Scene, admin: httpx.Client, grant: dict[str, Any]) -> None:
    site.call("find_deals")
    events = listed(admin.get("/v1/audit"))
    for query in ({"grant": grant["id"]}, {"action": "tool.called"}, {"actor": site.assistant.id}):
        [(name, value)] = query.items()
        look = (lambda e: e["actor"]["id"]) if name == "actor" else (lambda e, n=name: e.get(n))
        wanted = [event for event in events if look(event) == value]
        assert wanted and listed(admin.get("/v1/audit", params=query)) == wanted
    assert listed(admin.get("/v1/audit", params={"action": "nothing"})) == []


def test_a_follower_sees_each_event_once(site: Scene, admin: httpx.Client) -> None:
    seen = listed(admin.get("/v1/audit"))
    assert listed(admin.get("/v1/audit", params={"after": seen[-1]["id"]})) == []
    site.session("u1", ["find_deals"])
    made(admin.put("/v1/policy", json={}))
    fresh = listed(admin.get("/v1/audit", params={"after": seen[-1]["id"]}))
    assert fresh and not {one["id"] for one in fresh} & {one["id"] for one in seen}


def test_pages_have_neither_gaps_nor_repeats(admin: httpx.Client) -> None:
    for _ in range(5):
        made(admin.put("/v1/policy", json={}))
    everything = listed(admin.get("/v1/audit"))
    assert [one for page in pages(admin, "/v1/audit", limit=2) for one in page] == everything


def test_an_event_of_another_workspace_is_no_place_to_start(admin: httpx.Client, stranger: Scene) -> None:
    [theirs, *_] = listed(stranger.workspace.http.get("/v1/audit"))
    for after in (theirs["id"], "evt_nothing"):
        problem(admin.get("/v1/audit", params={"after": after}), 400, "invalid_cursor")


def test_the_export_is_the_whole_trail_as_json_lines(admin: httpx.Client) -> None:
    with admin.stream("GET", "/v1/audit/export") as answer:
        assert answer.status_code == 200 and answer.headers["content-type"].startswith("application/jsonl")
        assert answer.headers["cache-control"] == "no-store"
        lines = [json.loads(line) for line in answer.iter_lines()]
    assert lines == listed(admin.get("/v1/audit"))


def test_the_checkpoint_names_the_last_event(site: Scene, admin: httpx.Client) -> None:
    head = fields(
        made(admin.get("/v1/audit/checkpoint")), "workspace", "count", "hash", "key_id", "mac", "at"
    )
    last = listed(admin.get("/v1/audit"))[-1]
    assert (head["workspace"], head["count"], head["hash"]) == (site.workspace.id, last["seq"], last["hash"])
    assert TIME.match(head["at"]) and len(head["mac"]) == 64


def test_nothing_that_was_read_stands_in_it(site: Scene, admin: httpx.Client, grant: dict[str, Any]) -> None:
    deal = made(site.call("find_deals"))["result"]["items"][0]
    text = admin.get("/v1/audit/export").text
    assert deal["title"] not in text and deal["id"] not in text
