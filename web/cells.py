"""The numbers of one server process where the others can read them: doubles in a file that is mapped into memory.

Every worker of `valetkey serve` has a file of its own in one folder and adds to it; whoever is asked for `/metrics` reads all
of them and sums up. A worker that is started again takes over the file of the one that died, so nothing is lost and the folder
holds as many files as there were workers at once. Without a folder the numbers are in this process's memory alone.

Layout, in words of 8 bytes: how many words are used, the owner's process id; then one record a series: bytes of its key, number
of its cells, the key (padded), the cells. A record counts when the first word covers it, so a reader never sees half of one.
Limits: one machine; POSIX (flock, mmap). The file is written in full before it is mapped: a full disk is an error, not a crash.
"""

from __future__ import annotations

import fcntl
import logging
import mmap
import os
import shutil
import tempfile
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import msgspec

log = logging.getLogger("valetkey.metrics")

WORD = 8
HEAD = 2
FIRST_BYTES = 1 << 18
MOST_WORKERS = 256
PREFIX = "valetkey-metrics-"
LOCK = "lock"


class Worker(msgspec.Struct, frozen=True):
    """What one process has counted so far, and those before it in the same file."""

    pid: int
    alive: bool
    series: dict[bytes, list[float]]


Workers = Mapping[str, Worker]  # by the name of the file: "0", "1" ...


class Cells:
    """Adding is safe from any thread. `at` is the place of a series' first cell, from `series`."""

    def __init__(self, file: BinaryIO | None = None) -> None:
        self._file = file
        self._lock = threading.Lock()
        self._size = 0
        self._bytes: memoryview[int] = memoryview(b"")
        self._words: memoryview[int] = memoryview(b"")
        self._numbers: memoryview[float] = memoryview(b"").cast("d")
        self._places: dict[bytes, tuple[int, int]] = {}
        kept = os.fstat(file.fileno()).st_size // FIRST_BYTES * FIRST_BYTES if file else 0
        self._map(max(kept, FIRST_BYTES))
        self._used: int = max(self._words[0], HEAD)
        for key, at, width in _records(self._words, self._used):
            self._places[key] = (at, width)
        self._words[0], self._words[1] = self._used, os.getpid()

    def series(self, key: bytes, width: int) -> int:
        """The place of this series; its cells are zero when it is new."""
        with self._lock:
            if key not in self._places:
                self._places[key] = (self._append(key, width), width)
            return self._places[key][0]

    def observe(self, bucket: int, total: int, value: float, counter: int = 0) -> None:
        """One more in a bucket, `value` more in its sum, and one more in a counter if there is one."""
        with self._lock:
            numbers = self._numbers
            numbers[bucket] += 1.0
            numbers[total] += value
            if counter:
                numbers[counter] += 1.0

    def count(self, counter: int) -> None:
        with self._lock:
            self._numbers[counter] += 1.0

    def read(self) -> Worker:
        with self._lock:
            places = self._places.items()
            series = {key: list(self._numbers[at : at + width]) for key, (at, width) in places}
        return Worker(os.getpid(), True, series)

    @property
    def path(self) -> Path | None:
        return Path(self._file.name) if self._file else None

    def _append(self, key: bytes, width: int) -> int:
        padded = key.ljust(-(-len(key) // WORD) * WORD, b"\0")
        at = self._used + 2 + len(padded) // WORD
        if (at + width) * WORD > self._size:
            self._grow()
        self._words[self._used], self._words[self._used + 1] = len(key), width
        start = (self._used + 2) * WORD
        self._bytes[start : start + len(padded)] = padded
        self._used = at + width
        self._words[0] = self._used
        return at

    def _grow(self) -> None:
        try:
            self._map(self._size * 2)
        except OSError as error:  # counting must not fail what is counted
            log.warning("the numbers of this worker are not in /metrics of the others any more: %s", error)
            self._file = None
            self._map(self._size * 2)

    def _map(self, size: int) -> None:
        """Map `size` bytes: of the file, which grows to that, or of memory."""
        if self._file is None:
            room = memoryview(bytearray(size))
            if self._size:
                room[: self._size] = self._bytes
        else:
            missing = size - os.fstat(self._file.fileno()).st_size
            self._file.seek(0, os.SEEK_END)
            self._file.write(bytes(max(missing, 0)))
            self._file.flush()
            room = memoryview(mmap.mmap(self._file.fileno(), size))
        self._bytes, self._size = room, size
        self._words, self._numbers = room.cast("Q"), room.cast("d")


def _records(words: memoryview[int], used: int) -> Iterator[tuple[bytes, int, int]]:
    """Each record's key, place and width."""
    here = HEAD
    while here < used:
        length, width = words[here], words[here + 1]
        at = here + 2 + -(-length // WORD)
        yield words[here + 2 : at].tobytes()[:length], at, width
        here = at + width


# ---- the folder of one service ----------------------------------------------------------------------------------


class Folder:
    """Made empty by `valetkey serve`, for its workers; gone with it. What a killed service left behind is removed first."""

    def __init__(self) -> None:
        _remove_left_behind()
        self.path = Path(tempfile.mkdtemp(prefix=PREFIX))
        self._lock = (self.path / LOCK).open("wb")
        fcntl.flock(self._lock, fcntl.LOCK_EX)

    def remove(self) -> None:
        shutil.rmtree(self.path, ignore_errors=True)
        self._lock.close()


def _remove_left_behind() -> None:
    """Folders of ours whose lock nobody holds: the system lets go of it when the service and its workers have ended."""
    for path in Path(tempfile.gettempdir()).glob(f"{PREFIX}*"):
        try:
            if path.is_symlink() or path.stat().st_uid != os.getuid():
                continue
            with (path / LOCK).open("rb") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                shutil.rmtree(path, ignore_errors=True)
        except OSError:  # in use, or being removed by another start
            continue


def claim(folder: Path) -> Cells:
    """The file of the first worker that is not running, as it was left. Raises OSError when there is no room for it."""
    for slot in range(MOST_WORKERS):
        path = folder / f"{slot}.cells"
        file = open(path, "r+b", opener=_made_if_missing)  # noqa: SIM115 - kept for its lock, as long as the process lives
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            file.close()
            continue
        return Cells(file)
    raise OSError(f"{folder} has no place for one more worker")


def _made_if_missing(path: str, flags: int) -> int:
    return os.open(path, flags | os.O_CREAT, 0o600)


def read_all(own: Cells) -> Workers:
    """All workers of this service; the own one alone where it has no file."""
    if own.path is None:
        return {"0": own.read()}
    found = {}
    for path in sorted(own.path.parent.glob("*.cells"), key=lambda one: int(one.stem)):
        read = own.read() if path == own.path else _read(path)
        if read is not None:
            found[path.stem] = read
    return found


def _read(path: Path) -> Worker | None:
    """What another process wrote; None where it has only begun."""
    content = path.read_bytes()
    if len(content) < FIRST_BYTES:
        return None
    words, numbers = memoryview(content).cast("Q"), memoryview(content).cast("d")
    series = {key: list(numbers[at : at + width]) for key, at, width in _records(words, words[0])}
    return Worker(words[1], _is_owned(path), series)


def _is_owned(path: Path) -> bool:
    """Whether a living process has claimed the file. Process ids are used again, locks are not."""
    with path.open("rb") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
