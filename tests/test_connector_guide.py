"""docs/connector-guide.md, as it stands there: the example is saved, checked by its own commands, and used against a fake."""

from __future__ import annotations

import asyncio
import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

import pytest

from core import registry
from core.connector import Account, Api, Connector, MissingScope, ToolError, minimise
from core.http import Outbound
from core.secret import Secret
from tests.harness.ports import free_port
from tests.harness.service import ROOT, Service, clean_environment
from tests.harness.tenant import made
from tests.harness.walker import Walker

GUIDE = (ROOT / "docs/connector-guide.md").read_text()
FILE = re.findall(r"Save this as `([^`]+)`:\n", GUIDE)[0]
EXAMPLE = re.findall(r"^```python\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[0]
COMMANDS = re.findall(r"^```sh\n(.*?)^```", GUIDE, re.MULTILINE | re.DOTALL)[0]
TODOS = [
    {"id": str(number), "title": f"To-do {number}", "done": False, "notes": "private"} for number in (1, 2, 3)
]
Query = dict[str, str]


class Quill:
    """The service of the guide, on a port of this machine. A token holds the scopes its name is made of."""

    def __init__(self) -> None:
        self.todos = [dict(todo) for todo in TODOS]
        self.told: list[str] = []  # tokens that were revoked
        self._server = ThreadingHTTPServer(("127.0.0.1", free_port()), self._handler())
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    def answer(self, method: str, path: str, query: Query, token: str) -> tuple[int, dict[str, Any]]:
        if path == "/api/me":
            return 200, {"id": "u1", "email": "ada@quill.example", "phone": "555 0100"}
        need = {"GET": ("todos.read", "everything"), "PATCH": ("todos.write",)}[method]
        if not set(need) & set(token.split("+")):
            return 403, {"error": "insufficient_scope", "scope": need[0]}
        if method == "GET":
            start, limit = int(query.get("cursor", 0)), int(query["limit"])
            rest = len(self.todos) > start + limit
            return 200, {
                "items": self.todos[start : start + limit],
                "next": str(start + limit) if rest else None,
            }
        found = [todo for todo in self.todos if todo["id"] == path.rpartition("/")[2]]
        if not found:
            return 404, {}
        if found[0]["done"]:
            return 409, {}
        found[0]["done"] = True
        return 200, found[0]

    def oauth(self, path: str, form: Query) -> dict[str, Any]:
        if path == "/oauth/revoke":
            self.told.append(form["token"])
            return {}
        return {
            "access_token": form["code"],
            "refresh_token": "again",
            "token_type": "Bearer",
            "expires_in": 600,
        }

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        quill = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                if parts.path == "/oauth/authorize":  # the person is signed in, and says yes
                    back = {"state": query["state"], "code": query["scope"].replace(" ", "+")}
                    return self.reply(302, {}, Location=f"{query['redirect_uri']}?{urlencode(back)}")
                token = self.headers["authorization"].removeprefix("Bearer ")
                status, body = quill.answer(self.command, parts.path, query, token)
                challenge = f'Bearer error="insufficient_scope", scope="{body.get("scope", "")}"'
                self.reply(status, body, **({"WWW-Authenticate": challenge} if status == 403 else {}))

            def do_PATCH(self) -> None:
                self.rfile.read(int(self.headers["content-length"]))
                self.do_GET()

            def do_POST(self) -> None:
                sent = self.rfile.read(int(self.headers["content-length"])).decode()
                self.reply(200, quill.oauth(self.path, {n: v[0] for n, v in parse_qs(sent).items()}))

            def reply(self, status: int, content: dict[str, Any], **headers: str) -> None:
                body = json.dumps(content).encode()
                self.send_response(status)
                told = {"Content-Type": "application/json", "Content-Length": str(len(body)), **headers}
                for name, value in told.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, format: str, *args: Any) -> None:
                """Nothing on the terminal."""

        return Handler


class Held:
    """A token source with one token."""

    def __init__(self, token: str) -> None:
        self.token = Secret(token)

    async def access_token(self) -> Secret:
        return self.token

    async def after_rejection(self, rejected: Secret) -> Secret:
        return rejected


@pytest.fixture
def quill() -> Iterator[Quill]:
    one = Quill()
    yield one
    one.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where the reader works, with the file saved as the guide says."""
    file = tmp_path / FILE
    file.parent.mkdir()
    file.write_text(EXAMPLE)
    return tmp_path


def connector(folder: Path) -> Connector:
    return registry.load([str((folder / FILE).parent)]).connector("quill")


def paste(folder: Path) -> subprocess.CompletedProcess[str]:
    """The guide's commands, in the folder it was saved in."""
    script = f'valetkey() {{ "{sys.executable}" -m web.cli "$@"; }}\n{COMMANDS}'
    return subprocess.run(
        ["bash", "-euc", script],
        cwd=folder,
        env=clean_environment(),
        capture_output=True,
        text=True,
        check=False,
    )


