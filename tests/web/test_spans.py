"""The spans of connecting and calling: their names, who is whose parent, and nothing in them but names of ours and numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import CLIENT_SECRET, Scene
from tests.harness.waiting import until
from tests.harness.walker import Walker
from tests.web.pages.running import RunningValetkey
from web.traces import Tracer

TRACE, PARENT = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"
USER, QUERY = "user-5d41402abc4b2a76", "query-9f86d081884c7d65"
ALLOWED = {
    "error.type",
    "http.request.id",
    "http.request.method",
    "http.response.status_code",
    "http.route",
    "url.scheme",
    "valetkey.connector",
    "valetkey.tool",
}


@pytest.fixture
def exporter() -> InMemorySpanExporter:
    return InMemorySpanExporter()


@pytest.fixture
def scene(tmp_path: Path, exporter: InMemorySpanExporter) -> Iterator[Scene]:
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    tracer = Tracer()
    tracer.use(provider)
    service, northwind = RunningValetkey(tmp_path, tracer=tracer), RunningNorthwind()
    one = Scene(service, northwind)  # type: ignore[arg-type]
    exporter.clear()
    yield one
    one.close()
    service.close()
    northwind.close()


@pytest.fixture
def heard() -> list[str]:
    """What the browser sends and is sent: addresses with their queries, cookies, forms."""
    return []


@pytest.fixture
def person(heard: list[str]) -> Iterator[Walker]:
    with Walker() as one:
        one.http.event_hooks["request"].append(lambda asked: heard.extend(_values(asked)))
        yield one


def _values(request: httpx.Request) -> list[str]:
    """Every value long enough to be a secret, an id or somebody's name."""
    form = httpx.QueryParams(request.content.decode())
    cookies = [pair.partition("=")[2] for pair in request.headers.get("cookie", "").split("; ")]
    return [text for text in (*request.url.params.values(), *form.values(), *cookies) if len(text) > 7]


def tree(spans: tuple[ReadableSpan, ...]) -> set[tuple[str | None, str]]:
    """(parent's name, name); the parent is None where it is somebody else's or nobody."""
    names = {span.context.span_id: span.name for span in spans if span.context}
    return {(names.get(span.parent.span_id) if span.parent else None, span.name) for span in spans}


def written(spans: tuple[ReadableSpan, ...]) -> str:
    return "\n".join(span.to_json() for span in spans)


def test_the_spans_of_connecting_and_calling(
    scene: Scene, exporter: InMemorySpanExporter, person: Walker, heard: list[str]
) -> None:
    session = scene.session(USER, ["find_deals"])
    code = scene.authorize(person, session)
    assert scene.assistant.confirm(session["id"], USER, code).status_code == 200
    called = scene.call("find_deals", USER, {"query": QUERY})
    assert called.status_code == 200
    until(lambda: ("POST /v1/tool-calls", "call") in tree(exporter.get_finished_spans()))
    spans = exporter.get_finished_spans()
    assert tree(spans) >= {
        (None, "POST /v1/connect-sessions"),
        ("POST /v1/connect-sessions", "connect.create"),
        (None, "GET /connect/{session_id}"),
        ("GET /connect/{session_id}", "connect.open"),
        ("POST /connect/{session_id}/approve", "connect.approve"),
        ("GET /oauth/callback/{registration_id}", "connect.callback"),
        ("POST /v1/connect-sessions/{session_id}/confirm", "connect.confirm"),
        ("connect.confirm", "connect.redeem"),
        ("POST /v1/tool-calls", "call"),
        ("call", "call.resolve"),
        ("call", "call.provider"),
        ("call.provider", "provider.request"),
        ("call", "call.deliver"),
    }
    by_name: dict[str, Any] = {span.name: span for span in spans}
    asked = by_name["provider.request"]
    assert asked.attributes == {"valetkey.connector": "northwind", "http.response.status_code": 200}
    assert by_name["call"].attributes["valetkey.tool"] == "northwind.find_deals"
    assert by_name["call"].start_time <= asked.start_time <= asked.end_time <= by_name["call"].end_time
    assert by_name["POST /v1/tool-calls"].attributes["http.response.status_code"] == 200
    assert {name for span in spans for name in span.attributes or ()} <= ALLOWED

    known = [USER, QUERY, CLIENT_SECRET, session["id"], code, called.json()["grant"], scene.workspace.id]
    known += [scene.workspace.key, scene.assistant.key, scene.assistant.id, *scene.provider.tokens, *heard]  # type: ignore[attr-defined]
    offered = {"northwind.find_deals"}  # a form field which is no secret
    assert len(set(known)) > 15 and code in known
    assert [one for one in known if one in written(spans) and one not in offered] == []


def test_a_refused_call_says_its_code_and_a_made_up_tool_nothing(
    scene: Scene, exporter: InMemorySpanExporter
) -> None:
    assert scene.call("find_deals", USER).status_code == 403
    assert scene.assistant.call(f"northwind.{QUERY}", USER).status_code == 404
    until(lambda: sum(span.name == "POST /v1/tool-calls" for span in exporter.get_finished_spans()) == 2)
    spans = exporter.get_finished_spans()
    refused, unknown = (span for span in spans if span.name == "call")
    assert (refused.attributes or {})["error.type"] == "consent_required"
    assert (unknown.attributes or {})["error.type"] == "unknown_tool"
    assert (unknown.attributes or {})["valetkey.tool"] == "unknown"
    assert ("call", "connect.create") in tree(spans)  # the session that comes with the refusal
    assert USER not in written(spans) and QUERY not in written(spans)


def test_a_trace_that_comes_in_is_gone_on_from(scene: Scene, exporter: InMemorySpanExporter) -> None:
    headers = {"traceparent": f"00-{TRACE}-{PARENT}-01", "Authorization": f"Bearer {scene.assistant.key}"}
    body = {"tool": "northwind.find_deals", "user": USER, "arguments": {}}
    httpx.post(f"{scene.service.url}/v1/tool-calls", json=body, headers=headers, trust_env=False)
    until(lambda: ("POST /v1/tool-calls", "call") in tree(exporter.get_finished_spans()))
    spans = exporter.get_finished_spans()
    assert {f"{span.context.trace_id:032x}" for span in spans if span.context} == {TRACE}
    [request] = [span for span in spans if span.name == "POST /v1/tool-calls"]
    assert request.parent is not None and f"{request.parent.span_id:016x}" == PARENT
    httpx.get(f"{scene.service.url}/health/live", headers={"traceparent": "no-trace"}, trust_env=False)
    until(lambda: "GET /health/live" in {span.name for span in exporter.get_finished_spans()})
    [other] = [span for span in exporter.get_finished_spans() if span.name == "GET /health/live"]
    assert other.parent is None


def test_a_refresh_and_a_revocation_have_spans_of_their_own(
    scene: Scene, exporter: InMemorySpanExporter
) -> None:
    grant = scene.connect(USER, tools=("find_deals",))
    scene.service.later(2 * 3_600_000)  # type: ignore[attr-defined]
    assert scene.call("find_deals", USER).status_code == 200
    assert scene.assistant.revoke(grant["id"]).status_code in (200, 204)
    until(lambda: "outbox.tell" in {span.name for span in exporter.get_finished_spans()})
    found = tree(exporter.get_finished_spans())
    assert ("call.provider", "token.lease") in found and ("call.provider", "token.refresh") in found
    assert not [one for one in scene.provider.tokens if one in written(exporter.get_finished_spans())]  # type: ignore[attr-defined]
