"""One more tool for a grant that exists: the same grant, working all the while, with the replaced token ended."""

from __future__ import annotations

import json
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest

from tests.flows.shared import SharedService
from tests.flows.stage import Stage, only
from tests.harness.tenant import made
from tests.harness.waiting import until
from tests.harness.walker import Walker


def step_up(stage: Stage, tool: str) -> dict[str, Any]:
    """The session of a refused call."""
    refused = stage.call(tool).json()
    assert refused["code"] == "consent_required"
    return refused["connect"]


def test_the_page_asks_for_the_missing_tool_and_shows_the_present_one_as_allowed(
    stage: Stage, walker: Walker
) -> None:
    stage.grant(stage.read)
    page = walker.open(step_up(stage, stage.other)["url"])
    form = page.form("/approve")
    assert [value for name, value in form.fields if name == "tools"] == stage.names(stage.other)
    assert form.boxes == {}
    lines = [" ".join(line.get_text(" ").split()) for line in page.soup.select(".tool")]
    allowed, needed = ([line for line in lines if line_word in line] for line_word in ("Allowed", "Needed"))
    assert (len(lines), len(allowed), len(needed)) == (2, 1, 1)
    assert "asks for more" in page.words


def test_the_same_grant_has_both_tools_and_the_old_token_is_dead(stage: Stage, walker: Walker) -> None:
    grant = stage.grant(stage.read)
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session)
    assert made(stage.call(stage.read))["grant"] == grant["id"]  # it works until the confirm
    wider = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert (wider["id"], wider["created_at"]) == (grant["id"], grant["created_at"])
    assert sorted(wider["tools"]) == sorted(stage.names(stage.read, stage.other))
    assert sorted(wider["scopes"]["requested"]) == sorted([stage.read_scope, stage.other_scope])
    assert wider["receipt"] != grant["receipt"]
    for tool in (stage.read, stage.other):
        assert stage.call(tool).status_code == 200
    until(lambda: stage.live_kinds() == ["access", "refresh"], what="the end of the replaced token")
    assert all(set(token.scopes) >= {stage.read_scope, stage.other_scope} for token in stage.live())
    assert len(stage.assistant.grants()) == 1
    assert "grant.widened" in stage.events(grant=grant["id"])


def test_the_receipt_of_a_step_up_names_what_was_new_and_what_was_there(stage: Stage, walker: Walker) -> None:
    stage.grant(stage.read)
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session)
    wider = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    [row] = stage.rows("SELECT body FROM receipts WHERE id = ?", wider["receipt"])
    receipt = json.loads(row["body"])
    assert sorted(one["tool"] for one in receipt["agreed"]) == sorted(stage.names(stage.read, stage.other))
    shown = [tool for group in receipt["notice"]["text"]["groups"] for tool in group["tools"]]
    assert {tool["name"]: tool["already"] for tool in shown} == {
        stage.tool(stage.read): True,
        stage.tool(stage.other): False,
    }


@pytest.mark.parametrize("at_provider", [False, True])
def test_a_declined_step_up_changes_nothing(stage: Stage, walker: Walker, at_provider: bool) -> None:
    stage.grant(stage.read)
    [before] = stage.assistant.grants()
    session = step_up(stage, stage.other)
    walker.open(session["url"])
    if at_provider:
        walker.submit("/approve")
        stage.provider.refuse(walker, "ada")
    else:
        walker.submit("/deny")
    assert stage.assistant.session(session["id"])["status"] == "denied"
    assert stage.assistant.grants() == [before]
    assert stage.call(stage.read).status_code == 200
    assert stage.live_kinds() == ["access", "refresh"]


def test_another_account_is_refused_and_the_grant_is_untouched(stage: Stage, walker: Walker) -> None:
    stage.grant(stage.read, login="ada")
    [before] = stage.assistant.grants()
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session, "ben")
    refused = stage.assistant.confirm(session["id"], "u1", code)
    assert (refused.status_code, refused.json()["code"]) == (409, "account_mismatch")
    assert stage.assistant.session(session["id"])["error"]["code"] == "account_mismatch"
    assert stage.assistant.grants() == [before]
    assert stage.call(stage.read).status_code == 200
    until(lambda: {token.account for token in stage.live()} == {"ada"})


