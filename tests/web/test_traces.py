"""A span says which route, how long and how it ended, and nothing a secret could hide in."""

from __future__ import annotations

import threading
from http.server import BaseHTTPRequestHandler, HTTPServer

import httpx
import pytest

from tests.harness.service import Service
from tests.harness.waiting import until

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"


class Collector:
    """Takes what an OTLP exporter sends over HTTP."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []
        bodies = self.bodies

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                bodies.append(self.rfile.read(int(self.headers["content-length"])))
                self.send_response(200)
                self.end_headers()

            def log_message(self, *_: object) -> None: ...

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture
def collector():
    one = Collector()
    yield one
    one.server.shutdown()
    one.server.server_close()


@pytest.fixture
def service_env(collector: Collector) -> dict[str, str]:
    return {
        "OTEL_EXPORTER_OTLP_ENDPOINT": collector.url,
        "OTEL_BSP_SCHEDULE_DELAY": "100",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "none",
    }


def test_a_request_leaves_a_span_of_its_route_without_what_was_in_the_address(
    collector: Collector, service: Service
) -> None:
    canary = "canary-state-5d41402abc4b2a76"
    headers = {"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01", "Authorization": f"Bearer {canary}"}
    httpx.get(f"{service.url}/oauth/callback/reg_{canary}?state={canary}&code={canary}", headers=headers)
    httpx.get(f"{service.url}/v1/catalog", headers=headers)
    until(lambda: b"/v1/catalog" in b"".join(collector.bodies))
    sent = b"".join(collector.bodies)
    assert bytes.fromhex(TRACE) in sent
    assert b"/oauth/callback/{registration" in sent
    assert canary.encode() not in sent
