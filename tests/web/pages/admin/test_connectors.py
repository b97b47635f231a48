"""Registering connectors: the redirect address first, then the client, then what assistants may ask for."""

from __future__ import annotations

import pytest

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
    small = str(page.soup.select_one("section[aria-labelledby=s-small]"))
    assert "Read content" in small and "Insert content" not in small
    notion(desk, read_client_id="notion-read", read_client_secret="s3cr3t-of-the-reader")
    kept = stage.workspace.http.get("/v1/connectors/notion").json()["read_client"]
    assert (kept["client_id"], kept["has_secret"], kept["redirect_uri"]) == ("notion-read", True, own.text)
    again = desk.open("/connectors/notion")
    assert "s3cr3t-of-the-reader" not in again.text and "In use" in again.words


def test_a_second_app_without_its_secret_is_refused_beside_its_field(desk: Desk, stage: Scene) -> None:
    page = notion(desk, read_client_id="notion-read")
    assert page.status == 422 and page.soup.select_one('#read_client_secret[aria-invalid="true"]')
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
    for slug in set(registry.connectors) - {"northwind", "zoho_crm"}:  # Zoho's follows from the data centre
        page = desk.open(f"/connectors/{slug}")
        first = page.soup.select_one("#make a")
        assert first is not None and str(first["href"]).startswith("https://"), slug


def test_where_scopes_travel_with_the_request_the_console_is_not_asked_for_them(desk: Desk) -> None:
    assert "issues:create" not in str(desk.open("/connectors/linear").soup.select_one("ol.do"))


# ---- what follows from what is chosen --------------------------------------------------------------------------------


def look(desk: Desk, slug: str, **fields: str | list[str]) -> Page:
    """The button that those without script press: the form comes back with what follows, and nothing is kept."""
    desk.open(f"/connectors/{slug}")
    return desk.walker.submit(f"/admin/connectors/{slug}", show="yes", **fields)


def part(page: Page, id: str) -> str:
    found = page.soup.select_one(f"#{id}")
    assert found is not None, page.words
    return " ".join(found.get_text(" ").split())


def test_tools_come_first_and_the_permissions_follow_from_them(desk: Desk) -> None:
    page = desk.open("/connectors/pipedrive")
    assert (
        page.text.index('name="tools"')
        < page.text.index('id="permissions"')
        < page.text.index('id="client_id"')
    )
    assert "Deals: Read only" in part(page, "permissions") and "Full access" not in part(page, "permissions")
    page = look(desk, "pipedrive", tools=["pipedrive.my_activities", "pipedrive.update_deal"])
    assert "Deals: Full access" in part(page, "permissions") and "Search" not in part(page, "permissions")
    assert "Activities: Read only" in part(page, "read-permissions") and "Deals" not in part(
        page, "read-permissions"
    )
    assert "1 tool reads, 1 changes" in part(page, "on")


def test_looking_keeps_nothing_and_gives_no_secret_back(desk: Desk, stage: Scene) -> None:
    page = look(desk, "notion", client_id="n-1", client_secret=SECRET, read_client_secret=SECRET, tools=[])
    assert page.status == 200 and SECRET not in page.text and "Not saved" not in page.words
    assert page.soup.select_one('#client_id[value="n-1"]')
    assert stage.workspace.http.get("/v1/connectors/notion").status_code == 404


def test_looking_takes_our_own_form_only(desk: Desk) -> None:
    desk.open("/connectors/notion")
    page = desk.walker.submit("/admin/connectors/notion", show="yes", csrf_token="x" * 43)
    assert page.status == 403


def test_saved_tools_and_settings_are_followed_too(desk: Desk) -> None:
    save(desk, "gitlab", tools=["gitlab.create_issue"], **{"config.host_url": "https://git.acme.example"})
    page = desk.open("/connectors/gitlab")
    link = page.soup.select_one("#make a")
    assert link is not None and str(link["href"]).startswith("https://git.acme.example/-/")
    assert "read_api" not in part(page, "permissions") and "api" in part(page, "permissions")
    manage = page.soup.select_one("#manage a")
    assert manage is not None and str(manage["href"]).startswith("https://git.acme.example/-/")


def test_a_region_brings_its_console(desk: Desk) -> None:
    assert desk.open("/connectors/zoho_crm").soup.select_one("#make a") is None
    link = look(desk, "zoho_crm", **{"config.data_centre": "eu"}).soup.select_one("#make a")
    assert link is not None and link["href"] == "https://api-console.zoho.eu/"


def test_the_second_app_has_a_name_of_its_own(desk: Desk) -> None:
    page = desk.open("/connectors/notion")
    assert "“Acme”" in part(page, "make") and "“Acme (read only)”" in part(page, "read-make")


def test_whether_a_second_app_is_worth_it_is_said(desk: Desk) -> None:
    assert "Not needed now" in part(desk.open("/connectors/notion"), "small-note")
    assert "Worth it now" in part(look(desk, "notion", tools=["notion.add_comment"]), "small-note")


