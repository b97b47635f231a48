"""`/v1/policy`: whole, both ways."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.answers import fields, problem

NONE = {"connectors": None, "tools": None, "max_grant_days": None, "calls_per_minute": None}


def test_it_is_read_and_written_whole(admin: httpx.Client) -> None:
    assert fields(made(admin.get("/v1/policy")), *NONE) == NONE
    wanted = {
        "connectors": ["northwind"],
        "tools": ["northwind.*"],
        "max_grant_days": 30,
        "calls_per_minute": 5,
    }
    assert made(admin.put("/v1/policy", json=wanted)) == wanted == made(admin.get("/v1/policy"))
    assert made(admin.put("/v1/policy", json={"max_grant_days": 7})) == {**NONE, "max_grant_days": 7}


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"connectors": ["nothing"]}, "/connectors/0"),
        ({"tools": ["northwind.find_deals", "northwind.nothing"]}, "/tools/1"),
        ({"tools": ["*"]}, "/tools/0"),
        ({"max_grant_days": 0}, "/max_grant_days"),
        ({"calls_per_minute": -1}, "/calls_per_minute"),
        ({"max_grant_days": "many"}, "/max_grant_days"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_with_its_place(
    admin: httpx.Client, body: dict[str, Any], path: str
) -> None:
    refused = problem(admin.put("/v1/policy", json=body), 422, "invalid_body")
    assert [one["path"] for one in refused["errors"]] == [path]
    assert made(admin.get("/v1/policy")) == NONE


def test_it_holds_from_the_next_request_on(site: Scene, admin: httpx.Client, grant: dict[str, Any]) -> None:
    made(site.call("find_deals"))
    made(admin.put("/v1/policy", json={"tools": ["northwind.find_contacts"]}))
    assert problem(site.call("find_deals"), 403, "policy_denied")["rule"] == "policy.tools"
    made(admin.put("/v1/policy", json={"connectors": ["jira"]}))
    assert problem(site.call("find_contacts"), 403, "policy_denied")["rule"] == "policy.connectors"
    made(admin.put("/v1/policy", json={"calls_per_minute": 1}))
    codes = [site.call("find_deals").status_code for _ in range(3)]
    assert codes[-1] == 429
    limited = site.call("find_deals")
    refused = problem(limited, 429, "rate_limited")
    assert limited.headers["retry-after"] == str(refused["retry_after"]) and 0 < refused["retry_after"] <= 60
