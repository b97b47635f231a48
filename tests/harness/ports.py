"""Ports for servers that tests start, below the range from which the system takes the ports of outgoing
connections.
"""

from __future__ import annotations

import os
import random
import socket

LOWEST, HIGHEST = 20_000, 32_000


def _own_part() -> tuple[int, int]:
    """Each process of a run has a part of the range to itself: a port is held by nobody between its choice and its use."""
    number = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    width = (HIGHEST - LOWEST) // int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    return LOWEST + number * width, LOWEST + (number + 1) * width


_random = random.Random(os.getpid())
_given: set[int] = set()


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(row: int = 1) -> int:
    """A port of 127.0.0.1 that nobody holds and that this run never gave out before: the first of `row` such
    ports.
    """
    for _ in range(1000):
        lowest, end = _own_part()
        first = _random.randrange(lowest, end - row)
        ports = range(first, first + row)
        if not _given.intersection(ports) and all(_is_free(port) for port in ports):
            _given.update(ports)
            return first
    raise RuntimeError("no free port found")
