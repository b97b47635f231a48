"""What the person is asked, may leave out and chooses, and what is then asked of the provider and kept as the receipt."""

from __future__ import annotations

import hashlib
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.flows.stage import Stage, only
from tests.harness.tenant import made
from tests.harness.walker import Walker


def asked_scopes(stage: Stage, walker: Walker, url: str, tools: list[str]) -> list[str]:
    """The scopes in the authorization URL when the person agrees to these tools."""
    walker.open(url)
    answer = walker.submit("/approve", follow=False, tools=stage.names(*tools)).response
    assert answer.status_code == 303, answer.text
    return sorted(parse_qs(urlsplit(answer.headers["location"]).query)["scope"][0].split())


def receipt_of(stage: Stage, receipt: str) -> tuple[dict[str, Any], bytes, str]:
    """The kept receipt, the very bytes, and the hash that is kept beside them."""
    [row] = stage.rows("SELECT body, hash FROM receipts WHERE id = ?", receipt)
    return json.loads(row["body"]), row["body"].encode(), row["hash"]


def test_an_optional_tool_is_off_until_chosen_and_a_required_one_cannot_be_left_out(
    stage: Stage, walker: Walker
) -> None:
    required = {"tool": stage.tool(stage.read), "required": True, "reason": "to list what closes this week"}
    session = stage.assistant.new_session("u1", stage.provider.slug, [required, stage.tool(stage.other)])
    page = walker.open(session["url"])
    form = page.form("/approve")
    assert [value for name, value in form.fields if name == "tools"] == [stage.tool(stage.read)]
    assert form.boxes["tools"] == [stage.tool(stage.other)]
    assert "to list what closes this week" in page.words
    refused = walker.submit("/approve", tools=[stage.tool(stage.other)])
    assert (refused.status, refused.code) == (422, "invalid_body")
    assert stage.assistant.session(session["id"])["status"] == "opened"


@only("northwind")
def test_one_tool_asked_alone_is_required(stage: Stage, walker: Walker) -> None:
    form = walker.open(stage.session("u1", [stage.read])["url"]).form("/approve")
    assert form.boxes == {} and ("tools", stage.tool(stage.read)) in form.fields


@only("northwind")
def test_nothing_chosen_is_no_consent(stage: Stage, walker: Walker) -> None:
    walker.open(stage.session("u1", [stage.read, stage.other])["url"])
    page = walker.submit("/approve", tools=[])
    assert (page.status, page.code) == (422, "invalid_body")


@only("northwind")
def test_a_tool_that_was_not_on_the_page_cannot_be_slipped_in(stage: Stage, walker: Walker) -> None:
    walker.open(stage.session("u1", [stage.read, stage.other])["url"])
    page = walker.submit("/approve", tools=stage.names(stage.read, stage.write))
    assert (page.status, page.code) == (422, "invalid_body")


def test_a_tool_left_out_is_not_granted_and_its_scope_not_asked(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read, stage.other])
    code = stage.authorize(walker, session, tools=[stage.read])
    grant = made(stage.assistant.confirm(session["id"], "u1", code))["grant"]
    assert grant["tools"] == stage.names(stage.read)
    assert grant["scopes"] == {"requested": [stage.read_scope], "granted": [stage.read_scope]}
    assert {scope for token in stage.live() for scope in token.scopes} == {stage.read_scope}
    assert stage.call(stage.other).json()["code"] == "consent_required"


def test_exactly_the_union_of_the_chosen_tools_scopes_is_asked(stage: Stage, walker: Walker) -> None:
    offered = [stage.read, stage.sibling, stage.other, stage.write]
    for chosen, scopes in (
        ([stage.read, stage.sibling], [stage.read_scope]),
        ([stage.read, stage.other], [stage.read_scope, stage.other_scope]),
        (offered, [stage.read_scope, stage.other_scope, stage.write_scope]),
    ):
        url = stage.session("u1", offered)["url"]
        assert asked_scopes(stage, walker, url, chosen) == sorted(scopes)


