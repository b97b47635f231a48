"""The real `valetkey serve` as a child process on a free port, with a database, a key ring and a log in one
folder.
"""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import httpx

from tests.harness.ports import free_port
from tests.harness.processes import Child
from tests.harness.tenant import Workspace

ROOT = Path(__file__).resolve().parent.parent.parent
VALETKEY = [sys.executable, "-m", "web.cli"]


def clean_environment() -> dict[str, str]:
    """This process's environment without settings of Valetkey, of telemetry, of a model or of a proxy."""
    # without bytecode every start of the service would compile everything anew
    settings = (
        "VALETKEY_",
        "OTEL_",
        "OPENAI_",
        "OIDC_PROVIDER_URL",
        "HTTP_PROXY",
        "HTTPS_PROXY",
        "ALL_PROXY",
    )
    dropped = (*settings, "PYTHONDONTWRITEBYTECODE")
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith(dropped)}
    return {**kept, "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}


class Service:
    """One installation. Made stopped: `start()` waits until it is ready; `stop()`, `kill()` and `restart()`
    as often as wanted.

    `env` adds to its environment or replaces what stands there. `url` is where it listens and its public URL.
    `prepared` starts from a copy of a key ring and a database with one workspace, made once a run by the command line:
    the first `workspace()` is that one. Without, there is a new key ring and no database.
    """

    def __init__(
        self, folder: Path, *, env: Mapping[str, str] | None = None, workers: int = 1, prepared: bool = True
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.workers = workers
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.database = folder / "valetkey.db"
        self.keyring = folder / "keyring.json"
        self.log = folder / "serve.log"
        self.env = {
            **clean_environment(),
            "VALETKEY_DATABASE_URL": f"sqlite:///{self.database}",
            "VALETKEY_KEYRING": str(self.keyring),
            "VALETKEY_PUBLIC_URL": self.url,
            "VALETKEY_DEVELOPMENT": "1",
            "VALETKEY_LOG": "json",
            **(env or {}),
        }
        self.child: Child | None = None
        self.http = httpx.Client(base_url=self.url, timeout=60, trust_env=False)
        self._spare: dict[str, str] | None = None
        if prepared and not self.keyring.exists():
            self._spare = _copy_prepared(folder)
        elif not self.keyring.exists():
            self.cli("keys", "init", str(self.keyring))

    def start(self, *, within_s: float = 20.0) -> Service:
        command = [*VALETKEY, "serve", "--port", str(self.port), "--workers", str(self.workers)]
        self.child = Child(command, self.log, env=self.env, cwd=self.folder)
        self.child.wait_until(self.is_ready, within_s=within_s)
        return self

    def stop(self, sig: int = signal.SIGTERM) -> int:
        """End it as an operator would; the exit code."""
        assert self.child is not None
        child, self.child = self.child, None
        return child.stop(sig=sig, within_s=40)

    def kill(self) -> None:
        """A power cut."""
        assert self.child is not None
        child, self.child = self.child, None
        child.kill()

    def restart(self) -> None:
        self.stop()
        self.start()

    def close(self) -> None:
        self.http.close()
        if self.child is not None:
            self.stop()

    def is_ready(self) -> bool:
        try:
            return self.http.get("/health/ready").status_code == 200
        except httpx.TransportError:
            return False

    def cli(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run `valetkey ...` with this installation's settings."""
        command = [*VALETKEY, *arguments]
        done = subprocess.run(
            command, env=self.env, cwd=self.folder, text=True, capture_output=True, timeout=60, check=False
        )
        if check:
            said = (
                f"valetkey {' '.join(arguments)} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
            )
            assert done.returncode == 0, said
        return done

    def workspace(self, name: str = "Acme") -> Workspace:
        if name == "Acme" and self._spare:
            made, self._spare = self._spare, None
        else:
            made = json.loads(self.cli("workspaces", "create", name, "--json").stdout)
        return Workspace(self.url, made["workspace"], made["key"])

    def log_text(self) -> str:
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def rows(self, sql: str, parameters: Sequence[Any] = ()) -> list[dict[str, Any]]:
        """Read the database beside the running service."""
        with sqlite3.connect(f"file:{self.database}?mode=ro", uri=True) as connection:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql, parameters)]

    def written_bytes(self) -> dict[str, bytes]:
        """Everything it has written so far, by file: database with its log, key ring excepted, and the
        service's log.
        """
        files = [path for path in self.folder.rglob("*") if path.is_file() and path != self.keyring]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in files}

    def files_with(self, secret: str) -> list[str]:
        return [name for name, content in self.written_bytes().items() if secret.encode() in content]


@cache
def _prepared() -> tuple[bytes, bytes, dict[str, str]]:
    """Key ring, database and `{workspace, key}` of an installation whose one workspace is called Acme."""
    with tempfile.TemporaryDirectory() as name:
        first = Service(Path(name), prepared=False)
        made = json.loads(first.cli("workspaces", "create", "Acme", "--json").stdout)
        first.close()
        with sqlite3.connect(first.database) as connection:
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return first.keyring.read_bytes(), first.database.read_bytes(), made


def _copy_prepared(folder: Path) -> dict[str, str]:
    keyring, database, made = _prepared()
    (folder / "keyring.json").touch(mode=0o600)
    (folder / "keyring.json").write_bytes(keyring)
    (folder / "valetkey.db").write_bytes(database)
    return dict(made)
