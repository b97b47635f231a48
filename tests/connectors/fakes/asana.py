"""A fake Asana: two workspaces, two people, their tasks. Stricter than the real one: it wants `opt_fields` with every call,
knows no query parameter but those documented, and gives of a thing inside another only what needs no further scope.

The words of a missing scope are made up: Asana's page says only that it is a 403.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of

ADA, BEN = "701", "702"
ACME, HOME = "11", "12"
CLIENT = ("the-client", "the-client-secret")
USERS_READ, WORKSPACES_READ, PROJECTS_READ = "users:read", "workspaces:read", "projects:read"
TASKS_READ, TASKS_WRITE, STORIES_WRITE = "tasks:read", "tasks:write", "stories:write"
ALL_SCOPES = (USERS_READ, WORKSPACES_READ, PROJECTS_READ, TASKS_READ, TASKS_WRITE, STORIES_WRITE)
USERS: dict[str, dict[str, Any]] = {
    ADA: {"gid": ADA, "resource_type": "user", "name": "Ada Byron", "email": "ada@acme.example"},
    BEN: {"gid": BEN, "resource_type": "user", "name": "Ben Okri", "email": "ben@acme.example"},
}
WORKSPACES = {ACME: "Acme", HOME: "Home"}
NOW = "2026-11-24T08:00:00Z"
_HELP = "For more information on API status codes and how to handle them, read the docs on errors."
_INSIDE = (
    "assignee",
    "projects",
    "workspace",
    "created_by",
    "followers",
    "memberships",
)  # things inside a task
_FREE = ("gid", "name", "resource_type", "resource_subtype")


def errors(status: int, message: str) -> httpx.Response:
    return answer(status, {"errors": [{"message": message, "help": _HELP}]})


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "missing_token":
        return errors(401, "The bearer token has expired. If you have a refresh token, please use it.")
    if kind == "missing_scope":
        return errors(403, f"Your app lacks a required OAuth scope: {', '.join(scopes)}")
    return errors(404, "No matching route for request")


def _unknown(what: str, gid: str) -> httpx.Response:
    return errors(404, f"{what}: Unknown object: {gid}")


class Asana:
    def __init__(self) -> None:
        self.fake = Fake("app.asana.com", _refusal)
        self.premium = True
        self.projects: dict[str, dict[str, Any]] = {}
        self.tasks: dict[str, dict[str, Any]] = {}
        self.stories: list[dict[str, Any]] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self._next = 0
        self._routes()

    def _routes(self) -> None:
        add, api, id = self.fake.add, "/api/1.0", "(?P<id>[^/]+)"
        add("GET", f"{api}/users/me", [[USERS_READ]], self._me)
        add("GET", f"{api}/workspaces", [[WORKSPACES_READ]], self._workspaces)
        add("GET", f"{api}/projects", [[PROJECTS_READ]], self._projects)
        add("GET", f"{api}/workspaces/{id}/tasks/search", [[TASKS_READ]], self._search)
        add("GET", f"{api}/tasks", [[TASKS_READ]], self._list)
        add("POST", f"{api}/tasks", [[TASKS_WRITE]], self._create)
        add("GET", f"{api}/tasks/{id}", [[TASKS_READ]], self._get)
        add("PUT", f"{api}/tasks/{id}", [[TASKS_WRITE]], self._put)
        add("POST", f"{api}/tasks/{id}/stories", [[STORIES_WRITE]], self._comment)
        add("POST", "/-/oauth_token", None, self._token)
        add("POST", "/-/oauth_revoke", None, self._revoke)

    # ---- state -------------------------------------------------------------------------------------------

    def project(self, gid: str, name: str, workspace: str = ACME, archived: bool = False) -> None:
        self.projects[gid] = {
            "gid": gid, "resource_type": "project", "name": name, "archived": archived,
            "workspace": {"gid": workspace}, "permalink_url": f"https://app.asana.com/1/{workspace}/project/{gid}",
        }  # fmt: skip

    def task(self, gid: str, name: str, workspace: str = ACME, **more: Any) -> dict[str, Any]:
        """A whole record, as Asana gives a single task when nobody says which fields are wanted."""
        self.tasks[gid] = {
            "gid": gid, "resource_type": "task", "resource_subtype": "default_task", "name": name, "notes": "",
            "html_notes": "<body></body>", "completed": False, "completed_at": None, "due_on": None, "due_at": None,
            "start_on": None, "start_at": None, "assignee": None, "assignee_status": "upcoming",
            "created_at": f"2026-11-{int(gid) % 20 + 1:02}T09:00:00.000Z", "modified_at": "2026-11-20T09:00:00.000Z",
            "workspace": {"gid": workspace, "resource_type": "workspace", "name": WORKSPACES[workspace]},
            "projects": [], "memberships": [], "tags": [], "followers": [_compact(USERS[ADA]), _compact(USERS[BEN])],
            "custom_fields": [_custom_field(at) for at in range(3)], "hearted": False, "hearts": [], "liked": False,
            "likes": [], "num_hearts": 0, "num_likes": 0, "parent": None, "actual_time_minutes": None,
            "permalink_url": f"https://app.asana.com/1/{workspace}/task/{gid}", **more,
        }  # fmt: skip
        return self.tasks[gid]

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        """A form; the same refresh token stays good. The answer names no scopes."""
        form = form_of(request)
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return answer(401, {"error": "invalid_client", "error_description": "The client is not known."})
        refresh = form.get("refresh_token") or f"rt-{self._next + 1}"
        if form["grant_type"] == "authorization_code":
            granted = self.codes.pop(form["code"], None)
        else:
            granted = self.refresh_tokens.get(refresh)
        if granted is None:
            return answer(400, {"error": "invalid_grant", "error_description": "The code is not valid."})
        self._next += 1
        self.fake.tokens[f"at-{self._next}"] = self.refresh_tokens[refresh] = granted
        body: dict[str, Any] = {
            "access_token": f"at-{self._next}",
            "expires_in": 3600,
            "token_type": "bearer",
        }
        if form["grant_type"] == "authorization_code":
            body |= {"refresh_token": refresh, "data": {"id": 1, **USERS[granted.user]}}
        return answer(200, body)

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return answer(401, {"error": "invalid_client"})
        self.refresh_tokens.pop(form["token"], None)
        return answer(200, {})

    # ---- reading -----------------------------------------------------------------------------------------

    def _me(self, request: httpx.Request, token: Token) -> httpx.Response:
        return answer(200, {"data": _picked(USERS[token.user], request)})

    def _workspaces(self, request: httpx.Request, token: Token) -> httpx.Response:
        found = [{"gid": gid, "name": name} for gid, name in WORKSPACES.items()]
        return _paged(found, request, ())

    def _projects(self, request: httpx.Request, token: Token) -> httpx.Response:
        asked = request.url.params
        found = [
            one for one in self.projects.values()
            if one["workspace"]["gid"] == asked.get("workspace") and str(one["archived"]).lower() == asked.get("archived")
        ]  # fmt: skip
        return _paged(found, request, ("workspace", "archived"))

    def _list(self, request: httpx.Request, token: Token) -> httpx.Response:
        asked = request.url.params
        if ("project" in asked) == ("assignee" in asked and "workspace" in asked):
            return errors(
                400,
                "Must specify exactly one of project, tag, section, user task list, or assignee + workspace",
            )
        if "project" in asked and asked["project"] not in self.projects:
            return _unknown("project", asked["project"])
        found = [one for one in self.tasks.values() if self._is_listed(one, asked, token)]
        return _paged(found, request, ("project", "assignee", "workspace", "completed_since"))

    def _is_listed(self, task: dict[str, Any], asked: httpx.QueryParams, token: Token) -> bool:
        if "project" in asked:
            here = asked["project"] in [one["gid"] for one in task["projects"]]
        else:
            assert asked["assignee"] == "me"
            own = bool(task["assignee"]) and task["assignee"]["gid"] == token.user
            here = own and task["workspace"]["gid"] == asked["workspace"]
        since = asked.get("completed_since")
        return here and (since is None or not task["completed"] or task["completed_at"] >= since)

    def _search(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        """The newest first; no pages, only a bound for the moment of creation."""
        if not self.premium:
            return errors(402, "Search is only available to premium users.")
        asked = request.url.params
        assert set(asked) <= {"text", "completed", "opt_fields", "limit", "sort_by", "created_at.before"}
        assert asked["sort_by"] == "created_at"
        words = asked["text"].lower().split()
        found = [
            one for one in self.tasks.values()
            if one["workspace"]["gid"] == id and all(word in f"{one['name']} {one['notes']}".lower() for word in words)
            and ("completed" not in asked or str(one["completed"]).lower() == asked["completed"])
            and one["created_at"] < asked.get("created_at.before", "9")
        ]  # fmt: skip
        found.sort(key=lambda one: str(one["created_at"]), reverse=True)
        return answer(200, {"data": [_picked(one, request) for one in found[: int(asked["limit"])]]})

    def _get(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        return (
            answer(200, {"data": _picked(self.tasks[id], request)})
            if id in self.tasks
            else _unknown("task", id)
        )

    # ---- writing -----------------------------------------------------------------------------------------

    def _create(self, request: httpx.Request, token: Token) -> httpx.Response:
        data = _data(request)
        assert set(data) <= {"name", "notes", "workspace", "projects", "assignee", "due_on"}
        if data["workspace"] not in WORKSPACES:
            return errors(400, f"workspace: Unknown object: {data['workspace']}")
        projects = [self.projects.get(gid) for gid in data.get("projects", [])]
        if any(one is None or one["workspace"]["gid"] != data["workspace"] for one in projects):
            return errors(400, "projects: [0]: Unknown object")
        assert data.get("assignee") in (None, "me")
        more: dict[str, Any] = {name: data[name] for name in ("notes", "due_on") if name in data}
        more |= {"assignee": _compact(USERS[token.user]) if "assignee" in data else None}
        more |= {"projects": [_compact(one) for one in projects if one]}
        made = self.task(str(900 + len(self.tasks)), data["name"], data["workspace"], **more)
        return answer(201, {"data": _picked(made, request)})

    def _put(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        if id not in self.tasks:
            return _unknown("task", id)
        data = _data(request)
        if data.get("due_on") == "2026-01-01":
            return errors(400, "due_on: This date is not possible")
        self.tasks[id].update(data)
        return answer(200, {"data": _picked(self.tasks[id], request)})

    def _comment(self, request: httpx.Request, token: Token, id: str) -> httpx.Response:
        if id not in self.tasks:
            return _unknown("task", id)
        gid = str(801 + len(self.stories))
        made = {
            "gid": gid,
            "created_at": "2026-11-24T08:00:00.000Z",
            "task": id,
            "author": token.user,
            **_data(request),
        }
        self.stories.append(made)
        return answer(201, {"data": _picked(made, request)})


def _data(request: httpx.Request) -> dict[str, Any]:
    body = body_of(request)
    assert set(body) == {"data"}, "Asana takes what is written in `data`"
    data: dict[str, Any] = body["data"]
    return data


def _compact(record: dict[str, Any]) -> dict[str, Any]:
    return {name: record[name] for name in _FREE if name in record}


def _picked(record: dict[str, Any], request: httpx.Request) -> dict[str, Any]:
    """The id and the fields asked for; of a thing inside, those that need no further scope."""
    fields = request.url.params.get("opt_fields")
    assert fields, "opt_fields is asked with every call"
    picked: dict[str, Any] = {"gid": record["gid"]}
    for field in fields.split(","):
        name, _, inner = field.partition(".")
        if not inner:
            assert name not in _INSIDE or record is not None
            picked[name] = record[name]
            continue
        assert name in _INSIDE and inner in _FREE, f"{field} needs a scope of its own"
        picked[name] = _inner(record[name], inner)
    return picked


def _inner(value: Any, name: str) -> Any:
    if isinstance(value, list):
        return [_inner(one, name) for one in value]
    return None if value is None else {"gid": value["gid"], name: value[name]}


def _paged(found: Sequence[dict[str, Any]], request: httpx.Request, known: Sequence[str]) -> httpx.Response:
    asked = request.url.params
    assert set(asked) <= {"opt_fields", "limit", "offset", *known}, set(asked)
    offset, limit = asked.get("offset", "offset-0"), int(asked["limit"])
    if not (offset.startswith("offset-") and offset[7:].isdigit()):
        return errors(400, "offset: Your pagination token is invalid.")
    start = int(offset[7:])
    page, following = found[start : start + limit], None
    if start + limit < len(found):
        told = f"{request.url.path}?limit={limit}&offset=offset-{start + limit}"
        uri = f"https://app.asana.com{told}"
        following = {"offset": f"offset-{start + limit}", "path": told.removeprefix("/api/1.0"), "uri": uri}
    return answer(200, {"data": [_picked(one, request) for one in page], "next_page": following})


def _custom_field(number: int) -> dict[str, Any]:
    options = [
        {
            "gid": f"{number}0{at}",
            "resource_type": "enum_option",
            "name": f"Level {at}",
            "enabled": True,
            "color": "blue",
        }
        for at in range(4)
    ]
    return {
        "gid": f"55{number}", "resource_type": "custom_field", "resource_subtype": "enum", "type": "enum",
        "name": f"Field {number}", "enabled": True, "enum_options": options, "enum_value": options[1],
        "display_value": "Level 1", "representation_type": "enum", "is_formula_field": False, "is_value_read_only": False,
        "default_access_level": "editor", "privacy_setting": "public_with_guests",
    }  # fmt: skip


def populated() -> Asana:
    """Acme with two projects; 101, 102 and 104 are Ada's (104 is done), 103 is Ben's; 201 is Ada's at home."""
    asana = Asana()
    asana.project("301", "Website")
    asana.project("302", "Engine")
    asana.project("303", "Old things", archived=True)
    website, ada, ben = _compact(asana.projects["301"]), _compact(USERS[ADA]), _compact(USERS[BEN])
    asana.task(
        "101",
        "Fix login",
        assignee=ada,
        due_on="2026-12-01",
        projects=[website],
        notes="The form is <b>blank</b>.",
    )
    asana.task("102", "Login is slow", assignee=ada)
    asana.task("103", "Login page wording", assignee=ben, projects=[website])
    asana.task("104", "Old login", assignee=ada, completed=True, completed_at="2026-11-10T09:00:00.000Z")
    asana.task("201", "Water the plants", HOME, assignee=ada)
    return asana
