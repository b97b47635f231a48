"""What processes cost, from the operating system (Linux, /proc)."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

TICK_US = 1_000_000 / os.sysconf("SC_CLK_TCK")


def family(pid: int) -> list[int]:
    """The process and all living ones below it."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int(_fields(int(entry.name))[1])
            except OSError:
                continue
            parents.setdefault(parent, []).append(int(entry.name))
    found = [pid]
    for one in found:
        found += parents.get(one, [])
    return found


def cpu_us(pids: Iterable[int]) -> float:
    """User and system time of these processes so far, all their threads, in whole clock ticks (10 ms)."""
    return sum((int(fields[11]) + int(fields[12])) * TICK_US for fields in map(_fields, pids))


def memory_mb(pid: int) -> float:
    """Resident memory (VmRSS), pages shared with its launcher included."""
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    return 0.0


def _fields(pid: int) -> list[str]:
    """Of /proc/PID/stat, from the state on: what stands before may hold spaces."""
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
