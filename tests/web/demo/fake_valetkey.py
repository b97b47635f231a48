"""Valetkey as an assistant's backend sees it: the Assistant API over a real socket, with state, on the
connector's real tools.

It keeps to the wire contract where the chat depends on it: the newest grant decides, an open session is used
again, a confirmation is for one user and once. What a person does on Valetkey's pages is done from the test:
`consent`, `refuse`, `stop`.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web
from aiohttp.test_utils import TestServer

from connectors.northwind import northwind

KEY = "vka_0000000000000000000001_0000000000000000000000000000000000000000001_000000"
Body = dict[str, Any]


@dataclass
class Session:
    id: str
    user: str
    tools: list[str]
    asked: list[Any]
    purpose: str | None
    return_url: str | None
    origin: str | None
    status: str = "created"
    code: str | None = None
    chosen: list[str] = field(default_factory=list)


@dataclass
class Grant:
    id: str
    user: str
    tools: list[str]
    status: str = "active"

    def shown(self) -> Body:
        return {
            "id": self.id,
            "status": self.status,
            "user": self.user,
            "connector": "northwind",
            "account": {
                "id": f"us_{self.user}",
                "label": f"{self.user}@northwind.example in Northwind Trading",
            },
            "tools": self.tools,
            "expires_at": "2026-12-24T14:03:00.000Z",
        }


class Refused(Exception):
    def __init__(self, status: int, code: str, **fields: Any) -> None:
        super().__init__(code)
        self.status, self.code, self.fields = status, code, fields


class Fake:
    def __init__(self) -> None:
        self.tools = {tool.name: tool for tool in northwind.tools.values()}
        self.sessions: dict[str, Session] = {}
        self.grants: list[Grant] = []
        self.results: dict[str, Any] = {}  # by tool; a callable gets the arguments
        self.troubles: list[Refused] = []  # the next tool calls answer these instead
        self.calls: list[Body] = []  # every tool call that was let through
        self.portals: list[Body] = []
        self.upstream = "revoked"
        self.accounts = 1  # how many a sign-in covers
        self._numbers = itertools.count(1)
        self._kept: dict[str, Body] = {}
        self.server = TestServer(self._app())

    @property
    def url(self) -> str:
        return str(self.server.make_url("")).rstrip("/")

    # ---- what people do on Valetkey's pages -----------------------------------------------------------------------

    def consent(self, session_id: str, tools: list[str] | None = None) -> str:
        """The person agrees, at Valetkey and at the provider. The completion code."""
        session = self.sessions[session_id]
        assert session.status == "created", session
        session.status, session.chosen, session.code = (
            "authorized",
            tools or session.tools,
            f"code-of-{session.id}",
        )
        return session.code

    def choose(self, session_id: str) -> str:
        """Of several accounts the person chooses one. The new completion code."""
        session = self.sessions[session_id]
        assert session.status == "consented", session
        session.status, session.code = "authorized", f"code-of-choice-{session.id}"
        return session.code

    def refuse(self, session_id: str) -> None:
        self.sessions[session_id].status = "denied"

    def give(self, user: str, *tools: str) -> Grant:
        """A grant of before."""
        grant = Grant(f"gr_{next(self._numbers)}", user, list(tools))
        self.grants.append(grant)
        return grant

    # ---- the API --------------------------------------------------------------------------------------------------

    def _app(self) -> web.Application:
        app = web.Application(middlewares=[self._answer])
        app.router.add_get("/v1/tools", self._tools)
        app.router.add_post("/v1/tool-calls", self._call)
        app.router.add_post("/v1/connect-sessions", self._connect)
        app.router.add_get("/v1/connect-sessions/{id}", self._one)
        app.router.add_post("/v1/connect-sessions/{id}/confirm", self._confirm)
        app.router.add_get("/v1/grants", self._grants)
        app.router.add_delete("/v1/grants/{id}", self._revoke)
        app.router.add_post("/v1/portal-sessions", self._portal)
        return app

    @web.middleware
    async def _answer(self, request: web.Request, handler: Any) -> web.StreamResponse:
        try:
            if request.headers.get("Authorization") != f"Bearer {KEY}":
                raise Refused(401, "invalid_credentials")
            status, body = await handler(request)
        except Refused as no:
            body = {
                "type": f"urn:valetkey:problem:{no.code}",
                "title": no.code,
                "status": no.status,
                "code": no.code,
            }
            body |= {"detail": f"detail of {no.code}", **no.fields}
            return web.json_response(body, status=no.status, content_type="application/problem+json")
        return web.json_response(body, status=status)

    async def _tools(self, request: web.Request) -> tuple[int, Body]:
        granted = {name for grant in self._live(request.query["user"]) for name in grant.tools}
        items = [
            self._shown(tool, request.query.get("format", "valetkey"), granted)
            for tool in self.tools.values()
        ]
        return 200, {"items": items, "next": None}

    def _shown(self, tool: Any, form: str, granted: set[str]) -> Body:
        if form == "openai":
            function = {"name": tool.name.replace(".", "__"), "description": tool.description}
            return {"type": "function", "function": {**function, "parameters": tool.input_schema}}
        shown = {
            name: getattr(tool, name) for name in ("name", "title", "description", "risk", "sees", "changes")
        }
        return {**shown, "granted": tool.name in granted}

    def _live(self, user: str) -> list[Grant]:
        return [grant for grant in self.grants if grant.user == user and grant.status == "active"]

    async def _call(self, request: web.Request) -> tuple[int, Body]:
        body = await request.json()
        if body["tool"] not in self.tools:
            raise Refused(404, "unknown_tool")
        if self.troubles:
            raise self.troubles.pop(0)
        grant = self._grant_for(body)
        self.calls.append(body)
        key = body.get("idempotency_key")
        if key in self._kept:
            return 200, self._kept[key]
        made = self.results.get(body["tool"], {"items": []})
        result = made(body["arguments"]) if callable(made) else made
        following = result.pop("next", None) if isinstance(result, dict) else None
        answer = {
            "id": f"call_{next(self._numbers)}",
            "tool": body["tool"],
            "grant": grant.id,
            "result": result,
        }
        answer |= {"truncated": False} | ({"next": following} if following else {})
        if key:
            self._kept[key] = answer
        return 200, answer

    def _grant_for(self, body: Body) -> Grant:
        """Newest matching grant decides."""
        mine = [grant for grant in reversed(self.grants) if grant.user == body["user"]]
        newest = mine[0] if mine else None
        if newest is None or (newest.status == "active" and body["tool"] not in newest.tools):
            raise Refused(
                403,
                "consent_required",
                tool=body["tool"],
                missing_tools=[body["tool"]],
                connect=self._ready(body),
            )
        ended = {
            "revoked": "grant_revoked",
            "expired": "grant_expired",
            "needs_reconnect": "reconnect_required",
        }
        if newest.status in ended:
            raise Refused(403, ended[newest.status], connect=self._ready(body))
        if newest.status == "suspended":
            raise Refused(403, "grant_suspended")
        return newest

    def _ready(self, body: Body) -> Body:
        for session in self.sessions.values():
            if (session.user, session.tools, session.status) == (body["user"], [body["tool"]], "created"):
                return self._link(session)
        return self._link(self._open(body["user"], [body["tool"]], body))

    def _open(self, user: str, tools: list[str], body: Body) -> Session:
        session = Session(
            f"cs_{next(self._numbers)}", user, tools, body.get("tools", []),
            body.get("purpose"), body.get("return_url"), body.get("origin"),
        )  # fmt: skip
        self.sessions[session.id] = session
        return session

    def _link(self, session: Session) -> Body:
        return {
            "id": session.id,
            "url": f"{self.url}/connect/{session.id}",
            "expires_at": "2026-11-24T15:00:00.000Z",
        }

    async def _connect(self, request: web.Request) -> tuple[int, Body]:
        body = await request.json()
        tools = [one if isinstance(one, str) else one["tool"] for one in body["tools"]]
        if unknown := [name for name in tools if name not in self.tools]:
            raise Refused(404, "unknown_tool", tools=unknown)
        return 201, {**self._link(self._open(body["user"]["id"], tools, body)), "status": "created"}

    async def _one(self, request: web.Request) -> tuple[int, Body]:
        session = self.sessions.get(request.match_info["id"])
        if session is None:
            raise Refused(404, "not_found")
        return 200, {"id": session.id, "status": session.status}

    async def _confirm(self, request: web.Request) -> tuple[int, Body]:
        body, session = await request.json(), self.sessions.get(request.match_info["id"])
        if session is None:
            raise Refused(404, "not_found")
        if session.status == "completed":
            raise Refused(409, "already_confirmed")
        if session.status != "authorized":
            raise Refused(410, "session_ended")
        if body["code"] != session.code:
            raise Refused(403, "invalid_code")
        if body["user"] != session.user:
            session.status = "failed"
            raise Refused(403, "user_mismatch")
        if self.accounts > 1 and not session.code.startswith("code-of-choice-"):
            session.status = "consented"
            accounts = [{"id": f"a{n}", "label": f"account {n}"} for n in range(self.accounts)]
            raise Refused(409, "account_required", accounts=accounts, connect=self._link(session))
        session.status = "completed"
        live = self._live(session.user)
        if not live:
            return 200, {"grant": self.give(session.user, *session.chosen).shown()}
        live[-1].tools = [*live[-1].tools, *session.chosen]
        return 200, {"grant": live[-1].shown()}

    async def _grants(self, request: web.Request) -> tuple[int, Body]:
        mine = [grant.shown() for grant in self.grants if grant.user == request.query["user"]]
        return 200, {"items": mine, "next": None}

    async def _revoke(self, request: web.Request) -> tuple[int, Body]:
        for grant in self.grants:
            if grant.id == request.match_info["id"]:
                grant.status = "revoked"
                return 200, {"id": grant.id, "status": "revoked", "upstream": self.upstream}
        raise Refused(404, "not_found")

    async def _portal(self, request: web.Request) -> tuple[int, Body]:
        self.portals.append(await request.json())
        return 201, {
            "url": f"{self.url}/me?ticket={len(self.portals)}",
            "expires_at": "2026-11-24T15:00:00.000Z",
        }
