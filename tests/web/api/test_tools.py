"""`GET /v1/tools`: only what the assistant may use, in five forms."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from tests.harness.scene import Scene
from tests.harness.tenant import made
from tests.web.api.answers import fields, listed, pages, problem

SHAPES: dict[str, tuple[str, ...]] = {
    "openai": ("type", "function"),
    "anthropic": ("name", "description", "input_schema"),
    "gemini": ("name", "description", "parameters"),
    "mcp": ("name", "title", "description", "inputSchema", "outputSchema", "annotations"),
}


def test_only_registered_connectors_count(builder: httpx.Client) -> None:
    found = listed(builder.get("/v1/tools"))
    assert found and {one["name"].partition(".")[0] for one in found} == {"northwind"}
    assert all("granted" not in one for one in found)
    assert listed(builder.get("/v1/tools", params={"connector": "jira"})) == []


def test_with_a_user_each_is_marked(builder: httpx.Client, grant: dict[str, Any]) -> None:
    marked = {one["name"]: one["granted"] for one in listed(builder.get("/v1/tools", params={"user": "u1"}))}
    assert {name for name, yes in marked.items() if yes} == set(grant["tools"])
    nobody = listed(builder.get("/v1/tools", params={"user": "nobody"}))
    assert {one["granted"] for one in nobody} == {False} and len(nobody) == len(marked)


@pytest.mark.parametrize("form", SHAPES)
def test_each_form_is_the_vendors(lasting: Scene, form: str) -> None:
    found = listed(lasting.assistant.http.get("/v1/tools", params={"format": form}))
    assert found
    for one in found:
        fields(one, *SHAPES[form])
    names = {(one["function"] if form == "openai" else one)["name"] for one in found}
    assert "northwind__find_deals" in names


def test_an_unknown_form_is_refused(lasting: Scene) -> None:
    for query in ({"format": "yaml"}, {"user": ""}):
        problem(lasting.assistant.http.get("/v1/tools", params=query), 422, "invalid_body")


@pytest.mark.parametrize("form", ["valetkey", "openai"])
def test_the_list_goes_page_by_page(lasting: Scene, form: str) -> None:
    client = lasting.assistant.http
    everything = listed(client.get("/v1/tools", params={"format": form}))
    found = pages(client, "/v1/tools", format=form, limit=4)
    assert [one for page in found for one in page] == everything and len(found) > 1


def test_what_is_forbidden_is_not_offered(site: Scene, admin: httpx.Client) -> None:
    made(admin.put("/v1/policy", json={"tools": ["northwind.find_deals", "northwind.find_contacts"]}))
    other = site.workspace.assistant("Other", tools=["northwind.find_deals", "northwind.add_task"])
    assert [one["name"] for one in listed(other.http.get("/v1/tools"))] == ["northwind.find_deals"]
    other.close()
