"""What the consent page is made of, from the notice alone."""

from __future__ import annotations

import pytest
from bs4 import BeautifulSoup

from core import consent, registry
from core.connector import Connector, OAuth2, Scope
from core.errors import InvalidBody
from core.model import Asked, ConnectSession
from tests.web.pages.views.story import ASSISTANT, NORTHWIND, WORKSPACE, a_grant, a_session
from web.pages.render import render
from web.pages.views.consent import ConsentView, consent_view


def view(session: ConnectSession, *, connector: Connector = NORTHWIND, grant=None, **more) -> ConsentView:
    shown = consent.notice(session, connector, ASSISTANT, WORKSPACE, grant)
    return consent_view(shown, csrf="token", **more)


def soup(session: ConnectSession, **more) -> BeautifulSoup:
    return BeautifulSoup(render("connect/consent.html", view(session, **more), now_ms=0), "html.parser")


def test_an_optional_tool_is_a_switch_that_is_off() -> None:
    page = soup(a_session())
    boxes = page.select("input[type=checkbox][name=tools]")
    assert [box["value"] for box in boxes] == ["northwind.move_deal", "northwind.find_people"]
    assert not any(box.has_attr("checked") for box in boxes)


def test_a_needed_tool_is_a_hidden_field_with_the_builders_reason_quoted() -> None:
    page = soup(a_session())
    [hidden] = page.select("input[type=hidden][name=tools]")
    assert hidden["value"] == "northwind.find_deals"
    assert "Needed, says Acme Assist, “to list the deals that close this week”." in page.get_text()


def test_the_buttons_differ_in_nothing_but_their_words() -> None:
    page = soup(a_session())
    no, yes = page.select(".choice button")
    assert no["class"] == yes["class"] == ["btn", "btn--equal"]
    assert no["form"] == "deny" and not yes.has_attr("form")


def test_the_default_button_of_the_form_goes_nowhere() -> None:
    first = soup(a_session()).select_one("form[action$='/approve'] button")
    assert first is not None and first["formmethod"] == "dialog" and first.has_attr("hidden")


def test_what_was_allowed_before_is_shown_and_not_asked_again() -> None:
    asked = (Asked("northwind.move_deal", True, "to move it"),)
    page = soup(a_session(asked=asked), grant=a_grant(tools=("northwind.find_deals",)))
    assert [one["value"] for one in page.select("[name=tools]")] == ["northwind.move_deal"]
    assert "Allowed" in page.get_text() and "asks for more" in page.h1.get_text()


def test_connecting_again_carries_what_was_allowed_and_nothing_else() -> None:
    grant = a_grant(tools=("northwind.find_deals", "northwind.move_deal"), status="needs_reconnect")
    page = soup(a_session(asked=tuple(Asked(tool, True) for tool in grant.tools)), grant=grant)
    assert [(one["type"], one["value"]) for one in page.select("[name=tools]")] == [
        ("hidden", "northwind.find_deals"),
        ("hidden", "northwind.move_deal"),
    ]
    assert "What you allowed stays the same" in page.get_text()
    assert "Needed" not in page.get_text()


def test_connecting_again_for_one_tool_leaves_the_others_to_choose() -> None:
    grant = a_grant(tools=("northwind.find_deals", "northwind.move_deal"), status="needs_reconnect")
    asked = (Asked("northwind.find_deals", True), Asked("northwind.move_deal"))
    page = soup(a_session(asked=asked), grant=grant)
    assert page.h1.get_text() == "Connect your Northwind to Acme Assist again"
    [box] = page.select("input[type=checkbox]")
    assert box["value"] == "northwind.move_deal" and not box.has_attr("checked")


def test_a_provider_that_cannot_limit_an_app_is_told_before_going_there() -> None:
    fixed = Connector(
        slug="fixed",
        title="Fixed",
        category="crm",
        api_url="https://fixed.example",
        oauth=OAuth2(
            authorize_url="https://fixed.example/a",
            token_url="https://fixed.example/t",
            scope_mode="app_fixed",
        ),
        scopes=[Scope("deals.read", "Deals", "read deals")],
    )
    fixed.tools.update(NORTHWIND.tools)
    page = soup(a_session(), connector=fixed)
    assert "Fixed may ask for more than is switched on here" in page.get_text()
    assert not page.select("details code"), (
        "scopes nobody can ask for have no name the person could meet again"
    )


BUILT_IN = registry.load([], development=True).connectors


@pytest.mark.parametrize(
    "tool",
    [
        "salesforce.search_contacts",
        "salesforce.add_note",
        "gitlab.my_issues",
        "gitlab.create_issue",
        "github_oauth.my_issues",
        "linear.my_issues",
        "todoist.my_tasks",
    ],
)
def test_where_a_provider_that_is_asked_for_scopes_has_none_so_small_the_page_says_so(tool: str) -> None:
    connector = BUILT_IN[tool.partition(".")[0]]
    page = soup(a_session(asked=(Asked(tool, True),)), connector=connector)
    [note] = page.select(".notice--warn")
    assert f"{connector.title} asks for more than is switched on here" in note.get_text()
    assert "it has no smaller choice" in note.get_text()
    assert "Acme Assist gets only what is switched on above" in note.get_text()


@pytest.mark.parametrize("tool", ["asana.my_tasks", "hubspot.search_contacts", "zoho_crm.add_note"])
def test_where_the_scope_fits_the_tool_nothing_is_said(tool: str) -> None:
    connector = BUILT_IN[tool.partition(".")[0]]
    assert soup(a_session(asked=(Asked(tool, True),)), connector=connector).select(".notice--warn") == []


def test_a_form_that_comes_back_keeps_what_was_chosen_and_says_what_is_missing() -> None:
    fault = InvalidBody("Nothing was switched on.")
    page = soup(a_session(), chosen=("northwind.move_deal",), duration="30d", fault=fault)
    assert page.select_one("main")["data-code"] == "invalid_body"
    assert page.select_one("[role=alert]").get_text(strip=True) == "Nothing was switched on."
    assert page.select_one("input[value='northwind.move_deal']").has_attr("checked")
    assert page.select_one("option[selected]")["value"] == "30d"


def test_the_sentence_above_the_list_fits_the_list() -> None:
    assert view(a_session()).lead == "One tool is needed. The others are off: switch on only what you want."
    alone = a_session(asked=(Asked("northwind.find_deals", True),))
    assert view(alone).lead == "It asks for one thing."
    free = a_session(asked=(Asked("northwind.find_deals"), Asked("northwind.move_deal")))
    assert view(free).lead == "All of it is off: switch on only what you want."


def test_the_purpose_is_quoted_as_the_builders_words() -> None:
    page = soup(a_session(purpose='To "help" you.'))
    figure = page.select_one("figure.quote")
    assert figure.blockquote.get_text() == "“To ’help’ you.”"
    assert "Acme Assist’s own words" in figure.get_text()


def test_without_a_purpose_there_is_no_empty_quotation() -> None:
    assert soup(a_session(purpose=None)).select_one("figure") is None
