"""A chat-completions endpoint over a real socket that answers by script: the next of `answers`, whatever it is asked."""

from __future__ import annotations

import json
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer


class FakeModel:
    """`asked` is every request body it was sent, `keys` every Authorization header."""

    def __init__(self) -> None:
        self.answers: list[dict[str, Any] | int] = []  # messages, or a status to fail with
        self.asked: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        app = web.Application()
        app.router.add_post("/v1/chat/completions", self._complete)
        self.server = TestServer(app)

    @property
    def url(self) -> str:
        return str(self.server.make_url("/v1"))

    def says(self, text: str) -> None:
        self.answers.append({"role": "assistant", "content": text})

    def uses(self, *calls: tuple[str, Any]) -> None:
        """Tool calls: the name as offered, and the arguments (a text is sent as it is)."""
        self.answers.append(
            {
                "role": "assistant",
                "content": None,
                "tool_calls": [
                    {
                        "id": f"t{len(self.answers)}-{n}",
                        "type": "function",
                        "function": {
                            "name": name,
                            "arguments": given if isinstance(given, str) else json.dumps(given),
                        },
                    }
                    for n, (name, given) in enumerate(calls)
                ],
            }
        )

    def told(self, request: int = -1) -> list[dict[str, Any]]:
        """The tool messages of a request, decoded."""
        return [
            json.loads(message["content"])
            for message in self.asked[request]["messages"]
            if message["role"] == "tool"
        ]

    async def _complete(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.keys.append(request.headers.get("Authorization"))
        answer = self.answers.pop(0)
        if isinstance(answer, int):
            return web.json_response({"error": {"message": "no"}}, status=answer)
        return web.json_response({"choices": [{"index": 0, "message": answer}]})
