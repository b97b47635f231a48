"""Makes Northwind's cassettes: `python -m tests.connectors.northwind_record [tool ...]`.

Each case runs against the bundled Northwind on a loopback socket, over httpx's own transport. A case that
does not end as its table says is an error and leaves no cassette.
"""

from __future__ import annotations

import asyncio
import re
import sys

from tests.connectors import wire
from tests.connectors.northwind_cases import Case, cases, outcome
from tests.connectors.northwind_provider import HOST, provider
from tests.harness.ports import free_port
from web.demo.northwind import serving

HEADER = """\
# Made against the bundled provider Northwind (web/demo/northwind) at a fixed moment.
# Made by: python -m tests.connectors.northwind_record
"""
_REQUEST_ID = re.compile(r"req_[0-9a-z]{26}")  # the one thing that differs from run to run


async def record(case: Case) -> None:
    app, port = provider(), free_port()
    case.prepare(app.state.northwind)
    path = wire.path_of("northwind", case.tool, case.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    async with serving(app, port=port):
        transport = wire.Loopback(port)
        try:
            with wire.recording(path, HOST):
                got = await outcome(case, wire.through(transport))
        finally:
            await transport.aclose()
    if got != case.expected:
        path.unlink()
        raise SystemExit(f"{path.name}: {got!r} is not {case.expected!r}")
    text = path.read_text().replace(wire.HEADER, HEADER)
    path.write_text(_REQUEST_ID.sub("req_" + "0" * 26, text))


async def main(wanted: list[str]) -> None:
    for case in cases():
        if not wanted or case.tool in wanted:
            await record(case)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
