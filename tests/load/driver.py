"""Sends requests over kept connections with as little work as can be, and reads what they cost from the
operating system."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Iterable
from pathlib import Path

import msgspec

from tests.harness.processes import descendants

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


class Side(msgspec.Struct):
    """One of the two servers, and what was measured of it. `pids` are its processes, the launcher's
    included."""

    name: str
    port: int
    pids: list[int]
    key: str = "none"
    requests: int = 0
    cpu_us: float = 0.0
    seconds: list[float] = []

    @property
    def cpu_us_per_request(self) -> float:
        return self.cpu_us / self.requests

    def percentile_ms(self, share: float) -> float:
        ordered = sorted(self.seconds)
        return ordered[min(int(len(ordered) * share), len(ordered) - 1)] * 1000


def family(pid: int) -> list[int]:
    return [pid, *descendants(pid)]


def cpu_us(pids: Iterable[int]) -> float:
    """User and system time of these processes so far, all their threads, in whole clock ticks (10 ms)."""
    ticks = 0
    for pid in pids:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        ticks += int(fields[11]) + int(fields[12])
    return ticks * TICK_US


def memory_mb(pid: int) -> float:
    """Resident memory (VmRSS), pages shared with its launcher included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _bytes(side: Side, body: bytes) -> bytes:
    head = (
        f"POST /v1/tool-calls HTTP/1.1\r\nHost: 127.0.0.1:{side.port}\r\nAuthorization: Bearer {side.key}\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body


async def _one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, request: bytes) -> float:
    began = time.perf_counter()
    writer.write(request)
    head = (await reader.readuntil(b"\r\n\r\n")).lower()
    length = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
    answer = await reader.readexactly(length)
    if not head.startswith(b"http/1.1 200"):
        raise RuntimeError(f"not a 200: {head.decode('latin-1')}{answer.decode('latin-1')}")
    return time.perf_counter() - began


async def _connection(side: Side, request: bytes, count: int) -> list[float]:
    reader, writer = await asyncio.open_connection("127.0.0.1", side.port)
    try:
        return [await _one(reader, writer, request) for _ in range(count)]
    finally:
        writer.close()
        await writer.wait_closed()


async def round_of(side: Side, body: bytes, *, requests: int, connections: int) -> None:
    """Send `requests` over `connections` at once and add to the side what they took."""
    request = _bytes(side, body)
    before = cpu_us(side.pids)
    share = requests // connections
    taken = await asyncio.gather(*(_connection(side, request, share) for _ in range(connections)))
    side.cpu_us += cpu_us(side.pids) - before
    side.requests += share * connections
    side.seconds += [seconds for one in taken for seconds in one]