def test_a_provider_that_is_down_at_the_confirm_leaves_the_grant_as_it_was(
    stage: Stage, walker: Walker
) -> None:
    stage.grant(stage.read)
    [before] = stage.assistant.grants()
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session)
    stage.trouble("token", 503)
    assert stage.assistant.confirm(session["id"], "u1", code).json()["code"] == "provider_error"
    stage.calm()
    assert stage.assistant.grants() == [before]
    assert stage.call(stage.read).status_code == 200


def test_what_the_person_takes_back_at_the_provider_is_off_afterwards(stage: Stage, walker: Walker) -> None:
    stage.grant(stage.read)
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session, scopes=[stage.other_scope])
    wider = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert wider["tools"] == stage.names(stage.other)
    assert stage.call(stage.read).json()["code"] == "consent_required"


def test_what_was_narrowed_while_the_page_was_open_stays_narrowed(stage: Stage, walker: Walker) -> None:
    grant = stage.grant(stage.read, stage.sibling)
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session)
    made(stage.assistant.http.patch(f"/v1/grants/{grant['id']}", json={"tools": stage.names(stage.read)}))
    wider = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert sorted(wider["tools"]) == sorted(stage.names(stage.read, stage.other))


def test_a_grant_stopped_while_the_page_was_open_stays_stopped(stage: Stage, walker: Walker) -> None:
    grant = stage.grant(stage.read)
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session)
    made(stage.assistant.revoke(grant["id"]))
    refused = stage.assistant.confirm(session["id"], "u1", code)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_revoked")
    assert [one["status"] for one in stage.assistant.grants()] == ["revoked"]
    stage.dead()


@only("northwind")
def test_a_grant_an_admin_has_suspended_is_not_brought_back_by_its_person(
    stage: Stage, walker: Walker, shared_service: SharedService
) -> None:
    grant = stage.grant(stage.read)
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session)
    shared_service.execute("UPDATE grants SET status = 'suspended' WHERE id = ?", grant["id"])
    refused = stage.assistant.confirm(session["id"], "u1", code)
    assert (refused.status_code, refused.json()["code"]) == (403, "grant_suspended")
    seen = stage.assistant.grant(grant["id"])
    assert (seen["status"], seen["tools"]) == ("suspended", stage.names(stage.read))


def refreshing_while_confirmed(stage: Stage, walker: Walker, **slow: float) -> httpx.Response:
    """A call refreshes the old token, which takes a while; in that time the step-up is confirmed. The call's answer."""
    stage.grant(stage.read, duration="90d")
    session = step_up(stage, stage.other)
    code = stage.authorize(walker, session, duration="90d")
    stage.reject_access_tokens()
    stage.trouble("token", **slow)
    with ThreadPoolExecutor(1) as pool:
        calling = pool.submit(stage.call, stage.read)
        until(lambda: 401 in stage.asked("api"))
        time.sleep(0.2)  # the refresh is under way: what is switched now is for the requests that follow
        stage.calm()
        made(stage.assistant.confirm(session["id"], "u1", code))
        return calling.result(30)


def test_a_call_whose_refresh_lost_against_a_consent_is_answered_under_it(
    stage: Stage, walker: Walker
) -> None:
    assert refreshing_while_confirmed(stage, walker, before_s=1.5).status_code == 200
    [grant] = stage.assistant.grants()
    assert grant["status"] == "active"
    assert stage.live_kinds() == ["access", "refresh"]


def test_a_token_refreshed_for_a_consent_that_was_replaced_is_given_back(
    stage: Stage, walker: Walker
) -> None:
    assert refreshing_while_confirmed(stage, walker, after_s=1.5).status_code == 200
    until(lambda: stage.asked("revocation") == [200, 200], what="the end of both tokens of the older consent")
    assert stage.live_kinds() == ["access", "refresh"]
    assert stage.call(stage.other).status_code == 200
