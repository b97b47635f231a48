"""A call under a grant: what may come back, which arguments are taken, what is remembered of it."""

from __future__ import annotations

from tests.flows.stage import Stage, only
from tests.flows.stages import OidcStage
from tests.harness.tenant import made

FIELDS = {
    "oidcp": {"id", "name", "price"},
    "northwind": {"id", "title", "company_name", "amount", "currency", "stage", "closes_on"},
}
BAD_LISTS = {  # arguments of `read`, and the path of each fault in them
    "oidcp": ({"query": 7, "limit": 0, "nonsense": 1}, {"/query", "/limit", "/nonsense"}),
    "northwind": ({"query": 7, "limit": 1000, "stage": "gone", "x": 1}, {"/query", "/limit", "/stage", "/x"}),
}


def test_the_result_holds_declared_fields_only(stage: Stage) -> None:
    grant = stage.grant()
    answer = made(stage.call(stage.read))
    assert set(answer) == {"id", "tool", "grant", "result", "truncated", "next"}
    assert (answer["tool"], answer["grant"]) == (stage.tool(stage.read), grant["id"])
    assert set(answer["result"]) == {"items"} and len(answer["result"]["items"]) == 10
    for item in answer["result"]["items"]:
        assert set(item) == FIELDS[stage.provider.slug]


def test_a_page_tool_leads_to_the_next_page_and_to_an_end(stage: Stage) -> None:
    stage.grant()
    seen: list[str] = []
    cursor, pages = None, 0
    while pages < 30:
        arguments = {"limit": 7, **({"cursor": cursor} if cursor else {})}
        answer = made(stage.call(stage.read, arguments=arguments))
        seen += [item["id"] for item in answer["result"]["items"]]
        cursor, pages = answer["next"], pages + 1
        if cursor is None:
            break
    assert cursor is None and pages > 2
    assert len(seen) == len(set(seen)) > 14


def test_every_fault_in_the_arguments_is_named_by_its_path_and_nothing_is_sent(stage: Stage) -> None:
    stage.grant()
    asked = len(stage.asked("api"))
    arguments, paths = BAD_LISTS[stage.provider.slug]
    refused = stage.call(stage.read, arguments=arguments)
    assert (refused.status_code, refused.json()["code"]) == (422, "invalid_arguments")
    assert {error["path"] for error in refused.json()["errors"]} == paths
    assert all(error["message"] for error in refused.json()["errors"])
    assert len(stage.asked("api")) == asked


@only("northwind")
def test_a_missing_argument_is_named_too(stage: Stage) -> None:
    stage.grant(stage.sibling)
    refused = stage.call(stage.sibling)
    assert refused.status_code == 422
    name = "deal_id" if stage.provider.slug == "northwind" else "id"
    assert [error["path"] for error in refused.json()["errors"]] == [f"/{name}"]


def test_an_unknown_tool_is_404_with_a_grant_and_without(stage: Stage) -> None:
    for _ in range(2):
        for name in ("no_such_tool", f"{stage.read}x"):
            refused = stage.call(name)
            assert (refused.status_code, refused.json()["code"]) == (404, "unknown_tool")
        stage.grant()
    assert stage.assistant.call("nobody.find", "u1").json()["code"] == "unknown_tool"


@only("northwind")
def test_the_vendors_spelling_of_a_tool_is_taken(stage: Stage) -> None:
    stage.grant()
    answer = made(stage.assistant.call(stage.tool(stage.read).replace(".", "__"), "u1"))
    assert answer["tool"] == stage.tool(stage.read)


def test_a_call_is_counted_dated_and_found_again_without_what_was_read(stage: Stage) -> None:
    grant = stage.grant()
    done = made(stage.call(stage.read, arguments={"query": "a"}))
    used = stage.assistant.grant(grant["id"])
    assert used["use_count"] == 1 and used["last_used_at"]
    past = made(stage.assistant.http.get(f"/v1/tool-calls/{done['id']}"))
    assert (past["outcome"], past["grant"], past["user"]) == ("ok", grant["id"], "u1")
    assert past["count"] == len(done["result"]["items"])
    assert not {"result", "arguments"} & set(past)
    [event] = stage.workspace.audit(action="tool.called")
    assert (event["call"], event["tool"], event["outcome"]) == (done["id"], done["tool"], "ok")


@only("northwind")
def test_a_refused_call_is_in_the_trail_too(stage: Stage) -> None:
    stage.grant()
    stage.call(stage.read, arguments={"limit": "many"})
    [event] = stage.workspace.audit(action="tool.refused")
    assert event["outcome"] == "invalid_arguments" and event["call"].startswith("call_")


@only("northwind")
def test_a_call_of_another_assistant_is_not_found(stage: Stage) -> None:
    stage.grant()
    done = made(stage.call(stage.read))
    other = stage.workspace.assistant("Other")
    assert other.http.get(f"/v1/tool-calls/{done['id']}").status_code == 404
    other.close()


def test_an_answer_over_256_kb_is_cut_at_an_item_and_says_so(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.connect_more("odd", "many")
    small = made(stage.assistant.call("odd.many", "u1", {"count": 20, "size": 1_000}))
    assert small["truncated"] is False and len(small["result"]["items"]) == 20
    large = stage.assistant.call("odd.many", "u1", {"count": 500, "size": 1_000})
    answer = made(large)
    assert answer["truncated"] is True and answer["next"] == "the-rest"
    assert 200 < len(answer["result"]["items"]) < 260
    assert all(len(item["name"]) == 1_000 for item in answer["result"]["items"])
    assert len(large.content) < 257_000
    event = stage.workspace.audit(action="tool.called")[-1]
    assert event["detail"]["count"] == len(answer["result"]["items"])


def test_a_single_item_over_256_kb_is_refused_whole(oidc_stage: OidcStage) -> None:
    stage = oidc_stage
    stage.connect_more("odd", "many")
    answer = stage.assistant.call("odd.many", "u1", {"count": 1, "size": 300_000})
    assert answer.status_code == 200 and answer.json()["result"] == {"items": []}
    assert answer.json()["truncated"] is True
