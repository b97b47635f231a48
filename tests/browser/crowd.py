"""More people than the demo has: an assistant of the test's own in the demo's workspace, and users who agree without a browser.

With it come pages that the chat never leads to: optional tools, a session that has run out, one that belongs to another
browser.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from tests.harness.demo import RunningDemo
from tests.harness.tenant import CHAT_ORIGIN, RETURN_URL, made
from tests.harness.walker import Walker
from web.demo.northwind import PASSWORD

FIND_DEALS = {
    "tool": "northwind.find_deals",
    "required": True,
    "reason": "to list the deals that close this week",
}


class Crowd:
    def __init__(self, demo: RunningDemo, name: str = "Field Notes") -> None:
        self.demo = demo
        self.workspace = demo.workspace()
        self.assistant = self.workspace.assistant(name, allowed_origins=[CHAT_ORIGIN, demo.chat])

    def close(self) -> None:
        self.assistant.close()
        self.workspace.close()

    def session(
        self, user: str, tools: Sequence[Any] = ("northwind.find_deals",), **fields: Any
    ) -> dict[str, Any]:
        """One that ends in the window; with `return_url=RETURN_URL` one that ends at that address."""
        if "return_url" not in fields:
            fields = {"origin": CHAT_ORIGIN, **fields}
        return self.assistant.new_session(user, "northwind", tools, **fields)

    def connect(
        self, user: str, tools: Sequence[Any] = ("northwind.find_deals",), account: str = "ada", **fields: Any
    ) -> str:
        """The whole way, every tool switched on; the grant's id."""
        session = self.session(user, tools, return_url=RETURN_URL, **fields)
        with Walker() as walker:
            walker.open(session["url"])
            walker.submit("/approve", tools=[one if isinstance(one, str) else one["tool"] for one in tools])
            walker.submit("/sign-in", email=f"{account}@northwind.example", password=PASSWORD)
            code = walker.submit("/oauth/authorize", decision="allow").query["code"]
        grant: str = made(self.assistant.confirm(session["id"], user, code))["grant"]["id"]
        return grant

    def portal(self, user: str) -> str:
        """A link to this person's own page; it works once."""
        url: str = made(self.assistant.http.post("/v1/portal-sessions", json={"user": user}))["url"]
        return url
