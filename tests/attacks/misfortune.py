"""Everything that can go wrong around one grant, gone through with secrets that are known.

Those of a careless provider, which repeats in its errors all it was told, those of a connector that raises with the token in
its message, and our own keys, states, codes, tickets and cookies.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import httpx

from tests.attacks import signed_in
from tests.attacks.leaky import LeakyProvider, canary
from tests.harness.scene import CLIENT_SECRET, Scene
from tests.harness.tenant import made
from tests.harness.walker import Page, Walker

FAILING = (400, 401, 403, 404, 409, 418, 429, 500, 503, 302)
MALFORMED = ("cut off", "a list", "a page", "another kind", "two lines", "nested", "an error besides")
BREAKING = ("shout", "shout_together", "answer_otherwise")


class Misfortune(Scene):
    """`secrets` by what they are; `heard`: every answer that has no business with any of them."""

    def __init__(self, service: Any, provider: LeakyProvider, walker: Walker) -> None:
        super().__init__(service, provider)
        self.walker = walker
        self.heard: list[str] = []
        self.own: dict[str, str] = {"client secret": CLIENT_SECRET}
        self.own |= {"workspace key": self.workspace.key, "assistant key": self.assistant.key}

    @property
    def leaky(self) -> LeakyProvider:
        return self.provider  # type: ignore[return-value]

    @property
    def secrets(self) -> dict[str, str]:
        return {**self.own, **self.leaky.secrets}

    def hear(self, answer: httpx.Response | Page) -> None:
        response = answer.response if isinstance(answer, Page) else answer
        given = {name: value for name, value in response.headers.items() if name != "set-cookie"}
        self.heard.append(f"{response.status_code} {given} {response.text}")

    def all(self) -> None:
        """Each way to fail, once."""
        self.keys()
        self.callbacks()
        self.redemptions()
        self.failing_calls()
        self.pages()
        self.refreshes()
        self.revocations()
        self.look_around()

    # ---- our own secrets ------------------------------------------------------------------------------------

    def keys(self) -> None:
        """Bad keys, good keys in bad places, bodies that cannot be read."""
        key = self.workspace.key
        spoilt = key[:-1] + ("a" if key[-1] != "a" else "b")
        self.own["spoilt key"] = spoilt
        http = httpx.Client(base_url=self.service.url, trust_env=False)
        for sent in (f"Bearer {spoilt}", f"Basic {spoilt}", spoilt, f"Bearer {spoilt} x"):
            self.hear(http.get("/v1/grants", headers={"Authorization": sent}))
        self.hear(http.get("/v1/grants", params={"access_token": key}))
        self.hear(http.get(f"/v1/nothing/{self.assistant.key}", headers={"X-Key": key}))
        secret = self.own["unread secret"] = canary("unread")
        for body in (
            f'{{"client_id": "x", "client_secret": "{secret}"',
            f'{{"client_secret": ["{secret}"]}}',
            f'{{"client_id": "x", "client_secret": "{secret}", "surprise": "{secret}"}}',
            f'{{"client_id": "x", "client_secret": "{secret}", "config": {{"base_url": "{secret}"}}}}',
        ):
            self.hear(self.workspace.http.put("/v1/connectors/leaky", content=body))
        http.close()

    def callbacks(self) -> None:
        """Answers of the provider that are refused, with the code and the state in the address."""
        callback = f"/oauth/callback/{self.registration['id']}"
        state, code = canary("false-state"), canary("false-code")
        self.own |= {"false state": state, "false code": code}
        for query in (
            {"state": state, "code": code},
            {"state": state, "error": code, "error_description": code},
            {"code": code},
            {"state": [state, state], "code": code},
        ):
            self.hear(self.walker.http.get(self.service.url + callback, params=query))  # type: ignore[arg-type]
        for query in ({"error": "server_error", "error_description": code}, {"error": code, "code": code}):
            session = self.session("u1", ["look"])
            state = self.sent_away(session)
            self.hear(self.walker.http.get(self.service.url + callback, params={**query, "state": state}))
            self.hear(self.walker.http.get(session["url"]))
            self.hear(self.assistant.http.get(f"/v1/connect-sessions/{session['id']}"))

    def sent_away(self, session: dict[str, Any]) -> str:
        """Agreed, and not followed to the provider: the state is still good."""
        self.walker.open(session["url"])
        location = self.walker.submit("/approve", follow=False).response.headers["location"]
        state = self.own[f"state of {session['id']}"] = httpx.URL(location).params["state"]
        self.own |= {
            f"cookie {one.name}": str(one.value)
            for one in self.walker.http.cookies.jar
            if one.name.startswith("vk-")
        }
        return state

    # ---- the provider's -------------------------------------------------------------------------------------

    def redemptions(self) -> None:
        """Codes that are not taken, token answers that are none, an account nobody can name."""
        for mode in (400, 401, 500, 302, *MALFORMED):
            self.leaky.mode = {"/token": mode}
            self.confirmed_in_vain()
        for mode in (401, 403, 500):
            self.leaky.mode = {"/api/me": mode}
            self.confirmed_in_vain()
        self.leaky.mode = {}

    def confirmed_in_vain(self) -> None:
        session = self.session("u1", ["look"])
        code = self.authorize(self.walker, session)
        self.own[f"completion code of {session['id']}"] = code
        self.hear(self.assistant.confirm(session["id"], "u1", "x" + code))
        failed = self.assistant.confirm(session["id"], "u1", code)
        assert failed.status_code == 502, failed.text
        self.hear(failed)
        self.hear(self.assistant.confirm(session["id"], "u1", code))
        self.hear(self.assistant.http.get(f"/v1/connect-sessions/{session['id']}"))
        self.hear(self.walker.http.get(session["url"]))

    def failing_calls(self) -> None:
        self.grant = self.connect(tools=["look", "look_closely", *BREAKING], walker=self.walker)
        for tool in BREAKING:
            answer = self.call(tool)
            assert answer.status_code == 502, answer.text
            self.hear(answer)
        for mode in ("as told", "cut off", *FAILING):
            self.leaky.mode = {"/api/look": mode}
            for tool in ("look", "look_closely"):
                answer = self.call(tool)
                assert answer.status_code >= 400, answer.text
                self.hear(answer)
                self.hear(self.assistant.http.get(f"/v1/tool-calls/{answer.json().get('call', 'call_x')}"))
        self.leaky.mode = {}

    def refreshes(self) -> None:
        """Refresh tokens that are not taken, and answers that are none."""
        for mode in (500, *MALFORMED, 400):
            self.leaky.mode = {"/api/look": 401, "/token": mode}
            answer = self.call("look")
            assert answer.status_code >= 400, answer.text
            self.hear(answer)
        assert self.call("look").json()["code"] == "reconnect_required"
        self.leaky.mode = {}

    def revocations(self) -> None:
        for mode in (400, 401, 500):
            grant = self.connect(user=f"u{mode}", tools=["look"], walker=self.walker)
            self.leaky.mode = {"/revoke": mode}
            answer = self.assistant.revoke(grant["id"])
            assert answer.json()["upstream"] == "pending"
            self.hear(answer)
        self.hear(self.assistant.revoke(self.grant["id"]))
        self.leaky.mode = {}

    # ---- people ---------------------------------------------------------------------------------------------

    def pages(self) -> None:
        """Tickets used up and made up, forms without their token, and every page of a person and an admin."""
        url = made(self.assistant.http.post("/v1/portal-sessions", json={"user": "u1"}))["url"]
        self.own["portal ticket"] = httpx.URL(url).params["ticket"]
        self.walker.open(url)
        self.hear(self.walker.http.get(url))
        desk = signed_in.admin_link(self)
        self.own["admin ticket"] = httpx.URL(desk).params["ticket"]
        self.walker.open(desk)
        self.walker.submit("/admin/sign-in")
        self.hear(self.walker.http.get(desk))
        self.own |= {kind: signed_in.cookie(self.walker, kind) for kind in ("me", "admin")}
        for path in ("/me/stop", "/admin/policy", "/admin/sign-in"):
            sent = {"csrf_token": self.own["me"], "ticket": self.own["admin ticket"]}
            self.hear(self.walker.http.post(self.service.url + path, data=sent))

    def look_around(self) -> None:
        """Whatever can be looked at afterwards."""
        grant, receipt = self.grant["id"], self.grant["receipt"]
        for path in (
            "/me", f"/me/grants/{grant}", f"/me/receipts/{receipt}", f"/me/receipts/{receipt}.json", "/me/data.json",
            "/admin", "/admin/grants", f"/admin/grants/{grant}", f"/admin/receipts/{receipt}", "/admin/audit",
            "/admin/audit/export", "/admin/connectors/leaky", f"/admin/assistants/{self.assistant.id}", "/metrics",
        ):  # fmt: skip
            answer = self.walker.http.get(self.service.url + path)
            assert answer.status_code == 200, path
            self.hear(answer)
        for path in (
            "/v1/grants",
            "/v1/audit?limit=200",
            "/v1/audit/export",
            "/v1/connectors",
            "/v1/assistants",
            f"/v1/assistants/{self.assistant.id}",
            "/v1/audit/checkpoint",
            "/health/ready",
            "/schema/openapi.json",
        ):
            self.hear(self.workspace.http.get(path))

    def leaks(self) -> set[str]:
        """`where: what` for every secret found."""
        written = {str(path.relative_to(self.folder)): path.read_bytes() for path in self._files()}
        found = {
            f"{name}: {kind}"
            for name, content in written.items()
            for kind, secret in self.secrets.items()
            if secret.encode() in content
        }
        told = {
            f"answer: {kind}: {text[:300]}"
            for text in self.heard
            for kind, secret in self.secrets.items()
            if secret in text
        }
        return found | told

    @property
    def folder(self) -> Path:
        return self.service.database.parent

    def _files(self) -> list[Path]:
        files = [path for path in self.folder.rglob("*") if path.is_file() and path.name != "keyring.json"]
        assert {"valetkey.db", "serve.log"} <= {path.name for path in files}
        return files
