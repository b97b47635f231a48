"""The server of the connector `leaky`: whatever it is asked, it can answer by repeating everything it was told.

Every token, code and verifier that passes through it is in `secrets`, by what it is.
"""

from __future__ import annotations

import base64
import json
import secrets
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.harness.ports import free_port
from tests.harness.walker import Page, Walker

Answer = tuple[int, dict[str, str], str]
JSON = {"Content-Type": "application/json"}
_TOLD = ("code", "code_verifier", "refresh_token", "token", "secret", "state")


def canary(kind: str) -> str:
    return f"canary-{kind}-{secrets.token_hex(12)}"


def echo(status: int, said: str) -> Answer:
    """A careless error: all of the request in its body, the challenge and the place to go."""
    body = json.dumps(
        {"error": "invalid_grant" if status == 400 else "oops", "error_description": said, "message": said}
    )
    challenge = f'Bearer error="invalid_token", error_description="{said[:2000]}"'
    headers = {**JSON, "WWW-Authenticate": challenge, "X-Debug": said[:2000], "Retry-After": "3600"}
    if status in (301, 302, 307):
        headers["Location"] = "http://127.0.0.1:1/?" + urlencode({"said": said[:2000]})
    return status, headers, body


class LeakyProvider:
    """`mode[path]`: a status to fail with while repeating the request, or a name of `malformed`; else all is well."""

    slug = "leaky"

    def __init__(self) -> None:
        self.mode: dict[str, int | str] = {}
        self.secrets: dict[str, str] = {}
        self.account = "somebody"
        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self.config = {"base_url": self.url}
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def add_client(self, client_id: str, redirect_uri: str, client_secret: str | None = None) -> None:
        """Everybody is a client."""

    def consent(self, walker: Walker, login: str, *, scopes: list[str] | None = None) -> Page:
        """It asks nobody: the browser is back already."""
        assert walker.page is not None
        return walker.page

    refuse = consent

    def note(self, kind: str, value: str) -> str:
        self.secrets[f"{kind} {len(self.secrets)}"] = value
        return value

    def tokens(self, **more: Any) -> dict[str, Any]:
        kinds = ("access_token", "refresh_token", "id_token")
        return {kind: self.note(kind, canary(kind)) for kind in kinds} | {"token_type": "Bearer", **more}

    def malformed(self, kind: str) -> Answer:
        """A token answer that is none, with tokens in it."""
        tokens = self.tokens(expires_in=3600)
        text = json.dumps(tokens)
        told = {
            "cut off": text[:-20],
            "a list": json.dumps([tokens]),
            "a page": f"<html><body>{text}</body></html>",
            "another kind": json.dumps({**tokens, "token_type": "mac"}),
            "two lines": json.dumps({**tokens, "access_token": tokens["access_token"] + "\r\nX-Evil: 1"}),
            "nested": json.dumps({"data": tokens, "access_token": [tokens["access_token"]]}),
            "an error besides": json.dumps({**tokens, "error": {"message": text}}),
        }
        return 200, JSON, told[kind]

    def _answer(self, method: str, path: str, told: str) -> Answer:
        mode = self.mode.get(path)
        if isinstance(mode, int):
            return echo(mode, told)
        if path == "/token":
            return self.malformed(mode) if mode else (200, JSON, json.dumps(self.tokens(expires_in=3600)))
        if path == "/api/look" and mode == "as told":
            return 200, JSON, json.dumps({"id": [told], "kind": told, "count": told})
        if path == "/api/look" and mode == "cut off":
            return 200, JSON, json.dumps({"id": told})[:-1]
        return 200, JSON, json.dumps({"id": "me", "name": self.account})

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        provider = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = dict(parse_qsl(parts.query))
                if parts.path == "/authorize":
                    provider.note("state", query["state"])
                    code = provider.note("code", canary("code"))
                    back = query["redirect_uri"] + "?" + urlencode({"code": code, "state": query["state"]})
                    self.say(302, {"Location": back}, "")
                else:
                    self.say(*provider._answer("GET", parts.path, self.told("")))

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"] or 0)).decode()
                for name, value in parse_qsl(body):
                    if name in _TOLD:
                        provider.note(name, value)
                self.say(*provider._answer("POST", urlsplit(self.path).path, self.told(body)))

            def told(self, body: str) -> str:
                sent = self.headers.get("authorization") or ""
                kind, _, value = sent.partition(" ")
                if value:
                    provider.note("authorization", value)
                    if kind.lower() == "basic":
                        sent += " " + base64.b64decode(value).decode()
                return f"{self.path} {sent} {body}"

            def say(self, status: int, headers: dict[str, str], body: str) -> None:
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(body.encode()))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body.encode())

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing on the terminal."""

        return Handler
