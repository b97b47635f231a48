"""A fake GitHub: two people, three owners, and either a GitHub App that is installed at two of them, or an OAuth app.

Its searches are read by a strict reader of its own (`github_search.py`). A token that was made smaller opens no more than it
was made for; an error of the token endpoint has status 200; what a token may not see is not there.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import httpx

from tests.connectors.fakes import github_wire as wire
from tests.connectors.fakes.fake import Fake, Token, answer, body_of, form_of
from tests.connectors.fakes.github_search import Search, SearchError, parse

CLIENT = ("Iv1.theclient", "the-client-secret")
METADATA, ISSUES_READ, ISSUES_WRITE, PULLS_READ = (
    "metadata:read", "issues:read", "issues:write", "pull_requests:read",
)  # fmt: skip
APP_SCOPES = (METADATA, ISSUES_READ, ISSUES_WRITE, PULLS_READ)
REPO, PUBLIC = "repo", "public_repo"
ADA, BEN = "ada", "ben"


def _refusals(app: bool) -> Any:
    def refusal(kind: str, scopes: Sequence[str]) -> httpx.Response:
        docs = {"documentation_url": "https://docs.github.com/rest"}
        if kind == "missing_token":
            return answer(401, {"message": "Bad credentials", "status": "401", **docs})
        if kind == "missing_scope" and app:
            told = ", ".join(scope.replace(":", "=") for scope in scopes)
            headers = {"x-accepted-github-permissions": f"{told}; contents=write"}
            return answer(403, {"message": "Resource not accessible by integration", **docs}, headers)
        if kind == "missing_scope":
            headers = {"x-accepted-oauth-scopes": "repo", "x-oauth-scopes": "read:user"}
            return answer(403, {"message": "Must have push access", **docs}, headers)
        return answer(404, {"message": "Not Found", "status": "404", **docs})

    return refusal


def _invalid(message: str = "Validation Failed") -> httpx.Response:
    return answer(422, {"message": message, "errors": [{"code": "invalid"}], "status": "422"})


@dataclass(frozen=True)
class Given:
    """What a refresh token stands for, and the access token that came with it."""

    token: Token
    access: str


class GitHub:
    """`installed`: the owners at which the app is installed; None: this is an OAuth app."""

    def __init__(self, installed: Sequence[str] | None = ("acme",)) -> None:
        self.app = installed is not None
        self.installed = list(installed or ())
        self.fake = Fake("api.github.com", _refusals(self.app))
        self.repositories: dict[str, dict[str, Any]] = {}
        self.issues: dict[tuple[str, int], dict[str, Any]] = {}
        self.comments: list[dict[str, Any]] = []
        self.codes: dict[str, Token] = {}
        self.refresh_tokens: dict[str, Given] = {}
        self.smaller: dict[str, tuple[str, frozenset[str] | None]] = {}
        self._next = 0
        self._routes()

    def _routes(self) -> None:
        add, repo = self.fake.add, "/repos/(?P<owner>[^/]+)/(?P<name>[^/]+)"
        reads: Any = [[ISSUES_READ], [ISSUES_WRITE]] if self.app else [[REPO], [PUBLIC]]
        writes: Any = [[ISSUES_WRITE]] if self.app else [[REPO], [PUBLIC]]
        add("POST", "/login/oauth/access_token", None, self._token)
        add("POST", "/applications/(?P<id>[^/]+)/token", None, self._check)
        add("POST", "/applications/(?P<id>[^/]+)/token/scoped", None, self._scoped)
        add("DELETE", "/applications/(?P<id>[^/]+)/(?P<what>token|grant)", None, self._delete)
        add("GET", "/user", [[]], self._user)
        add("GET", "/user/installations", [[]], self._installations)
        add("GET", "/user/repos", [[METADATA]] if self.app else reads, self._repositories)
        add("GET", "/search/issues", [[]], self._search)
        add("GET", f"{repo}/issues/(?P<number>[0-9]+)", reads, self._issue)
        add("GET", f"{repo}/issues/(?P<number>[0-9]+)/comments", reads, self._comments)
        add("POST", f"{repo}/issues", writes, self._create)
        add("POST", f"{repo}/issues/(?P<number>[0-9]+)/comments", writes, self._comment)
        add("PATCH", f"{repo}/issues/(?P<number>[0-9]+)", writes, self._patch)

    # ---- state -------------------------------------------------------------------------------------------

    def repository(self, name: str, description: str | None = None, **more: Any) -> None:
        """`users`: who may see it."""
        self.repositories[name] = {"description": description, "private": True, "users": [ADA], **more}

    def put(self, repository: str, number: int, title: str, **more: Any) -> None:
        self.issues[repository, number] = {
            "title": title, "state": "open", "state_reason": None, "body": None, "user": BEN, "assignees": [],
            "labels": [], "pull_request": None, "draft": False, "reviewers": [], "closed_at": None,
            "updated_at": f"2026-11-{20 - number % 10:02}T08:00:00Z", **more,
        }  # fmt: skip

    def sees(self, token: Token, request: httpx.Request, repository: str) -> bool:
        known = self.repositories.get(repository)
        owner = repository.partition("/")[0]
        if known is None or token.user not in known["users"] or (self.app and owner not in self.installed):
            return False
        limit = self.smaller.get(_bearer(request))
        return limit is None or (owner == limit[0] and (limit[1] is None or repository in limit[1]))

    @property
    def ended(self) -> list[str]:
        """What the app asked to delete, in order: `token` or `grant`."""
        asked = [one for one in self.fake.requests if one.method == "DELETE"]
        return [one.url.path.rpartition("/")[2] for one in asked]

    # ---- the token endpoints -----------------------------------------------------------------------------

    def _token(self, request: httpx.Request) -> httpx.Response:
        form = form_of(request)
        if (form.get("client_id"), form.get("client_secret")) != CLIENT:
            return answer(200, {"error": "incorrect_client_credentials"})
        if form.get("grant_type") == "refresh_token":
            given = self.refresh_tokens.pop(form["refresh_token"], None)
            if given is None:
                return answer(
                    200, {"error": "bad_refresh_token", "error_description": "It is used or expired."}
                )
            self.fake.tokens.pop(given.access, None)
            return answer(200, self.give(given.token))
        granted = self.codes.pop(form["code"], None)
        if granted is None:
            return answer(
                200, {"error": "bad_verification_code", "error_description": "It is used or expired."}
            )
        return answer(200, self.give(granted))

    def give(self, granted: Token) -> dict[str, Any]:
        """A token answer: an app's token runs out and is refreshed, an OAuth app's names its scopes with commas."""
        self._next += 1
        access = f"wide-{self._next}"
        self.fake.tokens[access] = Token(granted.user, granted.scopes)
        if not self.app:
            return {"access_token": access, "token_type": "bearer", "scope": ",".join(sorted(granted.scopes))}
        refresh = f"again-{self._next}"
        self.refresh_tokens[refresh] = Given(granted, access)
        return {
            "access_token": access, "token_type": "bearer", "scope": "", "expires_in": 28800,
            "refresh_token": refresh, "refresh_token_expires_in": 15897600,
        }  # fmt: skip

    def _asked_as_app(self, request: httpx.Request, id: str) -> tuple[str, Token] | httpx.Response:
        """The live token the app asks about, or the refusal."""
        scheme, _, pair = request.headers.get("authorization", "").partition(" ")
        if scheme != "Basic" or base64.b64decode(pair).decode() != ":".join(CLIENT) or id != CLIENT[0]:
            return answer(401, {"message": "Requires authentication"})
        name = body_of(request)["access_token"]
        token = self.fake.tokens.get(name)
        return self.fake.refusal("not_found", ()) if token is None or token.expired else (name, token)

    def _check(self, request: httpx.Request, id: str) -> httpx.Response:
        asked = self._asked_as_app(request, id)
        return asked if isinstance(asked, httpx.Response) else answer(200, {"id": 1, "token": asked[0]})

    def _scoped(self, request: httpx.Request, id: str) -> httpx.Response:
        asked = self._asked_as_app(request, id)
        if isinstance(asked, httpx.Response):
            return asked
        name, token = asked
        body = body_of(request)
        owner, names = body["target"], body.get("repositories")
        wanted = None if names is None else frozenset(f"{owner}/{one}" for one in names)
        scopes = _scopes(body["permissions"])
        hidden = [
            one for one in wanted or () if token.user not in self.repositories.get(one, {}).get("users", ())
        ]
        if owner not in self.installed or name in self.smaller or hidden or not scopes <= token.scopes:
            return _invalid()
        self._next += 1
        made = f"small-{self._next}"
        self.fake.tokens[made] = Token(token.user, scopes)
        self.smaller[made] = owner, wanted
        chosen = "all" if wanted is None else "selected"
        installation = {"permissions": body["permissions"], "repository_selection": chosen}
        return answer(200, {"id": self._next, "token": made, "scopes": [], "installation": installation})

    def _delete(self, request: httpx.Request, id: str, what: str) -> httpx.Response:
        asked = self._asked_as_app(request, id)
        if isinstance(asked, httpx.Response):
            return asked
        name, token = asked
        del self.fake.tokens[name]
        if what == "grant":
            self.fake.tokens = {
                one: held for one, held in self.fake.tokens.items() if held.user != token.user
            }
            self.refresh_tokens = {
                one: given for one, given in self.refresh_tokens.items() if given.token.user != token.user
            }
        return answer(204)

    # ---- answers -----------------------------------------------------------------------------------------

    def _user(self, request: httpx.Request, token: Token) -> httpx.Response:
        return answer(200, wire.me(token.user))

    def _installations(self, request: httpx.Request, token: Token) -> httpx.Response:
        assert self.app, "an OAuth app has no installations"
        found = [
            {
                "id": 1 + number,
                "account": wire.person(owner),
                "repository_selection": "selected",
                "suspended_at": None,
            }
            for number, owner in enumerate(self.installed)
        ]
        return answer(200, {"total_count": len(found), "installations": found})

    def _repositories(self, request: httpx.Request, token: Token) -> httpx.Response:
        found = [name for name in self.repositories if self.sees(token, request, name)]
        return self._page(request, [wire.repository(name, self.repositories[name]) for name in found])

    def _search(self, request: httpx.Request, token: Token) -> httpx.Response:
        params = request.url.params
        try:
            search = parse(params["q"])
        except SearchError as error:
            return _invalid(str(error))
        kind = search.get("is")
        if kind not in ("issue", "pull-request"):
            return _invalid("Query must include 'is:issue' or 'is:pull-request'")
        wanted = {"issue": {ISSUES_READ, ISSUES_WRITE}, "pull-request": {PULLS_READ}}[kind]
        if not (wanted if self.app else {REPO, PUBLIC}) & token.scopes:
            return self.fake.refusal("missing_scope", [min(wanted)] if self.app else [REPO])
        place = search.get("repo")
        if place and not self.sees(token, request, place):
            return _invalid("The listed users and repositories cannot be searched")
        found = [
            key
            for key, issue in self.issues.items()
            if self.sees(token, request, key[0]) and _fits(search, key[0], issue, token.user)
        ]
        assert (params["sort"], params["order"]) == ("updated", "desc")
        found.sort(key=lambda key: self.issues[key]["updated_at"], reverse=True)
        return self._page(request, [wire.issue(*key, self.issues[key]) for key in found], found=len(found))

    def _issue(
        self, request: httpx.Request, token: Token, owner: str, name: str, number: str
    ) -> httpx.Response:
        key = self._key(request, token, owner, name, number)
        return answer(200, wire.issue(*key, self.issues[key])) if key else self.fake.refusal("not_found", ())

    def _comments(
        self, request: httpx.Request, token: Token, owner: str, name: str, number: str
    ) -> httpx.Response:
        key = self._key(request, token, owner, name, number)
        if not key:
            return self.fake.refusal("not_found", ())
        return self._page(request, [wire.comment(one) for one in self.comments if one["key"] == key])

    def _create(self, request: httpx.Request, token: Token, owner: str, name: str) -> httpx.Response:
        repository, body = f"{owner}/{name}", body_of(request)
        if not self.sees(token, request, repository):
            return self.fake.refusal("not_found", ())
        if not body.get("title") or "no such label" in body.get("labels", ()):
            return _invalid()
        number = 1 + max((one for place, one in self.issues if place == repository), default=0)
        self.put(
            repository,
            number,
            body["title"],
            body=body.get("body"),
            user=token.user,
            labels=body.get("labels", []),
        )
        return answer(201, wire.issue(repository, number, self.issues[repository, number]))

    def _comment(
        self, request: httpx.Request, token: Token, owner: str, name: str, number: str
    ) -> httpx.Response:
        key = self._key(request, token, owner, name, number)
        if not key:
            return self.fake.refusal("not_found", ())
        made = self.say(key[0], key[1], body_of(request)["body"], token.user)
        return answer(201, wire.comment(made))

    def _patch(
        self, request: httpx.Request, token: Token, owner: str, name: str, number: str
    ) -> httpx.Response:
        key = self._key(request, token, owner, name, number)
        if not key:
            return self.fake.refusal("not_found", ())
        self.issues[key] |= body_of(request)
        return answer(200, wire.issue(*key, self.issues[key]))

    def say(self, repository: str, number: int, text: str, user: str = BEN) -> dict[str, Any]:
        made = {"id": 301 + len(self.comments), "key": (repository, number), "body": text, "user": user}
        self.comments.append(made)
        return made

    def _key(
        self, request: httpx.Request, token: Token, owner: str, name: str, number: str
    ) -> tuple[str, int] | None:
        key = f"{owner}/{name}", int(number)
        return key if key in self.issues and self.sees(token, request, key[0]) else None

    def _page(
        self, request: httpx.Request, items: list[dict[str, Any]], found: int | None = None
    ) -> httpx.Response:
        """A page of `items`, in an envelope where `found` says how many there are; what follows in `Link`."""
        size, page = int(request.url.params["per_page"]), int(request.url.params.get("page", 1))
        assert 1 <= size <= 100
        shown = items[(page - 1) * size : page * size]
        body: Any = (
            shown if found is None else {"total_count": found, "incomplete_results": False, "items": shown}
        )
        if page * size >= len(items):
            return answer(200, body)
        following = request.url.copy_set_param("page", str(page + 1))
        last = request.url.copy_set_param("page", str(-(-len(items) // size)))
        return answer(200, body, {"link": f'<{following}>; rel="next", <{last}>; rel="last"'})


def _scopes(permissions: dict[str, str]) -> frozenset[str]:
    """Who may write may read."""
    levels = {"read": ("read",), "write": ("read", "write")}
    return frozenset(f"{name}:{level}" for name, most in permissions.items() for level in levels[most])


def _bearer(request: httpx.Request) -> str:
    return str(request.headers.get("authorization", "").partition(" ")[2])


def _fits(search: Search, repository: str, issue: dict[str, Any], me: str) -> bool:
    named = {
        "repo": [repository],
        "user": [repository.partition("/")[0]],
        "is": ["pull-request" if issue["pull_request"] else "issue"],
        "state": [issue["state"]],
        "assignee": issue["assignees"],
        "author": [issue["user"]],
        "review-requested": issue["reviewers"],
    }
    text = f"{issue['title']} {issue['body'] or ''}".lower()
    held = all((me if value == "@me" else value) in named[name] for name, value in search.qualifiers)
    return held and all(word.lower() in text for word in search.words)


def populated(installed: Sequence[str] | None = ("acme",)) -> GitHub:
    """acme/website and acme/api are Ada's and Ben's, acme/secret is Ben's, ada/notes is Ada's own, other/tool too."""
    github = GitHub(installed)
    github.repository("acme/website", "The website", users=[ADA, BEN])
    github.repository("acme/api", users=[ADA, BEN], private=False)
    github.repository("acme/secret", users=[BEN])
    github.repository("ada/notes", "Her notes")
    github.repository("other/tool")
    github.put("acme/website", 1, "Fix login", assignees=[ADA], labels=["bug"], body="The **form** is blank.")
    github.put("acme/website", 2, "Login is slow", assignees=[ADA, BEN])
    github.put("acme/website", 3, "Login page wording", assignees=[BEN])
    github.put(
        "acme/website", 4, "Old login", assignees=[ADA], state="closed", state_reason="completed",
        closed_at="2026-11-10T08:00:00Z",
    )  # fmt: skip
    github.put(
        "acme/website", 5, "Speed login up", user=BEN, pull_request={"merged_at": None}, reviewers=[ADA],
    )  # fmt: skip
    github.put(
        "acme/api", 6, "Faster", user=ADA, state="closed", pull_request={"merged_at": "2026-11-12T08:00:00Z"}
    )
    github.put("acme/secret", 7, "Login keys", assignees=[ADA])
    github.put("ada/notes", 8, "Write it down", assignees=[ADA])
    github.say("acme/website", 1, "I see it, too.")
    github.say("acme/website", 1, "Since Monday.", ADA)
    return github


def of_oauth_app() -> GitHub:
    return populated(None)
