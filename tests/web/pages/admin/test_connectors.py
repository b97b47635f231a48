"""Registering connectors: the redirect address first, then the client, then what assistants may ask for."""

from __future__ import annotations

from tests.harness.scene import Scene
from tests.harness.walker import Page
from tests.web.pages.admin.conftest import Desk

SECRET = "s3cr3t-of-the-jira-app"


def redirect_on(page: Page) -> str:
    shown = page.soup.select_one("output#redirect-uri")
    assert shown is not None
    return str(shown.text)


def save(desk: Desk, slug: str, **fields: str | list[str]) -> Page:
    desk.open(f"/connectors/{slug}")
    return desk.walker.submit(
        f"/admin/connectors/{slug}", **{"client_id": "jira-1", "client_secret": SECRET, **fields}
    )


def test_the_redirect_address_is_there_before_the_client_id_and_stays(desk: Desk, stage: Scene) -> None:
    first = redirect_on(desk.open("/connectors/jira"))
    assert first == redirect_on(desk.open("/connectors/jira"))
    assert first.startswith(f"{desk.valetkey.url}/oauth/callback/reg_")
    assert redirect_on(save(desk, "jira")) == first
    assert stage.workspace.http.get("/v1/connectors/jira").json()["redirect_uri"] == first


def test_every_workspace_and_connector_has_an_address_of_its_own(desk: Desk, stranger: Desk) -> None:
    found = {
        redirect_on(one.open(f"/connectors/{slug}"))
        for one in (desk, stranger)
        for slug in ("jira", "hubspot")
    }
    assert len(found) == 4


def test_a_registration_made_again_gets_another_address(desk: Desk) -> None:
    first = redirect_on(save(desk, "jira"))
    desk.open("/connectors/jira/delete")
    desk.walker.submit("/delete", reason="Wrong app")
    assert redirect_on(desk.open("/connectors/jira")) != first


def test_what_to_do_at_the_provider_is_said_step_by_step(desk: Desk) -> None:
    page = desk.open("/connectors/jira")
    assert (
        "developer.atlassian.com" in page.words
        and "offline_access" in page.words
        and "read:jira-work" in page.words
    )
    assert "write:comment:jira" not in page.words, "a new registration begins with what reads"


def test_the_secret_goes_in_and_never_comes_out(desk: Desk, stage: Scene) -> None:
    page = save(desk, "jira")
    assert "Saved." in page.words and SECRET not in page.text
    again = desk.open("/connectors/jira")
    assert SECRET not in again.text and "Saved. Enter a new one to replace it" in again.text
    refused = save(desk, "jira", client_id="", client_secret="another-secret")
    assert refused.status == 422 and "another-secret" not in refused.text


def test_an_empty_secret_keeps_the_saved_one(desk: Desk, stage: Scene) -> None:
    save(desk, "jira")
    assert "Saved." in save(desk, "jira", client_secret="", client_id="jira-2").words
    kept = stage.workspace.http.get("/v1/connectors/jira").json()
    assert kept["client_id"] == "jira-2" and kept["has_secret"] is True if "has_secret" in kept else True


def test_what_is_missing_is_said_beside_its_field(desk: Desk) -> None:
    page = save(desk, "jira", client_secret="")
    assert page.status == 422 and page.soup.select_one('#client_secret[aria-invalid="true"]')
    page = save(desk, "jira", client_id="  ")
    assert page.status == 422 and page.soup.select_one('#client_id[aria-invalid="true"]')
    page = save(desk, "jira", tools=[])
    assert page.status == 422 and "Switch on one tool at least" in page.words


def test_only_what_is_switched_on_may_be_asked_for(desk: Desk, stage: Scene) -> None:
    desk.open("/connectors/northwind")
    page = desk.walker.submit("/admin/connectors/northwind", tools=["northwind.find_deals"])
    assert "Saved." in page.words
    assert stage.workspace.http.get("/v1/connectors/northwind").json()["enabled_tools"] == [
        "northwind.find_deals"
    ]
    refused = stage.assistant.connect("u-ada", "northwind", ["northwind.move_deal"])
    assert refused.json()["code"] == "policy_denied"


def test_settings_this_form_does_not_show_are_kept(desk: Desk, stage: Scene) -> None:
    body = {
        "client_id": "j",
        "client_secret": "s",
        "config": {"site": "acme.atlassian.net"},
        "max_scopes": ["read:jira-work"],
    }
    assert stage.workspace.http.put("/v1/connectors/jira", json=body).is_success
    assert "Saved." in save(desk, "jira").words
    kept = stage.workspace.http.get("/v1/connectors/jira").json()
    assert kept["config"] == {"site": "acme.atlassian.net"} and kept["max_scopes"] == ["read:jira-work"]


def test_deleting_shows_who_is_affected_and_ends_their_grants(desk: Desk, stage: Scene) -> None:
    grant = stage.connect("u-ada", tools=["find_deals"])
    preview = desk.open("/connectors/northwind/delete")
    assert "u-ada" in preview.words
    assert desk.walker.submit("/delete", reason="").status == 422
    page = desk.walker.submit("/delete", reason="Contract ended")
    assert "Deleted." in page.words and "Not set up" in page.words
    assert stage.workspace.http.get(f"/v1/grants/{grant['id']}").json()["status"] == "revoked"
    deleted = stage.workspace.audit(action="registration.deleted")
    assert len(deleted) == 1


def test_the_list_names_every_connector_and_its_state(desk: Desk) -> None:
    page = desk.open("/connectors")
    for words in ("HubSpot", "Jira", "Northwind", "Registered", "Not set up"):
        assert words in page.words
