"""The rules that hold for every address, against a running `valetkey serve`. What each call answers stands in the
file of its noun beside this one; `test_every_call_of_the_contract_is_there` keeps the list whole.
"""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from core.ids import new_id
from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.answers import REQUEST_ID, problem

ADMIN = [
    ("PUT", "/v1/connectors/{slug}"),
    ("GET", "/v1/connectors"),
    ("GET", "/v1/connectors/{slug}"),
    ("DELETE", "/v1/connectors/{slug}"),
    ("POST", "/v1/assistants"),
    ("GET", "/v1/assistants"),
    ("GET", "/v1/assistants/{assistant_id}"),
    ("PATCH", "/v1/assistants/{assistant_id}"),
    ("DELETE", "/v1/assistants/{assistant_id}"),
    ("POST", "/v1/assistants/{assistant_id}/keys"),
    ("DELETE", "/v1/assistants/{assistant_id}/keys/{key_id}"),
    ("POST", "/v1/grants/revoke"),
    ("GET", "/v1/policy"),
    ("PUT", "/v1/policy"),
    ("GET", "/v1/audit"),
    ("GET", "/v1/audit/export"),
    ("GET", "/v1/audit/checkpoint"),
]
ASSISTANT = [
    ("POST", "/v1/connect-sessions"),
    ("GET", "/v1/connect-sessions/{session_id}"),
    ("POST", "/v1/connect-sessions/{session_id}/confirm"),
    ("GET", "/v1/tools"),
    ("POST", "/v1/tool-calls"),
    ("GET", "/v1/tool-calls/{call_id}"),
    ("POST", "/v1/portal-sessions"),
]
BOTH = [
    ("GET", "/v1/catalog"),
    ("GET", "/v1/grants"),
    ("GET", "/v1/grants/{grant_id}"),
    ("PATCH", "/v1/grants/{grant_id}"),
    ("DELETE", "/v1/grants/{grant_id}"),
]
OPEN = [("GET", "/health/live"), ("GET", "/health/ready"), ("GET", "/metrics")]
CALLS = [*ADMIN, *ASSISTANT, *BOTH]
LISTS = ["/v1/connectors", "/v1/assistants", "/v1/grants", "/v1/audit", "/v1/tools", "/v1/catalog"]
BODIES: dict[str, dict[str, Any]] = {
    "/v1/connectors/{slug}": {"client_id": "c"},
    "/v1/assistants": {"name": "A"},
    "/v1/assistants/{assistant_id}": {"name": "A"},
    "/v1/assistants/{assistant_id}/keys": {},
    "/v1/grants/{grant_id}": {"tools": ["northwind.find_deals"]},
    "/v1/grants/revoke": {"grants": []},
    "/v1/policy": {},
    "/v1/connect-sessions": {
        "user": {"id": "u1"},
        "connector": "northwind",
        "tools": ["northwind.find_deals"],
    },
    "/v1/connect-sessions/{session_id}/confirm": {"user": "u1", "code": "x"},
    "/v1/tool-calls": {"tool": "northwind.find_deals", "user": "u1"},
    "/v1/portal-sessions": {"user": "u1"},
}
WITH_BODY = [(method, path) for method, path in CALLS if method in ("POST", "PUT", "PATCH")]


def filled(path: str) -> str:
    """The path with ids that are well formed and of nothing."""
    kinds = {"assistant_id": "ast", "key_id": "key", "session_id": "cs", "grant_id": "gr", "call_id": "call"}
    return re.sub(r"\{(\w+)\}", lambda m: new_id(kinds[m[1]]) if m[1] in kinds else "northwind", path)


def client_for(site: Scene, method: str, path: str) -> httpx.Client:
    return site.assistant.http if (method, path) in ASSISTANT else site.workspace.http


def test_every_call_of_the_contract_is_there_and_no_other(anybody: httpx.Client) -> None:
    document = made(anybody.get("/schema/openapi.json"))
    there = {
        (method.upper(), path) for path, operations in document["paths"].items() for method in operations
    }
    assert there == {*CALLS, *OPEN}


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_without_a_key_nothing_is_said(anybody: httpx.Client, method: str, path: str) -> None:
    for headers in ({}, {"Authorization": "Bearer vka_nonsense"}, {"Authorization": "Basic dTpw"}):
        answer = anybody.request(method, filled(path), headers=headers)
        problem(answer, 401, "invalid_credentials")
        assert answer.headers["www-authenticate"].startswith("Bearer ")


