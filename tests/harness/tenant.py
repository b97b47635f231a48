"""A workspace and its assistants, as plain HTTP clients: one method for each thing an admin or a builder's
backend does.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

CHAT_ORIGIN = "https://chat.acme.example"
RETURN_URL = "https://chat.acme.example/connected"


def _client(url: str, key: str) -> httpx.Client:
    headers = {"Authorization": f"Bearer {key}"}
    return httpx.Client(base_url=url, headers=headers, timeout=60, trust_env=False)


def made(response: httpx.Response) -> Any:
    """The JSON of an answer that has to be a success."""
    assert response.is_success, (
        f"{response.request.method} {response.request.url}: {response.status_code} {response.text}"
    )
    return response.json()


class Workspace:
    """A workspace key, used. `http` sends anything else with it."""

    def __init__(self, url: str, id: str, key: str) -> None:
        self.url, self.id, self.key = url, id, key
        self.http = _client(url, key)

    def close(self) -> None:
        self.http.close()

    def register(
        self, slug: str, client_id: str, client_secret: str | None = None, **fields: Any
    ) -> dict[str, Any]:
        body = {"client_id": client_id, **fields}
        if client_secret is not None:
            body["client_secret"] = client_secret
        return made(self.http.put(f"/v1/connectors/{slug}", json=body))

    def assistant(self, name: str = "Acme Assist", **fields: Any) -> Assistant:
        """An assistant whose chat page is `CHAT_ORIGIN` and whose return URL is `RETURN_URL`, unless
        `fields` say otherwise.
        """
        body = {"name": name, "allowed_origins": [CHAT_ORIGIN], "return_urls": [RETURN_URL], **fields}
        answer = made(self.http.post("/v1/assistants", json=body))
        return Assistant(self.url, answer["id"], answer["key"])

    def audit(self, **query: str) -> list[dict[str, Any]]:
        """All audit events, oldest first as the service lists them, over all pages."""
        events: list[dict[str, Any]] = []
        cursor = None
        while True:
            page = made(
                self.http.get(
                    "/v1/audit", params={**query, "limit": "200", **({"cursor": cursor} if cursor else {})}
                )
            )
            events += page["items"]
            cursor = page["next"]
            if not cursor:
                return events


class Assistant:
    """An assistant key, used: a builder's backend. Methods return the raw answer unless their name says
    `new_`.
    """

    def __init__(self, url: str, id: str, key: str) -> None:
        self.url, self.id, self.key = url, id, key
        self.http = _client(url, key)

    def close(self) -> None:
        self.http.close()

    def connect(self, user: str, connector: str, tools: Sequence[Any], **fields: Any) -> httpx.Response:
        body = {"user": {"id": user}, "connector": connector, "tools": list(tools), **fields}
        return self.http.post("/v1/connect-sessions", json=body)

    def new_session(self, user: str, connector: str, tools: Sequence[Any], **fields: Any) -> dict[str, Any]:
        return made(self.connect(user, connector, tools, **fields))

    def session(self, id: str, wait: int = 0) -> dict[str, Any]:
        return made(self.http.get(f"/v1/connect-sessions/{id}", params={"wait": wait} if wait else {}))

    def confirm(self, session: str, user: str, code: str) -> httpx.Response:
        return self.http.post(f"/v1/connect-sessions/{session}/confirm", json={"user": user, "code": code})

    def call(
        self, tool: str, user: str, arguments: dict[str, Any] | None = None, **fields: Any
    ) -> httpx.Response:
        body = {"tool": tool, "user": user, "arguments": arguments or {}, **fields}
        return self.http.post("/v1/tool-calls", json=body)

    def grants(self, **query: str) -> list[dict[str, Any]]:
        return made(self.http.get("/v1/grants", params=query))["items"]

    def grant(self, id: str) -> dict[str, Any]:
        return made(self.http.get(f"/v1/grants/{id}"))

    def revoke(self, id: str) -> httpx.Response:
        return self.http.delete(f"/v1/grants/{id}")
