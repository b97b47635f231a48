"""What core says of its own work to whoever watches it, and the one who is silent.

Core knows no metrics library and no tracer: it names its steps and a few sizes, and `web/watching.py` makes numbers and spans of
them. What is told holds names of connectors and tools and times; never a user, an argument, an address or a token.

    with house.observer.step("token.refresh", connector=connector.slug):
        ...                                     # its time, and the error it ended with, are seen

    @watched("connect.approve")                 # the same for a whole flow, whose first argument is the house
    async def approve(house, ...): ...
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Coroutine
from types import TracebackType
from typing import Any, Concatenate, Literal, ParamSpec, Protocol, TypeVar

P = ParamSpec("P")
R = TypeVar("R")

StepName = Literal[
    "connect.create",
    "connect.open",
    "connect.approve",
    "connect.callback",
    "connect.choose",
    "connect.confirm",
    "connect.redeem",
    "call",
    "call.resolve",
    "call.provider",
    "call.deliver",
    "provider.request",
    "token.refresh",
    "token.lease",
    "outbox.tell",
]


class Step(Protocol):
    """A step under way, as a context: it ends with the block, well or with the block's error."""

    def __enter__(self) -> Step: ...

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None: ...

    def answered(self, status: int) -> None:
        """The HTTP status the other side answered with."""


class Observer(Protocol):
    def step(self, name: StepName, connector: str | None = None, tool: str | None = None) -> Step:
        """A step begins. `tool` may be what a caller sent: the observer must not take it for a tool that exists."""

    def vault_used(self, operation: Literal["open", "seal"], took_s: float) -> None:
        """A value was opened or sealed. From any thread."""

    def calls_recorded(self, count: int, took_s: float) -> None:
        """So many calls became durable in the audit trail with one transaction, waiting for the writer included."""

    def revocation_settled(self, outcome: str, waited_s: float) -> None:
        """A provider is done with a token, so long after it was ended here."""


class _Nothing:
    def __enter__(self) -> _Nothing:
        return self

    def __exit__(self, *_: object) -> None:
        return None

    def answered(self, status: int) -> None:
        return None


NOTHING: Step = _Nothing()


class _Silent:
    """Nobody watches."""

    def step(self, name: StepName, connector: str | None = None, tool: str | None = None) -> Step:
        return NOTHING

    def vault_used(self, operation: Literal["open", "seal"], took_s: float) -> None:
        return None

    def calls_recorded(self, count: int, took_s: float) -> None:
        return None

    def revocation_settled(self, outcome: str, waited_s: float) -> None:
        return None


SILENT: Observer = _Silent()


class HasObserver(Protocol):
    observer: Observer


H = TypeVar("H", bound=HasObserver)


def watched(
    name: StepName,
) -> Callable[
    [Callable[Concatenate[H, P], Coroutine[Any, Any, R]]], Callable[Concatenate[H, P], Coroutine[Any, Any, R]]
]:
    """Make a flow, an `async def` whose first argument is the house, one step."""

    def around(
        flow: Callable[Concatenate[H, P], Coroutine[Any, Any, R]],
    ) -> Callable[Concatenate[H, P], Coroutine[Any, Any, R]]:
        @functools.wraps(flow)
        async def observed(house: H, /, *args: P.args, **kwargs: P.kwargs) -> R:
            with house.observer.step(name):
                return await flow(house, *args, **kwargs)

        return observed

    return around
