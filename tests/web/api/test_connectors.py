"""`/v1/connectors`: registrations, their redirect URIs, and what is refused."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.ids import is_id
from tests.flows.shared import SharedService
from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.answers import TIME, fields, listed, pages, problem

FIELDS = (
    "id", "slug", "title", "client_id", "has_secret", "redirect_uri", "enabled_tools", "max_scopes", "config",
    "created_at", "updated_at", "read_client",
)  # fmt: skip


def put(client: httpx.Client, slug: str = "jira", **body: Any) -> httpx.Response:
    return client.put(f"/v1/connectors/{slug}", json={"client_id": "acme", **body})


def test_a_registration_has_a_redirect_uri_of_its_own(server: SharedService, admin: httpx.Client) -> None:
    kept = fields(made(put(admin, client_secret="s3cret-of-the-test")), *FIELDS)
    assert is_id(kept["id"], "reg") and kept["slug"] == "jira"
    assert kept["redirect_uri"] == f"{server.url}/oauth/callback/{kept['id']}"
    assert kept["has_secret"] is True and "s3cret-of-the-test" not in str(kept)
    assert kept["enabled_tools"] and all(one.startswith("jira.") for one in kept["enabled_tools"])
    assert TIME.match(kept["created_at"]) and TIME.match(kept["updated_at"])
    assert made(admin.get("/v1/connectors/jira")) == kept
    others = listed(admin.get("/v1/connectors"))
    assert len({one["redirect_uri"] for one in others}) == len(others) == 2


def test_a_second_put_changes_it_and_keeps_the_secret(admin: httpx.Client) -> None:
    first = made(put(admin, client_secret="one", enabled_tools=["jira.search_issues"]))
    second = made(put(admin, max_scopes=["read:jira-work"]))
    assert second["id"] == first["id"] and second["redirect_uri"] == first["redirect_uri"]
    assert second["has_secret"] is True and second["max_scopes"] == ["read:jira-work"]
    assert len(second["enabled_tools"]) > len(first["enabled_tools"]) == 1


def test_the_secret_stands_nowhere_in_clear(server: SharedService, admin: httpx.Client) -> None:
    made(put(admin, client_secret="n0where-to-be-found"))
    assert server.files_with("n0where-to-be-found") == []


@pytest.mark.parametrize(
    ("body", "path"),
    [
        ({"enabled_tools": ["jira.nothing"]}, "/enabled_tools/0"),
        ({"max_scopes": ["nothing"]}, "/max_scopes/0"),
        ({"client_id": "  "}, "/client_id"),
        ({"client_id": 7}, "/client_id"),
        ({"client_secret": ""}, "/client_secret"),
        ({"config": {"a": 1}}, "/config"),
    ],
)
def test_a_fault_is_named_and_nothing_is_kept(admin: httpx.Client, body: dict[str, Any], path: str) -> None:
    refused = problem(put(admin, **body), 422, "invalid_body")
    assert any(one["path"].startswith(path) for one in refused["errors"]), refused
    problem(admin.get("/v1/connectors/jira"), 404, "not_found")


@pytest.mark.parametrize(
    "address",
    [
        "http://crm.example.com", "https://user:pw@crm.example.com", "https://crm.example.com/#x", "https://10.0.0.1",
        "https://0x7f.1", "https://2130706433", "https://[::ffff:169.254.169.254]", "https://[64:ff9b::7f00:1]",
    ],
)  # fmt: skip
def test_an_address_that_must_not_be_called_is_refused(admin: httpx.Client, address: str) -> None:
    refused = problem(put(admin, "northwind", config={"base_url": address}), 422, "invalid_config")
    assert refused["field"] == "config/base_url"


def test_a_needed_config_is_asked_for(admin: httpx.Client) -> None:
    assert problem(put(admin, "northwind"), 422, "invalid_config")["field"] == "config/base_url"


def test_deleting_revokes_the_grants_and_a_new_one_has_another_address(
    site: Scene, admin: httpx.Client, grant: dict[str, Any]
) -> None:
    gone = fields(made(admin.delete("/v1/connectors/northwind")), "revoked", "upstream")
    assert gone["revoked"] == 1 and sum(gone["upstream"].values()) == 1
    assert site.assistant.grant(grant["id"])["status"] == "revoked"
    problem(admin.get("/v1/connectors/northwind"), 404, "not_found")
    problem(admin.delete("/v1/connectors/northwind"), 404, "not_found")
    assert site.register(site.workspace)["redirect_uri"] != site.registration["redirect_uri"]


def test_the_list_goes_page_by_page(admin: httpx.Client) -> None:
    for slug in ("jira", "hubspot"):
        made(put(admin, slug))
    found = pages(admin, "/v1/connectors", limit=1)
    assert [len(page) for page in found] == [1, 1, 1]
    assert {page[0]["slug"] for page in found} == {"northwind", "jira", "hubspot"}
