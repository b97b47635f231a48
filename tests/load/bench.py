"""What a governed call costs beside an ungoverned one: `make bench`, or `make bench ARGS="--rounds 20
--connections 32"`.

A running `valetkey serve` and a bare handler (ungoverned.py) make the same upstream call with the same
client. They are asked in turns, a round each, within one run, so that whatever else the machine does meets
both. CPU time is the operating system's, of all processes of a side. Prints Markdown; writes nothing.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

import httpx

from tests.harness.ports import free_port
from tests.harness.processes import Child
from tests.harness.scene import CLIENT_SECRET, Scene
from tests.harness.service import ROOT, Service, clean_environment
from tests.harness.walker import Page, Walker
from web.bench.driver import Side, calling, round_of
from web.bench.processes import family, memory_mb

CONNECTORS = Path(__file__).resolve().parent / "connector"
CALL = {"tool": "bench.find_contacts", "user": "u1", "arguments": {"query": "person"}}
AIM, LIMIT = 1.3, 1.6
# As `valetkey serve` runs it.
GRANIAN = ["granian", "--interface", "asgi", "--workers", "1", "--no-ws", "--log-level", "warning"]


class Upstream:
    """The bench's provider as a scene wants one: everybody is signed in already."""

    slug = "bench"

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.config: dict[str, str] = {}
        command = [sys.executable, "-m", "tests.load.upstream", str(self.port)]
        self.child = Child(command, folder / "upstream.log", env=clean_environment(), cwd=ROOT)
        self.child.wait_until(lambda: "ready" in self.child.output())

    @property
    def env(self) -> dict[str, str]:
        return {"BENCH_UPSTREAM_URL": self.url, "VALETKEY_CONNECTORS_PATH": str(CONNECTORS)}

    def close(self) -> None:
        self.child.kill()

    def add_client(self, client_id: str, redirect_uri: str, client_secret: str | None = None) -> None:
        assert client_secret == CLIENT_SECRET

    def consent(self, walker: Walker, login: str, *, scopes: list[str] | None = None) -> Page:
        assert walker.page is not None
        return walker.page

    refuse = consent


def governed(folder: Path, upstream: Upstream, stack: ExitStack) -> tuple[Side, Service]:
    service = Service(folder / "service", env={**upstream.env, "VALETKEY_LOG": "text"}).start()
    stack.callback(service.close)
    scene = Scene(service, upstream)
    scene.connect(tools=("find_contacts",))
    assert service.child is not None
    pids = family(service.child.pid)
    return calling("governed", service.url, scene.assistant.key, CALL, pids), service


def ungoverned(folder: Path, upstream: Upstream, stack: ExitStack) -> Side:
    port = free_port()
    command = [str(Path(sys.executable).with_name(GRANIAN[0])), *GRANIAN[1:], "--port", str(port)]
    env = {**clean_environment(), "BENCH_UPSTREAM_URL": upstream.url}
    child = Child([*command, "tests.load.ungoverned:app"], folder / "ungoverned.log", env=env, cwd=ROOT)
    stack.callback(child.stop)
    child.wait_until(lambda: answers(port))
    return calling("ungoverned", f"http://127.0.0.1:{port}", "none", CALL, family(child.pid))


def answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/", trust_env=False).status_code == 404
    except httpx.TransportError:
        return False


async def measure(sides: list[Side], options: argparse.Namespace) -> None:
    for side in sides:  # warm: connections, caches, learnt schemas
        await round_of(side, requests=options.requests // 2, connections=options.connections)
        side.all_well()
        side.forget()
    for number in range(options.rounds):
        turn = sides if number % 2 == 0 else sides[::-1]
        for side in turn:
            await round_of(side, requests=options.requests, connections=options.connections)
            side.all_well()


def start_to_ready(service: Service, times: int = 5) -> float:
    """The median, in seconds, of starts on a database that is there already."""
    taken = []
    for _ in range(times):
        if service.child is not None:
            service.stop()
        began = time.monotonic()
        service.start()
        taken.append(time.monotonic() - began)
    return sorted(taken)[times // 2]


def report(sides: list[Side], options: argparse.Namespace, memory: float, ready_s: float) -> str:
    lines = ["| side | requests | CPU us a request | p50 ms | p99 ms |", "|---|---|---|---|---|"]
    for side in sides:
        lines.append(
            f"| {side.name} | {side.requests} | {side.cpu_us_per_request:.0f} "
            f"| {side.percentile_ms(0.5):.1f} | {side.percentile_ms(0.99):.1f} |"
        )
    ratio = sides[0].cpu_us_per_request / sides[1].cpu_us_per_request
    return "\n".join(
        [
            f"{options.rounds} rounds of {options.requests} requests each, {options.connections} connections, in turns.",
            "",
            *lines,
            "",
            f"- ratio: {ratio:.2f} (aim {AIM}, not above {LIMIT})",
            f"- start to ready on an existing database: {ready_s:.2f} s (not above 2)",
            f"- memory of a worker after {sides[0].requests} calls: {memory:.0f} MB (not above 150)",
        ]
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="What a governed call costs beside an ungoverned one.")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--requests", type=int, default=1600, help="of a side in a round")
    parser.add_argument("--connections", type=int, default=16)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="valetkey-bench-") as name, ExitStack() as stack:
        folder = Path(name)
        upstream = Upstream(folder)
        stack.callback(upstream.close)
        side, service = governed(folder, upstream, stack)
        sides = [side, ungoverned(folder, upstream, stack)]
        asyncio.run(measure(sides, options))
        memory = max(memory_mb(pid) for pid in side.pids)
        print(report(sides, options, memory, start_to_ready(service)))


if __name__ == "__main__":
    main()
