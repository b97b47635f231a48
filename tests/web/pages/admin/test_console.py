"""The steps in a provider's console follow from what the form holds: tools, settings, which of two apps."""

from __future__ import annotations

import itertools

import pytest

from connectors.zoho_crm import DATA_CENTRES
from core import registry
from core.connector import Connector
from core.registrations import to_give
from web.pages.admin.console import app_name, console_steps, permissions
from web.pages.admin.places import PLACES

BUILT_IN = registry.load([], development=True).connectors
FIXED = sorted(slug for slug, one in BUILT_IN.items() if one.oauth.scope_mode == "app_fixed")


def the(slug: str) -> Connector:
    return BUILT_IN[slug]


def link(slug: str, config: dict[str, str]) -> str:
    return console_steps(the(slug), "Acme", list(the(slug).tools), config)[0].href


def reading(connector: Connector) -> list[str]:
    return [name for name, tool in connector.tools.items() if tool.risk == "read"]


def test_there_is_nothing_about_a_connector_that_is_gone() -> None:
    assert set(PLACES) == set(BUILT_IN) - {"northwind"}


def test_permissions_are_those_of_the_tools_that_are_on() -> None:
    assert permissions(the("pipedrive"), ["pipedrive.my_activities"], "write") == ["Activities: Read only"]
    assert permissions(the("jira"), ["jira.search_issues"], "write") == [
        "offline_access", "read:jira-user", "read:jira-work",
    ]  # fmt: skip


def test_an_app_that_writes_is_not_told_to_read_the_same_besides() -> None:
    """In a console the two are one choice: two of them cannot both be made."""
    github = the("github")
    every = permissions(github, github.tools, "write")
    assert "Issues: Read and write" in every and "Issues: Read-only" not in every
    assert "Issues: Read-only" in permissions(github, reading(github), "write")


def test_where_scopes_travel_with_the_request_the_smaller_one_is_needed_too() -> None:
    assert permissions(the("gitlab"), the("gitlab").tools, "write") == ["read_api", "api"]


@pytest.mark.parametrize("slug", FIXED)
def test_the_second_app_gets_what_the_chosen_reading_tools_need_and_nothing_that_does_more(slug: str) -> None:
    connector = the(slug)
    for chosen in itertools.chain([[one] for one in connector.tools], [list(connector.tools)]):
        given = to_give(connector, chosen, "read")
        assert all(connector.scopes[scope].risk == "read" for scope in given)
        assert all(
            not connector.tools[one].missing_scopes(given) for one in chosen if one in reading(connector)
        )
    few = to_give(connector, reading(connector)[:1], "read")
    assert set(few) < {one.name for one in connector.scopes.values() if one.risk == "read"}


@pytest.mark.parametrize("slug", FIXED)
def test_what_is_left_out_beside_something_wider_is_not_missed(slug: str) -> None:
    connector, back = the(slug), {said: scope for scope, said in PLACES[slug].names.items()}
    for chosen in itertools.chain([[one] for one in connector.tools], [list(connector.tools)]):
        given = {back[said] for said in permissions(connector, chosen, "write")} | {
            *connector.oauth.always_scopes
        }
        assert [one for one in chosen if connector.tools[one].missing_scopes(given)] == []


def test_the_link_to_the_console_follows_the_settings() -> None:
    assert link("gitlab", {}) == "https://gitlab.com/-/user_settings/applications"
    own = link("gitlab", {"host_url": "https://acme.example/gitlab/"})
    assert own == "https://acme.example/gitlab/-/user_settings/applications"
    assert link("salesforce", {}).startswith("https://login.salesforce.com/lightning/setup/")
    domain = link("salesforce", {"login_url": "https://acme.my.salesforce.com"})
    assert domain.startswith("https://acme.my.salesforce.com/lightning/setup/")
    assert link("zoho_crm", {"data_centre": "ca"}) == "https://api-console.zohocloud.ca/"


def test_every_data_centre_has_its_console() -> None:
    """Under the same name as its sign-in."""
    for name, (accounts, _) in DATA_CENTRES.items():
        assert link("zoho_crm", {"data_centre": name}) == f"{accounts.replace('accounts.', 'api-console.')}/"


def test_where_no_console_can_be_known_it_is_said_and_nothing_is_linked() -> None:
    [step, *_] = console_steps(the("zoho_crm"), "Acme", [], {})
    assert step.href == "" and "“Data centre” is set above" in step.link


@pytest.mark.parametrize(
    ("slug", "config"),
    [
        ("gitlab", {"host_url": "javascript:alert(1)//"}),
        ("gitlab", {"host_url": "https://acme.example/?next="}),
        ("gitlab", {"host_url": "https://user:word@acme.example"}),
        ("salesforce", {"login_url": "https://salesforce.com.evil.example"}),
        ("zoho_crm", {"data_centre": "https://evil.example"}),
    ],
)
def test_no_setting_makes_a_link_that_leads_elsewhere(slug: str, config: dict[str, str]) -> None:
    assert link(slug, config) == ""


def test_the_two_apps_have_names_that_people_can_tell_apart() -> None:
    assert (app_name("Acme", "write"), app_name("Acme", "read")) == ("Acme", "Acme (read only)")
    for slug in FIXED:
        assert "“Acme (read only)”" in console_steps(the(slug), "Acme", [], {}, "read")[0].text


def test_a_workspace_named_like_a_place_stays_its_name() -> None:
    assert "“{secret}”" in console_steps(the("jira"), "{secret}", [], {})[0].text
