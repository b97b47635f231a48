"""Makes the cassettes of the connectors: `python -m tests.connectors.record [connector] [tool]`.

Each case runs against its fake on a loopback socket, and what went over the wire is written down under the
provider's own host. A case that does not end as its table says is an error, so a cassette never holds a
surprise.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest import mock

from core.errors import ValetkeyError
from core.http import Outbound
from tests.connectors import wire
from tests.connectors.cases import Case, Refusal, Subject
from tests.connectors.fakes.server import served
from tests.connectors.subjects import SUBJECTS


@contextmanager
def still_time(*subjects: Subject) -> Iterator[None]:
    """The clock stands, for the connectors of `subjects` or for all."""
    with ExitStack() as stack:
        for subject in subjects or SUBJECTS:
            for name, moment in subject.still.items():
                stack.enter_context(mock.patch(name, return_value=moment))
        yield


async def outcome(subject: Subject, case: Case, http: Outbound) -> Any:
    """What the tool answers, or the refusal it ends with."""
    try:
        with still_time(subject):
            return await wire.run(subject.connector, http, case.tool, case.arguments, fields=subject.fields)
    except ValetkeyError as error:
        scopes = getattr(error, "scopes", None)
        return Refusal(error.code, None if scopes is None else tuple(scopes))


async def record(subject: Subject, case: Case) -> None:
    provider = subject.provider()
    case.prepare(provider)
    path = wire.path_of(subject.connector.slug, case.tool, case.name)
    path.parent.mkdir(parents=True, exist_ok=True)
    with served(provider.fake) as port:
        transport = wire.Loopback(port)
        try:
            with wire.recording(path, provider.fake.host):
                got = await outcome(subject, case, wire.through(transport))
        finally:
            await transport.aclose()
    if got != case.expected:
        raise SystemExit(f"{path.name}: {got!r} is not {case.expected!r}")


async def main(wanted: list[str]) -> None:
    for subject in SUBJECTS:
        for case in subject.cases():
            if all(word in (subject.connector.slug, case.tool) for word in wanted):
                await record(subject, case)


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1:]))