@pytest.mark.parametrize(("method", "path"), [*ADMIN, *ASSISTANT])
def test_the_other_kind_of_key_is_refused(lasting: Scene, method: str, path: str) -> None:
    other = lasting.assistant.http if (method, path) in ADMIN else lasting.workspace.http
    problem(other.request(method, filled(path), json=BODIES.get(path)), 403, "forbidden")


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_a_body_that_is_no_json_is_a_400(lasting: Scene, method: str, path: str) -> None:
    client = client_for(lasting, method, path)
    for body in (b"{", b"\xff\xfe", b'{"a": 1} trailing'):
        headers = {"Content-Type": "application/json"}
        problem(client.request(method, filled(path), content=body, headers=headers), 400, "invalid_request")


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_an_unknown_field_is_refused_and_named(lasting: Scene, method: str, path: str) -> None:
    body = {**BODIES[path], "returnUrl": "https://chat.acme.example"}
    answer = client_for(lasting, method, path).request(method, filled(path), json=body)
    assert "returnUrl" in str(problem(answer, 422, "invalid_body"))


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
@pytest.mark.parametrize("body", [[], "text", 7, None, True])
def test_a_body_that_is_no_object_is_refused(lasting: Scene, method: str, path: str, body: Any) -> None:
    answer = client_for(lasting, method, path).request(method, filled(path), json=body)
    problem(answer, 422, "invalid_body")


@pytest.mark.parametrize(("method", "path"), WITH_BODY)
def test_more_than_a_megabyte_is_not_read(lasting: Scene, method: str, path: str) -> None:
    client = client_for(lasting, method, path)
    body = b'{"name": "' + b"x" * 1_000_001 + b'"}'
    headers = {"Content-Type": "application/json"}
    problem(client.request(method, filled(path), content=body, headers=headers), 413, "body_too_large")


def test_no_body_where_one_is_needed_is_said_so(lasting: Scene) -> None:
    answer = lasting.workspace.http.post("/v1/assistants")
    assert "a JSON body is needed" in problem(answer, 422, "invalid_body")["detail"]


def test_more_than_a_megabyte_in_pieces_is_not_read_either(lasting: Scene) -> None:
    pieces = (b"x" * 100_000 for _ in range(11))
    headers = {"Content-Type": "application/json"}
    answer = lasting.workspace.http.post("/v1/assistants", content=pieces, headers=headers)
    problem(answer, 413, "body_too_large")


@pytest.mark.parametrize("path", sorted({path for _, path in CALLS}))
def test_another_method_is_a_405(lasting: Scene, path: str) -> None:
    taken = {method for method, known in CALLS if known == path}
    for method in {"GET", "POST", "PUT", "PATCH", "DELETE"} - taken:
        if (method, path) in (("GET", "/v1/grants/revoke"), ("PATCH", "/v1/grants/revoke")):
            continue  # `revoke` is then taken for a grant's id
        if (method, path) == ("DELETE", "/v1/grants/revoke"):
            continue
        problem(lasting.workspace.http.request(method, filled(path)), 405, "method_not_allowed")


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m, p in CALLS if "{" in p and "{slug}" not in p], ids=str
)
def test_an_id_of_nothing_is_a_404(lasting: Scene, method: str, path: str) -> None:
    client = client_for(lasting, method, path)
    problem(client.request(method, filled(path), json=BODIES.get(path)), 404, "not_found")
    for odd in ("nonsense", "%00", "..%2f..", "é" * 50):
        shaped = re.sub(r"\{\w+\}", odd, path)
        problem(client.request(method, shaped, json=BODIES.get(path)), 404, "not_found")


