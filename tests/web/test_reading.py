"""A body that cannot be read is a 400 for whoever sent it, on the API and on the pages."""

from __future__ import annotations

import httpx
import pytest

from tests.harness.scene import Scene
from tests.web.api.answers import problem

JSON = {"Content-Type": "application/json"}
DEEP = b"[" * 100_000 + b"]" * 100_000
PART = b'--x\r\nContent-Disposition: form-data; name="csrf_token"\r\n\r\n\xff\xfe\r\n--x--\r\n'


@pytest.mark.parametrize("body", [b'{"tool":"\xff","user":"u1"}', b'{"tool":"x","user":' + DEEP + b"}"])
def test_a_body_of_the_api(northwind_scene: Scene, body: bytes) -> None:
    answer = northwind_scene.assistant.http.post("/v1/tool-calls", content=body, headers=JSON)
    problem(answer, 400, "invalid_request")


def test_a_form_of_a_page(northwind_scene: Scene) -> None:
    headers = {"Content-Type": "multipart/form-data; boundary=x", "Cookie": "vk-me=anything"}
    answer = httpx.post(f"{northwind_scene.service.url}/me/stop", content=PART, headers=headers)
    assert answer.status_code == 400 and 'data-code="invalid_request"' in answer.text
    assert "Traceback" not in northwind_scene.service.log_text()
    assert "error.stack_trace" not in northwind_scene.service.log_text()
