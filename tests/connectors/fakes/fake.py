"""What every fake provider does before its own rules apply: find the token, check its scopes, answer with a
fault on order.

A route names its method, its path as a regular expression with named groups, and the scope sets of which
one must be held whole (None: no token is asked for). A fault that fits is answered before anything else, so
that "the provider answers 500" needs no other state.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import httpx

Handler = Callable[..., httpx.Response]


@dataclass
class Token:
    user: str
    scopes: frozenset[str]
    expired: bool = False


@dataclass
class Route:
    method: str
    path: re.Pattern[str]
    any_of: tuple[frozenset[str], ...] | None
    handler: Handler


@dataclass
class Fake:
    """One provider. `refusal` makes its answer for `missing_token`, `missing_scope` and `not_found` in its
    own shape."""

    host: str
    refusal: Callable[[str, Sequence[str]], httpx.Response]
    tokens: dict[str, Token] = field(default_factory=dict)
    routes: list[Route] = field(default_factory=list)
    faults: list[tuple[str, str, httpx.Response]] = field(default_factory=list)
    requests: list[httpx.Request] = field(default_factory=list)

    def add(self, method: str, path: str, any_of: Sequence[Sequence[str]] | None, handler: Handler) -> None:
        scopes = None if any_of is None else tuple(frozenset(one) for one in any_of)
        self.routes.append(Route(method, re.compile(path + r"\Z"), scopes, handler))

    def sign_in(self, token: str, user: str, scopes: Sequence[str]) -> None:
        self.tokens[token] = Token(user, frozenset(scopes))

    def fail(
        self,
        status: int,
        body: Any = None,
        headers: dict[str, str] | None = None,
        *,
        path: str = "",
        method: str = "",
        times: int = 1,
    ) -> None:
        """The next `times` requests to a path that ends like this, by this method, are answered with this."""
        for _ in range(times):
            self.faults.append((method, path, answer(status, body, headers)))

    def handle(self, request: httpx.Request) -> httpx.Response:
        request.read()
        self.requests.append(request)
        for fault in self.faults:
            method, path, response = fault
            if request.url.path.endswith(path) and request.method.startswith(method):
                self.faults.remove(fault)
                return response
        return self._route(request)

    def _route(self, request: httpx.Request) -> httpx.Response:
        for route in self.routes:
            match = route.path.match(request.url.path)
            if match and route.method == request.method:
                if route.any_of is None:
                    return route.handler(request, **match.groupdict())
                token = self._token(request)
                if token is None or token.expired:
                    return self.refusal("missing_token", ())
                if not any(need <= token.scopes for need in route.any_of):
                    return self.refusal("missing_scope", sorted(route.any_of[0] - token.scopes))
                return route.handler(request, token, **match.groupdict())
        return self.refusal("not_found", ())

    def _token(self, request: httpx.Request) -> Token | None:
        scheme, _, value = request.headers.get("authorization", "").partition(" ")
        return self.tokens.get(value) if scheme.lower() == "bearer" else None


def answer(status: int, body: Any = None, headers: dict[str, str] | None = None) -> httpx.Response:
    """A JSON answer, or the text as it is where `body` is a string, or an empty one."""
    if body is None:
        return httpx.Response(status, headers=headers)
    text = body if isinstance(body, str) else json.dumps(body)
    return httpx.Response(
        status, content=text, headers={"content-type": "application/json", **(headers or {})}
    )


def form_of(request: httpx.Request) -> dict[str, str]:
    """The members of a form body, each of which may stand there once."""
    pairs = parse_qsl(request.content.decode(), keep_blank_values=True, strict_parsing=True)
    assert len(dict(pairs)) == len(pairs), "a member stands twice in the form"
    return dict(pairs)


def body_of(request: httpx.Request) -> dict[str, Any]:
    """The JSON object sent. Raises AssertionError when it is anything else: a fake is stricter than a
    provider."""
    parsed = json.loads(request.content)
    assert isinstance(parsed, dict), "the body is not a JSON object"
    return parsed
