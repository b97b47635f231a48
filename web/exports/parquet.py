"""Events as Parquet: a folder of part files, because a Parquet file can be read only after it was closed.

A part is written beside its name and renamed when it is whole: an interruption costs the part that was being written. One row an
event, zstd; `at` is a UTC timestamp in milliseconds, `detail` JSON text, `hash` in hexadecimal as on the wire.
Source: https://parquet.apache.org/docs/file-format/ (read 2026-11-24). Needs the extra `parquet` (pyarrow).
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from core.model import AuditEvent
from web.exports.manifest import ExportError, lock

try:
    import pyarrow as pa
    import pyarrow.parquet as pq
except ImportError:
    raise ExportError("Parquet needs pyarrow. Install it with: pip install 'valetkey[parquet]'") from None

GROUP_ROWS = 10_000  # what is in memory at once
PART_ROWS = 250_000
_PART = re.compile(r"part-(\d{12})-(\d{12})\.parquet\Z")
_TEXT = pa.string()
SCHEMA = pa.schema(
    [
        pa.field("id", _TEXT, nullable=False),
        pa.field("seq", pa.int64(), nullable=False),
        pa.field("at", pa.timestamp("ms", tz="UTC"), nullable=False),
        *(
            pa.field(n, _TEXT, nullable=False)
            for n in ("workspace", "actor_type", "actor_id", "action", "outcome")
        ),
        *(pa.field(n, _TEXT) for n in ("assistant", "user", "connector", "grant", "call", "tool")),
        pa.field("detail", _TEXT, nullable=False),
        pa.field("hash", _TEXT, nullable=False),
    ]
)


def _column(name: str, events: Sequence[AuditEvent]) -> list[Any]:
    if name == "hash":
        return [event.hash.hex() for event in events]
    if name == "detail":
        return [msgspec.json.encode(event.detail).decode() for event in events]
    return [getattr(event, name) for event in events]


def _event(row: dict[str, Any]) -> AuditEvent:
    detail = msgspec.json.decode(row["detail"], type=dict[str, str | int | bool | list[str] | None])
    return AuditEvent(**{**row, "hash": bytes.fromhex(row["hash"]), "detail": detail})


class Parts:
    """A folder that gets more part files. `last`: the last event that is in them."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(mode=0o700, exist_ok=True)
        self._folder = folder
        self._descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        self._fresh = folder / ".part.new"
        self._waiting: list[AuditEvent] = []
        self._writer: Any = None
        self._first, self._rows, self._seq = 0, 0, 0
        try:
            lock(self._descriptor, folder)  # before anything is removed
            self._fresh.unlink(missing_ok=True)
            self.last = _last(folder)
        except BaseException:
            os.close(self._descriptor)
            raise

    def write(self, events: Sequence[AuditEvent]) -> None:
        self._waiting += events
        if len(self._waiting) >= GROUP_ROWS:
            self._write_group()
            if self._rows >= PART_ROWS:
                self._end_part()

    def finish(self) -> None:
        self._write_group()
        self._end_part()

    def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            self._fresh.unlink(missing_ok=True)
        os.close(self._descriptor)

    def _write_group(self) -> None:
        group, self._waiting = self._waiting, []
        if not group:
            return
        if self._writer is None:
            self._first, self._rows = group[0].seq, 0
            os.close(os.open(self._fresh, os.O_WRONLY | os.O_CREAT, 0o600))  # it names people
            self._writer = pq.ParquetWriter(str(self._fresh), SCHEMA, compression="zstd")
        columns = [pa.array(_column(field.name, group), type=field.type) for field in SCHEMA]
        self._writer.write_batch(pa.record_batch(columns, schema=SCHEMA), row_group_size=GROUP_ROWS * 2)
        self._rows, self._seq = self._rows + len(group), group[-1].seq

    def _end_part(self) -> None:
        if self._writer is None:
            return
        self._writer.close()
        self._writer = None
        descriptor = os.open(self._fresh, os.O_RDONLY)
        os.fsync(descriptor)
        os.close(descriptor)
        os.replace(self._fresh, self._folder / f"part-{self._first:012}-{self._seq:012}.parquet")
        os.fsync(self._descriptor)


def parts(folder: Path) -> list[Path]:
    """In the order of their events."""
    return sorted(one for one in folder.iterdir() if _PART.match(one.name))


def _last(folder: Path) -> AuditEvent | None:
    found = parts(folder)
    if not found:
        return None
    with _opened(found[-1]) as file:
        group = file.read_row_group(file.num_row_groups - 1)
        return _event(group.slice(group.num_rows - 1).cast(_PLAIN).to_pylist()[0])


_PLAIN = pa.schema([field.with_type(pa.int64()) if field.name == "at" else field for field in SCHEMA])


def _opened(path: Path) -> Any:
    try:
        return pq.ParquetFile(path)
    except (OSError, pa.ArrowException) as error:
        raise ExportError(f"{path} cannot be read: {error}") from None


def read(folder: Path) -> Iterator[AuditEvent]:
    """Raises ExportError for a part that cannot be read or is none of ours."""
    for path in parts(folder):
        with _opened(path) as file:
            if not file.schema_arrow.equals(SCHEMA):
                raise ExportError(f"{path} has other columns than an export of the audit trail.")
            try:
                for group in range(file.num_row_groups):
                    for row in file.read_row_group(group).cast(_PLAIN).to_pylist():
                        yield _event(row)
            except (OSError, ValueError, msgspec.MsgspecError, pa.ArrowException) as error:
                raise ExportError(f"{path} cannot be read: {error}") from None
