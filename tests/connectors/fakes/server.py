"""A fake provider on a loopback socket, for recording and for tests that need the wire."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx

from tests.connectors.fakes.fake import Fake


def _handler(fake: Fake) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        server_version = "provider"
        sys_version = ""

        def _serve(self) -> None:
            length = int(self.headers.get("content-length") or 0)
            url = f"https://{fake.host}{self.path}"
            request = httpx.Request(
                self.command, url, headers=self.headers.items(), content=self.rfile.read(length)
            )
            self._send(fake.handle(request))

        def _send(self, answer: httpx.Response) -> None:
            self.send_response_only(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in ("content-length", "transfer-encoding"):
                    self.send_header(name, value)
            self.send_header("content-length", str(len(answer.content)))
            self.end_headers()
            self.wfile.write(answer.content)

        def log_message(self, format: str, *args: object) -> None:
            return

        do_GET = do_POST = do_PATCH = do_PUT = do_DELETE = _serve

    return Handler


@contextlib.contextmanager
def served(fake: Fake) -> Iterator[int]:
    """The port the fake listens on; it is closed at the end of the block."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(fake))
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield server.server_address[1]
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
