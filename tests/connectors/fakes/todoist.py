"""A fake Todoist: Ada's tasks in an inbox and in a project she shares with Ben.

A token with `task:add` alone adds and reads nothing, not even whose it is. Refresh tokens rotate; revocation takes
the client as HTTP Basic and JSON, as Doist's own client sends it, while the token endpoint takes a form.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Any

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of
from tests.connectors.fakes.todoist_filter import FilterError, parse

ADA, BEN = "2671355", "2671366"
ADD, READ, WRITE = "task:add", "data:read", "data:read_write"
ALL_SCOPES = (ADD, READ, WRITE)
READING, ADDING, WRITING = [[READ], [WRITE]], [[ADD], [WRITE]], [[WRITE]]
CLIENT = ("the-client", "the-client-secret")
INBOX, LOOMS = "6JfInbox", "6JfLooms"
_MADE = "2026-11-01T09:00:00.000000Z"


def _error(status: int, tag: str, words: str, code: int = 0) -> httpx.Response:
    extra = {"event_id": "11112222333344445555", "retry_after": 3}
    told = {
        "error": words,
        "error_code": code or status,
        "error_tag": tag,
        "error_extra": extra,
        "http_code": status,
    }
    return answer(status, told)


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "missing_token":
        return _error(401, "UNAUTHORIZED", "Unauthorized", 477)
    if kind == "missing_scope":
        return _error(403, "AUTH_INSUFFICIENT_TOKEN_SCOPE", "Insufficient Token scope")
    return _error(404, "NOT_FOUND", "Not found", 478)


class Todoist:
    def __init__(self) -> None:
        self.fake = Fake("api.todoist.com", _refusal)
        self.tasks: dict[str, dict[str, Any]] = {}
        self.projects: dict[str, dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self._next = 500
        self._routes()

    def _routes(self) -> None:
        add, id = self.fake.add, "(?P<id>[^/]+)"
        add("GET", "/api/v1/user", READING, self._user)
        add("GET", "/api/v1/projects", READING, self._projects)
        add("GET", "/api/v1/tasks", READING, self._list)
        add("GET", "/api/v1/tasks/filter", READING, self._filter)
        add("GET", f"/api/v1/tasks/{id}", READING, self._task)
        add("POST", "/api/v1/tasks", ADDING, self._create)
        add("POST", f"/api/v1/tasks/{id}/close", WRITING, self._close)
        add("POST", "/api/v1/comments", WRITING, self._comment)
        add("POST", "/oauth/access_token", None, self._token)
        add("POST", "/api/v1/revoke", None, self._revoke)

    # ---- state -------------------------------------------------------------------------------------------

    def put(
        self, id: str, content: str, *, due: str | None = None, project: str = INBOX, **more: Any
    ) -> None:
        """A task with everything Todoist sends of one."""
        when = due and {"date": due, "string": due, "lang": "en", "is_recurring": False, "timezone": None}
        self.tasks[id] = {
            "id": id, "user_id": ADA, "project_id": project, "section_id": None, "parent_id": None, "content": content,
            "description": "", "due": when, "deadline": None, "duration": None, "priority": 1, "labels": [],
            "checked": False, "is_deleted": False, "is_collapsed": False, "child_order": 1, "day_order": -1,
            "added_by_uid": ADA, "assigned_by_uid": None, "responsible_uid": None, "added_at": _MADE,
            "updated_at": _MADE, "completed_at": None, "completed_by_uid": None, "note_count": 0, "goal_ids": [],
        } | more  # fmt: skip

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        assert request.url.host == "api.todoist.com"
        form = form_of(request)
        if (form.pop("client_id", ""), form.pop("client_secret", "")) != CLIENT:
            return answer(401, {"error": "invalid_client"})
        if form["grant_type"] == "authorization_code":
            granted = self.codes.pop(form["code"], None)
        else:
            granted = self.refresh_tokens.pop(form["refresh_token"], None)
        if granted is None and "code" in form:
            return answer(400, {"error": "bad_authorization_code"})
        if granted is None:
            return answer(400, {"error": "invalid_grant"})
        self._next += 1
        access, refresh = f"at-{self._next}", f"rt-{self._next}"
        self.fake.tokens[access] = self.refresh_tokens[refresh] = granted
        return answer(200, {
            "access_token": access, "refresh_token": refresh, "token_type": "Bearer", "expires_in": 3600,
            "scope": " ".join(sorted(granted.scopes)),
        })  # fmt: skip

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        pair = base64.b64encode(":".join(CLIENT).encode()).decode()
        if request.headers.get("authorization") != f"Basic {pair}":
            return answer(401, {"error": "invalid_client"})
        body = body_of(request)
        kept: dict[str, Token] = (
            self.refresh_tokens if body["token_type_hint"] == "refresh_token" else self.fake.tokens
        )
        kept.pop(body["token"], None)
        return answer(200, {})

    # ---- answers -----------------------------------------------------------------------------------------

    def _user(self, request: httpx.Request, token: Token) -> httpx.Response:
        person = {ADA: ("Ada Byron", "ada@acme.example"), BEN: ("Ben Okri", "ben@acme.example")}[token.user]
        told = {"id": token.user, "full_name": person[0], "email": person[1], "karma": 12.0, "lang": "en"}
        return answer(200, told | {"inbox_project_id": INBOX, "tz_info": {"timezone": "Europe/London"}})

    def _projects(self, request: httpx.Request, token: Token) -> httpx.Response:
        return self._page(list(self.projects.values()), request)

    def _list(self, request: httpx.Request, token: Token) -> httpx.Response:
        project = request.url.params["project_id"]
        if project not in self.projects:
            return _refusal("not_found", ())
        return self._page([task for task in self._open() if task["project_id"] == project], request)

    def _filter(self, request: httpx.Request, token: Token) -> httpx.Response:
        assert request.url.params["lang"] == "en"
        try:
            passes = parse(request.url.params["query"], token.user)
        except FilterError as error:
            return _error(400, "INVALID_SEARCH_QUERY", str(error))
        return self._page([task for task in self._open() if passes(task)], request)

    def _open(self) -> list[dict[str, Any]]:
        return [task for task in self.tasks.values() if not task["checked"]]

    def _task(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        return answer(200, self.tasks[id]) if id in self.tasks else _refusal("not_found", ())

    def _create(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        known = {"content", "description", "project_id", "due_date", "priority"}
        project = body.get("project_id", INBOX)
        if set(body) - known or project not in self.projects:
            return _error(400, "INVALID_ARGUMENT_VALUE", "Invalid argument value")
        self._next += 1
        id = f"6X{self._next}"
        more = {name: body[name] for name in ("description", "priority") if name in body}
        self.put(id, body["content"], due=body.get("due_date"), project=project, **more)
        return answer(200, self.tasks[id])

    def _close(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        if id not in self.tasks:
            return _refusal("not_found", ())
        self.tasks[id]["checked"] = True
        return answer(204)

    def _comment(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        if body["task_id"] not in self.tasks:
            return _refusal("not_found", ())
        made = {
            "id": f"7Y{len(self.comments) + 1}", "item_id": body["task_id"], "content": body["content"],
            "posted_uid": token.user, "posted_at": _MADE, "file_attachment": None, "is_deleted": False,
        }  # fmt: skip
        self.comments.append(made)
        return answer(200, made)

    def _page(self, found: list[dict[str, Any]], request: httpx.Request) -> httpx.Response:
        start = int(request.url.params.get("cursor", "cursor-0").removeprefix("cursor-"))
        limit = int(request.url.params.get("limit", 50))
        if not 1 <= limit <= 200:
            return _error(400, "INVALID_ARGUMENT_VALUE", "limit")
        page = found[start : start + limit]
        cursor = f"cursor-{start + len(page)}" if start + len(page) < len(found) else None
        return answer(200, {"results": page, "next_cursor": cursor})


def populated() -> Todoist:
    """Today is 2026-11-24. In the inbox: a task of today, one overdue, one without a date; in the shared project
    "Looms" one of Ada's and one of Ben's."""
    todoist = Todoist()
    for id, name in ((INBOX, "Inbox"), (LOOMS, "Looms")):
        todoist.projects[id] = {
            "id": id, "name": name, "is_shared": id == LOOMS, "color": "blue", "description": "", "is_archived": False,
            "is_favorite": False, "view_style": "list", "child_order": 0, "created_at": _MADE, "updated_at": _MADE,
        }  # fmt: skip
    deadline = {"date": "2026-12-24", "lang": "en"}
    todoist.put(
        "6Xa1", "Call Ada", due="2026-11-24", priority=4, labels=["phone"], description="About the engine",
        deadline=deadline,
    )  # fmt: skip
    todoist.put("6Xa2", "Send the engine offer", due="2026-11-20T10:00:00Z")
    todoist.put("6Xa3", "Read about looms")
    todoist.put("6Xb1", "Oil the loom", due="2026-11-28", project=LOOMS, responsible_uid=ADA)
    todoist.put("6Xb2", "Repair the loom", due="2026-11-24", project=LOOMS, responsible_uid=BEN)
    todoist.tasks["6Xb1"]["due"]["is_recurring"] = True
    return todoist