# ---- what is wrong, and where ----------------------------------------------------------------------------------------


def faults(page: Page) -> dict[str, str]:
    """What the summary links to, with what stands at that field; both say the same."""
    alert = page.soup.select_one("[role=alert]")
    assert page.status in (409, 422) and alert is not None, page.words
    found = {}
    for link in alert.select("a"):
        field = page.soup.find(id=str(link["href"]).removeprefix("#"))
        assert field is not None, link
        described = [page.soup.find(id=one) for one in str(field["aria-describedby"]).split()]
        told = " ".join(one.get_text(strip=True) for one in described if one is not None)
        line = link.find_parent("li")
        assert line is not None and line.get_text().partition(": ")[2].strip() in told
        found[str(field["id"])] = told
    return found


def test_everything_that_is_missing_is_said_at_once(desk: Desk) -> None:
    page = save(desk, "notion", client_id="", client_secret="", tools=[], read_client_secret="only-this")
    assert list(faults(page)) == ["tools", "client_id", "client_secret", "read_client_id"]
    assert "only-this" not in page.text


def test_a_missing_secret_of_the_second_app_is_at_its_own_field(desk: Desk) -> None:
    page = notion(desk, read_client_id="notion-read")
    assert (
        list(faults(page)) == ["read_client_secret"]
        and page.soup.select_one("#read_client_id[aria-invalid]") is None
    )


def test_a_second_app_that_is_the_first_is_said_at_its_client_id(desk: Desk) -> None:
    page = notion(desk, read_client_id="notion-1", read_client_secret="s")
    assert list(faults(page)) == ["read_client_id"]


@pytest.mark.parametrize(
    ("slug", "field", "value", "title"),
    [
        ("salesforce", "config.login_url", "https://evil.example", "Where people sign in"),
        ("gitlab", "config.host_url", "http://git.acme.example", "Address of your GitLab"),
        ("gitlab", "config.host_url", "https://git.acme.example/" + "x" * 2_100, "Address of your GitLab"),
        ("zoho_crm", "config.data_centre", "", "Data centre"),
        ("zoho_crm", "config.data_centre", "moon", "Data centre"),
        ("northwind", "config.base_url", "", "Base URL"),
    ],
)
def test_a_setting_is_called_by_its_title_and_never_by_its_path(
    desk: Desk, slug: str, field: str, value: str, title: str
) -> None:
    page = save(desk, slug, **{field: value})
    assert list(faults(page)) == [field]
    alert = page.soup.select_one("[role=alert]")
    assert alert is not None and title in alert.text
    form = page.soup.select_one("form.steps")
    assert form is not None
    assert "config" not in (alert.text + form.text.partition("at more length")[0]).lower()


def test_what_belongs_to_no_field_is_said_all_the_same(desk: Desk, stage: Scene) -> None:
    stage.connect("u-ada", tools=["find_deals"])
    desk.open("/connectors/northwind")
    page = desk.walker.submit("/admin/connectors/northwind", client_id="another")
    assert faults(page) == {} and "Delete the registration" in page.words


# ---- what else it says -----------------------------------------------------------------------------------------------


def test_how_many_tools_read_and_how_many_change_is_said(desk: Desk, stage: Scene) -> None:
    assert "7 tools read, 3 change." in desk.open("/connectors/pipedrive").words
    assert "8 tools read, 6 change, 1 deletes" in desk.open("/connectors").words
    save(desk, "jira", tools=["jira.search_issues"])
    assert "On: 1 tool reads." in desk.open("/connectors/jira").words


def test_how_the_choice_of_tools_came_about_is_said(desk: Desk, stage: Scene) -> None:
    assert "only what reads is on" in desk.open("/connectors/jira").words
    body = {"client_id": "j", "client_secret": "s"}
    assert stage.workspace.http.put("/v1/connectors/jira", json=body).is_success
    page = desk.open("/connectors/jira")
    assert "Registered over the API without naming tools: all are on" in page.words
    assert all(box.has_attr("checked") for box in page.soup.select("input[name=tools]"))
    desk.walker.submit("/admin/connectors/jira")
    assert "without naming tools" not in desk.open("/connectors/jira").words


def test_what_it_never_does_is_a_list(desk: Desk) -> None:
    page = desk.open("/connectors/pipedrive")
    lines = [one.get_text(strip=True) for one in page.soup.select("ul[aria-labelledby=never] li")]
    assert lines == list(desk.valetkey.house.registry.connector("pipedrive").cannot)


def test_the_setup_page_is_on_the_form(desk: Desk) -> None:
    page = desk.open("/connectors/salesforce")
    folds = {one.get_text(strip=True) for one in page.soup.select("details.fold > summary")}
    assert {"Setting it up at Salesforce, at more length", "When something goes wrong"} <= folds
    assert "External Client App Manager" in page.words and "OAUTH_APP_BLOCKED" in page.words
