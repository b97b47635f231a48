"""Row 6: consent given to one assistant is of no use to another (confused deputy).

Consent is for a user, an assistant, a connector and named tools. The second assistant, user or tool is asked about anew, on
our page, whatever the provider remembers of the person. Source: MCP security best practices, "Confused deputy problem".
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec
import pytest

from core import connecting, grants, recording
from core.grants import Standing
from tests.attacks.conftest import Weaken
from tests.attacks.excess import covers_whatever_lives, refused
from tests.flows.stage import Stage
from tests.harness.tenant import Assistant, made
from tests.harness.waiting import until
from tests.harness.walker import Walker
from web.pages import cookies, outcome

SECOND = "Second Assistant"


@pytest.fixture
def second(stage: Stage) -> Iterator[Assistant]:
    """Another assistant of the same workspace, whose builder names the same users."""
    one = stage.workspace.assistant(SECOND)
    yield one
    one.close()


# ---- the page -----------------------------------------------------------------------------------------------


def straight_through(weaken: Weaken) -> None:
    """The mutation: who was asked once is not asked again, as some proxies do."""

    async def again(house: Any, session_id: str, browser: Any, request: Any) -> Any:
        shown = await connecting.open_page(house, session_id, browser)
        tools = tuple(tool.name for tool in shown.notice.tools)
        url = await connecting.approve(house, session_id, shown.browser, tools, "chat")
        name = cookies.connect(session_id)
        return outcome.away(url, cookies=[cookies.write(house, name, shown.browser, cookies.CONNECT_S)])

    weaken(outcome, "again", again)


def test_a_second_assistant_gets_the_consent_page_and_no_redirect_straight_through(
    stage: Stage, second: Assistant, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """In the very browser that agreed for the first, and is still signed in at the provider."""
    stage.connect(tools=[stage.read], walker=walker)
    straight_through(weaken)
    session = second.new_session("u1", stage.provider.slug, stage.names(stage.read))
    page = walker.open(session["url"])
    assert page.url.startswith(stage.service.url) is defended
    assert (page.status == 200 and any(form.action.endswith("/approve") for form in page.forms)) is defended
    assert (SECOND in page.words and "connected already" not in page.words) is defended
    assert second.session(session["id"])["status"] == ("opened" if defended else "consented")


def test_what_the_first_has_is_not_shown_as_allowed_to_the_second(
    stage: Stage, second: Assistant, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    weaken.statement("grants_of_user", "assistant = :assistant AND ")
    stage.grant(stage.read)
    asked = stage.names(stage.read, stage.other)
    page = walker.open(second.new_session("u1", stage.provider.slug, asked)["url"])
    assert sorted(page.form("/approve").boxes["tools"]) == sorted(asked if defended else asked[1:])
    assert ("connected already" in page.words) is not defended


def test_the_same_assistant_is_not_waved_through_either(stage: Stage, walker: Walker) -> None:
    grant = stage.connect(tools=[stage.read], walker=walker)
    for _ in ("while it lives", "after it was stopped"):
        asked = len(stage.asked("token"))
        page = walker.open(stage.session("u1", [stage.read])["url"])
        assert page.status == 200 and page.form("/approve")
        assert len(stage.asked("token")) == asked
        stage.assistant.revoke(grant["id"])


def test_agreeing_takes_a_form_of_the_page_and_no_link(stage: Stage, walker: Walker) -> None:
    """Nothing in an address agrees: neither a GET, nor a hint in the query."""
    session = stage.session("u1", [stage.read])
    assert walker.open(f"{session['url']}/approve").status == 405
    for query in ("?approved=1", "?prompt=none", f"?tools={stage.tool(stage.read)}&duration=unlimited"):
        assert walker.open(session["url"] + query).form("/approve")
    assert stage.assistant.session(session["id"])["status"] == "opened"


# ---- the call -----------------------------------------------------------------------------------------------


def test_a_second_assistant_cannot_call_under_the_firsts_grant(
    stage: Stage, second: Assistant, defended: bool, weaken: Weaken
) -> None:
    weaken.statement("held_of_user", "g.assistant = :assistant AND ")
    grant = stage.grant(stage.read)
    answer = second.call(stage.tool(stage.read), "u1")
    assert refused(answer) is defended
    assert answer.is_success is not defended
    assert second.grants() == []
    assert second.http.get(f"/v1/grants/{grant['id']}").status_code == 404


def test_another_user_cannot_be_served_from_the_firsts_grant(
    stage: Stage, defended: bool, weaken: Weaken
) -> None:
    weaken.statement("held_of_user", 'AND g."user" = :user ')
    stage.grant(stage.read)
    answer = stage.call(stage.read, user="u2")
    assert refused(answer) is defended
    assert answer.is_success is not defended


def test_a_tool_that_was_not_named_is_not_allowed_though_the_token_would_do(
    stage: Stage, defended: bool, weaken: Weaken
) -> None:
    """`sibling` needs no other scope than `read`, and no consent was given to it. The mutation: scopes are enough, before
    the provider is asked and when its answer is handed out.
    """
    known, names = grants.standing, tuple(stage.names(stage.read, stage.sibling))

    async def by_scopes(*arguments: Any) -> Standing:
        found = await known(*arguments)
        return Standing([msgspec.structs.replace(one, tools=names) for one in found.live], found.newest)

    weaken(grants, "standing", by_scopes)
    weaken(recording, "deliverable", covers_whatever_lives)
    stage.grant(stage.read)
    item = made(stage.call(stage.read))["result"]["items"][0]["id"]
    name = {"northwind": "deal_id", "oidcp": "id"}[stage.provider.slug]
    answer = stage.call(stage.sibling, arguments={name: item})
    assert refused(answer) is defended
    assert answer.is_success is not defended


# ---- two consents are two -----------------------------------------------------------------------------------


def test_each_consent_is_a_grant_with_tokens_of_its_own_and_ends_alone(
    stage: Stage, second: Assistant
) -> None:
    first = stage.grant(stage.read)
    other = stage.connect(tools=[stage.other], assistant=second)
    assert first["id"] != other["id"] and first["receipt"] != other["receipt"]
    assert (first["scopes"]["granted"], other["scopes"]["granted"]) == (
        [stage.read_scope],
        [stage.other_scope],
    )
    assert refused(second.call(stage.tool(stage.read), "u1"))
    assert refused(stage.call(stage.other))
    made(stage.assistant.revoke(first["id"]))
    until(lambda: {scope for token in stage.live() for scope in token.scopes} == {stage.other_scope})
    assert second.call(stage.tool(stage.other), "u1").status_code == 200
