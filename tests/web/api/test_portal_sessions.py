"""`POST /v1/portal-sessions`: a single-use link to the user's own page."""

from __future__ import annotations

from typing import Any

import pytest

from tests.flows.shared import SharedService
from tests.harness.scene import Scene
from tests.harness.tenant import RETURN_URL
from tests.harness.walker import Walker
from tests.web.api.answers import TIME, fields, problem


def test_the_link_opens_the_users_page(server: SharedService, site: Scene, walker: Walker) -> None:
    answer = site.assistant.http.post("/v1/portal-sessions", json={"user": "u1", "return_url": RETURN_URL})
    assert answer.status_code == 201
    made = fields(answer.json(), "url", "expires_at")
    assert made["url"].startswith(f"{server.url}/me?ticket=") and TIME.match(made["expires_at"])
    ticket = made["url"].partition("=")[2]
    assert len(ticket) == 43 and server.files_with(ticket) == []
    assert walker.open(made["url"]).status == 200


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"user": "u1", "return_url": "https://evil.example"}, "invalid_return_url"),
        ({"user": ""}, "invalid_body"),
        ({"user": "a\u2028b"}, "invalid_body"),
        ({}, "invalid_body"),
    ],
)
def test_what_is_refused(lasting: Scene, body: dict[str, Any], code: str) -> None:
    problem(lasting.assistant.http.post("/v1/portal-sessions", json=body), 422, code)
