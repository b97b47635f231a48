"""What the provider really gave, against what was asked: fewer scopes, more scopes, none that help."""

from __future__ import annotations

from tests.flows.stage import Stage
from tests.flows.stages import NorthwindStage
from tests.harness.tenant import made
from tests.harness.walker import Walker


def test_a_scope_unticked_at_the_provider_leaves_its_tools_off_and_says_so(
    stage: Stage, walker: Walker
) -> None:
    session = stage.session("u1", [stage.read, stage.sibling, stage.other])
    code = stage.authorize(walker, session, scopes=[stage.read_scope])
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert sorted(grant["tools"]) == sorted(stage.names(stage.read, stage.sibling))
    assert sorted(grant["scopes"]["requested"]) == sorted([stage.read_scope, stage.other_scope])
    assert grant["scopes"]["granted"] == [stage.read_scope]
    page = walker.open(session["url"])
    assert "gave less than you allowed" in page.words and "Stays off" in page.words
    [created] = stage.workspace.audit(action="grant.created")
    assert created["detail"]["not_given"] == stage.names(stage.other)


def test_a_tool_whose_scope_was_not_given_asks_for_consent_again(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read, stage.other])
    code = stage.authorize(walker, session, scopes=[stage.read_scope])
    made(stage.assistant.confirm(session["id"], "u1", code))
    assert stage.call(stage.read).status_code == 200
    refused = stage.call(stage.other)
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_required")
    assert refused.json()["missing_tools"] == stage.names(stage.other)
    assert refused.json()["missing_scopes"] == [stage.other_scope]
    page = walker.open(refused.json()["connect"]["url"])
    assert (
        page.form("/approve").boxes == {}
    )  # the missing tool is required, the present one is not asked again
    assert ("tools", stage.tool(stage.other)) in page.form("/approve").fields


def test_more_than_was_asked_is_recorded_shown_and_never_used(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read])
    stage.approve(walker, session["url"])
    stage.gives_more(stage.write_scope)
    finish = stage.provider.consent(walker, "ada")
    grant = made(stage.assistant.confirm(session["id"], "u1", finish.message["code"]))["grant"]
    assert grant["scopes"]["requested"] == [stage.read_scope]
    assert sorted(grant["scopes"]["granted"]) == sorted([stage.read_scope, stage.write_scope])
    assert grant["tools"] == stage.names(stage.read)
    refused = stage.call(stage.write, arguments={"anything": "at all"})
    assert (refused.status_code, refused.json()["code"]) == (403, "consent_required")
    assert "gave more than we asked for" in walker.open(session["url"]).words


def test_nothing_of_what_was_agreed_is_a_failure_and_leaves_no_token_alive(
    northwind_stage: NorthwindStage, walker: Walker
) -> None:
    stage = northwind_stage
    session = stage.session("u1", [stage.read])
    code = stage.authorize(walker, session)
    stage.gives_only(stage.other_scope)
    answer = stage.assistant.confirm(session["id"], "u1", code)
    assert (answer.status_code, answer.json()["code"]) == (502, "provider_error")
    assert stage.assistant.session(session["id"])["status"] == "failed"
    assert stage.assistant.grants() == []
    stage.dead()
