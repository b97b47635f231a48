"""The demo's own Valetkey: a folder with settings, key ring and database, and the service as `valetkey serve` runs it.

Everything goes through the command line an operator uses. The folder is temporary and goes with the demo. Each command runs in
a process group of its own: Ctrl-C reaches only the demo, which ends the service last, and with it whatever it had started.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import httpx

READY_WITHIN_S = 30.0
STOP_WITHIN_S = 10.0
VALETKEY = (sys.executable, "-m", "web.cli")


class DemoFailed(Exception):
    """The demo cannot go on; the text says why and what to do."""


class Installation:
    def __init__(self, port: int) -> None:
        self.port = port
        self.url = f"http://127.0.0.1:{port}"
        self.folder = Path(tempfile.mkdtemp(prefix="valetkey-demo-"))
        self.config = self.folder / "valetkey.toml"
        self.log = self.folder / "serve.log"
        self.config.write_text(
            f'database_url = "sqlite:///{self.folder}/valetkey.db"\n'
            f'keyring = "{self.folder}/keyring.json"\n'
            f'public_url = "{self.url}"\n'
            'development = true\nlog = "text"\n'
        )
        others = {name: value for name, value in os.environ.items() if not name.startswith("VALETKEY_")}
        self._env = {**others, "VALETKEY_CONFIG": str(self.config), "PYTHONUNBUFFERED": "1"}

    def remove(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)

    async def command(self, *arguments: str) -> str:
        """What `valetkey ...` prints with this installation's settings. Raises DemoFailed."""
        process = await asyncio.create_subprocess_exec(
            *VALETKEY,
            *arguments,
            env=self._env,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await process.communicate()
        except asyncio.CancelledError:
            await _end(process)
            raise
        if process.returncode != 0:
            raise DemoFailed(f"`valetkey {' '.join(arguments)}` did not work:\n{err.decode().strip()}")
        return out.decode()

    async def prepare(self, workspace: str) -> dict[str, str]:
        """Key ring, database and workspace. The answer is `{workspace, key}`."""
        await self.command("keys", "init", str(self.folder / "keyring.json"))
        made: dict[str, str] = json.loads(await self.command("workspaces", "create", workspace, "--json"))
        return made

    @contextlib.asynccontextmanager
    async def serving(self, workers: int = 1) -> AsyncIterator[asyncio.subprocess.Process]:
        """The service answers while the block runs."""
        with self.log.open("ab") as log:
            process = await asyncio.create_subprocess_exec(
                *VALETKEY,
                "serve",
                "--port",
                str(self.port),
                "--workers",
                str(workers),
                env=self._env,
                stdout=log,
                stderr=log,
                process_group=0,
            )
        try:
            await self._until_ready(process)
            yield process
        finally:
            await _end(process)

    async def _until_ready(self, process: asyncio.subprocess.Process) -> None:
        deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
        async with httpx.AsyncClient(base_url=self.url, trust_env=False, timeout=5) as http:
            while process.returncode is None and asyncio.get_running_loop().time() < deadline:
                with contextlib.suppress(httpx.TransportError):
                    if (await http.get("/health/ready")).status_code == 200:
                        return
                await asyncio.sleep(0.05)
        raise DemoFailed(f"The service did not start. The end of its log:\n{self.last_words()}")

    def last_words(self) -> str:
        return self.log.read_text(errors="replace")[-2000:].strip()


async def _end(process: asyncio.subprocess.Process) -> None:
    """SIGTERM and a while; then SIGKILL to all of its group: a service that was still starting may leave a worker behind."""
    with contextlib.suppress(ProcessLookupError):
        process.terminate()
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(process.wait(), STOP_WITHIN_S)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    await process.wait()


class Admin:
    """The workspace's own view of the API, as far as the demo needs it."""

    def __init__(self, url: str, key: str) -> None:
        self._http = httpx.AsyncClient(
            base_url=url, headers={"Authorization": f"Bearer {key}"}, trust_env=False, timeout=30
        )

    async def __aenter__(self) -> Admin:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def send(self, method: str, path: str, body: dict[str, Any]) -> dict[str, Any]:
        response = await self._http.request(method, path, json=body)
        if response.is_error:
            raise DemoFailed(
                f"{method} {path} was answered with {response.status_code}: {response.text[:500]}"
            )
        answer: dict[str, Any] = response.json()
        return answer
