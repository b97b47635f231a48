"""The servers of the connector `hostile`: an authorization endpoint that sends the browser where the attacker wants it, and a
token endpoint that listens.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.harness.ports import free_port
from tests.harness.tenant import Workspace

Query = dict[str, str]


def read(query: str) -> Query:
    return {name: values[0] for name, values in parse_qs(query).items()}


class HostileProvider:
    """Started by the constructor, ended by `close()`. `bounce` makes the address from the authorization request's query;
    `told` is every form the token endpoint got.
    """

    slug = "hostile"

    def __init__(self, bounce: Callable[[Query], str]) -> None:
        self.bounce = bounce
        self.told: list[Query] = []
        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def register(self, workspace: Workspace) -> dict[str, Any]:
        return workspace.register(
            self.slug, "hostile-client", "hostile-secret", config={"base_url": self.url}
        )

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                if parts.path == "/authorize":
                    self.send_response(302)
                    self.send_header("Location", provider.bounce(read(parts.query)))
                    self.send_header("Content-Length", "0")
                    self.end_headers()
                else:
                    self.answer({"id": "me"})

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"])).decode()
                provider.told.append(read(body))
                self.answer({"access_token": "worthless", "token_type": "Bearer", "expires_in": 600})

            def answer(self, content: dict[str, Any]) -> None:
                body = json.dumps(content).encode()
                self.send_response(200)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing on the terminal."""

        return Handler
