"""A fake Jira Cloud: two sites, two people, two projects. It answers 401, not 403, where a scope is
missing, as Atlassian does.

It reads JQL with a strict reader of its own (`jql.py`), so a text that broke out of its quotes would be a
400 or find the wrong issues.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from tests.connectors.fakes.fake import Fake, Token, answer, body_of
from tests.connectors.fakes.jql import Clause, JqlError, parse

ACME = "11111111-aaaa-bbbb-cccc-222222222222"
OTHER = "33333333-aaaa-bbbb-cccc-444444444444"
CLIENT = ("the-client", "the-client-secret")
USERS = {
    "a1": {
        "accountId": "a1",
        "displayName": "Ada Byron",
        "emailAddress": "ada@acme.example",
        "timeZone": "Europe/London",
        "active": True,
    },
    "b2": {"accountId": "b2", "displayName": "Ben Okri", "timeZone": "Etc/UTC", "active": True},
}
USER_READ, WORK_READ, WORK_WRITE = "read:jira-user", "read:jira-work", "write:jira-work"
CREATE = (
    "write:issue:jira",
    "write:comment:jira",
    "write:comment.property:jira",
    "write:attachment:jira",
    "read:issue:jira",
)
COMMENT = (
    "read:comment:jira", "read:comment.property:jira", "read:group:jira", "read:project:jira", "read:project-role:jira",
    "read:user:jira", "write:comment:jira", "read:avatar:jira",
)  # fmt: skip
TRANSITION = ("write:issue:jira", "write:issue.property:jira")
ALL_SCOPES = (USER_READ, WORK_READ, *CREATE, *COMMENT, *TRANSITION, "offline_access")
_GONE = "Issue does not exist or you do not have permission to see it."


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "missing_token":
        return answer(401, {"code": 401, "message": "Unauthorized"})
    if kind == "missing_scope":
        return answer(401, {"code": 401, "message": "Unauthorized; scope does not match"})
    return answer(404, {"errorMessages": [_GONE], "errors": {}})


def _bad(message: str, **errors: str) -> httpx.Response:
    return answer(400, {"errorMessages": [message] if message else [], "errors": errors})


class Jira:
    def __init__(self, *sites: str) -> None:
        self.fake = Fake("api.atlassian.com", _refusal)
        self.sites = sites or (ACME,)
        self.projects: dict[str, str] = {}
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: list[tuple[str, Any]] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self._next = 0
        self._routes()

    def _routes(self) -> None:
        add, api = self.fake.add, "/ex/jira/(?P<site>[^/]+)/rest/api/3"
        add("POST", "/oauth/token", None, self._token)
        add("GET", "/oauth/token/accessible-resources", [[]], self._resources)
        add("GET", f"{api}/myself", [[USER_READ]], self._myself)
        add("POST", f"{api}/search/jql", [[WORK_READ]], self._search)
        add("GET", f"{api}/project/search", [[WORK_READ]], self._projects)
        add("GET", f"{api}/issue/(?P<key>[^/]+)", [[WORK_READ]], self._issue)
        add("POST", f"{api}/issue", [CREATE, [WORK_WRITE]], self._create)
        add("POST", f"{api}/issue/(?P<key>[^/]+)/comment", [COMMENT, [WORK_WRITE]], self._comment)
        add("GET", f"{api}/issue/(?P<key>[^/]+)/transitions", [[WORK_READ]], self._transitions)
        add("POST", f"{api}/issue/(?P<key>[^/]+)/transitions", [TRANSITION, [WORK_WRITE]], self._transition)

    # ---- state -------------------------------------------------------------------------------------------

    def put(self, key: str, summary: str, **fields: Any) -> None:
        status = fields.pop("status", "To Do")
        self.issues[key] = {
            "summary": summary,
            "status": _status(status),
            "issuetype": {"name": "Task"},
            "priority": {"name": "Medium"},
            "assignee": None,
            "reporter": USERS["b2"],
            "duedate": None,
            "created": "2026-11-01T08:00:00.000+0000",
            "updated": "2026-11-20T08:00:00.000+0000",
            "description": None,
            **fields,
        }

    def _token(self, request: httpx.Request) -> httpx.Response:
        """JSON in; a refresh token is good once."""
        body = body_of(request)
        if (body.get("client_id"), body.get("client_secret")) != CLIENT:
            return answer(401, {"error": "access_denied", "error_description": "Unauthorized"})
        if body["grant_type"] == "authorization_code":
            granted = self.codes.pop(body["code"], None)
        else:
            granted = self.refresh_tokens.pop(body["refresh_token"], None)
        if granted is None:
            return answer(
                403, {"error": "invalid_grant", "error_description": "Unknown or invalid refresh token."}
            )
        self._next += 1
        self.fake.tokens[f"at-{self._next}"] = self.refresh_tokens[f"rt-{self._next}"] = granted
        return answer(200, {
            "access_token": f"at-{self._next}", "refresh_token": f"rt-{self._next}", "expires_in": 3600,
            "token_type": "Bearer", "scope": " ".join(sorted(granted.scopes)),
        })  # fmt: skip

    # ---- answers -----------------------------------------------------------------------------------------

    def _resources(self, request: httpx.Request, token: Token) -> httpx.Response:
        names = {ACME: "acme", OTHER: "other"}
        scopes = sorted(token.scopes - {"offline_access"})
        sites = [
            {
                "id": id,
                "url": f"https://{names[id]}.atlassian.net",
                "name": names[id],
                "scopes": scopes,
                "avatarUrl": "",
            }
            for id in self.sites
        ]
        return answer(200, sites)

    def _myself(self, request: httpx.Request, token: Token, site: str) -> httpx.Response:
        return answer(200, USERS[token.user])

    def _search(self, request: httpx.Request, token: Token, site: str) -> httpx.Response:
        body = body_of(request)
        try:
            clauses, _ = parse(body["jql"])
        except JqlError as error:
            return _bad(f"Error in the JQL Query: {error}")
        found = [
            key
            for key, issue in self.issues.items()
            if all(_holds(one, key, issue, token) for one in clauses)
        ]
        start = int(body.get("nextPageToken", "page-0").removeprefix("page-"))
        keys = found[start : start + body.get("maxResults", 50)]
        result: dict[str, Any] = {"issues": [self._wire(key, body["fields"]) for key in keys], "isLast": True}
        if start + len(keys) < len(found):
            result |= {"isLast": False, "nextPageToken": f"page-{start + len(keys)}"}
        return answer(200, result)

    def _projects(self, request: httpx.Request, token: Token, site: str) -> httpx.Response:
        query = request.url.params.get("query", "").lower()
        start, limit = (
            int(request.url.params.get("startAt", 0)),
            int(request.url.params.get("maxResults", 50)),
        )
        found = [key for key, name in self.projects.items() if query in key.lower() or query in name.lower()]
        values = [
            {
                "id": str(10000 + found.index(key)),
                "key": key,
                "name": self.projects[key],
                "projectTypeKey": "software",
            }
            for key in found[start : start + limit]
        ]
        last = start + limit >= len(found)
        return answer(
            200,
            {"startAt": start, "maxResults": limit, "total": len(found), "isLast": last, "values": values},
        )

    def _issue(self, request: httpx.Request, token: Token, site: str, key: str) -> httpx.Response:
        if key not in self.issues:
            return _refusal("not_found", ())
        return answer(200, self._wire(key, request.url.params["fields"].split(",")))

    def _create(self, request: httpx.Request, token: Token, site: str) -> httpx.Response:
        fields = body_of(request)["fields"]
        project = fields["project"]["key"]
        if project not in self.projects:
            return _bad("", project="valid project is required")
        if fields["issuetype"]["name"] not in ("Task", "Bug", "Story"):
            return _bad("", issuetype="Specify a valid issue type")
        key = f"{project}-{1 + sum(1 for one in self.issues if one.startswith(project + '-'))}"
        self.put(key, fields["summary"], description=fields.get("description"), duedate=fields.get("duedate"))
        return answer(
            201, {"id": "10099", "key": key, "self": f"https://acme.atlassian.net/rest/api/3/issue/{key}"}
        )

    def _comment(self, request: httpx.Request, token: Token, site: str, key: str) -> httpx.Response:
        if key not in self.issues:
            return _refusal("not_found", ())
        self.comments.append((key, body_of(request)["body"]))
        author = USERS[token.user]
        return answer(
            201, {"id": str(len(self.comments)), "created": "2026-11-24T08:00:00.000+0000", "author": author}
        )

    def _transitions(self, request: httpx.Request, token: Token, site: str, key: str) -> httpx.Response:
        if key not in self.issues:
            return _refusal("not_found", ())
        steps = [{"id": id, "name": name, "to": {"name": name}} for id, name in _STEPS.items()]
        return answer(200, {"transitions": steps})

    def _transition(self, request: httpx.Request, token: Token, site: str, key: str) -> httpx.Response:
        if key not in self.issues:
            return _refusal("not_found", ())
        step = body_of(request)["transition"]["id"]
        if step not in _STEPS:
            return _bad("It seems that you have tried to perform an illegal workflow operation.")
        self.issues[key]["status"] = _status(_STEPS[step])
        return answer(204)

    def _wire(self, key: str, names: Sequence[str]) -> dict[str, Any]:
        issue = self.issues[key]
        number = str(10000 + int(key.rpartition("-")[2]))
        return {"id": number, "key": key, "fields": {name: issue[name] for name in names if name in issue}}


_STEPS = {"11": "In Progress", "21": "Done"}


def _status(name: str) -> dict[str, Any]:
    return {"name": name, "statusCategory": {"key": "done" if name == "Done" else "new"}}


def _holds(clause: Clause, key: str, issue: dict[str, Any], token: Token) -> bool:
    match clause.field:
        case "project":
            return key.rpartition("-")[0] == clause.value
        case "text":
            text = f"{issue['summary']}".lower()
            return all(word in text for word in clause.value.split())
        case "assignee":
            assert clause.value == "currentUser()"
            return bool(issue["assignee"]) and issue["assignee"]["accountId"] == token.user
        case _:
            return bool(issue["status"]["name"] != clause.value)


def populated(*sites: str) -> Jira:
    """Projects ACME and SEC; ACME-1 and ACME-2 are Ada's, ACME-3 is Ben's, ACME-4 is Ada's and done, SEC-1
    is nobody's."""
    jira = Jira(*sites)
    jira.projects = {"ACME": "Acme website", "SEC": "Security"}
    words = {"type": "paragraph", "content": [{"type": "text", "text": "The form is blank."}]}
    jira.put(
        "ACME-1",
        "Fix login",
        assignee=USERS["a1"],
        duedate="2026-12-01",
        description={"type": "doc", "version": 1, "content": [words]},
    )
    jira.put("ACME-2", "Login is slow", assignee=USERS["a1"], status="In Progress")
    jira.put("ACME-3", "Login page wording", assignee=USERS["b2"])
    jira.put("ACME-4", "Old login", assignee=USERS["a1"], status="Done")
    jira.put("SEC-1", "Rotate keys")
    return jira
