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
    assert "Saved." in save(desk, "jira", client_secret="", tools="jira.search_issues").words
    kept = stage.workspace.http.get("/v1/connectors/jira").json()
    assert (kept["enabled_tools"], kept["has_secret"]) == (["jira.search_issues"], True)


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


# ---- settings, and a second app that only reads (Notion fixes what an app may do; GitLab stands at many addresses) ----


def notion(desk: Desk, **fields: str | list[str]) -> Page:
    return save(desk, "notion", client_id="notion-1", **fields)


def test_a_second_app_has_an_address_of_its_own_and_is_kept(desk: Desk, stage: Scene) -> None:
    page = desk.open("/connectors/notion")
    own = page.soup.select_one("output#read-redirect-uri")
    assert own is not None and own.text != redirect_on(page)
    small = str(page.soup.select_one("section[aria-labelledby=s2b]"))
    assert "Read content" in small and "Insert content" not in small
    notion(desk, read_client_id="notion-read", read_client_secret="s3cr3t-of-the-reader")
    kept = stage.workspace.http.get("/v1/connectors/notion").json()["read_client"]
    assert (kept["client_id"], kept["has_secret"], kept["redirect_uri"]) == ("notion-read", True, own.text)
    again = desk.open("/connectors/notion")
    assert "s3cr3t-of-the-reader" not in again.text and "In use" in again.words


def test_a_second_app_without_its_secret_is_refused_beside_its_field(desk: Desk, stage: Scene) -> None:
    page = notion(desk, read_client_id="notion-read")
    assert page.status == 422 and "Paste its client secret." in page.words
    assert stage.workspace.http.get("/v1/connectors/notion").status_code == 404


def test_an_emptied_second_app_is_gone(desk: Desk, stage: Scene) -> None:
    notion(desk, read_client_id="notion-read", read_client_secret="s3cr3t-of-the-reader")
    notion(desk, read_client_id="", read_client_secret="")
    assert stage.workspace.http.get("/v1/connectors/notion").json()["read_client"]["client_id"] is None


def test_a_provider_that_is_asked_for_scopes_needs_no_second_app(desk: Desk) -> None:
    assert desk.open("/connectors/jira").soup.select_one("#read_client_id") is None


def test_a_setting_shows_its_default_and_may_be_changed(desk: Desk, stage: Scene) -> None:
    page = desk.open("/connectors/gitlab")
    field = page.soup.select_one("input[name='config.host_url']")
    assert field is not None and field["value"] == "https://gitlab.com"
    save(desk, "gitlab", **{"config.host_url": "https://git.acme.example"})
    kept = stage.workspace.http.get("/v1/connectors/gitlab").json()
    assert kept["config"] == {"host_url": "https://git.acme.example"}
    save(desk, "gitlab", **{"config.host_url": ""})
    assert stage.workspace.http.get("/v1/connectors/gitlab").json()["config"] == {}


def test_a_region_is_chosen_and_never_guessed(desk: Desk, stage: Scene) -> None:
    page = desk.open("/connectors/zoho_crm")
    first = page.soup.select_one("select[name^='config.'] option")
    assert first is not None and first["value"] == ""
    refused = save(desk, "zoho_crm")
    assert refused.status == 422
    assert stage.workspace.http.get("/v1/connectors/zoho_crm").status_code == 404


def test_every_built_in_connector_says_where_its_console_is(desk: Desk) -> None:
    registry = desk.valetkey.house.registry
    for slug in set(registry.connectors) - {"northwind"}:
        page = desk.open(f"/connectors/{slug}")
        first = page.soup.select_one("ol.do a")
        assert first is not None and str(first["href"]).startswith("https://"), slug


def test_where_scopes_travel_with_the_request_the_console_is_not_asked_for_them(desk: Desk) -> None:
    assert "issues:create" not in str(desk.open("/connectors/linear").soup.select_one("ol.do"))
