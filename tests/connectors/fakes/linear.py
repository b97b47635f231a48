"""A fake Linear: one workspace with two people, two teams and their issues. It executes GraphQL with a reader that is not
ours (graphql-core) against `linear_schema.py`, so a document with a text pasted into it would be refused or answer otherwise.

Refusals have the form others recorded of Linear in 2026: status 400 (401 for a dead token) and an `errors` array.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any

import httpx
from graphql import DocumentNode, GraphQLError, build_schema, execute_sync, parse, validate

from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of
from tests.connectors.fakes.linear_schema import SDL

ADA, BEN = "u-ada", "u-ben"
CLIENT = ("the-client", "the-client-secret")
READ, WRITE, CREATE_ISSUES, CREATE_COMMENTS = "read", "write", "issues:create", "comments:create"
ALL_SCOPES = (READ, WRITE, CREATE_ISSUES, CREATE_COMMENTS)
ACME = {"id": "o-acme", "name": "Acme", "urlKey": "acme"}
USERS: dict[str, dict[str, Any]] = {
    ADA: {"id": ADA, "name": "Ada Byron", "displayName": "ada", "email": "ada@acme.example", "organization": ACME},
    BEN: {"id": BEN, "name": "Ben Okri", "displayName": "ben", "email": "ben@acme.example", "organization": ACME},
}  # fmt: skip
LABELS = ("No priority", "Urgent", "High", "Medium", "Low")
STATES = (
    ("Backlog", "backlog"), ("Todo", "unstarted"), ("In Progress", "started"), ("Done", "completed"),
    ("Canceled", "canceled"),
)  # fmt: skip
RESET_MS = 1_795_507_320_000  # 120 s after the moment at which the cases are run
SCHEMA = build_schema(SDL)


@cache
def _read(document: str) -> tuple[DocumentNode, list[GraphQLError]]:
    """A document, and what is wrong with it by the schema."""
    node = parse(document)
    return node, validate(SCHEMA, node)


def failure(message: str, kind: str, status: int, **told: str) -> dict[str, Any]:
    """An error as Linear writes it: `type` in words, `code` in capitals."""
    code = told.get("code", kind.upper().replace(" ", "_"))
    extensions = {"type": kind, "code": code, "statusCode": status, "userError": True}
    return {"message": message, "extensions": extensions}


UNAUTHENTICATED = failure("Authentication required, not authenticated", "authentication error", 401)
RATE_LIMITED = failure("Rate limit exceeded. Only 2500 requests are allowed per 1 hour.", "ratelimited", 429)
RATE_HEADERS = {
    "x-ratelimit-requests-remaining": "0", "x-ratelimit-requests-reset": str(RESET_MS),
    "x-ratelimit-complexity-remaining": "2999000", "x-ratelimit-complexity-reset": str(RESET_MS + 3_000_000),
}  # fmt: skip


def lacking(scope: str) -> dict[str, Any]:
    return failure(f"Invalid scope: `{scope}` required", "forbidden", 403)


def _refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
    if kind == "missing_token":
        return answer(401, {"errors": [UNAUTHENTICATED]})
    if kind == "missing_scope":
        return answer(400, {"errors": [lacking(scopes[0])], "data": None})
    return answer(404, {"error": "not found"})


def _refused(error: dict[str, Any]) -> GraphQLError:
    return GraphQLError(error["message"], extensions=error["extensions"])


def _missing(what: str) -> GraphQLError:
    return _refused(failure(f"Entity not found: {what}", "invalid input", 400, code="INPUT_ERROR"))


def connection(nodes: Sequence[Any], first: int | None, after: str | None) -> dict[str, Any]:
    """A Relay page. A cursor is opaque to everybody but this function."""
    if after and not re.fullmatch(r"after-[0-9]+", after):
        raise _refused(failure("Argument Validation Error", "invalid input", 400))
    start = int(after.removeprefix("after-")) if after else 0
    page = list(nodes[start : start + (first or 50)])
    end = start + len(page)
    info = {
        "hasNextPage": end < len(nodes), "hasPreviousPage": start > 0,
        "startCursor": f"after-{start}" if page else None, "endCursor": f"after-{end}" if page else None,
    }  # fmt: skip
    return {"nodes": page, "pageInfo": info, "totalCount": len(nodes)}


class Linear:
    def __init__(self) -> None:
        self.fake = Fake("api.linear.app", _refusal)
        self.teams: dict[str, dict[str, Any]] = {}
        self.issues: dict[str, dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Token] = {}
        self._next = 0
        add = self.fake.add
        add("POST", "/graphql", [[]], self._graphql)
        add("POST", "/oauth/token", None, self._token)
        add("POST", "/oauth/revoke", None, self._revoke)

    # ---- state -------------------------------------------------------------------------------------------

    def team(self, key: str, name: str) -> None:
        states = [
            {"id": f"s-{key.lower()}-{at}", "name": state, "type": kind, "color": "#bec2c8", "position": at}
            for at, (state, kind) in enumerate(STATES)
        ]
        page = lambda info, first=None, after=None: connection(states, first, after)  # noqa: E731
        self.teams[key] = {"id": f"t-{key.lower()}", "key": key, "name": name, "all": states, "states": page}

    def put(self, identifier: str, title: str, state: str = "Todo", **more: Any) -> dict[str, Any]:
        team, number = self.teams[identifier.partition("-")[0]], int(identifier.partition("-")[2])
        slug = title.lower().replace(" ", "-")
        issue: dict[str, Any] = {
            "id": f"i-{identifier.lower()}", "identifier": identifier, "number": number, "title": title,
            "description": None, "priority": 0, "estimate": None, "dueDate": None,
            "url": f"https://linear.app/acme/issue/{identifier}/{slug}", "branchName": f"ada/{identifier.lower()}-{slug}",
            "createdAt": "2026-11-01T08:00:00.000Z", "updatedAt": "2026-11-20T08:00:00.000Z", "boardOrder": 0,
            "sortOrder": -1042.5 - number, "prioritySortOrder": -1042.5 - number, "customerTicketCount": 0,
            "labelIds": [], "previousIdentifiers": [], "reactionData": {}, "team": team, "assignee": None,
            "creator": USERS[BEN], "state": next(one for one in team["all"] if one["name"] == state), **more,
        }  # fmt: skip
        issue["priorityLabel"] = LABELS[issue["priority"]]
        issue["comments"] = lambda info, first=None, after=None: connection(
            [one for one in self.comments if one["issue"] == issue["id"]], first, after
        )
        self.issues[identifier] = issue
        return issue

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        """A form; a refresh token is good once."""
        form = form_of(request)
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return answer(401, {"error": "invalid_client", "error_description": "Invalid client"})
        if form["grant_type"] == "authorization_code":
            granted = self.codes.pop(form["code"], None)
        else:
            granted = self.refresh_tokens.pop(form["refresh_token"], None)
        if granted is None:
            return answer(400, {"error": "invalid_grant", "error_description": "Invalid grant"})
        self._next += 1
        access, refresh = f"at-{self._next}", f"rt-{self._next}"
        self.fake.tokens[access] = self.refresh_tokens[refresh] = granted
        return answer(200, {
            "access_token": access, "token_type": "Bearer", "expires_in": 86399, "refresh_token": refresh,
            "scope": " ".join(sorted(granted.scopes)),
        })  # fmt: skip

    def _revoke(self, request: httpx.Request) -> httpx.Response:
        """By Linear's page: a Bearer token, or a form member named after the kind of token. Not RFC 7009."""
        form = form_of(request) if request.content else {}
        if "refresh_token" in form:
            gone = self.refresh_tokens.pop(form["refresh_token"], None)
            return answer(200 if gone else 400, {"success": bool(gone)})
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        token = form.get("access_token") or (bearer if scheme == "Bearer" else "")
        if not token or token not in self.fake.tokens:
            return answer(401, {"error": "unauthorized"})
        del self.fake.tokens[token]
        return answer(200, {"success": True})

    # ---- GraphQL -----------------------------------------------------------------------------------------

    def _graphql(self, request: httpx.Request, token: Token) -> httpx.Response:
        body = body_of(request)
        assert set(body) == {"query", "variables"}, "a GraphQL request has a query and variables"
        document, invalid = _read(body["query"])
        if invalid:
            error = failure(invalid[0].message, "graphql error", 400, code="GRAPHQL_VALIDATION_FAILED")
            return answer(400, {"errors": [error]})
        done = execute_sync(SCHEMA, document, self._root(token), variable_values=body["variables"])
        if done.errors:
            return answer(400, {"errors": [one.formatted for one in done.errors], "data": None})
        return answer(200, {"data": done.data})

    def _root(self, token: Token) -> dict[str, Any]:
        """What each field answers, for this token: everything needs `read`, each change a scope of its own."""

        def needing(scopes: tuple[str, ...], field: Any) -> Any:
            def resolve(info: Any, **arguments: Any) -> Any:
                if not set(scopes) & token.scopes:
                    raise _refused(lacking(scopes[0]))
                return field(token, **arguments)

            return resolve

        reads = {
            "viewer": self._viewer, "issue": self._issue, "issues": self._issues, "searchIssues": self._search,
            "teams": self._teams, "workflowStates": self._states,
        }  # fmt: skip
        return {name: needing((READ,), field) for name, field in reads.items()} | {
            "issueCreate": needing((CREATE_ISSUES, WRITE), self._create),
            "commentCreate": needing((CREATE_COMMENTS, WRITE), self._comment),
            "issueUpdate": needing((WRITE,), self._update),
        }

    def _viewer(self, token: Token) -> Any:
        def assigned(
            info: Any, first: int, after: str | None = None, filter: Any = None, orderBy: Any = None
        ) -> Any:
            own = [one for one in self._where(filter) if one["assignee"] is USERS[token.user]]
            return connection(own, first, after)

        return USERS[token.user] | {"assignedIssues": assigned}

    def _where(self, filter: dict[str, Any] | None) -> list[dict[str, Any]]:
        return [one for one in self.issues.values() if _passes(one, filter or {})]

    def _find(self, id: str) -> dict[str, Any]:
        for issue in self.issues.values():
            if id in (issue["id"], issue["identifier"]):
                return issue
        raise _missing("Issue")

    def _issue(self, token: Token, id: str) -> Any:
        return self._find(id)

    def _issues(
        self, token: Token, first: int, after: str | None = None, filter: Any = None, orderBy: Any = None
    ) -> Any:
        return connection(self._where(filter), first, after)

    def _search(
        self, token: Token, term: str, first: int, after: str | None = None, filter: Any = None
    ) -> Any:
        words = term.lower().split()
        found = [one for one in self._where(filter) if all(word in one["title"].lower() for word in words)]
        return connection(found, first, after)

    def _teams(self, token: Token, first: int, after: str | None = None, filter: Any = None) -> Any:
        found = [one for one in self.teams.values() if _compares(one["key"], (filter or {}).get("key"))]
        return connection(found, first, after)

    def _states(self, token: Token, first: int, after: str | None = None, filter: Any = None) -> Any:
        wanted = ((filter or {}).get("team") or {}).get("key")
        found = [
            state for one in self.teams.values() if _compares(one["key"], wanted) for state in one["all"]
        ]
        return connection(found, first, after)

    def _create(self, token: Token, input: dict[str, Any]) -> Any:
        team = next((one for one in self.teams.values() if one["id"] == input["teamId"]), None)
        if team is None:
            raise _missing("Team")
        number = 1 + sum(1 for one in self.issues.values() if one["team"] is team)
        given = {name: input[name] for name in ("description", "priority", "dueDate") if name in input}
        assignee = USERS[input["assigneeId"]] if "assigneeId" in input else None
        made = self.put(f"{team['key']}-{number}", input["title"], assignee=assignee, **given)
        return {"success": True, "issue": made, "lastSyncId": 1}

    def _update(self, token: Token, id: str, input: dict[str, Any]) -> Any:
        issue = self._find(id)
        if id != issue["id"]:
            raise _missing("Issue")
        changes = dict(input)
        if "stateId" in changes:
            state = next((one for one in issue["team"]["all"] if one["id"] == changes["stateId"]), None)
            if state is None:
                raise _missing("WorkflowState")
            issue["state"] = state
            del changes["stateId"]
        if "priority" in changes:
            issue["priorityLabel"] = LABELS[changes["priority"]]
        issue.update(changes)
        return {"success": True, "issue": issue, "lastSyncId": 2}

    def _comment(self, token: Token, input: dict[str, Any]) -> Any:
        issue, number = self._find(input["issueId"]), len(self.comments) + 1
        made = {
            "id": f"c-{number}", "body": input["body"], "url": f"{issue['url']}#comment-{number}",
            "createdAt": "2026-11-24T08:00:00.000Z", "user": USERS[token.user], "issue": issue["id"],
        }  # fmt: skip
        self.comments.append(made)
        return {"success": True, "comment": made, "lastSyncId": 3}


