"""What a builder's backend needs of Valetkey: its public HTTP API over httpx, and nothing else.

Everything here is in the OpenAPI document at `/schema/openapi.json`; the walk through it is docs/assistant-guide.md.
The key stays in this process: no answer, page or message of the chat ever holds it. A refusal arrives as `Problem`
(RFC 9457), whose `code` is what programs switch on; what people read about it stands in `refusals.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

TIMEOUT_S = 40.0  # longer than Valetkey gives a provider, so that its own `provider_timeout` arrives first


class Problem(Exception):
    """Valetkey said no. `fields` are the members of the problem document besides type, title, status, detail and code."""

    def __init__(self, status: int, code: str, detail: str, fields: dict[str, Any] | None = None) -> None:
        super().__init__(f"{code}: {detail}")
        self.status, self.code, self.detail = status, code, detail
        self.fields = fields or {}


def _problem(response: httpx.Response) -> Problem:
    try:
        body = response.json()
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Problem(response.status_code, "unreadable", "Valetkey's answer could not be read")
    fields = {k: v for k, v in body.items() if k not in ("type", "title", "status", "detail", "code")}
    if "retry_after" not in fields and response.headers.get("retry-after", "").isdigit():
        fields["retry_after"] = int(response.headers["retry-after"])
    detail = str(body.get("detail") or body.get("title") or "")
    return Problem(response.status_code, str(body.get("code", "unreadable")), detail, fields)


class Valetkey:
    """One assistant's view of one Valetkey. `origin` is where the chat page lives: the only window the popup answers to."""

    def __init__(self, url: str, key: str, origin: str) -> None:
        self.url, self.origin = url.rstrip("/"), origin
        self._http = httpx.AsyncClient(
            base_url=self.url, headers={"Authorization": f"Bearer {key}"}, timeout=TIMEOUT_S, trust_env=False
        )

    async def close(self) -> None:
        await self._http.aclose()

    async def _send(self, method: str, path: str, **options: Any) -> Any:
        try:
            response = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise Problem(0, "unreachable", "Valetkey could not be reached") from error
        if response.is_error:
            raise _problem(response)
        return response.json()

    async def _every(self, path: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        """All pages of a list; the demo's lists are short, so 20 pages are a mistake of somebody's."""
        items: list[dict[str, Any]] = []
        for _ in range(20):
            page = await self._send("GET", path, params=params)
            items += page["items"]
            if not page.get("next"):
                break
            params = {**params, "cursor": page["next"]}
        return items

    async def tools(self, user: str, form: str = "valetkey") -> list[dict[str, Any]]:
        """The tools this assistant may use; in the `valetkey` form each says whether `user` granted it."""
        return await self._every("/v1/tools", {"user": user, "format": form})

    async def grants(self, user: str) -> list[dict[str, Any]]:
        return await self._every("/v1/grants", {"user": user})

    async def call(
        self, user: str, tool: str, arguments: dict[str, Any], once: str | None = None
    ) -> dict[str, Any]:
        """Use a tool for `user`. `once` is the idempotency key of a change: the same one twice does it once."""
        body: dict[str, Any] = {"tool": tool, "user": user, "arguments": arguments, "origin": self.origin}
        if once is not None:
            body["idempotency_key"] = once
        return await self._send("POST", "/v1/tool-calls", json=body)

    async def connect(
        self,
        user: dict[str, str],
        connector: str,
        tools: Sequence[dict[str, Any]],
        purpose: str,
        return_url: str | None = None,
    ) -> dict[str, Any]:
        """A new connect session: with `return_url` the answer comes by redirect, else by message to the chat's window."""
        body: dict[str, Any] = {
            "user": user,
            "connector": connector,
            "tools": list(tools),
            "purpose": purpose,
        }
        body |= {"return_url": return_url} if return_url else {"origin": self.origin}
        return await self._send("POST", "/v1/connect-sessions", json=body)

    async def session(self, session: str) -> dict[str, Any]:
        return await self._send("GET", f"/v1/connect-sessions/{session}")

    async def confirm(self, session: str, user: str, code: str) -> dict[str, Any]:
        """Turn an answered session into a grant. `user` is who is signed in here, never what the page or the link says."""
        answer = await self._send(
            "POST", f"/v1/connect-sessions/{session}/confirm", json={"user": user, "code": code}
        )
        return answer["grant"]

    async def revoke(self, grant: str) -> dict[str, Any]:
        return await self._send("DELETE", f"/v1/grants/{grant}")

    async def portal(self, user: str, return_url: str | None = None) -> str:
        """A link to the user's own page at Valetkey; it works once, so it is made when it is followed."""
        body = {"user": user, "return_url": return_url} if return_url else {"user": user}
        return (await self._send("POST", "/v1/portal-sessions", json=body))["url"]
