"""`/v1/assistants`: assistants, their addresses, their keys."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from core.ids import is_id, parse_key
from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.answers import TIME, fields, listed, pages, problem

FIELDS = (
    "id", "name", "description", "logo_url", "homepage_url", "allowed_origins", "return_urls", "default_return_url",
    "tools", "created_at",
)  # fmt: skip
FULL = {
    "name": "Acme Assist",
    "description": "Helps",
    "logo_url": "https://acme.example/logo.png",
    "homepage_url": "https://acme.example",
    "allowed_origins": ["https://chat.acme.example"],
    "return_urls": ["https://chat.acme.example/back?x=1"],
    "default_return_url": "https://chat.acme.example/back?x=1",
    "tools": ["northwind.find_deals"],
}


def test_the_key_is_in_the_first_answer_and_nowhere_again(admin: httpx.Client) -> None:
    answer = admin.post("/v1/assistants", json=FULL)
    assert answer.status_code == 201
    kept = fields(answer.json(), *FIELDS, "key")
    assert is_id(kept["id"], "ast") and parse_key(kept["key"]) and TIME.match(kept["created_at"])
    assert {name: kept[name] for name in FULL} == FULL
    again = fields(made(admin.get(f"/v1/assistants/{kept['id']}")), *FIELDS, "keys")
    [key] = again["keys"]
    fields(key, "id", "created_at", "expires_at", "revoked_at", "last_used_at")
    everything = admin.get(f"/v1/assistants/{kept['id']}").text + admin.get("/v1/assistants").text
    assert kept["key"] not in everything and kept["key"].split("_")[2] not in everything


def test_only_the_name_is_needed(admin: httpx.Client) -> None:
    kept = made(admin.post("/v1/assistants", json={"name": "  Plain‮ One  "}))
    assert kept["name"] == "Plain One"
    assert (kept["allowed_origins"], kept["return_urls"], kept["tools"]) == ([], [], None)


def test_a_patch_changes_what_it_names_and_nothing_else(admin: httpx.Client) -> None:
    kept = made(admin.post("/v1/assistants", json=FULL))
    at = f"/v1/assistants/{kept['id']}"
    changed = fields(made(admin.patch(at, json={"name": "Other", "description": None})), *FIELDS)
    assert changed == {**{name: kept[name] for name in FIELDS}, "name": "Other", "description": None}
    assert made(admin.patch(at, json={})) == changed
    problem(admin.patch(at, json={"name": None}), 422, "invalid_body")
    problem(admin.patch(at, json={"return_urls": []}), 422, "invalid_config")
    assert {name: made(admin.get(at))[name] for name in FIELDS} == changed


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"name": ""}, "invalid_body"),
        ({"name": "​"}, "invalid_body"),
        ({"tools": ["northwind.nothing"]}, "invalid_body"),
        ({"allowed_origins": ["https://chat.acme.example/"]}, "invalid_config"),
        ({"allowed_origins": ["https://*.acme.example"]}, "invalid_config"),
        ({"return_urls": ["javascript:alert(1)"]}, "invalid_config"),
        ({"return_urls": ["https://chat.acme.example/#x"]}, "invalid_config"),
        ({"return_urls": ["http://chat.acme.example/"]}, "invalid_config"),
        ({"default_return_url": "https://chat.acme.example/other"}, "invalid_config"),
        ({"logo_url": "http://acme.example/logo.png"}, "invalid_config"),
        ({"logo_url": "https://127.0.0.1/logo.png", "homepage_url": "ftp://x"}, "invalid_config"),
    ],
)
def test_what_must_not_be_kept_is_refused(admin: httpx.Client, body: dict[str, Any], code: str) -> None:
    before = len(listed(admin.get("/v1/assistants")))
    problem(admin.post("/v1/assistants", json={**FULL, **body}), 422, code)
    assert len(listed(admin.get("/v1/assistants"))) == before


def test_keys_overlap_and_end_one_by_one(site: Scene, admin: httpx.Client, anybody: httpx.Client) -> None:
    at = f"/v1/assistants/{site.assistant.id}"
    answer = admin.post(f"{at}/keys", json={"expires_in": 3600})
    assert answer.status_code == 201
    new = fields(answer.json(), "id", "key", "expires_at")
    assert TIME.match(new["expires_at"]) and is_id(new["id"], "key")
    with_new = {"Authorization": f"Bearer {new['key']}"}
    assert anybody.get("/v1/tools", headers=with_new).status_code == 200
    first = next(one["id"] for one in made(admin.get(at))["keys"] if one["id"] != new["id"])
    assert admin.delete(f"{at}/keys/{first}").status_code == 204
    problem(site.assistant.http.get("/v1/tools"), 401, "invalid_credentials")
    assert anybody.get("/v1/tools", headers=with_new).status_code == 200
    problem(admin.delete(f"{at}/keys/{first}"), 404, "not_found")
    assert next(one for one in made(admin.get(at))["keys"] if one["id"] == first)["revoked_at"]


def test_a_key_belongs_to_its_own_assistant(site: Scene, admin: httpx.Client) -> None:
    other = site.workspace.assistant("Other")
    [key] = made(admin.get(f"/v1/assistants/{other.id}"))["keys"]
    problem(admin.delete(f"/v1/assistants/{site.assistant.id}/keys/{key['id']}"), 404, "not_found")
    other.close()


def test_an_assistant_that_is_removed_has_no_key_and_no_grant(
    site: Scene, admin: httpx.Client, grant: dict[str, Any]
) -> None:
    at = f"/v1/assistants/{site.assistant.id}"
    assert fields(made(admin.delete(at)), "revoked", "upstream")["revoked"] == 1
    problem(site.assistant.http.get("/v1/tools"), 401, "invalid_credentials")
    problem(admin.get(at), 404, "not_found")
    problem(admin.patch(at, json={"name": "x"}), 404, "not_found")
    problem(admin.delete(at), 404, "not_found")
    problem(admin.post(f"{at}/keys", json={}), 404, "not_found")
    assert made(admin.get(f"/v1/grants/{grant['id']}"))["status"] == "revoked"


def test_the_list_goes_page_by_page_oldest_first(site: Scene, admin: httpx.Client) -> None:
    ids = [made(admin.post("/v1/assistants", json={"name": f"A{n}"}))["id"] for n in range(4)]
    found = pages(admin, "/v1/assistants", limit=2)
    assert [one["id"] for page in found for one in page] == [site.assistant.id, *ids]