def use(
    quill: Quill, folder: Path, work: Callable[[Api], Any], scopes: str = "todos.read+todos.write"
) -> Any:
    async def run() -> Any:
        http = Outbound(development=True)
        fields = {"base_url": quill.url}
        api = Api(connector(folder), http, Held(scopes), fields=fields, deadline_s=5, development=True)
        try:
            return await work(api)
        finally:
            await http.close()

    return asyncio.run(run())


def call(quill: Quill, folder: Path, tool: str, given: dict[str, Any], **held: str) -> Any:
    """What leaves the house for these arguments."""
    found = connector(folder).tools[f"quill.{tool}"]

    async def work(api: Api) -> Any:
        answer = minimise(found, await found.run(api, found.check(given)))
        return json.loads(answer.body), answer.next

    return use(quill, folder, work, **held)


def test_the_guide_is_short_enough_to_be_read() -> None:
    assert len(GUIDE.splitlines()) <= 120


def test_the_commands_find_nothing_to_mend(folder: Path) -> None:
    done = paste(folder)
    assert (done.returncode, done.stdout, done.stderr) == (0, "quill: ok\n", "")


@pytest.mark.parametrize(
    ("written", "instead", "told"),
    [
        ('    sees="title and state of your own to-dos",\n', "", "does not say what it sees"),
        ("-> Page[Todo]:", "-> Page[dict]:", "may hold anything"),
        ('scopes=["todos.write"]', 'scopes=["todos.wirte"]', "'todos.wirte' is not declared"),
        ('        revocation=Rfc7009("{base_url}/oauth/revoke"),\n', "", "no manage_url"),
    ],
)
def test_a_mistake_is_told_with_its_line_and_its_mend(
    folder: Path, written: str, instead: str, told: str
) -> None:
    assert EXAMPLE.count(written) == 1
    (folder / FILE).write_text(EXAMPLE.replace(written, instead))
    done = paste(folder)
    assert done.returncode == 1 and told in done.stderr
    assert re.match(rf"{re.escape(str(folder / FILE))}:\d+: .+: .+", done.stderr)


def test_a_page_holds_the_declared_fields_and_leads_to_the_next(quill: Quill, folder: Path) -> None:
    first, following = call(quill, folder, "find_todos", {"limit": 2})
    assert first["items"] == [
        {"id": "1", "title": "To-do 1", "done": False},
        {"id": "2", "title": "To-do 2", "done": False},
    ]
    rest, end = call(quill, folder, "find_todos", {"limit": 2, "cursor": following})
    assert [item["id"] for item in rest["items"]] == ["3"] and end is None


def test_a_change_is_made_once_and_told_in_words_the_second_time(quill: Quill, folder: Path) -> None:
    assert call(quill, folder, "tick_off", {"todo_id": "2"}) == ({"id": "2", "title": "To-do 2", "done": True}, None)  # fmt: skip
    with pytest.raises(ToolError, match="done already") as refused:
        call(quill, folder, "tick_off", {"todo_id": "2"})
    assert refused.value.fields["errors"][0]["path"] == "/todo_id"


def test_either_scope_is_enough_to_read_and_none_is_told(quill: Quill, folder: Path) -> None:
    found = connector(folder).tools["quill.find_todos"]
    assert (found.wanted_scopes(), found.missing_scopes({"everything"})) == (("todos.read",), [])
    assert call(quill, folder, "find_todos", {}, scopes="everything")
    with pytest.raises(MissingScope) as refused:
        call(quill, folder, "find_todos", {}, scopes="todos.write")
    assert refused.value.scopes == ["todos.read"]


def test_the_account_is_who_signed_in(quill: Quill, folder: Path) -> None:
    function = connector(folder).account_function
    assert function is not None
    assert use(quill, folder, function) == Account("u1", "ada@quill.example")


def test_the_whole_way_through_a_service_that_found_the_file(quill: Quill, folder: Path) -> None:
    env = {"VALETKEY_CONNECTORS_PATH": str((folder / FILE).parent)}
    service = Service(folder / "service", env=env)
    try:
        workspace = service.start().workspace()
        workspace.register("quill", "the-client", "the-secret", config={"base_url": quill.url})
        assistant = workspace.assistant()
        session = assistant.new_session("u1", "quill", ["quill.find_todos"])
        with Walker() as person:
            assert "Sees title and state of your own to-dos." in person.open(session["url"]).words
            code = person.submit("/approve").message["code"]
        grant = made(assistant.confirm(session["id"], "u1", code))["grant"]
        assert len(made(assistant.call("quill.find_todos", "u1"))["result"]["items"]) == 3
        assert made(assistant.revoke(grant["id"]))["upstream"] == "revoked" and quill.told == ["again"]
        assistant.close()
        workspace.close()
    finally:
        service.close()