@only("northwind")
@pytest.mark.parametrize(("duration", "days"), [("chat", 1), ("30d", 30), ("90d", 90), ("unlimited", None)])
def test_the_chosen_duration_becomes_the_end_of_the_grant(
    stage: Stage, duration: str, days: int | None
) -> None:
    grant = stage.grant(duration=duration)
    if days is None:
        assert grant["expires_at"] is None
    else:
        ends = datetime.fromisoformat(grant["expires_at"])
        assert abs(ends - datetime.now(UTC) - timedelta(days=days)) < timedelta(minutes=2)


@only("northwind")
def test_the_shortest_duration_is_preselected_and_policy_cuts_the_choice(
    stage: Stage, walker: Walker
) -> None:
    form = walker.open(stage.session("u1", [stage.read])["url"]).form("/approve")
    assert ("duration", "chat") in form.fields
    assert form.choices["duration"] == ["chat", "30d", "90d", "unlimited"]
    made(stage.workspace.http.put("/v1/policy", json={"max_grant_days": 40}))
    form = walker.open(stage.session("u1", [stage.read])["url"]).form("/approve")
    assert form.choices["duration"] == ["chat", "30d"]
    page = walker.submit("/approve", duration="unlimited")
    assert (page.status, page.code) == (422, "invalid_body")


def test_the_receipt_keeps_what_was_shown_and_its_hash(stage: Stage, walker: Walker) -> None:
    purpose = "to prepare the Monday meeting"
    session = stage.session("u1", [stage.read, stage.other], purpose=purpose)
    shown = walker.open(session["url"]).words
    walker.submit("/approve", tools=stage.names(stage.read), duration="30d")
    finish = stage.provider.consent(walker, "ada")
    grant = made(stage.assistant.confirm(session["id"], "u1", finish.message["code"]))["grant"]
    receipt, text, digest = receipt_of(stage, grant["receipt"])
    assert hashlib.sha256(text).hexdigest() == digest
    assert [one["tool"] for one in receipt["agreed"]] == stage.names(stage.read)
    assert receipt["left_out"] == stage.names(stage.other)
    assert receipt["scopes_requested"] == [stage.read_scope]
    assert (receipt["duration"]["chosen"], receipt["purpose"]) == ("30d", purpose)
    assert receipt["person"] == {"user": "u1"}
    assert all(one["text"] in shown for one in receipt["agreed"])
    notice = receipt["notice"]["text"]
    unhashed = json.dumps({**notice, "hash": ""}, separators=(",", ":"), ensure_ascii=False)
    assert hashlib.sha256(unhashed.encode()).hexdigest() == receipt["notice"]["sha256"] == notice["hash"]
    portal = made(stage.assistant.http.post("/v1/portal-sessions", json={"user": "u1"}))["url"]
    walker.open(portal)
    page = walker.http.get(f"{stage.service.url}/me/receipts/{grant['receipt']}.json")
    assert page.content == text  # what the person can download is what was hashed


def test_the_purpose_and_every_line_of_the_receipt_stood_on_the_page(stage: Stage, walker: Walker) -> None:
    session = stage.session("u1", [stage.read, stage.write], purpose="to plan")
    shown = walker.open(session["url"]).words.lower()
    walker.submit("/approve", tools=stage.names(stage.read, stage.write))
    [row] = stage.rows("SELECT id FROM receipts WHERE session = ?", session["id"])
    notice = receipt_of(stage, row["id"])[0]["notice"]["text"]
    lines = [
        tool[part] for group in notice["groups"] for tool in group["tools"] for part in ("title", "text")
    ]
    lines += [*notice["cannot"], notice["purpose"], notice["duration_hint"], notice["workspace_name"]]
    lines += [
        *(one["label"] for one in notice["durations"]),
        *(one["name"] for one in notice["provider_scopes"]),
    ]
    assert [line for line in lines if " ".join(line.lower().split()) not in shown] == []
