"""What is recorded of each connector, and what has to come back: the one table that `record.py` and the
tests both read.

A `Subject` is one connector with its fake; each of its tools has a `Main` line (arguments that work, the
result, the request that matters) from which the failing cases are made: 401, missing scope, 429, 500, half
a JSON. `more` holds the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from core.connector import Connector
from tests.connectors.fakes.fake import Fake
from tests.connectors.wire import TOKEN


@dataclass(frozen=True)
class Main:
    """`path`, `method`: the end of the request that does the work; `scope`: what it cannot do without."""

    tool: str
    arguments: dict[str, Any]
    result: Any
    path: str
    scope: str
    method: str = "POST"


@dataclass(frozen=True)
class Refusal:
    """An error by its wire code; `scopes` where it is a missing scope."""

    code: str
    scopes: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Case:
    tool: str
    name: str
    arguments: dict[str, Any]
    expected: Any
    prepare: Callable[[Any], None] = lambda provider: None
    user: str | None = None


@dataclass(frozen=True)
class Subject:
    """`still`: by dotted name, the functions that read the clock, and what each answers while a case runs, so that
    a request is the same whenever it is made."""

    connector: Connector
    make: Callable[[], Any]
    user: str
    scopes: tuple[str, ...]
    fields: dict[str, str]
    mains: tuple[Main, ...]
    more: tuple[Case, ...]
    names_scopes: bool
    silent: frozenset[str] = frozenset()  # tools whose answer has no body that could be broken
    still: Mapping[str, Any] = field(default_factory=dict)

    @property
    def host(self) -> str:
        host: str = self.make().fake.host
        return host

    def provider(self) -> Any:
        """A fresh fake in which the test's token is signed in with every scope."""
        provider = self.make()
        provider.fake.sign_in(TOKEN, self.user, self.scopes)
        return provider

    def cases(self) -> Iterator[Case]:
        own = {(case.tool, case.name) for case in self.more}
        for main in self.mains:
            yield Case(main.tool, "success", main.arguments, main.result)
            yield from (case for case in self._failing(main) if (case.tool, case.name) not in own)
        yield from self.more

    def _failing(self, main: Main) -> Iterator[Case]:
        faults = {"path": main.path, "method": main.method}

        def without_scope(provider: Any) -> None:
            provider.fake.sign_in(TOKEN, self.user, [one for one in self.scopes if one != main.scope])

        def failing(status: int, body: Any, headers: dict[str, str] | None = None) -> Callable[[Any], None]:
            return lambda provider: provider.fake.fail(status, body, headers, **faults)

        missing = Refusal("consent_required", (main.scope,) if self.names_scopes else ())
        wait = {"retry-after": "3600"}
        ways: list[tuple[str, Callable[[Any], None], Refusal]] = [
            ("unauthorized", lambda provider: expire(provider.fake), Refusal("reconnect_required")),
            ("missing_scope", without_scope, missing),
            ("not_found", failing(404, {"message": "not found"}), Refusal("not_found")),
            ("rate_limited", failing(429, {"message": "slow down"}, wait), Refusal("provider_rate_limited")),
            ("server_error", failing(500, {"message": "internal error"}), Refusal("provider_error")),
        ]
        if main.tool not in self.silent:
            ways.append(("malformed", failing(200, '{"results": [{"id": "5'), Refusal("provider_error")))
        for name, prepare, expected in ways:
            yield Case(main.tool, name, main.arguments, expected, prepare)


def expire(fake: Fake) -> None:
    for token in fake.tokens.values():
        token.expired = True
