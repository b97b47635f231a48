"""An installation that is there, measured by its address and an assistant's key: one tool that only reads, for one user.

The calls are real: they reach the provider, count against its limits, and stand in the audit trail.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import msgspec

from web.bench import BenchFailed, driver, figures
from web.bench.driver import Side
from web.bench.exchange import Address, Answer, Connection, request
from web.bench.figures import Figures
from web.bench.report import Report, Spell, row


class Wish(msgspec.Struct, frozen=True):
    url: str
    key: str
    user: str
    tool: str
    arguments: dict[str, Any]
    connections: int
    seconds: float


class _Tool(msgspec.Struct):
    name: str
    risk: str


class _Tools(msgspec.Struct):
    items: list[_Tool]
    next: str | None = None


async def measure(wish: Wish) -> Report:
    """Raises BenchFailed: nothing answers, the tool is unknown or changes something, or a first call is refused."""
    address = Address.of(wish.url)
    await _check_reads(address, wish)
    call = {"tool": wish.tool, "user": wish.user, "arguments": wish.arguments}
    side = driver.calling("calls", wish.url, wish.key, call)
    async with Connection(address) as connection:
        _check(await connection.ask(side.asked))
    spells = [await _spell(side, many, wish.seconds) for many in dict.fromkeys((1, wish.connections))]
    return Report(await _version(address), wish.url, wish.tool, spells)


async def _check_reads(address: Address, wish: Wish) -> None:
    """Only what changes nothing is called a thousand times. The service says which tools those are."""
    query = urlencode({"connector": wish.tool.partition(".")[0], "limit": 200})
    async with Connection(address) as connection:
        answer = await connection.ask(request(address, "GET", f"/v1/tools?{query}", key=wish.key))
    _check(answer)
    try:
        tools = {one.name: one.risk for one in msgspec.json.decode(answer.body, type=_Tools).items}
    except msgspec.DecodeError:
        raise BenchFailed(f"{wish.url} does not answer as a Valetkey does.") from None
    if wish.tool not in tools:
        reading = ", ".join(sorted(name for name, risk in tools.items() if risk == "read")) or "none"
        raise BenchFailed(
            f"This assistant has no tool {wish.tool[:100]}. Of that connector, these only read: {reading}."
        )
    if tools[wish.tool] != "read":
        raise BenchFailed(f"{wish.tool} changes something. Name a tool that only reads.")


def _check(answer: Answer) -> None:
    if answer.status == 200:
        return
    told = driver.problem(answer)
    detail = told.detail or "It is no answer of a Valetkey."
    raise BenchFailed(f"The first request was answered with {driver.refusal(answer)}. {detail}")


async def _spell(side: Side, connections: int, seconds: float) -> Spell:
    before = await figures.asked(side.address)
    await driver.spell_of(side, seconds=seconds, connections=connections)
    after = await figures.asked(side.address) if before is not None else None
    told = after.since(before) if after is not None and before is not None else None
    if not side.seconds:
        raise BenchFailed(f"No call succeeded: {_refused(side)}. Try fewer --connections.")
    fits = told is not None and told.calls == side.requests
    cpu_us = told.cpu_s / told.calls * 1e6 if fits and told is not None else None
    spell = Spell(connections, [row(side, cpu_us)], remarks=_remarks(side, told))
    side.forget()
    return spell


def _remarks(side: Side, told: Figures | None) -> list[str]:
    found = []
    if side.refused:
        found.append(f"refused: {_refused(side)}; times are of the others")
    if told is None:
        found.append(
            "/metrics is not to be had from here: the provider's part and the CPU time are not known"
        )
    elif told.calls != side.requests:
        found.append("/metrics counts other calls too, or of another node: the provider's part is not known")
    else:
        mean_ms, provider_ms = told.calls_s / told.calls * 1000, told.provider_s / told.calls * 1000
        found.append(
            f"of a mean of {mean_ms:.2f} ms the provider took {provider_ms:.2f}, Valetkey {mean_ms - provider_ms:.2f}"
        )
    return found


def _refused(side: Side) -> str:
    return ", ".join(f"{count} x {said}" for said, count in sorted(side.refused.items()))


async def _version(address: Address) -> str:
    """From the API's own description."""
    async with Connection(address) as connection:
        answer = await connection.ask(request(address, "GET", "/schema/openapi.json"))
    try:
        return msgspec.json.decode(answer.body, type=_Schema).info.version
    except msgspec.DecodeError:
        return "of unknown version"


class _Info(msgspec.Struct):
    version: str


class _Schema(msgspec.Struct):
    info: _Info
