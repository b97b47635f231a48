"""An installation of its own, for a measurement without any setting up: service, provider and a grant in a temporary folder.

The same parts as `valetkey demo`, each in a process of its own. The provider is asked in turns straight, with a token of the
person's, and through Valetkey, for the same records: the difference is what Valetkey adds. Everything is gone afterwards.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import parse_qs, quote, urlencode, urlsplit

import msgspec

from connectors.northwind import Contact
from core import oauth
from core.ids import new_token
from web.bench import BenchFailed, driver
from web.bench.driver import Side
from web.bench.exchange import Address, Connection, request
from web.bench.processes import family
from web.bench.report import Added, Report, Spell, row
from web.demo.assist.people import PEOPLE
from web.demo.assist.valetkey import Valetkey
from web.demo.history import Steps, connect
from web.demo.installation import Admin, DemoFailed, Installation
from web.demo.northwind import PASSWORD
from web.version import VERSION

TOOL = "northwind.find_contacts"
CLIENT_ID = "valetkey-bench"
NOWHERE = "http://127.0.0.1:9/"  # where codes come back to; nothing is ever sent there
TURN_S = 1.0
WARM_S = 0.5
READY_WITHIN_S = 30.0
_FIELDS = ",".join(field.encode_name for field in msgspec.structs.fields(Contact))


async def measure(*, connections: int, seconds: float, workers: int) -> Report:
    """Raises BenchFailed."""
    try:
        async with _opened(workers) as (governed, straight):
            spells = [
                await _spell(governed, straight, many, seconds) for many in dict.fromkeys((1, connections))
            ]
            host = f"http://{governed.address.host}:{governed.address.port}"
            return Report(VERSION, f"{host} ({workers} worker{'s' * (workers > 1)})", TOOL, spells)
    except DemoFailed as failed:
        raise BenchFailed(str(failed)) from failed


async def _spell(governed: Side, straight: Side, connections: int, seconds: float) -> Spell:
    """So long for each side, in turns, so that whatever else the machine does meets both."""
    sides = [straight, governed]
    for side in sides:
        await driver.spell_of(side, seconds=min(WARM_S, seconds), connections=connections)
        side.all_well()
        side.forget()
    left = seconds
    while left > 0:
        for side in sides:
            await driver.spell_of(side, seconds=min(TURN_S, left), connections=connections)
            side.all_well()
        left, sides = left - TURN_S, sides[::-1]
    rows = [row(straight), row(governed)]
    added = Added(rows[1].p50_ms - rows[0].p50_ms, rows[1].p99_ms - rows[0].p99_ms)
    straight.forget()
    governed.forget()
    return Spell(connections, rows, added)


@contextlib.asynccontextmanager
async def _opened(workers: int) -> AsyncIterator[tuple[Side, Side]]:
    """The side through Valetkey, and the provider itself."""
    port, provider_port = _free_ports()
    provider_url = f"http://127.0.0.1:{provider_port}"
    installation = Installation(port)
    async with contextlib.AsyncExitStack() as parts:
        parts.callback(installation.remove)
        workspace = await installation.prepare("Bench")
        service = await parts.enter_async_context(installation.serving(workers))
        secret = new_token().reveal()
        async with Admin(installation.url, workspace["key"]) as admin:
            wish = {"client_id": CLIENT_ID, "client_secret": secret, "config": {"base_url": provider_url}}
            registered = await admin.send("PUT", "/v1/connectors/northwind", wish)
            made = await admin.send("POST", "/v1/assistants", {"name": "Bench", "return_urls": [NOWHERE]})
        redirects = [registered["redirect_uri"], NOWHERE]
        await parts.enter_async_context(_northwind(installation.folder, provider_url, secret, redirects))
        await _grant(installation.url, made["key"])
        call = {"tool": TOOL, "user": "ada", "arguments": {}}
        governed = driver.calling(
            "through Valetkey", installation.url, made["key"], call, family(service.pid)
        )
        address = Address.of(provider_url)
        token = await _token(address, provider_url, secret)
        asked = request(address, "GET", f"/api/v1/contacts?limit=10&fields={quote(_FIELDS)}", key=token)
        yield governed, Side("straight", address, asked)


def _free_ports() -> list[int]:
    with socket.socket() as one, socket.socket() as other:
        for probe in (one, other):
            probe.bind(("127.0.0.1", 0))
        return [one.getsockname()[1], other.getsockname()[1]]


@contextlib.asynccontextmanager
async def _northwind(folder: Path, url: str, secret: str, redirects: list[str]) -> AsyncIterator[None]:
    """The bundled provider, in a process of its own, with tokens that outlive the bench."""
    command = [sys.executable, "-m", "web.demo.northwind", "--port", url.rpartition(":")[2]]
    command += ["--client-id", CLIENT_ID, "--token-ttl", "86400", "--rate-per-minute", "100000000"]
    for one in redirects:
        command += ["--redirect-uri", one]
    with (folder / "northwind.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            *command, env={**os.environ, "NORTHWIND_CLIENT_SECRET": secret}, stdout=log, stderr=log
        )
    try:
        await _until_answered(process, Address.of(url))
        yield
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(process.wait(), 5)
        with contextlib.suppress(ProcessLookupError):
            process.kill()
        await process.wait()


async def _until_answered(process: asyncio.subprocess.Process, address: Address) -> None:
    deadline = asyncio.get_running_loop().time() + READY_WITHIN_S
    while process.returncode is None and asyncio.get_running_loop().time() < deadline:
        with contextlib.suppress(BenchFailed):
            async with Connection(address) as connection:
                await connection.ask(request(address, "GET", "/"))
                return
        await asyncio.sleep(0.05)
    raise BenchFailed("The bundled provider Northwind did not start. Try `valetkey demo`, which says more.")


async def _grant(url: str, key: str) -> None:
    """Ada connects, as she would in a browser."""
    valetkey = Valetkey(url, key, NOWHERE.rstrip("/"))
    try:
        await connect(valetkey, PEOPLE["ada"], [TOOL], "to measure", NOWHERE)
    finally:
        await valetkey.close()


async def _token(address: Address, url: str, secret: str) -> str:
    """A token of Ada's for ourselves: what a builder would have without Valetkey."""
    verifier = oauth.new_verifier()
    asked = {
        "response_type": "code",
        "client_id": CLIENT_ID,
        "redirect_uri": NOWHERE,
        "scope": "contacts.read",
        "state": new_token().reveal(),
        "code_challenge": oauth.challenge(verifier),
        "code_challenge_method": "S256",
    }
    steps = Steps(NOWHERE)
    try:
        page = await steps.open(f"{url}/oauth/authorize?{urlencode(asked)}")
        page = await steps.submit(page, "/sign-in", email="ada@northwind.example", password=PASSWORD)
        page = await steps.submit(page, "/oauth/authorize", decision="allow")
    finally:
        await steps.close()
    code = parse_qs(urlsplit(str(page.url)).query)["code"][0]
    form = {"grant_type": "authorization_code", "code": code, "redirect_uri": NOWHERE}
    form |= {"code_verifier": verifier.reveal(), "client_id": CLIENT_ID, "client_secret": secret}
    async with Connection(address) as connection:
        sent = request(address, "POST", "/oauth/token", body=urlencode(form).encode(), form=True)
        answer = await connection.ask(sent)
    if answer.status != 200:
        raise BenchFailed(f"Northwind gave no token: {driver.refusal(answer)}")
    token: str = msgspec.json.decode(answer.body)["access_token"]
    return token
