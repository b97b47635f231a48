"""docs/assistant-guide.md as it stands there: every command and every file of it is run against the demo."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, expect

from tests.conftest import missing
from tests.harness.ports import free_port
from tests.harness.processes import Child
from tests.harness.service import ROOT, clean_environment
from tests.harness.walker import Walker

TEXT = (ROOT / "docs" / "assistant-guide.md").read_text()
CURL = [
    block for block in re.findall(r"^```sh\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL) if "curl" in block
]
FILES = dict(re.findall(r"Save it as `(\w+\.py)`:\n\n```python\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL))
PLACEHOLDER = re.compile(r"\b([A-Z_]+)=(?:[a-z]+_)?\.\.\.")


class Builder:
    """Somebody who follows the guide in a folder of their own. `known` are their shell's variables."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port, self.chat_port = free_port(3), free_port()
        env = {**clean_environment(), "VALETKEY_DEMO_PORT": str(self.port)}
        command = [sys.executable, "-m", "web.cli", "demo"]
        self.demo = Child(command, folder / "demo.log", env=env, cwd=ROOT)
        self.known: dict[str, str] = {"VALETKEY_URL": f"http://127.0.0.1:{self.port}"}
        for name, code in FILES.items():
            (folder / name).write_text(self.fit(code))

    def fit(self, text: str) -> str:
        """The guide's ports are ours."""
        text = text.replace("127.0.0.1:8000", f"127.0.0.1:{self.port}")
        return text.replace("127.0.0.1:9000", f"127.0.0.1:{self.chat_port}")

    @property
    def env(self) -> dict[str, str]:
        return {**clean_environment(), **self.known, "PYTHONPATH": str(self.folder)}

    def paste(self, block: str) -> Any:
        text = PLACEHOLDER.sub(lambda found: f"{found[1]}={self.known[found[1]]}", self.fit(block))
        script = ["bash", "-euc", text.replace("curl -sS", "curl -sS --noproxy '*'")]
        done = subprocess.run(script, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    def run(self, *command: str, **env: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, *command],
            cwd=self.folder,
            env={**self.env, **env},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )


@pytest.fixture(scope="module")
def builder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Builder]:
    """After the first part of the guide, up to the call that is answered."""
    if shutil.which("curl") is None:
        missing("curl", "apt-get install curl")
    builder = Builder(tmp_path_factory.mktemp("builder"))
    try:
        builder.demo.wait_until(lambda: "Ctrl-C stops everything" in builder.demo.output(), within_s=90)
        builder.known["WORKSPACE_KEY"] = re.findall(r"vkw_\w+", builder.demo.output())[0]
        builder.known["KEY"] = builder.paste(CURL[0])["key"]
        yield builder
    finally:
        builder.demo.stop()


def the_persons_part(url: str) -> dict[str, str]:
    """Agree, sign in, allow. The browser ends where nothing answers yet."""
    with Walker() as walker:
        walker.open(url)
        walker.submit("/approve")
        walker.submit("/sign-in", email="ada@northwind.example", password="northwind-demo")
        with pytest.raises(httpx.ConnectError) as refused:
            walker.submit("/oauth/authorize", decision="allow")
        query = refused.value.request.url.params
        return {"SESSION": query["session"], "CODE": query["code"]}


def test_plain_http(builder: Builder) -> None:
    tools = builder.paste(CURL[1])
    assert [tool["granted"] for tool in tools["items"]] == [False] * 3
    refused = builder.paste(CURL[2])
    shown = json.loads(re.findall(r"^```json\n(.*?)^```", TEXT, re.MULTILINE | re.DOTALL)[0])
    assert set(shown) <= set(refused)
    assert {name: refused[name] for name in ("code", "missing_tools", "missing_scopes")} == {
        name: shown[name] for name in ("code", "missing_tools", "missing_scopes")
    }
    builder.known |= the_persons_part(refused["connect"]["url"])
    assert builder.paste(CURL[3])["grant"]["status"] == "active"
    assert builder.paste(CURL[4])["result"]["items"]
    assert builder.paste(CURL[5])["url"].startswith(builder.known["VALETKEY_URL"] + "/connect/")
    assert "/me?ticket=" in builder.paste(CURL[6])["url"]
    assert len(CURL) == 7


