"""`valetkey demo` as a child process: the service, Northwind and the chat on three ports in a row."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from tests.harness.ports import free_port
from tests.harness.processes import Child
from tests.harness.service import clean_environment
from tests.harness.tenant import Workspace, made

DEMO = [sys.executable, "-m", "web.cli", "demo"]
READY = "Ctrl-C stops everything."


class RunningDemo:
    """Started by the constructor; `wait()` until it is ready, `child.stop()` to end it. `folder` is its temporary folder."""

    def __init__(self, folder: Path, **env: str) -> None:
        self.port = free_port(3)
        self.url, self.northwind, self.chat = (f"http://127.0.0.1:{self.port + part}" for part in range(3))
        self.folder = folder
        env = {**clean_environment(), "TMPDIR": str(folder), "VALETKEY_DEMO_PORT": str(self.port), **env}
        self.here = folder / "here"
        self.here.mkdir()
        self.child = Child(DEMO, folder / "demo.log", env=env, cwd=self.here)

    def wait(self) -> RunningDemo:
        self.child.wait_until(lambda: READY in self.child.output(), within_s=90)
        return self

    def left(self) -> list[str]:
        """What it wrote to the temporary folder and to where it was started: a clean checkout stays one."""
        return [path.name for path in (*self.folder.glob("valetkey-demo-*"), *self.here.iterdir())]

    def sign_in_link(self) -> str:
        """A fresh one, by the command that the demo prints."""
        [config] = re.findall(r"VALETKEY_CONFIG=(\S+) valetkey sign-in-link", self.child.output())
        done = subprocess.run(
            [*DEMO[:-1], "sign-in-link"],
            env={**clean_environment(), "VALETKEY_CONFIG": config},
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout.strip()

    def workspace(self) -> Workspace:
        """The demo's workspace, with the key that it printed."""
        [key] = re.findall(r"vkw_\w+", self.child.output())
        return Workspace(self.url, "", key)

    def forget(self, user: str) -> None:
        """End everything this person has allowed."""
        workspace = self.workspace()
        made(
            workspace.http.post(
                "/v1/grants/revoke", json={"filter": {"user": user}, "reason": "The next test"}
            )
        )
        workspace.close()
