"""Events as JSON Lines. What an interruption left of a line is cut off; the last whole event says where to go on."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from core.model import AuditEvent
from web.exports.manifest import ExportError, lock
from web.wire.audit import EventOut, event_in, event_out

TAIL_BYTES = 4 << 20  # no event is longer: a body is 1 MB at most
SYNC_BYTES = 16 << 20
_decode = msgspec.json.Decoder(EventOut).decode
_encode = msgspec.json.Encoder().encode


class JsonLines:
    """A file that is lengthened. `last`: the last event that is in it."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)  # it names people
        self._file = open(descriptor, "r+b")  # noqa: SIM115
        try:
            lock(descriptor, path)  # before anything is cut off
            self._begin()
        except BaseException:
            self._file.close()
            raise

    def _begin(self) -> None:
        end, self.last = self._last_complete()
        self._file.truncate(end)
        self._file.seek(end)
        self._unsynced = 0

    def write(self, events: Sequence[AuditEvent]) -> None:
        text = b"".join([_encode(event_out(event)) + b"\n" for event in events])
        self._file.write(text)
        self._unsynced += len(text)
        if self._unsynced > SYNC_BYTES:
            self._sync()

    def finish(self) -> None:
        self._sync()

    def close(self) -> None:
        self._file.close()

    def _sync(self) -> None:
        self._file.flush()
        os.fsync(self._file.fileno())
        self._unsynced = 0

    def _last_complete(self) -> tuple[int, AuditEvent | None]:
        """Where the last whole event ends, and the event. Raises ExportError when there is none in what is no empty file."""
        size = os.fstat(self._file.fileno()).st_size
        start = max(0, size - TAIL_BYTES)
        self._file.seek(start)
        block = self._file.read()
        end = block.rfind(b"\n") + 1
        while end:
            begin = block.rfind(b"\n", 0, end - 1) + 1
            try:
                return start + end, event_in(_decode(block[begin:end]))
            except (msgspec.MsgspecError, ValueError):
                end = begin  # a crash of the machine may leave anything behind the last sync
        if start or b"\n" in block:
            raise ExportError(
                "The file does not end in events: it is no export, or damaged. Begin a new one."
            )
        return 0, None


def read(path: Path) -> Iterator[AuditEvent]:
    """Raises ExportError at a line that is no event."""
    with path.open("rb") as file:
        lines = iter(lambda: file.readline(TAIL_BYTES), b"")
        for number, line in enumerate(lines, 1):
            try:
                yield event_in(_decode(line))
            except (msgspec.MsgspecError, ValueError):
                raise ExportError(f"Line {number} of {path} is no event.") from None
