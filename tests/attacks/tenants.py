"""Two workspaces: the first, with all a workspace can have, and a stranger who knows every id of it and is somebody, too."""

from __future__ import annotations

from typing import Any

from tests.attacks import signed_in
from tests.flows.stages import NorthwindStage
from tests.harness.scene import Scene
from tests.harness.tenant import Assistant, made
from tests.harness.walker import Walker

USER = "u-7c1"  # the same with both, on purpose
MAIL, PURPOSE, NAME = "first-7c1@acme.example", "because of 7c1", "Assist 7c1"
CLIENT, ORIGIN = "client-of-7c1", "https://chat-7c1.acme.example"
IDEMPOTENCY = "key-7c1"


class First:
    """`ids` by the names that routes have for them; `marks`: what nobody else may read."""

    def __init__(self, stage: NorthwindStage) -> None:
        self.stage, self.http = stage, stage.workspace.http
        self.assistant: Assistant = stage.workspace.assistant(NAME, allowed_origins=[ORIGIN])
        for slug in ("jira", "hubspot"):
            stage.workspace.register(slug, f"{CLIENT}-{slug}", "a secret of the first")
        with Walker() as walker:
            self.grant = self._grant(walker)
            self.call = made(self._call())
            self.session = self._asked()
            self.code = stage.authorize(walker, self.session)  # not confirmed yet
        self.ids = self._ids()
        self.marks = {MAIL, PURPOSE, NAME, CLIENT, ORIGIN, stage.workspace.id, *self.ids.values()}
        self.marks |= {self.grant["account"]["id"], self.grant["account"]["label"], self.code} - {"jira"}
        self.before = self.seen()

    def close(self) -> None:
        self.assistant.close()

    def seen(self) -> dict[str, Any]:
        """Everything it has, as it sees it."""
        paths = ("/v1/connectors", "/v1/assistants", "/v1/grants", "/v1/policy")
        own = {path: made(self.http.get(path)) for path in paths}
        events = [event["id"] for event in self.stage.workspace.audit()]
        session = self.assistant.http.get(f"/v1/connect-sessions/{self.session['id']}").json()
        return own | {"audit": events, "session": session}

    def still_works(self) -> bool:
        return self.assistant.call(self.stage.tool(self.stage.read), USER).status_code == 200

    def _asked(self) -> dict[str, Any]:
        person = {"id": USER, "email": MAIL}
        body = {"user": person, "connector": "northwind", "tools": [self.stage.tool(self.stage.read)]}
        return made(self.assistant.http.post("/v1/connect-sessions", json={**body, "purpose": PURPOSE}))

    def _grant(self, walker: Walker) -> dict[str, Any]:
        session = self._asked()
        code = self.stage.authorize(walker, session)
        return made(self.assistant.confirm(session["id"], USER, code))["grant"]

    def _call(self) -> Any:
        return self.assistant.call(self.stage.tool(self.stage.read), USER, idempotency_key=IDEMPOTENCY)

    def _ids(self) -> dict[str, str]:
        keys = made(self.http.get(f"/v1/assistants/{self.assistant.id}"))["keys"]
        return {
            "assistant_id": self.assistant.id,
            "key_id": keys[0]["id"],
            "grant_id": self.grant["id"],
            "receipt_id": self.grant["receipt"],
            "session_id": self.session["id"],
            "call_id": self.call["id"],
            "registration_id": self.stage.registration["id"],
            "event_id": self.stage.workspace.audit()[0]["id"],
        }


class Stranger(Scene):
    """The other workspace, with a grant for another tool of another account, and its people signed in in one browser."""

    def __init__(self, first: First, walker: Walker) -> None:
        super().__init__(first.stage.service, first.stage.provider)
        self.connect(USER, "ben", [first.stage.other])
        self.walker = walker
        signed_in.portal(walker, self.assistant, USER)
        signed_in.admin(walker, self)
