"""Errors become RFC 9457 documents for programs and pages for people; what we did not expect says its number and nothing else."""

from __future__ import annotations

import logging

import pytest

from core.errors import (
    ConsentRequired,
    Missing,
    ProviderRateLimited,
    RateLimited,
    Unauthenticated,
    ValetkeyError,
)
from tests.web.conftest import Desk
from web.problems import answer, document, documented


def test_a_document_has_the_fixed_members_and_the_errors_own() -> None:
    found = document(ConsentRequired("Not yet.", tool="acme.x", missing_tools=["acme.x"], connect=None))
    assert found == {
        "type": "urn:valetkey:problem:consent_required",
        "title": ConsentRequired.title,
        "status": 403,
        "detail": "Not yet.",
        "code": "consent_required",
        "tool": "acme.x",
        "missing_tools": ["acme.x"],
    }


@pytest.mark.parametrize(
    ("error", "header", "value"),
    [
        (Unauthenticated(), "WWW-Authenticate", 'Bearer realm="valetkey"'),
        (RateLimited(retry_after=7), "Retry-After", "7"),
        (ProviderRateLimited(retry_after=0), "Retry-After", "0"),
        (Missing(), "Cache-Control", "no-store"),
    ],
)
def test_headers_that_belong_to_an_error(error: ValetkeyError, header: str, value: str) -> None:
    assert answer(error).headers[header] == value


async def test_a_fault_of_the_body_is_told_with_its_place(desk: Desk) -> None:
    good = {"user": {"id": "u"}, "connector": "acme", "tools": ["acme.find_items"]}
    faults = {
        "/user/id": {"user": {"id": 7}},
        "/user": {"user": {}},
        "/tools": {"tools": 3},
        "/tools/1": {"tools": ["acme.find_items", {"required": True}]},
        "/purpose": {"purpose": {}},
        "": {"nonsense": 1},
    }
    for place, fault in faults.items():
        answer = await desk.http.post("/v1/connect-sessions", json={**good, **fault}, headers=desk.assistant)
        refused = answer.json()
        assert (answer.status_code, refused["code"]) == (422, "invalid_body")
        assert [one["path"] for one in refused["errors"]] == [place]


async def test_what_nobody_expected_says_its_number_and_nothing_else(
    desk: Desk, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def broken(*_: object, **__: object) -> None:
        raise RuntimeError("the-inner-words")

    monkeypatch.setattr("core.grants.search", broken)
    with caplog.at_level(logging.ERROR, "valetkey.http"):
        answer = await desk.http.get("/v1/grants", headers=desk.admin)
    found = answer.json()
    assert (answer.status_code, found["code"]) == (500, "internal_error")
    assert "the-inner-words" not in answer.text and answer.headers["x-request-id"] in found["detail"]
    assert answer.headers["x-request-id"] in caplog.text


async def test_people_get_pages_and_programs_documents(desk: Desk) -> None:
    for path, accept, page in (
        ("/v1/nothing", "text/html", False),
        ("/health/nothing", "text/html", False),
        ("/nothing", "text/html,application/xhtml+xml", True),
        ("/nothing", "application/json", False),
        ("/connect/cs_x", "text/html", True),
        ("/connect/cs_x/status", "*/*", False),
    ):
        answer = await desk.http.get(path, headers={"Accept": accept})
        assert answer.status_code == 404
        kind = answer.headers["content-type"].split(";")[0]
        assert kind == ("text/html" if page else "application/problem+json")


def test_documented_problems_name_every_code_of_a_status() -> None:
    found = documented(Missing, RateLimited, ProviderRateLimited)
    assert "`rate_limited`" in found[429].description and "`provider_rate_limited`" in found[429].description
    assert {401, 404, 413, 422, 500, 503} <= set(found)
