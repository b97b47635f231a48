"""A fake GitLab: two people, three projects, issues, notes and merge requests.

A project in a path is its number or its whole path as *one* segment, so paths are read before they are decoded. Like the real
one it obeys lines that begin with `/`. Its tokens are rows with an access and a refresh token, that end together.
"""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of

CLIENT = ("the-client", "the-client-secret")
HOST = "https://gitlab.com"
READ, ALL = "read_api", "api"
ALL_SCOPES = (READ, ALL)
ADA, BEN = "ada", "ben"
_PEOPLE = {ADA: (7, "Ada Byron"), BEN: (8, "Ben Okri")}
_COMMAND = re.compile(r"^/(?P<name>[a-z_]+)(?: (?P<rest>[^\n]*))?(?:\n|$)", re.MULTILINE)


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "missing_token":
        told = "Token is expired. You can either do re-authorization or token refresh."
        return answer(401, {"error": "invalid_token", "error_description": told})
    if kind == "missing_scope":
        enough = [ALL] if ALL in scopes else [ALL, READ]  # any of them
        told = "The request requires higher privileges than provided by the access token."
        return answer(
            403, {"error": "insufficient_scope", "error_description": told, "scope": " ".join(enough)}
        )
    return answer(404, {"message": "404 Not found"})


