"""`DELETE /oauth/callback/{registration}`: a provider that proves itself says that our app was removed; others are refused."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import httpx
import pytest

from tests.flows.shared import SharedService
from tests.harness.northwind import RunningNorthwind
from tests.harness.scene import CLIENT_SECRET, Scene

# The bundled Northwind tells nobody; here it does. (A file of a connectors folder has to hold a connector of its own.)
LISTENING = '''
"""Ears for Northwind."""

import connectors.northwind as bundled
from core.connector import Account, Api, Connector, OAuth2

oauth = OAuth2(authorize_url="https://x.example/a", token_url="https://x.example/t")
ears = Connector(
    slug="ears", title="Ears", category="other", api_url="https://x.example", oauth=oauth, manage_url="https://x.example"
)


@ears.account
async def account(api: Api) -> Account:
    """Nobody."""
    return Account("1", "1")


@ears.tool(risk="read", sees="nothing")
async def listen(api: Api) -> list[str]:
    """Hear nothing."""
    return []


@bundled.northwind.uninstalled
def removed(body):
    """Whose app was removed."""
    return body.get("account")
'''


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SharedService]:
    folder = tmp_path_factory.mktemp("listening")
    (folder / "removal.py").write_text(LISTENING)
    one = SharedService(folder / "service", env={"VALETKEY_CONNECTORS_PATH": str(folder)})
    try:
        one.start()
        yield one
    finally:
        one.close()


@pytest.fixture
def scene(listening: SharedService, provider: RunningNorthwind) -> Iterator[Scene]:
    one = Scene(listening, provider)
    yield one
    one.close()


def tell(scene: Scene, body: Any, pair: str | None = None, path: str | None = None) -> httpx.Response:
    registration = scene.registration
    pair = f"{registration['client_id']}:{CLIENT_SECRET}" if pair is None else pair
    headers = {"Content-Type": "application/json"}
    if pair:
        headers["Authorization"] = "Basic " + base64.b64encode(pair.encode()).decode()
    url = path or f"/oauth/callback/{registration['id']}"
    with httpx.Client(base_url=scene.service.url, trust_env=False) as http:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return http.request("DELETE", url, content=content, headers=headers)


def test_a_removal_at_the_provider_ends_the_grant_here(scene: Scene) -> None:
    grant = scene.connect(tools=("find_deals",))
    answer = tell(scene, {"account": grant["account"]["id"]})
    assert (answer.status_code, answer.content) == (204, b"")
    ended = scene.assistant.http.get(f"/v1/grants/{grant['id']}").json()
    assert ended["status"] == "revoked"
    assert scene.assistant.call(grant["tools"][0], "u1").json()["code"] == "grant_revoked"


@pytest.mark.parametrize("pair", ["", "x", "x:y", ":", "{id}:", "{id}:wrong"])
def test_whoever_cannot_prove_to_be_the_provider_changes_nothing(scene: Scene, pair: str) -> None:
    grant = scene.connect(tools=("find_deals",))
    told = pair.replace("{id}", scene.registration["client_id"])
    answer = tell(scene, {"account": grant["account"]["id"]}, told)
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")
    assert scene.assistant.http.get(f"/v1/grants/{grant['id']}").json()["status"] == "active"


@pytest.mark.parametrize(
    "body", [{}, [], b"{", b"", {"account": None}, {"account": "us_ada", "client_id": "another"}]
)
def test_a_body_that_names_nobody_changes_nothing(scene: Scene, body: Any) -> None:
    grant = scene.connect(tools=("find_deals",))
    assert tell(scene, body).status_code == 400
    assert scene.assistant.http.get(f"/v1/grants/{grant['id']}").json()["status"] == "active"


def test_an_unknown_registration_looks_like_a_wrong_secret(scene: Scene) -> None:
    answer = tell(scene, {"account": "x"}, path="/oauth/callback/reg_none")
    assert (answer.status_code, answer.json()["code"]) == (401, "invalid_credentials")


def test_a_connector_that_is_not_told_of_removals_has_nothing_here(site: Scene) -> None:
    assert tell(site, {"account": "x"}).status_code == 404
