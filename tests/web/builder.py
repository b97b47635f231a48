"""A builder's own site in a thread: a page with the widget on it, and the two endpoints the widget asks."""

from __future__ import annotations

import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from tests.harness.tenant import Assistant

PAGE = """<!doctype html><html lang="en"><meta charset="utf-8"><title>Chat</title>
<meta name="color-scheme" content="light dark">
<body><main><h1>Chat</h1><p>Which of my deals close this week?</p>{card}</main>
<script src="{valetkey}/widget.js"></script>
<script src="/page.js"></script></body></html>"""
SCRIPT = """
window.heard = [];
for (const name of ["connected", "denied", "failed"])
  document.addEventListener(`valetkey:${name}`, (event) => window.heard.push({ name, detail: event.detail }));
"""
CARD = (
    '<valetkey-connect src-session="/api/connect" connector="northwind" provider="Northwind" '
    'assistant="Acme Assist" tools="northwind.find_deals northwind.move_deal" risk="read" '
    'portal-url="/portal"></valetkey-connect>'
)


class Builder:
    """`origin` is what the assistant registers. `user` is who is signed in; `asked` and `confirmed` are what came in."""

    def __init__(self, port: int, valetkey: str) -> None:
        self.origin = f"http://127.0.0.1:{port}"
        self.valetkey = valetkey
        self.assistant: Assistant | None = None
        self.user = "ada"
        self.card = CARD
        self.headers = {
            "Content-Security-Policy": f"default-src 'self'; script-src 'self' {valetkey}; style-src 'self'; "
            "require-trusted-types-for 'script'"
        }
        self.session: str | None = None  # the newest
        self.asked: list[dict[str, Any]] = []
        self.confirmed: list[dict[str, Any]] = []
        self.refuse_with: tuple[int, dict[str, Any]] | None = None
        self.confirm_with: list[tuple[int, dict[str, Any]]] = []  # the next confirms answer these instead
        self._server = ThreadingHTTPServer(("127.0.0.1", port), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(5)

    def answer(self, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        assert self.assistant is not None
        if "code" in body:
            self.confirmed.append(body)
            if self.confirm_with:
                return self.confirm_with.pop(0)
            done = self.assistant.confirm(body["session"], self.user, body["code"])
            return done.status_code, done.json()
        self.asked.append(body)
        if self.refuse_with is not None:
            return self.refuse_with
        made = self.assistant.connect(
            self.user, body["connector"], body["tools"], origin=body["origin"], purpose=body.get("purpose")
        )
        self.session = made.json().get("id")
        return made.status_code, made.json()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        site = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                if self.path == "/page.js":
                    return self._send(200, "text/javascript", SCRIPT)
                if self.path != "/":
                    return self._send(404, "text/plain", "nothing here")
                self._send(200, "text/html", PAGE.format(card=site.card, valetkey=site.valetkey))

            def do_POST(self) -> None:
                body = json.loads(self.rfile.read(int(self.headers["content-length"])))
                status, answer = site.answer(body)
                self._send(status, "application/json", json.dumps(answer))

            def _send(self, status: int, kind: str, text: str) -> None:
                self.send_response(status)
                self.send_header("Content-Type", f"{kind}; charset=utf-8")
                for name, value in site.headers.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
