"""The service, a provider and a person come together: the harness itself, on both providers."""

from __future__ import annotations

from tests.harness.scene import CLIENT_SECRET, Scene
from tests.harness.waiting import until
from tests.harness.walker import Walker


def test_a_grant_is_made_used_and_ended_with_the_certified_server(scene: Scene) -> None:
    grant = scene.connect(user="u1", login="ada", tools=["find_items"])
    assert grant["account"]["label"] == "ada@example.com"
    answer = scene.call("find_items", arguments={"query": "Amber"})
    assert answer.status_code == 200, answer.text
    assert set(answer.json()["result"]["items"][0]) == {"id", "name", "price"}
    assert scene.assistant.revoke(grant["id"]).json()["status"] == "revoked"
    until(lambda: scene.provider.tokens(alive=True) == [])


def test_a_grant_is_made_used_and_ended_with_northwind(northwind_scene: Scene) -> None:
    grant = northwind_scene.connect(user="u1", login="ada", tools=["find_deals"])
    answer = northwind_scene.call("find_deals")
    assert answer.status_code == 200, answer.text
    assert northwind_scene.assistant.revoke(grant["id"]).json()["status"] == "revoked"
    until(lambda: northwind_scene.provider.live() == [])


def test_the_way_can_be_gone_step_by_step(scene: Scene, walker: Walker) -> None:
    session = scene.session("u1", ["find_items"])
    scene.approve(walker, session["url"])
    finish = scene.provider.consent(walker, "ada")
    assert (
        scene.assistant.confirm(session["id"], "mallory", finish.message["code"]).json()["code"]
        == "user_mismatch"
    )
    assert scene.provider.requests("/token") == []


def test_the_search_through_what_was_written_finds_what_is_there(scene: Scene) -> None:
    assert scene.service.files_with(scene.workspace.id)
    assert scene.service.files_with(CLIENT_SECRET) == []
