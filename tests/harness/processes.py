"""Child processes of the tests: started in a group of their own, their output in a file, ended as a group.

This process adopts orphans (prctl PR_SET_CHILD_SUBREAPER, Linux), so that a grandchild whose parent died is
still found.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

PR_SET_CHILD_SUBREAPER = 36


class NotStarted(AssertionError):
    """The process ended, or was not ready in time; says what it printed."""


class Child:
    """One running program. `stop()` sends SIGTERM, waits, and says the exit code; whatever of its group
    remains is killed.
    """

    def __init__(
        self, command: Sequence[str], log: Path, *, env: Mapping[str, str], cwd: Path | None = None
    ) -> None:
        self.command = list(command)
        self.log = log
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=dict(env),
                cwd=cwd,
                start_new_session=True,
            )

    @property
    def pid(self) -> int:
        return self.process.pid

    @property
    def is_running(self) -> bool:
        return self.process.poll() is None

    def output(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until(self, ready: Callable[[], bool], *, within_s: float = 20.0) -> None:
        deadline = time.monotonic() + within_s
        while not ready():
            if not self.is_running:
                code = self.process.returncode
                self.stop()
                raise NotStarted(f"{self.command} ended with {code}:\n{self.output()[-6000:]}")
            if time.monotonic() > deadline:
                self.kill()
                raise NotStarted(f"{self.command} was not ready after {within_s} s:\n{self.output()[-6000:]}")
            time.sleep(0.03)

    def stop(self, *, sig: int = signal.SIGTERM, within_s: float = 15.0) -> int:
        if self.is_running:
            self.process.send_signal(sig)
        try:
            self.process.wait(within_s)
        except subprocess.TimeoutExpired:
            self.kill()
            raise AssertionError(
                f"{self.command} did not end within {within_s} s:\n{self.output()[-6000:]}"
            ) from None
        self._end_group()
        return self.process.returncode

    def kill(self) -> None:
        """As a power cut: SIGKILL to the whole group."""
        self._end_group()
        self.process.wait(10)

    def _end_group(self) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.pid, signal.SIGKILL)
        if self.process.stdin:
            self.process.stdin.close()


def adopt_orphans() -> None:
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def children(of: int | None = None) -> dict[int, str]:
    """The living child processes of a process (this one if None), each with its command line. Zombies are
    collected first.
    """
    parent = os.getpid() if of is None else of
    found: dict[int, str] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        with contextlib.suppress(OSError, ValueError):
            state, ppid = (entry / "stat").read_text().rpartition(")")[2].split()[:2]
            if int(ppid) == parent and state != "Z":
                found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ").strip()
    return found


def descendants(of: int) -> dict[int, str]:
    """All living processes below a process, at any depth."""
    found = children(of)
    for pid in list(found):
        found.update(descendants(pid))
    return found