def _passes(issue: dict[str, Any], filter: dict[str, Any]) -> bool:
    state, team = filter.get("state") or {}, filter.get("team") or {}
    return _compares(issue["state"]["type"], state.get("type")) and _compares(
        issue["team"]["key"], team.get("key")
    )


def _compares(value: str, comparator: dict[str, Any] | None) -> bool:
    for way, wanted in (comparator or {}).items():
        match way:
            case "eq" if value != wanted:
                return False
            case "eqIgnoreCase" if value.lower() != wanted.lower():
                return False
            case "in" if value not in wanted:
                return False
            case "nin" if value in wanted:
                return False
    return True


def populated() -> Linear:
    """Teams ENG and OPS; ENG-1 and ENG-2 are Ada's, ENG-3 is Ben's, ENG-4 is Ada's and done, OPS-1 is nobody's."""
    linear = Linear()
    linear.team("ENG", "Engineering")
    linear.team("OPS", "Operations")
    ada, ben = USERS[ADA], USERS[BEN]
    linear.put(
        "ENG-1",
        "Fix login",
        assignee=ada,
        priority=2,
        dueDate="2026-12-01",
        description="The form is **blank**.",
    )
    linear.put("ENG-2", "Login is slow", "In Progress", assignee=ada)
    linear.put("ENG-3", "Login page wording", assignee=ben, priority=4)
    linear.put("ENG-4", "Old login", "Done", assignee=ada)
    linear.put("OPS-1", "Rotate keys", "Backlog")
    linear._comment(Token(BEN, frozenset()), {"issueId": "ENG-1", "body": "Seen on Monday."})
    return linear
