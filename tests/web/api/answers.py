"""What every answer of the API has to look like."""

from __future__ import annotations

import re
from typing import Any

import httpx

TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\Z")
REQUEST_ID = re.compile(r"req_[0-9a-hjkmnp-tv-z]{26}\Z")


def problem(answer: httpx.Response, status: int, code: str) -> dict[str, Any]:
    """The RFC 9457 document of an answer that has to be this problem, checked in all its fixed members."""
    said = answer.text[:500]
    assert answer.status_code == status, said
    assert answer.headers["content-type"].split(";")[0] == "application/problem+json", said
    document: dict[str, Any] = answer.json()
    assert document["code"] == code, said
    assert document["type"] == f"urn:valetkey:problem:{code}"
    assert document["status"] == status
    assert document["title"] and document["detail"]
    assert REQUEST_ID.match(answer.headers["x-request-id"])
    assert answer.headers["cache-control"] == "no-store"
    return document


def fields(document: dict[str, Any], *names: str) -> dict[str, Any]:
    """The document, which has exactly these members."""
    assert sorted(document) == sorted(names)
    return document


def listed(answer: httpx.Response) -> list[Any]:
    """The items of a list's only page."""
    assert answer.status_code == 200, answer.text[:500]
    page = fields(answer.json(), "items", "next")
    assert page["next"] is None
    items: list[Any] = page["items"]
    return items


def pages(client: httpx.Client, path: str, **query: Any) -> list[list[Any]]:
    """Every page of a list, followed by its cursors."""
    found: list[list[Any]] = []
    cursor = None
    while True:
        answer = client.get(path, params={**query, **({"cursor": cursor} if cursor else {})})
        assert answer.status_code == 200, answer.text[:500]
        page = fields(answer.json(), "items", "next")
        found.append(page["items"])
        cursor = page["next"]
        if cursor is None:
            return found
        assert len(found) < 100, "the list does not end"
