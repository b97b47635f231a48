"""`GET /v1/catalog`: what this build can connect to, and with which tools."""

from __future__ import annotations

import httpx
import jsonschema
import pytest

from tests.web.api.answers import listed

SCOPE = {"name", "title", "description", "risk"}
TOOL = {"name", "title", "description", "risk", "scopes", "input_schema", "output_schema"}


def test_it_holds_every_connector_with_its_scopes_and_tools(admin: httpx.Client) -> None:
    found = {one["slug"]: one for one in listed(admin.get("/v1/catalog"))}
    assert {"northwind", "hubspot", "jira"} <= set(found)
    for connector in found.values():
        assert {"slug", "title", "category", "scopes", "tools"} <= set(connector)
        assert all(set(scope) == SCOPE and scope["description"] for scope in connector["scopes"])
        assert all(set(tool) >= TOOL for tool in connector["tools"])
        known = {scope["name"] for scope in connector["scopes"]}
        for tool in connector["tools"]:
            assert tool["name"].startswith(f"{connector['slug']}.") and "granted" not in tool
            assert {*tool["scopes"], *(s for one in tool["any_of"] for s in one)} <= known
            assert tool["risk"] in ("read", "write", "delete")
            jsonschema.Draft202012Validator.check_schema(tool["input_schema"])
            jsonschema.Draft202012Validator.check_schema(tool["output_schema"])


@pytest.mark.parametrize("who", ["admin", "builder"])
def test_both_kinds_of_key_may_read_it(request: pytest.FixtureRequest, who: str) -> None:
    assert listed(request.getfixturevalue(who).get("/v1/catalog"))