def test_the_chat_page(builder: Builder, browser: Browser) -> None:
    command = [str(Path(sys.executable).parent / "granian"), "--interface", "asgi", "my_chat:app"]
    assert "granian --interface asgi --port 9000 my_chat:app" in TEXT
    chat = Child(
        [*command, "--port", str(builder.chat_port)],
        builder.folder / "chat.log",
        env=builder.env,
        cwd=builder.folder,
    )
    context = browser.new_context()
    try:
        chat.wait_until(lambda: answers(f"http://127.0.0.1:{builder.chat_port}"), within_s=30)
        page = context.new_page()
        page.goto(f"http://127.0.0.1:{builder.chat_port}")
        page.get_by_role("button", name="What closes this week?").click()
        with page.expect_popup() as opened:
            page.get_by_role("button", name="Review and connect").click()
        popup = opened.value
        popup.get_by_role("button", name="Continue to Northwind").click()
        popup.get_by_label("Work e-mail").fill("ben@northwind.example")
        popup.get_by_label("Password").fill("northwind-demo")
        popup.get_by_role("button", name="Sign in").click()
        popup.get_by_role("button", name="Allow").click()
        expect(page.locator("#log")).to_contain_text(": ")  # titles begin with the company
        expect(page.get_by_text("Northwind connected")).to_be_visible()
    finally:
        context.close()
        chat.stop()


def answers(url: str) -> bool:
    try:
        return httpx.get(url, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


# ---- the models ---------------------------------------------------------------------------------------------------

OPENAI = [
    {
        "choices": [
            {
                "message": {
                    "role": "assistant",
                    "content": None,
                    "tool_calls": [
                        {
                            "id": "t1",
                            "type": "function",
                            "function": {
                                "name": "northwind__find_deals",
                                "arguments": '{"closing": "this_week"}',
                            },
                        }
                    ],
                }
            }
        ]
    },
    {"choices": [{"message": {"role": "assistant", "content": "Some do."}}]},
]
ANTHROPIC = [
    {
        "content": [
            {
                "type": "tool_use",
                "id": "t1",
                "name": "northwind__find_deals",
                "input": {"closing": "this_week"},
            }
        ]
    },
    {"content": [{"type": "text", "text": "Some do."}]},
]
GEMINI = [
    {
        "candidates": [
            {
                "content": {
                    "role": "model",
                    "parts": [
                        {"functionCall": {"name": "northwind__find_deals", "args": {"closing": "this_week"}}}
                    ],
                }
            }
        ]
    },
    {"candidates": [{"content": {"role": "model", "parts": [{"text": "Some do."}]}}]},
]


@contextmanager
def vendor(replies: list[dict[str, Any]]) -> Iterator[tuple[str, list[tuple[str, Any]]]]:
    """A server that gives the replies in turn; what it was asked, by path."""
    asked: list[tuple[str, Any]] = []
    left = list(replies)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            asked.append((self.path, json.loads(self.rfile.read(int(self.headers["Content-Length"])))))
            body = json.dumps(left.pop(0)).encode()
            self.send_response(200)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, format: str, *args: object) -> None:
            """Quiet."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.mark.parametrize(
    ("name", "replies", "path", "offered"),
    [
        ("OPENAI", OPENAI, "/chat/completions", lambda body: body["tools"][0]["function"]["parameters"]),
        ("ANTHROPIC", ANTHROPIC, "/v1/messages", lambda body: body["tools"][0]["input_schema"]),
        (
            "GEMINI",
            GEMINI,
            "/models/small:generateContent",
            lambda body: body["tools"][0]["functionDeclarations"][0]["parameters"],
        ),
    ],
)
def test_a_model_with_tools(builder: Builder, name: str, replies: Any, path: str, offered: Any) -> None:
    granted = "you" in {grant["user"] for grant in grants(builder)}
    if not granted:
        refused = builder.paste(CURL[2])
        builder.known |= the_persons_part(refused["connect"]["url"])
        builder.paste(CURL[3])
    assert f"python ask_{name.lower()}.py" in TEXT
    with vendor(replies) as (url, asked):
        env = {f"{name}_API_KEY": "k", f"{name}_MODEL": "small", f"{name}_BASE_URL": url}
        done = builder.run(f"ask_{name.lower()}.py", "Which of my deals close this week?", **env)
    assert (done.stdout, done.returncode) == ("Some do.\n", 0), done.stderr
    assert [each for each, _ in asked] == [path, path]
    assert offered(asked[0][1])["type"] == "object"
    assert "untrusted_content" in json.dumps(asked[1][1])
    assert "company_name" in json.dumps(asked[1][1])


def grants(builder: Builder) -> list[dict[str, Any]]:
    headers = {"Authorization": f"Bearer {builder.known['KEY']}"}
    url = builder.known["VALETKEY_URL"] + "/v1/grants?status=active"
    items: list[dict[str, Any]] = httpx.get(url, headers=headers, trust_env=False).json()["items"]
    return items


def test_no_file_of_the_guide_is_left_out() -> None:
    assert set(FILES) == {"my_chat.py", "tools.py", "ask_openai.py", "ask_anthropic.py", "ask_gemini.py"}
    for name, code in FILES.items():
        compile(code, name, "exec")