@pytest.mark.parametrize("path", ["/v1/connectors/{slug}"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_an_unknown_connector_is_a_404(lasting: Scene, method: str, path: str) -> None:
    answer = lasting.workspace.http.request(method, "/v1/connectors/nothing", json=BODIES.get(path))
    problem(answer, 404, "unknown_connector" if method != "DELETE" else "not_found")


def test_an_unknown_address_is_a_404_for_programs(anybody: httpx.Client) -> None:
    for path in ("/v1/nothing", "/v1/grants/a/b/c/d", "/health/nothing"):
        problem(anybody.get(path), 404, "not_found")


@pytest.mark.parametrize("path", LISTS)
def test_a_list_refuses_other_limits_and_cursors(lasting: Scene, path: str) -> None:
    client = lasting.assistant.http if path == "/v1/tools" else lasting.workspace.http
    if path == "/v1/catalog":
        assert made(client.get(path, params={"limit": 1}))["items"]
        return  # it has one page
    for limit in ("0", "201", "-1", "x", "1.5"):
        problem(client.get(path, params={"limit": limit}), 422, "invalid_body")
    for cursor in ("nonsense!", "bnVsbA", "W10", "MTI", "eyJhIjoxfQ", "é"):
        problem(client.get(path, params={"cursor": cursor}), 400, "invalid_cursor")


def test_the_metrics_name_their_charset_once(anybody: httpx.Client) -> None:
    """Twice is no media type, and Prometheus 3 does not read what has none."""
    assert anybody.get("/metrics").headers["content-type"].count("charset") == 1


def test_every_answer_has_an_id_of_its_own(lasting: Scene, anybody: httpx.Client) -> None:
    answers = [
        anybody.get("/health/live"),
        anybody.get("/metrics"),
        anybody.get("/v1/catalog"),
        anybody.get("/nothing"),
        anybody.get("/schema/openapi.json"),
        lasting.workspace.http.get("/v1/catalog", headers={"X-Request-Id": "forged"}),
        lasting.workspace.http.get("/v1/audit/export"),
        lasting.workspace.http.post("/v1/assistants", json={}),
    ]
    ids = [answer.headers["x-request-id"] for answer in answers]
    assert all(REQUEST_ID.match(one) for one in ids) and len(set(ids)) == len(ids)
    assert all(answer.headers["x-content-type-options"] == "nosniff" for answer in answers)


def test_a_key_in_the_query_opens_nothing(lasting: Scene, anybody: httpx.Client) -> None:
    for name in ("access_token", "key", "token"):
        problem(anybody.get("/v1/catalog", params={name: lasting.assistant.key}), 401, "invalid_credentials")


def test_two_authorization_headers_open_nothing(lasting: Scene, anybody: httpx.Client) -> None:
    headers = [("Authorization", f"Bearer {lasting.assistant.key}")] * 2
    problem(anybody.get("/v1/catalog", headers=headers), 401, "invalid_credentials")


def foreign(stranger: Scene) -> dict[str, str]:
    """Ids of things that another workspace has."""
    session = stranger.session("u1", ["find_deals"])
    grant = stranger.connect("u1", "ada", ["find_deals"])
    call = made(stranger.call("find_deals"))
    [key] = made(stranger.workspace.http.get(f"/v1/assistants/{stranger.assistant.id}"))["keys"]
    return {
        "assistant_id": stranger.assistant.id,
        "key_id": key["id"],
        "session_id": session["id"],
        "grant_id": grant["id"],
        "call_id": call["id"],
    }


def test_what_another_workspace_has_is_as_absent_as_what_never_was(site: Scene, stranger: Scene) -> None:
    ids = foreign(stranger)
    for method, path in CALLS:
        if "{" not in path or "{slug}" in path:
            continue
        address = path.format(**ids)
        theirs = client_for(site, method, path).request(method, address, json=BODIES.get(path))
        nothing = client_for(site, method, path).request(method, filled(path), json=BODIES.get(path))
        assert problem(theirs, 404, "not_found") == problem(nothing, 404, "not_found"), (method, path)
    answer = site.workspace.http.post("/v1/grants/revoke", json={"grants": [ids["grant_id"]]})
    assert made(answer) == {"revoked": 0, "upstream": {}}
    assert stranger.assistant.grant(ids["grant_id"])["status"] == "active"
    assert made(stranger.call("find_deals"))["result"]
