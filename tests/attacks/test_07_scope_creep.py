"""Row 7: more, or silently less, than was agreed.

Only the union of the chosen tools' scopes is asked; what the provider gave is compared with it. Fewer: those tools stay off and
everybody is told. More: it is written down, shown and never used.
"""

from __future__ import annotations

from core import connecting, granting
from tests.attacks.conftest import Weaken
from tests.attacks.excess import connect_with_more, refused, writing
from tests.attacks.interception import parameter
from tests.flows.stage import Stage
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.waiting import until
from tests.harness.walker import Walker


def asked_scopes(walker: Walker, stage: Stage, url: str, *tools: str) -> set[str]:
    """What stands in the authorization request when the person agrees to these tools."""
    walker.open(url)
    location = walker.submit("/approve", follow=False, tools=stage.names(*tools)).response.headers["location"]
    return set(parameter(location, "scope").split())


# ---- asking -------------------------------------------------------------------------------------------------


def test_a_greedy_assistant_gets_no_more_asked_than_the_person_chose(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The mutation: whatever the connector knows is asked for, as with most platforms."""
    weaken(connecting, "_scopes", lambda connector, limits, shown, chosen: (tuple(connector.scopes), ()))
    session = stage.session("u1", [stage.read, stage.sibling, stage.other, stage.write])
    asked = asked_scopes(walker, stage, session["url"], stage.read, stage.sibling)
    assert (asked == {stage.read_scope}) is defended
    assert (stage.write_scope in asked) is not defended


def test_a_tool_slipped_into_the_form_is_refused(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """Somebody changes the form on its way: what the page did not offer cannot be agreed to."""
    weaken(connecting, "_chosen", lambda notice, tools: tools)
    weaken(connecting, "_scopes", lambda connector, limits, shown, chosen: (tuple(connector.scopes), ()))
    session = stage.session("u1", [stage.read, stage.other])
    walker.open(session["url"])
    page = walker.submit("/approve", follow=False, tools=stage.names(stage.read, stage.write))
    assert (page.status == 422) is defended
    assert (page.status == 303) is not defended


# ---- fewer --------------------------------------------------------------------------------------------------


def test_what_the_person_unticks_at_the_provider_stays_off_and_everybody_is_told(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The mutation: what was asked is taken as given."""
    weaken(granting, "_granted", lambda session, *_: session.scopes_requested)
    session = stage.session("u1", [stage.read, stage.other])
    code = stage.authorize(walker, session, scopes=[stage.read_scope])
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert (grant["tools"] == stage.names(stage.read)) is defended
    assert (grant["scopes"]["granted"] == [stage.read_scope]) is defended
    assert ("gave less than you allowed" in walker.open(session["url"]).words) is defended
    [created] = stage.workspace.audit(action="grant.created")
    assert (created["detail"]["not_given"] == stage.names(stage.other)) is defended
    listed = made(stage.assistant.http.get("/v1/tools", params={"user": "u1"}))["items"]
    [off] = [one for one in listed if one["name"] == stage.tool(stage.other)]
    assert off["granted"] is not defended
    assert refused(stage.call(stage.other))  # without our comparison only the provider's 403 would say so


def test_a_tool_that_was_called_required_stays_off_too(stage: Stage, walker: Walker) -> None:
    """The builder's `required` is about our page; at the provider the person decides again."""
    asked = [{"tool": name, "required": True} for name in stage.names(stage.read, stage.other)]
    session = stage.assistant.new_session("u1", stage.provider.slug, asked)
    code = stage.authorize(walker, session, scopes=[stage.read_scope])
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert grant["tools"] == stage.names(stage.read)


def test_nothing_of_it_is_no_grant_and_leaves_no_token_alive(
    northwind_stage: NorthwindStage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    stage = northwind_stage
    weaken(granting, "_granted", lambda session, *_: session.scopes_requested)
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    stage.gives_only(stage.other_scope)
    answer = stage.assistant.confirm(session["id"], "u1", code)
    assert (answer.status_code == 502) is defended
    assert (stage.assistant.grants() == []) is defended
    if defended:
        until(lambda: stage.live() == [])


# ---- more ---------------------------------------------------------------------------------------------------


def test_more_than_was_asked_is_written_down_shown_and_not_used(
    stage: Stage, walker: Walker, defended: bool, weaken: Weaken
) -> None:
    """The mutation: every tool the token would do for is on."""
    every = tuple(stage.names(stage.read, stage.write))
    weaken(granting, "_agreed", lambda session, present: every)
    grant, words = connect_with_more(stage, walker)
    assert grant["scopes"]["requested"] == [stage.read_scope]
    assert sorted(grant["scopes"]["granted"]) == sorted([stage.read_scope, stage.write_scope])
    assert "gave more than we asked for" in words
    assert (grant["tools"] == stage.names(stage.read)) is defended
    answer = stage.call(stage.write, arguments=writing(stage))
    assert refused(answer) is defended
    assert answer.is_success is not defended


def test_an_extra_scope_does_not_become_a_consent_later(stage: Stage, walker: Walker) -> None:
    """The tool is asked for on our page although the scope is there already, and it takes a confirm."""
    connect_with_more(stage, walker)
    refusal = stage.call(stage.write, arguments=writing(stage)).json()
    page = walker.open(refusal["connect"]["url"])
    assert ("tools", stage.tool(stage.write)) in page.form("/approve").fields
    assert refused(stage.call(stage.write, arguments=writing(stage)))
    walker.submit("/deny")
    assert refused(stage.call(stage.write, arguments=writing(stage)))


def test_the_assistant_cannot_widen_a_grant_itself(stage: Stage, walker: Walker) -> None:
    grant, _ = connect_with_more(stage, walker)
    names = stage.names(stage.read, stage.write)
    for change in (
        {"tools": names},
        {"tools": stage.names(stage.write)},
        {"scopes": {"granted": [stage.write_scope]}},
        {"expires_at": "2999-01-01T00:00:00Z"},
    ):
        answer = stage.assistant.http.patch(f"/v1/grants/{grant['id']}", json=change)
        assert answer.status_code in (400, 422), change
    seen = stage.assistant.grant(grant["id"])
    assert (seen["tools"], seen["expires_at"]) == (grant["tools"], grant["expires_at"])
    assert refused(stage.call(stage.write, arguments=writing(stage)))
