"""Assistants and their keys: made, shown once, changed, revoked, deleted with their grants."""

from __future__ import annotations

import httpx
import pytest

from core.clock import DAY_MS
from tests.harness.scene import Scene
from tests.harness.walker import Page
from tests.web.pages.admin.conftest import Desk


def key_on(page: Page) -> str:
    shown = page.soup.select_one("output#key")
    assert shown is not None, page.words[:400]
    return str(shown.text)


def status_with(desk: Desk, key: str) -> int:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.get(f"{desk.valetkey.url}/v1/tools", headers=headers, trust_env=False).status_code


def register(desk: Desk, **fields: str) -> Page:
    desk.open("/assistants/new")
    filled = {
        "name": "Dispatch Bot",
        "allowed_origins": "https://dispatch.example\nhttps://two.example",
        **fields,
    }
    return desk.walker.submit("/admin/assistants", **filled)


def test_a_new_assistant_gets_a_key_that_is_shown_once(desk: Desk) -> None:
    page = register(desk)
    key = key_on(page)
    assert status_with(desk, key) == 200
    listed = desk.open("/assistants")
    assert "Dispatch Bot" in listed.words and "https://two.example" in listed.words
    href = next(str(tag["href"]) for tag in listed.soup.select(".lead a") if tag.text == "Dispatch Bot")
    for path in ("/assistants", href.removeprefix("/admin"), "/audit"):
        assert key not in desk.open(path).text, path


def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(desk: Desk, stage: Scene) -> None:
    page = register(desk, allowed_origins="http://insecure.example", description="Answers questions")
    assert page.status == 422
    wrong = page.soup.select_one("#allowed_origins")
    assert wrong is not None and wrong["aria-invalid"] == "true" and "http://insecure.example" in wrong.text
    told = page.soup.select_one("#allowed_origins-fault")
    assert told is not None and "https" in told.text
    assert "Answers questions" in page.text
    assert [one["name"] for one in stage.workspace.http.get("/v1/assistants").json()["items"]] == [
        "Acme Assist"
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("name", "\u200b"), ("return_urls", "https://x.example/#a"), ("default_return_url", "https://x.example/"),
     ("logo_url", "https://127.0.0.1.nip.io@x/"), ("homepage_url", "ftp://x.example")],
)  # fmt: skip
def test_no_field_takes_what_core_refuses(desk: Desk, field: str, value: str) -> None:
    page = register(desk, **{field: value})
    assert page.status == 422 and page.soup.select_one(f'[aria-invalid="true"]#{field}'), page.words[:300]


def test_an_assistant_is_changed(desk: Desk, stage: Scene) -> None:
    desk.open(f"/assistants/{stage.assistant.id}")
    action = f"/admin/assistants/{stage.assistant.id}"
    page = desk.walker.submit(
        action, name="Acme Assist 2", return_urls="https://a.example/done\n", tools=["northwind.find_deals"]
    )
    assert "Saved." in page.words
    kept = stage.workspace.http.get(f"/v1/assistants/{stage.assistant.id}").json()
    assert kept["name"] == "Acme Assist 2" and kept["return_urls"] == ["https://a.example/done"]
    assert kept["tools"] == ["northwind.find_deals"]
    page = desk.walker.submit(action, tools=None)
    assert stage.workspace.http.get(f"/v1/assistants/{stage.assistant.id}").json()["tools"] is None


def test_keys_are_changed_with_overlap(desk: Desk, stage: Scene) -> None:
    path = f"/assistants/{stage.assistant.id}"
    desk.open(path)
    new = key_on(desk.walker.submit(f"{path}/keys", expires_in="2592000"))
    assert status_with(desk, new) == 200 and status_with(desk, stage.assistant.key) == 200
    old = stage.workspace.http.get(f"/v1{path}").json()["keys"][0]["id"]
    preview = desk.open(f"{path}/keys/{old}/revoke")
    assert "goes on working" in preview.words
    page = desk.walker.submit("/revoke")
    assert "The key was revoked." in page.words and "Revoked" in page.words
    assert status_with(desk, stage.assistant.key) == 401 and status_with(desk, new) == 200
    desk.valetkey.later(31 * DAY_MS)
    desk.sign_in()
    assert status_with(desk, new) == 401, "a key outlived its end"
    assert "Expired" in desk.open(path).words


def test_revoking_the_last_key_says_so(desk: Desk, stage: Scene) -> None:
    only = stage.workspace.http.get(f"/v1/assistants/{stage.assistant.id}").json()["keys"][0]["id"]
    assert "It is the last one" in desk.open(f"/assistants/{stage.assistant.id}/keys/{only}/revoke").words


def test_a_length_that_is_not_offered_is_refused(desk: Desk, stage: Scene) -> None:
    desk.open(f"/assistants/{stage.assistant.id}")
    page = desk.walker.submit(f"/assistants/{stage.assistant.id}/keys", expires_in="999999999999")
    assert (page.status, page.code) == (400, "invalid_request")


def test_deleting_shows_who_is_affected_and_ends_their_grants(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals"])
    preview = desk.open(f"/assistants/{stage.assistant.id}/delete")
    assert "u-ada" in preview.words and "1 grant of 1 person" in preview.words
    refused = desk.walker.submit("/delete", reason="")
    assert refused.status == 422 and stage.assistant.grant(grant["id"])["status"] == "active"
    page = desk.walker.submit("/delete", reason="Project ended")
    assert "Deleted." in page.words and "Acme Assist" not in page.words
    assert status_with(desk, stage.assistant.key) == 401
    ended = stage.workspace.http.get(f"/v1/grants/{grant['id']}").json()
    assert ended["status"] == "revoked"
    assert "Project ended" in desk.open(f"/grants/{grant['id']}").words
    assert desk.open(f"/assistants/{stage.assistant.id}").status == 404
