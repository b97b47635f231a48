"""One stage for both providers: the tools, the provider's view of its tokens and the troubles under common names.

Each test has a workspace, an assistant and a client at the provider of its own; service and providers are shared, so
`live()` and `dead()` tell of this test's client only, and `asked()` counts from the test's beginning.
"""

from __future__ import annotations

import sqlite3
from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import Any, Literal

import pytest

from tests.harness.scene import CLIENT_ID, Scene
from tests.harness.service import Service
from tests.harness.waiting import until

Place = Literal["token", "revocation", "api"]


@dataclass(frozen=True)
class Token:
    """A token as its provider knows it."""

    kind: Literal["access", "refresh"]
    account: str
    scopes: tuple[str, ...]


class Stage(Scene, ABC):
    """A scene with common names. `read` and `sibling` need `read_scope`, `other` needs `other_scope`, `write` the third."""

    read: str
    sibling: str
    other: str
    write: str
    read_scope: str
    other_scope: str
    write_scope: str

    def __init__(self, service: Service, provider: Any) -> None:
        super().__init__(service, provider)
        self.client = f"{CLIENT_ID}-{self.workspace.id}"

    def close(self) -> None:
        self.calm()
        super().close()

    def grant(self, *tools: str, user: str = "u1", login: str = "ada", **fields: Any) -> dict[str, Any]:
        """The whole way to a grant of these tools (none: of `read`)."""
        return self.connect(user, login, tools or (self.read,), **fields)

    def names(self, *tools: str) -> list[str]:
        return [self.tool(one) for one in tools]

    def rows(self, sql: str, *parameters: Any) -> list[dict[str, Any]]:
        """What stands in the service's database."""
        with sqlite3.connect(f"file:{self.service.database}?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, parameters)]

    def events(self, **query: str) -> list[str]:
        """The actions in the workspace's audit trail, in order."""
        return [event["action"] for event in self.workspace.audit(**query)]

    def live_kinds(self) -> list[str]:
        return sorted(token.kind for token in self.live())

    def dead(self, *, within_s: float = 10.0) -> None:
        """Wait until the provider has no living token of ours."""
        until(lambda: not self.live(), within_s=within_s, what="the end of the provider's tokens")

    @abstractmethod
    def live(self) -> list[Token]: ...

    @abstractmethod
    def asked(self, place: Place) -> list[int]:
        """The statuses the provider answered with there since this test began."""

    @abstractmethod
    def trouble(
        self,
        place: Place,
        status: int | None = None,
        *,
        times: int | None = None,
        before_s: float = 0.0,
        after_s: float = 0.0,
    ) -> None:
        """Fail with `status`, or be slow: before the work, or after it is done and before the answer leaves."""

    @abstractmethod
    def calm(self) -> None: ...

    @abstractmethod
    def gives_more(self, scope: str) -> None:
        """From now on the provider grants this scope although nobody asked."""

    @abstractmethod
    def reject_access_tokens(self) -> None:
        """The access tokens are dead at the provider before their time; the refresh tokens live on."""

    @abstractmethod
    def forget(self) -> None:
        """As if the person had removed the app at the provider."""


def only(slug: str, fixture: str = "stage") -> pytest.MarkDecorator:
    """For a promise that does not depend on the provider, or that one provider alone can show."""
    return pytest.mark.parametrize(fixture, [slug], indirect=True)
