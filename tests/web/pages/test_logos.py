"""An assistant's logo is fetched by us, checked, and can be nothing but a picture."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import httpx
import pytest

from tests.harness.scene import Scene
from tests.harness.walker import Walker

SVG = b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>'


class Pictures(ThreadingHTTPServer):
    """Answers every path with `reply`: status, type, body; `asked` counts."""

    reply: tuple[int, str, bytes] = (200, "image/svg+xml", SVG)
    asked = 0

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}/logo"


class Handler(BaseHTTPRequestHandler):
    server: Pictures

    def do_GET(self) -> None:
        self.server.asked += 1
        status, kind, body = self.server.reply
        self.send_response(status)
        self.send_header("Content-Type", kind)
        if status == 302:
            self.send_header("Location", "http://127.0.0.1:1/elsewhere")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def pictures() -> Iterator[Pictures]:
    server = Pictures(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()
    thread.join(5)


def logo(stage: Scene, walker: Walker, pictures: Pictures) -> httpx.Response:
    """The picture as the consent page of an assistant with this logo shows it."""
    assistant = stage.workspace.assistant("Report Writer", logo_url=pictures.url)
    session = assistant.new_session("ada", "northwind", ["northwind.find_deals"])
    source = walker.open(session["url"]).soup.select_one("img.logo")["src"]
    assistant.close()
    assert str(source).startswith(f"/logos/{assistant.id}?")
    return walker.http.get(f"{stage.service.url}{source}")


def test_a_logo_comes_from_our_own_host_and_can_run_nothing(
    stage: Scene, walker: Walker, pictures: Pictures
) -> None:
    answer = logo(stage, walker, pictures)
    assert (answer.status_code, answer.content) == (200, SVG)
    assert answer.headers["content-type"] == "image/svg+xml"
    assert "sandbox" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_a_logo_is_fetched_once_for_many_looks(stage: Scene, walker: Walker, pictures: Pictures) -> None:
    url = logo(stage, walker, pictures).url
    for _ in range(5):
        walker.http.get(url)
    assert pictures.asked == 1


@pytest.mark.parametrize(
    "reply",
    [
        (404, "image/png", b""),
        (200, "text/html", b"<script>alert(1)</script>"),
        (200, "application/javascript", b"alert(1)"),
        (302, "image/png", b""),
        (200, "image/png", b"x" * 300_000),
    ],
    ids=["missing", "a page", "a script", "a redirect", "too large"],
)
def test_what_is_no_small_picture_is_replaced_by_a_letter(
    stage: Scene, walker: Walker, pictures: Pictures, reply: tuple[int, str, bytes]
) -> None:
    pictures.reply = reply
    answer = logo(stage, walker, pictures)
    assert answer.status_code == 200 and answer.headers["content-type"] == "image/svg+xml"
    assert "&#82;" in answer.text and "script" not in answer.text


def test_an_assistant_without_a_logo_has_none(stage: Scene, walker: Walker) -> None:
    for id in (stage.assistant.id, "ast_none"):
        assert walker.http.get(f"{stage.service.url}/logos/{id}").status_code == 404


def test_a_changed_logo_is_shown_at_once_and_a_removed_one_no_more(
    stage: Scene, walker: Walker, pictures: Pictures
) -> None:
    url = logo(stage, walker, pictures).url
    at = f"/v1/assistants/{url.path.rpartition('/')[2]}"
    pictures.reply = (200, "image/png", b"another")
    assert stage.workspace.http.patch(at, json={"logo_url": pictures.url + "2"}).status_code == 200
    assert walker.http.get(url).content == b"another"
    assert stage.workspace.http.delete(at).status_code == 200
    assert walker.http.get(url).status_code == 404
