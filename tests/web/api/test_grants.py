"""`/v1/grants`: lists, one, narrowing, revoking one and many."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.clock import HOUR_MS, parse_rfc3339, rfc3339
from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.answers import fields, listed, pages, problem
from tests.web.api.test_connect_sessions import GRANT

DEALS, CONTACTS = "northwind.find_deals", "northwind.find_contacts"


def test_both_sides_see_it_alike(admin: httpx.Client, builder: httpx.Client, grant: dict[str, Any]) -> None:
    fields(grant, *GRANT)
    for client in (admin, builder):
        assert made(client.get(f"/v1/grants/{grant['id']}")) == grant
        assert listed(client.get("/v1/grants")) == [grant]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ({"user": "u1"}, True),
        ({"user": "u2"}, False),
        ({"connector": "northwind"}, True),
        ({"connector": "jira"}, False),
        ({"status": "active"}, True),
        ({"status": "revoked"}, False),
        ({"scope": "deals.read"}, True),
        ({"scope": "deals"}, False),
        ({"scope": "deals.rea_"}, False),
        ({"unused_for_days": 0}, True),
        ({"unused_for_days": 1}, False),
        ({"assistant": "ast_nothing"}, False),
    ],
)
def test_each_parameter_narrows_the_list(
    admin: httpx.Client, builder: httpx.Client, grant: dict[str, Any], query: dict[str, Any], found: bool
) -> None:
    for client in (admin, builder):
        assert listed(client.get("/v1/grants", params=query)) == ([grant] if found else [])


def test_an_unknown_status_is_refused(admin: httpx.Client) -> None:
    problem(admin.get("/v1/grants", params={"status": "nothing"}), 422, "invalid_body")
    problem(admin.get("/v1/grants", params={"unused_for_days": "-1"}), 422, "invalid_body")


def test_pages_are_newest_first(site: Scene, admin: httpx.Client) -> None:
    ids = [site.connect(f"u{n}", "ada", ["find_deals"])["id"] for n in range(3)]
    found = [one["id"] for page in pages(admin, "/v1/grants", limit=1) for one in page]
    assert found == ids[::-1]


def test_another_assistants_grant_is_absent(site: Scene, grant: dict[str, Any]) -> None:
    other = site.workspace.assistant("Other")
    assert listed(other.http.get("/v1/grants")) == []
    assert listed(other.http.get("/v1/grants", params={"assistant": site.assistant.id})) == []
    at = f"/v1/grants/{grant['id']}"
    for answer in (other.http.get(at), other.http.patch(at, json={"tools": [DEALS]}), other.http.delete(at)):
        problem(answer, 404, "not_found")
    assert site.assistant.grant(grant["id"])["status"] == "active"
    other.close()


def test_narrowing_takes_tools_and_time_away(
    site: Scene, builder: httpx.Client, grant: dict[str, Any]
) -> None:
    at = f"/v1/grants/{grant['id']}"
    fewer = fields(made(builder.patch(at, json={"tools": [DEALS]})), *GRANT)
    assert fewer["tools"] == [DEALS]
    problem(site.call("find_contacts"), 403, "consent_required")
    earlier = rfc3339(parse_rfc3339(grant["expires_at"]) - HOUR_MS)
    assert made(builder.patch(at, json={"expires_at": earlier}))["expires_at"] == earlier
    problem(builder.patch(at, json={"expires_at": grant["expires_at"]}), 422, "invalid_body")


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"tools": [DEALS, "northwind.add_task"]}, "/tools"),
        ({"tools": []}, "/tools"),
        ({"expires_at": "2001-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2999-01-01T00:00:00Z"}, "/expires_at"),
        ({"expires_at": "2030-01-01T00:00:00"}, "/expires_at"),
        ({"expires_at": "tomorrow"}, "/expires_at"),
    ],
)
def test_nothing_is_widened(
    builder: httpx.Client, grant: dict[str, Any], body: dict[str, Any], path: str
) -> None:
    at = f"/v1/grants/{grant['id']}"
    refused = problem(builder.patch(at, json=body), 422, "invalid_body")
    assert [one["path"] for one in refused["errors"]] == [path]
    assert made(builder.get(at)) == grant


def test_revoking_is_told_to_the_provider_and_can_be_said_twice(
    site: Scene, builder: httpx.Client, grant: dict[str, Any]
) -> None:
    answer = builder.delete(f"/v1/grants/{grant['id']}")
    assert answer.status_code == 200
    said = answer.json()
    assert {"id", "status", "upstream"} <= set(said) <= {"id", "status", "upstream", "manage_url"}
    assert (said["id"], said["status"], said["upstream"]) == (grant["id"], "revoked", "revoked")
    assert made(builder.delete(f"/v1/grants/{grant['id']}")) == said
    problem(builder.patch(f"/v1/grants/{grant['id']}", json={"tools": [DEALS]}), 422, "invalid_body")
    problem(site.call("find_deals"), 403, "grant_revoked")


def test_many_are_revoked_by_id_or_by_filter(site: Scene, admin: httpx.Client) -> None:
    ids = [site.connect(f"u{n}", "ada", ["find_deals"])["id"] for n in range(3)]
    one = fields(
        made(admin.post("/v1/grants/revoke", json={"grants": [ids[0], "gr_nothing"]})), "revoked", "upstream"
    )
    assert one == {"revoked": 1, "upstream": {"revoked": 1}}
    rest = admin.post(
        "/v1/grants/revoke", json={"filter": {"connector": "northwind"}, "reason": "spring cleaning"}
    )
    assert made(rest) == {"revoked": 2, "upstream": {"revoked": 2}}
    found = listed(admin.get("/v1/grants", params={"status": "revoked"}))
    assert [one["end_reason"] for one in found] == ["spring cleaning", "spring cleaning", None]
    assert made(admin.post("/v1/grants/revoke", json={"filter": {}})) == {"revoked": 0, "upstream": {}}


@pytest.mark.parametrize(
    "body", [{}, {"grants": [], "filter": {}}, {"filter": {"statu": "active"}}, {"grants": "all"}]
)
def test_revoking_many_needs_one_clear_wish(admin: httpx.Client, grant: dict[str, Any], body: Any) -> None:
    problem(admin.post("/v1/grants/revoke", json=body), 422, "invalid_body")
    assert made(admin.get(f"/v1/grants/{grant['id']}"))["status"] == "active"
