"""Asks a side over kept connections, as many times as is said or as long, and keeps what it took."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import msgspec

from web.bench import BenchFailed
from web.bench.exchange import Address, Answer, Connection, request
from web.bench.processes import cpu_us


class Side(msgspec.Struct):
    """Who is asked what, and what was measured of it. `pids` are its processes where they are known, the launcher's included."""

    name: str
    address: Address
    asked: bytes
    pids: list[int] = []
    seconds: list[float] = []  # of each answer that was a success
    refused: dict[str, int] = {}  # status and problem code -> how many
    busy_s: float = 0.0
    cpu_us: float = 0.0

    @property
    def requests(self) -> int:
        return len(self.seconds) + sum(self.refused.values())

    @property
    def cpu_us_per_request(self) -> float:
        return self.cpu_us / self.requests

    @property
    def per_second(self) -> float:
        return self.requests / self.busy_s

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000

    def forget(self) -> None:
        """What was measured so far was for warming up."""
        self.seconds, self.refused, self.busy_s, self.cpu_us = [], {}, 0.0, 0.0

    def all_well(self) -> None:
        """Raises BenchFailed where anything but a success came back."""
        if self.refused:
            raise BenchFailed(f"{self.name} did not always answer as it should: {self.refused}")


def calling(name: str, url: str, key: str, call: dict[str, Any], pids: list[int] | None = None) -> Side:
    """A side that is asked for a tool call: `{tool, user, arguments}`."""
    address = Address.of(url)
    body = msgspec.json.encode(call)
    return Side(name, address, request(address, "POST", "/v1/tool-calls", key=key, body=body), pids or [])


async def round_of(side: Side, *, requests: int, connections: int) -> None:
    """Send so many requests over so many connections at once."""
    left = requests // connections * connections

    def more() -> bool:
        nonlocal left
        left -= 1
        return left >= 0

    await _all(side, connections, more)


async def spell_of(side: Side, *, seconds: float, connections: int) -> None:
    """Send requests for so long."""
    until = time.perf_counter() + seconds
    await _all(side, connections, lambda: time.perf_counter() < until)


async def _all(side: Side, connections: int, more: Callable[[], bool]) -> None:
    began, before = time.perf_counter(), cpu_us(side.pids)
    await asyncio.gather(*(_one(side, more) for _ in range(connections)))
    side.busy_s += time.perf_counter() - began
    side.cpu_us += cpu_us(side.pids) - before


async def _one(side: Side, more: Callable[[], bool]) -> None:
    async with Connection(side.address) as connection:
        while more():
            began = time.perf_counter()
            answer = await connection.ask(side.asked)
            if answer.status == 200:
                side.seconds.append(time.perf_counter() - began)
            else:
                said = refusal(answer)
                side.refused[said] = side.refused.get(said, 0) + 1


class _Problem(msgspec.Struct):
    code: str = ""
    detail: str = ""


def problem(answer: Answer) -> _Problem:
    try:
        return msgspec.json.decode(answer.body, type=_Problem)
    except msgspec.DecodeError:
        return _Problem()


def refusal(answer: Answer) -> str:
    """`429 rate_limited`."""
    return f"{answer.status} {problem(answer).code}".strip()
