"""Numbers outlive the process that counted them, are seen by the others at once, and are never half read."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

import pytest

from web import cells
from web.cells import FIRST_BYTES, Cells, Folder

COUNTING = """
import os, signal, sys
from pathlib import Path
from web import cells
own = cells.claim(Path(sys.argv[1]))
at = own.series(b"k", 1)
for _ in range(1_000):
    own.count(at)
if sys.argv[2] == "die":
    os.kill(os.getpid(), signal.SIGKILL)
print("ready", flush=True)
sys.stdin.read()
"""


def other(folder: Path, what: str) -> subprocess.Popen[str]:
    """Another worker, which counts to a thousand and then dies or waits."""
    command = [sys.executable, "-c", COUNTING, str(folder), what]
    root = Path(cells.__file__).parent.parent
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, text=True, env={"PYTHONPATH": str(root)})


def ended(child: subprocess.Popen[str]) -> int:
    child.communicate("")
    return child.returncode


def test_a_worker_goes_on_from_where_a_killed_one_was(tmp_path: Path) -> None:
    for _ in range(2):
        assert ended(other(tmp_path, "die")) == -signal.SIGKILL
    own = cells.claim(tmp_path)
    own.count(own.series(b"first met by this one", 1))
    own.count(own.series(b"k", 1))
    assert own.read().series == {b"k": [2_001.0], b"first met by this one": [1.0]}
    assert [path.name for path in tmp_path.iterdir()] == ["0.cells"]


def test_each_running_worker_has_a_file_of_its_own_which_all_can_read(tmp_path: Path) -> None:
    running = other(tmp_path, "wait")
    assert running.stdout is not None and running.stdout.readline() == "ready\n"
    own = cells.claim(tmp_path)
    own.count(own.series(b"mine", 1))
    found = cells.read_all(own)
    assert found["0"].alive and found["0"].pid == running.pid and found["0"].series == {b"k": [1_000.0]}
    assert found["1"].pid == os.getpid() and found["1"].series == {b"mine": [1.0]}
    assert ended(running) == 0
    found = cells.read_all(own)
    assert not found["0"].alive and found["0"].series == {b"k": [1_000.0]}


@pytest.mark.parametrize("in_file", [True, False])
def test_more_series_than_the_first_room_holds(tmp_path: Path, in_file: bool) -> None:
    own = cells.claim(tmp_path) if in_file else Cells()
    count = FIRST_BYTES // 8
    places = {n: own.series(f"series {n}".encode(), 2) for n in range(count)}
    for n, at in places.items():
        own.observe(at, at + 1, float(n))
    assert len(own.read().series) == count
    assert own.read().series[b"series 7"] == [1.0, 7.0]
    if in_file:
        again = cells._read(tmp_path / "0.cells")
        assert again is not None and again.series == own.read().series


def test_counting_goes_on_when_the_disk_is_full(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = cells.claim(tmp_path)
    at = own.series(b"k", 1)
    own.count(at)
    monkeypatch.setattr(own, "_file", Full(tmp_path / "0.cells"))
    own.count(own.series(b"large", FIRST_BYTES // 8))
    own.count(at)
    assert own.read().series[b"k"] == [2.0] and cells.read_all(own).keys() == {"0"}


class Full:
    """A file that takes no more."""

    def __init__(self, path: Path) -> None:
        self.file = path.open("r+b")
        self.name = str(path)
        self.fileno, self.seek = self.file.fileno, self.file.seek

    def write(self, content: bytes) -> None:
        raise OSError(28, "No space left on device")


class Interrupted(list[float]):
    """Lets another thread in between reading and writing, as an interpreter may at any time."""

    def __getitem__(self, at: Any) -> Any:
        found = super().__getitem__(at)
        time.sleep(0)
        return found


def test_no_count_is_lost_between_threads(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Cells()
    at = own.series(b"k", 3)
    numbers = Interrupted([0.0] * (at + 3))
    monkeypatch.setattr(own, "_numbers", numbers)

    def work() -> None:
        for _ in range(500):
            own.observe(at, at + 1, 2.0, at + 2)
            own.count(at + 2)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert list.__getitem__(numbers, slice(at, at + 3)) == [2_000.0, 4_000.0, 4_000.0]


@pytest.fixture
def tmp(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    return tmp_path


def test_a_start_removes_what_a_killed_service_left_and_nothing_that_is_in_use(tmp: Path) -> None:
    running, killed = Folder(), Folder()
    (killed.path / "0.cells").write_bytes(bytes(8))
    killed._lock.close()  # as the system does when the last process ends
    strange = tmp / "valetkey-metrics-link"
    strange.symlink_to(tmp)
    mine = Folder()
    assert running.path.exists() and mine.path.exists() and strange.is_symlink() and not killed.path.exists()
    assert mine.path.stat().st_mode & 0o077 == 0
    running.remove()
    mine.remove()
    assert [path.name for path in tmp.iterdir()] == ["valetkey-metrics-link"]
