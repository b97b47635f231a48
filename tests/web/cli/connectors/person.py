"""A developer at a terminal and in a browser: a command that signs in runs as a child, and a walker goes where it says."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from tests.harness.northwind import RunningNorthwind
from tests.harness.ports import free_port
from tests.harness.service import ROOT, clean_environment
from tests.harness.waiting import until
from tests.harness.walker import Page, Walker

CLIENT_ID, SECRET = "developer", "the-client-secret-of-a-developer"
ADDRESS = re.compile(r"^https?://\S+/authorize\?\S+$", re.MULTILINE)


class Terminal:
    """One running command, its two outputs apart. `typed`: what the developer answers, None for nobody at the keyboard."""

    def __init__(
        self,
        words: list[str],
        folder: Path,
        env: Mapping[str, str],
        stdin: int = subprocess.DEVNULL,
        typed: str | None = None,
    ) -> None:
        keyboard = folder / "typed.txt"
        keyboard.write_text(typed or "")
        self._out, self._err = folder / "out.txt", folder / "err.txt"
        self._files: list[IO[bytes]] = [self._out.open("wb"), self._err.open("wb"), keyboard.open("rb")]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "web.cli", "connectors", *words],
            stdin=self._files[2] if typed is not None else stdin,
            start_new_session=True,  # a prompt may not find the terminal this test was started in
            stdout=self._files[0],
            stderr=self._files[1],
            cwd=ROOT,
            env={**clean_environment(), "VALETKEY_DEVELOPMENT": "1", **env},
        )

    @property
    def out(self) -> str:
        return self._out.read_text()

    @property
    def err(self) -> str:
        return self._err.read_text()

    def address(self) -> str:
        """Where it asks the developer to sign in."""
        until(lambda: ADDRESS.search(self.err) or self.process.poll() is not None, within_s=20)
        found = ADDRESS.search(self.err)
        assert found, f"no address:\n{self.err}"
        return found[0]

    def end(self) -> int:
        try:
            return self.process.wait(20)
        finally:
            self.close()

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(10)
        for file in self._files:
            file.close()


class Developer:
    """Has a client of their own at Northwind, with one redirect URI on this machine."""

    def __init__(self, northwind: RunningNorthwind, folder: Path) -> None:
        self.northwind, self.folder, self.port = northwind, folder, free_port()
        self.redirect_uri = f"http://127.0.0.1:{self.port}/callback"
        northwind.add_client(CLIENT_ID, self.redirect_uri, SECRET)

    @contextmanager
    def running(
        self, *words: str, stdin: int = subprocess.DEVNULL, typed: str | None = None, **env: str
    ) -> Iterator[Terminal]:
        known = {"NORTHWIND_CLIENT_ID": CLIENT_ID} | (
            {} if stdin > 0 else {"NORTHWIND_CLIENT_SECRET": SECRET}
        )
        where = ["--config", f"base_url={self.northwind.url}", "--port", str(self.port), "--no-browser"]
        terminal = Terminal([*words, *where], self.folder, known | env, stdin, typed)
        try:
            yield terminal
        finally:
            terminal.close()

    def allow(self, terminal: Terminal, walker: Walker, scopes: list[str] | None = None) -> Page:
        walker.open(terminal.address())
        return self.northwind.consent(walker, "ada", scopes=scopes)
