"""docs/connector-guide.md, as it stands there: commands given, files saved, and what came of it used against a fake."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
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
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```", re.MULTILINE | re.DOTALL)
_SAVE = re.compile(r"Save this as `([^`]+)`:\n```\w+\n(.*?)^```", re.MULTILINE | re.DOTALL)
SAVED: dict[str, str] = dict(_SAVE.findall(GUIDE))
BEGIN, CHECK, TRY = (text for kind, text in BLOCK.findall(GUIDE) if kind == "sh")
EXAMPLE, CALLS = (text for kind, text in BLOCK.findall(GUIDE) if kind == "python")
FILE = next(file for file in SAVED if file.endswith("quill.py"))
TEST = "valetkey-connector-quill/tests/test_quill.py"
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


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the reader works, after the first command."""
    folder = tmp_path_factory.mktemp("reader")
    done = paste(BEGIN, folder)
    assert done.returncode == 0, done.stderr
    return folder


@pytest.fixture
def folder(begun: Path, tmp_path: Path) -> Path:
    """The same with everything saved as the guide says."""
    shutil.copytree(begun, tmp_path, dirs_exist_ok=True)
    for file, text in SAVED.items():
        assert (tmp_path / file).is_file(), f"the first command did not make {file}"
        (tmp_path / file).write_text(text)
    test = tmp_path / TEST
    put, count = re.subn(
        r"^FIELDS:.*?^\]\n", lambda _: CALLS, test.read_text(), flags=re.MULTILINE | re.DOTALL
    )
    assert count == 1, "there are no FIELDS and CALLS in the generated test"
    test.write_text(put)
    return tmp_path


def connector(folder: Path) -> Connector:
    return registry.load([str((folder / FILE).parent)]).connector("quill")


def paste(commands: str, folder: Path, **env: str) -> subprocess.CompletedProcess[str]:
    """Commands of the guide, in the folder the reader works in."""
    programs = (
        f'valetkey() {{ "{sys.executable}" -m web.cli "$@"; }}\npython() {{ "{sys.executable}" "$@"; }}\n'
    )
    return subprocess.run(
        ["bash", "-euc", programs + commands],
        cwd=folder,
        env={**clean_environment(), **env},
        capture_output=True,
        text=True,
        check=False,
    )


def check(folder: Path) -> subprocess.CompletedProcess[str]:
    """The guide's check, without the test after it."""
    return paste(re.sub(r"^python .*$", "", CHECK, flags=re.MULTILINE), folder)


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
    assert len(GUIDE.splitlines()) <= 165


def test_what_the_first_command_makes_says_what_is_open(begun: Path) -> None:
    done = check(begun)
    assert done.returncode == 1 and re.search(r"\nquill: \d+ to mend\n\Z", done.stdout)
    assert "a draft: all of this is an example" in done.stdout


def test_check_and_test_find_nothing_to_mend(folder: Path) -> None:
    done = paste(CHECK, folder)
    assert done.returncode == 0, done.stdout + done.stderr
    first, *rest = done.stdout.splitlines()
    assert first == "quill: ok" and re.search(r"\b6 passed\b", rest[-1]), done.stdout


def test_a_tool_is_tried_with_an_account_of_ones_own(quill: Quill, folder: Path) -> None:
    """The guide's command, with a browser in which the person is signed in, and the fake's address."""
    browser = folder / "browser.py"
    browser.write_text("import httpx, sys\nhttpx.get(sys.argv[1], follow_redirects=True, trust_env=False)\n")
    port = free_port()
    commands = TRY.replace("https://quill.example", quill.url).replace("8765", str(port))
    commands = commands.replace("ID=...", "ID=a").replace("SECRET=...", "SECRET=b")
    env = {
        "VALETKEY_CONNECTORS_PATH": str((folder / FILE).parent),
        "VALETKEY_DEVELOPMENT": "1",
        "BROWSER": f"{sys.executable} {browser} %s",
    }
    done = paste(commands, folder, **env)
    assert done.returncode == 0, done.stderr
    assert [item["id"] for item in json.loads(done.stdout)["items"]] == ["1", "2"]
    assert "Signed in as ada@quill.example" in done.stderr
    assert quill.told == ["again"]


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
    done = check(folder)
    assert done.returncode == 1 and told in done.stdout
    assert re.search(rf"^{re.escape(str(folder / FILE))}:\d+: .+: .+", done.stdout, re.MULTILINE)


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
