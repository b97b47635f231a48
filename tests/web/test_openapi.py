"""`/schema/openapi.json`: valid, told in words, true. Made-up requests of every kind never bring the service down, and what it
answers is what the document says.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import httpx
import jsonschema
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.test_contract import ASSISTANT, BODIES, CALLS, OPEN
from tests.web.pages.running import RunningValetkey

CHECKS: list[Any] = [status_code_conformance, content_type_conformance, response_schema_conformance]
FUZZ = settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    database=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    """The service in this process, with a registration, an assistant and two grants of its own."""
    provider = RunningNorthwind()
    service = RunningValetkey(tmp_path_factory.mktemp("openapi"))
    one = Scene(service, provider)  # type: ignore[arg-type]
    one.connect("u1", "ada", ["find_deals", "find_contacts"])
    yield one
    one.close()
    service.close()
    provider.close()


@pytest.fixture(scope="module")
def document(scene: Scene) -> dict[str, Any]:
    answer = httpx.get(f"{scene.workspace.url}/schema/openapi.json", trust_env=False)
    found: dict[str, Any] = made(answer)
    return found


def operations(document: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (f"{method.upper()} {path}", operation)
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    ]


def resolved(document: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
    name = schema.get("$ref", "").removeprefix("#/components/schemas/")
    return document["components"]["schemas"][name] if name else schema


def body_schema(document: dict[str, Any], operation: dict[str, Any]) -> dict[str, Any]:
    return resolved(document, operation["requestBody"]["content"]["application/json"]["schema"])


def test_it_is_valid_openapi_3_1(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    OpenAPIV31SpecValidator(document).validate()


def test_a_component_keeps_its_name_in_whatever_file_its_form_lies(document: dict[str, Any]) -> None:
    """Clients are made from these names."""
    lists = {name for name in document["components"]["schemas"] if not name.isalnum()}
    assert lists == {
        "Listing_web.wire.AssistantOut_",
        "Listing_web.wire.ConnectorOut_",
        "Listing_web.wire.EventOut_",
        "Listing_web.wire.GrantOut_",
        "Listing_web.wire.RegistrationOut_",
        "Listing_web.wire.ToolOut_dict_str_typing.Any_",
    }


def test_every_operation_is_told_in_words(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        assert operation["summary"] and len(operation["description"]) > 10, name
        assert re.fullmatch(r"[a-z][A-Za-z]+", operation["operationId"]) and operation["tags"], name
    ids = [operation["operationId"] for _, operation in operations(document)]
    assert len(set(ids)) == len(ids)


def test_every_request_body_has_examples_that_fit_it(document: dict[str, Any]) -> None:
    bodies = [(name, one) for name, one in operations(document) if "requestBody" in one]
    assert len(bodies) == len([1 for method, _ in CALLS if method in ("POST", "PUT", "PATCH")])
    for name, operation in bodies:
        schema = body_schema(document, operation)
        assert schema["examples"], name
        assert schema["additionalProperties"] is False, name
        full = {**schema, "components": document["components"]}
        for example in schema["examples"]:
            jsonschema.Draft202012Validator(full).validate(example)


def test_every_operation_documents_its_problems(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        if " /v1/" not in name:
            continue
        refusals = {status: one for status, one in operation["responses"].items() if status >= "400"}
        assert {"400", "401", "422", "500", "503"} <= set(refusals), name
        assert ("404" in refusals) >= ("{" in name), name
        for status, response in refusals.items():
            [(media, content)] = response["content"].items()
            assert media == "application/problem+json" and "`" in response["description"], (name, status)
            assert resolved(document, content["schema"])["title"] == "Problem"


def test_the_tool_call_names_every_code_of_the_table(document: dict[str, Any]) -> None:
    responses = document["paths"]["/v1/tool-calls"]["post"]["responses"]
    said = {code for one in responses.values() for code in re.findall(r"`(\w+)`", one["description"])}
    assert said >= {
        "invalid_credentials", "consent_required", "reconnect_required", "insufficient_scope", "policy_denied",
        "grant_revoked", "grant_expired", "grant_suspended", "unknown_tool", "not_found", "account_required",
        "idempotency_conflict", "invalid_arguments", "rate_limited", "provider_rate_limited", "provider_error",
        "provider_timeout",
    }  # fmt: skip


def test_the_confirm_says_that_an_account_may_have_to_be_chosen(document: dict[str, Any]) -> None:
    confirm = document["paths"]["/v1/connect-sessions/{session_id}/confirm"]["post"]
    codes = set(re.findall(r"`(\w+)`", confirm["responses"]["409"]["description"]))
    assert codes == {"account_required", "already_confirmed", "account_mismatch", "grant_revoked"} & codes
    assert "account_required" in codes and "`connect.url`" in confirm["description"]


def test_the_key_is_declared_and_asked_for(document: dict[str, Any]) -> None:
    [scheme] = document["components"]["securitySchemes"].values()
    assert (scheme["type"], scheme["scheme"]) == ("http", "bearer") and document["security"]
    for method, path in OPEN:
        assert document["paths"][path][method.lower()]["security"] == [{}]


# ---- made-up requests ---------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ids(scene: Scene) -> dict[str, str]:
    """Ids of things that are there."""
    session = scene.session("u1", ["find_deals"])
    call = made(scene.call("find_deals"))
    [grant, *_] = scene.assistant.grants()
    spare = scene.workspace.assistant("Spare")
    [key] = made(scene.workspace.http.get(f"/v1/assistants/{spare.id}"))["keys"]
    spare.close()
    return {
        "slug": "hubspot",
        "assistant_id": spare.id,
        "key_id": key["id"],
        "session_id": session["id"],
        "grant_id": grant["id"],
        "call_id": call["id"],
    }


def tried(
    scene: Scene, document: dict[str, Any], ids: dict[str, str], method: str, path: str, mode: Any
) -> list[int]:
    """Send made-up requests with the right kind of key; every answer is checked against the document."""
    operation = schemathesis.openapi.from_dict(document)[path][method]
    key = scene.assistant.key if (method, path) in ASSISTANT else scene.workspace.key
    statuses: list[int] = []

    @FUZZ
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        if "{" in path and len(statuses) % 3 and "revoke" not in path and method != "DELETE":
            case.path_parameters = {name: ids[name] for name in case.path_parameters}
        case.query.pop("wait", None)
        response = case.call(base_url=scene.workspace.url, headers={"Authorization": f"Bearer {key}"})
        statuses.append(response.status_code)
        assert response.status_code < 500, response.text
        assert response.headers["x-request-id"][0].startswith("req_")
        case.validate_response(response, checks=CHECKS)

    one()
    return statuses


@pytest.mark.parametrize(("method", "path"), CALLS)
def test_made_up_requests_that_fit_are_answered_as_documented(
    scene: Scene, document: dict[str, Any], ids: dict[str, str], method: str, path: str
) -> None:
    assert tried(scene, document, ids, method, path, schemathesis.GenerationMode.POSITIVE)


@pytest.mark.parametrize(
    ("method", "path"), [(m, p) for m, p in CALLS if p in BODIES and m != "DELETE" and m != "GET"]
)
def test_made_up_requests_that_do_not_fit_are_refused_as_documented(
    scene: Scene, document: dict[str, Any], ids: dict[str, str], method: str, path: str
) -> None:
    assert tried(scene, document, ids, method, path, schemathesis.GenerationMode.NEGATIVE)