class Undecoded(Fake):
    """Routes see `%2F` where it was sent; the requests that are kept are those that came."""

    def _route(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode().replace("%2F", "%252F")
        url = f"https://{self.host}{path}"
        return super()._route(
            httpx.Request(request.method, url, headers=request.headers, content=request.content)
        )


@dataclass
class Row:
    token: Token
    access: str
    refresh: str


@dataclass
class GitLab:
    """`by_cursor`: lists of issues page by a key, as newer releases do."""

    by_cursor: bool = False
    fake: Fake = field(default_factory=lambda: Undecoded("gitlab.com", _refusal))
    projects: dict[int, dict[str, Any]] = field(default_factory=dict)
    issues: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    merge_requests: list[dict[str, Any]] = field(default_factory=list)
    notes: list[dict[str, Any]] = field(default_factory=list)
    codes: dict[str, Token] = field(default_factory=dict)
    rows: list[Row] = field(default_factory=list)
    made: int = 0

    def __post_init__(self) -> None:
        add, issues = self.fake.add, "/api/v4/projects/(?P<project>[^/]+)/issues"
        reads, writes = [[READ], [ALL]], [[ALL]]
        add("POST", "/oauth/token", None, self._token)
        add("POST", "/oauth/revoke", None, self._revoke)
        add("GET", "/api/v4/user", reads, self._user)
        add("GET", "/api/v4/projects", reads, self._projects)
        add("GET", "/api/v4/issues", reads, self._issues)
        add("GET", "/api/v4/merge_requests", reads, self._merge_requests)
        add("GET", issues, reads, self._issues)
        add("POST", issues, writes, self._create)
        add("GET", issues + "/(?P<iid>[0-9]+)", reads, self._issue)
        add("PUT", issues + "/(?P<iid>[0-9]+)", writes, self._update)
        add("GET", issues + "/(?P<iid>[0-9]+)/notes", reads, self._notes)
        add("POST", issues + "/(?P<iid>[0-9]+)/notes", writes, self._note)

    # ---- state -------------------------------------------------------------------------------------------

    def project(self, id: int, path: str, *members: str, **more: Any) -> None:
        self.projects[id] = {"path": path, "members": members, "description": None, "archived": False, **more}

    def put(self, project: int, iid: int, title: str, **more: Any) -> None:
        self.issues[project, iid] = {
            "title": title, "state": "opened", "description": None, "author": BEN, "assignees": [], "labels": [],
            "due_date": None, "confidential": False, "closed_at": None, **more,
        }  # fmt: skip

    def say(self, project: int, iid: int, body: str, author: str = BEN, **more: Any) -> dict[str, Any]:
        made = {"id": 301 + len(self.notes), "key": (project, iid), "body": body, "author": author, **more}
        self.notes.append(made)
        return made

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _client(self, request: httpx.Request) -> dict[str, str] | None:
        form = form_of(request)
        known = (form.pop("client_id", ""), form.pop("client_secret", "")) == CLIENT
        return form if known else None

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = self._client(request)
        if form is None:
            return answer(401, {"error": "invalid_client"})
        if form["grant_type"] == "authorization_code":
            granted = self.codes.pop(form["code"], None)
            return self._give(granted) if granted else answer(400, {"error": "invalid_grant"})
        row = next((one for one in self.rows if one.refresh == form["refresh_token"]), None)
        if row is None:
            return answer(400, {"error": "invalid_grant", "error_description": "It is expired, revoked."})
        wanted = frozenset(form["scope"].split()) if "scope" in form else row.token.scopes
        if not wanted <= row.token.scopes:
            return answer(400, {"error": "invalid_scope"})
        self._end(row)
        return self._give(Token(row.token.user, wanted))

    def _give(self, granted: Token) -> httpx.Response:
        self.made += 1
        row = Row(Token(granted.user, granted.scopes), f"at-{self.made}", f"rt-{self.made}")
        self.rows.append(row)
        self.fake.tokens[row.access] = row.token
        return answer(200, {
            "access_token": row.access, "token_type": "Bearer", "expires_in": 7200, "refresh_token": row.refresh,
            "scope": " ".join(sorted(granted.scopes)), "created_at": 1790000000,
        })  # fmt: skip

    def _end(self, row: Row) -> None:
        self.rows.remove(row)
        self.fake.tokens.pop(row.access, None)

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        form = self._client(request)
        if form is None:
            return answer(403, {"error": "unauthorized_client"})
        for row in [one for one in self.rows if form["token"] in (one.access, one.refresh)]:
            self._end(row)
        return answer(200, {})

    # ---- answers -----------------------------------------------------------------------------------------

    def _user(self, request: httpx.Request, token: Token) -> httpx.Response:
        return answer(
            200, {**person(token.user), "email": f"{token.user}@acme.example", "two_factor_enabled": True}
        )

    def _projects(self, request: httpx.Request, token: Token) -> httpx.Response:
        params = request.url.params
        assert (params["pagination"], params["order_by"], params["sort"]) == ("keyset", "id", "desc")
        assert params["membership"] == "true"
        words, before = params.get("search", "").lower(), int(params.get("id_before", 10**9))
        found = [
            id
            for id, project in sorted(self.projects.items(), reverse=True)
            if token.user in project["members"] and not project["archived"]
            and words in project["path"].lower() and id < before
        ]  # fmt: skip
        size = int(params["per_page"])
        shown = [self._project_wire(id) for id in found[:size]]
        following = {"id_before": str(found[size - 1])} if len(found) > size else None
        return self._answered(request, shown, following)

    def _issues(self, request: httpx.Request, token: Token, project: str | None = None) -> httpx.Response:
        params = request.url.params
        place = self._project(token, project) if project else None
        if project and place is None:
            return answer(404, {"message": "404 Project Not Found"})
        found = [
            key
            for key, issue in reversed(self.issues.items())
            if token.user in self.projects[key[0]]["members"]
            and place in (None, key[0])
            and params["state"] in ("all", issue["state"])
            and (params["scope"] == "all" or token.user in issue["assignees"])
            and _holds(issue, params.get("search", ""))
        ]
        assert params["scope"] in ("all", "assigned_to_me")
        return self._page(request, [self._issue_wire(*key) for key in found], by_cursor=self.by_cursor)

    def _merge_requests(self, request: httpx.Request, token: Token) -> httpx.Response:
        params = request.url.params
        mine = {"assigned_to_me": "assignees", "created_by_me": "authors", "reviews_for_me": "reviewers"}
        found = [
            one
            for one in self.merge_requests
            if token.user in one[mine[params["scope"]]] and params["state"] in ("all", one["state"])
        ]
        return self._page(request, [self._merge_request_wire(one) for one in found])

    def _issue(self, request: httpx.Request, token: Token, project: str, iid: str) -> httpx.Response:
        key = self._key(token, project, iid)
        return answer(200, self._issue_wire(*key)) if key else self.fake.refusal("not_found", ())

    def _create(self, request: httpx.Request, token: Token, project: str) -> httpx.Response:
        place, body = self._project(token, project), body_of(request)
        if place is None:
            return answer(404, {"message": "404 Project Not Found"})
        if body["title"] == "too bad":
            return answer(400, {"message": {"title": ["is too long (maximum is 255 characters)"]}})
        iid = 1 + max((one for where, one in self.issues if where == place), default=0)
        self.put(place, iid, body["title"], author=token.user, due_date=body.get("due_date"))
        self.issues[place, iid]["description"] = self._obeyed(place, iid, body.get("description"))
        return answer(201, self._issue_wire(place, iid))

    def _update(self, request: httpx.Request, token: Token, project: str, iid: str) -> httpx.Response:
        key, body = self._key(token, project, iid), body_of(request)
        if not key:
            return self.fake.refusal("not_found", ())
        assert set(body) == {"state_event"}
        self.issues[key]["state"] = {"close": "closed", "reopen": "opened"}[body["state_event"]]
        return answer(200, self._issue_wire(*key))

    def _notes(self, request: httpx.Request, token: Token, project: str, iid: str) -> httpx.Response:
        key = self._key(token, project, iid)
        if not key:
            return self.fake.refusal("not_found", ())
        params = request.url.params
        assert (params["sort"], params["order_by"]) == ("asc", "created_at")
        found = [one for one in self.notes if one["key"] == key]
        return self._page(request, [self._note_wire(one) for one in found])

    def _note(self, request: httpx.Request, token: Token, project: str, iid: str) -> httpx.Response:
        key = self._key(token, project, iid)
        if not key:
            return self.fake.refusal("not_found", ())
        body = self._obeyed(*key, body_of(request)["body"])
        return answer(201, self._note_wire(self.say(*key, body or "", token.user)))

    def _obeyed(self, project: int, iid: int, text: str | None) -> str | None:
        """GitLab's quick actions, of which this one knows two; the lines are taken out, whatever the command."""
        issue, said = self.issues[project, iid], (text or "").replace("\r", "")
        for command in _COMMAND.finditer(said):
            if command["name"] == "close":
                issue["state"] = "closed"
            elif command["name"] == "assign":
                issue["assignees"] = [(command["rest"] or "").strip().lstrip("@")]
        return None if text is None else _COMMAND.sub("", said)

    def _project(self, token: Token, project: str) -> int | None:
        name = unquote(project)
        found = [id for id, one in self.projects.items() if name in (str(id), one["path"])]
        return found[0] if found and token.user in self.projects[found[0]]["members"] else None

    def _key(self, token: Token, project: str, iid: str) -> tuple[int, int] | None:
        place = self._project(token, project)
        key = (place or 0, int(iid))
        return key if key in self.issues else None

    def _page(self, request: httpx.Request, items: list[Any], *, by_cursor: bool = False) -> httpx.Response:
        params = request.url.params
        size, page = int(params["per_page"]), int(params.get("page", 1))
        start = (page - 1) * size
        if by_cursor and "cursor" in params:
            start = int(json.loads(base64.urlsafe_b64decode(params["cursor"]))["start"])
        end = start + size
        following = {"page": str(page + 1)}
        if by_cursor:
            following = {"cursor": base64.urlsafe_b64encode(json.dumps({"start": end}).encode()).decode()}
        return self._answered(request, items[start:end], following if end < len(items) else None)

    def _answered(
        self, request: httpx.Request, shown: list[Any], following: dict[str, str] | None
    ) -> httpx.Response:
        if following is None:
            return answer(200, shown)
        url = str(request.url.copy_merge_params(following)).replace("%252F", "%2F")
        return answer(200, shown, {"link": f'<{url}>; rel="next", <{HOST}/api/v4/x?page=1>; rel="first"'})

    # ---- what GitLab sends: far more than anybody asked for ----------------------------------------------

    def _project_wire(self, id: int) -> dict[str, Any]:
        project = self.projects[id]
        path, name = project["path"], project["path"].rpartition("/")[2]
        return {
            "id": id, "description": project["description"], "name": name.capitalize(),
            "name_with_namespace": path.replace("/", " / "), "path": name, "path_with_namespace": path,
            "created_at": "2026-01-05T09:00:00.000Z", "default_branch": "main", "topics": [],
            "ssh_url_to_repo": f"git@gitlab.com:{path}.git", "http_url_to_repo": f"{HOST}/{path}.git",
            "web_url": f"{HOST}/{path}", "readme_url": f"{HOST}/{path}/-/blob/main/README.md",
            "forks_count": 0, "star_count": 1, "last_activity_at": "2026-11-20T08:00:00.000Z",
        }  # fmt: skip

    def _issue_wire(self, project: int, iid: int) -> dict[str, Any]:
        issue, path = self.issues[project, iid], self.projects[project]["path"]
        url, api = f"{HOST}/{path}/-/issues/{iid}", f"{HOST}/api/v4/projects/{project}/issues/{iid}"
        people = [person(one) for one in issue["assignees"]]
        return {
            "id": 1000 + iid, "iid": iid, "project_id": project, "title": issue["title"],
            "description": issue["description"], "state": issue["state"], "created_at": "2026-11-01T08:00:00.000Z",
            "updated_at": "2026-11-20T08:00:00.000Z", "closed_at": issue["closed_at"], "closed_by": None,
            "labels": issue["labels"], "milestone": None, "assignees": people,
            "author": person(issue["author"]), "type": "ISSUE", "assignee": people[0] if people else None,
            "user_notes_count": 2, "merge_requests_count": 0, "upvotes": 0, "downvotes": 0,
            "due_date": issue["due_date"], "confidential": issue["confidential"], "discussion_locked": None,
            "issue_type": "issue", "web_url": url,
            "time_stats": {
                "time_estimate": 0, "total_time_spent": 0, "human_time_estimate": None, "human_total_time_spent": None,
            },
            "task_completion_status": {"count": 0, "completed_count": 0}, "weight": None, "blocking_issues_count": 0,
            "has_tasks": True, "task_status": "0 of 0 checklist items completed",
            "_links": {
                "self": api, "notes": api + "/notes", "award_emoji": api + "/award_emoji",
                "project": f"{HOST}/api/v4/projects/{project}", "closed_as_duplicate_of": None,
            },
            "references": {"short": f"#{iid}", "relative": f"#{iid}", "full": f"{path}#{iid}"},
            "severity": "UNKNOWN", "moved_to_id": None, "imported": False, "service_desk_reply_to": None,
        }  # fmt: skip

    def _merge_request_wire(self, one: dict[str, Any]) -> dict[str, Any]:
        path = self.projects[one["project"]]["path"]
        return {
            "id": 2000 + one["iid"], "iid": one["iid"], "project_id": one["project"], "title": one["title"],
            "description": None, "state": one["state"], "draft": one["draft"], "author": person(one["authors"][0]),
            "source_branch": "fix", "target_branch": "main", "web_url": f"{HOST}/{path}/-/merge_requests/{one['iid']}",
            "references": {"short": f"!{one['iid']}", "full": f"{path}!{one['iid']}"}, "labels": [],
            "merge_status": "can_be_merged", "sha": "8888888888888888888888888888888888888888",
        }  # fmt: skip

    def _note_wire(self, note: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": note["id"], "type": None, "body": note["body"], "author": person(note["author"]),
            "created_at": "2026-11-21T08:00:00.000Z", "updated_at": "2026-11-21T08:00:00.000Z",
            "system": note.get("system", False), "noteable_type": "Issue", "noteable_iid": note["key"][1],
            "resolvable": False, "confidential": note.get("internal", False), "internal": note.get("internal", False),
        }  # fmt: skip


def person(login: str) -> dict[str, Any]:
    id, name = _PEOPLE[login]
    return {
        "id": id, "username": login, "public_email": "", "name": name, "state": "active", "locked": False,
        "avatar_url": f"https://secure.gravatar.com/avatar/{id}?s=80&d=identicon", "web_url": f"{HOST}/{login}",
    }  # fmt: skip


def _holds(issue: dict[str, Any], words: str) -> bool:
    text = f"{issue['title']} {issue['description'] or ''}".lower()
    return all(word in text for word in words.lower().split())


def populated(*, by_cursor: bool = False) -> GitLab:
    """acme/website (41) and acme/team/api (42) are Ada's and Ben's, acme/secret (43) is Ben's alone."""
    gitlab = GitLab(by_cursor)
    gitlab.project(41, "acme/website", ADA, BEN, description="The website")
    gitlab.project(42, "acme/team/api", ADA, BEN)
    gitlab.project(43, "acme/secret", BEN)
    gitlab.put(
        41,
        14,
        "Fix login",
        assignees=[ADA],
        labels=["bug"],
        due_date="2026-12-01",
        description="The **form** is blank.",
    )
    gitlab.put(41, 15, "Login is slow", assignees=[ADA, BEN])
    gitlab.put(41, 16, "Login page wording", assignees=[BEN])
    gitlab.put(41, 17, "Old login", assignees=[ADA], state="closed", closed_at="2026-11-10T08:00:00.000Z")
    gitlab.put(42, 14, "Login keys", confidential=True)
    gitlab.put(43, 14, "Login secrets", assignees=[ADA])
    gitlab.say(41, 14, "I see it, too.")
    gitlab.say(41, 14, "changed the description", system=True)
    gitlab.say(41, 14, "Since Monday.", ADA, internal=True)
    for iid, title, state, author, reviewer in (
        (21, "Speed login up", "opened", BEN, ADA), (22, "Faster", "merged", ADA, BEN), (23, "Slower", "opened", BEN, ADA),
    ):  # fmt: skip
        gitlab.merge_requests.append({
            "project": 41, "iid": iid, "title": title, "state": state, "draft": iid == 23, "authors": [author],
            "assignees": [], "reviewers": [reviewer],
        })  # fmt: skip
    return gitlab
